/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A stream of HTTP/2, the server's side
 *
 * One request and its answer in one session. Inside this folder.
 */
#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdint.h>

#include "rpc/exchange.h"
#include "rpc/limits.h"

typedef struct Http2Stream Http2Stream;

struct Http2Stream {
        Http2Stream *previous, *next; /* of the connection */
        void *owner;                  /* the connection */
        nghttp2_session *session;
        int32_t id;
        RpcCall *call;
        const char *http_method, *target; /* the call's memory */
        size_t n_headers, n_header_bytes;
        bool is_too_large;      /* its head */
        bool is_answered;       /* the head of the answer was given to the session */
        bool is_sent;           /* its end was, and the request has not ended */
        uint64_t progress_usec; /* when the peer took something of a whole answer last */
        uint64_t due_usec;      /* when what the peer owes has to be there; 0: it owes nothing */
};

/* All return 0 or an NGHTTP2_ERR_*. */
_must_check_ int http2_stream_add_header(Http2Stream *stream,
                                         const RpcLimits *limits,
                                         const char *name,
                                         size_t n_name,
                                         const char *value,
                                         size_t n_value);
_must_check_ int http2_stream_begin(Http2Stream *stream, bool has_body);
/* Gives the session what is new of the answer. */
_must_check_ int http2_stream_answer(Http2Stream *stream);
