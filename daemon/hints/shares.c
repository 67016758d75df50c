/* SPDX-License-Identifier: Apache-2.0 */
#include "hints/shares.h"

#include <errno.h>
#include <string.h>

#include "ledger/lifecycle.h"

/*
 * Nothing of the ledger is changed here. Donors are copies: what is taken over leaves their parts
 * and comes into the block's, on the same NUMA node, and what is left of them is put again.
 */

void shares_init(Shares *shares, const Ledger *ledger, const PodContainer *container) {
        *shares = (Shares){ .ledger = ledger, .container = container };
}

static void free_parts(SharesBlock *blocks, size_t n_blocks) {
        for (size_t i = 0; i < n_blocks; ++i)
                free(blocks[i].parts);
}

void shares_deinit(Shares *shares) {
        free_parts(shares->blocks, shares->n_blocks);
        for (size_t i = 0; i < shares->n_donors; ++i)
                free_parts(shares->donors[i].blocks, LEDGER_BLOCKS_MAX);
        free(shares->donors);
        *shares = (Shares){};
}

int shares_begin(Shares *shares, const NodeSet *nodes, uint64_t page_bytes) {
        if (shares->n_blocks == LEDGER_BLOCKS_MAX)
                return -E2BIG;
        shares->blocks[shares->n_blocks++] =
                (SharesBlock){ .nodes = *nodes, .page_bytes = page_bytes };
        return 0;
}

int shares_add(Shares *shares, unsigned node, uint64_t bytes) {
        SharesBlock *block = &shares->blocks[shares->n_blocks - 1];
        LedgerPart *parts;
        size_t i = 0;

        if (bytes == 0)
                return 0;
        while (i < block->n_parts && block->parts[i].node < node)
                ++i;
        if (i < block->n_parts && block->parts[i].node == node)
                return bytes_add(block->parts[i].bytes, bytes, &block->parts[i].bytes);
        parts = reallocarray(block->parts, block->n_parts + 1, sizeof(*parts));
        if (!parts)
                return -ENOMEM;
        block->parts = parts;
        memmove(parts + i + 1, parts + i, (block->n_parts - i) * sizeof(*parts));
        parts[i] = (LedgerPart){ .node = node, .bytes = bytes };
        ++block->n_parts;
        return 0;
}

/* Donors */

static int copy_block(const LedgerBlock *from, SharesBlock *ret) {
        ret->parts = calloc(from->n_parts + 1, sizeof(*ret->parts));
        if (!ret->parts)
                return -ENOMEM;
        ret->nodes = from->nodes;
        ret->page_bytes = from->page_bytes;
        ret->n_parts = from->n_parts;
        if (from->n_parts > 0)
                memcpy(ret->parts, from->parts, from->n_parts * sizeof(*ret->parts));
        return 0;
}

static int add_donor(Shares *shares, const LedgerClaim *claim) {
        SharesDonor *donors =
                reallocarray(shares->donors, shares->n_donors + 1, sizeof(*shares->donors));
        SharesDonor *donor;

        if (!donors)
                return -ENOMEM;
        shares->donors = donors;
        donor = &donors[shares->n_donors++];
        *donor = (SharesDonor){ .claim = claim };
        for (size_t i = 0; i < claim->n_blocks; ++i) {
                const int r = copy_block(&claim->blocks[i], &donor->blocks[i]);

                if (r)
                        return r;
        }
        return 0;
}

static int find_donors(Shares *shares, const Pod *pod) {
        const LedgerClaim *claim;
        size_t place = 0;

        while ((claim = lifecycle_next_init(shares->ledger, pod, shares->container, &place))) {
                const int r = claim->is_within_pod ? 0 : add_donor(shares, claim);

                if (r)
                        return r;
        }
        shares->has_donors = true;
        return 0;
}

static void remove_empty_parts(SharesBlock *block) {
        size_t n = 0;

        for (size_t i = 0; i < block->n_parts; ++i)
                if (block->parts[i].bytes > 0)
                        block->parts[n++] = block->parts[i];
        block->n_parts = n;
}

