/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The server
 *
 * Listening sockets in an sd_event loop, and the methods that they serve. Today: HTTP/1.1 with
 * Connect unary JSON, and GET /healthz.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "rpc/method.h"

#define RPC_CONNECTIONS_MAX 256u

typedef struct RpcServer RpcServer;

enum {
        _RPC_SERVER_E_SUCCESS,
        RPC_SERVER_E_REFUSED, /* this path cannot be served; the diag says why and what to do */
};

/* @table: borrowed, outlives the server. */
_must_check_ int rpc_server_new(sd_event *event, const RpcTable *table, RpcServer **ret);
RpcServer *rpc_server_free(RpcServer *server);
DEFINE_CLEANUP(RpcServer *, rpc_server_free);

/* Binds @path so that a client sees it only once it is served. The file goes when the server is
 * freed, if it is still ours. */
_must_check_ int rpc_server_listen(RpcServer *server, const char *path, Diag *reterr);
/* @fd: a listening stream socket, taken, also on failure. */
_must_check_ int rpc_server_listen_fd(RpcServer *server, int fd);
