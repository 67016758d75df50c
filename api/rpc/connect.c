/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rpc/base64.h"
#include "rpc/call.h"
#include "rpc/connect-error.h"
#include "rpc/connect.h"
#include "rpc/http-refusal.h"
#include "rpc/percent.h"
#include "rpc/timeout.h"

/*
 * Connect's unary protocol: connectrpc.com/docs/protocol. With POST the body is the message, with
 * GET it is in the query; what comes back is the message or a failure in JSON, so that a client
 * library and a person with curl both learn what was wrong.
 *
 * Two leniencies: the header connect-protocol-version may be missing, and no body at all counts as
 * {}, then also without a content type, so that a bare "curl -X POST" works.
 */
#define TYPE_START "application/"

static bool is_json_charset(const char *parameters) {
        static const char charset[] = "charset=utf-8";

        parameters += strspn(parameters, " \t");
        if (strncasecmp(parameters, charset, strlen(charset)) != 0)
                return false;
        parameters += strlen(charset);
        return parameters[strspn(parameters, " \t")] == '\0';
}

/* Case does not matter, and "charset=utf-8" says what JSON is anyway. */
const RpcCodec *connect_find_codec(const char *type, const char *start) {
        const RpcCodec *codec;
        char name[8];
        size_t n;

        if (strncasecmp(type, start, strlen(start)) != 0)
                return NULL;
        type += strlen(start);
        n = strcspn(type, "; \t");
        if (n >= sizeof(name))
                return NULL;
        for (size_t i = 0; i < n; ++i)
                name[i] = type[i] >= 'A' && type[i] <= 'Z' ? (char)(type[i] - 'A' + 'a') : type[i];
        codec = rpc_codec_find(name, n);
        type += n + strspn(type + n, " \t");
        if (*type == '\0' ||
            (*type == ';' && codec == &rpc_codec_json && is_json_charset(type + 1)))
                return codec;
        return NULL;
}

void connect_judge_common(RpcCall *call, const char *encoding_header) {
        const char *version = call_find_header(call, "connect-protocol-version");
        const char *timeout = call_find_header(call, "connect-timeout-ms");
        const char *encoding = call_find_header(call, encoding_header);

        if (version && strcmp(version, "1") != 0)
                call_refuse(call, RPC_INVALID_ARGUMENT,
                            "connect-protocol-version '%.32s' is not known, only 1", version);
        else if (encoding && *encoding && strcasecmp(encoding, "identity") != 0)
                call_refuse(call, RPC_UNIMPLEMENTED, "%s '%.32s' is not known, only identity",
                            encoding_header, encoding);
        else if (timeout && !timeout_parse_connect(timeout, &call->timeout_usec))
                call_refuse(call, RPC_INVALID_ARGUMENT,
                            "connect-timeout-ms '%.32s' is not a number of at most 10 digits",
                            timeout);
}

/* GET */

static bool is_get(const RpcCall *call) {
        return strcmp(call->http_method, "GET") == 0;
}

/* Return: is there one? Otherwise the call is refused, unless it may be missing. */
static bool
find_parameter(RpcCall *call, const char *name, bool is_needed, char **ret, size_t *ret_n) {
        const int r = query_find(call->query ? call->query : "", name, call->arena, ret, ret_n);

        if (r == 0)
                return true;
        if (r == QUERY_E_MALFORMED)
                call_refuse(call, RPC_INVALID_ARGUMENT,
                            "parameter '%s' has a '%%' that no two hexadecimal digits follow",
                            name);
        else if (r < 0)
                call_refuse(call, RPC_RESOURCE_EXHAUSTED, "no memory for the request");
        else if (is_needed)
                call_refuse(call, RPC_INVALID_ARGUMENT, "parameter '%s' is missing", name);
        return false;
}

