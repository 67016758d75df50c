/* SPDX-License-Identifier: Apache-2.0 */
#include "hints/hints.h"

#include <errno.h>
#include <string.h>

#include "hints/rank.h"
#include "hints/refusal.h"
#include "hints/request.h"
#include "hints/shares.h"
#include "hints/static-policy.h"

/*
 * Both modes behind the same functions. Kubelet mode is in static-*.c; slug mode is here, made of
 * candidates (candidates.c) that are ranked (rank.c).
 *
 * In slug mode every container that is promised anything has a claim, whatever its QoS class, and
 * NUMA nodes are shared byte by byte: the kubelet's rule that one which is used alone is not used
 * in a group is not needed, since every claim knows its bytes.
 */

void hints_answer_deinit(HintsAnswer *answer) {
        free(answer->hints);
        *answer = (HintsAnswer){};
}

NodeSet hints_find_cpu_nodes(const HintsMachine *machine, const NodeSet *nodes) {
        NodeSet remote = {};
        NodeSet cpus = {};

        NODESET_FOREACH (id, nodes) {
                const HintsNode *node = hints_machine_find(machine, id);

                if (node && node->locality == LOCALITY_REMOTE)
                        nodeset_add(&remote, id);
        }
        if (nodeset_is_empty(&remote))
                return rank_find_homes(machine, nodes);
        NODESET_FOREACH (id, &remote)
                cpus = nodeset_or(&cpus, &hints_machine_find(machine, id)->near_cpus);
        return cpus;
}

/* Hints of slug mode */

static size_t get_max(const HintsContext *context) {
        return context->max_hints > 0 && context->max_hints < HINTS_MAX ? context->max_hints
                                                                        : HINTS_MAX;
}

static int answer_request(const HintsContext *context,
                          const HintsRequest *request,
                          const SideAsker *asker,
                          HintsAnswer *ret) {
        _cleanup_(sides_deinitp) Sides sides = {};
        const PodAmounts amounts = request_get_amounts(request);
        HintsAnswer answer = { .has_opinion = true };
        size_t n_hints;
        int r;

        if (request_is_empty(request)) {
                *ret = (HintsAnswer){};
                return 0;
        }
        r = sides_init(&sides, context, request, asker, NULL);
        if (r)
                return r;
        r = rank(&sides, get_max(context), &answer.hints, &n_hints);
        if (r)
                return r;
        for (size_t i = 0; n_hints > 0 && i < amounts.n_items; ++i)
                answer.lists[answer.n_lists++] = (HintList){
                        .page_bytes = amounts.items[i].page_bytes,
                        .hints = answer.hints,
                        .n_hints = n_hints,
                };
        if (n_hints == 0)
                (void)refusal_tell_sides(&sides.local, &sides.remote, &answer.lack);
        *ret = answer;
        return 0;
}

/* Where it is, for one that has its claim. */
static int answer_claim(const LedgerClaim *claim, HintsAnswer *ret) {
        HintsAnswer answer = { .has_opinion = true, .hints = calloc(1, sizeof(Hint)) };

        if (!answer.hints)
                return -ENOMEM;
        answer.hints[0] = (Hint){ .nodes = ledger_claim_get_nodes(claim), .is_preferred = true };
        for (size_t i = 0; i < claim->n_blocks && answer.n_lists < ELEMENTSOF(answer.lists); ++i) {
                bool is_there = false;

                for (size_t k = 0; k < answer.n_lists; ++k)
                        is_there |= answer.lists[k].page_bytes == claim->blocks[i].page_bytes;
                if (!is_there)
                        answer.lists[answer.n_lists++] = (HintList){
                                .page_bytes = claim->blocks[i].page_bytes,
                                .hints = answer.hints,
                                .n_hints = 1,
                        };
        }
        *ret = answer;
        return 0;
}

int hints_for_container(const HintsContext *context,
                        const Pod *pod,
                        const PodContainer *container,
                        HintsAnswer *ret,
                        Diag *reterr) {
        const SideAsker asker = { .pod = pod, .container = container };
        const LedgerClaim *claim;
        HintsRequest request;
        int r;

        if (context->mode == HINTS_KUBELET)
                return static_hint_container(context, pod, container, ret, reterr);
        claim = ledger_find(context->ledger, pod->uid, container->name);
        if (claim)
                return answer_claim(claim, ret);
        r = hints_request_of_container(pod, container, &request, reterr);
        return r ? r : answer_request(context, &request, &asker, ret);
}

