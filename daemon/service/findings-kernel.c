/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: what the kernel does by itself
 *
 * Demotion is one switch for the whole machine: under pressure, pages of any cgroup go from a tier
 * to a slower one, and are kept from it by memory.min and memory.low alone. Up to Linux 6.15 not
 * even cpuset.mems keeps them. NUMA nodes in one tier are no targets of each other.
 *
 * NUMA balancing moves pages to the CPUs that use them: between NUMA nodes of one tier in mode 1,
 * from a slower tier to a faster one in mode 2. It keeps to cpuset.mems and knows no amounts.
 */
#include "base/scan.h"
#include "service/finder.h"

#define BALANCING_NORMAL  1u
#define BALANCING_TIERING 2u

static bool is_remote(const TopologyNode *node) {
        return node->locality == LOCALITY_REMOTE && node->capacity_bytes > 0;
}

/* The fastest tier of local memory; absent when the kernel shows no tiers. */
static OptU64 find_local_tier(const Topology *topology) {
        OptU64 best = {};

        for (size_t i = 0; i < topology->n_nodes; ++i) {
                const TopologyNode *node = &topology->nodes[i];

                if (node->locality == LOCALITY_LOCAL && node->tier.present &&
                    (!best.present || node->tier.value < best.value))
                        best = node->tier;
        }
        return best;
}

/* Remote memory in a slower tier than local memory. Without tiers (before 6.1) it was that of NUMA
 * nodes without CPUs. */
static NodeSet find_slower(const Topology *topology) {
        const OptU64 local = find_local_tier(topology);
        NodeSet nodes = {};

        for (size_t i = 0; i < topology->n_nodes; ++i) {
                const TopologyNode *node = &topology->nodes[i];
                const bool has_tiers = local.present && node->tier.present;

                if (is_remote(node) &&
                    (has_tiers ? node->tier.value > local.value : !node->has_cpus))
                        nodeset_add(&nodes, node->id);
        }
        return nodes;
}

NodeSet finder_get_slower(const Finder *finder) {
        return find_slower(finder->view->topology);
}

NodeSet finder_get_demotion_targets(const Finder *finder) {
        const Topology *topology = finder->view->topology;

        return topology->machine->host.is_demotion_enabled.value ? find_slower(topology)
                                                                 : (NodeSet){};
}

/* False, too, when the version cannot be read. */
static bool is_kernel_before(const Finder *finder, unsigned major, unsigned minor) {
        const char *text = finder->view->topology->machine->host.kernel_version;
        Scan scan = scan_init(text, strlen(text));
        uint64_t has_major, has_minor;

        return scan_u64(&scan, &has_major) && scan_char(&scan, '.') &&
               scan_u64(&scan, &has_minor) &&
               (has_major < major || (has_major == major && has_minor < minor));
}

/* A level whose mask keeps pods from all of @nodes. */
static bool has_mask_against(const Finder *finder, const NodeSet *nodes) {
        const QosParams *params = finder->view->qos_params;

        if (!(finder_get_manage(finder) & QOS_MANAGE_CPUSET_MEMS))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(params->masks); ++i) {
                const QosMask *mask = &params->masks[i];
                const NodeSet common = nodeset_and(&mask->nodes, nodes);

                if (mask->kind == QOS_MASK_LOCAL ||
                    (mask->kind == QOS_MASK_LIST && nodeset_is_empty(&common)))
                        return true;
        }
        return false;
}

void find_demotion_through_masks(Finder *finder) {
        const NodeSet targets = finder_get_demotion_targets(finder);
        const bool is_static = finder_has_kubelet(finder) && finder->view->is_static_memory_policy;
        const bool has_mask = has_mask_against(finder, &targets);
        const char *names;

        if (nodeset_is_empty(&targets) || !is_kernel_before(finder, 6, 16) ||
            (!is_static && !has_mask))
                return;
        names = finder_name_nodes(finder, &targets);
        finder_add(finder,
                   arena_printf(finder->arena,
                                "demotion is on, and Linux %s demotes to %s whatever "
                                "cpuset.mems says: that of %s",
                                finder->view->topology->machine->host.kernel_version, names,
                                has_mask ? "qos.cpusetMems"
                                         : "guaranteed pods, which the Static memory manager "
                                           "has pinned"),
                   "echo 0 >/sys/kernel/mm/numa/demotion_enabled");
}

void find_demotion_unprotected(Finder *finder) {
        const NodeSet targets = finder_get_demotion_targets(finder);
        const unsigned protects = QOS_MANAGE_MEMORY_MIN | QOS_MANAGE_MEMORY_LOW;
        const QosParams *params = finder->view->qos_params;
        const char *names;

        /* what the kubelet protects with MemoryQoS depends on a policy that is not read */
        if (nodeset_is_empty(&targets) || (finder_get_manage(finder) & protects) || !params ||
            params->kubelet.memory_qos == QOS_GATE_ON)
                return;
        names = finder_name_nodes(finder, &targets);
        finder_add(finder,
                   arena_printf(finder->arena,
                                "demotion is on: under pressure the kernel moves memory of "
                                "any pod to %s, that of guaranteed pods, too, because "
                                "neither memory.min nor memory.low protects it",
                                names),
                   finder_set_manage(finder, 0, protects));
}

