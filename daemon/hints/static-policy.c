/* SPDX-License-Identifier: Apache-2.0 */
#include "hints/static-policy.h"

#include <errno.h>

#include "hints/refusal.h"
#include "hints/shares.h"

/*
 * What the Static policy does when a container is admitted: takes the set that the topology manager
 * has decided on, or the best of its own; widens it when it has not enough; refuses to mix NUMA
 * nodes that are used alone with those used in a group; and records one block for every kind of
 * page. Memory of init containers that ran before on exactly that set is used again: their claims
 * shrink by what this one takes over, so that the sum stays what is held.
 *
 * Source: k8s.io/kubernetes pkg/kubelet/cm/memorymanager/policy_static.go, read at 1.36.3.
 */

typedef struct Best {
        const StaticSets *sets;
        uint32_t including; /* only sets that have all of it */
        uint32_t set;       /* the best so far; 0: none */
        unsigned narrowest; /* of sets that hold the request on an empty machine */
} Best;

static unsigned count(uint32_t set) {
        return (unsigned)__builtin_popcount(set);
}

/* Sets come by size and are preferred when they are as narrow as can be, so that the first size at
 * which one fits is the best; of those the lowest number is. */
static void take_better(uint32_t set, StaticVerdict verdict, void *userdata) {
        Best *best = userdata;

        if (verdict != STATIC_TOO_SMALL && count(set) < best->narrowest)
                best->narrowest = count(set);
        if (verdict != STATIC_FITS || (set & best->including) != best->including)
                return;
        if (!best->set || (count(set) == count(best->set) && set < best->set))
                best->set = set;
}

static uint32_t find_best(const StaticSets *sets, uint32_t including, bool *ret_is_preferred) {
        Best best = {
                .sets = sets,
                .including = including,
                .narrowest = (unsigned)sets->machine->n_nodes,
        };

        /* nothing is asked: the kubelet finds no hint for that */
        if (sets->amounts.n_items > 0)
                static_sets_visit(sets, take_better, &best);
        *ret_is_preferred = best.set && count(best.set) == best.narrowest;
        return best.set;
}

static bool is_satisfying(const StaticSets *sets, uint32_t set) {
        for (size_t i = 0; i < sets->amounts.n_items; ++i)
                if (static_sets_sum_free(sets, set, i) < sets->amounts.items[i].bytes)
                        return false;
        return true;
}

/* One NUMA node is always taken, also out of a group: the topology manager's word counts. */
static bool is_violating(const StaticSets *sets, uint32_t set) {
        if (count(set) == 1)
                return false;
        for (uint32_t rest = set; rest; rest &= rest - 1) {
                const uint32_t group = sets->group[__builtin_ctz(rest)];

                if (group && group != set)
                        return true;
        }
        return false;
}

static int choose_first(const StaticSets *sets,
                        const HintsAffinity *affinity,
                        uint32_t *ret,
                        bool *ret_must_be_preferred,
                        Diag *reterr) {
        const uint32_t wanted = affinity ? static_sets_encode(sets, &affinity->nodes) : 0;
        bool is_preferred;

        *ret_must_be_preferred = affinity && affinity->is_preferred;
        if (wanted & STATIC_ELSEWHERE)
                return refusal_tell_unknown(sets->machine, &affinity->nodes, reterr);
        *ret = wanted;
        if (wanted)
                return 0;
        *ret = find_best(sets, 0, &is_preferred);
        if (!*ret)
                return refusal_tell_static(sets, reterr);
        if (*ret_must_be_preferred && !is_preferred)
                return refusal_tell_not_preferred(sets, *ret, reterr);
        *ret_must_be_preferred = is_preferred;
        return 0;
}

int static_choose(const StaticSets *sets,
                  const HintsAffinity *affinity,
                  uint32_t *ret,
                  Diag *reterr) {
        bool must_be_preferred, is_preferred;
        uint32_t set = 0;
        int r;

        r = choose_first(sets, affinity, &set, &must_be_preferred, reterr);
        if (r)
                return r;
        if (!is_satisfying(sets, set)) {
                const uint32_t wider = find_best(sets, set, &is_preferred);

                if (!wider)
                        return refusal_tell_narrow(sets, set, reterr);
                if (must_be_preferred && !is_preferred)
                        return refusal_tell_not_preferred(sets, wider, reterr);
                set = wider;
        }
        if (is_violating(sets, set))
                return refusal_tell_mixed(sets, set, reterr);
        *ret = set;
        return 0;
}

/* Plans the block of one amount into @shares: what init containers give first, then what is free,
 * from the lowest NUMA node on. */
static int
take_amount(const StaticSets *sets, uint32_t set, size_t amount, const Pod *pod, Shares *shares) {
        const uint64_t page_bytes = sets->amounts.items[amount].page_bytes;
        const NodeSet nodes = static_sets_decode(sets, set);
        uint64_t left = sets->amounts.items[amount].bytes;
        int r;

        r = shares_begin(shares, &nodes, page_bytes);
        if (r)
                return r;
        r = shares_take_over(shares, pod, &nodes, true, static_sets_get_reusable(sets, set, amount),
                             &left);
        for (uint32_t rest = set; r == 0 && left > 0 && rest; rest &= rest - 1) {
                const size_t place = (size_t)__builtin_ctz(rest);
                const uint64_t bytes = bytes_min(left, sets->free[place][amount]);

                r = shares_add(shares, sets->machine->nodes[place].id, bytes);
                left -= bytes;
        }
        return r ? r : left > 0 ? -ENOTRECOVERABLE : 0;
}

int static_allocate_container(const HintsContext *context,
                              const HintsClaimant *claimant,
                              LedgerChange *ret,
                              Diag *reterr) {
        _cleanup_(shares_deinitp) Shares shares = {};
        const Pod *pod = claimant->pod;
        PodAmounts amounts;
        StaticSets sets;
        uint32_t set;
        int r;

        r = static_sets_check(context->machine, reterr);
        if (r)
                return r;
        if (pod_get_qos(pod) != QOS_GUARANTEED ||
            (!context->with_pod_level && pod_has_resources(pod)))
                return HINTS_E_NONE;
        if (ledger_find(context->ledger, pod->uid, claimant->container->name))
                return 0;
        r = pod_get_container_amounts(pod, claimant->container, context->with_pod_level, &amounts,
                                      reterr);
        if (r)
                return r < 0 ? r : HINTS_E_INVALID;
        static_sets_init(&sets, context, pod, claimant->container, &amounts);
        r = static_choose(&sets, claimant->affinity, &set, reterr);
        if (r)
                return r;
        shares_init(&shares, context->ledger, claimant->container);
        for (size_t i = 0; i < amounts.n_items; ++i) {
                r = take_amount(&sets, set, i, pod, &shares);
                if (r)
                        return r;
        }
        return shares_finish(&shares, claimant, &(const Split){}, ret);
}
