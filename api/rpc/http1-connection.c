/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/http1-connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"

/*
 * libmicrohttpd's own timeout counts the time without any byte, so a client that sends one byte a
 * second keeps its connection for ever. Here a phase has a deadline that nothing but the next phase
 * moves. The library is not told: when time is up the socket is shut down, which it sees as a peer
 * that left, in whatever state it is.
 *
 * The first byte of the next request has to turn IDLE into HEAD, and the library does not say when
 * that byte comes. So while a connection is idle its socket is also watched by the event loop, for
 * one event. The descriptor belongs to the library; it is closed only after the connection here was
 * freed.
 */
struct Http1Connection {
        int fd; /* borrowed */
        const Http1Deadlines *deadlines;
        Http1Phase phase;
        sd_event_source *deadline;
        sd_event_source *first_byte; /* on while idle */
};

static int on_deadline(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        static const char *const names[_HTTP1_PHASE_N] = {
                [HTTP1_HEAD] = "the head of a request",
                [HTTP1_BODY] = "the body of a request",
                [HTTP1_ANSWER] = "an answer to be taken",
                [HTTP1_IDLE] = "the next request",
        };
        Http1Connection *connection = userdata;

        log_debug("Closing a connection: waited too long for %s", names[connection->phase]);
        (void)shutdown(connection->fd, SHUT_RDWR);
        return 0;
}

static int on_first_byte(sd_event_source *source _unused_,
                         int fd _unused_,
                         uint32_t events _unused_,
                         void *userdata) {
        http1_connection_enter(userdata, HTTP1_HEAD);
        return 0;
}

static int start_clock(Http1Connection *connection, Http1Phase phase) {
        int r;

        connection->phase = phase;
        r = sd_event_source_set_enabled(connection->first_byte,
                                        phase == HTTP1_IDLE ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = sd_event_source_set_time_relative(connection->deadline,
                                              connection->deadlines->usec[phase]);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(connection->deadline, SD_EVENT_ONESHOT);
}

void http1_connection_enter(Http1Connection *connection, Http1Phase phase) {
        int r = start_clock(connection, phase);

        if (r < 0) {
                /* No connection without a deadline. */
                log_debug("Closing a connection: its deadline cannot be set: %s", strerror(-r));
                (void)shutdown(connection->fd, SHUT_RDWR);
        }
}

int http1_connection_new(sd_event *event,
                         int fd,
                         const Http1Deadlines *deadlines,
                         Http1Connection **ret) {
        _cleanup_(http1_connection_freep) Http1Connection *connection =
                calloc(1, sizeof(*connection));
        int r;

        if (!connection)
                return -ENOMEM;
        connection->fd = fd;
        connection->deadlines = deadlines;
        r = sd_event_add_io(event, &connection->first_byte, fd, EPOLLIN, on_first_byte, connection);
        if (r < 0)
                return r;
        /* An accuracy of 0 would mean 250 ms. */
        r = sd_event_add_time_relative(event, &connection->deadline, CLOCK_MONOTONIC,
                                       deadlines->usec[HTTP1_HEAD], 1, on_deadline, connection);
        if (r < 0)
                return r;
        r = start_clock(connection, HTTP1_HEAD);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(connection);
        return 0;
}

Http1Connection *http1_connection_free(Http1Connection *connection) {
        if (!connection)
                return NULL;
        sd_event_source_disable_unref(connection->deadline);
        sd_event_source_disable_unref(connection->first_byte);
        free(connection);
        return NULL;
}
