/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CXL regions: which node their memory is, and which devices they are made of
 *
 * In order of trust: the target node of the dax device that grew out of the region; then, for
 * regions that firmware brought online without such a device, the node of the memory blocks that
 * lie in the region's addresses.
 */
#include <stdio.h>
#include <string.h>

#include "topology/classify.h"

static OptU64 locate_by_dax(const SysfsMachine *machine, const SysfsRegion *region) {
        for (size_t i = 0; i < machine->n_daxes; ++i)
                if (strcmp(machine->daxes[i].region, region->name) == 0)
                        return machine->daxes[i].target_node;
        return (OptU64){};
}

static OptU64 locate_by_blocks(const SysfsMachine *machine, const SysfsRegion *region) {
        const uint64_t block_bytes = machine->host.block_bytes.value;
        uint64_t end;

        if (!block_bytes || !region->start.present ||
            bytes_add(region->start.value, region->size_bytes.value, &end) < 0)
                return (OptU64){};
        for (size_t i = 0; i < machine->n_blocks; ++i) {
                const SysfsBlock *block = &machine->blocks[i];
                uint64_t start;

                if (bytes_mul(block->id, block_bytes, &start) < 0)
                        return (OptU64){};
                if (start >= region->start.value && start < end && block->node != SYSFS_NO_NODE)
                        return opt_u64(block->node);
        }
        return (OptU64){};
}

void topology_locate_regions(Topology *topology) {
        const SysfsMachine *machine = topology->machine;

        for (size_t i = 0; i < machine->n_regions; ++i) {
                OptU64 node = locate_by_dax(machine, &machine->regions[i]);

                topology->region_nodes[i] =
                        node.present ? node : locate_by_blocks(machine, &machine->regions[i]);
        }
}

void topology_describe_region(const Topology *topology,
                              const SysfsRegion *region,
                              char *text,
                              size_t size) {
        size_t n;

        if (region->ways.value > 1)
                (void)snprintf(text, size, "%s (%u-way interleave over", region->name,
                               (unsigned)region->ways.value);
        else
                (void)snprintf(text, size, "%s (on", region->name);
        for (size_t i = 0; i < region->n_targets; ++i) {
                const SysfsDecoder *decoder =
                        sysfs_find_decoder(topology->machine, region->targets[i]);

                n = strlen(text);
                (void)snprintf(text + n, size - n, "%s %s", i ? "," : "",
                               decoder && decoder->memdev[0] ? decoder->memdev
                                                             : region->targets[i]);
        }
        n = strlen(text);
        (void)snprintf(text + n, size - n, "%s", region->n_targets ? ")" : " unknown devices)");
}

bool topology_region_has_serial(const Topology *topology,
                                const SysfsRegion *region,
                                uint64_t serial) {
        for (size_t i = 0; i < region->n_targets; ++i) {
                const SysfsDecoder *decoder =
                        sysfs_find_decoder(topology->machine, region->targets[i]);
                const SysfsMemdev *memdev =
                        decoder ? sysfs_find_memdev(topology->machine, decoder->memdev) : NULL;

                if (memdev && memdev->serial.present && memdev->serial.value == serial)
                        return true;
        }
        return false;
}
