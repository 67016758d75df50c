/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Topology
 *
 * Rows become nodes here, and nothing is read: the same rows and the same rules give the same
 * topology, to the byte. The snapshot owns its rows, so that what needs no interpretation (CXL
 * devices, tiers, figures) is not copied.
 *
 * A kernel without NUMA shows no nodes at all. The kubelet then sees one NUMA node 0 that holds all
 * memory, and so does this.
 */
#include "topology/topology.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "topology/classify.h"

const char *memory_kind_name(MemoryKind kind) {
        static const char *const names[_MEMORY_KIND_N] = {
                [MEMORY_KIND_UNKNOWN] = "unknown", [MEMORY_KIND_DRAM] = "dram",
                [MEMORY_KIND_HBM] = "hbm",         [MEMORY_KIND_CXL] = "cxl",
                [MEMORY_KIND_PMEM] = "pmem",       [MEMORY_KIND_GPU] = "gpu",
        };

        assert(kind < _MEMORY_KIND_N);
        return names[kind];
}

const char *locality_name(Locality locality) {
        static const char *const names[_LOCALITY_N] = {
                [LOCALITY_NONE] = "none",
                [LOCALITY_LOCAL] = "local",
                [LOCALITY_REMOTE] = "remote",
                [LOCALITY_EXCLUDED] = "excluded",
        };

        assert(locality < _LOCALITY_N);
        return names[locality];
}

Topology *topology_ref(Topology *topology) {
        assert(topology->n_refs > 0);
        ++topology->n_refs;
        return topology;
}

Topology *topology_unref(Topology *topology) {
        if (!topology || --topology->n_refs > 0)
                return NULL;
        sysfs_machine_free(topology->machine);
        free(topology->nodes);
        free(topology->unused);
        free(topology->region_nodes);
        free(topology);
        return NULL;
}

static void count_blocks(const SysfsMachine *machine, TopologyNode *node) {
        for (size_t i = 0; i < machine->n_blocks; ++i) {
                const SysfsBlock *block = &machine->blocks[i];

                if (block->node != node->id)
                        continue;
                node->n_online_blocks += block->state == SYSFS_BLOCK_ONLINE;
                node->n_offline_blocks += block->state == SYSFS_BLOCK_OFFLINE;
                node->n_movable_blocks += block->state == SYSFS_BLOCK_ONLINE && block->is_movable;
        }
}

/* The kernel's mask where it can be used; otherwise the zones of the node's blocks. */
static bool is_movable_only(const SysfsMachine *machine, const TopologyNode *node) {
        if (node->capacity_bytes == 0)
                return false;
        if (machine->knows_has_normal_memory)
                return !nodeset_contains(&machine->has_normal_memory, node->id);
        return node->n_online_blocks > 0 && node->n_movable_blocks == node->n_online_blocks;
}

static void fill_node(const SysfsMachine *machine, const SysfsNode *row, TopologyNode *node) {
        node->id = row->id;
        node->row = row;
        node->capacity_bytes = row->memory_bytes.value;
        node->is_capacity_known = row->memory_bytes.present;
        node->has_cpus = row->n_cpus > 0 ||
                         (machine->knows_has_cpu && nodeset_contains(&machine->has_cpu, row->id));
        node->is_generic_initiator = nodeset_contains(&machine->has_generic_initiator, row->id);
        for (size_t i = 0; i < machine->n_tiers; ++i)
                if (nodeset_contains(&machine->tiers[i].nodes, row->id))
                        node->tier = opt_u64(machine->tiers[i].id);
        count_blocks(machine, node);
        node->is_movable_only = is_movable_only(machine, node);
}

static void fill_only_node(const SysfsMachine *machine, TopologyNode *node) {
        node->id = 0;
        node->has_cpus = true;
        node->capacity_bytes = machine->host.memory_bytes.value;
        node->is_capacity_known = true;
}

static int build_nodes(Topology *topology) {
        const SysfsMachine *machine = topology->machine;
        const bool is_made_up = machine->n_nodes == 0 && machine->host.memory_bytes.present;

        topology->n_nodes = is_made_up ? 1 : machine->n_nodes;
        topology->nodes =
                calloc(topology->n_nodes ? topology->n_nodes : 1, sizeof(*topology->nodes));
        if (!topology->nodes)
                return -ENOMEM;
        if (is_made_up)
                fill_only_node(machine, &topology->nodes[0]);
        for (size_t i = 0; i < machine->n_nodes; ++i)
                fill_node(machine, &machine->nodes[i], &topology->nodes[i]);
        return 0;
}

/**
 * topology_build() - the snapshot of a machine
 * @machine:    taken, also on failure
 * @rules:      borrowed, in order of precedence; NULL: none
 * @n_rules:    of @rules
 * @generation: of the snapshot, from 1
 * @ret:        a new reference, owned by the caller
 *
 * Return: 0 or -ENOMEM.
 */
int topology_build(SysfsMachine *machine,
                   const TopologyRule *rules,
                   size_t n_rules,
                   uint64_t generation,
                   Topology **ret) {
        _cleanup_(sysfs_machine_freep) SysfsMachine *taken = machine;
        _cleanup_(topology_unrefp) Topology *topology = calloc(1, sizeof(*topology));
        int r;

        if (!topology)
                return -ENOMEM;
        topology->n_refs = 1;
        topology->generation = generation;
        topology->machine = TAKE_PTR(taken);
        r = build_nodes(topology);
        if (r)
                return r;
        topology->region_nodes = calloc(machine->n_regions ? machine->n_regions : 1,
                                        sizeof(*topology->region_nodes));
        if (!topology->region_nodes)
                return -ENOMEM;
        topology_locate_regions(topology);
        topology_classify(topology, rules, n_rules);

        topology->n_unused = topology_list_unused(topology, NULL);
        topology->unused =
                calloc(topology->n_unused ? topology->n_unused : 1, sizeof(*topology->unused));
        if (!topology->unused)
                return -ENOMEM;
        (void)topology_list_unused(topology, topology->unused);
        *ret = TAKE_PTR(topology);
        return 0;
}

NodeSet topology_get_nodes(const Topology *topology, Locality locality) {
        NodeSet nodes = {};

        for (size_t i = 0; i < topology->n_nodes; ++i)
                if (topology->nodes[i].locality == locality)
                        nodeset_add(&nodes, topology->nodes[i].id);
        return nodes;
}

bool topology_has_normal_memory(const Topology *topology, const NodeSet *nodes) {
        for (size_t i = 0; i < topology->n_nodes; ++i)
                if (nodeset_contains(nodes, topology->nodes[i].id) &&
                    topology->nodes[i].capacity_bytes > 0 && !topology->nodes[i].is_movable_only)
                        return true;
        return false;
}

uint64_t topology_get_assigned_bytes(const Topology *topology, const SysfsMemdev *memdev) {
        const SysfsMachine *machine = topology->machine;
        uint64_t assigned = 0;

        for (size_t i = 0; i < machine->n_decoders; ++i) {
                const SysfsDecoder *decoder = &machine->decoders[i];

                if (decoder->type == SYSFS_DECODER_ENDPOINT && decoder->region[0] &&
                    strcmp(decoder->memdev, memdev->name) == 0)
                        assigned = bytes_add_saturated(assigned, decoder->dpa_bytes.value);
        }
        return assigned;
}
