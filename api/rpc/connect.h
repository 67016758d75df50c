/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The Connect protocol, unary
 *
 * What requests and answers look like in terms of HTTP, whichever transport carries them. It knows
 * headers and bodies and no socket.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "rpc/dispatch.h"
#include "rpc/method.h"
#include "rpc/status.h"

/* The headers of a request that matter here; NULL: not sent. Borrowed. */
typedef struct ConnectHead {
        const char *http_method; /* "POST" */
        const char *path;        /* without the query */
        const char *content_type;
        const char *content_encoding;
        const char *protocol_version;
        const char *timeout_ms;
        bool has_body; /* false: there is none, for sure */
} ConnectHead;

typedef struct ConnectReply {
        unsigned http_status;
        const char *content_type;
        const char *extra_name; /* one more header; NULL: none */
        const char *extra_value;
        Buffer body;
} ConnectReply;

enum {
        _CONNECT_E_SUCCESS,
        CONNECT_E_REFUSED, /* not to be dispatched; the reply says why */
};

/* @ret_reply: only when refused. Return: 0, CONNECT_E_REFUSED, or -ENOMEM. */
_must_check_ int connect_check(const RpcTable *table,
                               const ConnectHead *head,
                               const RpcMethod **ret_method,
                               ConnectReply *ret_reply);
/* rpc_call_run() with what the protocol says about an empty body. */
void connect_run(RpcCall *call, const char *body, size_t n_body);
/* @call: has ended. */
_must_check_ int connect_reply_from_call(RpcCall *call, ConnectReply *ret);
_must_check_ int connect_reply_error(RpcCode code, const char *message, ConnectReply *ret);
/* The body is larger than the method takes. */
_must_check_ int connect_reply_too_large(const RpcMethod *method, ConnectReply *ret);

void connect_reply_deinit(ConnectReply *reply);
DEFINE_DEINIT(ConnectReply, connect_reply_deinit);
