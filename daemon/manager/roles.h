/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Roles
 *
 * Who may what on the socket: the users and groups of the configuration, as the numbers that a
 * peer's credentials have.
 */
#include "config/config.h"
#include "rpc/peer.h"

#define ROLES_ENTRIES_MAX (6u * CONFIG_ROLE_NAMES_MAX)

typedef struct RolesEntry {
        RpcRole role;
        bool is_group;
        uint32_t id;
} RolesEntry;

/* {}: root and slugd's own user, and nobody else. */
typedef struct Roles {
        RolesEntry entries[ROLES_ENTRIES_MAX];
        size_t n_entries;
} Roles;

/* Asks the system for the names; one that it does not know is said in the log, unless it is a
 * default. */
Roles roles_resolve(const ConfigRoles *config);
RpcRole roles_get(const Roles *roles, const RpcPeer *peer);
