/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/rpc-bed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "slug/v1/node.pb-c.h"
#include "slug/v1/topology.pb-c.h"

Bed bed;

static void require(bool is_true, const char *what) {
        if (is_true)
                return;
        (void)fprintf(stderr, "test bed: %s: %s\n", what, strerror(errno));
        abort();
}

/* Methods */

static void handle(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        static const Slug__V1__GetVersionResponse response = SLUG__V1__GET_VERSION_RESPONSE__INIT;

        (void)request;
        (void)userdata;
        if (bed.fails)
                rpc_call_fail(call, RPC_FAILED_PRECONDITION, "not \"%d\"", 1);
        else
                rpc_call_finish(call, &response.base);
}

static Slug__V1__GetVersionResponse make_large(RpcCall *call) {
        Slug__V1__GetVersionResponse response = SLUG__V1__GET_VERSION_RESPONSE__INIT;
        char *text = arena_alloc(rpc_call_get_arena(call), bed.n_large + 1);

        require(text, "memory for an answer");
        memset(text, 'x', bed.n_large);
        response.version = text;
        return response;
}

static void handle_large(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        const Slug__V1__GetVersionResponse response = make_large(call);

        (void)request;
        (void)userdata;
        rpc_call_finish(call, &response.base);
}

static void on_ended(RpcCall *call, void *userdata) {
        (void)call;
        (void)userdata;
        --bed.n_kept;
        ++bed.n_ended;
}

static void handle_never(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        (void)request;
        (void)userdata;
        ++bed.n_kept;
        rpc_call_keep(call, on_ended, NULL, NULL);
}

static bool push_state(RpcCall *call, RpcCookie *cookie, void *userdata) {
        Slug__V1__GetVersionResponse response = SLUG__V1__GET_VERSION_RESPONSE__INIT;

        (void)cookie;
        (void)userdata;
        response.version = arena_printf(rpc_call_get_arena(call), "state %u", bed.n_state);
        return rpc_call_push(call, &response.base);
}

static void handle_watch(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        (void)request;
        (void)userdata;
        rpc_watchers_add(&bed.watchers, call, (RpcCookie){});
}

static void flood(RpcCall *call, void *userdata) {
        const Slug__V1__GetVersionResponse response = make_large(call);

        (void)userdata;
        (void)!rpc_call_push(call, &response.base);
}

static void handle_flood(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        (void)request;
        ++bed.n_kept;
        rpc_call_keep(call, on_ended, flood, userdata);
        flood(call, userdata);
}

static void push_one_of_few(RpcCall *call, void *userdata) {
        const Slug__V1__GetVersionResponse response = make_large(call);

        (void)userdata;
        if (bed.n_few-- > 0) {
                if (!rpc_call_push(call, &response.base))
                        --bed.n_kept;
                return;
        }
        --bed.n_kept;
        if (bed.fails)
                rpc_call_fail(call, RPC_ABORTED, "enough");
        else
                rpc_call_finish(call, NULL);
}

static void handle_few(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        (void)request;
        ++bed.n_kept;
        rpc_call_keep(call, on_ended, push_one_of_few, userdata);
        push_one_of_few(call, userdata);
}

static void handle_echo(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        Slug__V1__GetVersionResponse response = SLUG__V1__GET_VERSION_RESPONSE__INIT;

        (void)userdata;
        if (!request) {
                rpc_call_finish(call, NULL);
                return;
        }
        response.version = arena_printf(rpc_call_get_arena(call), "id %u",
                                        ((const Slug__V1__NumaNode *)request)->id);
        (void)!rpc_call_push(call, &response.base);
}

static void handle_collect(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        if (!request)
                handle(call, request, userdata);
}

static void observe(const RpcMethod *method, RpcCode code, uint64_t usec, void *userdata) {
        (void)method;
        (void)usec;
        (void)userdata;
        ++bed.n_observed;
        bed.n_ok += code == RPC_OK;
        bed.last_code = code;
}

static void write_healthz(Buffer *buffer, void *userdata) {
        (void)userdata;
        buffer_append_text(buffer, "ok\n");
}

#define METHOD(Name, function, ...)                                                                \
        {                                                                                          \
                .path = "/t.S/" Name, .input = &slug__v1__numa_node__descriptor,                   \
                .output = &slug__v1__get_version_response__descriptor, .handler = (function),      \
                __VA_ARGS__                                                                        \
        }
