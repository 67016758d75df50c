/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "qos/plan-rows.h"

/*
 * cpuset.mems of a level, as qos.cpusetMems says it. The kernel allocates for a pod's tasks nowhere
 * else, so a mask is never one of movable memory alone, which most of the kernel's own allocations
 * cannot use, and never names what its parent does not have.
 *
 * "all" is local and remote ones. Excluded NUMA nodes are in a mask only when a list names them: a
 * list is the operator's word on these very ids, and the reason says so.
 */
#define NODES_SHOWN 48 /* characters of a list in a reason */

static const TopologyNode *find_node(const Topology *topology, unsigned id) {
        for (size_t i = 0; i < topology->n_nodes; ++i)
                if (topology->nodes[i].id == id)
                        return &topology->nodes[i];
        return NULL;
}

static bool is_of(const TopologyNode *node, QosMaskKind kind) {
        return (node->locality == LOCALITY_LOCAL && kind != QOS_MASK_REMOTE) ||
               (node->locality == LOCALITY_REMOTE && kind != QOS_MASK_LOCAL);
}

static NodeSet collect(const Topology *topology, QosMaskKind kind) {
        NodeSet nodes = {};

        for (size_t i = 0; i < topology->n_nodes; ++i)
                if (is_of(&topology->nodes[i], kind) && topology->nodes[i].capacity_bytes > 0)
                        nodeset_add(&nodes, topology->nodes[i].id);
        return nodes;
}

/* False: @row says which NUMA node of the list cannot be had. */
static bool check_list(const Topology *topology, const NodeSet *nodes, QosRow *row) {
        NODESET_FOREACH (id, nodes) {
                const TopologyNode *node = find_node(topology, id);

                if (node && node->capacity_bytes > 0)
                        continue;
                row_hold_back(row, "qos.cpusetMems.%s names NUMA node %u, which %s",
                              qos_level_name(row->level), id,
                              node ? "has no memory online" : "is not there");
                return false;
        }
        return true;
}

/* Excluded ones can only be of a list. */
static void say_excluded(const Topology *topology, const NodeSet *nodes, QosRow *row) {
        for (size_t i = 0; i < topology->n_nodes; ++i)
                if (nodeset_contains(nodes, topology->nodes[i].id) &&
                    topology->nodes[i].locality == LOCALITY_EXCLUDED) {
                        row_say(row, "; NUMA node %u is excluded and in it because the list has it",
                                topology->nodes[i].id);
                        return;
                }
}

/* What @level may have of its parent; false: whatever it wants. */
static bool get_above(const Planner *planner, QosLevel level, NodeSet *ret) {
        const QosLevel parent = qos_level_parent(level);
        const QosRow *row = qos_plan_find(planner->plan, parent, CGROUP_CPUSET_MEMS);
        const CgroupValue *actual = planner_get_actual(planner, parent, CGROUP_CPUSET_MEMS);

        if (parent == level)
                return false;
        if (row && row->has_value)
                *ret = row->value.nodes;
        else if (actual && !nodeset_is_empty(&actual->nodes))
                *ret = actual->nodes;
        else
                return false;
        return true;
}

static void explain(QosRow *row, const QosMask *mask, const NodeSet *nodes) {
        static const char *const kinds[] = {
                [QOS_MASK_NONE] = "",
                [QOS_MASK_LOCAL] = "local: the local NUMA nodes with memory",
                [QOS_MASK_REMOTE] = "remote: the remote NUMA nodes with memory",
                [QOS_MASK_ALL] = "all: the local and remote NUMA nodes with memory",
                [QOS_MASK_LIST] = "a list: NUMA nodes",
        };
        char text[NODESET_TEXT_MAX];

        row_say(row, "qos.cpusetMems.%s is %s, %.*s", qos_level_name(row->level), kinds[mask->kind],
                NODES_SHOWN, nodeset_format(nodes, text));
}

static void set_mask(Planner *planner, QosRow *row, const QosMask *mask) {
        const Topology *topology = planner->input->topology;
        const char *name = qos_level_name(row->level);
        const NodeSet wanted =
                mask->kind == QOS_MASK_LIST ? mask->nodes : collect(topology, mask->kind);
        NodeSet nodes = wanted, above;
        char text[NODESET_TEXT_MAX];

        if (!check_list(topology, &wanted, row))
                return;
        if (get_above(planner, row->level, &above))
                nodes = nodeset_and(&wanted, &above);
        if (nodeset_is_empty(&wanted)) {
                row_hold_back(row, "no NUMA node is what qos.cpusetMems.%s asks for", name);
        } else if (nodeset_is_empty(&nodes)) {
                row_hold_back(row, "kubepods has none of the NUMA nodes of qos.cpusetMems.%s, %.*s",
                              name, NODES_SHOWN, nodeset_format(&wanted, text));
        } else if (!topology_has_normal_memory(topology, &nodes)) {
                row_hold_back(row,
                              "all memory of NUMA nodes %.*s is movable; give "
                              "qos.cpusetMems.%s a NUMA node with normal memory, too",
                              NODES_SHOWN, nodeset_format(&nodes, text), name);
        } else {
                explain(row, mask, &wanted);
                if (!nodeset_is_equal(&nodes, &wanted))
                        row_say(row, "; without those that kubepods does not have");
                say_excluded(topology, &nodes, row);
                row_set_nodes(row, &nodes);
        }
}

void plan_mask(Planner *planner, QosLevel level) {
        const QosMask *mask = &planner->input->params->masks[level];
        QosRow *row = planner_add(planner, level, CGROUP_CPUSET_MEMS);

        if (!planner_manages(planner, QOS_MANAGE_CPUSET_MEMS))
                row_leave_unmanaged(row, QOS_MANAGE_CPUSET_MEMS);
        else if (mask->kind == QOS_MASK_NONE)
                row_leave(row, QOS_OWNER_NOBODY,
                          "qos.cpusetMems.%s is not set: what is there stays",
                          qos_level_name(level));
        else
                set_mask(planner, row, mask);
}
