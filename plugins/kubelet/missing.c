/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/missing.h"

/* FNV-1a: it tells whether it is the same as before, to ourselves alone. */
static uint64_t mix(uint64_t hash, const char *text) {
        for (; *text; ++text)
                hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
        return (hash ^ '\n') * UINT64_C(0x100000001b3);
}

static uint64_t get_key(const Slug__V1__MissingStaticPod *item) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        hash = mix(mix(mix(hash, item->namespace_), item->name), item->file);
        for (size_t i = 0; i < item->n_requested; ++i)
                hash = mix(hash, item->requested[i]->resource) ^ item->requested[i]->n;
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
