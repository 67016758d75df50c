/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/dispatch.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "rpc/json.h"
#include "rpc/utf8.h"

/*
 * A call is NEW, then RUNNING while the handler has it, then ENDED, and never goes back. The answer
 * is encoded at the moment the handler gives it, so a handler may build it from what it will change
 * or give back right after. A call that ends tells its owner exactly once; a second end is a bug of
 * the handler and asserted, for by then the owner may have freed the call.
 *
 * The owner is told through a callback and not by a return, because a call may one day end long
 * after its handler returned. Transports of today cannot wait for that and assert that it has
 * ended.
 *
 * Failures of a call are not logged above debug: whoever asked is told, and decides.
 */
typedef enum CallState {
        CALL_NEW,
        CALL_RUNNING,
        CALL_ENDED,
} CallState;

struct RpcCall {
        const RpcMethod *method;
        const RpcCodec *codec;
        void *handler_userdata;
        RpcCallOwner owner;
        CallState state;
        Arena *arena;
        RpcCode code;
        Buffer body;
        char message[DIAG_FORMATTED_MAX]; /* fixed: telling a failure must not fail */
};

static void encode_json(const ProtobufCMessage *message, Buffer *buffer) {
        json_encode(message, 0, buffer);
}

const RpcCodec rpc_codec_json = { .decode = json_decode, .encode = encode_json };

int rpc_call_new(const RpcTable *table,
                 const RpcMethod *method,
                 const RpcCodec *codec,
                 const RpcCallOwner *owner,
                 RpcCall **ret) {
        _cleanup_(rpc_call_freep) RpcCall *call = calloc(1, sizeof(*call));
        int r;

        if (!call)
                return -ENOMEM;
        call->method = method;
        call->codec = codec;
        call->handler_userdata = table->userdata;
        call->owner = *owner;
        call->body.max = RPC_ARENA_MAX;
        r = arena_new(RPC_ARENA_MAX, &call->arena);
        if (r)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

RpcCall *rpc_call_free(RpcCall *call) {
        if (!call)
                return NULL;
        assert(call->state != CALL_RUNNING);
        arena_free(call->arena);
        buffer_deinit(&call->body);
        free(call);
        return NULL;
}

static void end(RpcCall *call) {
        assert(call->state == CALL_RUNNING);
        call->state = CALL_ENDED;
        log_debug("%s: %s%s%s", call->method->path, rpc_code_name(call->code),
                  call->message[0] ? ": " : "", call->message);
        call->owner.done(call, call->owner.userdata);
}

void rpc_call_fail(RpcCall *call, RpcCode code, const char *format, ...) {
        va_list args;

        assert(code != RPC_OK);
        call->code = code;
        va_start(args, format);
        (void)vsnprintf(call->message, sizeof(call->message), format, args);
        va_end(args);
        /* A cut may have gone through a character. */
        call->message[utf8_valid_length(call->message, strlen(call->message))] = '\0';
        end(call);
}

void rpc_call_finish(RpcCall *call, const ProtobufCMessage *response) {
        int r;

        assert(call->state == CALL_RUNNING);
        assert(response->descriptor == call->method->output);
        call->codec->encode(response, &call->body);
        r = buffer_finish(&call->body);
        if (r == -E2BIG) {
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "the answer is larger than %u bytes",
                              RPC_ARENA_MAX);
                return;
        }
        if (r) {
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
                return;
        }
        call->code = RPC_OK;
        end(call);
}

Arena *rpc_call_get_arena(RpcCall *call) {
        return call->arena;
}

void rpc_call_run(RpcCall *call, const char *body, size_t n_body) {
        char text[DIAG_FORMATTED_MAX];
        ProtobufCMessage *request;
        Diag diag = {};
        int r;

        assert(call->state == CALL_NEW);
        call->state = CALL_RUNNING;
        r = call->codec->decode(body, n_body, call->method->input, call->arena, &request, &diag);
        if (r == JSON_E_LIMIT)
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "%s", diag_format(&diag, text));
        else if (r > 0)
                rpc_call_fail(call, RPC_INVALID_ARGUMENT, "%s", diag_format(&diag, text));
        else if (r == -ENOMEM)
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
        else if (r < 0)
                rpc_call_fail(call, RPC_INTERNAL, "the request cannot be decoded: %s",
                              strerror(-r));
        else
                call->method->handler(call, request, call->handler_userdata);
}

RpcCode rpc_call_get_code(const RpcCall *call) {
        assert(call->state == CALL_ENDED);
        return call->code;
}

const char *rpc_call_get_message(const RpcCall *call) {
        assert(call->state == CALL_ENDED);
        return call->message;
}

Buffer rpc_call_take_body(RpcCall *call) {
        Buffer body = call->body;

        assert(call->state == CALL_ENDED);
        call->body = (Buffer){};
        return body;
}
