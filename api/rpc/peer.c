/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

/*
 * uid and groups, never the pid: a pid may be somebody else's by the time it is looked at. The
 * groups are those of the moment of connect(2), so whoever was put into a group must log in again,
 * as everywhere.
 */
const char *rpc_role_name(RpcRole role) {
        static const char *const names[_RPC_ROLE_N] = {
                [RPC_ROLE_ANYONE] = "anyone",
                [RPC_ROLE_READER] = "reader",
                [RPC_ROLE_CLAIMER] = "claimer",
                [RPC_ROLE_ADMIN] = "admin",
        };

        return names[role];
}

static int read_groups(RpcPeer *peer, int fd) {
        socklen_t size = 0;

        /* The first question is for the size alone. */
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0)
                return 0;
        if (errno != ERANGE)
                return errno == ENODATA ? 0 : -errno;
        if (size > RPC_PEER_GROUPS_MAX * sizeof(gid_t))
                return -E2BIG;
        peer->groups = malloc(size);
        if (!peer->groups)
                return -ENOMEM;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups, &size) < 0)
                return -errno;
        peer->n_groups = size / sizeof(gid_t);
        return 0;
}

int rpc_peer_init(RpcPeer *peer, int fd) {
        struct ucred credentials;
        socklen_t size = sizeof(credentials);
        int domain = 0, r;
        socklen_t n = sizeof(domain);

        *peer = (RpcPeer){};
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) < 0)
                return -errno;
        if (domain != AF_UNIX)
                return 0;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
                return -errno;
        peer->is_known = true;
        peer->uid = credentials.uid;
        peer->gid = credentials.gid;
        r = read_groups(peer, fd);
        if (r < 0)
                rpc_peer_deinit(peer);
        return r;
}

void rpc_peer_deinit(RpcPeer *peer) {
        free(peer->groups);
        *peer = (RpcPeer){};
}

bool rpc_peer_is_in_group(const RpcPeer *peer, gid_t gid) {
        if (!peer->is_known)
                return false;
        if (peer->gid == gid)
                return true;
        for (size_t i = 0; i < peer->n_groups; ++i)
                if (peer->groups[i] == gid)
                        return true;
        return false;
}
