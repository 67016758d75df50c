/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slug.v1.ChunkService
 *
 * Which chunks there are, for whoever tells the kubelet, and claiming them. The list is that of the
 * view; a claim goes the way of every other one, through the journal, and is answered when it is
 * durable.
 */
#include "rpc/watchers.h"
#include "service/chunks-view.h"
#include "service/memory-service.h"

typedef struct ChunkService {
        ChunksView *view;      /* borrowed, as is the next */
        MemoryService *memory; /* of the same ledger */
        /* What whoever watches was told last, packed: a list of before has claims that may be gone,
         * so it cannot be compared with one of now. */
        uint8_t *told;
        size_t n_told;
        uint64_t n_changes; /* rises with what is told */
        RpcWatchers watchers;
        RpcService service;
} ChunkService;

/* The service must not move after this: its methods point to it. */
void chunk_service_init(ChunkService *service);
void chunk_service_deinit(ChunkService *service);
/* Snapshot, settings, ledger or pods may be others. Whoever watches is told when that makes a
 * difference to chunks. */
void chunk_service_notify(ChunkService *service);
