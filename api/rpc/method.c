/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/method.h"

#include <string.h>

/*
 * A table has a handful of methods, so it is searched from the front. Paths are compared byte by
 * byte: a method has one spelling.
 */
const RpcMethod *rpc_table_find(const RpcTable *table, const char *path) {
        for (size_t i = 0; i < table->n_methods; ++i)
                if (strcmp(table->methods[i].path, path) == 0)
                        return &table->methods[i];
        return NULL;
}

size_t rpc_method_get_request_max(const RpcMethod *method) {
        return method->max_request_bytes > 0 ? method->max_request_bytes : RPC_REQUEST_MAX;
}
