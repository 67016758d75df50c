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
 *
 * The claim of a pod as a whole has the bytes of its shares, and those of their chunks go from
 * there, too: else they were counted twice, and a NUMA node that is full had no room for them. It
 * goes with its shares, so that it stays what it is.
 */
typedef struct Taken {
        const LedgerClaim *claim;
        const Chunk **chunks; /* its own, or of its shares, by id */
        size_t n_chunks;
} Taken;

static int compare(const void *a, const void *b) {
        const Chunk *left = *(const Chunk *const *)a, *right = *(const Chunk *const *)b;
        int by_claim = strcmp(left->claim->pod_uid, right->claim->pod_uid);

        if (by_claim == 0)
                by_claim = strcmp(left->claim->container, right->claim->container);
        return by_claim ? by_claim : chunk_id_compare(&left->id, &right->id);
}

static int compare_chunks(const void *a, const void *b) {
        return chunk_id_compare(&(*(const Chunk *const *)a)->id, &(*(const Chunk *const *)b)->id);
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

/* @claim: what is left of it, while it is written */
static void
end_promise(const Taken *taken, LedgerClaim *claim, char reason[static LEDGER_REASON_MAX]) {
        char id[CHUNK_ID_MAX];

        chunk_id_format(&taken->chunks[0]->id, id);
        if (taken->n_chunks == 1)
                (void)snprintf(reason, LEDGER_REASON_MAX,
                               "the kubelet has given chunk %s to another container", id);
        else
                (void)snprintf(reason, LEDGER_REASON_MAX,
                               "the kubelet has given chunk %s and %zu more to another container",
                               id, taken->n_chunks - 1);
        claim->state = CLAIM_RELEASING;
        claim->reason = reason;
}

static int take(const Taken *taken, LedgerChange *change) {
        _cleanup_(ledger_rest_deinitp) LedgerRest rest = {};
        const bool is_holder = taken->claim == taken->chunks[0]->claim;
        const uint64_t chunk_bytes = taken->chunks[0]->id.resource.bytes;
        char reason[LEDGER_REASON_MAX];
        int r;

        r = ledger_rest_init(&rest, taken->claim);
        if (r)
                return r;
        for (size_t i = 0; i < taken->n_chunks; ++i)
                (void)ledger_rest_take(&rest, taken->chunks[i]->id.node, 0, chunk_bytes);
        ledger_rest_take_chunks(&rest, is_taken, (void *)taken);
        split_take_remote(&rest.claim.split, bytes_mul_saturated(taken->n_chunks, chunk_bytes));
        if (is_holder && !ledger_claim_is_observed(taken->claim))
                end_promise(taken, &rest.claim, reason);
        return ledger_rest_put(&rest, change);
}

/* @chunks: of shares of one pod, by claim; by id after it */
static int
take_from_whole(const Ledger *ledger, const Chunk **chunks, size_t n, LedgerChange *change) {
        const LedgerClaim *whole = ledger_find(ledger, chunks[0]->claim->pod_uid, "");

        if (!whole || ledger_claim_is_observed(whole) || ledger_change_has(change, whole))
                return 0;
        qsort(chunks, n, sizeof(Chunk *), compare_chunks);
        return take(&(const Taken){ whole, chunks, n }, change);
}

static bool is_share_of(const Chunk *chunk, const char *pod_uid) {
        return chunk->claim->is_within_pod && strcmp(chunk->claim->pod_uid, pod_uid) == 0;
}

int take_over(const Ledger *ledger,
              const Chunk **chunks,
              size_t n_chunks,
              LedgerChange *change,
              size_t *ret_n_taken) {
        size_t n = 0, first = 0, n_some;
        int r = 0;

        for (size_t i = 0; i < n_chunks; ++i)
                if (chunks[i]->claim)
                        chunks[n++] = chunks[i];
        if (n > 1)
                qsort(chunks, n, sizeof(Chunk *), compare);
        for (size_t i = 1; r == 0 && i <= n; ++i)
                if (i == n || chunks[i]->claim != chunks[first]->claim) {
                        r = take(&(const Taken){ chunks[first]->claim, chunks + first, i - first },
                                 change);
                        first = i;
                }
        for (size_t i = 0; r == 0 && i < n; i += n_some) {
                const char *pod_uid = chunks[i]->claim->pod_uid;

                for (n_some = 0; i + n_some < n && is_share_of(chunks[i + n_some], pod_uid);)
                        ++n_some;
                if (n_some > 0)
                        r = take_from_whole(ledger, chunks + i, n_some, change);
                else
                        n_some = 1;
        }
        *ret_n_taken = n;
        return r;
}
