/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/numa-bed.h"

#include <stdio.h>
#include <string.h>

static void must(bool is_true, const char *what) {
        if (is_true)
                return;
        (void)fprintf(stderr, "test bed: %s\n", what);
        abort();
}

static void *make(size_t n, size_t size) {
        void *memory = calloc(n + 1, size);

        must(memory != NULL, "no memory");
        return memory;
}

NodeSet numa_bed_set(const char *list) {
        NodeSet nodes = {};

        must(list[0] == '\0' || nodeset_parse(list, strlen(list), &nodes) == 0, "no set");
        return nodes;
}

bool numa_bed_is_set(const NodeSet *nodes, const char *list) {
        const NodeSet expected = numa_bed_set(list);

        return nodeset_is_equal(nodes, &expected);
}

static OptU64 figure(uint64_t value) {
        return value ? opt_u64(value) : (OptU64){};
}

static void fill_row(const BedNode *from, SysfsNode *row) {
        *row = (SysfsNode){ .id = from->id };
        row->access[1].read_latency_ns = figure(from->latency_ns);
        row->access[1].read_bandwidth_mbps = figure(from->bandwidth_mbps);
        if (from->initiators)
                row->access[1].initiators = numa_bed_set(from->initiators);
}

static void fill_capacity(const BedNode *from, CapacityNode *node) {
        const bool is_excluded = from->locality == LOCALITY_EXCLUDED;

        *node = (CapacityNode){
                .id = from->id,
                .locality = from->locality,
                .allocatable_bytes = is_excluded ? 0 : from->bytes,
                .withheld_bytes = is_excluded ? from->bytes : 0,
        };
        if (from->huge_bytes)
                node->hugepages[node->n_hugepages++] =
                        (HugepageBytes){ .page_bytes = 2 * MIB, .bytes = from->huge_bytes };
        if (from->giant_bytes)
                node->hugepages[node->n_hugepages++] =
                        (HugepageBytes){ .page_bytes = GIB, .bytes = from->giant_bytes };
}

void numa_bed_init(NumaBed *bed, const BedNode *nodes, size_t n_nodes, const uint16_t *distances) {
        *bed = (NumaBed){
                .rows = make(n_nodes, sizeof(*bed->rows)),
                .topology = { .nodes = make(n_nodes, sizeof(TopologyNode)), .n_nodes = n_nodes },
                .capacity = { .nodes = make(n_nodes, sizeof(CapacityNode)), .n_nodes = n_nodes },
        };
        bed->topology.machine = &bed->sysfs;
        for (size_t i = 0; i < n_nodes; ++i) {
                fill_row(&nodes[i], &bed->rows[i]);
                bed->rows[i].distances = distances ? (uint16_t *)&distances[i * n_nodes] : NULL;
                bed->topology.nodes[i] = (TopologyNode){
                        .id = nodes[i].id,
                        .locality = nodes[i].locality,
                        .has_cpus = nodes[i].has_cpus,
                        .is_movable_only = nodes[i].is_movable_only,
                        .row = &bed->rows[i],
                };
                fill_capacity(&nodes[i], &bed->capacity.nodes[i]);
        }
        must(hints_machine_new(&bed->topology, &bed->capacity, &bed->machine) == 0, "no machine");
}

void numa_bed_deinit(NumaBed *bed) {
        bed->machine = hints_machine_free(bed->machine);
        free(bed->capacity.nodes);
        free(bed->topology.nodes);
        free(bed->rows);
        bed->rows = NULL;
        bed->topology = (Topology){};
        bed->capacity = (Capacity){};
}

HintsMachine *numa_bed_make(const BedNode *nodes, size_t n_nodes, const uint16_t *distances) {
        HintsMachine *machine;
        NumaBed bed;

        numa_bed_init(&bed, nodes, n_nodes, distances);
        machine = TAKE_PTR(bed.machine);
        numa_bed_deinit(&bed);
        return machine;
}

void numa_bed_claim(Ledger *ledger,
                    const char *container,
                    const char *nodes,
                    uint64_t page_bytes,
                    const uint64_t *bytes) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        LedgerBlock block = { .nodes = numa_bed_set(nodes), .page_bytes = page_bytes };
        LedgerPart parts[NODESET_MAX];
        LedgerClaim *claim = NULL;
        size_t i = 0;

        NODESET_FOREACH (node, &block.nodes) {
                if (bytes[i] > 0)
                        parts[block.n_parts++] = (LedgerPart){ .node = node, .bytes = bytes[i] };
                block.bytes += bytes[i++];
        }
        block.parts = parts;
        must(ledger_claim_new(&(const LedgerClaim){ .pod_uid = "other",
                                                    .container = container,
                                                    .namespace_name = "",
                                                    .pod = "",
                                                    .state = CLAIM_ACTIVE,
                                                    .blocks = &block,
                                                    .n_blocks = 1,
                                                    .container_id = "",
                                                    .reason = "" },
                              &claim) == 0,
             "no claim");
        must(ledger_change_put(&change, claim) == 0, "no change");
        must(ledger_apply(ledger, &change, NULL, NULL, NULL) == 0, "no ledger");
}
