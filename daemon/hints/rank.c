/* SPDX-License-Identifier: Apache-2.0 */
#include "hints/rank.h"

#include <errno.h>
#include <string.h>

/*
 * A hint is a local set and a remote set. Its homes are the NUMA nodes whose CPUs will use it:
 * those of the local set, or the nearest to it. Its cost is that of an average byte from there, the
 * cheapest NUMA nodes being filled first. It is preferred when both of its sets are as narrow as an
 * empty machine would allow.
 *
 * A set of movable memory alone cannot hold what the kernel needs for a process, so it is given the
 * nearest local NUMA node without taking bytes of it; where there is none, it is no hint.
 */

int sides_init(Sides *sides,
               const HintsContext *context,
               const HintsRequest *request,
               const SideAsker *asker,
               const NodeSet *local_within) {
        PodAmounts local = {}, remote = {};
        int r;

        if (request->split.local.min > 0)
                local.items[local.n_items++] = (PodAmount){ .bytes = request->split.local.min };
        for (size_t i = 0; i < request->hugepages.n_items; ++i)
                if (request->hugepages.items[i].bytes > 0 &&
                    local.n_items < ELEMENTSOF(local.items))
                        local.items[local.n_items++] = request->hugepages.items[i];
        if (request->split.remote.min > 0)
                remote.items[remote.n_items++] = (PodAmount){ .bytes = request->split.remote.min };
        r = side_init(&sides->local, context, LOCALITY_LOCAL, &local, asker, local_within);
        return r ? r : side_init(&sides->remote, context, LOCALITY_REMOTE, &remote, asker, NULL);
}

void sides_deinit(Sides *sides) {
        side_deinit(&sides->local);
        side_deinit(&sides->remote);
}

NodeSet rank_find_homes(const HintsMachine *machine, const NodeSet *nodes) {
        NodeSet homes = {}, near = {};

        NODESET_FOREACH (id, nodes) {
                const HintsNode *node = hints_machine_find(machine, id);

                if (!node)
                        continue;
                if (node->has_cpus)
                        nodeset_add(&homes, id);
                near = nodeset_or(&near, &node->near_cpus);
        }
        return nodeset_is_empty(&homes) ? near : homes;
}

/* What an access from some homes costs, by place: an average over them. */
typedef struct Costs {
        uint32_t permille[NODESET_MAX];
} Costs;

static void find_costs(const HintsMachine *machine, const NodeSet *homes, Costs *ret) {
        const HintsNode *from[NODESET_MAX];
        size_t n = 0;

        NODESET_FOREACH (id, homes)
                from[n++] = hints_machine_find(machine, id);
        for (size_t place = 0; place < machine->n_nodes; ++place) {
                const HintsNode *to = &machine->nodes[place];
                uint64_t sum = 0;

                for (size_t i = 0; i < n; ++i)
                        sum += hints_machine_get_cost(machine, from[i], to);
                ret->permille[place] = n > 0 ? (uint32_t)(sum / n) : to->base_permille;
        }
}

static uint32_t get_cost(const Side *side, const SideNode *node, const Costs *costs) {
        return costs->permille[hints_machine_get_place(side->machine, node->node)];
}

static void order_by(const Side *side, const NodeSet *set, const Costs *costs, RankOrder *ret) {
        ret->n_nodes = 0;
        for (size_t i = 0; i < side->n_nodes; ++i) {
                const SideNode *node = &side->nodes[i];
                const uint32_t cost = get_cost(side, node, costs);
                size_t k;

                if (!nodeset_contains(set, node->node->id))
                        continue;
                for (k = ret->n_nodes++; k > 0 && get_cost(side, ret->nodes[k - 1], costs) > cost;
                     --k)
                        ret->nodes[k] = ret->nodes[k - 1];
                ret->nodes[k] = node;
        }
}

void rank_order(const Side *side, const NodeSet *set, const NodeSet *homes, RankOrder *ret) {
        Costs costs;

        find_costs(side->machine, homes, &costs);
        order_by(side, set, &costs, ret);
}

/* Bytes times cost, and the bytes. */
typedef struct Weight {
        unsigned __int128 cost;
        uint64_t bytes;
} Weight;

static void weigh(const Side *side, const NodeSet *set, const Costs *costs, Weight *weight) {
        RankOrder order;

        order_by(side, set, costs, &order);
        for (size_t k = 0; k < side->amounts.n_items; ++k) {
                uint64_t left = side->amounts.items[k].bytes;

                for (size_t i = 0; i < order.n_nodes && left > 0; ++i) {
                        const uint64_t bytes = bytes_min(left, order.nodes[i]->free[k]);

                        weight->cost +=
                                (unsigned __int128)bytes * get_cost(side, order.nodes[i], costs);
                        weight->bytes = bytes_add_saturated(weight->bytes, bytes);
                        left -= bytes;
                }
        }
}

/* The best of many, in order. */

static int compare_sets(const NodeSet *a, const NodeSet *b) {
        for (unsigned i = 0; i < NODESET_WORDS; ++i) {
                const uint64_t different = a->words[i] ^ b->words[i];

                /* the one that has the lowest id in which they differ comes first */
                if (different)
                        return a->words[i] & (different & -different) ? -1 : 1;
        }
        return 0;
}

