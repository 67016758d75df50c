/* SPDX-License-Identifier: Apache-2.0 */
#include "hints/static-sets.h"

#include <string.h>

#include "ledger/lifecycle.h"

/*
 * The rules are those of the kubelet's calculateHints(): a set must be able to hold the request on
 * an empty machine; a NUMA node that is used in a group serves nobody alone, and one that is used
 * alone serves no group; two groups do not overlap; and enough must be free, memory of the pod's
 * own init containers on exactly this set included.
 *
 * What can be reused is told by the claims of those init containers, not by a memory of its own as
 * in the kubelet. The two are the same as long as a pod is admitted in one go, which it is.
 *
 * Source: k8s.io/kubernetes pkg/kubelet/cm/memorymanager/policy_static.go, read at 1.36.3.
 */

int static_sets_check(const HintsMachine *machine, Diag *reterr) {
        if (machine->n_nodes > HINTS_KUBELET_NODES_MAX) {
                diag_set(reterr, NULL, 0, 0,
                         "mode kubelet tries every set of NUMA nodes, and so takes %u of them at "
                         "the most; this machine has %zu; use mode slug",
                         HINTS_KUBELET_NODES_MAX, machine->n_nodes);
                return HINTS_E_UNSUPPORTED;
        }
        if (machine->n_nodes > 0 &&
            machine->nodes[machine->n_nodes - 1].id > HINTS_KUBELET_ID_MAX) {
                diag_set(reterr, NULL, 0, 0,
                         "the kubelet's masks end at NUMA node %u; this machine has NUMA node %u; "
                         "use mode slug",
                         HINTS_KUBELET_ID_MAX, machine->nodes[machine->n_nodes - 1].id);
                return HINTS_E_UNSUPPORTED;
        }
        return 0;
}

uint32_t static_sets_encode(const StaticSets *sets, const NodeSet *nodes) {
        uint32_t set = 0;
        unsigned n = 0;

        for (size_t i = 0; i < sets->machine->n_nodes; ++i)
                if (nodeset_contains(nodes, sets->machine->nodes[i].id)) {
                        set |= UINT32_C(1) << i;
                        ++n;
                }
        return n == nodeset_count(nodes) ? set : set | STATIC_ELSEWHERE;
}

NodeSet static_sets_decode(const StaticSets *sets, uint32_t set) {
        NodeSet nodes = {};

        for (size_t i = 0; i < sets->machine->n_nodes; ++i)
                if (set >> i & 1)
                        nodeset_add(&nodes, sets->machine->nodes[i].id);
        return nodes;
}

static StaticReusable *get_reusable(StaticSets *sets, uint32_t set) {
        for (size_t i = 0; i < sets->n_reusable; ++i)
                if (sets->reusable[i].set == set)
                        return &sets->reusable[i];
        if (sets->n_reusable == STATIC_REUSABLE_MAX)
                return NULL; /* then it is not reused, which is safe */
        sets->reusable[sets->n_reusable] = (StaticReusable){ .set = set };
        return &sets->reusable[sets->n_reusable++];
}

static void add_reusable(StaticSets *sets, const LedgerBlock *block) {
        StaticReusable *reusable;

        for (size_t i = 0; i < sets->amounts.n_items; ++i) {
                if (sets->amounts.items[i].page_bytes != block->page_bytes)
                        continue;
                reusable = get_reusable(sets, static_sets_encode(sets, &block->nodes));
                if (reusable)
                        reusable->bytes[i] += block->bytes;
        }
}

/* Regular init containers that stand before the one that asks. */
static void find_reusable(StaticSets *sets,
                          const Ledger *ledger,
                          const Pod *pod,
                          const PodContainer *container) {
        const LedgerClaim *claim;
        size_t place = 0;

        while ((claim = lifecycle_next_init(ledger, pod, container, &place)))
                for (size_t k = 0; !claim->is_within_pod && k < claim->n_blocks; ++k)
                        add_reusable(sets, &claim->blocks[k]);
}