static void judge_get(RpcCall *call) {
        char *value;
        size_t n;

        if (!find_parameter(call, "encoding", true, &value, &n))
                return;
        call->codec = rpc_codec_find(value, n);
        if (!call->codec)
                call_refuse_http(call, 415, RPC_UNKNOWN,
                                 "encoding '%.32s' is not known, only json and proto", value);
        else if (find_parameter(call, "connect", false, &value, &n) && strcmp(value, "v1") != 0)
                call_refuse(call, RPC_INVALID_ARGUMENT, "connect '%.32s' is not known, only v1",
                            value);
        else if (call->state != CALL_ENDED &&
                 find_parameter(call, "compression", false, &value, &n) && *value &&
                 strcmp(value, "identity") != 0)
                call_refuse(call, RPC_UNIMPLEMENTED,
                            "compression '%.32s' is not known, only identity", value);
        if (call->state != CALL_ENDED)
                connect_judge_common(call, "content-encoding");
}

static void deliver_get(RpcCall *call) {
        char *message, *base64;
        size_t n, n_base64;

        if (!find_parameter(call, "message", true, &message, &n))
                return;
        if (find_parameter(call, "base64", false, &base64, &n_base64) && strcmp(base64, "1") == 0) {
                uint8_t *decoded = arena_alloc(call->arena, base64_decoded_max(n));

                if (!decoded || !base64_decode(message, n, decoded, &n)) {
                        call_refuse(call, RPC_INVALID_ARGUMENT, "parameter 'message' is no base64");
                        return;
                }
                message = (char *)decoded;
        }
        if (call->state == CALL_ENDED)
                return;
        if (n > rpc_method_get_request_max(call->method))
                call_refuse(call, RPC_RESOURCE_EXHAUSTED,
                            "the message has %zu bytes, and %zu are allowed", n,
                            rpc_method_get_request_max(call->method));
        else
                call_deliver(call, message, n);
}

/* Either */

static void judge_post(RpcCall *call) {
        const char *type = call_find_header(call, "content-type");

        call->codec = type ? connect_find_codec(type, TYPE_START) : &rpc_codec_json;
        if (!call->codec || (!type && call->has_body))
                call_refuse_http(call, 415, RPC_UNKNOWN,
                                 "content-type '%.64s' is not known, only application/json and "
                                 "application/proto",
                                 type ? type : "");
        else
                connect_judge_common(call, "content-encoding");
}

static void judge(RpcCall *call) {
        if (!call->method) {
                call_refuse_http(call, 404, RPC_UNIMPLEMENTED, "there is no method %.160s",
                                 call->path);
                return;
        }
        if (is_get(call) && call->method->has_no_side_effects && call->method->kind == RPC_UNARY)
                judge_get(call);
        else if (strcmp(call->http_method, "POST") != 0)
                call_refuse_http(call, 405, RPC_UNKNOWN, "this method is not called with %.32s",
                                 call->http_method);
        else if (call->method->kind != RPC_UNARY)
                call_refuse_http(
                        call, 415, RPC_UNKNOWN,
                        "this method streams: its content type is application/connect+json "
                        "or application/connect+proto");
        else
                judge_post(call);
}

static void receive(RpcCall *call) {
        const size_t max = rpc_method_get_request_max(call->method);

        if (call->body.n_data > max)
                call_refuse(call, RPC_RESOURCE_EXHAUSTED,
                            "the request is larger than the %zu bytes allowed", max);
        else if (!call->has_request_ended)
                return;
        else if (is_get(call))
                deliver_get(call);
        else if (call->body.n_data == 0 && call->codec == &rpc_codec_json)
                call_deliver(call, "{}", 2);
        else
                call_deliver(call, call->body.data, call->body.n_data);
}

static void put_head(RpcCall *call) {
        call->reply.has_head = true;
        call->reply.status = 200;
        call_put_header(call, "content-type",
                        call->codec == &rpc_codec_json ? "application/json" : "application/proto");
}

static void append(RpcCall *call, const ProtobufCMessage *message) {
        call->codec->encode(message, call->table->types, &call->reply.body);
}

static void finish(RpcCall *call) {
        if (call->code == RPC_OK)
                put_head(call);
        else if (call->http_status)
                http_refusal_put(call);
        else
                connect_error_reply(call);
        call_put_metadata(call, &call->leading, NULL);
        call_put_metadata(call, &call->trailing, "trailer-");
}

const RpcProtocol rpc_protocol_connect = {
        .judge = judge,
        .receive = receive,
        .append = append,
        .finish = finish,
};
