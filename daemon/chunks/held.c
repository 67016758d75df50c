/* SPDX-License-Identifier: Apache-2.0 */
#include "chunks/held.h"

#include <errno.h>
#include <stdlib.h>

/*
 * What is in a claim's list of chunks and is no chunk's name was another program's idea, and counts
 * as the bytes that the claim has. Of one chunk in two claims ledger_find_chunk() says whose it is,
 * and here it is the same.
 */
#define N_SIZES 9u /* 64 MiB to 16 GiB */

static size_t count_ids(const Ledger *ledger) {
        size_t n = 0;

        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim))
                n += claim->n_chunks;
        return n;
}

static void collect(Held *held, const Ledger *ledger) {
        size_t order = 0;

        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim)) {
                ++order;
                for (size_t i = 0; i < claim->n_chunks; ++i) {
                        HeldChunk *item = &held->items[held->n_items];

                        *item = (HeldChunk){ .claim = claim, .order = order };
                        held->n_items += chunk_id_parse(claim->chunks[i], &item->id);
                }
        }
}

/* What is in force */

static unsigned get_size_index(uint64_t bytes) {
        unsigned index = 0;

        while (CHUNK_BYTES_MIN << index < bytes)
                ++index;
        return index;
}

/* The size and kind that most have; of as many the configured one, then the smaller one. */
static void find_force(Held *held) {
        const unsigned configured = get_size_index(held->bytes);
        size_t counts[N_SIZES][2] = {}, best;

        for (size_t i = 0; i < held->n_items; ++i) {
                const ChunkResourceName *name = &held->items[i].id.resource;

                ++counts[get_size_index(name->bytes)][name->node.present];
        }
        best = counts[configured][held->is_per_node];
        for (unsigned size = 0; size < N_SIZES; ++size)
                for (unsigned kind = 0; kind < 2; ++kind)
                        if (counts[size][kind] > best) {
                                best = counts[size][kind];
                                held->bytes = CHUNK_BYTES_MIN << size;
                                held->is_per_node = kind;
                        }
}

static void leave_out_foreign(Held *held) {
        size_t n = 0;

        for (size_t i = 0; i < held->n_items; ++i) {
                const ChunkResourceName *name = &held->items[i].id.resource;

                if (name->bytes == held->bytes && name->node.present == held->is_per_node)
                        held->items[n++] = held->items[i];
        }
        held->n_foreign = held->n_items - n;
        held->n_items = n;
}

/* By id */

/* Of the same chunk, whose it is comes last: the later of those that stay, else the first. */
static int compare(const void *a, const void *b) {
        const HeldChunk *left = a, *right = b;
        const bool left_stays = left->claim->state != CLAIM_RELEASING;
        const bool right_stays = right->claim->state != CLAIM_RELEASING;
        const int by_id = chunk_id_compare(&left->id, &right->id);
        const int by_order = (left->order > right->order) - (left->order < right->order);

        if (by_id)
                return by_id;
        if (left_stays != right_stays)
                return left_stays - right_stays;
        return left_stays ? by_order : -by_order;
}

static void leave_out_doubles(Held *held) {
        size_t n = 0;

        for (size_t i = 0; i < held->n_items; ++i) {
                if (n > 0 && chunk_id_compare(&held->items[n - 1].id, &held->items[i].id) == 0)
                        --n;
                held->items[n++] = held->items[i];
        }
        held->n_items = n;
}

int held_init(Held *held,
              const Ledger *ledger,
              uint64_t configured_bytes,
              bool is_configured_per_node) {
        *held = (Held){ .bytes = configured_bytes, .is_per_node = is_configured_per_node };
        held->items = calloc(count_ids(ledger) + 1, sizeof(*held->items));
        if (!held->items)
                return -ENOMEM;
        collect(held, ledger);
        find_force(held);
        leave_out_foreign(held);
        if (held->n_items > 1)
                qsort(held->items, held->n_items, sizeof(*held->items), compare);
        leave_out_doubles(held);
        return 0;
}

void held_deinit(Held *held) {
        free(held->items);
        *held = (Held){};
}