static uint64_t get_balancing(const Finder *finder) {
        return finder->view->topology->machine->host.numa_balancing.value;
}

void find_balancing_over_limits(Finder *finder) {
        if (!(finder_get_manage(finder) & QOS_MANAGE_NODE_LIMIT) || get_balancing(finder) == 0)
                return;
        finder_add(finder,
                   arena_printf(finder->arena,
                                "numa_balancing is %llu: the kernel moves memory between NUMA "
                                "nodes and knows nothing of qos.nodeLimits",
                                (unsigned long long)get_balancing(finder)),
                   "sysctl -w kernel.numa_balancing=0");
}

NodeSet finder_get_balanced(const Finder *finder) {
        const Topology *topology = finder->view->topology;
        const NodeSet slower = find_slower(topology);
        NodeSet nodes = {};

        for (size_t i = 0; i < topology->n_nodes; ++i) {
                const TopologyNode *node = &topology->nodes[i];
                const uint64_t mode =
                        nodeset_contains(&slower, node->id) ? BALANCING_TIERING : BALANCING_NORMAL;

                if (is_remote(node) && (get_balancing(finder) & mode))
                        nodeset_add(&nodes, node->id);
        }
        return nodes;
}

static bool has_divided(const EnforceView *view) {
        for (size_t i = 0; view && i < view->n_containers; ++i)
                if (enforce_is_divided(view->containers[i]))
                        return true;
        return false;
}

/* Where there are splits, NumaBalancingOn says it. */
void find_balancing(Finder *finder) {
        const NodeSet nodes = finder_get_balanced(finder);
        const char *names;

        if (nodeset_is_empty(&nodes) || (finder_get_manage(finder) & QOS_MANAGE_NODE_LIMIT) ||
            has_divided(finder->view->enforce))
                return;
        names = finder_name_nodes(finder, &nodes);
        finder_add(finder,
                   arena_printf(finder->arena,
                                "numa_balancing is %llu: the kernel moves memory that is "
                                "much used from %s to local memory, however little of that "
                                "its pod was promised",
                                (unsigned long long)get_balancing(finder), names),
                   "sysctl -w kernel.numa_balancing=0");
}

/* Remote memory that a driver has brought, some of it not movable. */
static NodeSet find_unmovable_nodes(const Topology *topology) {
        const SysfsMachine *machine = topology->machine;
        NodeSet nodes = {};

        for (size_t i = 0; i < topology->n_nodes; ++i) {
                const TopologyNode *node = &topology->nodes[i];

                if (!is_remote(node) || node->n_movable_blocks >= node->n_online_blocks)
                        continue;
                for (size_t k = 0; k < machine->n_daxes; ++k)
                        if (strcmp(machine->daxes[k].driver, "kmem") == 0 &&
                            machine->daxes[k].target_node.present &&
                            machine->daxes[k].target_node.value == node->id)
                                nodeset_add(&nodes, node->id);
        }
        return nodes;
}

void find_unmovable(Finder *finder) {
        const NodeSet nodes = find_unmovable_nodes(finder->view->topology);
        const char *names;

        if (nodeset_is_empty(&nodes))
                return;
        names = finder_name_nodes(finder, &nodes);
        finder_add(finder,
                   arena_printf(finder->arena,
                                "memory of %s is online in ZONE_NORMAL: the kernel puts "
                                "its own data on remote memory, and it can hardly be taken "
                                "offline again",
                                names),
                   "kernel command line: memhp_default_state=online_movable, and boot");
}

void find_swap_below(Finder *finder) {
        const NodeView *view = finder->view;
        const NodeSet targets = finder_get_demotion_targets(finder);
        const char *behavior = view->kubelet.swap_behavior;

        if (nodeset_is_empty(&targets) || view->topology->machine->host.swap_bytes.value == 0 ||
            !finder_has_kubelet(finder) || view->kubelet.fails_on_swap || !behavior ||
            !behavior[0] || strcmp(behavior, "NoSwap") == 0)
                return;
        finder_add(finder,
                   arena_printf(finder->arena,
                                "pods may swap (%s) and demotion is on: what is reclaimed of a pod "
                                "leaves remote memory for swap, and amounts on NUMA nodes are not "
                                "exact",
                                behavior),
                   finder_set_kubelet(finder, "kubelet.memorySwap.swapBehavior",
                                      "memorySwap: {swapBehavior: NoSwap}"));
}
