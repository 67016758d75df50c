/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Exchanges
 *
 * A call as a transport sees it: an HTTP request goes in, piece by piece, and an answer is taken
 * out, piece by piece. Nothing here knows a socket.
 */
#include <sys/types.h>

#include "rpc/call.h"

/* @table, @peer: borrowed, outlive the exchange. Return: 0 or -ENOMEM. */
_must_check_ int rpc_exchange_new(sd_event *event,
                                  const RpcTable *table,
                                  const RpcPeer *peer,
                                  const RpcTransport *transport,
                                  RpcCall **ret);
/* Not from within wake(). A handler that still has the call is told. */
RpcCall *rpc_exchange_free(RpcCall *call);
DEFINE_CLEANUP(RpcCall *, rpc_exchange_free);

/* Before the head is whole. Return: 0 or -ENOMEM. */
_must_check_ int rpc_exchange_add_header(RpcCall *call,
                                         const char *name,
                                         size_t n_name,
                                         const char *value,
                                         size_t n_value);
/* The head is whole. @target: path and query, copied. @has_body: false: there is none, for sure.
 * The answer may be there right after. Return: 0 or -ENOMEM. */
_must_check_ int rpc_exchange_begin(RpcCall *call,
                                    const char *http_method,
                                    const char *target,
                                    bool is_http2,
                                    bool has_body);
/* The head will not be read to its end: it is too large. */
void rpc_exchange_refuse_head(RpcCall *call, const char *reason);
/* Of the body; ignored once the answer is known. */
void rpc_exchange_take(RpcCall *call, const char *data, size_t n_data);
void rpc_exchange_end(RpcCall *call);
/* The server has no time left for it. */
void rpc_exchange_drain(RpcCall *call);
/* Its connection holds more than it may. */
void rpc_exchange_refuse_load(RpcCall *call);

/* The most that a body may have whose length is known beforehand. */
size_t rpc_exchange_get_body_max(const RpcCall *call);
void rpc_exchange_refuse_body(RpcCall *call);
/* Bytes that are held for it, in and out. */
size_t rpc_exchange_count_held(const RpcCall *call);

static inline const RpcReply *rpc_exchange_get_reply(const RpcCall *call) {
        return &call->reply;
}
/* Moves bytes of the reply's body. Return: how many; 0: none are there now. */
size_t rpc_exchange_read(RpcCall *call, char *buffer, size_t size);
static inline bool rpc_exchange_is_drained(const RpcCall *call) {
        return call->reply.n_taken == call->reply.body.n_data;
}
