/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/memory/bed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * All NUMA nodes have as much memory, so that no set is ruled out for its size alone. Groups of
 * four are near to each other, and a remote one is nearest to one that has CPUs, so that costs
 * differ and are worth ranking.
 */
#define RESERVED_BYTES  (UINT64_C(64) << 20)
#define DISTANCE_SELF   10u
#define DISTANCE_GROUP  12u
#define DISTANCE_OTHER  21u
#define DISTANCE_REMOTE 20u
#define DISTANCE_FAR    30u
#define GROUP           4u

typedef struct Parts {
        TopologyNode *nodes;
        SysfsNode *rows;
        uint16_t *distances; /* [n_nodes][n_nodes] */
        CapacityNode *capacities;
} Parts;

static void parts_deinit(Parts *parts) {
        free(parts->nodes);
        free(parts->rows);
        free(parts->distances);
        free(parts->capacities);
}
DEFINE_DEINIT(Parts, parts_deinit);

/* @n_local: those from there on are remote. */
static uint16_t get_distance(unsigned n_local, unsigned from, unsigned to) {
        if (from == to)
                return DISTANCE_SELF;
        if (from < n_local && to < n_local)
                return from / GROUP == to / GROUP ? DISTANCE_GROUP : DISTANCE_OTHER;
        return from % n_local == to % n_local ? DISTANCE_REMOTE : DISTANCE_FAR;
}

static int make_parts(unsigned n_nodes, unsigned n_local, Parts *parts) {
        parts->nodes = calloc(n_nodes, sizeof(*parts->nodes));
        parts->rows = calloc(n_nodes, sizeof(*parts->rows));
        parts->distances = calloc((size_t)n_nodes * n_nodes, sizeof(*parts->distances));
        parts->capacities = calloc(n_nodes, sizeof(*parts->capacities));
        if (!parts->nodes || !parts->rows || !parts->distances || !parts->capacities)
                return -ENOMEM;
        for (unsigned i = 0; i < n_nodes; ++i) {
                const Locality locality = i < n_local ? LOCALITY_LOCAL : LOCALITY_REMOTE;

                parts->rows[i].id = i;
                parts->rows[i].distances = &parts->distances[(size_t)i * n_nodes];
                for (unsigned k = 0; k < n_nodes; ++k)
                        parts->rows[i].distances[k] = get_distance(n_local, i, k);
                parts->nodes[i] = (TopologyNode){
                        .id = i,
                        .locality = locality,
                        .has_cpus = i < n_local,
                        .row = &parts->rows[i],
                };
                parts->capacities[i] = (CapacityNode){
                        .id = i,
                        .locality = locality,
                        .allocatable_bytes = BED_NODE_BYTES - RESERVED_BYTES,
                };
        }
        return 0;
}

static int make_machine(unsigned n_nodes, unsigned n_local, HintsMachine **ret) {
        _cleanup_(parts_deinitp) Parts parts = {};
        Topology topology = {};
        Capacity capacity = {};
        int r;

        r = make_parts(n_nodes, n_local, &parts);
        if (r)
                return r;
        topology.nodes = parts.nodes;
        topology.n_nodes = n_nodes;
        capacity.nodes = parts.capacities;
        capacity.n_nodes = n_nodes;
        return hints_machine_new(&topology, &capacity, ret);
}

static int claim(Ledger *ledger, unsigned number, unsigned node) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        const LedgerPart part = { .node = node, .bytes = BED_CLAIM_BYTES };
        LedgerBlock block = { .bytes = BED_CLAIM_BYTES, .parts = &part, .n_parts = 1 };
        LedgerClaim from = {
                .container = "app",
                .namespace_name = "default",
                .pod = "bench",
                .qos = QOS_GUARANTEED,
                .state = CLAIM_ACTIVE,
                .source = CLAIM_SOURCE_MEMORY_MANAGER,
                .blocks = &block,
                .n_blocks = 1,
                .container_id = "",
                .reason = "",
        };
        char uid[POD_UID_MAX];
        LedgerClaim *made;
        int r;

        (void)snprintf(uid, sizeof(uid), "00000000-0000-4000-8000-%012u", number);
        from.pod_uid = uid;
        nodeset_add(&block.nodes, node);
        r = ledger_claim_new(&from, &made);
        if (r == 0)
                r = ledger_change_put(&change, made);
        if (r == 0)
                r = ledger_apply(ledger, &change, NULL, NULL, NULL);
        return r > 0 ? -EINVAL : r;
}

int bed_init(Bed *bed, HintsMode mode, unsigned n_nodes, unsigned n_claims) {
        int r;

        *bed = (Bed){};
        r = make_machine(n_nodes, mode == HINTS_SLUG ? n_nodes / 2 : n_nodes, &bed->machine);
        if (r == 0)
                r = ledger_new(&bed->ledger);
        for (unsigned i = 0; r == 0 && i < n_claims; ++i)
                r = claim(bed->ledger, i + 1, i % n_nodes);
        bed->context = (HintsContext){
                .machine = bed->machine,
                .ledger = bed->ledger,
                .mode = mode,
        };
        return r;
}

void bed_deinit(Bed *bed) {
        ledger_free(bed->ledger);
        hints_machine_free(bed->machine);
        *bed = (Bed){};
}
