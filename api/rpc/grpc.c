/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/grpc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "google/rpc/status.pb-c.h"
#include "rpc/call.h"
#include "rpc/enveloped.h"
#include "rpc/http-refusal.h"
#include "rpc/percent.h"
#include "rpc/timeout.h"

/*
 * gRPC over HTTP/2, doc/PROTOCOL-HTTP2.md of the gRPC project. The HTTP status is 200 whatever
 * becomes of the call, except for what is no gRPC at all. The status of the call is in the
 * trailers; a failure without a message before it is all in one HEADERS frame ("trailers-only"),
 * which a transport makes of an answer that has a head, no body and no trailers.
 *
 * grpc-go reads at most 8 KiB of headers one day soon, so the message of a failure is cut, and
 * details that do not fit are left out.
 */
#define MESSAGE_MAX 1024u
#define DETAILS_MAX 4096u

static const char *get_type(const RpcCall *call) {
        return call->codec == &rpc_codec_json ? "application/grpc+json" : "application/grpc+proto";
}

/* "application/grpc", "application/grpc+proto", either with parameters. */
static const RpcCodec *find_codec(const RpcCall *call) {
        const char *rest = call_find_header(call, "content-type") + strlen("application/grpc");

        if (*rest != '+')
                return &rpc_codec_proto;
        return rpc_codec_find(rest + 1, strcspn(rest + 1, "; \t"));
}

static void judge(RpcCall *call) {
        const char *encoding = call_find_header(call, "grpc-encoding");
        const char *timeout = call_find_header(call, "grpc-timeout");

        call->codec = find_codec(call);
        if (!call->codec)
                call_refuse_http(call, 415, RPC_UNKNOWN, "content-type '%.64s' is not known",
                                 call_find_header(call, "content-type"));
        else if (!call->is_http2)
                call_refuse_http(call, 505, RPC_UNKNOWN, "gRPC wants HTTP/2");
        else if (strcmp(call->http_method, "POST") != 0)
                call_refuse_http(call, 405, RPC_UNKNOWN, "methods are called with POST, not %.32s",
                                 call->http_method);
        else if (!call->method)
                call_refuse(call, RPC_UNIMPLEMENTED, "there is no method %.160s", call->path);
        else if (encoding && strcmp(encoding, "identity") != 0)
                call_refuse(call, RPC_UNIMPLEMENTED,
                            "grpc-encoding '%.32s' is not known, only identity", encoding);
        else if (timeout && !timeout_parse_grpc(timeout, &call->timeout_usec))
                call_refuse(call, RPC_INTERNAL,
                            "grpc-timeout '%.32s' is not a number of at most 8 digits and a unit",
                            timeout);
}

static void begin(RpcCall *call) {
        call->reply.has_head = true;
        call->reply.status = 200;
        call_put_header(call, "content-type", get_type(call));
        call_put_metadata(call, &call->leading, NULL);
}

static void
put(RpcCall *call, RpcMetadata *metadata, const char *name, const char *value, size_t n_value) {
        if (metadata_add(metadata, call->arena, name, strlen(name), value, n_value) < 0)
                call->reply.is_cut = true;
}

int grpc_pack_status(const RpcCall *call, Arena *arena, uint8_t **ret, size_t *ret_n) {
        Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
        Google__Protobuf__Any items[CALL_DETAILS_MAX];
        Google__Protobuf__Any *details[CALL_DETAILS_MAX];

        status.code = (int)call->code;
        status.message = (char *)call->message;
        status.n_details = call->n_details;
        status.details = details;
        for (size_t i = 0; i < call->n_details; ++i) {
                const CallDetail *detail = &call->details[i];

                google__protobuf__any__init(&items[i]);
                items[i].type_url = arena_printf(arena, "type.googleapis.com/%s", detail->type);
                if (!items[i].type_url)
                        return -ENOMEM;
                items[i].value = (ProtobufCBinaryData){ .len = detail->n_data,
                                                        .data = (uint8_t *)detail->data };
                details[i] = &items[i];
        }
        *ret_n = google__rpc__status__get_packed_size(&status);
        *ret = arena_alloc(arena, *ret_n);
        if (!*ret)
                return -ENOMEM;
        (void)google__rpc__status__pack(&status, *ret);
        return 0;
}

static void put_details(RpcCall *call, RpcMetadata *metadata) {
        uint8_t *packed;
        size_t n;

        if (grpc_pack_status(call, call->arena, &packed, &n) < 0)
                call->reply.is_cut = true;
        else if (n <= DETAILS_MAX && metadata_add_binary(metadata, call->arena,
                                                         "grpc-status-details-bin", packed, n) < 0)
                call->reply.is_cut = true;
}

static void put_message(RpcCall *call, RpcMetadata *metadata) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        percent_append(&text, call->message, MESSAGE_MAX);
        if (buffer_finish(&text) < 0)
                call->reply.is_cut = true;
        else
                put(call, metadata, "grpc-message", text.data, text.n_data);
}

static void put_status(RpcCall *call, RpcMetadata *metadata) {
        static const char *const numbers[_RPC_CODE_N] = { "0",  "1",  "2",  "3",  "4",  "5",
                                                          "6",  "7",  "8",  "9",  "10", "11",
                                                          "12", "13", "14", "15", "16" };

        if (metadata_add_static(metadata, call->arena, "grpc-status", numbers[call->code]) < 0)
                call->reply.is_cut = true;
        if (call->message[0])
                put_message(call, metadata);
        if (call->n_details > 0 && call->code != RPC_OK)
                put_details(call, metadata);
        for (size_t i = 0; i < call->trailing.n_items; ++i)
                if (metadata_add_static(metadata, call->arena, call->trailing.items[i].name,
                                        call->trailing.items[i].value) < 0)
                        call->reply.is_cut = true;
}

static void finish(RpcCall *call) {
        const bool is_trailers_only =
                call->code != RPC_OK && !call->reply.has_head && call->leading.n_items == 0;

        if (call->http_status) {
                http_refusal_put(call);
                return;
        }
        /* of an answer that failed nothing is left but what was sent as a stream before */
        if (!call->reply.has_head) {
                if (call->code != RPC_OK)
                        buffer_deinit(&call->reply.body);
                begin(call);
        }
        if (call->code == RPC_UNIMPLEMENTED && is_trailers_only)
                call_put_header(call, "grpc-accept-encoding", "identity");
        put_status(call, is_trailers_only ? &call->reply.headers : &call->reply.trailers);
}

const RpcProtocol rpc_protocol_grpc = {
        .judge = judge,
        .receive = enveloped_receive,
        .begin = begin,
        .append = enveloped_append,
        .finish = finish,
};
