/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/method.h"

#include <string.h>

/*
 * A table has a few dozen methods, so it is searched from the front. Paths are compared byte by
 * byte: a method has one spelling.
 */
const RpcMethod *
rpc_table_find(const RpcTable *table, const char *path, const RpcService **ret_service) {
        for (size_t i = 0; i < table->n_services; ++i) {
                const RpcService *service = table->services[i];

                for (size_t k = 0; k < service->n_methods; ++k)
                        if (strcmp(service->methods[k].path, path) == 0) {
                                *ret_service = service;
                                return &service->methods[k];
                        }
        }
        return NULL;
}

const RpcPage *rpc_table_find_page(const RpcTable *table, const char *path) {
        for (size_t i = 0; i < table->n_pages; ++i)
                if (strcmp(table->pages[i].path, path) == 0)
                        return &table->pages[i];
        return NULL;
}

size_t rpc_method_get_request_max(const RpcMethod *method) {
        return method->max_request_bytes > 0 ? method->max_request_bytes : RPC_REQUEST_MAX;
}
