/* SPDX-License-Identifier: Apache-2.0 */
#include "hints/rank.h"

#include <errno.h>

#include "hints/ranking.h"

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

/* What an access from some homes costs in each NUMA node of a side: an average over the homes. */
typedef struct Costs {
        const HintsNode *homes[NODESET_MAX];
        size_t n_homes;
        uint32_t permille[NODESET_MAX]; /* by the side's order */
} Costs;

static void set_homes(const HintsMachine *machine, const NodeSet *homes, Costs *costs) {
        costs->n_homes = 0;
        NODESET_FOREACH (id, homes)
                costs->homes[costs->n_homes++] = hints_machine_find(machine, id);
}

static uint32_t find_cost(const Costs *costs, const HintsNode *to, size_t place) {
        uint64_t sum = 0;

        if (costs->n_homes == 0)
                return to->base_permille;
        for (size_t i = 0; i < costs->n_homes; ++i)
                sum += costs->homes[i]->costs[place];
        return (uint32_t)(costs->n_homes > 1 ? sum / costs->n_homes : sum);
}

static void find_costs(const Side *side, Costs *costs) {
        for (size_t i = 0; i < side->n_nodes; ++i)
                costs->permille[i] = find_cost(costs, side->nodes[i].node, side->nodes[i].place);
}

/* By rising cost; those that cost the same stay in the side's order. Quick when they were sorted
 * for other homes just before, since little changes then. */
static void sort_places(const Costs *costs, uint16_t *places, size_t n_places) {
        for (size_t i = 1; i < n_places; ++i) {
                const uint16_t place = places[i];
                const uint32_t cost = costs->permille[place];
                size_t k;

                for (k = i; k > 0; --k) {
                        const uint32_t before = costs->permille[places[k - 1]];

                        if (before < cost || (before == cost && places[k - 1] < place))
                                break;
                        places[k] = places[k - 1];
                }
                places[k] = place;
        }
}

static size_t list_places(const Side *side, const NodeSet *set, uint16_t *places) {
        size_t n = 0;

        for (size_t i = 0; i < side->n_nodes; ++i)
                if (nodeset_contains(set, side->nodes[i].node->id))
                        places[n++] = (uint16_t)i;
        return n;
}

void rank_order(const Side *side, const NodeSet *set, const NodeSet *homes, RankOrder *ret) {
        uint16_t places[NODESET_MAX];
        Costs costs;

        set_homes(side->machine, homes, &costs);
        find_costs(side, &costs);
        ret->n_nodes = list_places(side, set, places);
        sort_places(&costs, places, ret->n_nodes);
        for (size_t i = 0; i < ret->n_nodes; ++i)
                ret->nodes[i] = &side->nodes[places[i]];
}

/* The candidates of a side, their members as places. */
typedef struct Choice {
        const Side *side;
        Candidates candidates;
        uint16_t *places;                 /* of all candidates, one after the other */
        size_t first[CANDIDATES_MAX + 1]; /* of each candidate in @places */
        unsigned narrowest;
        Costs costs;
} Choice;

static void choice_deinit(Choice *choice) {
        free(choice->places);
        choice->places = NULL;
}

/* Nothing that is asked is held by the empty set. */
static int choice_init(Choice *choice, const Side *side) {
        size_t n = 0;

        choice->side = side;
        choice->narrowest = side_get_narrowest(side);
        if (side->amounts.n_items > 0)
                candidates_find(side, &choice->candidates);
        else
                choice->candidates.n_sets = 1;
        for (size_t i = 0; i < choice->candidates.n_sets; ++i)
                n += nodeset_count(&choice->candidates.sets[i]);
        choice->places = calloc(n + 1, sizeof(*choice->places));
        if (!choice->places)
                return -ENOMEM;
        for (size_t i = 0; i < choice->candidates.n_sets; ++i)
                choice->first[i + 1] =
                        choice->first[i] + list_places(side, &choice->candidates.sets[i],
                                                       &choice->places[choice->first[i]]);
        return 0;
}

static unsigned get_width(const Choice *choice, size_t candidate) {
        return (unsigned)(choice->first[candidate + 1] - choice->first[candidate]);
}

static void choice_set_homes(Choice *choice, const NodeSet *homes) {
        set_homes(choice->side->machine, homes, &choice->costs);
        find_costs(choice->side, &choice->costs);
}

/* Bytes times cost, and the bytes. */
typedef struct Weight {
        unsigned __int128 cost;
        uint64_t bytes;
} Weight;

static void weigh(Choice *choice, size_t candidate, Weight *weight) {
        const Side *side = choice->side;
        uint16_t *places = &choice->places[choice->first[candidate]];
        const size_t n_places = get_width(choice, candidate);

        sort_places(&choice->costs, places, n_places);
        for (size_t k = 0; k < side->amounts.n_items; ++k) {
                uint64_t left = side->amounts.items[k].bytes;

                for (size_t i = 0; i < n_places && left > 0; ++i) {
                        const uint64_t bytes = bytes_min(left, side->nodes[places[i]].free[k]);

                        weight->cost +=
                                (unsigned __int128)bytes * choice->costs.permille[places[i]];
                        weight->bytes = bytes_add_saturated(weight->bytes, bytes);
                        left -= bytes;
                }
        }
}

