/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The server
 *
 * Listening sockets in an sd_event loop and what is served on them: gRPC and Connect, over HTTP/2
 * and HTTP/1.1, told apart by a connection's first bytes. Several servers with different tables may
 * live in one loop.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "rpc/limits.h"
#include "rpc/method.h"

typedef struct RpcServer RpcServer;

enum {
        _RPC_SERVER_E_SUCCESS,
        RPC_SERVER_E_REFUSED, /* this path cannot be served; the diag says why and what to do */
};

typedef struct RpcServerParams {
        sd_event *event;
        const RpcTable *table;   /* borrowed, outlives the server */
        const RpcLimits *limits; /* copied; NULL: the defaults */
        /* What may this peer? Asked once for a connection. NULL: everybody may all. */
        RpcRole (*get_role)(const RpcPeer *peer, void *userdata);
        void *userdata;
} RpcServerParams;

_must_check_ int rpc_server_new(const RpcServerParams *params, RpcServer **ret);
RpcServer *rpc_server_free(RpcServer *server);
DEFINE_CLEANUP(RpcServer *, rpc_server_free);

/* Binds @path so that a client sees it only once it is served. The file goes when the server is
 * freed, if it is still ours. */
_must_check_ int rpc_server_listen(RpcServer *server, const char *path, Diag *reterr);
/* @fd: a listening stream socket, taken, also on failure. */
_must_check_ int rpc_server_listen_fd(RpcServer *server, int fd);

/* No new connections and requests; calls that wait for something are told that the server stops.
 * @drained: told from the loop, once, when all connections are closed. */
void rpc_server_drain(RpcServer *server, void (*drained)(void *userdata), void *userdata);
size_t rpc_server_count_connections(const RpcServer *server);
