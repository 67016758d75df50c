/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/http1.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "rpc/http1-connection.h"
#include "rpc/http1-request.h"

/*
 * libmicrohttpd parses heads, bodies and chunks and writes answers; it neither listens nor polls
 * nor starts a thread. It has an epoll descriptor of its own, which is readable when one of its
 * connections wants something: that descriptor sits in our event loop, and every wake-up is one
 * MHD_run(). What it wants without any descriptor being ready it says through MHD_get_timeout(),
 * for which there is a timer.
 *
 * Its ways that this file works around, measured with 0.9.75:
 *   - its timeout counts idle time only: deadlines are ours (http1-connection.c);
 *   - it takes every socket for TCP and complains about each Unix one: its log goes to debug;
 *   - it takes a connection in at once (0.9) or at its next turn (1.0): ours is known by its
 *     descriptor until then;
 *   - it decodes the target of a request: the original is taken where it is offered for logs, which
 *     is before the request begins;
 *   - stopping it aborts when a connection is put aside: all are taken up before.
 */
#define CONNECTION_MEMORY_BYTES (32u * 1024)

struct Http1 {
        Http1Params params;
        sd_event_source *ready;
        sd_event_source *timer;
        struct MHD_Daemon *daemon;
        Http1Connection *connections;
        bool is_draining;
};

static Http1Connection *get_connection(struct MHD_Connection *connection) {
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

        return info->socket_context;
}

static void keep(Http1 *http1, Http1Connection *connection) {
        connection->next = http1->connections;
        if (connection->next)
                connection->next->previous = connection;
        http1->connections = connection;
}

static void forget(Http1 *http1, Http1Connection *connection) {
        if (connection->previous)
                connection->previous->next = connection->next;
        else
                http1->connections = connection->next;
        if (connection->next)
                connection->next->previous = connection->previous;
        http1_connection_free(connection);
}

static Http1Connection *find_by_fd(const Http1 *http1, int fd) {
        Http1Connection *connection = http1->connections;

        while (connection && connection->fd != fd)
                connection = connection->next;
        return connection;
}

static void on_resumed(void *userdata) {
        Http1 *http1 = userdata;

        /* at the loop's next turn: the library may be at work right now */
        (void)sd_event_source_set_time(http1->timer, 0);
        (void)sd_event_source_set_enabled(http1->timer, SD_EVENT_ONESHOT);
}

static void *on_target(void *userdata, const char *target, struct MHD_Connection *connection) {
        Http1 *http1 = userdata;
        Http1Connection *state = get_connection(connection);
        Http1Request *request =
                http1_request_new(&(const Http1RequestParams){ .event = http1->params.event,
                                                               .table = http1->params.table,
                                                               .resumed = on_resumed,
                                                               .userdata = http1 },
                                  target);

        state->request = request;
        if (request && http1->is_draining)
                http1_request_drain(request);
        return request;
}

static enum MHD_Result on_request(void *userdata _unused_,
                                  struct MHD_Connection *connection,
                                  const char *path _unused_,
                                  const char *http_method,
                                  const char *version _unused_,
                                  const char *data,
                                  size_t *n_data,
                                  void **request_context) {
        const size_t n = *n_data;

        if (!*request_context)
                return MHD_NO;
        *n_data = 0;
        return http1_request_run(*request_context, connection, get_connection(connection),
                                 http_method, data, n);
}

static void on_completed(void *userdata,
                         struct MHD_Connection *connection,
                         void **request_context,
                         enum MHD_RequestTerminationCode reason) {
        const Http1 *http1 = userdata;
        Http1Connection *state = get_connection(connection);

        state->request = NULL;
        *request_context = http1_request_free(*request_context);
        if (reason != MHD_REQUEST_TERMINATED_COMPLETED_OK)
                return;
        http1_connection_enter(state, HTTP1_IDLE, NULL);
        if (http1->is_draining)
                http1_connection_cut(state);
}

static void on_connection(void *userdata,
                          struct MHD_Connection *connection,
                          void **connection_context,
                          enum MHD_ConnectionNotificationCode what) {
        Http1 *http1 = userdata;
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        Http1Connection *state;
        void *of_owner;

        if (what == MHD_CONNECTION_NOTIFY_STARTED) {
                *connection_context = find_by_fd(http1, info->connect_fd);
                assert(*connection_context);
                return;
        }
        state = *connection_context;
        of_owner = state->userdata;
        *connection_context = NULL;
        forget(http1, state);
        http1->params.closed(of_owner);
}

