/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that exists and is not in use
 *
 * Bought, powered, and nobody's: CXL devices (or parts of them) that are in no region, regions that
 * never became memory, dax devices that are not system RAM, memory blocks that are offline. Each is
 * named once, at the first stage where it got stuck.
 */
#include <stdio.h>
#include <string.h>

#include "topology/classify.h"

/* Counts always, writes when there is somewhere to write to. */
typedef struct UnusedList {
        TopologyUnused *items;
        size_t n_items;
} UnusedList;

static void
add(UnusedList *list, const char *name, uint64_t bytes, const char *reason, OptU64 node) {
        if (list->items) {
                TopologyUnused *item = &list->items[list->n_items];

                (void)snprintf(item->name, sizeof(item->name), "%s", name);
                (void)snprintf(item->reason, sizeof(item->reason), "%s", reason);
                item->bytes = bytes;
                item->node = node;
        }
        ++list->n_items;
}

static void list_memdevs(const Topology *topology, UnusedList *list) {
        const SysfsMachine *machine = topology->machine;

        for (size_t i = 0; i < machine->n_memdevs; ++i) {
                const SysfsMemdev *memdev = &machine->memdevs[i];
                const uint64_t total =
                        bytes_add_saturated(memdev->ram_bytes.value, memdev->pmem_bytes.value);
                const uint64_t assigned = topology_get_assigned_bytes(topology, memdev);

                if (total > assigned)
                        add(list, memdev->name, total - assigned,
                            assigned ? "CXL device, partly in no region"
                                     : "CXL device in no region",
                            (OptU64){});
        }
}

static bool has_dax(const SysfsMachine *machine, const SysfsRegion *region) {
        for (size_t i = 0; i < machine->n_daxes; ++i)
                if (strcmp(machine->daxes[i].region, region->name) == 0)
                        return true;
        return false;
}

static void list_regions(const Topology *topology, UnusedList *list) {
        const SysfsMachine *machine = topology->machine;

        for (size_t i = 0; i < machine->n_regions; ++i) {
                const SysfsRegion *region = &machine->regions[i];

                if (has_dax(machine, region) || topology->region_nodes[i].present)
                        continue;
                add(list, region->name, region->size_bytes.value,
                    region->is_committed ? "CXL region that is not brought online as memory"
                                         : "CXL region that is not committed",
                    (OptU64){});
        }
}

static void list_daxes(const Topology *topology, UnusedList *list) {
        const SysfsMachine *machine = topology->machine;

        for (size_t i = 0; i < machine->n_daxes; ++i) {
                const SysfsDax *dax = &machine->daxes[i];

                if (strcmp(dax->driver, "kmem") == 0)
                        continue;
                add(list, dax->name, dax->size_bytes.value,
                    dax->driver[0] ? "dax device in device mode, not system RAM"
                                   : "dax device without a driver",
                    dax->target_node);
        }
}

static void list_offline_blocks(const Topology *topology, UnusedList *list) {
        const SysfsMachine *machine = topology->machine;
        const uint64_t block_bytes = machine->host.block_bytes.value;
        size_t n_without_node = 0;

        for (size_t i = 0; i < topology->n_nodes; ++i) {
                const TopologyNode *node = &topology->nodes[i];
                char name[TOPOLOGY_NAME_MAX], reason[96];

                if (node->n_offline_blocks == 0)
                        continue;
                (void)snprintf(name, sizeof(name), "NUMA node %u", node->id);
                (void)snprintf(reason, sizeof(reason), "%u of its %u memory blocks are offline",
                               node->n_offline_blocks,
                               node->n_offline_blocks + node->n_online_blocks);
                add(list, name, node->n_offline_blocks * block_bytes, reason, opt_u64(node->id));
        }
        for (size_t i = 0; i < machine->n_blocks; ++i)
                n_without_node += machine->blocks[i].state == SYSFS_BLOCK_OFFLINE &&
                                  machine->blocks[i].node == SYSFS_NO_NODE;
        if (n_without_node)
                add(list, "memory blocks", n_without_node * block_bytes,
                    "offline and of no NUMA node", (OptU64){});
}

size_t topology_list_unused(const Topology *topology, TopologyUnused *unused) {
        UnusedList list = { .items = unused };

        list_memdevs(topology, &list);
        list_regions(topology, &list);
        list_daxes(topology, &list);
        list_offline_blocks(topology, &list);
        return list.n_items;
}
