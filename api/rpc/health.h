/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * grpc.health.v1.Health
 *
 * Whether the server serves, as gRPC's clients ask it. All its services serve or none does.
 */
#include "rpc/method.h"
#include "rpc/watchers.h"

typedef struct RpcHealth {
        const RpcTable *table;
        bool is_serving;
        RpcWatchers watchers;
        RpcService service;
} RpcHealth;

/* @table: borrowed; whose services are known. @health must not move after this. */
void rpc_health_init(RpcHealth *health, const RpcTable *table);
void rpc_health_set_serving(RpcHealth *health, bool is_serving);