_printf_(2, 0) static void on_log(void *userdata _unused_, const char *format, va_list args) {
        char text[256];
        int n = vsnprintf(text, sizeof(text), format, args);

        if (n > 0 && (size_t)n < sizeof(text) && text[n - 1] == '\n')
                text[n - 1] = '\0';
        log_debug("libmicrohttpd: %s", text);
}

static int arm_timer(Http1 *http1) {
        MHD_UNSIGNED_LONG_LONG msec;
        int r;

        if (MHD_get_timeout(http1->daemon, &msec) != MHD_YES)
                return sd_event_source_set_enabled(http1->timer, SD_EVENT_OFF);
        r = sd_event_source_set_time_relative(http1->timer, msec * USEC_PER_MSEC);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(http1->timer, SD_EVENT_ONESHOT);
}

static int run(Http1 *http1) {
        (void)MHD_run(http1->daemon);
        return arm_timer(http1);
}

static int on_ready(sd_event_source *source _unused_,
                    int fd _unused_,
                    uint32_t events _unused_,
                    void *userdata) {
        return run(userdata);
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        return run(userdata);
}

static int start_daemon(Http1 *http1) {
        const union MHD_DaemonInfo *info;

        http1->daemon = MHD_start_daemon(
                MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG |
                        MHD_ALLOW_SUSPEND_RESUME,
                0, NULL, NULL, on_request, http1, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
                MHD_OPTION_NOTIFY_COMPLETED, on_completed, http1, MHD_OPTION_NOTIFY_CONNECTION,
                on_connection, http1, MHD_OPTION_URI_LOG_CALLBACK, on_target, http1,
                MHD_OPTION_CONNECTION_LIMIT, (unsigned)http1->params.limits->max_connections,
                MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
                MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
        if (!http1->daemon)
                return -ENOMEM;
        info = MHD_get_daemon_info(http1->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        if (!info || info->epoll_fd < 0)
                return -EOPNOTSUPP;
        return sd_event_add_io(http1->params.event, &http1->ready, info->epoll_fd, EPOLLIN,
                               on_ready, http1);
}

int http1_new(const Http1Params *params, Http1 **ret) {
        _cleanup_(http1_freep) Http1 *http1 = calloc(1, sizeof(*http1));
        int r;

        if (!http1)
                return -ENOMEM;
        http1->params = *params;
        r = start_daemon(http1);
        if (r < 0)
                return r;
        /* An accuracy of 0 would mean 250 ms. */
        r = sd_event_add_time(params->event, &http1->timer, CLOCK_MONOTONIC, 0, 1, on_timer, http1);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(http1->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(http1);
        return 0;
}

Http1 *http1_free(Http1 *http1) {
        if (!http1)
                return NULL;
        for (Http1Connection *state = http1->connections; state; state = state->next)
                if (state->request)
                        http1_request_cut(state->request);
        sd_event_source_disable_unref(http1->ready);
        if (http1->daemon)
                MHD_stop_daemon(http1->daemon);
        sd_event_source_disable_unref(http1->timer);
        assert(!http1->connections);
        free(http1);
        return NULL;
}

int http1_add(Http1 *http1, int fd, const RpcPeer *peer, void *userdata) {
        const struct sockaddr_un address = { .sun_family = AF_UNIX };
        Http1Connection *connection;
        int r;

        r = http1_connection_new(http1->params.event, fd, http1->params.limits, peer, &connection);
        if (r < 0) {
                (void)fd_close(fd);
                return r;
        }
        connection->userdata = userdata;
        keep(http1, connection);
        /* It closes the socket when it fails. */
        if (MHD_add_connection(http1->daemon, fd, (const struct sockaddr *)&address,
                               sizeof(address)) != MHD_YES) {
                forget(http1, connection);
                return -ENOMEM;
        }
        return arm_timer(http1);
}

void http1_drain(Http1 *http1) {
        http1->is_draining = true;
        for (Http1Connection *state = http1->connections; state; state = state->next) {
                if (state->request)
                        http1_request_drain(state->request);
                else
                        http1_connection_cut(state);
        }
        on_resumed(http1);
}
