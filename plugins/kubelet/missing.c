/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/missing.h"

#include "kubelet/fingerprint.h"

static uint64_t get_key(const Slug__V1__MissingStaticPod *item) {
        uint64_t hash = FINGERPRINT_EMPTY;

        hash = fingerprint_add(fingerprint_add(fingerprint_add(hash, item->namespace_), item->name),
                               item->file);
        for (size_t i = 0; i < item->n_requested; ++i)
                hash = fingerprint_add(hash, item->requested[i]->resource) ^ item->requested[i]->n;
        return hash;
}

/* What other processes have missed says nothing of these. */
static uint64_t
get_since(const Missing *missing, const Settle *settle, uint64_t key, uint64_t usec) {
        for (size_t i = 0; i < missing->n_rows; ++i)
                if (missing->rows[i].key == key)
                        return missing->rows[i].since_usec > settle->begun_usec
                                       ? missing->rows[i].since_usec
                                       : settle->begun_usec;
        return usec;
}

size_t missing_look(Missing *missing,
                    const Settle *settle,
                    uint64_t usec,
                    Slug__V1__MissingStaticPod **items,
                    size_t n) {
        Missing next = {};
        size_t n_told = 0;

        for (size_t i = 0; settle->has_begun && i < n && i < COLLECT_MISSING_MAX; ++i) {
                const uint64_t key = get_key(items[i]);
                const uint64_t since = get_since(missing, settle, key, usec);

                next.rows[next.n_rows++] = (MissingRow){ key, since };
                if (settle->is_settled && usec > since &&
                    usec - since >= settle->params.settle_usec)
                        items[n_told++] = items[i];
        }
        *missing = next;
        return n_told;
}