static bool is_better(const Hint *a, const Hint *b) {
        const unsigned width_a = nodeset_count(&a->nodes), width_b = nodeset_count(&b->nodes);

        if (a->is_preferred != b->is_preferred)
                return a->is_preferred;
        if (a->cost_permille != b->cost_permille)
                return a->cost_permille < b->cost_permille;
        if (width_a != width_b)
                return width_a < width_b;
        return compare_sets(&a->nodes, &b->nodes) < 0;
}

typedef struct Ranking {
        Hint *hints;
        size_t n_hints, max;
} Ranking;

static void insert(Ranking *ranking, const Hint *hint) {
        size_t i = ranking->n_hints;

        for (size_t k = 0; k < ranking->n_hints; ++k)
                if (nodeset_is_equal(&ranking->hints[k].nodes, &hint->nodes))
                        return;
        if (i == ranking->max) {
                if (!is_better(hint, &ranking->hints[i - 1]))
                        return;
                --i;
        } else {
                ++ranking->n_hints;
        }
        for (; i > 0 && is_better(hint, &ranking->hints[i - 1]); --i)
                ranking->hints[i] = ranking->hints[i - 1];
        ranking->hints[i] = *hint;
}

/* Putting together */

static bool has_normal_memory(const HintsMachine *machine, const NodeSet *nodes) {
        NODESET_FOREACH (id, nodes)
                if (!hints_machine_find(machine, id)->is_movable_only)
                        return true;
        return false;
}

/* Return: false when the machine has no NUMA node that could be added. */
static bool add_normal_memory(const HintsMachine *machine, const Costs *costs, NodeSet *nodes) {
        const HintsNode *best = NULL;
        uint32_t best_cost = UINT32_MAX;

        if (has_normal_memory(machine, nodes))
                return true;
        for (size_t i = 0; i < machine->n_nodes; ++i) {
                const HintsNode *node = &machine->nodes[i];
                const uint32_t cost = costs->permille[i];

                if (node->locality != LOCALITY_LOCAL || node->is_movable_only || cost >= best_cost)
                        continue;
                best = node;
                best_cost = cost;
        }
        if (best)
                nodeset_add(nodes, best->id);
        return best != NULL;
}

typedef struct Pairing {
        const Sides *sides;
        unsigned narrowest_local, narrowest_remote;
        Ranking *ranking;
} Pairing;

static void add_pair(const Pairing *pairing,
                     const NodeSet *local,
                     const NodeSet *remote,
                     const Costs *costs,
                     Weight weight) {
        Hint hint = { .nodes = nodeset_or(local, remote) };

        hint.is_preferred = nodeset_count(local) <= pairing->narrowest_local &&
                            nodeset_count(remote) <= pairing->narrowest_remote;
        weigh(&pairing->sides->remote, remote, costs, &weight);
        hint.cost_permille = weight.bytes ? (uint32_t)(weight.cost / weight.bytes) : 0;
        if (add_normal_memory(pairing->sides->local.machine, costs, &hint.nodes))
                insert(pairing->ranking, &hint);
}

/* Costs depend on the homes, which are the local set's where there is one. */
static void add_pairs(const Pairing *pairing, const NodeSet *local, const Candidates *remotes) {
        const HintsMachine *machine = pairing->sides->local.machine;
        NodeSet homes = rank_find_homes(machine, local);
        Weight weight = {};
        Costs costs;

        if (!nodeset_is_empty(local)) {
                find_costs(machine, &homes, &costs);
                weigh(&pairing->sides->local, local, &costs, &weight);
        }
        for (size_t i = 0; i < remotes->n_sets; ++i) {
                if (nodeset_is_empty(local)) {
                        homes = rank_find_homes(machine, &remotes->sets[i]);
                        find_costs(machine, &homes, &costs);
                }
                add_pair(pairing, local, &remotes->sets[i], &costs, weight);
        }
}

/* Nothing that is asked is held by the empty set. */
static void find(const Side *side, Candidates *ret) {
        if (side->amounts.n_items > 0)
                candidates_find(side, ret);
        else
                *ret = (Candidates){ .n_sets = 1 };
}

int rank(const Sides *sides, size_t max, Hint **ret, size_t *ret_n) {
        _cleanup_(freep) Candidates *candidates = calloc(2, sizeof(*candidates));
        _cleanup_(freep) Hint *hints = calloc(max, sizeof(*hints));
        Ranking ranking = { .hints = hints, .max = max };
        const Pairing pairing = {
                .sides = sides,
                .narrowest_local = side_get_narrowest(&sides->local),
                .narrowest_remote = side_get_narrowest(&sides->remote),
                .ranking = &ranking,
        };

        if (!candidates || !hints)
                return -ENOMEM;
        find(&sides->local, &candidates[0]);
        find(&sides->remote, &candidates[1]);
        for (size_t i = 0; i < candidates[0].n_sets; ++i)
                add_pairs(&pairing, &candidates[0].sets[i], &candidates[1]);
        *ret_n = ranking.n_hints;
        *ret = TAKE_PTR(hints);
        return 0;
}
