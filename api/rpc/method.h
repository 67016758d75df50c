/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Methods and calls
 *
 * A service is a table of methods. The server finds the method by its path, decodes the request and
 * hands the handler an RpcCall; the handler sees messages only. It ends the call exactly once, now
 * or later, with rpc_call_finish() or rpc_call_fail(), and does not touch it afterwards. Which
 * protocol and which codec carried the request is not its business.
 *
 * A call can also end under its handler: the peer went away or the deadline passed. A handler that
 * keeps a call for later says with rpc_call_keep() what is to be told then.
 */
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "rpc/json.h"
#include "rpc/metadata.h"
#include "rpc/peer.h"
#include "rpc/status.h"

typedef struct RpcCall RpcCall;

/*
 * @request: valid until the handler returns. When requests are a stream it is called for every one
 * of them, and once more with NULL when the peer has sent its last.
 */
typedef void (*RpcHandler)(RpcCall *call, const ProtobufCMessage *request, void *userdata);

typedef enum RpcKind {
        RPC_UNARY,
        RPC_SERVER_STREAM,
        RPC_CLIENT_STREAM,
        RPC_BIDI,
} RpcKind;

typedef struct RpcMethod {
        const char *path; /* "/slug.v1.NodeService/DescribeNode" */
        const ProtobufCMessageDescriptor *input;
        const ProtobufCMessageDescriptor *output;
        RpcHandler handler;
        RpcKind kind;
        bool has_no_side_effects; /* can be called with GET */
        RpcRole role;             /* that it wants */
        size_t max_request_bytes; /* of one message; 0: RPC_REQUEST_MAX */
} RpcMethod;

/* What an undeclared limit is: a request message, and what decoding and answering it may
 * allocate. */
#define RPC_REQUEST_MAX (64u * 1024)
#define RPC_ARENA_MAX   (16u * 1024 * 1024)

typedef struct RpcService {
        const RpcMethod *methods;
        size_t n_methods;
        void *userdata; /* given to the handlers */
} RpcService;

/* Something to GET that is no method: "/healthz". */
typedef struct RpcPage {
        const char *path;
        const char *content_type;
        RpcRole role;
        void (*write)(Buffer *buffer, void *userdata);
        void *userdata;
} RpcPage;

/* Told of every call of a method that has ended, after it did. */
typedef void (*RpcObserver)(const RpcMethod *method, RpcCode code, uint64_t usec, void *userdata);

/* What a server serves. */
typedef struct RpcTable {
        const RpcService *const *services;
        size_t n_services;
        const RpcPage *pages;
        size_t n_pages;
        const JsonTypes *types; /* what may stand in an Any; NULL: nothing */
        const char *role_help;  /* behind a refusal for want of a role; NULL: nothing */
        RpcObserver observe;    /* may be NULL */
        void *observer_userdata;
} RpcTable;

/* NULL: no such method. @ret_service: whose it is. */
const RpcMethod *
rpc_table_find(const RpcTable *table, const char *path, const RpcService **ret_service);
const RpcPage *rpc_table_find_page(const RpcTable *table, const char *path);
/* Bytes; the undeclared limit is filled in. */
size_t rpc_method_get_request_max(const RpcMethod *method);
static inline bool rpc_method_takes_stream(const RpcMethod *method) {
        return method->kind == RPC_CLIENT_STREAM || method->kind == RPC_BIDI;
}
static inline bool rpc_method_gives_stream(const RpcMethod *method) {
        return method->kind == RPC_SERVER_STREAM || method->kind == RPC_BIDI;
}

/* What came with the request */

const RpcMethod *rpc_call_get_method(const RpcCall *call);
/* All headers of the HTTP request but the pseudo ones. */
const RpcMetadata *rpc_call_get_metadata(const RpcCall *call);
/* What the peer gave it, in microseconds; absent: all the time in the world. */
OptU64 rpc_call_get_timeout(const RpcCall *call);
/* Behind the "?" of a GET; NULL: it was none. */
const char *rpc_call_get_query(const RpcCall *call);
const RpcPeer *rpc_call_get_peer(const RpcCall *call);

/* The answer */

/* Memory for the response. Of a call that answers with a stream it is taken back by every
 * rpc_call_push(). */
Arena *rpc_call_get_arena(RpcCall *call);
/* Before the first message or, for trailers, before the end. Copied. Return: 0, -EINVAL when the
 * name or the value may not be sent, or -ENOMEM. */
_must_check_ int rpc_call_add_header(RpcCall *call, const char *name, const char *value);
_must_check_ int rpc_call_add_trailer(RpcCall *call, const char *name, const char *value);
/* A message that goes with a failure. @type: its full name; @data: packed, copied. */
_must_check_ int
rpc_call_add_detail(RpcCall *call, const char *type, const uint8_t *data, size_t n_data);

/* The head of the answer goes out now, before the first message. Streams only. */
void rpc_call_send_head(RpcCall *call);
/* One message of a stream. Return: false when the call is over: it could not be kept for the peer.
 * The call must then not be touched any more. */
_must_check_ bool rpc_call_push(RpcCall *call, const ProtobufCMessage *response);
/* @response: NULL when the answer is a stream. Borrowed and no longer looked at afterwards. */
void rpc_call_finish(RpcCall *call, const ProtobufCMessage *response);
/* @code: not RPC_OK. */
void rpc_call_fail(RpcCall *call, RpcCode code, const char *format, ...) _printf_(3, 4);

/* Calls that are kept */

typedef void (*RpcCallEvent)(RpcCall *call, void *userdata);

/* @ended: the call is over and must be forgotten. @drained: the peer has taken all that was pushed;
 * may be NULL. */
void rpc_call_keep(RpcCall *call, RpcCallEvent ended, RpcCallEvent drained, void *userdata);
void *rpc_call_get_kept(const RpcCall *call);
/* Bytes that were pushed and that the peer has not taken yet. */
size_t rpc_call_get_backlog(const RpcCall *call);
