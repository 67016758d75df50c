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
 * Two things the library does not say, so the socket is watched by the event loop as well. While a
 * connection is idle, its first byte turns IDLE into HEAD. While a request waits, the library has
 * put the connection aside and never notices that the peer has left; a hang-up is noticed here. A
 * peer that has only ended its own sending still reads, and is no hang-up.
 *
 * The descriptor belongs to the library; it is closed only after the connection here was freed.
 */
void http1_connection_cut(const Http1Connection *connection) {
        (void)shutdown(connection->fd, SHUT_RDWR);
}

static int on_deadline(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        static const char *const names[_HTTP1_PHASE_N] = {
                [HTTP1_HEAD] = "the head of a request",
                [HTTP1_BODY] = "the body of a request",
                [HTTP1_WAIT] = "nothing",
                [HTTP1_ANSWER] = "an answer to be taken",
                [HTTP1_IDLE] = "the next request",
        };
        Http1Connection *connection = userdata;

        log_debug("Closing a connection: waited too long for %s", names[connection->phase]);
        http1_connection_cut(connection);
        return 0;
}

static int on_socket(sd_event_source *source _unused_,
                     int fd _unused_,
                     uint32_t events _unused_,
                     void *userdata) {
        Http1Connection *connection = userdata;

        if (connection->phase == HTTP1_IDLE)
                http1_connection_enter(connection, HTTP1_HEAD, NULL);
        else if (connection->phase == HTTP1_WAIT)
                connection->owner.gone(connection->owner.userdata);
        return 0;
}

static uint64_t get_deadline(const RpcLimits *limits, Http1Phase phase) {
        switch (phase) {
        case HTTP1_HEAD:
                return limits->head_usec;
        case HTTP1_BODY:
                return limits->body_usec;
        case HTTP1_ANSWER:
                return limits->answer_usec;
        case HTTP1_IDLE:
                return limits->idle_usec;
        case HTTP1_WAIT:
        case _HTTP1_PHASE_N:
                break;
        }
        return 0;
}

static int start_watch(Http1Connection *connection) {
        int r;

        if (connection->phase != HTTP1_IDLE && connection->phase != HTTP1_WAIT)
                return sd_event_source_set_enabled(connection->watch, SD_EVENT_OFF);
        r = sd_event_source_set_io_events(connection->watch,
                                          connection->phase == HTTP1_IDLE ? EPOLLIN : 0);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(connection->watch, SD_EVENT_ONESHOT);
}

static int start_clock(Http1Connection *connection) {
        const uint64_t usec = get_deadline(connection->limits, connection->phase);
        int r;

        if (usec == 0)
                return sd_event_source_set_enabled(connection->deadline, SD_EVENT_OFF);
        r = sd_event_source_set_time_relative(connection->deadline, usec);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(connection->deadline, SD_EVENT_ONESHOT);
}

static int start(Http1Connection *connection) {
        const int r = start_watch(connection);

        return r < 0 ? r : start_clock(connection);
}

void http1_connection_enter(Http1Connection *connection,
                            Http1Phase phase,
                            const Http1ConnectionOwner *owner) {
        int r;

        connection->phase = phase;
        connection->owner = owner ? *owner : (Http1ConnectionOwner){};
        r = start(connection);
        if (r < 0) {
                /* No connection without a deadline. */
                log_debug("Closing a connection: its deadline cannot be set: %s", strerror(-r));
                http1_connection_cut(connection);
        }
}

int http1_connection_new(sd_event *event,
                         int fd,
                         const RpcLimits *limits,
                         const RpcPeer *peer,
                         Http1Connection **ret) {
        _cleanup_(http1_connection_freep) Http1Connection *connection =
                calloc(1, sizeof(*connection));
        int r;

        if (!connection)
                return -ENOMEM;
        *connection = (Http1Connection){ .fd = fd, .limits = limits, .peer = peer };
        r = sd_event_add_io(event, &connection->watch, fd, EPOLLIN, on_socket, connection);
        if (r < 0)
                return r;
        /* An accuracy of 0 would mean 250 ms. */
        r = sd_event_add_time_relative(event, &connection->deadline, CLOCK_MONOTONIC,
                                       limits->head_usec, 1, on_deadline, connection);
        if (r < 0)
                return r;
        r = start(connection);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(connection);
        return 0;
}

Http1Connection *http1_connection_free(Http1Connection *connection) {
        if (!connection)
                return NULL;
        sd_event_source_disable_unref(connection->deadline);
        sd_event_source_disable_unref(connection->watch);
        free(connection);
        return NULL;
}
