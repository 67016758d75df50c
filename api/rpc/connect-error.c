/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/connect-error.h"

#include <string.h>

#include "rpc/base64.h"
#include "rpc/json-text.h"

/*
 * connectrpc.com/docs/protocol.
 */
static void append_details(Buffer *buffer, const RpcCall *call) {
        buffer_append_text(buffer, ",\"details\":[");
        for (size_t i = 0; i < call->n_details; ++i) {
                const CallDetail *detail = &call->details[i];

                buffer_append_text(buffer, i > 0 ? ",{\"type\":" : "{\"type\":");
                json_text_append(buffer, detail->type, strlen(detail->type));
                buffer_append_text(buffer, ",\"value\":\"");
                base64_append_unpadded(buffer, detail->data, detail->n_data);
                buffer_append_text(buffer, "\"}");
        }
        buffer_append_text(buffer, "]");
}

void connect_error_append(Buffer *buffer, const RpcCall *call) {
        buffer_printf(buffer, "{\"code\":\"%s\"", rpc_code_name(call->code));
        if (call->message[0]) {
                buffer_append_text(buffer, ",\"message\":");
                json_text_append(buffer, call->message, strlen(call->message));
        }
        if (call->n_details > 0)
                append_details(buffer, call);
        buffer_append_text(buffer, "}");
}

void connect_error_reply(RpcCall *call) {
        RpcReply *reply = &call->reply;

        buffer_deinit(&reply->body);
        reply->n_taken = 0;
        reply->has_head = true;
        reply->status = rpc_code_http_status(call->code);
        call_put_header(call, "content-type", "application/json");
        connect_error_append(&reply->body, call);
}
