/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/enveloped.h"

#include <string.h>

#include "rpc/envelope.h"

/*
 * What gRPC and Connect's streams have in common: messages in envelopes. A stream of requests is
 * handed on message by message. Of a method that takes a single one, the message waits for the end
 * of the body, because a second one may still come, and then none is taken.
 */
static void refuse_incomplete(RpcCall *call) {
        call_refuse(call, RPC_INVALID_ARGUMENT,
                    "the body ends in the middle of a message in its envelope");
}

/* Return: is it a message that can be taken? */
static bool check(RpcCall *call, const Envelope *envelope) {
        const size_t max = rpc_method_get_request_max(call->method);

        if (envelope->flags & ENVELOPE_COMPRESSED)
                call_refuse(call, RPC_INTERNAL,
                            "a message is marked as compressed, and no encoding was agreed on");
        else if (envelope->flags)
                call_refuse(call, RPC_INVALID_ARGUMENT, "the envelope's flags 0x%02x mean nothing",
                            envelope->flags);
        else if (envelope->length > max)
                call_refuse(call, RPC_RESOURCE_EXHAUSTED,
                            "the message has %zu bytes, and %zu are allowed", envelope->length,
                            max);
        else if (++call->n_messages > 1 && !rpc_method_takes_stream(call->method))
                call_refuse(call, RPC_UNIMPLEMENTED, "the method takes one message, not more");
        return call->state != CALL_ENDED;
}

static void drop_front(Buffer *buffer, size_t n) {
        if (n == 0)
                return;
        memmove(buffer->data, buffer->data + n, buffer->n_data - n);
        buffer->n_data -= n;
        buffer->data[buffer->n_data] = '\0';
}

static void finish_request(RpcCall *call, size_t n_left) {
        if (n_left > 0)
                refuse_incomplete(call);
        else if (rpc_method_takes_stream(call->method))
                call_half_close(call);
        else if (call->n_messages == 0)
                call_refuse(call, RPC_UNIMPLEMENTED, "the method takes one message, not none");
        else
                call_deliver(call, call->body.data + ENVELOPE_HEAD_BYTES,
                             call->body.n_data - ENVELOPE_HEAD_BYTES);
}

void enveloped_receive(RpcCall *call) {
        const bool is_stream = rpc_method_takes_stream(call->method);
        Envelope envelope;
        size_t at = call->n_whole;

        while (call->body.n_data > at &&
               envelope_parse(call->body.data + at, call->body.n_data - at, &envelope)) {
                const size_t n = ENVELOPE_HEAD_BYTES + envelope.length;

                /* looked at again with every piece that comes, counted once */
                if (!call->is_head_checked && !check(call, &envelope))
                        return;
                call->is_head_checked = call->body.n_data - at < n;
                if (call->is_head_checked)
                        break;
                if (is_stream) {
                        call_deliver(call, call->body.data + at + ENVELOPE_HEAD_BYTES,
                                     envelope.length);
                        if (call->state == CALL_ENDED)
                                return;
                }
                at += n;
        }
        call->n_whole = at;
        if (is_stream) {
                drop_front(&call->body, at);
                call->n_whole = 0;
        }
        if (call->has_request_ended)
                finish_request(call, call->body.n_data - call->n_whole);
}

void enveloped_append(RpcCall *call, const ProtobufCMessage *message) {
        Buffer *body = &call->reply.body;
        const size_t start = envelope_open(body, 0);

        call->codec->encode(message, call->table->types, body);
        envelope_close(body, start);
}
