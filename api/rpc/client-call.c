/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client-call.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "rpc/base64.h"
#include "rpc/envelope.h"
#include "rpc/percent.h"
#include "rpc/timeout.h"

/*
 * The status in the trailers decides, whatever came before it. Where there is none, HTTP's status
 * or HTTP/2's error stands in, by gRPC's tables. A server that says "ok" and has not sent what the
 * method gives is not believed.
 */
int client_call_new(const RpcClientParams *client,
                    const RpcClientCallParams *params,
                    RpcClientCall **ret) {
        _cleanup_(client_call_freep) RpcClientCall *call = calloc(1, sizeof(*call));
        char timeout[TIMEOUT_TEXT_MAX];
        size_t start;
        int r;

        if (!call)
                return -ENOMEM;
        call->params = *params;
        call->codec = client->codec ? client->codec : &rpc_codec_proto;
        call->types = client->types;
        call->max_response_bytes =
                client->max_response_bytes ? client->max_response_bytes : RPC_CLIENT_RESPONSE_MAX;
        r = arena_new(RPC_ARENA_MAX, &call->arena);
        if (r)
                return r;
        call->path = arena_strdup(call->arena, params->path);
        if (params->timeout_usec.present)
                call->timeout = arena_strdup(
                        call->arena, timeout_format_grpc(params->timeout_usec.value, timeout));
        if (!call->path || (params->timeout_usec.present && !call->timeout))
                return -ENOMEM;
        for (size_t i = 0; params->metadata && i < params->metadata->n_items; ++i) {
                const RpcHeader *item = &params->metadata->items[i];

                if (!metadata_is_custom_name(item->name) || !metadata_is_value(item->value))
                        return -EINVAL;
                r = metadata_add(&call->metadata, call->arena, item->name, strlen(item->name),
                                 item->value, strlen(item->value));
                if (r)
                        return r;
        }
        call->request.max = RPC_ARENA_MAX;
        start = envelope_open(&call->request, 0);
        call->codec->encode(params->request, call->types, &call->request);
        envelope_close(&call->request, start);
        if (call->request.error)
                return call->request.error;
        *ret = TAKE_PTR(call);
        return 0;
}

RpcClientCall *client_call_free(RpcClientCall *call) {
        if (!call)
                return NULL;
        sd_event_source_disable_unref(call->deadline);
        buffer_deinit(&call->request);
        buffer_deinit(&call->body);
        arena_free(call->response_arena);
        arena_free(call->arena);
        free(call);
        return NULL;
}

void client_call_fail(RpcClientCall *call, RpcCode code, const char *format, ...) {
        va_list args;

        if (call->is_over)
                return;
        call->is_over = true;
        call->code = code;
        va_start(args, format);
        (void)vsnprintf(call->message, sizeof(call->message), format, args);
        va_end(args);
        call->message[utf8_valid_length(call->message, strlen(call->message))] = '\0';
}

/* Headers and trailers */

void client_call_take_header(RpcClientCall *call,
                             const char *name,
                             size_t n_name,
                             const char *value,
                             size_t n_value) {
        RpcMetadata *metadata = call->is_in_trailers ? &call->trailing : &call->leading;

        call->n_header_bytes += n_name + n_value + 32;
        if (call->n_header_bytes > CLIENT_HEADER_BYTES_MAX) {
                client_call_fail(call, RPC_RESOURCE_EXHAUSTED,
                                 "the headers of the answer are larger "
                                 "than %u bytes",
                                 CLIENT_HEADER_BYTES_MAX);
                return;
        }
        if (n_name == 7 && memcmp(name, ":status", 7) == 0) {
                /* nghttp2 lets through nothing but three digits */
                call->http_status = (unsigned)strtoul(value, NULL, 10);
                return;
        }
        if (metadata_add(metadata, call->arena, name, n_name, value, n_value) < 0)
                client_call_fail(call, RPC_RESOURCE_EXHAUSTED, "no memory for the answer");
}

/* gRPC's doc/http-grpc-status-mapping.md */
static RpcCode map_http_status(unsigned status) {
        switch (status) {
        case 400:
                return RPC_INTERNAL;
        case 401:
                return RPC_UNAUTHENTICATED;
        case 403:
                return RPC_PERMISSION_DENIED;
        case 404:
                return RPC_UNIMPLEMENTED;
        case 429:
        case 502:
        case 503:
        case 504:
                return RPC_UNAVAILABLE;
        default:
                return RPC_UNKNOWN;
        }
}

