/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/serving.h"

#include "grpc/health/v1/health.pb-c.h"

static void on_message(const ProtobufCMessage *message, void *userdata) {
        const Grpc__Health__V1__HealthCheckResponse *response =
                (const Grpc__Health__V1__HealthCheckResponse *)message;
        RpcServing *serving = userdata;

        if (response->status != GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING)
                return;
        serving->is_there = true;
        serving->came(serving->userdata);
}

static int watch(RpcServing *serving, bool waits);

static void on_ended(const RpcResult *result, void *userdata) {
        RpcServing *serving = userdata;

        serving->call = NULL;
        serving->is_there = false;
        serving->went(result, serving->userdata);
        /* a server that stops ends its watches; a new one is seen by the next watch */
        if (result->code == RPC_UNAVAILABLE || result->code == RPC_OK)
                (void)!watch(serving, true);
}

static int watch(RpcServing *serving, bool waits) {
        static const Grpc__Health__V1__HealthCheckRequest request =
                GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

        return rpc_client_call(
                serving->client,
                &(const RpcClientCallParams){
                        .path = "/grpc.health.v1.Health/Watch",
                        .request = &request.base,
                        .output = &grpc__health__v1__health_check_response__descriptor,
                        .gives_stream = true,
                        .waits_for_server = waits,
                        .message = on_message,
                        .ended = on_ended,
                        .userdata = serving,
                },
                &serving->call);
}

int rpc_serving_watch(RpcServing *serving) {
        return serving->call ? 0 : watch(serving, false);
}
