/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A claim as it is stored. Inside this folder only.
 */
#include "ledger/ledger.h"

/* What ledger_claim_new() makes: the claim, and its place in the ledger. */
typedef struct StoredClaim StoredClaim;
struct StoredClaim {
        LedgerClaim claim; /* first, so that one is the other */
        StoredClaim *previous, *next;
};

static inline StoredClaim *claim_get_stored(const LedgerClaim *claim) {
        return (StoredClaim *)claim;
}

/* As strcmp(), by pod and container. */
int claim_compare_keys(const LedgerClaim *a, const LedgerClaim *b);
