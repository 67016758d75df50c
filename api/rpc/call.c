/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/call.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"

/*
 * The handler's side of a call.
 *
 * A call is NEW, OPEN, RUNNING and ENDED, and never goes back; it may skip what lies between. An
 * answer is encoded at the moment the handler gives it, so a handler may build it from what it will
 * change or give back right after. Whoever ends a call, handler, deadline, peer or server, comes
 * through end(), once.
 *
 * A call that ends under a handler that keeps it is taken away first: the handler is told, forgets
 * it, and only then the status is put. A second end by a handler is a bug and asserted.
 *
 * Failures of a call are not logged above debug: whoever asked is told, and decides.
 */
#define DETAIL_BYTES_MAX (64u * 1024)

static void wake(RpcCall *call) {
        call->transport.wake(call->transport.userdata);
}

static void set_message(RpcCall *call, const char *format, va_list args) {
        (void)vsnprintf(call->message, sizeof(call->message), format, args);
        /* A cut may have gone through a character. */
        call->message[utf8_valid_length(call->message, strlen(call->message))] = '\0';
}

static void end(RpcCall *call) {
        assert(call->state != CALL_ENDED);
        call->state = CALL_ENDED;
        call->deadline = sd_event_source_disable_unref(call->deadline);
        /* the cap is on messages: a body that they fill still has its status, which is bounded
         * by what it is made of */
        call->reply.body.max = 0;
        call->protocol->finish(call);
        call->reply.is_complete = true;
        if (buffer_finish(&call->reply.body) < 0)
                call->reply.is_cut = true;
        if (call->code != RPC_OK)
                log_debug("%s: %s: %s", call->path ? call->path : "?", rpc_code_name(call->code),
                          call->message);
        if (call->method && call->table->observe)
                call->table->observe(call->method, call->code,
                                     clock_now_usec(&clock_monotonic) - call->start_usec,
                                     call->table->observer_userdata);
        wake(call);
}

void call_end(RpcCall *call) {
        const RpcCallEvent ended = call->ended;

        /* a handler that is told must not find a call that it could end once more */
        call->ended = call->drained = NULL;
        if (ended)
                ended(call, call->kept);
        end(call);
}

void call_refuse(RpcCall *call, RpcCode code, const char *format, ...) {
        va_list args;

        call->code = code;
        va_start(args, format);
        set_message(call, format, args);
        va_end(args);
        call_end(call);
}

void call_refuse_http(RpcCall *call, unsigned http_status, RpcCode code, const char *format, ...) {
        va_list args;

        call->http_status = http_status;
        call->code = code;
        va_start(args, format);
        set_message(call, format, args);
        va_end(args);
        call_end(call);
}

/* What comes in */

static void run_handler(RpcCall *call, const ProtobufCMessage *request) {
        call->state = CALL_RUNNING;
        call->method->handler(call, request, call->service->userdata);
}

