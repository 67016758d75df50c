/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The topology as a message
 *
 * What NodeService.GetTopology answers: the NUMA nodes as they were classified, and beside them the
 * rows that need no classification. One function per kind of row.
 */
#include <string.h>

#include "service/messages.h"

static int add_numa_nodes(Arena *arena, const Topology *topology, Slug__V1__Topology *message) {
        int r;

        message->numa_nodes = arena_alloc_array(arena, topology->n_nodes ? topology->n_nodes : 1,
                                                sizeof(*message->numa_nodes));
        if (!message->numa_nodes)
                return -ENOMEM;
        for (size_t i = 0; i < topology->n_nodes; ++i) {
                r = message_build_numa_node(arena, topology, &topology->nodes[i],
                                            &message->numa_nodes[i]);
                if (r)
                        return r;
                ++message->n_numa_nodes;
        }
        return 0;
}

static int add_tiers(Arena *arena, const Topology *topology, Slug__V1__Topology *message) {
        const SysfsMachine *machine = topology->machine;
        char text[NODESET_TEXT_MAX];

        message->memory_tiers = MESSAGE_LIST(arena, machine->n_tiers, Slug__V1__MemoryTier,
                                             SLUG__V1__MEMORY_TIER__INIT);
        if (!message->memory_tiers)
                return -ENOMEM;
        message->n_memory_tiers = machine->n_tiers;
        for (size_t i = 0; i < machine->n_tiers; ++i) {
                Slug__V1__MemoryTier *tier = message->memory_tiers[i];

                tier->id = machine->tiers[i].id;
                tier->numa_nodes =
                        arena_strdup(arena, nodeset_format(&machine->tiers[i].nodes, text));
                if (!tier->numa_nodes)
                        return -ENOMEM;
        }
        return 0;
}

static int add_windows(Arena *arena, const Topology *topology, Slug__V1__Topology *message) {
        const SysfsMachine *machine = topology->machine;

        message->cxl_windows = MESSAGE_LIST(arena, machine->n_decoders, Slug__V1__CxlWindow,
                                            SLUG__V1__CXL_WINDOW__INIT);
        if (!message->cxl_windows)
                return -ENOMEM;
        for (size_t i = 0; i < machine->n_decoders; ++i) {
                const SysfsDecoder *from = &machine->decoders[i];
                Slug__V1__CxlWindow *window = message->cxl_windows[message->n_cxl_windows];

                if (from->type != SYSFS_DECODER_ROOT)
                        continue;
                ++message->n_cxl_windows;
                window->name = (char *)from->name;
                message_set(&window->base, "start", from->start);
                message_set(&window->base, "size_bytes", from->size_bytes);
                message_set(&window->base, "interleave_ways", from->ways);
                message_set(&window->base, "interleave_granularity_bytes", from->granularity_bytes);
        }
        return 0;
}

static int add_memdevs(Arena *arena, const Topology *topology, Slug__V1__Topology *message) {
        const SysfsMachine *machine = topology->machine;

        message->cxl_memdevs = MESSAGE_LIST(arena, machine->n_memdevs, Slug__V1__CxlMemdev,
                                            SLUG__V1__CXL_MEMDEV__INIT);
        if (!message->cxl_memdevs)
                return -ENOMEM;
        message->n_cxl_memdevs = machine->n_memdevs;
        for (size_t i = 0; i < machine->n_memdevs; ++i) {
                const SysfsMemdev *from = &machine->memdevs[i];
                Slug__V1__CxlMemdev *memdev = message->cxl_memdevs[i];

                memdev->name = (char *)from->name;
                memdev->firmware_version = (char *)from->firmware_version;
                memdev->pci_address = (char *)from->pci_address;
                memdev->assigned_bytes = topology_get_assigned_bytes(topology, from);
                message_set(&memdev->base, "ram_bytes", from->ram_bytes);
                message_set(&memdev->base, "pmem_bytes", from->pmem_bytes);
                message_set(&memdev->base, "serial", from->serial);
                message_set(&memdev->base, "numa_node", from->node);
        }
        return 0;
}

static const char *find_dax(const SysfsMachine *machine, const SysfsRegion *region) {
        for (size_t i = 0; i < machine->n_daxes; ++i)
                if (strcmp(machine->daxes[i].region, region->name) == 0)
                        return machine->daxes[i].name;
        return "";
}

static int add_region_memdevs(Arena *arena,
                              const SysfsMachine *machine,
                              const SysfsRegion *from,
                              Slug__V1__CxlRegion *region) {
        region->memdevs = arena_alloc_array(arena, from->n_targets ? from->n_targets : 1,
                                            sizeof(*region->memdevs));
        if (!region->memdevs)
                return -ENOMEM;
        for (size_t i = 0; i < from->n_targets; ++i) {
                const SysfsDecoder *decoder = sysfs_find_decoder(machine, from->targets[i]);

                /* without its memory device, the decoder's name is the best there is */
                region->memdevs[region->n_memdevs++] = decoder && decoder->memdev[0]
                                                               ? (char *)decoder->memdev
                                                               : (char *)from->targets[i];
        }
        return 0;
}

