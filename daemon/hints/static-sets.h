/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sets of NUMA nodes as the kubelet's Static policy judges them. Inside this folder only.
 *
 * A set is a mask of places in the machine, bit 0 being its first NUMA node.
 */
#include "hints/hints.h"

#define STATIC_AMOUNTS_MAX  (1u + POD_PAGE_SIZES)
#define STATIC_REUSABLE_MAX 16u
#define STATIC_ELSEWHERE    (UINT32_C(1) << 31) /* a group with NUMA nodes that are gone */

/* Memory of init containers that others of the pod may use again, of exactly this set. */
typedef struct StaticReusable {
        uint32_t set;
        uint64_t bytes[STATIC_AMOUNTS_MAX];
} StaticReusable;

typedef struct StaticSets {
        const HintsMachine *machine;
        PodAmounts amounts; /* that are asked for */
        uint64_t allocatable[HINTS_KUBELET_NODES_MAX][STATIC_AMOUNTS_MAX];
        uint64_t free[HINTS_KUBELET_NODES_MAX][STATIC_AMOUNTS_MAX];
        uint32_t group[HINTS_KUBELET_NODES_MAX]; /* 0: nothing is claimed there */
        uint32_t used;                           /* where something is */
        StaticReusable reusable[STATIC_REUSABLE_MAX];
        size_t n_reusable;
} StaticSets;

typedef enum StaticVerdict {
        STATIC_FITS,
        STATIC_TOO_SMALL,   /* allocatable, claims not counted */
        STATIC_IN_GROUP,    /* one NUMA node, used in a larger group */
        STATIC_USED_ALONE,  /* several, one of them used alone */
        STATIC_OTHER_GROUP, /* several, one of them used in another group */
        STATIC_FULL,        /* not enough is free */
} StaticVerdict;

/* HINTS_E_UNSUPPORTED, or 0. */
_must_check_ int static_sets_check(const HintsMachine *machine, Diag *reterr);
/* @pod: NULL: none, so nothing can be reused. @container: that asks; NULL: the pod does. */
void static_sets_init(StaticSets *sets,
                      const HintsContext *context,
                      const Pod *pod,
                      const PodContainer *container,
                      const PodAmounts *amounts);

StaticVerdict static_sets_judge(const StaticSets *sets, uint32_t set);
/* Every set, by size and then from the first NUMA node. */
void static_sets_visit(const StaticSets *sets,
                       void (*visit)(uint32_t set, StaticVerdict verdict, void *userdata),
                       void *userdata);

uint32_t static_sets_encode(const StaticSets *sets, const NodeSet *nodes);
NodeSet static_sets_decode(const StaticSets *sets, uint32_t set);
uint64_t static_sets_sum_free(const StaticSets *sets, uint32_t set, size_t amount);
uint64_t static_sets_get_reusable(const StaticSets *sets, uint32_t set, size_t amount);
