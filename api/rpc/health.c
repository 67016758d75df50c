/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/health.h"

#include <string.h>

#include "grpc/health/v1/health.pb-c.h"

/*
 * A service is known when one of the table's methods is its. A watch of one that is not known says
 * so and stays open, because it may come; here it never does.
 */
static bool is_method_of(const RpcMethod *method, const char *service, size_t n_service) {
        return strncmp(method->path + 1, service, n_service) == 0 &&
               method->path[1 + n_service] == '/';
}

static bool is_known(const RpcTable *table, const char *service) {
        const size_t n = strlen(service);

        if (n == 0)
                return true;
        for (size_t i = 0; i < table->n_services; ++i)
                for (size_t k = 0; k < table->services[i]->n_methods; ++k)
                        if (is_method_of(&table->services[i]->methods[k], service, n))
                                return true;
        return false;
}

static Grpc__Health__V1__HealthCheckResponse make_response(const RpcHealth *health, bool known) {
        Grpc__Health__V1__HealthCheckResponse response =
                GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

        response.status =
                !known ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN
                : health->is_serving
                        ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
                        : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;
        return response;
}

static void check(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const RpcHealth *health = userdata;
        const Grpc__Health__V1__HealthCheckRequest *request =
                (const Grpc__Health__V1__HealthCheckRequest *)message;
        Grpc__Health__V1__HealthCheckResponse response;

        if (!is_known(health->table, request->service)) {
                rpc_call_fail(call, RPC_NOT_FOUND, "there is no service '%.160s'",
                              request->service);
                return;
        }
        response = make_response(health, true);
        rpc_call_finish(call, &response.base);
}

static bool push_status(RpcCall *call, RpcCookie *known, void *userdata) {
        const Grpc__Health__V1__HealthCheckResponse response =
                make_response(userdata, known->first);

        return rpc_call_push(call, &response.base);
}

static void watch(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        RpcHealth *health = userdata;
        const Grpc__Health__V1__HealthCheckRequest *request =
                (const Grpc__Health__V1__HealthCheckRequest *)message;

        rpc_watchers_add(&health->watchers, call,
                         (RpcCookie){ .first = is_known(health->table, request->service) });
}

void rpc_health_init(RpcHealth *health, const RpcTable *table) {
        static const RpcMethod methods[] = {
                {
                        .path = "/grpc.health.v1.Health/Check",
                        .input = &grpc__health__v1__health_check_request__descriptor,
                        .output = &grpc__health__v1__health_check_response__descriptor,
                        .handler = check,
                },
                {
                        .path = "/grpc.health.v1.Health/Watch",
                        .input = &grpc__health__v1__health_check_request__descriptor,
                        .output = &grpc__health__v1__health_check_response__descriptor,
                        .handler = watch,
                        .kind = RPC_SERVER_STREAM,
                },
        };

        *health = (RpcHealth){
                .table = table,
                .watchers = { .push = push_status, .userdata = health },
                .service = { .methods = methods,
                             .n_methods = ELEMENTSOF(methods),
                             .userdata = health },
        };
}

void rpc_health_set_serving(RpcHealth *health, bool is_serving) {
        if (health->is_serving == is_serving)
                return;
        health->is_serving = is_serving;
        rpc_watchers_notify(&health->watchers);
}