static bool is_of_codec(const RpcClientCall *call, const char *type) {
        static const char start[] = "application/grpc";
        const char *rest = type + strlen(start);

        if (strncmp(type, start, strlen(start)) != 0)
                return false;
        if (*rest == '+')
                return rpc_codec_find(rest + 1, strcspn(rest + 1, "; ")) == call->codec;
        return call->codec == &rpc_codec_proto && (*rest == '\0' || *rest == ';');
}

static void check_head(RpcClientCall *call) {
        const char *type = metadata_find(&call->leading, "content-type");
        const char *encoding = metadata_find(&call->leading, "grpc-encoding");

        if (call->http_status != 200)
                client_call_fail(call, map_http_status(call->http_status),
                                 "the server answers with HTTP status %u", call->http_status);
        else if (!type || strncmp(type, "application/grpc", 16) != 0)
                client_call_fail(call, RPC_UNKNOWN, "the server answers with content type '%.64s'",
                                 type ? type : "");
        else if (!is_of_codec(call, type))
                client_call_fail(call, RPC_INTERNAL, "the server answers with content type '%.64s'",
                                 type);
        else if (encoding && strcmp(encoding, "identity") != 0)
                client_call_fail(call, RPC_INTERNAL,
                                 "the server answers in encoding '%.32s', which was not offered",
                                 encoding);
}

/* Also a code that nobody knows is a failure. */
static bool parse_status(const char *text, RpcCode *ret) {
        unsigned code = 0;

        if (!*text || strlen(text) > 3 || text[strspn(text, "0123456789")])
                return false;
        for (; *text; ++text)
                code = code * 10 + (unsigned)(*text - '0');
        *ret = code < _RPC_CODE_N ? (RpcCode)code : RPC_UNKNOWN;
        return true;
}

static void set_message(RpcClientCall *call, const char *encoded) {
        char *text = encoded ? arena_strdup(call->arena, encoded) : NULL;

        if (!text)
                return;
        (void)percent_decode(text);
        (void)snprintf(call->message, sizeof(call->message), "%s", text);
        call->message[utf8_valid_length(call->message, strlen(call->message))] = '\0';
}

/* What the method gives must have come whole, or "ok" is no truth. */
static void check_success(RpcClientCall *call) {
        if (call->body.n_data > call->n_taken)
                client_call_fail(call, RPC_INTERNAL, "the answer ends in the middle of a message");
        else if (!call->params.gives_stream && call->n_messages != 1)
                client_call_fail(call, RPC_UNIMPLEMENTED,
                                 "the server answers with %u messages, not with one",
                                 call->n_messages);
}

static void take_status(RpcClientCall *call, const RpcMetadata *metadata) {
        const char *text = metadata_find(metadata, "grpc-status");

        if (!text || !parse_status(text, &call->code)) {
                client_call_fail(call, text ? RPC_UNKNOWN : RPC_INTERNAL,
                                 text ? "the server answers with status '%.16s'"
                                      : "the server answers without a status%s",
                                 text ? text : "");
                return;
        }
        if (call->code == RPC_OK)
                check_success(call);
        if (call->is_over)
                return;
        set_message(call, metadata_find(metadata, "grpc-message"));
        call->is_over = true;
}

void client_call_take_head(RpcClientCall *call, bool is_last) {
        if (call->is_over)
                return;
        if (!call->has_head) {
                /* 1xx: the answer is still to come */
                if (call->http_status / 100 == 1) {
                        call->leading.n_items = 0;
                        return;
                }
                call->has_head = true;
                if (!is_last) {
                        check_head(call);
                        call->is_in_trailers = true;
                        return;
                }
                /* trailers-only: all in one */
                if (!metadata_find(&call->leading, "grpc-status"))
                        check_head(call);
                call->trailing = call->leading;
                call->leading = (RpcMetadata){};
        } else if (!is_last) {
                client_call_fail(call, RPC_INTERNAL, "the server sends headers twice");
        }
        if (!call->is_over)
                take_status(call, &call->trailing);
}

/* Messages */

static void tell_message(RpcClientCall *call, const ProtobufCMessage *message) {
        if (!call->params.message || call->is_cancelled)
                return;
        call->is_in_callback = true;
        call->params.message(message, call->params.userdata);
        call->is_in_callback = false;
}

