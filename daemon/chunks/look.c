/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "chunks/chunks.h"

static int compare_id(const void *key, const void *item) {
        return chunk_id_compare(key, &((const Chunk *)item)->id);
}

const Chunk *chunk_list_find(const ChunkList *list, const ChunkId *id) {
        if (id->resource.bytes != list->bytes || id->resource.node.present != list->is_per_node ||
            list->n_chunks == 0)
                return NULL;
        return bsearch(id, list->chunks, list->n_chunks, sizeof(*list->chunks), compare_id);
}

static int compare_node(const void *key, const void *item) {
        const unsigned node = *(const unsigned *)key, other = ((const ChunksNode *)item)->node;

        return (node > other) - (node < other);
}

const ChunksNode *chunk_list_find_node(const ChunkList *list, unsigned node) {
        if (list->n_nodes == 0)
                return NULL;
        return bsearch(&node, list->nodes, list->n_nodes, sizeof(*list->nodes), compare_node);
}

/* Comparing */

static bool is_node_equal(const ChunksNode *a, const ChunksNode *b) {
        return a->node == b->node && a->allocatable_bytes == b->allocatable_bytes &&
               a->poisoned_bytes == b->poisoned_bytes && a->remainder_bytes == b->remainder_bytes &&
               memcmp(a->counts, b->counts, sizeof(a->counts)) == 0 &&
               a->first_chunk == b->first_chunk && a->n_chunks == b->n_chunks &&
               nodeset_is_equal(&a->topology, &b->topology);
}

static bool is_holder_equal(const LedgerKey *a, const LedgerKey *b) {
        if (!a || !b)
                return a == b;
        return strcmp(a->pod_uid, b->pod_uid) == 0 && strcmp(a->container, b->container) == 0;
}

static bool is_chunk_equal(const Chunk *a, const Chunk *b) {
        return chunk_id_compare(&a->id, &b->id) == 0 && a->state == b->state &&
               is_holder_equal(a->holder, b->holder);
}

/* Size and kind are the lists'; a resource's NUMA node is that of chunks. */
static bool has_same_chunks(const ChunkList *a, const ChunkList *b) {
        if (a->n_nodes != b->n_nodes || a->n_chunks != b->n_chunks)
                return false;
        for (size_t i = 0; i < a->n_nodes; ++i)
                if (!is_node_equal(&a->nodes[i], &b->nodes[i]))
                        return false;
        for (size_t i = 0; i < a->n_chunks; ++i)
                if (!is_chunk_equal(&a->chunks[i], &b->chunks[i]))
                        return false;
        return true;
}

bool chunk_list_is_equal(const ChunkList *a, const ChunkList *b) {
        return a->state == b->state && a->bytes == b->bytes && a->is_per_node == b->is_per_node &&
               a->is_held_back == b->is_held_back && a->n_foreign == b->n_foreign &&
               a->fitting_bytes == b->fitting_bytes && a->in_effect == b->in_effect &&
               has_same_chunks(a, b);
}
