/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/exchange.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/*
 * The transport's side of a call, and the one path that every request takes: which protocol, which
 * method, may this peer, then the body. A request that is refused by its head has its answer before
 * the body is read; what still comes of the body is dropped.
 *
 * Which protocol it is, the content type says. Whatever names none of them is taken for Connect's
 * unary one, whose refusals are plain HTTP.
 */
int rpc_exchange_new(sd_event *event,
                     const RpcTable *table,
                     const RpcPeer *peer,
                     const RpcTransport *transport,
                     RpcCall **ret) {
        _cleanup_(rpc_exchange_freep) RpcCall *call = calloc(1, sizeof(*call));
        int r;

        if (!call)
                return -ENOMEM;
        call->table = table;
        call->peer = peer;
        call->transport = *transport;
        call->event = event;
        call->protocol = &rpc_protocol_connect;
        call->reply.body.max = RPC_ARENA_MAX;
        r = arena_new(RPC_ARENA_MAX, &call->arena);
        if (r)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

static void ignore_wake(void *userdata _unused_) {
}

RpcCall *rpc_exchange_free(RpcCall *call) {
        if (!call)
                return NULL;
        if (call->arena && call->state != CALL_ENDED) {
                call->transport.wake = ignore_wake;
                call_refuse(call, RPC_CANCELED, "the peer has left");
        }
        arena_free(call->arena);
        arena_free(call->message_arena);
        buffer_deinit(&call->body);
        buffer_deinit(&call->reply.body);
        free(call);
        return NULL;
}

int rpc_exchange_add_header(RpcCall *call,
                            const char *name,
                            size_t n_name,
                            const char *value,
                            size_t n_value) {
        return metadata_add(&call->headers, call->arena, name, n_name, value, n_value);
}

static bool starts_with(const char *text, const char *start) {
        return strncmp(text, start, strlen(start)) == 0;
}

static const RpcProtocol *detect(const RpcCall *call) {
        const char *type = call_find_header(call, "content-type");

        if (call->page)
                return &rpc_protocol_page;
        if (type && starts_with(type, "application/grpc") &&
            strchr("+; \t", type[strlen("application/grpc")]))
                return &rpc_protocol_grpc;
        if (type && starts_with(type, "application/connect+"))
                return &rpc_protocol_connect_stream;
        return &rpc_protocol_connect;
}

static RpcRole get_needed_role(const RpcCall *call) {
        return call->page ? call->page->role : call->method->role;
}

static void refuse_role(RpcCall *call) {
        const char *help = call->table->role_help;

        if (call->peer->is_known)
                call_refuse(call, RPC_PERMISSION_DENIED,
                            "%s wants the role '%s', and uid %u has '%s'%s%s", call->path,
                            rpc_role_name(get_needed_role(call)), (unsigned)call->peer->uid,
                            rpc_role_name(call->peer->role), help ? "; " : "", help ? help : "");
        else
                call_refuse(call, RPC_PERMISSION_DENIED,
                            "%s wants the role '%s', and nobody knows who asks", call->path,
                            rpc_role_name(get_needed_role(call)));
}

static int set_target(RpcCall *call, const char *http_method, const char *target) {
        char *copy = arena_strdup(call->arena, target);
        char *mark = copy ? strchr(copy, '?') : NULL;

        call->http_method = arena_strdup(call->arena, http_method);
        if (!copy || !call->http_method)
                return -ENOMEM;
        if (mark) {
                *mark = '\0';
                call->query = mark + 1;
        }
        call->path = copy;
        return 0;
}

int rpc_exchange_begin(RpcCall *call,
                       const char *http_method,
                       const char *target,
                       bool is_http2,
                       bool has_body) {
        int r;

        assert(call->state == CALL_NEW);
        r = set_target(call, http_method, target);
        if (r)
                return r;
        call->is_http2 = is_http2;
        call->has_body = has_body;
        call->start_usec = clock_now_usec(&clock_monotonic);
        call->page = rpc_table_find_page(call->table, call->path);
        if (!call->page)
                call->method = rpc_table_find(call->table, call->path, &call->service);
        call->protocol = detect(call);
        call->protocol->judge(call);
        if (call->state == CALL_ENDED)
                return 0;
        if (call->peer->role < get_needed_role(call))
                refuse_role(call);
        else
                call_open(call);
        return 0;
}

void rpc_exchange_refuse_head(RpcCall *call, const char *reason) {
        assert(call->state == CALL_NEW);
        call->protocol = detect(call);
        call_refuse_http(call, 431, RPC_RESOURCE_EXHAUSTED, "%s", reason);
}

void rpc_exchange_take(RpcCall *call, const char *data, size_t n_data) {
        if (call->state == CALL_ENDED)
                return;
        buffer_append(&call->body, data, n_data);
        if (call->body.error)
                call_refuse(call, RPC_RESOURCE_EXHAUSTED, "no memory for the request");
        else
                call->protocol->receive(call);
        /* a call that ended over its body has no use for it; refuse, deliver and end all come by
         * here */
        if (call->state == CALL_ENDED)
                buffer_deinit(&call->body);
}

void rpc_exchange_end(RpcCall *call) {
        const bool had_ended = call->has_request_ended;

        call->has_request_ended = true;
        if (call->state == CALL_ENDED || had_ended)
                return;
        call->protocol->receive(call);
        buffer_deinit(&call->body);
}

void rpc_exchange_drain(RpcCall *call) {
        /* one whose head is not whole will be refused by its transport, or be in time */
        if (call->state == CALL_OPEN || call->state == CALL_RUNNING)
                call_refuse(call, RPC_UNAVAILABLE, "the server is stopping");
}

void rpc_exchange_refuse_load(RpcCall *call) {
        if (call->state == CALL_OPEN)
                call_refuse(call, RPC_RESOURCE_EXHAUSTED,
                            "too much of this connection's calls and answers waits to be taken");
}

size_t rpc_exchange_get_body_max(const RpcCall *call) {
        return call->method ? rpc_method_get_request_max(call->method) : 0;
}

void rpc_exchange_refuse_body(RpcCall *call) {
        if (call->state != CALL_ENDED)
                call_refuse(call, RPC_RESOURCE_EXHAUSTED,
                            "the request is larger than the %zu bytes allowed",
                            rpc_exchange_get_body_max(call));
}

size_t rpc_exchange_count_held(const RpcCall *call) {
        return call->body.n_data + rpc_call_get_backlog(call);
}

size_t rpc_exchange_read(RpcCall *call, char *buffer, size_t size) {
        RpcReply *reply = &call->reply;
        const size_t n_left = reply->body.n_data - reply->n_taken;
        const size_t n = n_left < size ? n_left : size;

        if (n == 0)
                return 0;
        memcpy(buffer, reply->body.data + reply->n_taken, n);
        reply->n_taken += n;
        if (reply->n_taken < reply->body.n_data)
                return n;
        buffer_deinit(&reply->body);
        reply->n_taken = 0;
        if (call->drained)
                call->drained(call, call->kept);
        return n;
}
