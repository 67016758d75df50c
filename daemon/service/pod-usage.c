/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cgroup uses, as a message
 *
 * The kernel counts pages by NUMA node for most kinds of memory and not for all, so that the NUMA
 * nodes together have less than memory.current says. The two are not read at the same moment
 * either: what is left over is clamped.
 */
#include "service/pod-messages.h"

static void add_by_locality(const HintsMachine *machine,
                            const PodsNodeBytes *node,
                            Slug__V1__PodUsage *message) {
        const HintsNode *known = hints_machine_find(machine, node->node);
        uint64_t *sum = &message->other_bytes;

        if (known && known->locality == LOCALITY_LOCAL)
                sum = &message->local_bytes;
        else if (known && known->locality == LOCALITY_REMOTE)
                sum = &message->remote_bytes;
        *sum = bytes_add_saturated(*sum, node->bytes);
}

static int build_nodes(Arena *arena, const PodsUsage *usage, Slug__V1__PodUsage *message) {
        message->numa_nodes = MESSAGE_LIST(arena, usage->n_nodes, Slug__V1__NumaNodeBytes,
                                           SLUG__V1__NUMA_NODE_BYTES__INIT);
        if (!message->numa_nodes)
                return -ENOMEM;
        message->n_numa_nodes = usage->n_nodes;
        for (size_t i = 0; i < usage->n_nodes; ++i) {
                message->numa_nodes[i]->numa_node = usage->nodes[i].node;
                message->numa_nodes[i]->bytes = usage->nodes[i].bytes;
        }
        return 0;
}

static void set_growth(const PodsGrowth *growth, Slug__V1__PodUsage *message) {
        if (!growth || !growth->is_known)
                return;
        message->growth_bytes_per_second = growth->bytes_per_second;
        message->_growth_bytes_per_second_case =
                SLUG__V1__POD_USAGE___GROWTH_BYTES_PER_SECOND_GROWTH_BYTES_PER_SECOND;
}

int pod_build_usage(Arena *arena,
                    const HintsMachine *machine,
                    const PodsUsage *usage,
                    const PodsGrowth *growth,
                    Slug__V1__PodUsage **ret) {
        Slug__V1__PodUsage **list =
                MESSAGE_LIST(arena, 1, Slug__V1__PodUsage, SLUG__V1__POD_USAGE__INIT);
        uint64_t sum = 0;
        int r;

        if (!list)
                return -ENOMEM;
        r = build_nodes(arena, usage, list[0]);
        if (r)
                return r;
        for (size_t i = 0; i < usage->n_nodes; ++i) {
                add_by_locality(machine, &usage->nodes[i], list[0]);
                sum = bytes_add_saturated(sum, usage->nodes[i].bytes);
        }
        list[0]->bytes = usage->bytes.value;
        list[0]->uncounted_bytes = bytes_sub_clamped(usage->bytes.value, sum);
        list[0]->oom_kills = usage->oom_kills;
        message_set(&list[0]->base, "pressure_permille", usage->pressure_permille);
        set_growth(growth, list[0]);
        *ret = list[0];
        return 0;
}
