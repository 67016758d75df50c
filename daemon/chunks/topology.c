/* SPDX-License-Identifier: Apache-2.0 */
#include "chunks/topology.h"

/*
 * The kubelet puts a pod's CPUs on the NUMA nodes that a chunk is said to be near to. Its own NUMA
 * node has no CPUs: told that one alone, the kubelet would find no CPUs for the pod at all. So it
 * is told NUMA nodes with CPUs or nothing.
 *
 * The kubelet's masks have 64 bits, so that it knows no NUMA node above 63.
 */
#define KUBELET_NODES_MAX 64u

ChunksTopology chunks_topology_get(const ChunksSettings *settings) {
        if (settings->topology != CHUNKS_TOPOLOGY_AUTO)
                return settings->topology;
        return settings->is_restricted ? CHUNKS_TOPOLOGY_NONE : CHUNKS_TOPOLOGY_NEAREST;
}

/* The lowest ids of those that the kubelet can know. */
static NodeSet cut(const NodeSet *nodes) {
        NodeSet result = {};
        unsigned n = 0;

        NODESET_FOREACH (node, nodes)
                if (node < KUBELET_NODES_MAX && n++ < CHUNKS_TOPOLOGY_MAX)
                        nodeset_add(&result, node);
        return result;
}

NodeSet chunks_topology_find(const HintsMachine *machine, ChunksTopology in_effect, unsigned node) {
        const HintsNode *found = hints_machine_find(machine, node);
        NodeSet nodes = {};

        switch (in_effect) {
        case CHUNKS_TOPOLOGY_AUTO:
        case CHUNKS_TOPOLOGY_NEAREST:
                if (found)
                        nodes = found->near_cpus;
                break;
        case CHUNKS_TOPOLOGY_ALL_CPU_NODES:
                for (size_t i = 0; i < machine->n_nodes; ++i)
                        if (machine->nodes[i].has_cpus)
                                nodeset_add(&nodes, machine->nodes[i].id);
                break;
        case CHUNKS_TOPOLOGY_NONE:
        case _CHUNKS_TOPOLOGY_N:
                break;
        }
        return cut(&nodes);
}
