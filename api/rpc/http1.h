/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * HTTP/1.1
 *
 * libmicrohttpd inside an sd_event loop: connections come in as file descriptors, requests go to
 * Connect, and every phase of a connection has a deadline.
 */
#include <stddef.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "rpc/http1-connection.h"
#include "rpc/method.h"

typedef struct Http1 Http1;

enum {
        _HTTP1_E_SUCCESS,
        HTTP1_E_FULL, /* RPC_CONNECTIONS_MAX are open */
};

/* @table: borrowed, outlives this. @deadlines: copied; NULL: the defaults. */
_must_check_ int
http1_new(sd_event *event, const RpcTable *table, const Http1Deadlines *deadlines, Http1 **ret);
/* Closes all connections. */
Http1 *http1_free(Http1 *http1);
DEFINE_CLEANUP(Http1 *, http1_free);

/* @fd: a connected stream socket, taken and, on failure, closed. Return: 0, HTTP1_E_FULL, or an
 * errno. */
_must_check_ int http1_add(Http1 *http1, int fd);
size_t http1_count_connections(const Http1 *http1);
