/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/http1-request.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"

/*
 * What can be judged by the head is judged before the body is read. A refusal still waits for the
 * end of the body: closing a socket on which the peer is writing would take the answer from it. Two
 * exceptions: a peer that asked first ("Expect: 100-continue") has sent nothing yet, and a body
 * beyond HTTP1_DRAIN_MAX is not worth it. libmicrohttpd takes an answer before the body or after
 * it, never in the middle, so a chunked body that turns out too long is read on and thrown away, up
 * to the same bound.
 *
 * While there is nothing to send the connection is put aside ("suspended"), and taken up again when
 * the exchange has something. An answer that is whole goes out with its length, a stream in chunks.
 */
struct Http1Request {
        Http1RequestParams params;
        char *target;
        RpcCall *call; /* NULL: the head has not come */
        struct MHD_Connection *connection;
        Http1Connection *state;
        uint64_t n_received;
        bool is_over;      /* nothing more of the body is worth reading */
        bool is_queued;    /* the answer is the library's */
        bool is_suspended; /* it was put aside */
        bool is_cut;
        bool must_close; /* after the answer */
};

/* How the body is delimited, by all headers of those names and not just the first; and the headers
 * themselves. */
typedef struct Head {
        Http1Request *request;
        unsigned n_lengths, n_encodings;
        uint64_t length; /* as announced */
        bool expects_continue;
        size_t n_headers, n_bytes;
        int error;
} Head;

static enum MHD_Result
note_header(void *userdata, enum MHD_ValueKind kind _unused_, const char *name, const char *value) {
        Head *head = userdata;
        const RpcLimits *limits = head->request->state->limits;
        const size_t n_name = strlen(name), n_value = value ? strlen(value) : 0;

        if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
                ++head->n_encodings;
        if (strcasecmp(name, MHD_HTTP_HEADER_EXPECT) == 0)
                head->expects_continue = true;
        if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
                ++head->n_lengths;
                /* libmicrohttpd has refused what is no number; too large a one saturates. */
                head->length = value ? strtoull(value, NULL, 10) : 0;
        }
        ++head->n_headers;
        head->n_bytes += n_name + n_value + 32;
        if (head->n_headers > limits->max_headers || head->n_bytes > limits->max_header_bytes)
                return MHD_YES;
        if (rpc_exchange_add_header(head->request->call, name, n_name, value ? value : "",
                                    n_value) < 0)
                head->error = -ENOMEM;
        return MHD_YES;
}

static void on_wake(void *userdata) {
        Http1Request *request = userdata;

        if (!request->is_suspended ||
            (!request->is_queued && !request->call->reply.has_head && !request->call->reply.is_cut))
                return;
        request->is_suspended = false;
        MHD_resume_connection(request->connection);
        request->params.resumed(request->params.userdata);
}

static void on_gone(void *userdata) {
        http1_request_cut(userdata);
}

static void put_aside(Http1Request *request) {
        request->is_suspended = true;
        MHD_suspend_connection(request->connection);
        http1_connection_enter(
                request->state, HTTP1_WAIT,
                &(const Http1ConnectionOwner){ .gone = on_gone, .userdata = request });
}

/* Answers */

static ssize_t read_stream(void *userdata, uint64_t at _unused_, char *buffer, size_t size) {
        Http1Request *request = userdata;
        const RpcReply *reply = rpc_exchange_get_reply(request->call);
        size_t n;

        if (reply->is_cut || request->is_cut)
                return MHD_CONTENT_READER_END_WITH_ERROR;
        n = rpc_exchange_read(request->call, buffer, size);
        if (n > 0) {
                http1_connection_enter(request->state, HTTP1_ANSWER, NULL);
                return (ssize_t)n;
        }
        if (reply->is_complete)
                return MHD_CONTENT_READER_END_OF_STREAM;
        put_aside(request);
        return 0;
}

/* The library takes the body of the reply, and gives it back to the allocator when it was sent. */
static struct MHD_Response *make_response(Http1Request *request) {
        RpcReply *reply = &request->call->reply;
        struct MHD_Response *response;

        if (!reply->is_complete)
                return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16 * 1024, read_stream,
                                                         request, NULL);
        response = MHD_create_response_from_buffer(reply->body.n_data, reply->body.data,
                                                   MHD_RESPMEM_MUST_FREE);
        if (response)
                reply->body = (Buffer){};
        return response;
}