int hints_for_pod(const HintsContext *context, const Pod *pod, HintsAnswer *ret, Diag *reterr) {
        const LedgerClaim *claim;
        HintsRequest request;
        int r;

        if (context->mode == HINTS_KUBELET)
                return static_hint_pod(context, pod, ret, reterr);
        claim = ledger_find(context->ledger, pod->uid, "");
        if (claim)
                return answer_claim(claim, ret);
        r = request_of_pod(pod, &request, reterr);
        return r ? r : answer_request(context, &request, &(const SideAsker){}, ret);
}

int hints_for_request(const HintsContext *context,
                      const HintsRequest *request,
                      HintsAnswer *ret,
                      Diag *reterr) {
        const PodAmounts amounts = request_get_amounts(request);

        if (context->mode == HINTS_KUBELET)
                return static_hint_amounts(context, &amounts, ret, reterr);
        return answer_request(context, request, &(const SideAsker){}, ret);
}

/* Placing */

static size_t place_side(const Side *side,
                         const NodeSet *nodes,
                         const NodeSet *homes,
                         HintPart *parts,
                         size_t n_parts) {
        RankOrder order;

        rank_order(side, nodes, homes, &order);
        for (size_t k = 0; k < side->amounts.n_items; ++k) {
                uint64_t left = side->amounts.items[k].bytes;

                for (size_t i = 0; i < order.n_nodes && left > 0; ++i) {
                        const uint64_t bytes = bytes_min(left, order.nodes[i]->free[k]);

                        if (bytes == 0 || n_parts == HINTS_PARTS_MAX)
                                continue;
                        parts[n_parts++] = (HintPart){
                                .node = order.nodes[i]->node->id,
                                .page_bytes = side->amounts.items[k].page_bytes,
                                .bytes = bytes,
                        };
                        left -= bytes;
                }
        }
        return n_parts;
}

/* A hint taken apart. */
typedef struct Placing {
        NodeSet local, remote; /* that give bytes */
        NodeSet homes;
        NodeSet companion; /* goes with movable memory and gives none, see rank.c */
} Placing;

/* Those of @nodes that give bytes to a side. Its sets have no member without which they would hold
 * the request, but for a companion. */
static NodeSet find_givers(const Side *side, const NodeSet *nodes) {
        NodeSet givers = {};

        for (size_t i = 0; side->amounts.n_items > 0 && i < side->n_nodes; ++i)
                if (nodeset_contains(nodes, side->nodes[i].node->id))
                        nodeset_add(&givers, side->nodes[i].node->id);
        NODESET_FOREACH (id, &givers) {
                NodeSet others = givers;

                nodeset_remove(&others, id);
                if (!side_find(side, id)->node->is_movable_only && side_holds(side, &others))
                        return others;
        }
        return givers;
}

static Placing take_apart(const Sides *sides, const NodeSet *nodes) {
        Placing placing = { .local = find_givers(&sides->local, nodes),
                            .remote = find_givers(&sides->remote, nodes) };
        const NodeSet givers = nodeset_or(&placing.local, &placing.remote);

        placing.homes = rank_find_homes(sides->local.machine, nodeset_is_empty(&placing.local)
                                                                      ? &placing.remote
                                                                      : &placing.local);
        placing.companion = nodeset_and_not(nodes, &givers);
        return placing;
}

size_t hints_place(const HintsContext *context,
                   const HintsRequest *request,
                   const Hint *hint,
                   HintPart parts[static HINTS_PARTS_MAX]) {
        _cleanup_(sides_deinitp) Sides sides = {};
        Placing placing;
        size_t n;

        if (sides_init(&sides, context, request, &(const SideAsker){}, NULL) < 0)
                return 0; /* without memory there is no placement to show */
        placing = take_apart(&sides, &hint->nodes);
        n = place_side(&sides.local, &placing.local, &placing.homes, parts, 0);
        return place_side(&sides.remote, &placing.remote, &placing.homes, parts, n);
}

/* Allocating */

/* One block for each amount of a side, on @nodes, out of @givers. */
static int take_side(const Side *side,
                     const NodeSet *nodes,
                     const NodeSet *givers,
                     const NodeSet *homes,
                     const Pod *pod,
                     Shares *shares) {
        RankOrder order;
        int r = 0;

        rank_order(side, givers, homes, &order);
        for (size_t k = 0; r == 0 && k < side->amounts.n_items; ++k) {
                uint64_t left = side->amounts.items[k].bytes;

                r = shares_begin(shares, nodes, side->amounts.items[k].page_bytes);
                for (size_t i = 0; r == 0 && left > 0 && i < order.n_nodes; ++i) {
                        const unsigned id = order.nodes[i]->node->id;
                        uint64_t bytes = bytes_min(left, order.nodes[i]->free[k]);
                        NodeSet here = {};

                        nodeset_add(&here, id);
                        left -= bytes;
                        r = shares_take_over(shares, pod, &here, false, bytes, &bytes);
                        if (r == 0)
                                r = shares_add(shares, id, bytes);
                }
        }
        return r;
}

