/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of splits is held, and why
 */
#include <string.h>

#include "service/enforce-handlers.h"
#include "service/enforce-messages.h"

#define NOBODY "nobody holds splits of memory here"

void enforce_list_containers(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        Slug__V1__ListEnforcedContainersResponse response =
                SLUG__V1__LIST_ENFORCED_CONTAINERS_RESPONSE__INIT;
        const EnforceService *self = userdata;

        if (!self->view) {
                response.problem = (char *)NOBODY;
                rpc_call_finish(call, &response.base);
                return;
        }
        if (enforce_build_list(rpc_call_get_arena(call), self->view,
                               (const Slug__V1__ListEnforcedContainersRequest *)message,
                               &response) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response.base);
}

/* One container */

/* Of pods of one name, where an old one still ends, the one whose cgroup is there. NULL: none, or
 * @ret_n of them. */
static const EnforcedContainer *find_by_name(const EnforceView *view,
                                             const Slug__V1__ExplainContainerRequest *request,
                                             size_t *ret_n) {
        const EnforcedContainer *found = NULL, *gone = NULL;
        size_t n = 0;

        for (size_t i = 0; i < view->n_containers; ++i) {
                const EnforcedContainer *container = view->containers[i];

                if (strcmp(container->namespace_name, request->namespace_) != 0 ||
                    strcmp(container->pod, request->pod) != 0 ||
                    strcmp(container->container, request->container) != 0)
                        continue;
                if (container->status == ENFORCE_ABSENT) {
                        gone = container;
                        continue;
                }
                found = container;
                ++n;
        }
        *ret_n = n;
        if (n > 1)
                return NULL;
        return found ? found : gone;
}

static const EnforcedContainer *
find(const EnforceView *view, const Slug__V1__ExplainContainerRequest *request, size_t *ret_n) {
        *ret_n = 0;
        if (request->container_id[0])
                return enforce_find_id(view, request->container_id);
        if (request->pod_uid[0])
                return enforce_view_find(view, request->pod_uid, request->container);
        return find_by_name(view, request, ret_n);
}

void enforce_explain_container(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__ExplainContainerRequest *request =
                (const Slug__V1__ExplainContainerRequest *)message;
        Slug__V1__ExplainContainerResponse response = SLUG__V1__EXPLAIN_CONTAINER_RESPONSE__INIT;
        Arena *arena = rpc_call_get_arena(call);
        const EnforceService *self = userdata;
        const EnforcedContainer *container;
        size_t n;

        if (!request->container_id[0] && !request->pod_uid[0] && !request->pod[0]) {
                rpc_call_fail(call, RPC_INVALID_ARGUMENT,
                              "which container: pod_uid, namespace and pod, or container_id");
                return;
        }
        if (!self->view) {
                rpc_call_fail(call, RPC_NOT_FOUND, NOBODY);
                return;
        }
        container = find(self->view, request, &n);
        if (!container && n > 1)
                rpc_call_fail(call, RPC_FAILED_PRECONDITION,
                              "%zu pods are called so; name the uid of one", n);
        else if (!container)
                rpc_call_fail(call, RPC_NOT_FOUND,
                              "no such container has a split of local and remote memory");
        else if (enforce_build_container(arena, self->view, container, &response.container) < 0 ||
                 enforce_build_decisions(arena, container, &response) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response.base);
}
