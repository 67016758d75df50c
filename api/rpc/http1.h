/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * HTTP/1.1, the server's side
 *
 * libmicrohttpd inside an sd_event loop: connections come in as file descriptors, requests become
 * exchanges, and every phase of a connection has a deadline.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "rpc/limits.h"
#include "rpc/method.h"

typedef struct Http1 Http1;

/* All borrowed; they outlive it. */
typedef struct Http1Params {
        sd_event *event;
        const RpcTable *table;
        const RpcLimits *limits;
        /* A connection is closed. @userdata: what was given with it. */
        void (*closed)(void *userdata);
} Http1Params;

_must_check_ int http1_new(const Http1Params *params, Http1 **ret);
/* Closes all connections. */
Http1 *http1_free(Http1 *http1);
DEFINE_CLEANUP(Http1 *, http1_free);

/* @fd: a connected stream socket, taken and, on failure, closed; closed() is not told then.
 * @peer: borrowed until closed(). */
_must_check_ int http1_add(Http1 *http1, int fd, const RpcPeer *peer, void *userdata);

/* No new requests; those that wait for something end. Connections close when all is sent. */
void http1_drain(Http1 *http1);
