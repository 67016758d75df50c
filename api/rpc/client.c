/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "rpc/client-connection.h"

/*
 * Calls wait in a list; pump() gives those that have no connection the current one, or makes it.
 * A connection that drains (a server that stops, or that refuses) is no longer the current one and
 * lives until its last call has ended.
 *
 * A connection that cannot be made, or is lost before the server has said a word, doubles the time
 * until the next try, up to a limit and with some chance, so that the clients of a server that
 * comes back do not all come at once. Meanwhile a call that does not wait fails at once, and with
 * the same reason.
 *
 * Everything that tells a caller something runs from the loop: from the socket, a timer, or the
 * deferred pump().
 */
struct RpcClient {
        RpcClientParams params;
        struct sockaddr_un address;
        Http2Scratch *scratch;
        RpcClientCall *calls;
        size_t n_calls;
        ClientConnection *current; /* NULL: none, or not yet */
        ClientConnection *connections;
        sd_event_source *soon;
        sd_event_source *retry;
        uint64_t back_off_usec; /* 0: the last try was good */
        bool is_backing_off;
        int last_error;
};

static void pump_soon(RpcClient *client) {
        /* it was made with the client, so turning it on does not fail */
        (void)sd_event_source_set_enabled(client->soon, SD_EVENT_ONESHOT);
}

/* Calls */

static void forget(RpcClientCall *call) {
        RpcClient *client = call->client;

        if (call->previous)
                call->previous->next = call->next;
        else
                client->calls = call->next;
        if (call->next)
                call->next->previous = call->previous;
        --client->n_calls;
        client_call_free(call);
}

/* It is told outside of nghttp2's callbacks, where a caller may do what it likes. */
static void finish(RpcClientCall *call) {
        pump_soon(call->client);
}

static int on_deadline(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        RpcClientCall *call = userdata;

        client_call_fail(call, RPC_DEADLINE_EXCEEDED, "the deadline has passed");
        if (call->connection)
                client_connection_cancel(call->connection, call);
        finish(call);
        return 0;
}

void rpc_client_cancel(RpcClientCall *call) {
        call->is_cancelled = true;
        if (call->is_in_callback) {
                finish(call);
                return;
        }
        if (call->connection)
                client_connection_cancel(call->connection, call);
        forget(call);
}

/* Back-off */

/* Between three quarters and all of it. */
static uint64_t with_chance(uint64_t usec) {
        uint16_t chance = 0;

        (void)!getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
        return usec - usec / 4 * chance / UINT16_MAX;
}

static void back_off(RpcClient *client, int error) {
        const uint64_t min = client->params.min_back_off_usec,
                       max = client->params.max_back_off_usec;

        client->last_error = error;
        client->back_off_usec = client->back_off_usec == 0 ? min : client->back_off_usec * 2;
        if (client->back_off_usec > max)
                client->back_off_usec = max;
        client->is_backing_off = true;
        if (sd_event_source_set_time_relative(client->retry, with_chance(client->back_off_usec)) <
                    0 ||
            sd_event_source_set_enabled(client->retry, SD_EVENT_ONESHOT) < 0)
                client->is_backing_off = false;
}

static int on_retry(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        RpcClient *client = userdata;

        client->is_backing_off = false;
        pump_soon(client);
        return 0;
}

/* Connections */

static void on_call_done(RpcClientCall *call, void *userdata _unused_) {
        finish(call);
}

static void on_draining(ClientConnection *connection, void *userdata) {
        RpcClient *client = userdata;

        if (client->current == connection)
                client->current = NULL;
}

static void on_ready(ClientConnection *connection _unused_, void *userdata) {
        RpcClient *client = userdata;

        client->back_off_usec = 0;
        client->last_error = 0;
}

static void remove_connection(RpcClient *client, ClientConnection *connection) {
        ClientConnection **place = &client->connections;

        while (*place != connection)
                place = client_connection_next(*place);
        *place = *client_connection_next(connection);
        client_connection_free(connection);
}

static void on_closed(ClientConnection *connection, void *userdata) {
        RpcClient *client = userdata;

        for (RpcClientCall *call = client->calls; call; call = call->next)
                if (call->connection == connection) {
                        call->connection = NULL;
                        client_call_fail(call, RPC_UNAVAILABLE, "the connection is lost");
                        finish(call);
                }
        if (client->current == connection) {
                client->current = NULL;
                /* a server that goes away while it is wanted is not asked again at once */
                back_off(client, ECONNRESET);
        }
        remove_connection(client, connection);
        pump_soon(client);
}

