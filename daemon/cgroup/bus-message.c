/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/bus-message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/*
 * Properties have the types that systemd's Manager takes at run time: numbers are "t", infinity is
 * the largest, NUMA nodes are "ay", a bit each, the first byte has the lowest. An empty array is
 * "all of the parent". Without runtime=true systemd would write drop-ins to /etc.
 *
 * A slice is made as the kubelet makes its own: no default dependencies, so that nothing of it is
 * stopped early at shutdown, wanting its parent, with every controller that the kubelet looks for.
 */

#define PROPERTIES_MAX (2u * _CGROUP_KNOB_N)
#define SLICE_SUFFIX   ".slice"

/* Names */

static bool is_unit_char(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && strchr(":_.\\-", c));
}

bool bus_unit_is_valid(const char *unit) {
        const size_t n = strnlen(unit, CGROUP_UNIT_MAX), n_suffix = strlen(SLICE_SUFFIX);

        if (n >= CGROUP_UNIT_MAX || n <= n_suffix || strcmp(unit + n - n_suffix, SLICE_SUFFIX) != 0)
                return false;
        for (size_t i = 0; i < n; ++i) {
                if (!is_unit_char(unit[i]))
                        return false;
                /* A dash is a level, and has a name on either side. */
                if (unit[i] == '-' && (i == 0 || unit[i - 1] == '-' || i == n - n_suffix - 1))
                        return false;
        }
        return true;
}

/* False: nothing but the root is above it. */
static bool get_parent(const char *unit, char parent[static CGROUP_UNIT_MAX]) {
        const char *dash = strrchr(unit, '-');

        if (!dash)
                return false;
        (void)snprintf(parent, CGROUP_UNIT_MAX, "%.*s" SLICE_SUFFIX, (int)(dash - unit), unit);
        return true;
}

/* Properties */

static size_t make_mask(const NodeSet *nodes, uint8_t mask[static NODESET_MAX / 8]) {
        size_t n = 0;

        memset(mask, 0, NODESET_MAX / 8);
        NODESET_FOREACH (node, nodes) {
                mask[node / 8] |= (uint8_t)(1u << (node % 8));
                n = node / 8 + 1;
        }
        return n;
}

static int append_nodes(sd_bus_message *m, const NodeSet *nodes) {
        uint8_t mask[NODESET_MAX / 8];
        const size_t n = make_mask(nodes, mask);
        int r;

        r = sd_bus_message_open_container(m, 'v', "ay");
        if (r < 0)
                return r;
        r = sd_bus_message_append_array(m, 'y', mask, n);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

static int append_property(sd_bus_message *m, const CgroupProperty *property) {
        int r;

        if ((unsigned)property->knob >= _CGROUP_KNOB_N)
                return -EINVAL;
        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", cgroup_knob_property(property->knob));
        if (r < 0)
                return r;
        if (cgroup_knob_type(property->knob) == CGROUP_KNOB_NODES)
                r = append_nodes(m, &property->value.nodes);
        else /* CGROUP_MAX is systemd's infinity, too */
                r = sd_bus_message_append(m, "v", "t", property->value.number);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

static int append_slice(sd_bus_message *m, const char *unit) {
        char parent[CGROUP_UNIT_MAX];
        int r;

        r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)", "Description", "s",
                                  "Limits of Kubernetes, by slugd", "DefaultDependencies", "b", 0,
                                  "MemoryAccounting", "b", 1, "CPUAccounting", "b", 1,
                                  "IOAccounting", "b", 1, "TasksAccounting", "b", 1);
        if (r < 0 || !get_parent(unit, parent))
                return r;
        return sd_bus_message_append(m, "(sv)", "Wants", "as", 1, parent);
}

/* @slice: NULL: there is such a unit already. */
static int append_properties(sd_bus_message *m,
                             const char *slice,
                             const CgroupProperty *properties,
                             size_t n_properties) {
        int r;

        if (n_properties > PROPERTIES_MAX)
                return -EINVAL;
        r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r < 0)
                return r;
        if (slice) {
                r = append_slice(m, slice);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < n_properties; ++i) {
                r = append_property(m, &properties[i]);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

/* Messages */

static int new_call(sd_bus *bus, const char *method, sd_bus_message **ret) {
        const int r = sd_bus_message_new_method_call(bus, ret, BUS_SYSTEMD_NAME, BUS_SYSTEMD_PATH,
                                                     BUS_SYSTEMD_INTERFACE, method);

        return r < 0 ? r : 0;
}

int bus_message_set_properties(sd_bus *bus,
                               const char *unit,
                               const CgroupProperty *properties,
                               size_t n_properties,
                               sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = new_call(bus, "SetUnitProperties", &m);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "sb", unit, 1);
        if (r < 0)
                return r;
        r = append_properties(m, NULL, properties, n_properties);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

int bus_message_start_slice(sd_bus *bus,
                            const char *unit,
                            const CgroupProperty *properties,
                            size_t n_properties,
                            sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = new_call(bus, "StartTransientUnit", &m);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", unit, "replace");
        if (r < 0)
                return r;
        r = append_properties(m, unit, properties, n_properties);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "a(sa(sv))", 0);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

int bus_message_stop_unit(sd_bus *bus, const char *unit, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = new_call(bus, "StopUnit", &m);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", unit, "replace");
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

/* Answers */

/* libsystemd knows the bus's own errors; of systemd's manager it does not. */
static const struct {
        const char *name;
        int error;
} errors[] = {
        { "org.freedesktop.systemd1.NoSuchUnit", -ENOENT },
        { "org.freedesktop.systemd1.LoadFailed", -ENOENT },
        { "org.freedesktop.systemd1.UnitExists", -EEXIST },
        { "org.freedesktop.systemd1.UnitMasked", -EACCES },
        { "org.freedesktop.systemd1.OnlyByDependency", -EACCES },
        { "org.freedesktop.systemd1.ShuttingDown", -ESHUTDOWN },
        { "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", -EACCES },
        { "org.freedesktop.DBus.Error.UnknownProperty", -EOPNOTSUPP },
        { "org.freedesktop.DBus.Error.UnknownMethod", -EOPNOTSUPP },
};

int bus_error_read(const sd_bus_error *error) {
        int number;

        if (!error || !error->name)
                return -EIO;
        for (size_t i = 0; i < ELEMENTSOF(errors); ++i)
                if (strcmp(errors[i].name, error->name) == 0)
                        return errors[i].error;
        number = sd_bus_error_get_errno(error);
        return number > 0 && number < 4096 ? -number : -EIO;
}

int bus_result_read(const char *result) {
        if (strcmp(result, "done") == 0)
                return 0;
        if (strcmp(result, "canceled") == 0)
                return -ECANCELED;
        if (strcmp(result, "timeout") == 0)
                return -ETIMEDOUT;
        return -EIO;
}

void bus_text_copy(const char *text, char ret[static BUS_TEXT_MAX]) {
        /* A character that the cut falls into is none any more, and goes. */
        const size_t n_text = text ? strnlen(text, BUS_TEXT_MAX - 1) : 0;
        const size_t n = utf8_valid_length(text, n_text);

        for (size_t i = 0; i < n; ++i)
                ret[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
        ret[n] = '\0';
}
