/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Chunks that claims have. Inside this folder only.
 */
#include "chunks/chunks.h"

typedef struct HeldChunk {
        ChunkId id;
        const LedgerClaim *claim;
        size_t order; /* of the claim in the ledger */
} HeldChunk;

/* {} is empty. */
typedef struct Held {
        HeldChunk *items; /* of the size and kind in force, by id, none twice */
        size_t n_items;
        size_t n_foreign; /* of another size or kind */
        uint64_t bytes;   /* in force */
        bool is_per_node;
} Held;

/* Return: 0 or -ENOMEM. */
_must_check_ int
held_init(Held *held, const Ledger *ledger, uint64_t configured_bytes, bool is_configured_per_node);
void held_deinit(Held *held);
DEFINE_DEINIT(Held, held_deinit);
