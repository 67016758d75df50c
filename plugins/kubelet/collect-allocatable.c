/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "kubelet/collect-rows.h"

/*
 * What the kubelet's memory manager counts as allocatable: a block for each NUMA node and kind of
 * page, in the order of a map of Go. slugd compares it with its own amounts, so that half of it
 * would be a difference that is not there: what is not understood is not told at all.
 */
#define BLOCKS_MAX 1024u

typedef struct Row {
        unsigned node;
        Slug__V1__MemoryBlock *block;
} Row;

static int compare_rows(const void *a, const void *b) {
        const Row *one = a, *other = b;

        if (one->node != other->node)
                return one->node < other->node ? -1 : 1;
        return strcmp(one->block->type, other->block->type);
}

static bool is_understood(const V1__ContainerMemory *memory) {
        return collect_is_text(memory->memory_type, COLLECT_ID_MAX) && memory->topology &&
               memory->topology->n_nodes == 1;
}

/* @ret_is_whole: all of them are understood. */
static int build_rows(Arena *arena,
                      const V1__AllocatableResourcesResponse *told,
                      Row *rows,
                      bool *ret_is_whole) {
        *ret_is_whole = false;
        for (size_t i = 0; i < told->n_memory; ++i) {
                NodeSet nodes;
                int r;

                if (!is_understood(told->memory[i]))
                        return 0;
                r = collect_build_block(arena, told->memory[i], &nodes, &rows[i].block);
                if (r)
                        return r;
                rows[i].node = nodeset_next(&nodes, 0);
                if (rows[i].node == NODESET_MAX)
                        return 0;
        }
        *ret_is_whole = true;
        return 0;
}

int collect_allocatable(Collection *collection) {
        const V1__AllocatableResourcesResponse *told = collection->input->allocatable;
        const size_t n = told ? told->n_memory : 0;
        Collected *collected = collection->collected;
        Row *rows;
        int r;

        if (!told || n > BLOCKS_MAX)
                return 0;
        rows = arena_alloc_array(collection->arena, n + 1, sizeof(*rows));
        collected->allocatable =
                arena_alloc_array(collection->arena, n + 1, sizeof(*collected->allocatable));
        if (!rows || !collected->allocatable)
                return -ENOMEM;
        r = build_rows(collection->arena, told, rows, &collected->has_allocatable);
        if (r || !collected->has_allocatable)
                return r;
        qsort(rows, n, sizeof(*rows), compare_rows);
        for (size_t i = 0; i < n; ++i) {
                /* slugd would refuse the whole report for one that is there twice */
                collected->has_allocatable &= i == 0 || compare_rows(&rows[i - 1], &rows[i]) != 0;
                collected->allocatable[i] = rows[i].block;
        }
        collected->n_allocatable = collected->has_allocatable ? n : 0;
        return 0;
}
