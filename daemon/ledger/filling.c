/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/filling.h"

#include <errno.h>

/*
 * The kubelet writes down a set of NUMA nodes and one size. It takes from the lowest node first
 * what is free there, and never lets two different sets overlap once one of them has more than one
 * node; so taking again, in any order, gives the same sums of every node.
 */

int filling_init(Filling *filling, const LedgerRoom *room) {
        Filling result = { .room = *room };

        result.left = calloc(room->n_rows + 1, sizeof(*result.left));
        if (!result.left)
                return -ENOMEM;
        for (size_t i = 0; i < room->n_rows; ++i)
                result.left[i] = room->rows[i].bytes;
        *filling = result;
        return 0;
}

void filling_deinit(Filling *filling) {
        free(filling->left);
        *filling = (Filling){};
}

/* Rows are by rising node and page size. */
static uint64_t *find_left(const Filling *filling, unsigned node, uint64_t page_bytes) {
        const LedgerRoomRow *rows = filling->room.rows;
        size_t low = 0, high = filling->room.n_rows;

        while (low < high) {
                const size_t middle = low + (high - low) / 2;
                const LedgerRoomRow *row = &rows[middle];

                if (row->node == node && row->page_bytes == page_bytes)
                        return &filling->left[middle];
                if (row->node < node || (row->node == node && row->page_bytes < page_bytes))
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

static void add_part(LedgerBlock *block, LedgerPart *parts, unsigned node, uint64_t bytes) {
        if (bytes > 0)
                parts[block->n_parts++] = (LedgerPart){ .node = node, .bytes = bytes };
}

void filling_take(Filling *filling, LedgerBlock *block, LedgerPart *parts) {
        uint64_t n_left = block->bytes;

        NODESET_FOREACH (node, &block->nodes) {
                const bool is_last = nodeset_next(&block->nodes, node + 1) == NODESET_MAX;
                uint64_t *left = find_left(filling, node, block->page_bytes);
                const uint64_t n_taken = is_last ? n_left : bytes_min(n_left, left ? *left : 0);

                if (left)
                        *left = bytes_sub_clamped(*left, n_taken);
                add_part(block, parts, node, n_taken);
                n_left -= n_taken;
        }
        block->parts = parts;
}

/* The pod's block that has room for @block; NULL: it is no share of anything. */
static const LedgerBlock *find_whole(const LedgerClaim *pod, const LedgerBlock *block) {
        for (size_t i = 0; i < pod->n_blocks; ++i) {
                const LedgerBlock *whole = &pod->blocks[i];

                if (whole->page_bytes == block->page_bytes &&
                    nodeset_is_equal(&whole->nodes, &block->nodes) && block->bytes <= whole->bytes)
                        return whole;
        }
        return NULL;
}

void filling_share(const LedgerClaim *pod, LedgerBlock *block, LedgerPart *parts) {
        const LedgerBlock *whole = find_whole(pod, block);
        uint64_t n_left = block->bytes;

        if (!whole) {
                filling_take(&(Filling){}, block, parts);
                return;
        }
        for (size_t i = 0; i < whole->n_parts; ++i) {
                const uint64_t n_taken = bytes_min(n_left, whole->parts[i].bytes);

                add_part(block, parts, whole->parts[i].node, n_taken);
                n_left -= n_taken;
        }
        block->parts = parts;
}
