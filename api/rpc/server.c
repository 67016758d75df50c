/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "rpc/connection.h"
#include "rpc/listener.h"

/*
 * Listeners on the one side, connections on the other. A connection beyond a limit is accepted and
 * closed at once: left in the queue it would wait without anybody ever saying why.
 *
 * The limit for one uid keeps a user who may connect from taking all the places. Root and the user
 * that the server runs as are not held to it: they can stop it altogether.
 */
struct RpcServer {
        RpcServerParams params;
        RpcLimits limits;
        Http1 *http1; /* NULL: nobody wanted it yet */
        Http2Scratch *scratch;
        Listener **listeners;
        size_t n_listeners;
        Connection *connections;
        size_t n_connections;
        bool is_draining;
        void (*drained)(void *userdata);
        void *drained_userdata;
        sd_event_source *soon;
};

static void on_http1_closed(void *userdata);

static int get_http1(void *userdata, Http1 **ret) {
        RpcServer *server = userdata;
        int r = 0;

        if (!server->http1)
                r = http1_new(&(const Http1Params){ .event = server->params.event,
                                                    .table = server->params.table,
                                                    .limits = &server->limits,
                                                    .closed = on_http1_closed },
                              &server->http1);
        *ret = server->http1;
        return r;
}

static int on_drained(sd_event_source *source _unused_, void *userdata) {
        const RpcServer *server = userdata;

        server->drained(server->drained_userdata);
        return 0;
}

static void tell_drained(RpcServer *server) {
        if (server->is_draining && server->n_connections == 0)
                (void)sd_event_source_set_enabled(server->soon, SD_EVENT_ONESHOT);
}

static void on_closed(Connection *connection, void *userdata) {
        RpcServer *server = userdata;

        connection_remove(&server->connections, connection);
        --server->n_connections;
        connection_free(connection);
        tell_drained(server);
}

static ConnectionParams as_params(RpcServer *server) {
        return (ConnectionParams){ .event = server->params.event,
                                   .table = server->params.table,
                                   .limits = &server->limits,
                                   .scratch = server->scratch,
                                   .get_http1 = get_http1,
                                   .closed = on_closed,
                                   .userdata = server };
}

static void on_http1_closed(void *userdata) {
        connection_close(userdata);
}

static size_t count_of_uid(const RpcServer *server, uid_t uid) {
        size_t n = 0;

        for (const Connection *connection = server->connections; connection;
             connection = connection_get_next(connection)) {
                const RpcPeer *peer = connection_get_peer(connection);

                n += peer->is_known && peer->uid == uid;
        }
        return n;
}

static bool has_room(const RpcServer *server, const RpcPeer *peer) {
        if (server->n_connections >= server->limits.max_connections) {
                log_debug("Closing a connection: %zu are open", server->n_connections);
                return false;
        }
        if (peer->is_known && peer->uid != 0 && peer->uid != geteuid() &&
            count_of_uid(server, peer->uid) >= server->limits.max_connections_per_uid) {
                log_debug("Closing a connection: uid %u has %zu", (unsigned)peer->uid,
                          server->limits.max_connections_per_uid);
                return false;
        }
        return true;
}

static void on_accepted(int fd, void *userdata) {
        RpcServer *server = userdata;
        _cleanup_(rpc_peer_deinitp) RpcPeer peer = {};
        const ConnectionParams params = as_params(server);
        Connection *connection;
        int r;

        r = rpc_peer_init(&peer, fd);
        if (r < 0 || !has_room(server, &peer)) {
                (void)fd_close(fd);
                return;
        }
        peer.role = server->params.get_role
                            ? server->params.get_role(&peer, server->params.userdata)
                            : RPC_ROLE_ADMIN;
        r = connection_new(&params, fd, &peer, &connection);
        if (r < 0) {
                log_debug("Closing a connection: %s", strerror(-r));
                return;
        }
        connection_insert(&server->connections, connection);
        ++server->n_connections;
}

int rpc_server_new(const RpcServerParams *params, RpcServer **ret) {
        _cleanup_(rpc_server_freep) RpcServer *server = calloc(1, sizeof(*server));
        int r;

        if (!server)
                return -ENOMEM;
        server->params = *params;
        server->limits = params->limits ? *params->limits : RPC_LIMITS_DEFAULT;
        sd_event_ref(params->event);
        server->scratch = malloc(sizeof(*server->scratch));
        if (!server->scratch)
                return -ENOMEM;
        r = sd_event_add_defer(params->event, &server->soon, on_drained, server);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(server->soon, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(server);
        return 0;
}

static void close_listeners(RpcServer *server) {
        for (size_t i = 0; i < server->n_listeners; ++i)
                listener_free(server->listeners[i]);
        free(server->listeners);
        server->listeners = NULL;
        server->n_listeners = 0;
}

RpcServer *rpc_server_free(RpcServer *server) {
        if (!server)
                return NULL;
        close_listeners(server);
        server->is_draining = false;
        /* takes its connections with it */
        http1_free(server->http1);
        while (server->connections)
                on_closed(server->connections, server);
        sd_event_source_disable_unref(server->soon);
        free(server->scratch);
        sd_event_unref(server->params.event);
        free(server);
        return NULL;
}

/* Room for one more, so that a listener that was made can also be kept. */
static int reserve(RpcServer *server) {
        Listener **listeners =
                reallocarray(server->listeners, server->n_listeners + 1, sizeof(Listener *));

        if (!listeners)
                return -ENOMEM;
        server->listeners = listeners;
        return 0;
}

static ListenerOwner as_owner(RpcServer *server) {
        return (ListenerOwner){ .accepted = on_accepted, .userdata = server };
}

int rpc_server_listen(RpcServer *server, const char *path, Diag *reterr) {
        ListenerOwner owner = as_owner(server);
        int r = reserve(server);

        if (r)
                return r;
        r = listener_new_path(server->params.event, path, &owner,
                              &server->listeners[server->n_listeners], reterr);
        if (r)
                return r == LISTENER_E_REFUSED ? RPC_SERVER_E_REFUSED : r;
        ++server->n_listeners;
        return 0;
}

int rpc_server_listen_fd(RpcServer *server, int fd) {
        ListenerOwner owner = as_owner(server);
        int r = reserve(server);

        if (r) {
                (void)fd_close(fd);
                return r;
        }
        r = listener_new_fd(server->params.event, fd, &owner,
                            &server->listeners[server->n_listeners]);
        if (r)
                return r;
        ++server->n_listeners;
        return 0;
}

void rpc_server_drain(RpcServer *server, void (*drained)(void *userdata), void *userdata) {
        server->is_draining = true;
        server->drained = drained;
        server->drained_userdata = userdata;
        close_listeners(server);
        if (server->http1)
                http1_drain(server->http1);
        for (Connection *connection = server->connections, *next; connection; connection = next) {
                next = connection_get_next(connection);
                connection_drain(connection);
        }
        tell_drained(server);
}

size_t rpc_server_count_connections(const RpcServer *server) {
        return server->n_connections;
}
