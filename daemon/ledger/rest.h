/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is left of a claim
 *
 * A copy of a claim that gives bytes and chunks away, until it is put in its place or is nothing
 * any more. Texts are borrowed from the claim it was made of; a LedgerRest stays where it is.
 */
#include "ledger/ledger.h"

typedef struct LedgerRest {
        LedgerClaim claim; /* to be written to, but for blocks and chunks */
        LedgerBlock blocks[LEDGER_BLOCKS_MAX];
        LedgerPart *parts[LEDGER_BLOCKS_MAX]; /* of the blocks */
        const char **chunks;
        bool has_changed;
} LedgerRest;

/* Return: 0 or -ENOMEM. */
_must_check_ int ledger_rest_init(LedgerRest *rest, const LedgerClaim *claim);
void ledger_rest_deinit(LedgerRest *rest);
DEFINE_DEINIT(LedgerRest, ledger_rest_deinit);

/* Takes up to @bytes of one page size off what it has on the NUMA node. Return: what was taken. */
uint64_t ledger_rest_take(LedgerRest *rest, unsigned node, uint64_t page_bytes, uint64_t bytes);
/* Takes off the chunks for which @is_taken. */
void ledger_rest_take_chunks(LedgerRest *rest,
                             bool (*is_taken)(const char *chunk, void *userdata),
                             void *userdata);
/* Puts it, or drops its key when it has neither bytes nor chunks; parts without bytes and NUMA
 * nodes of which nothing is held are left out. Return: 0, -E2BIG or -ENOMEM. */
_must_check_ int ledger_rest_put(LedgerRest *rest, LedgerChange *change);
