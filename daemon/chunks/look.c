/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

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