static const RpcMethod methods[] = {
        METHOD("M", handle, .max_request_bytes = 100),
        METHOD("Get", handle, .has_no_side_effects = true),
        METHOD("Large", handle_large, .kind = RPC_UNARY),
        METHOD("Never", handle_never, .kind = RPC_UNARY),
        METHOD("Watch", handle_watch, .kind = RPC_SERVER_STREAM),
        METHOD("Flood", handle_flood, .kind = RPC_SERVER_STREAM),
        METHOD("Few", handle_few, .kind = RPC_SERVER_STREAM),
        METHOD("Echo", handle_echo, .kind = RPC_BIDI),
        METHOD("Collect", handle_collect, .kind = RPC_CLIENT_STREAM),
        METHOD("Admin", handle, .role = RPC_ROLE_ADMIN),
};
static const RpcService service = { .methods = methods, .n_methods = ELEMENTSOF(methods) };
static const RpcService *const services[] = { &service };
static const RpcPage pages[] = {
        { .path = "/healthz", .content_type = "text/plain", .write = write_healthz },
};
static const RpcTable table = {
        .services = services,
        .n_services = ELEMENTSOF(services),
        .pages = pages,
        .n_pages = ELEMENTSOF(pages),
        .role_help = "ask the operator",
        .observe = observe,
};

static RpcRole get_role(const RpcPeer *peer, void *userdata) {
        (void)userdata;
        require(peer->is_known, "the peer is known");
        return bed.role;
}

void bed_setup_without_folder(void) {
        bed = (Bed){ .limits = RPC_LIMITS_DEFAULT,
                     .role = RPC_ROLE_READER,
                     .watchers = { .push = push_state },
                     .n_large = 1000 };
        require(sd_event_new(&bed.event) >= 0, "a loop");
}

void bed_setup(void) {
        bed_setup_without_folder();
        bed.folder = folder_new();
        (void)snprintf(bed.path, sizeof(bed.path), "%s/s", bed.folder.path);
}

static void make_server(void) {
        require(rpc_server_new(&(const RpcServerParams){ .event = bed.event,
                                                         .table = &table,
                                                         .limits = &bed.limits,
                                                         .get_role = get_role },
                               &bed.server) == 0,
                "a server");
}

void bed_start(void) {
        Diag diag = {};

        make_server();
        require(rpc_server_listen(bed.server, bed.path, &diag) == 0, diag.text);
}

void bed_start_on(int fd) {
        make_server();
        require(rpc_server_listen_fd(bed.server, fd) == 0, "a listening socket");
}

void bed_teardown(void) {
        bed.server = rpc_server_free(bed.server);
        if (bed.folder.path[0])
                folder_remove(&bed.folder);
        bed.event = sd_event_unref(bed.event);
}

/* Clients */

void bed_turn(void) {
        require(sd_event_run(bed.event, 10 * USEC_PER_SEC) >= 0, "a turn of the loop");
}

int bed_open(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", bed.path);
        while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
                require(errno == EAGAIN, "a connection"); /* the queue is full: it is worked off */
                bed_turn();
        }
        return fd;
}

void bed_say_bytes(int fd, const void *data, size_t n_data) {
        while (n_data > 0) {
                const ssize_t n = send(fd, data, n_data, MSG_NOSIGNAL);

                if (n < 0 && errno == EAGAIN) {
                        bed_turn();
                        continue;
                }
                /* a server that has had enough may be gone */
                if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
                        return;
                require(n > 0, "sending");
                data = (const char *)data + n;
                n_data -= (size_t)n;
        }
}

void bed_say(int fd, const char *text) {
        bed_say_bytes(fd, text, strlen(text));
}

bool bed_hear(int fd, char *answer, size_t size, const char *part) {
        size_t n = strlen(answer);

        for (;;) {
                ssize_t n_read = recv(fd, answer + n, size - 1 - n, 0);

                for (ssize_t i = 0; i < n_read; ++i)
                        if (answer[n + (size_t)i] == '\0')
                                answer[n + (size_t)i] = '0';
                if (n_read > 0) {
                        n += (size_t)n_read;
                        answer[n] = '\0';
                }
                if (part && strstr(answer, part))
                        return true;
                if (n_read == 0 || (n_read < 0 && errno != EAGAIN))
                        return false;
                if (n_read < 0)
                        bed_turn();
        }
}

size_t bed_hear_bytes(int fd, unsigned char *answer, size_t size, size_t until) {
        size_t n = 0;

        require(until <= size, "room for an answer");
        while (n < until) {
                ssize_t n_read = recv(fd, answer + n, size - n, 0);

                if (n_read == 0 || (n_read < 0 && errno != EAGAIN))
                        break;
                if (n_read < 0)
                        bed_turn();
                else
                        n += (size_t)n_read;
        }
        return n;
}

void bed_wait_connections(size_t n) {
        while (rpc_server_count_connections(bed.server) != n)
                bed_turn();
}
