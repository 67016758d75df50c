/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A connection of HTTP/1.1
 *
 * Which phase it is in and how long it may stay there, and whether the peer is still there. Inside
 * this folder.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "rpc/limits.h"
#include "rpc/peer.h"

typedef enum Http1Phase {
        HTTP1_HEAD,   /* a request's line and headers are awaited */
        HTTP1_BODY,   /* its body is */
        HTTP1_WAIT,   /* the handler has it, or a stream has nothing new: no deadline */
        HTTP1_ANSWER, /* the peer has to take the answer */
        HTTP1_IDLE,   /* between two requests, not a byte of the next one is there */
        _HTTP1_PHASE_N,
} Http1Phase;

typedef struct Http1Connection Http1Connection;

typedef struct Http1ConnectionOwner {
        void (*gone)(void *userdata); /* the peer left, while it was waited for something else */
        void *userdata;
} Http1ConnectionOwner;

struct Http1Connection {
        Http1Connection *previous, *next; /* of an Http1 */
        int fd;                           /* borrowed */
        const RpcLimits *limits;
        const RpcPeer *peer;
        Http1Phase phase;
        Http1ConnectionOwner owner; /* of the request that waits */
        sd_event_source *deadline;
        sd_event_source *watch;
        struct Http1Request *request; /* that is being read or answered; NULL: none */
        void *userdata;               /* of whoever added it */
};

/* Starts in HTTP1_HEAD. @fd, @limits, @peer: borrowed, outlive the connection. */
_must_check_ int http1_connection_new(sd_event *event,
                                      int fd,
                                      const RpcLimits *limits,
                                      const RpcPeer *peer,
                                      Http1Connection **ret);
Http1Connection *http1_connection_free(Http1Connection *connection);
DEFINE_CLEANUP(Http1Connection *, http1_connection_free);

/* Starts the clock of @phase. @owner: of HTTP1_WAIT; NULL otherwise. */
void http1_connection_enter(Http1Connection *connection,
                            Http1Phase phase,
                            const Http1ConnectionOwner *owner);
/* Ends it as if the peer had left; libmicrohttpd sees it at its next turn. */
void http1_connection_cut(const Http1Connection *connection);
