/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/chunk-text.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

static Arena *arena;

static void *get(size_t n, size_t size) {
        void *memory;

        if (!arena && arena_new(16u * 1024 * 1024, &arena) != 0)
                abort();
        memory = arena_alloc_array(arena, n + 1, size);
        if (!memory)
                abort();
        return memory;
}

char *chunk_text_id(unsigned numa_node, unsigned number) {
        char *id = get(40, 1);

        (void)snprintf(id, 40, "1gi-n%u-%04u", numa_node, number);
        return id;
}

static Slug__V1__ChunkNumaNode *make_node(const ChunkTextNode *row) {
        Slug__V1__ChunkNumaNode *node = get(1, sizeof(*node));

        slug__v1__chunk_numa_node__init(node);
        node->numa_node = row->numa_node;
        node->topology = get(CHUNK_TEXT_NODES, sizeof(*node->topology));
        for (const char *c = row->topology ? row->topology : ""; *c; ++c)
                node->topology[node->n_topology++] = (uint32_t)(*c - '0');
        node->distances = get(CHUNK_TEXT_NODES, sizeof(*node->distances));
        for (unsigned i = 0; i < CHUNK_TEXT_NODES; ++i) {
                Slug__V1__ChunkDistance *distance = get(1, sizeof(*distance));

                if (row->distances[i] == 0)
                        continue;
                slug__v1__chunk_distance__init(distance);
                distance->numa_node = i;
                distance->distance = row->distances[i];
                node->distances[node->n_distances++] = distance;
        }
        return node;
}

static void add_chunks(Slug__V1__ChunkList *list, const ChunkTextNode *row) {
        const unsigned n_given = row->n_free + row->n_claimed, n = n_given + row->n_offline;

        for (unsigned i = 0; i < n; ++i) {
                Slug__V1__Chunk *chunk = get(1, sizeof(*chunk));

                slug__v1__chunk__init(chunk);
                chunk->id = chunk_text_id(row->numa_node, i);
                chunk->numa_node = row->numa_node;
                chunk->state = i < row->n_free ? SLUG__V1__CHUNK_STATE__CHUNK_STATE_FREE
                               : i < n_given   ? SLUG__V1__CHUNK_STATE__CHUNK_STATE_CLAIMED
                                               : SLUG__V1__CHUNK_STATE__CHUNK_STATE_OFFLINE;
                list->chunks[list->n_chunks++] = chunk;
        }
}

Slug__V1__ChunkList *chunk_text_list(const ChunkTextNode *nodes, size_t n_nodes) {
        Slug__V1__ChunkList *list = get(1, sizeof(*list));
        Slug__V1__ChunkResource *resource = get(1, sizeof(*resource));
        size_t n = 0;

        slug__v1__chunk_list__init(list);
        slug__v1__chunk_resource__init(resource);
        resource->name = (char *)"sluglab.io/remote-memory-1gi";
        list->state = SLUG__V1__CHUNKS_STATE__CHUNKS_STATE_ADVERTISED;
        list->chunk_bytes = UINT64_C(1) << 30;
        list->grace_ms = 60000;
        list->preference = SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_PACK;
        list->resources = get(1, sizeof(*list->resources));
        list->resources[list->n_resources++] = resource;
        for (size_t i = 0; i < n_nodes; ++i)
                n += nodes[i].n_free + nodes[i].n_claimed + nodes[i].n_offline;
        list->numa_nodes = get(n_nodes, sizeof(*list->numa_nodes));
        list->chunks = get(n, sizeof(*list->chunks));
        for (size_t i = 0; i < n_nodes; ++i) {
                list->numa_nodes[list->n_numa_nodes++] = make_node(&nodes[i]);
                add_chunks(list, &nodes[i]);
        }
        return list;
}

void chunk_text_clear(void) {
        arena = arena_free(arena);
}
