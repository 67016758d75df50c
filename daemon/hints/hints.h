/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Hints
 *
 * Which sets of NUMA nodes can hold a request, and what of the ledger a request becomes. Pure: a
 * machine, a ledger and a pod go in, hints or a change of the ledger come out.
 *
 * Two modes. HINTS_KUBELET is the kubelet's Static memory manager for the same state: every set
 * that holds the request, preferred when it is as narrow as the machine allows; 2^n sets for n NUMA
 * nodes, so only up to HINTS_KUBELET_NODES_MAX of them. HINTS_SLUG takes plain memory and huge
 * pages from local NUMA nodes and remote bytes from remote ones, and finds the cheapest sets in
 * polynomial time.
 */
#include "base/error.h"
#include "hints/machine.h"
#include "split/pod.h"

#define HINTS_MAX               64u /* in slug mode */
#define HINTS_KUBELET_NODES_MAX 12u
#define HINTS_KUBELET_ID_MAX    63u /* the kubelet's masks have 64 bits */

typedef struct HintPart {
        unsigned node;
        uint64_t page_bytes;
        uint64_t bytes;
} HintPart;

typedef struct Hint {
        NodeSet nodes;
        bool is_preferred;
        uint32_t cost_permille; /* of an average byte; 0: not known (kubelet mode) */
} Hint;

/* NUMA nodes with CPUs that are nearest to the remote part of @nodes, or to all of it when it has
 * none. */
NodeSet hints_find_cpu_nodes(const HintsMachine *machine, const NodeSet *nodes);

/* Hints for one kind of page. */
typedef struct HintList {
        uint64_t page_bytes;
        const Hint *hints; /* owned by the answer */
        size_t n_hints;
} HintList;

/* {} is no opinion: the kubelet's nil. */
typedef struct HintsAnswer {
        bool has_opinion;
        HintList lists[1 + POD_PAGE_SIZES];
        size_t n_lists; /* 0 with an opinion: nothing fits, and @lack says what is missing */
        Hint *hints;    /* what the lists point into */
        Diag lack;
} HintsAnswer;

void hints_answer_deinit(HintsAnswer *answer);
DEFINE_DEINIT(HintsAnswer, hints_answer_deinit);

/* What is asked in slug mode: bytes that are promised. */
typedef struct HintsRequest {
        Split split;
        PodAmounts hugepages; /* from local NUMA nodes; no plain memory in it */
} HintsRequest;

/* What a container asks for: its split and its huge pages. Return: 0 or HINTS_E_INVALID. */
_must_check_ int hints_request_of_container(const Pod *pod,
                                            const PodContainer *container,
                                            HintsRequest *ret,
                                            Diag *reterr);

/* Where is asked. */
typedef struct HintsContext {
        const HintsMachine *machine;
        const Ledger *ledger;
        HintsMode mode;
        bool with_pod_level; /* the kubelet's gate PodLevelResourceManagers */
        size_t max_hints;    /* slug mode; 0: HINTS_MAX */
} HintsContext;

enum {
        _HINTS_E_SUCCESS,
        HINTS_E_INVALID,     /* the pod or the request; @reterr says what */
        HINTS_E_UNSUPPORTED, /* kubelet mode on a machine that its masks do not fit */
        HINTS_E_REFUSED,     /* nothing fits, or a rule forbids it; @reterr says which NUMA node
                                lacks how many bytes of what */
        HINTS_E_NONE,        /* the pod gets no memory of its own in this mode */
};

/* Hints. Return: 0, HINTS_E_INVALID, HINTS_E_UNSUPPORTED or -ENOMEM. */
_must_check_ int hints_for_container(const HintsContext *context,
                                     const Pod *pod,
                                     const PodContainer *container,
                                     HintsAnswer *ret,
                                     Diag *reterr);
_must_check_ int
hints_for_pod(const HintsContext *context, const Pod *pod, HintsAnswer *ret, Diag *reterr);
/* In kubelet mode the bytes of both localities are one amount. */
_must_check_ int hints_for_request(const HintsContext *context,
                                   const HintsRequest *request,
                                   HintsAnswer *ret,
                                   Diag *reterr);

/* How a hint of slug mode would place the request: bytes by NUMA node and kind of page. @parts has
 * room for HINTS_PARTS_MAX. Return: how many there are. */
#define HINTS_PARTS_MAX (2u * NODESET_MAX)
size_t hints_place(const HintsContext *context,
                   const HintsRequest *request,
                   const Hint *hint,
                   HintPart parts[static HINTS_PARTS_MAX]);

/* Allocating */

typedef struct HintsAffinity {
        NodeSet nodes;
        bool is_preferred;
} HintsAffinity;

typedef struct HintsClaimant {
        const Pod *pod;
        const PodContainer *container; /* NULL: the pod as a whole */
        const HintsAffinity *affinity; /* NULL: the best hint */
        ClaimSource source;
        uint64_t now_usec; /* wall clock */
} HintsClaimant;

/*
 * hints_allocate() - the change of the ledger that gives a container, or a pod, its memory
 *
 * @ret: a change that puts its claim; also init containers of the same pod, whose bytes it takes
 *       over. {} when the claim exists already
 *
 * Return: 0, HINTS_E_*, or -ENOMEM.
 */
_must_check_ int hints_allocate(const HintsContext *context,
                                const HintsClaimant *claimant,
                                LedgerChange *ret,
                                Diag *reterr);

/* Explaining */

typedef struct HintsConsidered {
        NodeSet nodes;
        bool fits;
        bool is_preferred;
        uint32_t cost_permille; /* 0: not known */
        char verdict[160];      /* one sentence */
} HintsConsidered;

#define HINTS_CONSIDERED_MAX 256u

typedef struct HintsExplanation {
        HintsConsidered *items; /* those that fit first, as they are ranked */
        size_t n_items;
        size_t n_left_out;
} HintsExplanation;

void hints_explanation_deinit(HintsExplanation *explanation);
DEFINE_DEINIT(HintsExplanation, hints_explanation_deinit);

_must_check_ int hints_explain(const HintsContext *context,
                               const HintsRequest *request,
                               HintsExplanation *ret,
                               Diag *reterr);