static bool add_headers(struct MHD_Response *response, const Http1Request *request) {
        const RpcMetadata *headers = &request->call->reply.headers;

        for (size_t i = 0; i < headers->n_items; ++i)
                if (MHD_add_response_header(response, headers->items[i].name,
                                            headers->items[i].value) != MHD_YES)
                        return false;
        return !request->must_close ||
               MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
}

static enum MHD_Result queue(Http1Request *request) {
        struct MHD_Response *response = make_response(request);
        enum MHD_Result result = MHD_NO;

        if (!response)
                return MHD_NO;
        request->is_queued = true;
        http1_connection_enter(request->state, HTTP1_ANSWER, NULL);
        if (add_headers(response, request))
                result = MHD_queue_response(request->connection, request->call->reply.status,
                                            response);
        MHD_destroy_response(response);
        return result;
}

static enum MHD_Result answer(Http1Request *request) {
        const RpcReply *reply = rpc_exchange_get_reply(request->call);

        if (reply->is_cut || request->is_cut)
                return MHD_NO;
        if (reply->has_head)
                return queue(request);
        put_aside(request);
        return MHD_YES;
}

/* Requests */

/* Refuses, or finds out how much of the body is worth reading. */
static void judge(Http1Request *request, const Head *head, const char *http_method) {
        const RpcLimits *limits = request->state->limits;

        if (head->n_headers > limits->max_headers || head->n_bytes > limits->max_header_bytes) {
                rpc_exchange_refuse_head(request->call, "the headers of the request are too large");
                request->is_over = true;
        } else if (head->n_lengths + head->n_encodings > 1) {
                /* Where the body ends is anybody's guess, and what follows it too. */
                call_refuse(request->call, RPC_INVALID_ARGUMENT,
                            "the length of the body is given twice");
                request->is_over = request->must_close = true;
        } else if (rpc_exchange_begin(request->call, http_method, request->target, false,
                                      head->length > 0 || head->n_encodings > 0) < 0) {
                request->is_cut = true;
        } else if (head->length > rpc_exchange_get_body_max(request->call) + 5) {
                rpc_exchange_refuse_body(request->call);
        }
        if (request->call->state == CALL_ENDED &&
            (head->expects_continue || head->length > HTTP1_DRAIN_MAX))
                request->is_over = true;
}

static enum MHD_Result start(Http1Request *request, const char *http_method) {
        Head head = { .request = request };

        if (rpc_exchange_new(request->params.event, request->params.table, request->state->peer,
                             &(const RpcTransport){ .wake = on_wake, .userdata = request },
                             &request->call) < 0)
                return MHD_NO;
        http1_connection_enter(request->state, HTTP1_BODY, NULL);
        (void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, note_header, &head);
        if (head.error)
                return MHD_NO;
        judge(request, &head, http_method);
        if (request->is_cut)
                return MHD_NO;
        return request->is_over ? answer(request) : MHD_YES;
}

static enum MHD_Result take(Http1Request *request, const char *data, size_t n_data) {
        request->n_received += n_data;
        if (request->call->state == CALL_ENDED)
                return request->n_received <= HTTP1_DRAIN_MAX ? MHD_YES : MHD_NO;
        rpc_exchange_take(request->call, data, n_data);
        return MHD_YES;
}

enum MHD_Result http1_request_run(Http1Request *request,
                                  struct MHD_Connection *connection,
                                  Http1Connection *state,
                                  const char *http_method,
                                  const char *data,
                                  size_t n_data) {
        request->connection = connection;
        request->state = state;
        if (!request->call)
                return start(request, http_method);
        if (n_data > 0)
                return take(request, data, n_data);
        rpc_exchange_end(request->call);
        return answer(request);
}

void http1_request_cut(Http1Request *request) {
        request->is_cut = true;
        if (request->state)
                http1_connection_cut(request->state);
        if (!request->is_suspended)
                return;
        request->is_suspended = false;
        MHD_resume_connection(request->connection);
        request->params.resumed(request->params.userdata);
}

void http1_request_drain(Http1Request *request) {
        request->must_close = true;
        if (request->call)
                rpc_exchange_drain(request->call);
}

Http1Request *http1_request_new(const Http1RequestParams *params, const char *target) {
        _cleanup_(http1_request_freep) Http1Request *request = calloc(1, sizeof(*request));

        if (!request)
                return NULL;
        request->params = *params;
        request->target = strdup(target);
        if (!request->target)
                return NULL;
        return TAKE_PTR(request);
}

Http1Request *http1_request_free(Http1Request *request) {
        if (!request)
                return NULL;
        assert(!request->is_suspended);
        rpc_exchange_free(request->call);
        free(request->target);
        free(request);
        return NULL;
}