static int open_socket(const RpcClient *client) {
        _cleanup_(fd_closep) int fd = -EBADF;

        if (client->params.open)
                return client->params.open(client->params.userdata);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 ||
            connect(fd, (const struct sockaddr *)&client->address, sizeof(client->address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int make_connection(RpcClient *client) {
        const ClientConnectionOwner owner = {
                .call_done = on_call_done,
                .draining = on_draining,
                .ready = on_ready,
                .closed = on_closed,
                .userdata = client,
        };
        const int fd = open_socket(client);
        ClientConnection *connection;
        int r;

        if (fd < 0)
                return fd;
        r = client_connection_new(client->params.event, fd, client->scratch, &owner, &connection);
        if (r < 0)
                return r;
        *client_connection_next(connection) = client->connections;
        client->connections = client->current = connection;
        return 0;
}

/* The pump */

/* Return: may it still become something? */
static bool try_call(RpcClient *client, RpcClientCall *call) {
        int r = 0;

        if (!client->current && !client->is_backing_off) {
                r = make_connection(client);
                if (r < 0)
                        back_off(client, -r);
        }
        if (client->current) {
                r = client_connection_submit(client->current, call);
                if (r == 0)
                        return true;
                if (r == -EAGAIN) {
                        client->current = NULL;
                        pump_soon(client);
                        return true;
                }
                client_call_fail(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
                return false;
        }
        if (call->params.waits_for_server)
                return true;
        client_call_fail(call, RPC_UNAVAILABLE, "no server at %s: %s",
                         client->params.path ? client->params.path : "the other end",
                         strerror(client->last_error));
        return false;
}

/* Something has changed: one step for one call, and again until there is none. A caller that is
 * told may make and cancel calls, so the list is looked at from its beginning each time. */
static bool step(RpcClient *client) {
        for (RpcClientCall *call = client->calls; call; call = call->next) {
                if (call->is_in_callback)
                        continue;
                if (call->is_cancelled) {
                        rpc_client_cancel(call);
                        return true;
                }
                if (call->connection)
                        continue;
                if (call->is_over || !try_call(client, call)) {
                        client_call_tell(call);
                        forget(call);
                        return true;
                }
        }
        return false;
}

static int on_soon(sd_event_source *source _unused_, void *userdata) {
        while (step(userdata))
                ;
        return 0;
}

int rpc_client_call(RpcClient *client, const RpcClientCallParams *params, RpcClientCall **ret) {
        _cleanup_(client_call_freep) RpcClientCall *call = NULL;
        int r;

        if (client->n_calls >= RPC_CLIENT_CALLS_MAX)
                return -EAGAIN;
        r = client_call_new(&client->params, params, &call);
        if (r)
                return r;
        if (params->timeout_usec.present) {
                /* An accuracy of 0 would mean 250 ms. */
                r = sd_event_add_time_relative(client->params.event, &call->deadline,
                                               CLOCK_MONOTONIC, params->timeout_usec.value, 1,
                                               on_deadline, call);
                if (r < 0)
                        return r;
        }

        /* Nothing below can fail. */
        call->client = client;
        call->next = client->calls;
        if (call->next)
                call->next->previous = call;
        client->calls = call;
        ++client->n_calls;
        if (ret)
                *ret = call;
        (void)TAKE_PTR(call);
        pump_soon(client);
        return 0;
}

static int set_path(RpcClient *client, const char *path) {
        client->address = (struct sockaddr_un){ .sun_family = AF_UNIX };
        if (strlen(path) >= sizeof(client->address.sun_path))
                return -ENAMETOOLONG;
        memcpy(client->address.sun_path, path, strlen(path) + 1);
        client->params.path = client->address.sun_path;
        return 0;
}

int rpc_client_new(const RpcClientParams *params, RpcClient **ret) {
        _cleanup_(rpc_client_freep) RpcClient *client = calloc(1, sizeof(*client));
        int r;

        if (!client)
                return -ENOMEM;
        client->params = *params;
        sd_event_ref(params->event);
        if (!client->params.min_back_off_usec)
                client->params.min_back_off_usec = RPC_CLIENT_BACK_OFF_MIN_USEC;
        if (!client->params.max_back_off_usec)
                client->params.max_back_off_usec = RPC_CLIENT_BACK_OFF_MAX_USEC;
        if (params->path) {
                r = set_path(client, params->path);
                if (r)
                        return r;
        }
        client->scratch = malloc(sizeof(*client->scratch));
        if (!client->scratch)
                return -ENOMEM;
        r = sd_event_add_defer(params->event, &client->soon, on_soon, client);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(client->soon, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = sd_event_add_time(params->event, &client->retry, CLOCK_MONOTONIC, 0, 1, on_retry,
                              client);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(client->retry, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(client);
        return 0;
}

RpcClient *rpc_client_free(RpcClient *client) {
        if (!client)
                return NULL;
        while (client->connections)
                remove_connection(client, client->connections);
        while (client->calls)
                forget(client->calls);
        sd_event_source_disable_unref(client->soon);
        sd_event_source_disable_unref(client->retry);
        free(client->scratch);
        sd_event_unref(client->params.event);
        free(client);
        return NULL;
}
