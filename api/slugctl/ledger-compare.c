/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/ledger-compare.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "slugctl/claim.h"
#include "split/split.h"

/*
 * Both lists are sorted by key and walked side by side. What has two spellings on the wire is
 * compared by what it means: no split is one of nothing, no ceiling is the highest one.
 */
static int compare_keys(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        const int by_pod = strcmp(a->pod_uid, b->pod_uid);

        return by_pod ? by_pod : strcmp(a->container, b->container);
}

static int compare_items(const void *a, const void *b) {
        return compare_keys(*(Slug__V1__Claim *const *)a, *(Slug__V1__Claim *const *)b);
}

/* Fields */

static bool has_same_namespace(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        return strcmp(a->namespace_, b->namespace_) == 0;
}

static bool has_same_pod(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        return strcmp(a->pod, b->pod) == 0;
}

static bool has_same_qos(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        return a->qos_class == b->qos_class;
}

static bool has_same_state(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        return a->state == b->state;
}

static bool has_same_source(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        return a->source == b->source;
}

static bool has_same_within(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        return a->within_pod == b->within_pod;
}

static SplitRange get_range(const Slug__V1__MemoryRange *range) {
        if (!range)
                return (SplitRange){};
        return (SplitRange){
                .min = range->min_bytes,
                .max = range->_max_bytes_case ? range->max_bytes : SPLIT_UNLIMITED,
        };
}

static bool is_same_range(const Slug__V1__MemoryRange *a, const Slug__V1__MemoryRange *b) {
        const SplitRange one = get_range(a), other = get_range(b);

        return one.min == other.min && one.max == other.max;
}

static bool has_same_split(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        return is_same_range(a->split ? a->split->local : NULL,
                             b->split ? b->split->local : NULL) &&
               is_same_range(a->split ? a->split->remote : NULL,
                             b->split ? b->split->remote : NULL);
}

static bool is_same_block(const Slug__V1__MemoryBlock *a, const Slug__V1__MemoryBlock *b) {
        if (strcmp(a->type, b->type) != 0 || strcmp(a->numa_nodes, b->numa_nodes) != 0 ||
            a->size_bytes != b->size_bytes || a->n_placement != b->n_placement)
                return false;
        for (size_t i = 0; i < a->n_placement; ++i)
                if (a->placement[i]->numa_node != b->placement[i]->numa_node ||
                    a->placement[i]->page_size_bytes != b->placement[i]->page_size_bytes ||
                    a->placement[i]->bytes != b->placement[i]->bytes)
                        return false;
        return true;
}

static bool has_same_blocks(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        if (a->n_blocks != b->n_blocks)
                return false;
        for (size_t i = 0; i < a->n_blocks; ++i)
                if (!is_same_block(a->blocks[i], b->blocks[i]))
                        return false;
        return true;
}

static bool has_same_chunks(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        if (a->n_chunks != b->n_chunks)
                return false;
        for (size_t i = 0; i < a->n_chunks; ++i)
                if (strcmp(a->chunks[i], b->chunks[i]) != 0)
                        return false;
        return true;
}

static bool has_same_container_id(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        return strcmp(a->container_id, b->container_id) == 0;
}

static bool has_same_reason(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        return strcmp(a->reason, b->reason) == 0;
}

static bool has_same_age(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        return a->created_usec == b->created_usec;
}

static const struct {
        const char *name;
        bool (*is_same)(const Slug__V1__Claim *a, const Slug__V1__Claim *b);
} fields[] = {
        { "namespace", has_same_namespace }, { "pod", has_same_pod },
        { "qosClass", has_same_qos },        { "state", has_same_state },
        { "source", has_same_source },       { "withinPod", has_same_within },
        { "split", has_same_split },         { "blocks", has_same_blocks },
        { "chunks", has_same_chunks },       { "containerId", has_same_container_id },
        { "reason", has_same_reason },       { "createdUsec", has_same_age },
};

const char *ledger_difference_field(unsigned bit) {
        return bit < ELEMENTSOF(fields) ? fields[bit].name : NULL;
}

static unsigned compare_fields(const Slug__V1__Claim *a, const Slug__V1__Claim *b) {
        unsigned differing = 0;

        for (unsigned i = 0; i < ELEMENTSOF(fields); ++i)
                if (!fields[i].is_same(a, b))
                        differing |= 1u << i;
        return differing;
}

/* Lists */

static int sort(Slug__V1__Claim *const *list, size_t n, Slug__V1__Claim ***ret) {
        Slug__V1__Claim **sorted = calloc(n + 1, sizeof(*sorted));

        if (!sorted)
                return -ENOMEM;
        if (n > 0)
                memcpy(sorted, list, n * sizeof(*sorted));
        qsort(sorted, n, sizeof(*sorted), compare_items);
        *ret = sorted;
        return 0;
}

/* Ended by NULL, both of them. */
static size_t
walk(Slug__V1__Claim *const *logged, Slug__V1__Claim *const *held, LedgerDifference *ret) {
        size_t n = 0;

        while (*logged || *held) {
                const int order = !*logged ? 1 : !*held ? -1 : compare_keys(*logged, *held);
                const LedgerDifference difference = {
                        .logged = order <= 0 ? *logged++ : NULL,
                        .held = order >= 0 ? *held++ : NULL,
                };

                ret[n] = difference;
                if (order == 0)
                        ret[n].fields = compare_fields(difference.logged, difference.held);
                n += order != 0 || ret[n].fields != 0;
        }
        return n;
}

int ledger_compare(Slug__V1__Claim *const *logged,
                   size_t n_logged,
                   Slug__V1__Claim *const *held,
                   size_t n_held,
                   LedgerDifference **ret,
                   size_t *ret_n) {
        _cleanup_(freep) Slug__V1__Claim **sorted_logged = NULL, **sorted_held = NULL;
        LedgerDifference *differences;
        int r;

        r = sort(logged, n_logged, &sorted_logged);
        if (r == 0)
                r = sort(held, n_held, &sorted_held);
        if (r)
                return r;
        differences = calloc(n_logged + n_held + 1, sizeof(*differences));
        if (!differences)
                return -ENOMEM;
        *ret_n = walk(sorted_logged, sorted_held, differences);
        *ret = differences;
        return 0;
}

void ledger_difference_append(const LedgerDifference *difference, Buffer *buffer) {
        const char *separator = "";

        if (!difference->logged || !difference->held) {
                buffer_append_text(buffer,
                                   difference->logged ? "only in the log" : "only in slugd");
                return;
        }
        for (unsigned i = 0; i < ELEMENTSOF(fields); ++i) {
                if (!(difference->fields & 1u << i))
                        continue;
                buffer_printf(buffer, "%s%s", separator, fields[i].name);
                if (fields[i].is_same == has_same_state)
                        buffer_printf(buffer, ": %s in the log, %s in slugd",
                                      claim_state_word(difference->logged->state),
                                      claim_state_word(difference->held->state));
                separator = "; ";
        }
}
