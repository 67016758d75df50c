/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The best of many hints, in order
 *
 * Made for being asked thousands of times: what is kept of a hint is small, and its set of NUMA
 * nodes is put together when it has come through. Inside this folder only. {} but for @max is
 * empty.
 */
#include "hints/hints.h"

#define RANKING_NONE_ADDED NODESET_MAX

/* A hint, and the three parts of its set. */
typedef struct RankingItem {
        const NodeSet *local, *remote; /* borrowed; no NUMA node is in both */
        unsigned added;                /* one more, or RANKING_NONE_ADDED */
        unsigned width;                /* of all three */
        uint32_t cost_permille;
        bool is_preferred;
} RankingItem;

typedef struct RankingEntry {
        uint64_t key;
        RankingItem item;
} RankingEntry;

typedef struct Ranking {
        RankingEntry entries[HINTS_MAX]; /* best first */
        size_t n_entries;
        size_t max;         /* 1..HINTS_MAX */
        bool has_additions; /* then the same set may come again */
} Ranking;

/* What decides first: preferred ones, then the cost, then the width. */
#define RANKING_COST_SHIFT 16
_Static_assert(NODESET_MAX < 1 << RANKING_COST_SHIFT, "a width fits below the cost");
static inline uint64_t ranking_get_key(bool is_preferred, uint32_t cost_permille, unsigned width) {
        return (is_preferred ? 0 : UINT64_C(1) << 63) |
               (uint64_t)cost_permille << RANKING_COST_SHIFT | width;
}

/* Whether one could still come in that costs so much. */
static inline bool
ranking_wants(const Ranking *ranking, bool is_preferred, uint32_t cost_permille) {
        return ranking->n_entries < ranking->max ||
               ranking_get_key(is_preferred, cost_permille, 0) <=
                       ranking->entries[ranking->n_entries - 1].key;
}

/* One whose set is there already is left out. */
void ranking_insert(Ranking *ranking, const RankingItem *item);
/* @hints: room for as many as there are. */
void ranking_get(const Ranking *ranking, Hint *hints);
