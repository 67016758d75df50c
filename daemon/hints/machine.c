/* SPDX-License-Identifier: Apache-2.0 */
#include "hints/machine.h"

#include <errno.h>
#include <string.h>

/*
 * Cost. The kernel gives latency and bandwidth of a NUMA node as its nearest CPUs see it, and a
 * distance from every NUMA node to every other. The figures are taken as ratios to the best DRAM
 * with CPUs of the same machine; their mean is what an access from the nearest CPUs costs. A node
 * without figures, or with ratios that make no sense, costs its distance instead: 10, the distance
 * to itself, is one unit. From CPUs that are farther away, the cost grows with the distance.
 *
 * Source of the figures' meaning: Documentation/admin-guide/mm/numaperf.rst; of the distances:
 * ACPI SLIT, 10 being local.
 */
#define DISTANCE_SELF    10u
#define DISTANCE_OTHER   20u /* what Linux assumes without a SLIT */
#define DISTANCE_UNKNOWN 255u
/* ten times better and a hundred times worse than local DRAM are unit errors, not memory */
#define SANE_MIN_PERMILLE 100u
#define SANE_MAX_PERMILLE 100000u

static uint16_t get_distance(const TopologyNode *from, size_t from_place, size_t to_place) {
        uint16_t distance = 0;

        if (from->row && from->row->distances)
                distance = from->row->distances[to_place];
        if (distance >= DISTANCE_SELF && distance <= DISTANCE_UNKNOWN)
                return distance;
        return from_place == to_place ? DISTANCE_SELF : DISTANCE_OTHER;
}

/* Access class 1 (CPUs) before class 0 (anything). */
static OptU64 get_figure(const TopologyNode *node, size_t offset) {
        for (unsigned i = 2; node->row && i-- > 0;) {
                OptU64 figure;

                memcpy(&figure, (const char *)&node->row->access[i] + offset, sizeof(figure));
                if (figure.present && figure.value > 0)
                        return figure;
        }
        return (OptU64){};
}

#define LATENCY   offsetof(SysfsAccess, read_latency_ns)
#define BANDWIDTH offsetof(SysfsAccess, read_bandwidth_mbps)

typedef struct Best {
        OptU64 latency, bandwidth; /* of local memory with CPUs */
} Best;

static Best find_best(const Topology *topology) {
        Best best = {};

        for (size_t i = 0; i < topology->n_nodes; ++i) {
                const TopologyNode *node = &topology->nodes[i];
                const OptU64 latency = get_figure(node, LATENCY);
                const OptU64 bandwidth = get_figure(node, BANDWIDTH);

                if (!node->has_cpus || node->locality != LOCALITY_LOCAL)
                        continue;
                if (latency.present &&
                    (!best.latency.present || latency.value < best.latency.value))
                        best.latency = latency;
                if (bandwidth.present && bandwidth.value > best.bandwidth.value)
                        best.bandwidth = bandwidth;
        }
        return best;
}

/* 0: one is unknown, or the ratio makes no sense. */
static uint32_t get_ratio(OptU64 a, OptU64 b) {
        unsigned __int128 permille;

        if (!a.value || !b.value)
                return 0;
        permille = (unsigned __int128)a.value * HINTS_COST_UNIT / b.value;
        return permille < SANE_MIN_PERMILLE || permille > SANE_MAX_PERMILLE ? 0
                                                                            : (uint32_t)permille;
}

static uint32_t get_base(const TopologyNode *node, const Best *best, uint32_t near_distance) {
        const uint32_t slow = get_ratio(get_figure(node, LATENCY), best->latency);
        const uint32_t thin = get_ratio(best->bandwidth, get_figure(node, BANDWIDTH));

        if (slow && thin)
                return (slow + thin) / 2;
        if (slow || thin)
                return slow ? slow : thin;
        return near_distance * HINTS_COST_UNIT / DISTANCE_SELF;
}

/* Whose figures the kernel gives: initiators of access class 1 are CPUs. */
static bool is_initiator(const TopologyNode *node, const TopologyNode *initiator) {
        const NodeSet *initiators = node->row ? &node->row->access[1].initiators : NULL;

        return initiator->has_cpus && (!initiators || nodeset_is_empty(initiators) ||
                                       nodeset_contains(initiators, initiator->id));
}

/* The NUMA nodes with CPUs that are nearest, and how near. */
static void find_near(const Topology *topology, size_t place, HintsNode *node) {
        node->near_distance = UINT32_MAX;
        for (size_t i = 0; i < topology->n_nodes; ++i) {
                const uint32_t distance = get_distance(&topology->nodes[i], i, place);

                if (!is_initiator(&topology->nodes[place], &topology->nodes[i]) ||
                    distance > node->near_distance)
                        continue;
                if (distance < node->near_distance)
                        node->near_cpus = (NodeSet){};
                node->near_distance = distance;
                nodeset_add(&node->near_cpus, topology->nodes[i].id);
        }
        if (node->near_distance == UINT32_MAX)
                node->near_distance = DISTANCE_SELF; /* a machine without a word about CPUs */
}

