/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/http1.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "rpc/http1-request.h"
#include "rpc/server.h"

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
 *   - it takes a connection in at once (0.9) or at its next turn (1.0): what belongs to one is made
 *     when it says that the connection has begun.
 */
#define CONNECTION_MEMORY_BYTES (32u * 1024)

struct Http1 {
        const RpcTable *table;
        Http1Deadlines deadlines;
        sd_event *event;
        sd_event_source *ready;
        sd_event_source *timer;
        struct MHD_Daemon *daemon;
        size_t n_connections;
};

static Http1Connection *get_connection(struct MHD_Connection *connection) {
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

        return info->socket_context;
}

/*
 * The library may take a connection in at once or at its next turn; either way this is the moment
 * at which it has one. Without memory for its deadlines it may not live.
 */
static void start_connection(Http1 *http1, struct MHD_Connection *connection, void **ret_context) {
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        Http1Connection *started = NULL;

        ++http1->n_connections;
        if (http1_connection_new(http1->event, info->connect_fd, &http1->deadlines, &started) < 0)
                (void)shutdown(info->connect_fd, SHUT_RDWR);
        *ret_context = started;
}

static enum MHD_Result on_request(void *userdata,
                                  struct MHD_Connection *connection,
                                  const char *path,
                                  const char *http_method,
                                  const char *version _unused_,
                                  const char *data,
                                  size_t *n_data,
                                  void **request_context) {
        Http1 *http1 = userdata;
        Http1Request *request = *request_context;

        if (!get_connection(connection))
                return MHD_NO;
        if (!request) {
                http1_connection_enter(get_connection(connection), HTTP1_BODY);
                request = http1_request_new(connection, http1->table, http_method, path);
                if (!request)
                        return MHD_NO;
                *request_context = request;
                if (!http1_request_is_over(request))
                        return MHD_YES;
        } else if (*n_data > 0) {
                size_t n = *n_data;

                *n_data = 0;
                return http1_request_take(request, data, n);
        }
        http1_connection_enter(get_connection(connection), HTTP1_ANSWER);
        return http1_request_answer(request, connection);
}

static void on_completed(void *userdata _unused_,
                         struct MHD_Connection *connection,
                         void **request_context,
                         enum MHD_RequestTerminationCode reason) {
        *request_context = http1_request_free(*request_context);
        if (reason == MHD_REQUEST_TERMINATED_COMPLETED_OK && get_connection(connection))
                http1_connection_enter(get_connection(connection), HTTP1_IDLE);
}

static void on_connection(void *userdata,
                          struct MHD_Connection *connection,
                          void **connection_context,
                          enum MHD_ConnectionNotificationCode what) {
        Http1 *http1 = userdata;

        switch (what) {
        case MHD_CONNECTION_NOTIFY_STARTED:
                start_connection(http1, connection, connection_context);
                return;
        case MHD_CONNECTION_NOTIFY_CLOSED:
                *connection_context = http1_connection_free(*connection_context);
                --http1->n_connections;
                return;
        }
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
                MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0, NULL, NULL,
                on_request, http1, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
                MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
                on_connection, http1, MHD_OPTION_CONNECTION_LIMIT, RPC_CONNECTIONS_MAX,
                MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
                MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
        if (!http1->daemon)
                return -ENOMEM;
        info = MHD_get_daemon_info(http1->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        if (!info || info->epoll_fd < 0)
                return -EOPNOTSUPP;
        return sd_event_add_io(http1->event, &http1->ready, info->epoll_fd, EPOLLIN, on_ready,
                               http1);
}

int http1_new(sd_event *event,
              const RpcTable *table,
              const Http1Deadlines *deadlines,
              Http1 **ret) {
        _cleanup_(http1_freep) Http1 *http1 = calloc(1, sizeof(*http1));
        int r;

        if (!http1)
                return -ENOMEM;
        http1->table = table;
        http1->deadlines = deadlines ? *deadlines : HTTP1_DEADLINES_DEFAULT;
        http1->event = sd_event_ref(event);
        r = start_daemon(http1);
        if (r < 0)
                return r;
        /* An accuracy of 0 would mean 250 ms. */
        r = sd_event_add_time(event, &http1->timer, CLOCK_MONOTONIC, 0, 1, on_timer, http1);
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
        sd_event_source_disable_unref(http1->ready);
        sd_event_source_disable_unref(http1->timer);
        if (http1->daemon)
                MHD_stop_daemon(http1->daemon);
        assert(http1->n_connections == 0);
        sd_event_unref(http1->event);
        free(http1);
        return NULL;
}

int http1_add(Http1 *http1, int fd) {
        _cleanup_(fd_closep) int owned = fd;
        const struct sockaddr_un address = { .sun_family = AF_UNIX };

        if (http1->n_connections >= RPC_CONNECTIONS_MAX)
                return HTTP1_E_FULL;
        /* It closes the socket when it fails. */
        if (MHD_add_connection(http1->daemon, TAKE_FD(owned), (const struct sockaddr *)&address,
                               sizeof(address)) != MHD_YES)
                return -ENOMEM;
        return arm_timer(http1);
}

size_t http1_count_connections(const Http1 *http1) {
        return http1->n_connections;
}