static uint32_t get_average(const Weight *weight) {
        if (weight->bytes == 0)
                return 0;
        /* nearly always; a division of 128 bits is slow */
        if (weight->cost <= UINT64_MAX)
                return (uint32_t)((uint64_t)weight->cost / weight->bytes);
        return (uint32_t)(weight->cost / weight->bytes);
}

/* Putting together */

typedef struct Pairing {
        const HintsMachine *machine;
        Choice local, remote;
        Ranking ranking;
} Pairing;

static bool has_normal_memory(const Choice *choice, size_t candidate) {
        for (size_t i = choice->first[candidate]; i < choice->first[candidate + 1]; ++i)
                if (!choice->side->nodes[choice->places[i]].node->is_movable_only)
                        return true;
        return false;
}

/* RANKING_NONE_ADDED: the machine has none. */
static unsigned find_normal_memory(const HintsMachine *machine, const Costs *costs) {
        unsigned best = RANKING_NONE_ADDED;
        uint32_t best_cost = UINT32_MAX;

        for (size_t i = 0; i < machine->n_nodes; ++i) {
                const HintsNode *node = &machine->nodes[i];
                uint32_t cost;

                if (node->locality != LOCALITY_LOCAL || node->is_movable_only)
                        continue;
                cost = find_cost(costs, node, i);
                if (cost >= best_cost)
                        continue;
                best = node->id;
                best_cost = cost;
        }
        return best;
}

static void add_pair(Pairing *pairing, size_t local, size_t remote, Weight weight) {
        RankingItem item = {
                .local = &pairing->local.candidates.sets[local],
                .remote = &pairing->remote.candidates.sets[remote],
                .added = RANKING_NONE_ADDED,
                .width = get_width(&pairing->local, local) + get_width(&pairing->remote, remote),
                .is_preferred = get_width(&pairing->local, local) <= pairing->local.narrowest &&
                                get_width(&pairing->remote, remote) <= pairing->remote.narrowest,
        };

        if (!ranking_wants(&pairing->ranking, item.is_preferred, 0))
                return;
        weigh(&pairing->remote, remote, &weight);
        item.cost_permille = get_average(&weight);
        if (!ranking_wants(&pairing->ranking, item.is_preferred, item.cost_permille))
                return;
        if (!has_normal_memory(&pairing->local, local) &&
            !has_normal_memory(&pairing->remote, remote)) {
                item.added = find_normal_memory(pairing->machine, &pairing->remote.costs);
                if (item.added == RANKING_NONE_ADDED)
                        return;
                ++item.width;
        }
        ranking_insert(&pairing->ranking, &item);
}

/* Costs depend on the homes, which are the local set's where there is one. */
static void add_pairs(Pairing *pairing, size_t local) {
        const NodeSet *set = &pairing->local.candidates.sets[local];
        const bool is_local = !nodeset_is_empty(set);
        NodeSet homes = rank_find_homes(pairing->machine, set);
        Weight weight = {};

        if (is_local) {
                choice_set_homes(&pairing->local, &homes);
                choice_set_homes(&pairing->remote, &homes);
                weigh(&pairing->local, local, &weight);
        }
        for (size_t i = 0; i < pairing->remote.candidates.n_sets; ++i) {
                if (!is_local) {
                        homes = rank_find_homes(pairing->machine,
                                                &pairing->remote.candidates.sets[i]);
                        choice_set_homes(&pairing->remote, &homes);
                }
                add_pair(pairing, local, i, weight);
        }
}

static Pairing *pairing_free(Pairing *pairing) {
        if (!pairing)
                return NULL;
        choice_deinit(&pairing->local);
        choice_deinit(&pairing->remote);
        free(pairing);
        return NULL;
}
DEFINE_CLEANUP(Pairing *, pairing_free);

int rank(const Sides *sides, size_t max, Hint **ret, size_t *ret_n) {
        _cleanup_(pairing_freep) Pairing *pairing = calloc(1, sizeof(*pairing));
        Hint *hints;
        int r = pairing ? choice_init(&pairing->local, &sides->local) : -ENOMEM;

        if (r == 0)
                r = choice_init(&pairing->remote, &sides->remote);
        if (r)
                return r;
        pairing->machine = sides->local.machine;
        pairing->ranking.max = max;
        for (size_t i = 0; i < pairing->local.candidates.n_sets; ++i)
                add_pairs(pairing, i);
        hints = calloc(max, sizeof(*hints));
        if (!hints)
                return -ENOMEM;
        ranking_get(&pairing->ranking, hints);
        *ret = hints;
        *ret_n = pairing->ranking.n_entries;
        return 0;
}
