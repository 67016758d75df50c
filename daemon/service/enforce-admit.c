/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containers are given
 */
#include "service/enforce-handlers.h"

void enforce_admit_containers(RpcCall *call,
                              const ProtobufCMessage *request _unused_,
                              void *userdata _unused_) {
        rpc_call_fail(call, RPC_UNIMPLEMENTED, "no container is admitted yet");
}
