/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A connection
 *
 * From accept to close: who is at the other end, and by its first bytes which HTTP it speaks.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "rpc/http1.h"
#include "rpc/http2.h"
#include "rpc/limits.h"
#include "rpc/peer.h"

typedef struct Connection Connection;

/* All borrowed; they outlive the connection. */
typedef struct ConnectionParams {
        sd_event *event;
        const RpcTable *table;
        const RpcLimits *limits;
        Http2Scratch *scratch;
        /* The server's HTTP/1.1, made when the first one wants it. Return: 0 or an errno. */
        int (*get_http1)(void *userdata, Http1 **ret);
        /* The connection is closed; it is to be freed then. */
        void (*closed)(Connection *connection, void *userdata);
        void *userdata;
} ConnectionParams;

/* @fd, @peer: taken, also on failure. */
_must_check_ int
connection_new(const ConnectionParams *params, int fd, RpcPeer *peer, Connection **ret);
/* Of HTTP/1.1 only once it was closed. */
Connection *connection_free(Connection *connection);
DEFINE_CLEANUP(Connection *, connection_free);

/* For a server's list. */
struct Connection *connection_get_next(const Connection *connection);
void connection_insert(Connection **list, Connection *connection);
void connection_remove(Connection **list, Connection *connection);

const RpcPeer *connection_get_peer(const Connection *connection);
/* HTTP/1.1 is drained as a whole, not here. */
void connection_drain(Connection *connection);
/* Its HTTP/1.1 is over. */
void connection_close(Connection *connection);