void static_sets_init(StaticSets *sets,
                      const HintsContext *context,
                      const Pod *pod,
                      const PodContainer *container,
                      const PodAmounts *amounts) {
        const HintsMachine *machine = context->machine;

        sets->machine = machine;
        sets->amounts = *amounts;
        sets->n_reusable = 0;
        sets->used = 0;
        for (size_t i = 0; i < machine->n_nodes; ++i) {
                const unsigned id = machine->nodes[i].id;
                const NodeSet group = ledger_get_group(context->ledger, id);

                sets->group[i] = static_sets_encode(sets, &group);
                sets->used |= sets->group[i] ? UINT32_C(1) << i : 0;
                for (size_t k = 0; k < amounts->n_items; ++k) {
                        const uint64_t page_bytes = amounts->items[k].page_bytes;

                        sets->allocatable[i][k] =
                                hints_machine_get_room(machine, HINTS_KUBELET, id, page_bytes);
                        sets->free[i][k] = hints_machine_get_free(machine, HINTS_KUBELET,
                                                                  context->ledger, id, page_bytes);
                }
        }
        if (pod)
                find_reusable(sets, context->ledger, pod, container);
}

uint64_t static_sets_sum_free(const StaticSets *sets, uint32_t set, size_t amount) {
        uint64_t sum = 0;

        for (; set; set &= set - 1)
                sum = bytes_add_saturated(sum, sets->free[__builtin_ctz(set)][amount]);
        return sum;
}

/* Whether a set has @bytes of @amount; most are seen to have them at their first NUMA nodes. */
static bool has_bytes(const uint64_t amounts[static HINTS_KUBELET_NODES_MAX][STATIC_AMOUNTS_MAX],
                      uint32_t set,
                      size_t amount,
                      uint64_t bytes) {
        uint64_t sum = 0;

        for (; set && sum < bytes; set &= set - 1)
                sum = bytes_add_saturated(sum, amounts[__builtin_ctz(set)][amount]);
        return sum >= bytes;
}

uint64_t static_sets_get_reusable(const StaticSets *sets, uint32_t set, size_t amount) {
        for (size_t i = 0; i < sets->n_reusable; ++i)
                if (sets->reusable[i].set == set)
                        return sets->reusable[i].bytes[amount];
        return 0;
}

static bool is_single(uint32_t set) {
        return (set & (set - 1)) == 0;
}

static StaticVerdict judge_groups(const StaticSets *sets, uint32_t set) {
        if (is_single(set))
                return is_single(sets->group[__builtin_ctz(set)]) ? STATIC_FITS : STATIC_IN_GROUP;
        for (uint32_t rest = set & sets->used; rest; rest &= rest - 1) {
                const uint32_t group = sets->group[__builtin_ctz(rest)];

                if (group != set)
                        return is_single(group) ? STATIC_USED_ALONE : STATIC_OTHER_GROUP;
        }
        return STATIC_FITS;
}

StaticVerdict static_sets_judge(const StaticSets *sets, uint32_t set) {
        StaticVerdict verdict;

        for (size_t k = 0; k < sets->amounts.n_items; ++k)
                if (!has_bytes(sets->allocatable, set, k, sets->amounts.items[k].bytes))
                        return STATIC_TOO_SMALL;
        verdict = judge_groups(sets, set);
        if (verdict != STATIC_FITS)
                return verdict;
        for (size_t k = 0; k < sets->amounts.n_items; ++k)
                if (!has_bytes(sets->free, set, k,
                               bytes_sub_clamped(sets->amounts.items[k].bytes,
                                                 static_sets_get_reusable(sets, set, k))))
                        return STATIC_FULL;
        return STATIC_FITS;
}

/* The next set of as many members, from the first NUMA node on: the last member that can move up
 * does, and those behind it follow close. 0: there is none. */
static uint32_t
next_set(unsigned members[static HINTS_KUBELET_NODES_MAX], unsigned size, unsigned n_nodes) {
        unsigned i = size;
        uint32_t set = 0;

        while (i > 0 && members[i - 1] == n_nodes - size + i - 1)
                --i;
        if (i == 0)
                return 0;
        ++members[i - 1];
        for (; i < size; ++i)
                members[i] = members[i - 1] + 1;
        for (i = 0; i < size; ++i)
                set |= UINT32_C(1) << members[i];
        return set;
}

void static_sets_visit(const StaticSets *sets,
                       void (*visit)(uint32_t set, StaticVerdict verdict, void *userdata),
                       void *userdata) {
        const unsigned n_nodes = (unsigned)sets->machine->n_nodes;

        for (unsigned size = 1; size <= n_nodes; ++size) {
                unsigned members[HINTS_KUBELET_NODES_MAX];
                uint32_t set = (UINT32_C(1) << size) - 1;

                for (unsigned i = 0; i < size; ++i)
                        members[i] = i;
                for (; set; set = next_set(members, size, n_nodes))
                        visit(set, static_sets_judge(sets, set), userdata);
        }
}
