/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"

/*
 * HTTP/2 begins with "PRI * HTTP/2.0"; no method of HTTP/1.1 shares its first three letters. They
 * are looked at and left where they are, for whoever reads then. Edge-triggered, because a lone "P"
 * would wake a level-triggered watch for as long as nothing follows.
 *
 * A peer that says nothing is closed after the time that a head may take.
 */
#define SNIFF_BYTES 3u

struct Connection {
        Connection *previous, *next; /* of the server's */
        ConnectionParams params;
        RpcPeer peer;
        int fd; /* until it is known what is spoken */
        sd_event_source *first_bytes;
        sd_event_source *deadline;
        Http2 *http2;
        bool is_http1;
};

static void close_now(Connection *connection) {
        connection->params.closed(connection, connection->params.userdata);
}

static void stop_sniffing(Connection *connection) {
        connection->first_bytes = sd_event_source_disable_unref(connection->first_bytes);
        connection->deadline = sd_event_source_disable_unref(connection->deadline);
}

static void on_http2_closed(void *userdata) {
        close_now(userdata);
}

static int start_http2(Connection *connection) {
        return http2_new(&(const Http2Params){ .event = connection->params.event,
                                               .table = connection->params.table,
                                               .limits = connection->params.limits,
                                               .peer = &connection->peer,
                                               .scratch = connection->params.scratch,
                                               .closed = on_http2_closed,
                                               .userdata = connection },
                         TAKE_FD(connection->fd), &connection->http2);
}

static int start_http1(Connection *connection) {
        Http1 *http1;
        int r;

        r = connection->params.get_http1(connection->params.userdata, &http1);
        if (r)
                return r;
        /* it may close it, and say so, before it comes back */
        connection->is_http1 = true;
        r = http1_add(http1, TAKE_FD(connection->fd), &connection->peer, connection);
        if (r)
                connection->is_http1 = false;
        return r;
}

/* Return: 1 for HTTP/2, 0 for anything else, -EAGAIN: not to be told yet, or an errno. */
static int sniff(int fd) {
        static const char preface[SNIFF_BYTES] = { 'P', 'R', 'I' };
        char first[SNIFF_BYTES];
        const ssize_t n = recv(fd, first, sizeof(first), MSG_PEEK);

        if (n <= 0)
                return n < 0 ? -errno : -ECONNRESET;
        if (memcmp(first, preface, (size_t)n) != 0)
                return 0;
        return (size_t)n == sizeof(first) ? 1 : -EAGAIN;
}

static int
on_first_bytes(sd_event_source *source _unused_, int fd, uint32_t events, void *userdata) {
        Connection *connection = userdata;
        int r = sniff(fd);

        /* with its sending over, a lone "P" stays one */
        if (r == -EINTR || (r == -EAGAIN && !(events & (EPOLLHUP | EPOLLRDHUP))))
                return 0;
        if (r >= 0) {
                stop_sniffing(connection);
                r = r ? start_http2(connection) : start_http1(connection);
        }
        if (r < 0) {
                log_debug("Closing a connection: %s", strerror(-r));
                close_now(connection);
        }
        return 0;
}

static int on_deadline(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        log_debug("Closing a connection: its peer says nothing");
        close_now(userdata);
        return 0;
}

int connection_new(const ConnectionParams *params, int fd, RpcPeer *peer, Connection **ret) {
        _cleanup_(connection_freep) Connection *connection = calloc(1, sizeof(*connection));
        int r;

        if (!connection) {
                (void)fd_close(fd);
                rpc_peer_deinit(peer);
                return -ENOMEM;
        }
        *connection = (Connection){ .params = *params, .peer = *peer, .fd = fd };
        *peer = (RpcPeer){};
        r = sd_event_add_io(params->event, &connection->first_bytes, fd,
                            EPOLLIN | EPOLLRDHUP | EPOLLET, on_first_bytes, connection);
        if (r < 0)
                return r;
        /* An accuracy of 0 would mean 250 ms. */
        r = sd_event_add_time_relative(params->event, &connection->deadline, CLOCK_MONOTONIC,
                                       params->limits->head_usec, 1, on_deadline, connection);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(connection);
        return 0;
}

Connection *connection_free(Connection *connection) {
        if (!connection)
                return NULL;
        stop_sniffing(connection);
        http2_free(connection->http2);
        (void)fd_close(connection->fd);
        rpc_peer_deinit(&connection->peer);
        free(connection);
        return NULL;
}

Connection *connection_get_next(const Connection *connection) {
        return connection->next;
}

void connection_insert(Connection **list, Connection *connection) {
        connection->next = *list;
        if (*list)
                (*list)->previous = connection;
        *list = connection;
}

void connection_remove(Connection **list, Connection *connection) {
        if (connection->previous)
                connection->previous->next = connection->next;
        else
                *list = connection->next;
        if (connection->next)
                connection->next->previous = connection->previous;
}

const RpcPeer *connection_get_peer(const Connection *connection) {
        return &connection->peer;
}

void connection_close(Connection *connection) {
        close_now(connection);
}

void connection_drain(Connection *connection) {
        if (connection->http2)
                http2_drain(connection->http2);
        else if (!connection->is_http1)
                close_now(connection);
}