static int take_parts(Shares *shares, SharesBlock *from, const NodeSet *nodes, uint64_t *left) {
        for (size_t i = 0; i<from->n_parts && * left> 0; ++i) {
                const uint64_t bytes = nodeset_contains(nodes, from->parts[i].node)
                                               ? bytes_min(*left, from->parts[i].bytes)
                                               : 0;
                const int r = shares_add(shares, from->parts[i].node, bytes);

                if (r)
                        return r;
                from->parts[i].bytes -= bytes;
                *left -= bytes;
        }
        remove_empty_parts(from);
        return 0;
}

int shares_take_over(Shares *shares,
                     const Pod *pod,
                     const NodeSet *from,
                     bool is_exact,
                     uint64_t max_bytes,
                     uint64_t *left) {
        const SharesBlock *block = &shares->blocks[shares->n_blocks - 1];
        uint64_t rest = bytes_min(max_bytes, *left);
        const uint64_t wanted = rest;
        int r = 0;

        if (!shares->has_donors)
                r = find_donors(shares, pod);
        for (size_t i = 0; r == 0 && rest > 0 && i < shares->n_donors; ++i) {
                SharesDonor *donor = &shares->donors[i];

                for (size_t k = 0; r == 0 && k < donor->claim->n_blocks; ++k) {
                        const uint64_t before = rest;

                        if (donor->blocks[k].page_bytes != block->page_bytes ||
                            (is_exact && !nodeset_is_equal(&donor->blocks[k].nodes, &block->nodes)))
                                continue;
                        r = take_parts(shares, &donor->blocks[k], from, &rest);
                        donor->is_changed |= rest != before;
                }
        }
        *left -= wanted - rest;
        return r;
}

/* Putting */

LedgerClaim shares_describe(const HintsClaimant *claimant, const char *container) {
        const Pod *pod = claimant->pod;

        return (LedgerClaim){
                .pod_uid = pod->uid,
                .container = container,
                .namespace_name = pod->namespace_name ? pod->namespace_name : "",
                .pod = pod->name ? pod->name : "",
                .qos = pod_get_qos(pod),
                .state = CLAIM_PENDING,
                .source = claimant->source,
                .container_id = "",
                .reason = "",
                .created_usec = claimant->now_usec,
        };
}

static uint64_t sum_parts(const SharesBlock *block) {
        uint64_t sum = 0;

        for (size_t i = 0; i < block->n_parts; ++i)
                sum = bytes_add_saturated(sum, block->parts[i].bytes);
        return sum;
}

int shares_put_claim(const SharesBlock *blocks,
                     size_t n_blocks,
                     const LedgerClaim *as,
                     LedgerChange *change) {
        LedgerBlock list[LEDGER_BLOCKS_MAX];
        LedgerClaim from = *as;
        LedgerClaim *claim;
        int r;

        for (size_t i = 0; i < n_blocks; ++i)
                list[i] = (LedgerBlock){
                        .nodes = blocks[i].nodes,
                        .page_bytes = blocks[i].page_bytes,
                        .bytes = sum_parts(&blocks[i]),
                        .parts = blocks[i].parts,
                        .n_parts = blocks[i].n_parts,
                };
        from.blocks = list;
        from.n_blocks = n_blocks;
        r = ledger_claim_new(&from, &claim);
        return r ? r : ledger_change_put(change, claim);
}

int shares_finish(const Shares *shares,
                  const HintsClaimant *claimant,
                  const Split *split,
                  LedgerChange *ret) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        LedgerClaim as =
                shares_describe(claimant, claimant->container ? claimant->container->name : "");
        int r;

        as.split = *split;
        r = shares_put_claim(shares->blocks, shares->n_blocks, &as, &change);
        for (size_t i = 0; r == 0 && i < shares->n_donors; ++i)
                if (shares->donors[i].is_changed)
                        r = shares_put_claim(shares->donors[i].blocks,
                                             shares->donors[i].claim->n_blocks,
                                             shares->donors[i].claim, &change);
        if (r)
                return r;
        *ret = change;
        change = (LedgerChange){};
        return 0;
}
