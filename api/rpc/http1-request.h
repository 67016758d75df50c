/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One HTTP/1.1 request
 *
 * An exchange between libmicrohttpd's callbacks. Inside this folder.
 */
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "rpc/exchange.h"
#include "rpc/http1-connection.h"

/* The body of a request that is refused anyway is read up to here, so that its sender gets to read
 * why; a longer one is cut off. */
#define HTTP1_DRAIN_MAX (1024u * 1024)

typedef struct Http1Request Http1Request;

typedef struct Http1RequestParams {
        sd_event *event;
        const RpcTable *table;
        /* A connection that was put aside has something to do again. */
        void (*resumed)(void *userdata);
        void *userdata;
} Http1RequestParams;

/* Its line has come. @target: copied. NULL: out of memory. */
Http1Request *http1_request_new(const Http1RequestParams *params, const char *target);
/* Not while it is put aside. */
Http1Request *http1_request_free(Http1Request *request);
DEFINE_CLEANUP(Http1Request *, http1_request_free);

/* libmicrohttpd has something for it: the head first, then pieces of the body, then nothing, which
 * may be often. MHD_NO: cut the connection. */
enum MHD_Result http1_request_run(Http1Request *request,
                                  struct MHD_Connection *connection,
                                  Http1Connection *state,
                                  const char *http_method,
                                  const char *data,
                                  size_t n_data);
/* Takes it up again, if it was put aside, to be cut. */
void http1_request_cut(Http1Request *request);
/* The server stops. */
void http1_request_drain(Http1Request *request);
