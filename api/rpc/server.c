/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "rpc/http1.h"
#include "rpc/listener.h"

/*
 * Listeners on the one side, HTTP/1.1 on the other. A connection beyond the limit is accepted and
 * closed at once: left in the queue it would wait without anybody ever saying why.
 */
struct RpcServer {
        sd_event *event;
        Http1 *http1;
        Listener **listeners;
        size_t n_listeners;
};

static void on_accepted(int fd, void *userdata) {
        RpcServer *server = userdata;
        int r = http1_add(server->http1, fd);

        if (r == HTTP1_E_FULL)
                log_debug("Closing a connection: %u are open", RPC_CONNECTIONS_MAX);
        else if (r < 0)
                log_debug("Closing a connection: %s", strerror(-r));
}

int rpc_server_new(sd_event *event, const RpcTable *table, RpcServer **ret) {
        _cleanup_(rpc_server_freep) RpcServer *server = calloc(1, sizeof(*server));
        int r;

        if (!server)
                return -ENOMEM;
        server->event = sd_event_ref(event);
        r = http1_new(event, table, NULL, &server->http1);
        if (r)
                return r;
        *ret = TAKE_PTR(server);
        return 0;
}

RpcServer *rpc_server_free(RpcServer *server) {
        if (!server)
                return NULL;
        for (size_t i = 0; i < server->n_listeners; ++i)
                listener_free(server->listeners[i]);
        free(server->listeners);
        http1_free(server->http1);
        sd_event_unref(server->event);
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
        r = listener_new_path(server->event, path, &owner, &server->listeners[server->n_listeners],
                              reterr);
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
        r = listener_new_fd(server->event, fd, &owner, &server->listeners[server->n_listeners]);
        if (r)
                return r;
        ++server->n_listeners;
        return 0;
}
