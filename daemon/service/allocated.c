/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What claims hold
 *
 * The rows of kubectl's "Allocated resources": what is promised, and how far it may grow. Requests
 * are bytes that are charged; limits are the ceilings of the splits, and a claim without a ceiling
 * adds none, as in kubectl; what is observed has been asked for by nobody, and is charged all the
 * same. Plain memory has a row of its own and one for each locality.
 */
#include "service/messages.h"

static uint64_t sum_limits(const Ledger *ledger, bool has_local, bool has_remote) {
        uint64_t sum = 0;

        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim)) {
                const Split *split = &claim->split;
                const bool is_plain = split->local.max == 0 && split->remote.max == 0;

                if (claim->is_within_pod)
                        continue;
                /* the kubelet's own way has no split: what it gives is the limit, too; what is
                 * observed has been given by nobody */
                if (is_plain && has_local && !ledger_claim_is_observed(claim))
                        sum = bytes_add_saturated(sum, ledger_claim_get_bytes(claim, 0));
                if (has_local && split->local.max != SPLIT_UNLIMITED)
                        sum = bytes_add_saturated(sum, split->local.max);
                if (has_remote && split->remote.max != SPLIT_UNLIMITED)
                        sum = bytes_add_saturated(sum, split->remote.max);
        }
        return sum;
}

static uint64_t sum_claimed(const NodeView *view, Locality locality, uint64_t page_bytes) {
        uint64_t sum = 0;

        for (size_t i = 0; i < view->capacity->n_nodes; ++i)
                if (locality == _LOCALITY_N || view->capacity->nodes[i].locality == locality)
                        sum = bytes_add_saturated(
                                sum, ledger_get_claimed(view->ledger, view->capacity->nodes[i].id,
                                                        page_bytes));
        return sum;
}

static uint64_t sum_hugepages(const Capacity *capacity, uint64_t page_bytes) {
        uint64_t sum = 0;

        for (size_t i = 0; i < capacity->n_nodes; ++i)
                for (size_t k = 0; k < capacity->nodes[i].n_hugepages; ++k)
                        if (capacity->nodes[i].hugepages[k].page_bytes == page_bytes)
                                sum = bytes_add_saturated(sum,
                                                          capacity->nodes[i].hugepages[k].bytes);
        return sum;
}

int message_add_allocated(Arena *arena,
                          const NodeView *view,
                          Slug__V1__DescribeNodeResponse *message) {
        const Capacity *capacity = view->capacity;
        const MemorySum *sum = &capacity->allocatable;
        const struct {
                const char *name;
                Locality locality;
                bool has_local, has_remote;
                uint64_t allocatable;
        } rows[] = {
                { "memory", _LOCALITY_N, true, true,
                  bytes_add_saturated(sum->local_bytes, sum->remote_bytes) },
                { "memory (local)", LOCALITY_LOCAL, true, false, sum->local_bytes },
                { "memory (remote)", LOCALITY_REMOTE, false, true, sum->remote_bytes },
        };
        Slug__V1__AllocatedResource **list;

        if (!view->ledger)
                return 0;
        list = MESSAGE_LIST(arena, ELEMENTSOF(rows) + capacity->n_hugepages,
                            Slug__V1__AllocatedResource, SLUG__V1__ALLOCATED_RESOURCE__INIT);
        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(rows); ++i) {
                list[i]->resource = (char *)rows[i].name;
                list[i]->requested_bytes = sum_claimed(view, rows[i].locality, 0);
                list[i]->limit_bytes =
                        sum_limits(view->ledger, rows[i].has_local, rows[i].has_remote);
                list[i]->allocatable_bytes = rows[i].allocatable;
        }
        for (size_t i = 0; i < capacity->n_hugepages; ++i) {
                const uint64_t page_bytes = capacity->hugepages[i].page_bytes;
                Slug__V1__AllocatedResource *row = list[ELEMENTSOF(rows) + i];
                char name[POD_RESOURCE_NAME_MAX];

                row->resource = arena_strdup(arena, pod_format_resource(page_bytes, name));
                if (!row->resource)
                        return -ENOMEM;
                row->requested_bytes = sum_claimed(view, _LOCALITY_N, page_bytes);
                row->limit_bytes = row->requested_bytes; /* huge pages have no other limit */
                row->allocatable_bytes = sum_hugepages(capacity, page_bytes);
        }
        message->n_allocated_resources = ELEMENTSOF(rows) + capacity->n_hugepages;
        message->allocated_resources = list;
        message->claim_count = ledger_get_n_claims(view->ledger);
        return 0;
}
