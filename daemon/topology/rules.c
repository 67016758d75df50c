/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's word
 *
 * The rules of slugd.yaml's "classify", in their order: the first that matches decides the locality
 * of a NUMA node with memory. The reason keeps what the machine said.
 */
#include <stdio.h>
#include <string.h>

#include "topology/classify.h"

static bool has_serial(const Topology *topology, const TopologyNode *node, uint64_t serial) {
        for (size_t i = 0; i < topology->machine->n_regions; ++i)
                if (topology->region_nodes[i].present &&
                    topology->region_nodes[i].value == node->id &&
                    topology_region_has_serial(topology, &topology->machine->regions[i], serial))
                        return true;
        return false;
}

static bool matches(const Topology *topology, const TopologyRule *rule, const TopologyNode *node) {
        if (rule->node.present)
                return rule->node.value == node->id;
        if (rule->kind.present)
                return rule->kind.value == node->kind;
        return rule->cxl_serial.present && has_serial(topology, node, rule->cxl_serial.value);
}

const TopologyRule *topology_find_rule(const Topology *topology,
                                       const TopologyRule *rules,
                                       size_t n_rules,
                                       const TopologyNode *node) {
        for (size_t i = 0; i < n_rules; ++i)
                if (matches(topology, &rules[i], node))
                        return &rules[i];
        return NULL;
}

void topology_apply_rules(const Topology *topology,
                          const TopologyRule *rules,
                          size_t n_rules,
                          TopologyNode *node) {
        const TopologyRule *rule = topology_find_rule(topology, rules, n_rules, node);
        char reason[TOPOLOGY_REASON_MAX], *rest;

        if (!rule || node->locality == LOCALITY_NONE)
                return;
        (void)snprintf(reason, sizeof(reason), "the configuration says so; it would be %s: ",
                       locality_name(node->locality));
        rest = reason + strlen(reason);
        (void)snprintf(rest, sizeof(reason) - strlen(reason), "%.*s",
                       (int)(sizeof(reason) - strlen(reason) - 1), node->reason);
        memcpy(node->reason, reason, sizeof(reason));
        node->locality = rule->locality;
        node->advice[0] = '\0';
        memcpy(node->evidence, rule->source, sizeof(node->evidence));
}
