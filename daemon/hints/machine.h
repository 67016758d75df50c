/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The machine as hints see it
 *
 * What one snapshot says that finding sets of NUMA nodes needs, looked up once: what each may be
 * promised, and what reaching it costs. Immutable; "node" is a NUMA node, "place" its index here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/nodeset.h"
#include "capacity/capacity.h"
#include "ledger/ledger.h"
#include "topology/topology.h"

/* Which amounts count. */
typedef enum HintsMode {
        HINTS_SLUG,    /* local and remote NUMA nodes */
        HINTS_KUBELET, /* all of them alike, as the kubelet counts */
        _HINTS_MODE_N,
} HintsMode;

#define HINTS_COST_UNIT 1000u /* local DRAM at its best */

typedef struct HintsNode {
        unsigned id;
        Locality locality;
        bool has_cpus;
        bool is_movable_only;
        uint32_t base_permille; /* from its nearest CPUs */
        uint32_t near_distance; /* to them; 10 is itself */
        NodeSet near_cpus;      /* NUMA nodes with CPUs that are nearest */
        uint32_t *costs;        /* of an access from it in the memory of every place */
} HintsNode;

typedef struct HintsMachine {
        HintsNode *nodes; /* by rising id */
        size_t n_nodes;
        LedgerRoom rooms[_HINTS_MODE_N];
        NodeSet all;
} HintsMachine;

/* Return: 0 or -ENOMEM. Borrows nothing. */
_must_check_ int
hints_machine_new(const Topology *topology, const Capacity *capacity, HintsMachine **ret);
HintsMachine *hints_machine_free(HintsMachine *machine);
DEFINE_CLEANUP(HintsMachine *, hints_machine_free);

/* NULL: there is no such NUMA node. */
const HintsNode *hints_machine_find(const HintsMachine *machine, unsigned id);
static inline size_t hints_machine_get_place(const HintsMachine *machine, const HintsNode *node) {
        return (size_t)(node - machine->nodes);
}

/* Allocatable of a NUMA node, claims not taken off. */
uint64_t hints_machine_get_room(const HintsMachine *machine,
                                HintsMode mode,
                                unsigned id,
                                uint64_t page_bytes);
/* The same less what @ledger has claimed. */
uint64_t hints_machine_get_free(const HintsMachine *machine,
                                HintsMode mode,
                                const Ledger *ledger,
                                unsigned id,
                                uint64_t page_bytes);

/* What an access from the CPUs of @from costs in the memory of @to, in thousandths of local DRAM at
 * its best. */
static inline uint32_t
hints_machine_get_cost(const HintsMachine *machine, const HintsNode *from, const HintsNode *to) {
        return from->costs[hints_machine_get_place(machine, to)];
}
