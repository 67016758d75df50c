/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/pages-plan.h"

#include <errno.h>

static bool is_waiting(const PagesBatch *batch, size_t i) {
        return batch->states[i] == PAGE_WAITS || batch->states[i] == PAGE_WAS_BUSY;
}

static uint64_t block_of(const PagesBatch *batch, size_t i, size_t stride, uint64_t page_size) {
        return (uintptr_t)batch->addresses[i] / (stride * page_size);
}

void pages_batch_add(PagesBatch *batch,
                     void *const *addresses,
                     const int *statuses,
                     size_t n_addresses,
                     const NodeSet *from) {
        for (size_t i = 0; i < n_addresses && batch->n_items < PAGES_BATCH_MAX; ++i) {
                if (statuses[i] < 0 || !nodeset_contains(from, (unsigned)statuses[i]))
                        continue;
                batch->addresses[batch->n_items] = addresses[i];
                batch->nodes[batch->n_items] = statuses[i];
                batch->states[batch->n_items++] = PAGE_WAITS;
        }
}

size_t pages_batch_pick(PagesBatch *batch,
                        size_t stride,
                        uint64_t bytes,
                        uint64_t page_size,
                        unsigned node) {
        const uint64_t block_bytes = stride * page_size;
        const uint64_t n_max = bytes / block_bytes + (bytes % block_bytes > 0);
        uint64_t last = UINT64_MAX;

        batch->n_picked = 0;
        for (size_t i = 0; i < batch->n_items && batch->n_picked < n_max; ++i) {
                const uint64_t block = block_of(batch, i, stride, page_size);

                if (!is_waiting(batch, i) || block == last)
                        continue;
                last = block;
                batch->picked[batch->n_picked] = i;
                batch->picked_addresses[batch->n_picked] = batch->addresses[i];
                batch->picked_targets[batch->n_picked] = (int)node;
                batch->picked_statuses[batch->n_picked++] = PAGES_UNTRIED;
        }
        return batch->n_picked;
}

/* A call ends at the first list of pages that did not move as a whole, says nothing of that list
 * and has not looked at what follows. The last one that something is known of was tried; and the
 * first, so that every round is one step further. */
static size_t count_tried(const PagesBatch *batch) {
        size_t n = batch->n_picked;

        while (n > 1 && batch->picked_statuses[n - 1] == PAGES_UNTRIED &&
               batch->states[batch->picked[n - 1]] != PAGE_MOVED)
                --n;
        return n;
}

uint64_t pages_batch_judge(PagesBatch *batch, uint64_t page_size, unsigned node) {
        uint64_t bytes = 0;

        for (size_t i = 0; i < batch->n_items; ++i) {
                if (!is_waiting(batch, i))
                        continue;
                if (batch->nodes[i] == (int)node) {
                        batch->states[i] = PAGE_MOVED;
                        bytes += page_size;
                } else if (batch->nodes[i] < 0) {
                        batch->states[i] = PAGE_STAYS; /* it went, or is not ours any more */
                }
        }
        batch->n_tried = count_tried(batch);
        for (size_t i = 0; i < batch->n_tried; ++i) {
                uint8_t *state = &batch->states[batch->picked[i]];
                const int status = batch->picked_statuses[i];
                const bool may_again = status == -EBUSY || status == PAGES_UNTRIED;

                if (*state != PAGE_MOVED)
                        *state = may_again && *state == PAGE_WAITS ? PAGE_WAS_BUSY : PAGE_STAYS;
        }
        return bytes;
}

/* The largest power of 2 that is not above @n; 1 for 0. */
static size_t round_down(size_t n) {
        size_t power = 1;

        while (power <= n / 2)
                power *= 2;
        return power;
}

/* How many moved in the blocks that did not move as a whole: the most says how large folios are
 * there. Blocks that did say that the stride is right. */
size_t pages_batch_learn(const PagesBatch *batch, size_t stride, uint64_t page_size) {
        size_t most = 0;
        bool is_right = true;

        for (size_t i = 0; i < batch->n_tried; ++i) {
                const uint64_t block = block_of(batch, batch->picked[i], stride, page_size);
                size_t n_moved = 0;
                bool is_whole = true;

                for (size_t k = batch->picked[i];
                     k < batch->n_items && block_of(batch, k, stride, page_size) == block; ++k) {
                        n_moved += batch->states[k] == PAGE_MOVED;
                        is_whole = is_whole && !is_waiting(batch, k);
                }
                if (is_whole)
                        continue;
                is_right = false;
                if (n_moved > most)
                        most = n_moved;
        }
        if (is_right || stride == 1)
                return stride;
        most = round_down(most);
        return most < stride ? most : stride / 2;
}
