/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One connection of a client
 *
 * An nghttp2 session on the other side. Inside this folder.
 */
#include "rpc/client-call.h"
#include "rpc/http2-io.h"

/* All borrowed; they outlive the connection. All is told from the loop, and none of them frees the
 * connection but closed(). */
typedef struct ClientConnectionOwner {
        /* The call is over, or has to be tried on another connection (is_over is false). */
        void (*call_done)(RpcClientCall *call, void *userdata);
        /* It takes no new calls. */
        void (*draining)(ClientConnection *connection, void *userdata);
        /* It has become useful: the server has spoken HTTP/2. */
        void (*ready)(ClientConnection *connection, void *userdata);
        void (*closed)(ClientConnection *connection, void *userdata);
        void *userdata;
} ClientConnectionOwner;

/* @fd: taken, also on failure. */
_must_check_ int client_connection_new(sd_event *event,
                                       int fd,
                                       Http2Scratch *scratch,
                                       const ClientConnectionOwner *owner,
                                       ClientConnection **ret);
ClientConnection *client_connection_free(ClientConnection *connection);
DEFINE_CLEANUP(ClientConnection *, client_connection_free);

/* Return: 0, or -EAGAIN: on another one, please, or -ENOMEM. */
_must_check_ int client_connection_submit(ClientConnection *connection, RpcClientCall *call);
/* The caller wants no more of it. */
void client_connection_cancel(ClientConnection *connection, RpcClientCall *call);
ClientConnection **client_connection_next(ClientConnection *connection);
