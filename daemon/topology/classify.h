/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The parts that topology_build() is made of. Inside this folder only.
 */
#include "topology/topology.h"

/* What DRAM with CPUs reaches on this machine: the slowest and the fastest of its nodes. */
typedef struct Reference {
        OptU64 slowest_tier;
        OptU64 worst_latency_ns;
        OptU64 best_bandwidth_mbps;
        OptU64 worst_bandwidth_mbps;
} Reference;

/* Sets kind, locality, reason, evidence and advice of every node. */
void topology_classify(Topology *topology, const TopologyRule *rules, size_t n_rules);

/* The first that matches, or NULL. */
const TopologyRule *topology_find_rule(const Topology *topology,
                                       const TopologyRule *rules,
                                       size_t n_rules,
                                       const TopologyNode *node);
void topology_apply_rules(const Topology *topology,
                          const TopologyRule *rules,
                          size_t n_rules,
                          TopologyNode *node);

/* Where the memory of each CXL region is; needed by the others. */
void topology_locate_regions(Topology *topology);
/* "region0 (2-way interleave over mem0, mem1)" */
void topology_describe_region(const Topology *topology,
                              const SysfsRegion *region,
                              char *text,
                              size_t size);
bool topology_region_has_serial(const Topology *topology,
                                const SysfsRegion *region,
                                uint64_t serial);

/* Fills @unused when not NULL; returns how many there are. */
size_t topology_list_unused(const Topology *topology, TopologyUnused *unused);

/* The answer to one of the questions: what the node is, and which file said so. */
void topology_decide(TopologyNode *node,
                     MemoryKind kind,
                     Locality locality,
                     const char *evidence,
                     const char *reason);
void topology_node_path(char path[static TOPOLOGY_PATH_MAX],
                        const TopologyNode *node,
                        const char *file);

void topology_reference_add(Reference *reference, const TopologyNode *node);
/* False: no figures, or none that differ enough to tell. */
bool topology_decide_by_performance(const Reference *reference, TopologyNode *node);
