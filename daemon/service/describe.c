/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node's description as a message
 *
 * What NodeService.DescribeNode answers, in the order in which `kubectl describe node` has taught
 * people to read: who it is, what it has, what may be promised, what is kept back and why, NUMA
 * node by NUMA node, and then what is wrong.
 */
#include <string.h>

#include "service/limits.h"
#include "service/messages.h"

static int
add_system_info(Arena *arena, const NodeView *view, Slug__V1__DescribeNodeResponse *message) {
        const SysfsHost *host = &view->topology->machine->host;
        Slug__V1__SystemInfo **list =
                MESSAGE_LIST(arena, 1, Slug__V1__SystemInfo, SLUG__V1__SYSTEM_INFO__INIT);

        if (!list)
                return -ENOMEM;
        message->system_info = list[0];
        list[0]->slugd_version = (char *)PACKAGE_VERSION;
        list[0]->kernel_version = (char *)host->kernel_version;
        list[0]->os_image = (char *)host->os_image;
        list[0]->cgroup_version = (char *)host->cgroup_version;
        list[0]->cgroup_controllers = (char *)host->cgroup_controllers;
        list[0]->auto_online_blocks = (char *)host->auto_online_blocks;
        message_set(&list[0]->base, "demotion_enabled", host->is_demotion_enabled);
        message_set(&list[0]->base, "numa_balancing", host->numa_balancing);
        return 0;
}

static int build_hugepages(Arena *arena,
                           const HugepageBytes *hugepages,
                           size_t n_hugepages,
                           size_t *ret_n,
                           Slug__V1__HugepageAmount ***ret) {
        Slug__V1__HugepageAmount **list = MESSAGE_LIST(arena, n_hugepages, Slug__V1__HugepageAmount,
                                                       SLUG__V1__HUGEPAGE_AMOUNT__INIT);

        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < n_hugepages; ++i) {
                list[i]->page_size_bytes = hugepages[i].page_bytes;
                list[i]->bytes = hugepages[i].bytes;
        }
        *ret_n = n_hugepages;
        *ret = list;
        return 0;
}

static int build_amount(Arena *arena,
                        const Capacity *capacity,
                        uint64_t total_bytes,
                        const MemorySum *sum,
                        Slug__V1__MemoryAmount **ret) {
        Slug__V1__MemoryAmount **list =
                MESSAGE_LIST(arena, 1, Slug__V1__MemoryAmount, SLUG__V1__MEMORY_AMOUNT__INIT);

        if (!list)
                return -ENOMEM;
        *ret = list[0];
        list[0]->total_bytes = total_bytes;
        list[0]->local_bytes = sum->local_bytes;
        list[0]->remote_bytes = sum->remote_bytes;
        list[0]->excluded_bytes = sum->excluded_bytes;
        return build_hugepages(arena, capacity->hugepages, capacity->n_hugepages,
                               &list[0]->n_hugepages, &list[0]->hugepages);
}

Slug__V1__ReservationPlacement message_encode_placement(Placement placement) {
        switch (placement) {
        case PLACEMENT_LOCAL_FIRST:
                return SLUG__V1__RESERVATION_PLACEMENT__RESERVATION_PLACEMENT_LOCAL_FIRST;
        case PLACEMENT_PROPORTIONAL:
                return SLUG__V1__RESERVATION_PLACEMENT__RESERVATION_PLACEMENT_PROPORTIONAL;
        case PLACEMENT_EXPLICIT:
                return SLUG__V1__RESERVATION_PLACEMENT__RESERVATION_PLACEMENT_EXPLICIT;
        }
        return SLUG__V1__RESERVATION_PLACEMENT__RESERVATION_PLACEMENT_UNSPECIFIED;
}

