/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/http1-request.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "rpc/connect.h"
#include "rpc/dispatch.h"

/*
 * What can be judged by the head is judged before the body is read. A refusal still waits for the
 * end of the body: closing a socket on which the peer is writing would take the answer from it. Two
 * exceptions: a peer that asked first ("Expect: 100-continue") has sent nothing yet, and a body
 * beyond HTTP1_DRAIN_MAX is not worth it. libmicrohttpd takes an answer before the body or after
 * it, never in the middle, so a chunked body that turns out too long is read on and thrown away, up
 * to the same bound.
 *
 * A body is only kept for a method that will run, and only up to that method's cap.
 */
typedef enum RequestKind {
        REQUEST_CALL,
        REQUEST_HEALTH,
        REQUEST_REFUSED, /* the reply is there already */
} RequestKind;

struct Http1Request {
        RequestKind kind;
        const RpcTable *table;
        const RpcMethod *method; /* of a call */
        ConnectReply reply;
        Buffer body;
        uint64_t n_received;
        bool is_over;
};

/* How the body is delimited, by all headers of those names and not just the first. */
typedef struct Framing {
        unsigned n_lengths, n_encodings;
        uint64_t length; /* as announced */
        bool expects_continue;
} Framing;

static enum MHD_Result note_framing(void *userdata,
                                    enum MHD_ValueKind kind _unused_,
                                    const char *name,
                                    const char *value) {
        Framing *framing = userdata;

        if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
                ++framing->n_encodings;
        if (strcasecmp(name, MHD_HTTP_HEADER_EXPECT) == 0)
                framing->expects_continue = true;
        if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
                ++framing->n_lengths;
                /* libmicrohttpd has refused what is no number; too large a one saturates. */
                framing->length = value ? strtoull(value, NULL, 10) : 0;
        }
        return MHD_YES;
}

static int refuse(Http1Request *request, int r) {
        request->kind = REQUEST_REFUSED;
        return r;
}

static int judge_health(Http1Request *request, const char *http_method) {
        int r;

        request->kind = REQUEST_HEALTH;
        if (strcmp(http_method, MHD_HTTP_METHOD_GET) == 0 ||
            strcmp(http_method, MHD_HTTP_METHOD_HEAD) == 0)
                return 0;
        r = connect_reply_error(RPC_UNKNOWN, "/healthz is read with GET", &request->reply);
        request->reply.http_status = MHD_HTTP_METHOD_NOT_ALLOWED;
        request->reply.extra_name = MHD_HTTP_HEADER_ALLOW;
        request->reply.extra_value = "GET, HEAD";
        return refuse(request, r);
}

