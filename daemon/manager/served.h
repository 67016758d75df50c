/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is served
 *
 * The services and pages of slugd's socket, in one table.
 */
#include "base/cleanup.h"
#include "manager/crew.h"
#include "metrics/calls.h"
#include "rpc/health.h"
#include "rpc/reflection.h"
#include "service/cgroup-service.h"
#include "service/chunk-service.h"
#include "service/enforce-service.h"
#include "service/memory-service.h"
#include "service/node-service.h"
#include "service/pod-service.h"

#define SERVED_SERVICES_MAX 8u
#define SERVED_PAGES_MAX    2u

/* Does not move once it was initialised. */
typedef struct Served {
        RpcHealth health;
        RpcReflection *reflection;
        const RpcService *services[SERVED_SERVICES_MAX];
        RpcPage pages[SERVED_PAGES_MAX];
        RpcTable table;
        const NodeService *node;
        const PodService *pods;
        const Crew *crew; /* NULL until there is one */
        Calls calls;
        uint64_t look_usec; /* that the last look at the machine took; the manager's word */
} Served;

/* All six borrowed. */
_must_check_ int served_init(Served *served,
                             const NodeService *node,
                             const MemoryService *memory,
                             const PodService *pods,
                             const CgroupService *cgroups,
                             const ChunkService *chunks,
                             const EnforceService *enforce);
void served_deinit(Served *served);
