/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the journal is told of chunks
 *
 * Whether there are any, of what size, and why there are none: once, until that is different.
 */
#include "chunks/chunks.h"

/* {}: nothing yet. */
typedef struct ChunksSaid {
        bool is_anything;
        ChunksState state;
        uint64_t bytes;
        bool is_per_node;
        bool has_problem;
        Diag problem;
} ChunksSaid;

void chunks_announce(const ChunkList *list, const ChunksSettings *settings, ChunksSaid *said);