void call_deliver(RpcCall *call, const char *data, size_t n_data) {
        /* a stream of requests would fill any arena, so each has its own, which goes with it */
        _cleanup_(arena_freep) Arena *own = NULL;
        char text[DIAG_FORMATTED_MAX];
        ProtobufCMessage *request;
        Diag diag = {};
        int r = 0;

        if (rpc_method_takes_stream(call->method))
                r = arena_new(RPC_ARENA_MAX, &own);
        if (r == 0)
                r = call->codec->decode(data, n_data, call->method->input, call->table->types,
                                        own ? own : call->arena, &request, &diag);
        if (r == CODEC_E_LIMIT)
                call_refuse(call, RPC_RESOURCE_EXHAUSTED, "%s", diag_format(&diag, text));
        else if (r > 0)
                call_refuse(call, RPC_INVALID_ARGUMENT, "%s", diag_format(&diag, text));
        else if (r == -ENOMEM)
                call_refuse(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
        else if (r < 0)
                call_refuse(call, RPC_INTERNAL, "the request cannot be decoded: %s", strerror(-r));
        else
                run_handler(call, request);
}

void call_half_close(RpcCall *call) {
        run_handler(call, NULL);
}

static int on_deadline(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        call_refuse(userdata, RPC_DEADLINE_EXCEEDED, "the deadline has passed");
        return 0;
}

void call_open(RpcCall *call) {
        int r;

        call->state = CALL_OPEN;
        if (!call->timeout_usec.present)
                return;
        /* An accuracy of 0 would mean 250 ms. */
        r = sd_event_add_time_relative(call->event, &call->deadline, CLOCK_MONOTONIC,
                                       call->timeout_usec.value, 1, on_deadline, call);
        if (r < 0)
                call_refuse(call, RPC_RESOURCE_EXHAUSTED, "the deadline cannot be kept: %s",
                            strerror(-r));
}

const RpcMethod *rpc_call_get_method(const RpcCall *call) {
        return call->method;
}

const RpcMetadata *rpc_call_get_metadata(const RpcCall *call) {
        return &call->headers;
}

OptU64 rpc_call_get_timeout(const RpcCall *call) {
        return call->timeout_usec;
}

const char *rpc_call_get_query(const RpcCall *call) {
        return call->query;
}

const RpcPeer *rpc_call_get_peer(const RpcCall *call) {
        return call->peer;
}

/* What goes out */

void call_put_header(RpcCall *call, const char *name, const char *value) {
        if (metadata_add_static(&call->reply.headers, call->arena, name, value) < 0)
                call->reply.is_cut = true;
}

void call_put_metadata(RpcCall *call, const RpcMetadata *metadata, const char *prefix) {
        for (size_t i = 0; i < metadata->n_items; ++i) {
                const char *name = metadata->items[i].name;

                if (prefix)
                        name = arena_printf(call->arena, "%s%s", prefix, name);
                if (name)
                        call_put_header(call, name, metadata->items[i].value);
                else
                        call->reply.is_cut = true;
        }
}

/* A call that gives a stream and never ends would fill any arena, so its messages have one that
 * goes with every message. Without memory for it, the arena of the call stands in. */
Arena *rpc_call_get_arena(RpcCall *call) {
        if (!rpc_method_gives_stream(call->method))
                return call->arena;
        if (!call->message_arena && arena_new(RPC_ARENA_MAX, &call->message_arena) < 0)
                return call->arena;
        return call->message_arena;
}

static int add_metadata(RpcCall *call, RpcMetadata *metadata, const char *name, const char *value) {
        if (!metadata_is_custom_name(name) || !metadata_is_value(value))
                return -EINVAL;
        return metadata_add(metadata, call->arena, name, strlen(name), value, strlen(value));
}

int rpc_call_add_header(RpcCall *call, const char *name, const char *value) {
        assert(!call->reply.has_head);
        return add_metadata(call, &call->leading, name, value);
}

int rpc_call_add_trailer(RpcCall *call, const char *name, const char *value) {
        return add_metadata(call, &call->trailing, name, value);
}

int rpc_call_add_detail(RpcCall *call, const char *type, const uint8_t *data, size_t n_data) {
        CallDetail *detail = &call->details[call->n_details];
        uint8_t *copy;

        if (call->n_details == CALL_DETAILS_MAX || n_data > DETAIL_BYTES_MAX)
                return -E2BIG;
        copy = arena_alloc(call->arena, n_data);
        detail->type = arena_strdup(call->arena, type);
        if (!copy || !detail->type)
                return -ENOMEM;
        if (n_data > 0)
                memcpy(copy, data, n_data);
        detail->data = copy;
        detail->n_data = n_data;
        ++call->n_details;
        return 0;
}

void rpc_call_send_head(RpcCall *call) {
        assert(call->state == CALL_RUNNING);
        if (call->reply.has_head)
                return;
        call->protocol->begin(call);
        wake(call);
}

/* What was taken is given back before more is added, so that a stream which is read costs no more
 * than what was not read yet. */
static void compact(RpcReply *reply) {
        Buffer *body = &reply->body;

        if (reply->n_taken == 0 || !body->data)
                return;
        memmove(body->data, body->data + reply->n_taken, body->n_data - reply->n_taken);
        body->n_data -= reply->n_taken;
        body->data[body->n_data] = '\0';
        reply->n_taken = 0;
}

/* Return: is it in the reply? Otherwise the call has ended. */
static bool append_message(RpcCall *call, const ProtobufCMessage *message) {
        Buffer *body = &call->reply.body;
        int error;

        assert(message->descriptor == call->method->output);
        compact(&call->reply);
        call->protocol->append(call, message);
        error = body->error;
        if (!error)
                return true;
        /* what was whole before is still sent; the rest has no place */
        body->error = 0;
        call->ended = NULL;
        call_refuse(call, RPC_RESOURCE_EXHAUSTED,
                    error == -E2BIG ? "the answer is larger than %u bytes"
                                    : "no memory for an answer of up to %u bytes",
                    RPC_ARENA_MAX);
        return false;
}

bool rpc_call_push(RpcCall *call, const ProtobufCMessage *response) {
        assert(call->state == CALL_RUNNING && rpc_method_gives_stream(call->method));
        if (!call->reply.has_head)
                call->protocol->begin(call);
        if (!append_message(call, response))
                return false;
        call->message_arena = arena_free(call->message_arena);
        wake(call);
        return true;
}

void rpc_call_finish(RpcCall *call, const ProtobufCMessage *response) {
        assert(call->state == CALL_RUNNING);
        assert(!response == rpc_method_gives_stream(call->method));
        call->ended = call->drained = NULL;
        call->code = RPC_OK;
        if (!response || append_message(call, response))
                end(call);
}

void rpc_call_fail(RpcCall *call, RpcCode code, const char *format, ...) {
        va_list args;

        assert(call->state == CALL_RUNNING && code != RPC_OK);
        call->ended = call->drained = NULL;
        call->code = code;
        va_start(args, format);
        set_message(call, format, args);
        va_end(args);
        end(call);
}

void rpc_call_keep(RpcCall *call, RpcCallEvent ended, RpcCallEvent drained, void *userdata) {
        assert(call->state == CALL_RUNNING && ended);
        call->ended = ended;
        call->drained = drained;
        call->kept = userdata;
}

void *rpc_call_get_kept(const RpcCall *call) {
        return call->kept;
}

size_t rpc_call_get_backlog(const RpcCall *call) {
        return call->reply.body.n_data - call->reply.n_taken;
}
