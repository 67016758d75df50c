/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rpc/call.h"
#include "rpc/connect-error.h"
#include "rpc/http-refusal.h"

/*
 * Pages: what a person, a probe or Prometheus gets with a plain GET. No message, no codec.
 */
static void judge(RpcCall *call) {
        if (strcmp(call->http_method, "GET") != 0 && strcmp(call->http_method, "HEAD") != 0)
                call_refuse_http(call, 405, RPC_UNKNOWN, "%s is read with GET", call->path);
}

static void receive(RpcCall *call) {
        if (!call->has_request_ended) {
                buffer_deinit(&call->body);
                return;
        }
        /* libmicrohttpd itself leaves out the body of an answer to HEAD, and counts it */
        if (!call->is_http2 || strcmp(call->http_method, "HEAD") != 0)
                call->page->write(&call->reply.body, call->page->userdata);
        call_end(call);
}

static void finish(RpcCall *call) {
        if (call->http_status) {
                http_refusal_put(call);
        } else if (call->code != RPC_OK) {
                connect_error_reply(call);
        } else {
                call->reply.has_head = true;
                call->reply.status = 200;
                call_put_header(call, "content-type", call->page->content_type);
        }
}

const RpcProtocol rpc_protocol_page = { .judge = judge, .receive = receive, .finish = finish };
