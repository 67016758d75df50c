/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/control.h"

typedef struct Notes {
        const char **items;
        size_t n_items;
} Notes;

static void add(Notes *notes, bool is_so, const char *text) {
        if (is_so && notes->n_items < ENFORCE_NOTES)
                notes->items[notes->n_items++] = text;
}

/* Whether three percent of it are less than what numbers may be behind by. */
static bool is_small(uint64_t ceiling, uint64_t stale_bytes) {
        return stale_bytes > ceiling / 100 * 3;
}

size_t enforce_list_notes(const EnforceTarget *target,
                          const EnforceUsage *usage,
                          const EnforceNode *node,
                          const char *texts[ENFORCE_NOTES]) {
        const bool reclaims = target->backend == ENFORCE_RECLAIM;
        const bool moves_pages =
                target->backend == ENFORCE_MIGRATE || target->backend == ENFORCE_NODE_LIMIT;
        Notes notes = { .items = texts };

        add(&notes, is_small(target->split.local.max, node->stale_bytes),
            "The kernel's counters may be behind by more than three percent of the local ceiling.");
        add(&notes, reclaims && usage->has_swap && !node->moves_pages,
            "It may swap: some of what is to be moved down may be swapped out instead.");
        add(&notes, reclaims && usage->has_swap && node->moves_pages,
            "It may swap: its pages are moved one by one, since what is reclaimed may be swapped "
            "out.");
        add(&notes, reclaims && usage->remote_file > STEP_MIN,
            "It has page cache on remote NUMA nodes, which is dropped before anything is moved "
            "down.");
        add(&notes, reclaims && usage->remote_file <= STEP_MIN && usage->local_file > STEP_MIN,
            "Its page cache is moved down before its anonymous memory is, however often it is "
            "used.");
        add(&notes, reclaims && node->n_lower_tiers > 1,
            "There are several lower tiers: what goes from one of them to the next counts as "
            "moved.");
        add(&notes, moves_pages && usage->local_file > STEP_MIN,
            "Page cache that no process has mapped cannot be moved.");
        add(&notes, target->backend == ENFORCE_DAMOS,
            "The kernel moves at intervals of its own: it may move some more after it is stopped.");
        add(&notes, target->split.remote.max == 0 && target->split.local.max != SPLIT_UNLIMITED,
            "It may have no remote memory, so that there is nowhere to move pages down to.");
        return notes.n_items;
}
