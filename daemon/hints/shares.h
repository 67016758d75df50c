/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Shares
 *
 * A claim in the making: blocks, filled part by part, and the claims of init containers of the same
 * pod that give bytes to it. Inside this folder only. {} is empty; start with shares_init().
 */
#include "hints/hints.h"

typedef struct SharesBlock {
        NodeSet nodes;
        uint64_t page_bytes;
        LedgerPart *parts; /* by rising node */
        size_t n_parts;
} SharesBlock;

/* An init container's claim, less what was taken over already. */
typedef struct SharesDonor {
        const LedgerClaim *claim;
        SharesBlock blocks[LEDGER_BLOCKS_MAX];
        bool is_changed;
} SharesDonor;

typedef struct Shares {
        const Ledger *ledger;
        const PodContainer *container; /* that the claim is for; NULL: the pod */
        SharesBlock blocks[LEDGER_BLOCKS_MAX];
        size_t n_blocks;
        SharesDonor *donors;
        size_t n_donors;
        bool has_donors; /* they were looked for */
} Shares;

void shares_init(Shares *shares, const Ledger *ledger, const PodContainer *container);
void shares_deinit(Shares *shares);
DEFINE_DEINIT(Shares, shares_deinit);

/* A block, to which the next two add. Return: 0, or -E2BIG when there are too many. */
_must_check_ int shares_begin(Shares *shares, const NodeSet *nodes, uint64_t page_bytes);
_must_check_ int shares_add(Shares *shares, unsigned node, uint64_t bytes);
/*
 * Up to @max_bytes from init containers of @pod that stand before the container, and that lie on
 * @from. @is_exact: only blocks of exactly this block's set. @left: less by what was taken.
 */
_must_check_ int shares_take_over(Shares *shares,
                                  const Pod *pod,
                                  const NodeSet *from,
                                  bool is_exact,
                                  uint64_t max_bytes,
                                  uint64_t *left);

/* Puts the claim, and the init containers' that have become smaller, into @ret, which is {}.
 * Return: 0, -ENOMEM or another errno. */
_must_check_ int shares_finish(const Shares *shares,
                               const HintsClaimant *claimant,
                               const Split *split,
                               LedgerChange *ret);
/* One claim of these blocks; @container: "" for the pod itself. */
_must_check_ int shares_put_claim(const SharesBlock *blocks,
                                  size_t n_blocks,
                                  const LedgerClaim *as,
                                  LedgerChange *change);
/* The parts of a claim's fields that the claimant knows; no blocks. */
LedgerClaim shares_describe(const HintsClaimant *claimant, const char *container);