static void take_message(RpcClientCall *call, const char *data, size_t n_data) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        char text[DIAG_FORMATTED_MAX];
        ProtobufCMessage *message;
        Diag diag = {};
        int r;

        /* in memory a message is larger than on the wire */
        r = arena_new(RPC_ARENA_MAX + 4 * call->max_response_bytes, &arena);
        if (r == 0)
                r = call->codec->decode(data, n_data, call->params.output, call->types, arena,
                                        &message, &diag);
        if (r < 0 || r == CODEC_E_LIMIT) {
                client_call_fail(call, RPC_RESOURCE_EXHAUSTED, "no memory for the answer");
        } else if (r > 0) {
                client_call_fail(call, RPC_INTERNAL, "the answer cannot be read: %s",
                                 diag_format(&diag, text));
        } else if (call->params.gives_stream) {
                tell_message(call, message);
        } else {
                arena_free(call->response_arena);
                call->response_arena = TAKE_PTR(arena);
                call->response = message;
        }
}

static void check_envelope(RpcClientCall *call, const Envelope *envelope) {
        if (envelope->flags & ENVELOPE_COMPRESSED)
                client_call_fail(call, RPC_INTERNAL,
                                 "the server marks a message as compressed, and no encoding was "
                                 "agreed on");
        else if (envelope->flags)
                client_call_fail(call, RPC_INTERNAL, "the server's envelope has flags 0x%02x",
                                 envelope->flags);
        else if (envelope->length > call->max_response_bytes)
                client_call_fail(call, RPC_RESOURCE_EXHAUSTED,
                                 "the answer has a message of %zu bytes, and %zu are allowed",
                                 envelope->length, call->max_response_bytes);
}

void client_call_take_data(RpcClientCall *call, const char *data, size_t n_data) {
        Buffer *body = &call->body;
        Envelope envelope;

        if (call->is_over || call->is_cancelled)
                return;
        buffer_append(body, data, n_data);
        if (body->error)
                client_call_fail(call, RPC_RESOURCE_EXHAUSTED, "no memory for the answer");
        while (!call->is_over && !call->is_cancelled && body->n_data > call->n_taken &&
               envelope_parse(body->data + call->n_taken, body->n_data - call->n_taken,
                              &envelope)) {
                const char *message = body->data + call->n_taken + ENVELOPE_HEAD_BYTES;

                check_envelope(call, &envelope);
                if (call->is_over ||
                    body->n_data - call->n_taken - ENVELOPE_HEAD_BYTES < envelope.length)
                        break;
                ++call->n_messages;
                call->n_taken += ENVELOPE_HEAD_BYTES + envelope.length;
                take_message(call, message, envelope.length);
        }
        if (call->n_taken == 0 || !body->data)
                return;
        memmove(body->data, body->data + call->n_taken, body->n_data - call->n_taken);
        body->n_data -= call->n_taken;
        body->data[body->n_data] = '\0';
        call->n_taken = 0;
}

/* The end */

static RpcCode map_error(uint32_t error) {
        switch (error) {
        case NGHTTP2_REFUSED_STREAM:
                return RPC_UNAVAILABLE;
        case NGHTTP2_CANCEL:
                return RPC_CANCELED;
        case NGHTTP2_ENHANCE_YOUR_CALM:
                return RPC_RESOURCE_EXHAUSTED;
        case NGHTTP2_INADEQUATE_SECURITY:
                return RPC_PERMISSION_DENIED;
        default:
                return RPC_INTERNAL;
        }
}

void client_call_close(RpcClientCall *call, uint32_t error) {
        if (error == NGHTTP2_NO_ERROR)
                client_call_fail(call, RPC_INTERNAL, "the server ends the stream without a status");
        else
                client_call_fail(call, map_error(error), "the server resets the stream: %s",
                                 nghttp2_http2_strerror(error));
}

/* The details come padded or not. */
static void decode_details(RpcClientCall *call, RpcResult *result) {
        const char *text = metadata_find(&call->trailing, "grpc-status-details-bin");
        const size_t n = text ? strlen(text) : 0;
        uint8_t *details = text ? arena_alloc(call->arena, base64_decoded_max(n)) : NULL;

        if (details && base64_decode(text, n, details, &result->n_details))
                result->details = details;
}

void client_call_tell(RpcClientCall *call) {
        RpcResult result = {
                .code = call->code,
                .message = call->message,
                .leading = &call->leading,
                .trailing = &call->trailing,
        };

        decode_details(call, &result);
        if (call->code == RPC_OK && call->response)
                tell_message(call, call->response);
        if (!call->is_cancelled)
                call->params.ended(&result, call->params.userdata);
}
