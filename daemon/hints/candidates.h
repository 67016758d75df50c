/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Candidates
 *
 * Sets of NUMA nodes of one locality that hold what is asked of it. Inside this folder only.
 */
#include "hints/hints.h"

#define SIDE_AMOUNTS_MAX (1u + POD_PAGE_SIZES)

typedef struct SideNode {
        const HintsNode *node;
        size_t place; /* in the machine */
        uint64_t allocatable[SIDE_AMOUNTS_MAX];
        uint64_t free[SIDE_AMOUNTS_MAX]; /* for this pod: with what its init containers hold */
} SideNode;

/* The NUMA nodes of one locality, and what is asked of them together. */
typedef struct Side {
        const HintsMachine *machine;
        Locality locality;
        PodAmounts amounts; /* none: nothing is asked */
        SideNode *nodes;    /* by rising id */
        size_t n_nodes;
} Side;

/* Who asks: free memory is counted for them. Both may be NULL. */
typedef struct SideAsker {
        const Pod *pod;
        const PodContainer *container;
} SideAsker;

/* @within: only these NUMA nodes; NULL: all. Return: 0 or -ENOMEM. */
_must_check_ int side_init(Side *side,
                           const HintsContext *context,
                           Locality locality,
                           const PodAmounts *amounts,
                           const SideAsker *asker,
                           const NodeSet *within);
void side_deinit(Side *side);
DEFINE_DEINIT(Side, side_deinit);

bool side_holds(const Side *side, const NodeSet *nodes);
/* How many NUMA nodes an empty machine would need. Exact for one kind of page, and on machines so
 * small that all sets are tried; otherwise a lower bound, exact if it is 1. */
unsigned side_get_narrowest(const Side *side);
const SideNode *side_find(const Side *side, unsigned id);

#define CANDIDATES_MAX 64u

typedef struct Candidates {
        NodeSet sets[CANDIDATES_MAX]; /* narrow ones first, then cheap ones */
        size_t n_sets;
} Candidates;

/* No set has a member that it could do without. */
void candidates_find(const Side *side, Candidates *ret);
