/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Ranking
 *
 * Local and remote candidates put together, and what the whole costs. Inside this folder only.
 */
#include "hints/candidates.h"

/* Both localities of one request, as one asker sees them. {} after rank_deinit(). */
typedef struct Sides {
        Side local, remote;
} Sides;

_must_check_ int sides_init(Sides *sides,
                            const HintsContext *context,
                            const HintsRequest *request,
                            const SideAsker *asker,
                            const NodeSet *local_within);
void sides_deinit(Sides *sides);
DEFINE_DEINIT(Sides, sides_deinit);

/* The best @max, best first: preferred ones, then by cost, width and ids. Return: 0 or -ENOMEM. */
_must_check_ int rank(const Sides *sides, size_t max, Hint **ret, size_t *ret_n);

/* The members of a set in the order in which they are filled, cheapest first. */
typedef struct RankOrder {
        const SideNode *nodes[NODESET_MAX];
        size_t n_nodes;
} RankOrder;

void rank_order(const Side *side, const NodeSet *set, const NodeSet *homes, RankOrder *ret);
/* NUMA nodes whose CPUs will use the memory of @nodes: its own, or else the nearest. */
NodeSet rank_find_homes(const HintsMachine *machine, const NodeSet *nodes);
