/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Methods and calls
 *
 * A service is a table of methods. A transport finds the method by its path, decodes the request,
 * and hands the handler an RpcCall; the handler sees messages only and ends the call exactly once,
 * with rpc_call_finish() or rpc_call_fail(). Which protocol and which codec carried the request is
 * not its business.
 */
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "rpc/status.h"

typedef struct RpcCall RpcCall;

typedef void (*RpcHandler)(RpcCall *call, const ProtobufCMessage *request, void *userdata);

typedef struct RpcMethod {
        const char *path; /* "/slug.v1.NodeService/DescribeNode" */
        const ProtobufCMessageDescriptor *input;
        const ProtobufCMessageDescriptor *output;
        RpcHandler handler;
        bool has_no_side_effects;
        size_t max_request_bytes; /* 0: RPC_REQUEST_MAX */
} RpcMethod;

/* What an undeclared limit is: the body of a request, and what decoding and answering it may
 * allocate. */
#define RPC_REQUEST_MAX (64u * 1024)
#define RPC_ARENA_MAX   (16u * 1024 * 1024)

typedef struct RpcTable {
        const RpcMethod *methods;
        size_t n_methods;
        void *userdata; /* given to the handlers */
} RpcTable;

/* NULL: no such method. */
const RpcMethod *rpc_table_find(const RpcTable *table, const char *path);
/* Bytes; the undeclared limit is filled in. */
size_t rpc_method_get_request_max(const RpcMethod *method);

/* Memory for the response; it lives until the call has been answered. */
Arena *rpc_call_get_arena(RpcCall *call);
/* Both end the call: once, and before the handler returns (until a transport can wait). @response
 * is borrowed and no longer looked at afterwards. @code: not RPC_OK. */
void rpc_call_finish(RpcCall *call, const ProtobufCMessage *response);
void rpc_call_fail(RpcCall *call, RpcCode code, const char *format, ...) _printf_(3, 4);
