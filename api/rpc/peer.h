/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who is at the other end
 *
 * Of a Unix socket the kernel knows it, as it was when the connection was made; of any other socket
 * nobody does. What somebody may do is decided once for a connection, by whoever owns the server.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/cleanup.h"

/* Each may what those before it may. */
typedef enum RpcRole {
        RPC_ROLE_ANYONE, /* whoever can connect */
        RPC_ROLE_READER,
        RPC_ROLE_CLAIMER,
        RPC_ROLE_ADMIN,
        _RPC_ROLE_N,
} RpcRole;

typedef struct RpcPeer {
        bool is_known; /* false: all else is 0 */
        uid_t uid;
        gid_t gid;
        gid_t *groups; /* supplementary ones */
        size_t n_groups;
        RpcRole role;
} RpcPeer;

#define RPC_PEER_GROUPS_MAX 65536u /* the kernel's own limit */

const char *rpc_role_name(RpcRole role); /* "reader" */

/* Asks the kernel. Return: 0, also when nobody is known, or an errno. */
_must_check_ int rpc_peer_init(RpcPeer *peer, int fd);
void rpc_peer_deinit(RpcPeer *peer);
DEFINE_DEINIT(RpcPeer, rpc_peer_deinit);
bool rpc_peer_is_in_group(const RpcPeer *peer, gid_t gid);