static int
add_reservation(Arena *arena, const NodeView *view, Slug__V1__DescribeNodeResponse *message) {
        const struct {
                const char *name;
                uint64_t bytes;
                const NodeSetting *setting;
        } parts[] = {
                { "system-reserved", view->system_reserved.bytes, &view->system_reserved },
                { "kube-reserved", view->kube_reserved.bytes, &view->kube_reserved },
                { "hard-eviction", view->capacity->eviction_bytes, &view->eviction },
        };
        Slug__V1__Reservation **list =
                MESSAGE_LIST(arena, 1, Slug__V1__Reservation, SLUG__V1__RESERVATION__INIT);

        if (!list)
                return -ENOMEM;
        message->reserved = list[0];
        list[0]->parts = MESSAGE_LIST(arena, ELEMENTSOF(parts), Slug__V1__ReservationPart,
                                      SLUG__V1__RESERVATION_PART__INIT);
        if (!list[0]->parts)
                return -ENOMEM;
        list[0]->n_parts = ELEMENTSOF(parts);
        for (size_t i = 0; i < ELEMENTSOF(parts); ++i) {
                list[0]->parts[i]->name = (char *)parts[i].name;
                list[0]->parts[i]->bytes = parts[i].bytes;
                list[0]->parts[i]->source = (char *)parts[i].setting->source;
                list[0]->parts[i]->setting = (char *)parts[i].setting->setting;
        }
        list[0]->total_bytes = view->capacity->reservation_bytes;
        list[0]->placement = message_encode_placement(view->capacity->placement);
        list[0]->placement_source = (char *)view->placement_source;
        list[0]->placed_bytes = view->capacity->placed_bytes;
        list[0]->unplaced_bytes = view->capacity->unplaced_bytes;
        message_set(&list[0]->base, "explicit_bytes", view->capacity->explicit_bytes);
        return 0;
}

/* As many rows as there are sizes that may be promised, claimed or not. */
static int add_claimed(Arena *arena,
                       const Ledger *ledger,
                       const CapacityNode *node,
                       Slug__V1__NumaNodeAmounts *message) {
        HugepageBytes claimed[CAPACITY_PAGE_SIZES], observed[CAPACITY_PAGE_SIZES];
        int r;

        if (!ledger)
                return 0;
        for (size_t i = 0; i < node->n_hugepages; ++i) {
                const uint64_t page_bytes = node->hugepages[i].page_bytes;

                claimed[i] = (HugepageBytes){
                        .page_bytes = page_bytes,
                        .bytes = ledger_get_claimed(ledger, node->id, page_bytes),
                };
                observed[i] = (HugepageBytes){
                        .page_bytes = page_bytes,
                        .bytes = ledger_get_observed(ledger, node->id, page_bytes),
                };
        }
        message_set(&message->base, "claimed_bytes",
                    opt_u64(ledger_get_claimed(ledger, node->id, 0)));
        message_set(&message->base, "observed_bytes",
                    opt_u64(ledger_get_observed(ledger, node->id, 0)));
        r = build_hugepages(arena, claimed, node->n_hugepages, &message->n_hugepages_claimed,
                            &message->hugepages_claimed);
        return r ? r
                 : build_hugepages(arena, observed, node->n_hugepages,
                                   &message->n_hugepages_observed, &message->hugepages_observed);
}

static int build_amounts(Arena *arena,
                         const Ledger *ledger,
                         const CapacityNode *node,
                         Slug__V1__NumaNodeAmounts **ret) {
        Slug__V1__NumaNodeAmounts **list = MESSAGE_LIST(arena, 1, Slug__V1__NumaNodeAmounts,
                                                        SLUG__V1__NUMA_NODE_AMOUNTS__INIT);
        int r;

        if (!list)
                return -ENOMEM;
        *ret = list[0];
        list[0]->id = node->id;
        list[0]->capacity_bytes = node->capacity_bytes;
        list[0]->hugepages_bytes = node->hugepages_bytes;
        list[0]->reserved_bytes = node->reserved_bytes;
        list[0]->allocatable_bytes = node->allocatable_bytes;
        list[0]->withheld_bytes = node->withheld_bytes;
        r = build_hugepages(arena, node->hugepages, node->n_hugepages,
                            &list[0]->n_hugepages_allocatable, &list[0]->hugepages_allocatable);
        return r ? r : add_claimed(arena, ledger, node, list[0]);
}

int message_fill_described(Arena *arena,
                           const NodeView *view,
                           size_t index,
                           Slug__V1__DescribedNumaNode *message) {
        int r = message_build_numa_node(arena, view->topology, &view->topology->nodes[index],
                                        &message->numa_node);

        return r ? r
                 : build_amounts(arena, view->ledger, &view->capacity->nodes[index],
                                 &message->amounts);
}

