/* SPDX-License-Identifier: Apache-2.0 */
#include "service/enforce-service.h"

#include "service/enforce-handlers.h"

/* 4096 containers with annotations, CPUs and names are about 2 MiB; see pod-service.c. */
#define ADMIT_REQUEST_MAX (3u * 1024 * 1024)

void enforce_service_init(EnforceService *service) {
        static const RpcMethod methods[] = {
                {
                        .path = "/slug.v1.EnforcementService/ListContainers",
                        .input = &slug__v1__list_enforced_containers_request__descriptor,
                        .output = &slug__v1__list_enforced_containers_response__descriptor,
                        .handler = enforce_list_containers,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/slug.v1.EnforcementService/ExplainContainer",
                        .input = &slug__v1__explain_container_request__descriptor,
                        .output = &slug__v1__explain_container_response__descriptor,
                        .handler = enforce_explain_container,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/slug.v1.EnforcementService/AdmitContainers",
                        .input = &slug__v1__admit_containers_request__descriptor,
                        .output = &slug__v1__admit_containers_response__descriptor,
                        .handler = enforce_admit_containers,
                        .role = RPC_ROLE_CLAIMER,
                        .max_request_bytes = ADMIT_REQUEST_MAX,
                },
        };

        service->service = (RpcService){
                .methods = methods,
                .n_methods = ELEMENTSOF(methods),
                .userdata = service,
        };
}
