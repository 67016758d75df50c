/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of splits is held, and why
 */
#include "service/enforce-handlers.h"

void enforce_list_containers(RpcCall *call,
                             const ProtobufCMessage *request _unused_,
                             void *userdata _unused_) {
        const Slug__V1__ListEnforcedContainersResponse response =
                SLUG__V1__LIST_ENFORCED_CONTAINERS_RESPONSE__INIT;

        rpc_call_finish(call, &response.base);
}

void enforce_explain_container(RpcCall *call,
                               const ProtobufCMessage *request _unused_,
                               void *userdata _unused_) {
        rpc_call_fail(call, RPC_NOT_FOUND, "slugd follows no such container");
}