static int
add_numa_nodes(Arena *arena, const NodeView *view, Slug__V1__DescribeNodeResponse *message) {
        const Topology *topology = view->topology;
        int r;

        message->numa_nodes = MESSAGE_LIST(arena, topology->n_nodes, Slug__V1__DescribedNumaNode,
                                           SLUG__V1__DESCRIBED_NUMA_NODE__INIT);
        if (!message->numa_nodes)
                return -ENOMEM;
        message->n_numa_nodes = topology->n_nodes;
        for (size_t i = 0; i < topology->n_nodes; ++i) {
                r = message_fill_described(arena, view, i, message->numa_nodes[i]);
                if (r)
                        return r;
        }
        return 0;
}

static int
add_amounts(Arena *arena, const NodeView *view, Slug__V1__DescribeNodeResponse *message) {
        const Capacity *capacity = view->capacity;
        int r;

        r = build_amount(arena, capacity, capacity->total_bytes, &capacity->capacity,
                         &message->capacity);
        if (r)
                return r;
        r = build_amount(arena, capacity, capacity->allocatable_bytes, &capacity->allocatable,
                         &message->allocatable);
        if (r)
                return r;
        if (view->has_kubepods_cgroup)
                message_set(&message->base, "kubepods_memory_max_bytes",
                            opt_u64(capacity->kubepods_bytes));
        return 0;
}

static int
add_findings(Arena *arena, const NodeView *view, Slug__V1__DescribeNodeResponse *message) {
        int r;

        r = message_build_unused(arena, view->topology, &message->n_unused_memory,
                                 &message->unused_memory);
        if (r)
                return r;
        r = message_build_conditions(arena, view, &message->n_conditions, &message->conditions);
        if (r)
                return r;
        message->diagnostics_dropped = (uint32_t)view->topology->machine->diagnostics.n_dropped;
        return message_build_diagnostics(arena, view->topology, &message->n_diagnostics,
                                         &message->diagnostics);
}

static int add_limits(Arena *arena, const NodeView *view, Slug__V1__DescribeNodeResponse *message) {
        Slug__V1__LimitCounts **list =
                MESSAGE_LIST(arena, 1, Slug__V1__LimitCounts, SLUG__V1__LIMIT_COUNTS__INIT);
        Limits limits;

        if (!list)
                return -ENOMEM;
        limits_judge(view->qos, &limits);
        list[0]->managed = (uint32_t)limits.n_managed;
        list[0]->achieved = (uint32_t)limits.counts[QOS_STATUS_ACHIEVED];
        list[0]->writing =
                (uint32_t)(limits.counts[QOS_STATUS_WRITING] + limits.counts[QOS_STATUS_UNMANAGED]);
        list[0]->absent = (uint32_t)limits.counts[QOS_STATUS_ABSENT];
        list[0]->pending = (uint32_t)limits.counts[QOS_STATUS_PENDING];
        list[0]->refused = (uint32_t)limits.counts[QOS_STATUS_REFUSED];
        list[0]->contended = (uint32_t)limits.counts[QOS_STATUS_CONTENDED];
        list[0]->held_back = (uint32_t)limits.n_held_back;
        message->limits = list[0];
        if (limits.n_managed == 0 || limits.state == LIMITS_ACHIEVED)
                return 0;
        list[0]->worst = arena_strdup(arena, limits.message);
        return list[0]->worst ? 0 : -ENOMEM;
}

int message_build_description(Arena *arena,
                              const NodeView *view,
                              Slug__V1__DescribeNodeResponse **ret) {
        static int (*const parts[])(Arena *, const NodeView *, Slug__V1__DescribeNodeResponse *) = {
                add_system_info, add_amounts, add_reservation,       add_numa_nodes,
                add_findings,    add_limits,  message_add_allocated,
        };
        Slug__V1__DescribeNodeResponse **list = MESSAGE_LIST(
                arena, 1, Slug__V1__DescribeNodeResponse, SLUG__V1__DESCRIBE_NODE_RESPONSE__INIT);
        int r;

        if (!list)
                return -ENOMEM;
        list[0]->name = (char *)view->name;
        list[0]->generation = view->topology->generation;
        for (size_t i = 0; i < ELEMENTSOF(parts); ++i) {
                r = parts[i](arena, view, list[0]);
                if (r)
                        return r;
        }
        *ret = list[0];
        return 0;
}
