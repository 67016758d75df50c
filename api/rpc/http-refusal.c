/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/http-refusal.h"

#include "rpc/connect-error.h"

/*
 * The status says it (404, 405, 415, 431, 505), a header helps, and the body tells a person. It is
 * Connect's JSON, with the code that a client would infer from the status, as long as the asker may
 * be one of Connect's; whoever speaks gRPC, or something that is not known, gets words.
 */
static const char *list_types(const RpcMethod *method) {
        if (method->kind == RPC_UNARY)
                return "application/json, application/proto, application/grpc, "
                       "application/grpc+proto, application/grpc+json";
        return "application/connect+json, application/connect+proto, application/grpc, "
               "application/grpc+proto, application/grpc+json";
}

static const char *list_verbs(const RpcCall *call) {
        if (call->page)
                return "GET, HEAD";
        return call->method && call->method->has_no_side_effects && call->method->kind == RPC_UNARY
                       ? "GET, POST"
                       : "POST";
}

static void put_help(RpcCall *call) {
        if (call->http_status == 405)
                call_put_header(call, "allow", list_verbs(call));
        if (call->http_status == 415 && call->method)
                call_put_header(call, "accept-post", list_types(call->method));
}

void http_refusal_put(RpcCall *call) {
        RpcReply *reply = &call->reply;
        const bool is_words = call->http_status == 415 || call->protocol == &rpc_protocol_grpc;

        buffer_deinit(&reply->body);
        reply->has_head = true;
        reply->status = call->http_status;
        call_put_header(call, "content-type", is_words ? "text/plain" : "application/json");
        put_help(call);
        if (is_words) {
                buffer_append_text(&reply->body, call->message);
                buffer_append_text(&reply->body, "\n");
        } else {
                connect_error_append(&reply->body, call);
        }
}
