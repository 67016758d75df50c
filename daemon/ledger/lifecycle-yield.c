/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "ledger/lifecycle.h"
#include "ledger/rest.h"

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

static void take_pages(LedgerRest *rest, uint64_t page_bytes, Growth *growth) {
        const NodeSet nodes = ledger_claim_get_nodes(&rest->claim);
        uint64_t added = 0, removed = 0, left;

        NODESET_FOREACH (node, &nodes)
                growth->added[node] -= ledger_rest_take(
                        rest, node, page_bytes,
                        bytes_sub_clamped(growth->added[node], growth->removed[node]));
        for (unsigned node = 0; node < NODESET_MAX; ++node) {
                added += growth->added[node];
                removed += growth->removed[node];
        }
        left = bytes_sub_clamped(added, removed);
        NODESET_FOREACH (node, &nodes)
                left -= ledger_rest_take(rest, node, page_bytes, left);
}

/* What a chunk of the observed claim is looked for in. */
typedef struct Takers {
        const LedgerChange *change;
        const char *pod_uid;
} Takers;

static bool is_chunk_taken(const char *chunk, void *userdata) {
        const Takers *takers = userdata;

        for (size_t i = 0; i < takers->change->n_puts; ++i)
                if (strcmp(takers->change->puts[i]->pod_uid, takers->pod_uid) == 0 &&
                    ledger_claim_has_chunk(takers->change->puts[i], chunk))
                        return true;
        return false;
}

static bool has_page_before(const LedgerClaim *claim, size_t block) {
        for (size_t i = 0; i < block; ++i)
                if (claim->blocks[i].page_bytes == claim->blocks[block].page_bytes)
                        return true;
        return false;
}

static int yield(const Ledger *ledger, const LedgerClaim *observed, LedgerChange *change) {
        _cleanup_(ledger_rest_deinitp) LedgerRest rest = {};
        Takers takers = { change, observed->pod_uid };
        Growth growth;
        int r;

        r = ledger_rest_init(&rest, observed);
        if (r)
                return r;
        for (size_t i = 0; i < observed->n_blocks; ++i)
                if (!has_page_before(observed, i)) {
                        const uint64_t page_bytes = observed->blocks[i].page_bytes;

                        get_growth(ledger, change, observed->pod_uid, page_bytes, &growth);
                        take_pages(&rest, page_bytes, &growth);
                }
        ledger_rest_take_chunks(&rest, is_chunk_taken, &takers);
        return rest.has_changed ? ledger_rest_put(&rest, change) : 0;
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
