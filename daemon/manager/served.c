/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/served.h"

static void write_healthz(Buffer *buffer, void *userdata _unused_) {
        buffer_append_text(buffer, "ok\n");
}

int served_init(Served *served, const NodeService *node) {
        int r;

        *served = (Served){};
        rpc_health_init(&served->health, &served->table);
        r = rpc_reflection_new(&served->table, rpc_descriptors, n_rpc_descriptors,
                               &served->reflection);
        if (r)
                return r;
        served->services[0] = &node->service;
        served->services[1] = &served->health.service;
        served->services[2] = rpc_reflection_get_service(served->reflection);
        served->pages[0] = (RpcPage){ .path = "/healthz",
                                      .content_type = "text/plain",
                                      .write = write_healthz };
        served->table = (RpcTable){
                .services = served->services,
                .n_services = SERVED_SERVICES_MAX,
                .pages = served->pages,
                .n_pages = 1,
        };
        return 0;
}

void served_deinit(Served *served) {
        served->reflection = rpc_reflection_free(served->reflection);
}