static int add_regions(Arena *arena, const Topology *topology, Slug__V1__Topology *message) {
        const SysfsMachine *machine = topology->machine;
        int r;

        message->cxl_regions = MESSAGE_LIST(arena, machine->n_regions, Slug__V1__CxlRegion,
                                            SLUG__V1__CXL_REGION__INIT);
        if (!message->cxl_regions)
                return -ENOMEM;
        message->n_cxl_regions = machine->n_regions;
        for (size_t i = 0; i < machine->n_regions; ++i) {
                const SysfsRegion *from = &machine->regions[i];
                Slug__V1__CxlRegion *region = message->cxl_regions[i];

                region->name = (char *)from->name;
                region->window = (char *)from->window;
                region->mode = (char *)from->mode;
                region->committed = from->is_committed;
                region->dax_device = (char *)find_dax(machine, from);
                message_set(&region->base, "start", from->start);
                message_set(&region->base, "size_bytes", from->size_bytes);
                message_set(&region->base, "interleave_ways", from->ways);
                message_set(&region->base, "interleave_granularity_bytes", from->granularity_bytes);
                message_set(&region->base, "numa_node", topology->region_nodes[i]);
                r = add_region_memdevs(arena, machine, from, region);
                if (r)
                        return r;
        }
        return 0;
}

static int add_daxes(Arena *arena, const Topology *topology, Slug__V1__Topology *message) {
        static const char *const sources[] = {
                [SYSFS_DAX_UNKNOWN] = "unknown",     [SYSFS_DAX_CXL_RAM] = "cxl-ram",
                [SYSFS_DAX_CXL_PMEM] = "cxl-pmem",   [SYSFS_DAX_NVDIMM] = "nvdimm",
                [SYSFS_DAX_FAKE_PMEM] = "fake-pmem", [SYSFS_DAX_SOFT_RESERVED] = "soft-reserved",
        };
        const SysfsMachine *machine = topology->machine;

        message->dax_devices = MESSAGE_LIST(arena, machine->n_daxes, Slug__V1__DaxDevice,
                                            SLUG__V1__DAX_DEVICE__INIT);
        if (!message->dax_devices)
                return -ENOMEM;
        message->n_dax_devices = machine->n_daxes;
        for (size_t i = 0; i < machine->n_daxes; ++i) {
                const SysfsDax *from = &machine->daxes[i];
                Slug__V1__DaxDevice *dax = message->dax_devices[i];

                dax->name = (char *)from->name;
                dax->driver = (char *)from->driver;
                dax->source = (char *)sources[from->source];
                dax->region = (char *)from->region;
                message_set(&dax->base, "size_bytes", from->size_bytes);
                message_set(&dax->base, "start", from->start);
                message_set(&dax->base, "target_node", from->target_node);
                message_set(&dax->base, "numa_node", from->node);
        }
        return 0;
}

int message_build_unused(Arena *arena,
                         const Topology *topology,
                         size_t *ret_n,
                         Slug__V1__UnusedMemory ***ret) {
        Slug__V1__UnusedMemory **list = MESSAGE_LIST(
                arena, topology->n_unused, Slug__V1__UnusedMemory, SLUG__V1__UNUSED_MEMORY__INIT);

        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < topology->n_unused; ++i) {
                list[i]->name = (char *)topology->unused[i].name;
                list[i]->reason = (char *)topology->unused[i].reason;
                list[i]->bytes = topology->unused[i].bytes;
                message_set(&list[i]->base, "numa_node", topology->unused[i].node);
        }
        *ret_n = topology->n_unused;
        *ret = list;
        return 0;
}

int message_build_diagnostics(Arena *arena,
                              const Topology *topology,
                              size_t *ret_n,
                              Slug__V1__Diagnostic ***ret) {
        const DiagList *diagnostics = &topology->machine->diagnostics;
        Slug__V1__Diagnostic **list = MESSAGE_LIST(
                arena, diagnostics->n_items, Slug__V1__Diagnostic, SLUG__V1__DIAGNOSTIC__INIT);

        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < diagnostics->n_items; ++i) {
                list[i]->source = arena_printf(arena, "/%s", diagnostics->items[i].source);
                list[i]->text = diagnostics->items[i].text;
                if (!list[i]->source)
                        return -ENOMEM;
        }
        *ret_n = diagnostics->n_items;
        *ret = list;
        return 0;
}

int message_build_topology(Arena *arena, const Topology *topology, Slug__V1__Topology **ret) {
        static int (*const parts[])(Arena *, const Topology *, Slug__V1__Topology *) = {
                add_numa_nodes, add_tiers, add_windows, add_memdevs, add_regions, add_daxes,
        };
        Slug__V1__Topology **list =
                MESSAGE_LIST(arena, 1, Slug__V1__Topology, SLUG__V1__TOPOLOGY__INIT);
        Slug__V1__Topology *message;
        int r;

        if (!list)
                return -ENOMEM;
        message = list[0];
        message->generation = topology->generation;
        message->diagnostics_dropped = (uint32_t)topology->machine->diagnostics.n_dropped;
        message_set(&message->base, "memory_block_size_bytes", topology->machine->host.block_bytes);
        for (size_t i = 0; i < ELEMENTSOF(parts); ++i) {
                r = parts[i](arena, topology, message);
                if (r)
                        return r;
        }
        r = message_build_unused(arena, topology, &message->n_unused_memory,
                                 &message->unused_memory);
        if (r)
                return r;
        r = message_build_diagnostics(arena, topology, &message->n_diagnostics,
                                      &message->diagnostics);
        if (r)
                return r;
        *ret = message;
        return 0;
}
