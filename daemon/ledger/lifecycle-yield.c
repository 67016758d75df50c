/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "ledger/lifecycle.h"

/*
 * Page size by page size, what promises of the pod grow by is taken from what is observed of it: on
 * the same NUMA node first, because there the bytes must not be wanted twice of the same room; what
 * is promised elsewhere comes from the lowest NUMA node that has some left. Shares of a pod's own
 * claim are not counted, as they are nowhere.
 */

/* What promises of a pod gain and lose with a change, of one page size. */
typedef struct Growth {
        uint64_t added[NODESET_MAX];
        uint64_t removed[NODESET_MAX];
} Growth;

static void count(const LedgerClaim *claim, uint64_t page_bytes, uint64_t bytes[NODESET_MAX]) {
        if (!claim || claim->is_within_pod || ledger_claim_is_observed(claim))
                return;
        for (size_t i = 0; i < claim->n_blocks; ++i)
                for (size_t k = 0;
                     claim->blocks[i].page_bytes == page_bytes && k < claim->blocks[i].n_parts; ++k)
                        bytes[claim->blocks[i].parts[k].node] += claim->blocks[i].parts[k].bytes;
}

static bool is_put(const LedgerChange *change, const LedgerKey *key) {
        for (size_t i = 0; i < change->n_puts; ++i)
                if (strcmp(change->puts[i]->pod_uid, key->pod_uid) == 0 &&
                    strcmp(change->puts[i]->container, key->container) == 0)
                        return true;
        return false;
}

/* Whether an earlier drop of the change has the same key: what goes, goes once. */
static bool is_repeated(const LedgerChange *change, size_t drop) {
        for (size_t i = 0; i < drop; ++i)
                if (strcmp(change->drops[i].pod_uid, change->drops[drop].pod_uid) == 0 &&
                    strcmp(change->drops[i].container, change->drops[drop].container) == 0)
                        return true;
        return false;
}

static void get_growth(const Ledger *ledger,
                       const LedgerChange *change,
                       const char *pod_uid,
                       uint64_t page_bytes,
                       Growth *ret) {
        *ret = (Growth){};
        for (size_t i = 0; i < change->n_puts; ++i) {
                const LedgerClaim *put = change->puts[i];

                if (strcmp(put->pod_uid, pod_uid) != 0)
                        continue;
                count(put, page_bytes, ret->added);
                count(ledger_find(ledger, pod_uid, put->container), page_bytes, ret->removed);
        }
        for (size_t i = 0; i < change->n_drops; ++i) {
                const LedgerKey *key = &change->drops[i];

                if (strcmp(key->pod_uid, pod_uid) == 0 && !is_put(change, key) &&
                    !is_repeated(change, i))
                        count(ledger_find(ledger, pod_uid, key->container), page_bytes,
                              ret->removed);
        }
}

/* What is left of an observed claim. Texts are borrowed from it. */
typedef struct Rest {
        LedgerClaim claim;
        LedgerBlock blocks[LEDGER_BLOCKS_MAX];
        LedgerPart *parts[LEDGER_BLOCKS_MAX]; /* of the blocks, to be written */
        const char **chunks;
        bool has_changed;
} Rest;

static void rest_deinit(Rest *rest) {
        for (size_t i = 0; i < LEDGER_BLOCKS_MAX; ++i)
                free(rest->parts[i]);
        free(rest->chunks);
}
DEFINE_DEINIT(Rest, rest_deinit);

static int rest_init(Rest *rest, const LedgerClaim *observed) {
        rest->claim = *observed;
        rest->chunks = calloc(observed->n_chunks + 1, sizeof(*rest->chunks));
        if (!rest->chunks)
                return -ENOMEM;
        if (observed->n_chunks > 0)
                memcpy(rest->chunks, observed->chunks, observed->n_chunks * sizeof(*rest->chunks));
        for (size_t i = 0; i < observed->n_blocks; ++i) {
                const LedgerBlock *block = &observed->blocks[i];

                rest->parts[i] = calloc(block->n_parts + 1, sizeof(*rest->parts[i]));
                if (!rest->parts[i])
                        return -ENOMEM;
                if (block->n_parts > 0)
                        memcpy(rest->parts[i], block->parts,
                               block->n_parts * sizeof(*rest->parts[i]));
                rest->blocks[i] = *block;
                rest->blocks[i].parts = rest->parts[i];
        }
        rest->claim.blocks = rest->blocks;
        rest->claim.chunks = rest->chunks;
        return 0;
}

