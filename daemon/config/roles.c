/* SPDX-License-Identifier: Apache-2.0 */
#include "config/roles.h"

#include <stdio.h>
#include <string.h>

/*
 * A list replaces its default, also an empty one: "groups: []" takes the role from everybody but
 * root. Letters of a name are those that useradd takes, so that a slip is found here and not by
 * somebody who is refused.
 */
static bool is_name(const char *text) {
        static const char letters[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                "_.-@";

        return *text && *text != '-' && strlen(text) < CONFIG_ROLE_NAME_MAX &&
               text[strspn(text, letters)] == '\0';
}

static int
parse_names(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        ConfigNames *names = ret;
        int r;

        r = bind_check_list(file, key, value, CONFIG_ROLE_NAMES_MAX);
        if (r != 0)
                return r;
        names->n_items = 0;
        names->source = bind_source(file, key);
        YAML_FOREACH (entry, value) {
                if (entry->value->type != YAML_TYPE_SCALAR || !is_name(entry->value->text))
                        return bind_expects(file, key, entry->value,
                                            "names or numbers such as slug or 1000");
                (void)snprintf(names->items[names->n_items++], CONFIG_ROLE_NAME_MAX, "%s",
                               entry->value->text);
        }
        return 0;
}

static int parse_role(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindField fields[] = {
                { "users", parse_names, offsetof(ConfigRole, users), 0 },
                { "groups", parse_names, offsetof(ConfigRole, groups), 0 },
        };
        static const BindTable table = { BIND_FIELDS(fields) };

        return bind_mapping(file, key, value, &table, ret);
}

int roles_bind(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindField fields[] = {
                { "reader", parse_role, offsetof(ConfigRoles, reader), 0 },
                { "claimer", parse_role, offsetof(ConfigRoles, claimer), 0 },
                { "admin", parse_role, offsetof(ConfigRoles, admin), 0 },
        };
        static const BindTable table = { BIND_FIELDS(fields) };

        return bind_mapping(file, key, value, &table, ret);
}

static void set_default(ConfigNames *names, const char *name) {
        *names = (ConfigNames){ .source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT };
        if (name)
                (void)snprintf(names->items[names->n_items++], CONFIG_ROLE_NAME_MAX, "%s", name);
}

void roles_set_defaults(ConfigRoles *roles) {
        set_default(&roles->reader.users, NULL);
        set_default(&roles->reader.groups, "slug");
        set_default(&roles->claimer.users, NULL);
        set_default(&roles->claimer.groups, "slug-claimer");
        set_default(&roles->admin.users, NULL);
        set_default(&roles->admin.groups, NULL);
}
