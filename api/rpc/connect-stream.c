/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rpc/call.h"
#include "rpc/connect-error.h"
#include "rpc/connect.h"
#include "rpc/envelope.h"
#include "rpc/enveloped.h"
#include "rpc/json-text.h"

/*
 * Connect's streams: messages in envelopes both ways, HTTP status 200 whatever happens, and the
 * status of the call in a last envelope of JSON, whatever the codec. A refusal takes that form,
 * too, once it is clear that a stream was wanted.
 *
 * Over HTTP/1.1 the answer begins when the request has ended, so what streams both ways at once is
 * refused there.
 */
#define TYPE_START "application/connect+"

static void refuse_http(RpcCall *call, unsigned status, const char *why) {
        call->protocol = &rpc_protocol_connect;
        call_refuse_http(call, status, status == 404 ? RPC_UNIMPLEMENTED : RPC_UNKNOWN, "%s", why);
}

static void judge(RpcCall *call) {
        call->codec = connect_find_codec(call_find_header(call, "content-type"), TYPE_START);
        if (!call->method)
                refuse_http(call, 404, "there is no such method");
        else if (strcmp(call->http_method, "POST") != 0)
                refuse_http(call, 405, "streams are opened with POST");
        else if (call->method->kind == RPC_UNARY)
                refuse_http(call, 415,
                            "this method does not stream: its content type is application/json or "
                            "application/proto");
        else if (!call->codec)
                refuse_http(call, 415,
                            "the content type is not known, only application/connect+json and "
                            "application/connect+proto");
        else
                connect_judge_common(call, "connect-content-encoding");
}

static void begin(RpcCall *call) {
        call->reply.has_head = true;
        call->reply.status = 200;
        call_put_header(call, "content-type",
                        call->codec == &rpc_codec_json ? "application/connect+json"
                                                       : "application/connect+proto");
        call_put_metadata(call, &call->leading, NULL);
}

static void append_string(Buffer *buffer, const char *text) {
        json_text_append(buffer, text, strlen(text));
}

static bool is_first_of_name(const RpcMetadata *metadata, size_t index) {
        return metadata_find(metadata, metadata->items[index].name) == metadata->items[index].value;
}

/* {"name":["value","value"]}: a name stands there once. */
static void append_metadata(Buffer *buffer, const RpcMetadata *metadata) {
        bool is_first = true;

        buffer_append_text(buffer, "\"metadata\":{");
        for (size_t i = 0; i < metadata->n_items; ++i) {
                const char *name = metadata->items[i].name;

                if (!is_first_of_name(metadata, i))
                        continue;
                buffer_append_text(buffer, is_first ? "" : ",");
                is_first = false;
                append_string(buffer, name);
                buffer_append_text(buffer, ":[");
                append_string(buffer, metadata->items[i].value);
                for (size_t k = i + 1; k < metadata->n_items; ++k) {
                        if (strcmp(metadata->items[k].name, name) != 0)
                                continue;
                        buffer_append_text(buffer, ",");
                        append_string(buffer, metadata->items[k].value);
                }
                buffer_append_text(buffer, "]");
        }
        buffer_append_text(buffer, "}");
}

static void finish(RpcCall *call) {
        Buffer *body = &call->reply.body;
        size_t start;

        if (!call->reply.has_head) {
                /* an answer that is no stream and failed is not sent */
                if (call->code != RPC_OK)
                        buffer_deinit(body);
                begin(call);
        }
        start = envelope_open(body, ENVELOPE_END_STREAM);
        buffer_append_text(body, "{");
        if (call->code != RPC_OK) {
                buffer_append_text(body, "\"error\":");
                connect_error_append(body, call);
        }
        if (call->trailing.n_items > 0) {
                buffer_append_text(body, call->code != RPC_OK ? "," : "");
                append_metadata(body, &call->trailing);
        }
        buffer_append_text(body, "}");
        envelope_close(body, start);
}

const RpcProtocol rpc_protocol_connect_stream = {
        .judge = judge,
        .receive = enveloped_receive,
        .begin = begin,
        .append = enveloped_append,
        .finish = finish,
};
