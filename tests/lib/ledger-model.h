/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A ledger that is too simple to be wrong
 *
 * Claims in an array, and every question answered by counting all of them again. What cannot be
 * counted, the group of a NUMA node, is kept by the one rule that makes it.
 */
#include "ledger/ledger.h"

#define LEDGER_MODEL_CLAIMS_MAX 512u
#define LEDGER_MODEL_WHY_MAX    256u

typedef struct LedgerModel {
        LedgerClaim
                *claims[LEDGER_MODEL_CLAIMS_MAX]; /* copies, in the order of their keys' arrival */
        size_t n_claims;
        uint64_t generation;
        NodeSet groups[NODESET_MAX];
} LedgerModel;

/* {} is an empty one. */
void ledger_model_deinit(LedgerModel *model);

/* As ledger_apply(), but that @change is copied. */
int ledger_model_apply(LedgerModel *model, const LedgerChange *change, const LedgerRoom *room);
/* What @change lacks of that page size on that NUMA node; 0: nothing. */
uint64_t ledger_model_get_lack(const LedgerModel *model,
                               const LedgerChange *change,
                               const LedgerRoom *room,
                               unsigned node,
                               uint64_t page_bytes);
uint64_t ledger_model_get_claimed(const LedgerModel *model, unsigned node, uint64_t page_bytes);
uint64_t ledger_model_get_observed(const LedgerModel *model, unsigned node, uint64_t page_bytes);

/* Whether @ledger answers all questions about @nodes and @sizes in the same way; @why: if not. */
bool ledger_model_agrees(const LedgerModel *model,
                         const Ledger *ledger,
                         const NodeSet *nodes,
                         char why[static LEDGER_MODEL_WHY_MAX]);
