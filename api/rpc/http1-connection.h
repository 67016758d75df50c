/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A connection's deadlines
 *
 * Which phase a connection is in and how long it may stay there. Times are microseconds.
 */
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"

typedef enum Http1Phase {
        HTTP1_HEAD,   /* a request's line and headers are awaited */
        HTTP1_BODY,   /* its body is */
        HTTP1_ANSWER, /* the peer has to take the answer */
        HTTP1_IDLE,   /* between two requests, not a byte of the next one is there */
        _HTTP1_PHASE_N,
} Http1Phase;

typedef struct Http1Deadlines {
        uint64_t usec[_HTTP1_PHASE_N];
} Http1Deadlines;

#define HTTP1_DEADLINES_DEFAULT                                                                    \
        ((Http1Deadlines){ .usec = {                                                               \
                                   [HTTP1_HEAD] = 5 * USEC_PER_SEC,                                \
                                   [HTTP1_BODY] = 10 * USEC_PER_SEC,                               \
                                   [HTTP1_ANSWER] = 30 * USEC_PER_SEC,                             \
                                   [HTTP1_IDLE] = 60 * USEC_PER_SEC,                               \
                           } })

typedef struct Http1Connection Http1Connection;

/* Starts in HTTP1_HEAD. @fd, @deadlines: borrowed, outlive the connection. */
_must_check_ int http1_connection_new(sd_event *event,
                                      int fd,
                                      const Http1Deadlines *deadlines,
                                      Http1Connection **ret);
Http1Connection *http1_connection_free(Http1Connection *connection);
DEFINE_CLEANUP(Http1Connection *, http1_connection_free);

/* Starts the clock of @phase. */
void http1_connection_enter(Http1Connection *connection, Http1Phase phase);