static const char *find_header(struct MHD_Connection *connection, const char *name) {
        return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static int judge_call(Http1Request *request,
                      struct MHD_Connection *connection,
                      const char *http_method,
                      const char *path,
                      const Framing *framing) {
        ConnectHead head = {
                .http_method = http_method,
                .path = path,
                .content_type = find_header(connection, MHD_HTTP_HEADER_CONTENT_TYPE),
                .content_encoding = find_header(connection, MHD_HTTP_HEADER_CONTENT_ENCODING),
                .protocol_version = find_header(connection, "Connect-Protocol-Version"),
                .timeout_ms = find_header(connection, "Connect-Timeout-Ms"),
                .has_body = framing->length > 0 || framing->n_encodings > 0,
        };
        int r = connect_check(request->table, &head, &request->method, &request->reply);

        if (r)
                return refuse(request, r == CONNECT_E_REFUSED ? 0 : r);
        request->body.max = rpc_method_get_request_max(request->method);
        if (framing->length > request->body.max)
                return refuse(request, connect_reply_too_large(request->method, &request->reply));
        request->kind = REQUEST_CALL;
        return 0;
}

static int judge(Http1Request *request,
                 struct MHD_Connection *connection,
                 const char *http_method,
                 const char *path) {
        Framing framing = {};
        int r;

        (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, note_framing, &framing);
        if (framing.n_lengths + framing.n_encodings > 1) {
                /* Where the body ends is anybody's guess, and what follows it too. */
                request->is_over = true;
                return refuse(request, connect_reply_error(RPC_INVALID_ARGUMENT,
                                                           "the length of the body is given twice",
                                                           &request->reply));
        }
        if (strcmp(path, "/healthz") == 0)
                r = judge_health(request, http_method);
        else
                r = judge_call(request, connection, http_method, path, &framing);
        request->is_over = request->kind == REQUEST_REFUSED &&
                           (framing.expects_continue || framing.length > HTTP1_DRAIN_MAX);
        return r;
}

Http1Request *http1_request_new(struct MHD_Connection *connection,
                                const RpcTable *table,
                                const char *http_method,
                                const char *path) {
        _cleanup_(http1_request_freep) Http1Request *request = calloc(1, sizeof(*request));

        if (!request)
                return NULL;
        request->table = table;
        if (judge(request, connection, http_method, path))
                return NULL;
        return TAKE_PTR(request);
}

Http1Request *http1_request_free(Http1Request *request) {
        if (!request)
                return NULL;
        connect_reply_deinit(&request->reply);
        buffer_deinit(&request->body);
        free(request);
        return NULL;
}

bool http1_request_is_over(const Http1Request *request) {
        return request->is_over;
}

enum MHD_Result http1_request_take(Http1Request *request, const char *data, size_t n_data) {
        request->n_received += n_data;
        if (request->kind != REQUEST_CALL)
                return request->n_received <= HTTP1_DRAIN_MAX ? MHD_YES : MHD_NO;
        buffer_append(&request->body, data, n_data);
        if (request->body.error == -E2BIG) {
                buffer_deinit(&request->body);
                if (refuse(request, connect_reply_too_large(request->method, &request->reply)))
                        return MHD_NO;
        }
        return request->body.error ? MHD_NO : MHD_YES;
}

static void on_call_done(RpcCall *call _unused_, void *userdata) {
        bool *is_done = userdata;

        *is_done = true;
}

static int run_call(Http1Request *request) {
        _cleanup_(rpc_call_freep) RpcCall *call = NULL;
        bool is_done = false;
        int r = rpc_call_new(request->table, request->method, &rpc_codec_json,
                             &(RpcCallOwner){ .done = on_call_done, .userdata = &is_done }, &call);

        if (r)
                return r;
        connect_run(call, request->body.data, request->body.n_data);
        /* This transport cannot wait: no connection is suspended here, so a handler has to end its
         * call before it returns. */
        assert(is_done);
        return connect_reply_from_call(call, &request->reply);
}

static int answer_health(ConnectReply *ret) {
        ConnectReply reply = { .http_status = MHD_HTTP_OK, .content_type = "text/plain" };
        int r;

        buffer_append_text(&reply.body, "ok\n");
        r = buffer_finish(&reply.body);
        if (r) {
                buffer_deinit(&reply.body);
                return r;
        }
        *ret = reply;
        return 0;
}

/* The library takes the body of the reply, and gives it back to the allocator when it was sent. */
static struct MHD_Response *make_response(ConnectReply *reply) {
        struct MHD_Response *response = MHD_create_response_from_buffer(
                reply->body.n_data, reply->body.data, MHD_RESPMEM_MUST_FREE);

        if (!response)
                return NULL;
        reply->body = (Buffer){};
        if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type) !=
                    MHD_YES ||
            (reply->extra_name &&
             MHD_add_response_header(response, reply->extra_name, reply->extra_value) != MHD_YES)) {
                MHD_destroy_response(response);
                return NULL;
        }
        return response;
}

enum MHD_Result http1_request_answer(Http1Request *request, struct MHD_Connection *connection) {
        struct MHD_Response *response;
        enum MHD_Result result;
        int r = 0;

        switch (request->kind) {
        case REQUEST_CALL:
                r = run_call(request);
                break;
        case REQUEST_HEALTH:
                r = answer_health(&request->reply);
                break;
        case REQUEST_REFUSED:
                break;
        }
        if (r)
                return MHD_NO;
        response = make_response(&request->reply);
        if (!response)
                return MHD_NO;
        result = MHD_queue_response(connection, request->reply.http_status, response);
        MHD_destroy_response(response);
        return result;
}
