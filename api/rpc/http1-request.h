/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One HTTP/1.1 request
 *
 * From the head that libmicrohttpd has read to the answer that it is to send.
 */
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "rpc/http1-connection.h"
#include "rpc/method.h"

/* The body of a request that is refused anyway is read up to here, so that its sender gets to read
 * why; a longer one is cut off. */
#define HTTP1_DRAIN_MAX (1024u * 1024)

typedef struct Http1Request Http1Request;

/* The head has come. NULL: out of memory. */
Http1Request *http1_request_new(struct MHD_Connection *connection,
                                const RpcTable *table,
                                const char *http_method,
                                const char *path);
Http1Request *http1_request_free(Http1Request *request);
DEFINE_CLEANUP(Http1Request *, http1_request_free);

/* Its body would be read for nothing: answer at once and close. */
bool http1_request_is_over(const Http1Request *request);
/* A piece of the body has come. MHD_NO: cut the connection. */
enum MHD_Result http1_request_take(Http1Request *request, const char *data, size_t n_data);
/* Runs the method, unless the request was refused, and queues the answer. MHD_NO: cut the
 * connection. */
enum MHD_Result http1_request_answer(Http1Request *request, struct MHD_Connection *connection);
