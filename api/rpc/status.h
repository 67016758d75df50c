/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * RPC status
 *
 * One table, three spellings: the gRPC number, the Connect name, the HTTP status.
 */
typedef enum RpcCode {
        RPC_OK,
        RPC_CANCELED,
        RPC_UNKNOWN,
        RPC_INVALID_ARGUMENT,
        RPC_DEADLINE_EXCEEDED,
        RPC_NOT_FOUND,
        RPC_ALREADY_EXISTS,
        RPC_PERMISSION_DENIED,
        RPC_RESOURCE_EXHAUSTED,
        RPC_FAILED_PRECONDITION,
        RPC_ABORTED,
        RPC_OUT_OF_RANGE,
        RPC_UNIMPLEMENTED,
        RPC_INTERNAL,
        RPC_UNAVAILABLE,
        RPC_DATA_LOSS,
        RPC_UNAUTHENTICATED,
        _RPC_CODE_N,
} RpcCode;

const char *rpc_code_name(RpcCode code);     /* "invalid_argument" */
unsigned rpc_code_http_status(RpcCode code); /* 400 */