static int fill_node(const Topology *topology, const Best *best, size_t place, HintsNode *node) {
        const TopologyNode *from = &topology->nodes[place];

        node->id = from->id;
        node->locality = from->locality;
        node->has_cpus = from->has_cpus;
        node->is_movable_only = from->is_movable_only;
        node->costs = calloc(topology->n_nodes, sizeof(*node->costs));
        if (!node->costs)
                return -ENOMEM;
        find_near(topology, place, node);
        node->base_permille = get_base(from, best, node->near_distance);
        return 0;
}

static uint32_t get_cost(uint64_t distance, const HintsNode *to) {
        /* Firmware that puts a far node nearer than the nearest is not followed. */
        if (distance <= to->near_distance)
                return to->base_permille;
        return (uint32_t)(to->base_permille * distance / to->near_distance);
}

/* From every NUMA node to every other; @machine has them all. */
static void fill_costs(const Topology *topology, HintsMachine *machine) {
        for (size_t from = 0; from < machine->n_nodes; ++from)
                for (size_t to = 0; to < machine->n_nodes; ++to)
                        machine->nodes[from].costs[to] =
                                get_cost(get_distance(&topology->nodes[from], from, to),
                                         &machine->nodes[to]);
}

/* Rooms */

static bool counts(HintsMode mode, Locality locality) {
        return mode == HINTS_KUBELET || locality == LOCALITY_LOCAL || locality == LOCALITY_REMOTE;
}

static int build_room(const Capacity *capacity, HintsMode mode, LedgerRoom *ret) {
        LedgerRoomRow *rows =
                calloc(capacity->n_nodes * (1 + CAPACITY_PAGE_SIZES) + 1, sizeof(*rows));
        size_t n = 0;

        if (!rows)
                return -ENOMEM;
        for (size_t i = 0; i < capacity->n_nodes; ++i) {
                const CapacityNode *node = &capacity->nodes[i];

                if (!counts(mode, node->locality))
                        continue;
                rows[n++] = (LedgerRoomRow){
                        .node = node->id,
                        .bytes = node->allocatable_bytes +
                                 (mode == HINTS_KUBELET ? node->withheld_bytes : 0),
                };
                for (size_t k = 0; k < node->n_hugepages; ++k)
                        rows[n++] = (LedgerRoomRow){
                                .node = node->id,
                                .page_bytes = node->hugepages[k].page_bytes,
                                .bytes = node->hugepages[k].bytes,
                        };
        }
        *ret = (LedgerRoom){ .rows = rows, .n_rows = n };
        return 0;
}

int hints_machine_new(const Topology *topology, const Capacity *capacity, HintsMachine **ret) {
        _cleanup_(hints_machine_freep) HintsMachine *machine = calloc(1, sizeof(*machine));
        const Best best = find_best(topology);
        int r;

        if (!machine)
                return -ENOMEM;
        machine->nodes = calloc(topology->n_nodes + 1, sizeof(*machine->nodes));
        if (!machine->nodes)
                return -ENOMEM;
        for (size_t i = 0; i < topology->n_nodes; ++i) {
                machine->n_nodes = i + 1;
                r = fill_node(topology, &best, i, &machine->nodes[i]);
                if (r)
                        return r;
                nodeset_add(&machine->all, topology->nodes[i].id);
        }
        fill_costs(topology, machine);
        for (unsigned mode = 0; mode < _HINTS_MODE_N; ++mode) {
                r = build_room(capacity, (HintsMode)mode, &machine->rooms[mode]);
                if (r)
                        return r;
        }
        *ret = TAKE_PTR(machine);
        return 0;
}

HintsMachine *hints_machine_free(HintsMachine *machine) {
        if (!machine)
                return NULL;
        for (size_t i = 0; i < machine->n_nodes; ++i)
                free(machine->nodes[i].costs);
        for (unsigned mode = 0; mode < _HINTS_MODE_N; ++mode)
                free((void *)machine->rooms[mode].rows);
        free(machine->nodes);
        free(machine);
        return NULL;
}

/* Asking */

const HintsNode *hints_machine_find(const HintsMachine *machine, unsigned id) {
        size_t low = 0, high = machine->n_nodes;

        while (low < high) {
                const size_t middle = low + (high - low) / 2;

                if (machine->nodes[middle].id < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < machine->n_nodes && machine->nodes[low].id == id ? &machine->nodes[low] : NULL;
}

uint64_t hints_machine_get_room(const HintsMachine *machine,
                                HintsMode mode,
                                unsigned id,
                                uint64_t page_bytes) {
        return ledger_room_get(&machine->rooms[mode], id, page_bytes);
}

uint64_t hints_machine_get_free(const HintsMachine *machine,
                                HintsMode mode,
                                const Ledger *ledger,
                                unsigned id,
                                uint64_t page_bytes) {
        return bytes_sub_clamped(hints_machine_get_room(machine, mode, id, page_bytes),
                                 ledger_get_claimed(ledger, id, page_bytes));
}
