/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which pages of a batch to move next
 *
 * The kernel moves folios: one page of a huge one takes all of it along, and nobody without
 * CAP_SYS_ADMIN is told how large they are. So one page of each block of "stride" pages is moved,
 * and what went along says how large its folio was. What stayed has the next round, with a smaller
 * stride; the last has 1, where each page is its own. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/nodeset.h"

#define PAGES_BATCH_MAX  16384u /* 64 MiB of small pages */
#define PAGES_STRIDE_MAX 512u   /* pages of a huge one, where both are of the usual size */
#define PAGES_UNTRIED    INT32_MIN

typedef enum PageState {
        PAGE_WAITS,
        PAGE_WAS_BUSY, /* once */
        PAGE_MOVED,
        PAGE_STAYS, /* it was tried, and will not be again */
} PageState;

typedef struct PagesBatch {
        void *addresses[PAGES_BATCH_MAX]; /* rising, but for one place where they begin anew */
        int nodes[PAGES_BATCH_MAX];       /* as the kernel says: a node, or an errno below 0 */
        uint8_t states[PAGES_BATCH_MAX];  /* PageState */
        size_t n_items;
        /* What was picked: numbers of items, and what move_pages(2) takes and gives. */
        size_t picked[PAGES_BATCH_MAX];
        void *picked_addresses[PAGES_BATCH_MAX];
        int picked_targets[PAGES_BATCH_MAX];
        int picked_statuses[PAGES_BATCH_MAX]; /* PAGES_UNTRIED: nothing was said */
        size_t n_picked, n_tried;
} PagesBatch;

/* Adds those of @n_addresses that @statuses puts on @from, as far as there is room. */
void pages_batch_add(PagesBatch *batch,
                     void *const *addresses,
                     const int *statuses,
                     size_t n_addresses,
                     const NodeSet *from);

/* Picks a page of every block of @stride pages, a power of 2, until as many blocks hold @bytes; for
 * @node. Return: how many; 0: nothing is left to be tried. */
size_t pages_batch_pick(PagesBatch *batch,
                        size_t stride,
                        uint64_t bytes,
                        uint64_t page_size,
                        unsigned node);
/* After a round: @batch->nodes says where all of them are now. Return: bytes that came to @node. */
uint64_t pages_batch_judge(PagesBatch *batch, uint64_t page_size, unsigned node);
/* After pages_batch_judge(). Return: the stride of the next round. */
size_t pages_batch_learn(const PagesBatch *batch, size_t stride, uint64_t page_size);