/* Of that NUMA node, up to @bytes. Return: what was taken. */
static uint64_t take(Rest *rest, unsigned node, uint64_t page_bytes, uint64_t bytes) {
        const uint64_t wanted = bytes;

        for (size_t i = 0; i < rest->claim.n_blocks; ++i)
                for (size_t k = 0; bytes > 0 && rest->blocks[i].page_bytes == page_bytes &&
                                   k < rest->blocks[i].n_parts;
                     ++k) {
                        LedgerPart *part = &rest->parts[i][k];
                        const uint64_t taken =
                                part->node == node ? bytes_min(part->bytes, bytes) : 0;

                        part->bytes -= taken;
                        rest->blocks[i].bytes -= taken;
                        bytes -= taken;
                }
        rest->has_changed = rest->has_changed || bytes < wanted;
        return wanted - bytes;
}

static void take_pages(Rest *rest, uint64_t page_bytes, Growth *growth) {
        const NodeSet nodes = ledger_claim_get_nodes(&rest->claim);
        uint64_t added = 0, removed = 0, left;

        NODESET_FOREACH (node, &nodes)
                growth->added[node] -=
                        take(rest, node, page_bytes,
                             bytes_sub_clamped(growth->added[node], growth->removed[node]));
        for (unsigned node = 0; node < NODESET_MAX; ++node) {
                added += growth->added[node];
                removed += growth->removed[node];
        }
        left = bytes_sub_clamped(added, removed);
        NODESET_FOREACH (node, &nodes)
                left -= take(rest, node, page_bytes, left);
}

static void take_chunks(Rest *rest, const LedgerChange *change) {
        size_t n = 0;

        for (size_t i = 0; i < rest->claim.n_chunks; ++i) {
                bool is_taken = false;

                for (size_t k = 0; !is_taken && k < change->n_puts; ++k)
                        is_taken = strcmp(change->puts[k]->pod_uid, rest->claim.pod_uid) == 0 &&
                                   ledger_claim_has_chunk(change->puts[k], rest->chunks[i]);
                if (!is_taken)
                        rest->chunks[n++] = rest->chunks[i];
        }
        rest->has_changed = rest->has_changed || n < rest->claim.n_chunks;
        rest->claim.n_chunks = n;
}

/* Parts and blocks without bytes go, and NUMA nodes of which nothing is held. */
static void leave_out_empty(Rest *rest) {
        size_t n_blocks = 0;

        for (size_t i = 0; i < rest->claim.n_blocks; ++i) {
                LedgerBlock block = rest->blocks[i];
                size_t n_parts = 0;

                for (size_t k = 0; k < block.n_parts; ++k)
                        if (rest->parts[i][k].bytes > 0)
                                rest->parts[i][n_parts++] = rest->parts[i][k];
                        else
                                nodeset_remove(&block.nodes, rest->parts[i][k].node);
                block.n_parts = n_parts;
                if (n_parts > 0)
                        rest->blocks[n_blocks++] = block;
        }
        rest->claim.n_blocks = n_blocks;
}

static int put_rest(const Rest *rest, LedgerChange *change) {
        LedgerClaim *claim;
        int r;

        if (rest->claim.n_blocks == 0 && rest->claim.n_chunks == 0)
                return ledger_change_drop(change, rest->claim.pod_uid, rest->claim.container);
        r = ledger_claim_new(&rest->claim, &claim);
        return r ? r : ledger_change_put(change, claim);
}

static bool has_page_before(const LedgerClaim *claim, size_t block) {
        for (size_t i = 0; i < block; ++i)
                if (claim->blocks[i].page_bytes == claim->blocks[block].page_bytes)
                        return true;
        return false;
}

static int yield(const Ledger *ledger, const LedgerClaim *observed, LedgerChange *change) {
        _cleanup_(rest_deinitp) Rest rest = {};
        Growth growth;
        int r;

        r = rest_init(&rest, observed);
        if (r)
                return r;
        for (size_t i = 0; i < observed->n_blocks; ++i)
                if (!has_page_before(observed, i)) {
                        const uint64_t page_bytes = observed->blocks[i].page_bytes;

                        get_growth(ledger, change, observed->pod_uid, page_bytes, &growth);
                        take_pages(&rest, page_bytes, &growth);
                }
        take_chunks(&rest, change);
        if (!rest.has_changed)
                return 0;
        leave_out_empty(&rest);
        return put_rest(&rest, change);
}

int lifecycle_yield(const Ledger *ledger, LedgerChange *change) {
        const size_t n_puts = change->n_puts; /* what is put here is observed */

        for (size_t i = 0; i < n_puts; ++i) {
                const LedgerClaim *put = change->puts[i];
                const LedgerClaim *observed = ledger_find_observed(ledger, put->pod_uid);
                int r;

                if (ledger_claim_is_observed(put) || !observed ||
                    ledger_change_has(change, observed))
                        continue;
                r = yield(ledger, observed, change);
                if (r)
                        return r;
        }
        return 0;
}
