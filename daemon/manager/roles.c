/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/roles.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scan.h"

/*
 * Names are looked up when the configuration is read and not when somebody connects: a directory
 * service that hangs must not hang those who are served. Root and the user that slugd runs as are
 * admins whatever the configuration says: they own the process.
 */
static bool find_id(const char *name, bool is_group, uint32_t *ret) {
        const struct passwd *user;
        const struct group *group;
        Scan scan = scan_init(name, strlen(name));
        uint64_t number;

        if (scan_u64(&scan, &number) && scan_is_done(&scan) && number < UINT32_MAX) {
                *ret = (uint32_t)number;
                return true;
        }
        if (is_group) {
                group = getgrnam(name);
                if (group)
                        *ret = group->gr_gid;
                return group != NULL;
        }
        user = getpwnam(name);
        if (user)
                *ret = user->pw_uid;
        return user != NULL;
}

static void add(Roles *roles, RpcRole role, const ConfigNames *names, bool is_group) {
        char source[CONFIG_SOURCE_TEXT_MAX];

        for (size_t i = 0; i < names->n_items; ++i) {
                RolesEntry entry = { .role = role, .is_group = is_group };

                if (find_id(names->items[i], is_group, &entry.id)) {
                        roles->entries[roles->n_entries++] = entry;
                        continue;
                }
                if (names->source.origin == CONFIG_ORIGIN_SLUGD_DEFAULT)
                        continue;
                log_event(LOG_WARNING, SLUG_MESSAGE_ROLE_UNKNOWN,
                          LOG_WITH({ .name = "SLUG_REASON", .text = rpc_role_name(role) }),
                          "%s: there is no %s '%s', nobody is %s by it",
                          config_source_format(&names->source, source), is_group ? "group" : "user",
                          names->items[i], rpc_role_name(role));
        }
}

Roles roles_resolve(const ConfigRoles *config) {
        const struct {
                RpcRole role;
                const ConfigRole *config;
        } table[] = {
                { RPC_ROLE_READER, &config->reader },
                { RPC_ROLE_CLAIMER, &config->claimer },
                { RPC_ROLE_ADMIN, &config->admin },
        };
        Roles roles = {};

        for (size_t i = 0; i < ELEMENTSOF(table); ++i) {
                add(&roles, table[i].role, &table[i].config->users, false);
                add(&roles, table[i].role, &table[i].config->groups, true);
        }
        return roles;
}

RpcRole roles_get(const Roles *roles, const RpcPeer *peer) {
        RpcRole role = RPC_ROLE_ANYONE;

        if (!peer->is_known)
                return RPC_ROLE_ANYONE;
        if (peer->uid == 0 || peer->uid == geteuid())
                return RPC_ROLE_ADMIN;
        for (size_t i = 0; i < roles->n_entries; ++i) {
                const RolesEntry *entry = &roles->entries[i];
                const bool fits = entry->is_group ? rpc_peer_is_in_group(peer, entry->id)
                                                  : peer->uid == entry->id;

                if (fits && entry->role > role)
                        role = entry->role;
        }
        return role;
}
