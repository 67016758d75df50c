/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/http2-stream.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

/*
 * The answer is pulled: the session asks for bytes of the body when it may send some, and is woken
 * when there are new ones. Trailers are submitted at the moment at which the last byte is read and
 * not before, else they would overtake the body. An answer that has neither body nor trailers is
 * one HEADERS frame that ends the stream; gRPC's trailers-only answers must be.
 */
#define ANSWER_HEADERS_MAX 128u

int http2_stream_add_header(Http2Stream *stream,
                            const RpcLimits *limits,
                            const char *name,
                            size_t n_name,
                            const char *value,
                            size_t n_value) {
        RpcMetadata *headers = &stream->call->headers;

        ++stream->n_headers;
        stream->n_header_bytes += n_name + n_value + 32;
        if (stream->n_headers > limits->max_headers ||
            stream->n_header_bytes > limits->max_header_bytes)
                stream->is_too_large = true;
        /* what is too large is still read, because the session's header table goes on with it */
        if (stream->is_too_large)
                return 0;
        if (rpc_exchange_add_header(stream->call, name, n_name, value, n_value) < 0)
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        if (name[0] != ':')
                return 0;
        --headers->n_items;
        if (strcmp(name, ":method") == 0)
                stream->http_method = headers->items[headers->n_items].value;
        else if (strcmp(name, ":path") == 0)
                stream->target = headers->items[headers->n_items].value;
        return 0;
}

int http2_stream_begin(Http2Stream *stream, bool has_body) {
        if (stream->is_too_large) {
                rpc_exchange_refuse_head(stream->call, "the headers of the request are too large");
                return 0;
        }
        /* CONNECT has no path; nghttp2 has refused everything else without */
        if (!stream->target)
                stream->target = "*";
        if (rpc_exchange_begin(stream->call, stream->http_method, stream->target, true, has_body) <
            0)
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        return 0;
}

/* @nv: room for ANSWER_HEADERS_MAX. Return: how many; more than there is room for is cut. */
static size_t fill(const RpcMetadata *metadata, nghttp2_nv *nv, size_t n) {
        for (size_t i = 0; i < metadata->n_items && n < ANSWER_HEADERS_MAX; ++i, ++n)
                nv[n] = (nghttp2_nv){
                        .name = (uint8_t *)metadata->items[i].name,
                        .namelen = strlen(metadata->items[i].name),
                        .value = (uint8_t *)metadata->items[i].value,
                        .valuelen = strlen(metadata->items[i].value),
                };
        return n;
}

static ssize_t finish_body(Http2Stream *stream, uint32_t *flags) {
        const RpcMetadata *trailers = &stream->call->reply.trailers;
        nghttp2_nv nv[ANSWER_HEADERS_MAX];
        size_t n;
        int r;

        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (trailers->n_items == 0)
                return 0;
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        n = fill(trailers, nv, 0);
        r = nghttp2_submit_trailer(stream->session, stream->id, nv, n);
        return r == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static ssize_t read_body(nghttp2_session *session _unused_,
                         int32_t id _unused_,
                         uint8_t *buffer,
                         size_t size,
                         uint32_t *flags,
                         nghttp2_data_source *source,
                         void *userdata _unused_) {
        Http2Stream *stream = source->ptr;
        const RpcReply *reply = rpc_exchange_get_reply(stream->call);
        const size_t n = rpc_exchange_read(stream->call, (char *)buffer, size);

        if (reply->is_cut)
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        if (n > 0 && !rpc_exchange_is_drained(stream->call))
                stream->progress_usec = clock_now_usec(&clock_monotonic);
        if (rpc_exchange_is_drained(stream->call) && reply->is_complete) {
                const ssize_t r = finish_body(stream, flags);

                return r < 0 ? r : (ssize_t)n;
        }
        return n > 0 ? (ssize_t)n : NGHTTP2_ERR_DEFERRED;
}

static int put_head(Http2Stream *stream) {
        const RpcReply *reply = rpc_exchange_get_reply(stream->call);
        const nghttp2_data_provider body = { .source.ptr = stream, .read_callback = read_body };
        const bool has_more = !reply->is_complete || !rpc_exchange_is_drained(stream->call) ||
                              reply->trailers.n_items > 0;
        nghttp2_nv nv[ANSWER_HEADERS_MAX];
        char status[] = "200";
        size_t n;

        for (unsigned i = 3, rest = reply->status; i-- > 0; rest /= 10)
                status[i] = (char)('0' + rest % 10);
        nv[0] = (nghttp2_nv){ .name = (uint8_t *)":status",
                              .namelen = 7,
                              .value = (uint8_t *)status,
                              .valuelen = 3 };
        n = fill(&reply->headers, nv, 1);
        return nghttp2_submit_response(stream->session, stream->id, nv, n, has_more ? &body : NULL);
}

int http2_stream_answer(Http2Stream *stream) {
        const RpcReply *reply = rpc_exchange_get_reply(stream->call);
        int r;

        if (reply->is_cut)
                return nghttp2_submit_rst_stream(stream->session, NGHTTP2_FLAG_NONE, stream->id,
                                                 NGHTTP2_INTERNAL_ERROR);
        if (!reply->has_head)
                return 0;
        /* a plain refusal waits for the end of what it refuses, as with HTTP/1.1 */
        if (stream->call->http_status && !stream->call->has_request_ended)
                return 0;
        if (!stream->is_answered) {
                stream->is_answered = true;
                return put_head(stream);
        }
        r = nghttp2_session_resume_data(stream->session, stream->id);
        /* not deferred, or over already: the session comes by itself, or needs nothing */
        return r == NGHTTP2_ERR_INVALID_ARGUMENT ? 0 : r;
}