/* The best that lies in the affinity; failing that, one that has all of it. Remote NUMA nodes are
 * not what a topology manager decides on, so that they may come on top. */
static int choose_within(const HintsContext *context,
                         const HintsRequest *request,
                         const SideAsker *asker,
                         const HintsAffinity *affinity,
                         Sides *sides,
                         Hint *ret,
                         Diag *reterr) {
        _cleanup_(freep) Hint *hints = NULL;
        size_t n_hints;
        int r;

        r = sides_init(sides, context, request, asker, &affinity->nodes);
        if (r == 0)
                r = rank(sides, HINTS_MAX, &hints, &n_hints);
        if (r)
                return r;
        if (n_hints > 0) {
                *ret = hints[0];
                return 0;
        }
        (void)refusal_tell_sides(&sides->local, &sides->remote, reterr);
        sides_deinit(sides);
        free(hints);
        hints = NULL;
        r = sides_init(sides, context, request, asker, NULL);
        if (r == 0)
                r = rank(sides, HINTS_MAX, &hints, &n_hints);
        if (r)
                return r;
        for (size_t i = 0; i < n_hints; ++i)
                if (nodeset_is_subset(&affinity->nodes, &hints[i].nodes) &&
                    (hints[i].is_preferred || !affinity->is_preferred)) {
                        *ret = hints[i];
                        return 0;
                }
        return HINTS_E_REFUSED;
}

static int choose(const HintsContext *context,
                  const HintsRequest *request,
                  const HintsClaimant *claimant,
                  Sides *sides,
                  Hint *ret,
                  Diag *reterr) {
        const SideAsker asker = { .pod = claimant->pod, .container = claimant->container };
        _cleanup_(freep) Hint *hints = NULL;
        size_t n_hints;
        int r;

        if (claimant->affinity && !nodeset_is_empty(&claimant->affinity->nodes)) {
                if (!nodeset_is_subset(&claimant->affinity->nodes, &context->machine->all))
                        return refusal_tell_unknown(context->machine, &claimant->affinity->nodes,
                                                    reterr);
                return choose_within(context, request, &asker, claimant->affinity, sides, ret,
                                     reterr);
        }
        r = sides_init(sides, context, request, &asker, NULL);
        if (r == 0)
                r = rank(sides, 1, &hints, &n_hints);
        if (r)
                return r;
        if (n_hints == 0)
                return refusal_tell_sides(&sides->local, &sides->remote, reterr);
        *ret = hints[0];
        return 0;
}

static int allocate(const HintsContext *context,
                    const HintsRequest *request,
                    const HintsClaimant *claimant,
                    LedgerChange *ret,
                    Diag *reterr) {
        _cleanup_(sides_deinitp) Sides sides = {};
        _cleanup_(shares_deinitp) Shares shares = {};
        NodeSet local, remote;
        Placing placing;
        Hint hint;
        int r;

        r = choose(context, request, claimant, &sides, &hint, reterr);
        if (r)
                return r;
        placing = take_apart(&sides, &hint.nodes);
        local = placing.local;
        remote = placing.remote;
        if (nodeset_is_empty(&local))
                remote = nodeset_or(&remote, &placing.companion);
        else
                local = nodeset_or(&local, &placing.companion);
        shares_init(&shares, context->ledger, claimant->container);
        r = take_side(&sides.local, &local, &placing.local, &placing.homes, claimant->pod, &shares);
        if (r == 0)
                r = take_side(&sides.remote, &remote, &placing.remote, &placing.homes,
                              claimant->pod, &shares);
        return r ? r : shares_finish(&shares, claimant, &request->split, ret);
}

int hints_allocate(const HintsContext *context,
                   const HintsClaimant *claimant,
                   LedgerChange *ret,
                   Diag *reterr) {
        const char *container = claimant->container ? claimant->container->name : "";
        HintsRequest request;
        int r;

        *ret = (LedgerChange){};
        if (context->mode == HINTS_KUBELET)
                return claimant->container
                               ? static_allocate_container(context, claimant, ret, reterr)
                               : static_allocate_pod(context, claimant, ret, reterr);
        if (ledger_find(context->ledger, claimant->pod->uid, container))
                return 0;
        r = claimant->container ? hints_request_of_container(claimant->pod, claimant->container,
                                                             &request, reterr)
                                : request_of_pod(claimant->pod, &request, reterr);
        if (r)
                return r;
        if (request_is_empty(&request))
                return HINTS_E_NONE;
        return allocate(context, &request, claimant, ret, reterr);
}
