/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/status.h"

/*
 * The codes are gRPC's, in gRPC's order; the names and HTTP statuses are those of the Connect
 * protocol (2024 table: deadline_exceeded 504, unimplemented 501). RPC_OK has no Connect name of
 * its own, since success is never spelled; it is "ok" here for logs.
 */
static const struct {
        const char *name;
        unsigned http_status;
} statuses[_RPC_CODE_N] = {
        [RPC_OK] = { "ok", 200 },
        [RPC_CANCELED] = { "canceled", 499 },
        [RPC_UNKNOWN] = { "unknown", 500 },
        [RPC_INVALID_ARGUMENT] = { "invalid_argument", 400 },
        [RPC_DEADLINE_EXCEEDED] = { "deadline_exceeded", 504 },
        [RPC_NOT_FOUND] = { "not_found", 404 },
        [RPC_ALREADY_EXISTS] = { "already_exists", 409 },
        [RPC_PERMISSION_DENIED] = { "permission_denied", 403 },
        [RPC_RESOURCE_EXHAUSTED] = { "resource_exhausted", 429 },
        [RPC_FAILED_PRECONDITION] = { "failed_precondition", 400 },
        [RPC_ABORTED] = { "aborted", 409 },
        [RPC_OUT_OF_RANGE] = { "out_of_range", 400 },
        [RPC_UNIMPLEMENTED] = { "unimplemented", 501 },
        [RPC_INTERNAL] = { "internal", 500 },
        [RPC_UNAVAILABLE] = { "unavailable", 503 },
        [RPC_DATA_LOSS] = { "data_loss", 500 },
        [RPC_UNAUTHENTICATED] = { "unauthenticated", 401 },
};

const char *rpc_code_name(RpcCode code) {
        return statuses[code].name;
}

unsigned rpc_code_http_status(RpcCode code) {
        return statuses[code].http_status;
}
