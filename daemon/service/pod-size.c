/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pod is worth
 *
 * What it holds of the node is what the ledger has: its claims, and what was observed of it beside
 * them. Where from the observed part is known is the inventory's word.
 */
#include <stdlib.h>

#include "service/pod-messages.h"

typedef struct Holding {
        bool has_promise;  /* a claim that somebody has made */
        bool has_observed; /* one of slugd's own eyes */
        PodSize rest;      /* claims aside */
} Holding;

static uint64_t sum_rest(const PodSize *rest) {
        uint64_t sum = 0;

        for (size_t i = 0; i < rest->n_amounts; ++i)
                sum = bytes_add_saturated(sum, rest->amounts[i].bytes);
        return sum;
}

/* Nodes */

static int compare_parts(const void *a, const void *b) {
        const Slug__V1__NumaNodeBytes *x = *(Slug__V1__NumaNodeBytes *const *)a;
        const Slug__V1__NumaNodeBytes *y = *(Slug__V1__NumaNodeBytes *const *)b;

        if (x->numa_node != y->numa_node)
                return x->numa_node < y->numa_node ? -1 : 1;
        return (x->page_size_bytes > y->page_size_bytes) -
               (x->page_size_bytes < y->page_size_bytes);
}

/* Those of the same NUMA node and page size stand side by side: they become one. */
static size_t merge_parts(Slug__V1__NumaNodeBytes **parts, size_t n_parts) {
        size_t n = 0;

        for (size_t i = 0; i < n_parts; ++i) {
                if (n > 0 && compare_parts(&parts[n - 1], &parts[i]) == 0)
                        parts[n - 1]->bytes =
                                bytes_add_saturated(parts[n - 1]->bytes, parts[i]->bytes);
                else
                        parts[n++] = parts[i];
        }
        return n;
}

static void add_parts(const LedgerBlock *block, Slug__V1__NumaNodeBytes **parts, size_t *n_parts) {
        for (size_t i = 0; i < block->n_parts; ++i) {
                parts[*n_parts]->numa_node = block->parts[i].node;
                parts[*n_parts]->page_size_bytes = block->page_bytes;
                parts[*n_parts]->bytes = block->parts[i].bytes;
                ++*n_parts;
        }
}

/* A share of a pod's claim is counted there. */
static const LedgerClaim *
next_counted(const Ledger *ledger, const char *uid, const LedgerClaim *claim) {
        do
                claim = ledger_next_of_pod(ledger, uid, claim);
        while (claim && claim->is_within_pod);
        return claim;
}

static int
add_claimed(Arena *arena, const Ledger *ledger, const char *uid, Slug__V1__ListedPod *message) {
        Slug__V1__NumaNodeBytes **parts;
        size_t n_parts = 0;

        for (const LedgerClaim *claim = next_counted(ledger, uid, NULL); claim;
             claim = next_counted(ledger, uid, claim))
                for (size_t i = 0; i < claim->n_blocks; ++i)
                        n_parts += claim->blocks[i].n_parts;
        parts = MESSAGE_LIST(arena, n_parts, Slug__V1__NumaNodeBytes,
                             SLUG__V1__NUMA_NODE_BYTES__INIT);
        if (!parts)
                return -ENOMEM;
        n_parts = 0;
        for (const LedgerClaim *claim = next_counted(ledger, uid, NULL); claim;
             claim = next_counted(ledger, uid, claim))
                for (size_t i = 0; i < claim->n_blocks; ++i)
                        add_parts(&claim->blocks[i], parts, &n_parts);
        if (n_parts > 0)
                qsort(parts, n_parts, sizeof(*parts), compare_parts);
        message->size_numa_nodes = parts;
        message->n_size_numa_nodes = merge_parts(parts, n_parts);
        for (size_t i = 0; i < message->n_size_numa_nodes; ++i)
                message->size_bytes = bytes_add_saturated(message->size_bytes, parts[i]->bytes);
        return 0;
}

/* Words */

static Slug__V1__PodSizeSource encode_source(SizeSource source) {
        switch (source) {
        case SIZE_REQUEST:
                return SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_REQUEST;
        case SIZE_LIMIT:
        case SIZE_MIXED: /* between requests and usage */
                return SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_LIMIT;
        case SIZE_USAGE:
                return SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_USAGE;
        case SIZE_UNKNOWN:
                break;
        }
        return SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_UNSPECIFIED;
}

static Slug__V1__PodSizeConfidence encode_confidence(SizeSource source) {
        switch (source) {
        case SIZE_REQUEST:
                return SLUG__V1__POD_SIZE_CONFIDENCE__POD_SIZE_CONFIDENCE_HIGH;
        case SIZE_LIMIT:
        case SIZE_MIXED:
                return SLUG__V1__POD_SIZE_CONFIDENCE__POD_SIZE_CONFIDENCE_MEDIUM;
        case SIZE_USAGE:
                return SLUG__V1__POD_SIZE_CONFIDENCE__POD_SIZE_CONFIDENCE_LOW;
        case SIZE_UNKNOWN:
                break;
        }
        return SLUG__V1__POD_SIZE_CONFIDENCE__POD_SIZE_CONFIDENCE_UNSPECIFIED;
}

static void fill_words(const Holding *holding, Slug__V1__ListedPod *message) {
        const bool is_sure = holding->rest.source == SIZE_UNKNOWN ||
                             holding->rest.source == SIZE_REQUEST || sum_rest(&holding->rest) == 0;

        if (!holding->has_promise) {
                message->size_source = encode_source(holding->rest.source);
                message->size_confidence = encode_confidence(holding->rest.source);
                return;
        }
        message->size_source = SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_CLAIM;
        message->size_confidence =
                is_sure ? SLUG__V1__POD_SIZE_CONFIDENCE__POD_SIZE_CONFIDENCE_HIGH
                        : SLUG__V1__POD_SIZE_CONFIDENCE__POD_SIZE_CONFIDENCE_MEDIUM;
}

int pod_build_size(Arena *arena,
                   const Ledger *ledger,
                   const char *uid,
                   const InventoryPod *pod,
                   Slug__V1__ListedPod *message) {
        Holding holding = {};
        int r;

        for (const LedgerClaim *claim = ledger_next_of_pod(ledger, uid, NULL); claim;
             claim = ledger_next_of_pod(ledger, uid, claim)) {
                const bool is_observed = claim->source == CLAIM_SOURCE_OBSERVED;

                holding.has_observed |= is_observed;
                holding.has_promise |= !is_observed;
        }
        if (pod)
                holding.rest = inventory_get_size(pod, ledger);
        r = add_claimed(arena, ledger, uid, message);
        if (r)
                return r;
        /* what the next look adopts */
        if (!holding.has_observed)
                message->size_bytes =
                        bytes_add_saturated(message->size_bytes, sum_rest(&holding.rest));
        fill_words(&holding, message);
        return 0;
}
