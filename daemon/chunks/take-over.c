/* SPDX-License-Identifier: Apache-2.0 */
#include "chunks/take-over.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/rest.h"

/*
 * Chunks of one claim go in one stroke. A chunk's bytes are plain memory of its own NUMA node; when
 * the claim has not so many there, nothing is taken from elsewhere. What is left of a promise is on
 * its way out, because its container has ended: the kubelet gives no chunk twice. What is observed
 * was no promise and is only less.
 */
typedef struct Taken {
        const Chunk **chunks; /* of one claim, by id */
        size_t n_chunks;
} Taken;

static int compare(const void *a, const void *b) {
        const Chunk *left = *(const Chunk *const *)a, *right = *(const Chunk *const *)b;
        int by_claim = strcmp(left->claim->pod_uid, right->claim->pod_uid);

        if (by_claim == 0)
                by_claim = strcmp(left->claim->container, right->claim->container);
        return by_claim ? by_claim : chunk_id_compare(&left->id, &right->id);
}

static int compare_id(const void *key, const void *item) {
        return chunk_id_compare(key, &(*(const Chunk *const *)item)->id);
}

static bool is_taken(const char *chunk, void *userdata) {
        const Taken *taken = userdata;
        const ChunkResourceName *name = &taken->chunks[0]->id.resource;
        ChunkId id;

        return chunk_id_parse(chunk, &id) && chunk_resource_is_alike(&id.resource, name) &&
               bsearch(&id, taken->chunks, taken->n_chunks, sizeof(Chunk *), compare_id);
}

static int take(const Taken *taken, LedgerChange *change) {
        _cleanup_(ledger_rest_deinitp) LedgerRest rest = {};
        const Chunk *first = taken->chunks[0];
        char reason[LEDGER_REASON_MAX], id[CHUNK_ID_MAX];
        int r;

        r = ledger_rest_init(&rest, first->claim);
        if (r)
                return r;
        for (size_t i = 0; i < taken->n_chunks; ++i)
                (void)ledger_rest_take(&rest, taken->chunks[i]->id.node, 0,
                                       first->id.resource.bytes);
        ledger_rest_take_chunks(&rest, is_taken, (void *)taken);
        split_take_remote(&rest.claim.split,
                          bytes_mul_saturated(taken->n_chunks, first->id.resource.bytes));
        if (!ledger_claim_is_observed(first->claim)) {
                chunk_id_format(&first->id, id);
                if (taken->n_chunks == 1)
                        (void)snprintf(reason, sizeof(reason),
                                       "the kubelet has given chunk %s to another container", id);
                else
                        (void)snprintf(reason, sizeof(reason),
                                       "the kubelet has given chunk %s and %zu more to another "
                                       "container",
                                       id, taken->n_chunks - 1);
                rest.claim.state = CLAIM_RELEASING;
                rest.claim.reason = reason;
        }
        return ledger_rest_put(&rest, change);
}

int take_over(const Chunk **chunks, size_t n_chunks, LedgerChange *change, size_t *ret_n_taken) {
        size_t n = 0, first = 0;
        int r = 0;

        for (size_t i = 0; i < n_chunks; ++i)
                if (chunks[i]->claim)
                        chunks[n++] = chunks[i];
        if (n > 1)
                qsort(chunks, n, sizeof(Chunk *), compare);
        for (size_t i = 1; r == 0 && i <= n; ++i)
                if (i == n || chunks[i]->claim != chunks[first]->claim) {
                        r = take(&(const Taken){ chunks + first, i - first }, change);
                        first = i;
                }
        *ret_n_taken = n;
        return r;
}
