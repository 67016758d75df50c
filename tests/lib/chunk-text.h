/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Lists of chunks for tests
 *
 * Of one resource, sluglab.io/remote-memory-1gi, a row for each NUMA node. Memory is kept until
 * chunk_text_clear().
 */
#include "slug/v1/chunk.pb-c.h"

#define CHUNK_TEXT_NODES 8u

typedef struct ChunkTextNode {
        unsigned numa_node;
        unsigned n_free, n_claimed, n_offline; /* chunks, numbered in this order */
        const char *topology;                  /* "01": NUMA nodes 0 and 1 */
        unsigned distances[CHUNK_TEXT_NODES];  /* to NUMA nodes 0, 1, ...; 0: it does not say */
} ChunkTextNode;

/* Whatever fails here is a broken test bed and aborts. */
Slug__V1__ChunkList *chunk_text_list(const ChunkTextNode *nodes, size_t n_nodes);
/* "1gi-n2-0017" */
char *chunk_text_id(unsigned numa_node, unsigned number);
void chunk_text_clear(void);
