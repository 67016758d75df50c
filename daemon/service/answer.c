/* SPDX-License-Identifier: Apache-2.0 */
#include "service/answer.h"

void answer_fail_memory(RpcCall *call) {
        rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "not enough memory for the answer");
}
