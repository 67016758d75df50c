/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/quantity.h"
#include "slugctl/topology.h"
#include "slugctl/words.h"

/*
 * CXL as a tree of three levels: a window of addresses, the regions in it, the memory devices that
 * a region interleaves, in that order. Each line is a name and what there is to know about it,
 * separated by commas. Two more groups make sure that nothing is lost between the levels: regions
 * whose window the daemon did not list, and devices that are in no region.
 */
typedef struct Tree {
        const Slug__V1__Topology *topology;
        const Style *style;
        Buffer *buffer;
} Tree;

static void append_branch(const Tree *tree, const char *stem, bool is_last) {
        buffer_append_text(tree->buffer, "  ");
        buffer_append_text(tree->buffer, stem);
        if (tree->style->is_ascii)
                buffer_append_text(tree->buffer, is_last ? "`-- " : "|-- ");
        else
                buffer_append_text(tree->buffer, is_last ? "└─ " : "├─ ");
}

static const char *get_stem(const Tree *tree, bool is_last) {
        if (tree->style->is_ascii)
                return is_last ? "    " : "|   ";
        return is_last ? "   " : "│  ";
}

static void append_size(const Tree *tree, const char *before, OptU64 bytes, const char *after) {
        char text[QUANTITY_TEXT_MAX];

        if (bytes.present)
                buffer_printf(tree->buffer, "%s%s%s", before,
                              quantity_format_bytes(bytes.value, text), after);
}

/* The granularity stays in bytes: it is one of 256, 512, 1024 … 16384. */
static void append_interleave(const Tree *tree, OptU64 ways, OptU64 granularity) {
        if (ways.present)
                buffer_printf(tree->buffer, ", %" PRIu64 "-way", ways.value);
        if (ways.present && ways.value > 1 && granularity.present)
                buffer_printf(tree->buffer, ", %" PRIu64 " B", granularity.value);
}

static void append_memdev(const Tree *tree, const Slug__V1__CxlMemdev *memdev, const char *name) {
        const Style *style = tree->style;
        OptU64 ram, pmem, serial, numa_node;

        output_text(tree->buffer, style, name);
        buffer_append_text(tree->buffer, memdev ? "" : ": not listed by slugd");
        if (!memdev) {
                buffer_append_char(tree->buffer, '\n');
                return;
        }
        ram = MESSAGE_OPT(memdev, ram_bytes);
        pmem = MESSAGE_OPT(memdev, pmem_bytes);
        serial = MESSAGE_OPT(memdev, serial);
        numa_node = MESSAGE_OPT(memdev, numa_node);
        append_size(tree, ": ", ram, " ram");
        append_size(tree, ram.present ? " and " : ": ", pmem.value ? pmem : (OptU64){}, " pmem");
        if (!ram.present && !pmem.value)
                buffer_append_text(tree->buffer, ": <unknown> size");
        if (serial.present)
                buffer_printf(tree->buffer, ", serial 0x%" PRIx64, serial.value);
        if (memdev->pci_address[0]) {
                buffer_append_text(tree->buffer, ", ");
                output_text(tree->buffer, style, memdev->pci_address);
        }
        if (style->is_wide && numa_node.present)
                buffer_printf(tree->buffer, ", near NUMA node %" PRIu64, numa_node.value);
        if (style->is_wide && memdev->firmware_version[0]) {
                buffer_append_text(tree->buffer, ", firmware ");
                output_text(tree->buffer, style, memdev->firmware_version);
        }
        if (memdev->assigned_bytes &&
            memdev->assigned_bytes < bytes_add_saturated(ram.value, pmem.value))
                append_size(tree, ", ", opt_u64(memdev->assigned_bytes), " of it in regions");
        buffer_append_char(tree->buffer, '\n');
}

static const Slug__V1__CxlMemdev *find_memdev(const Slug__V1__Topology *topology,
                                              const char *name) {
        for (size_t i = 0; i < topology->n_cxl_memdevs; ++i)
                if (strcmp(topology->cxl_memdevs[i]->name, name) == 0)
                        return topology->cxl_memdevs[i];
        return NULL;
}

static void append_region(const Tree *tree, const Slug__V1__CxlRegion *region, const char *stem) {
        const OptU64 size = MESSAGE_OPT(region, size_bytes), start = MESSAGE_OPT(region, start);
        const OptU64 numa_node = MESSAGE_OPT(region, numa_node);

        output_text(tree->buffer, tree->style, region->name);
        append_size(tree, ": ", size, "");
        buffer_append_text(tree->buffer, size.present ? " " : ": <unknown> size ");
        output_text(tree->buffer, tree->style, region->mode);
        if (tree->style->is_wide && start.present)
                buffer_printf(tree->buffer, " at 0x%" PRIx64, start.value);
        append_interleave(tree, MESSAGE_OPT(region, interleave_ways),
                          MESSAGE_OPT(region, interleave_granularity_bytes));
        if (!region->committed)
                output_toned(tree->buffer, tree->style, TONE_NOTICE, ", not committed");
        if (numa_node.present)
                buffer_printf(tree->buffer, ", NUMA node %" PRIu64, numa_node.value);
        if (region->dax_device[0]) {
                buffer_append_text(tree->buffer, numa_node.present ? " through " : ", ");
                output_text(tree->buffer, tree->style, region->dax_device);
        }
        buffer_append_char(tree->buffer, '\n');
        for (size_t i = 0; i < region->n_memdevs; ++i) {
                append_branch(tree, stem, i + 1 == region->n_memdevs);
                append_memdev(tree, find_memdev(tree->topology, region->memdevs[i]),
                              region->memdevs[i]);
        }
}

/* @window: a name, or NULL for regions of windows that are not listed. Return: whether it has any.
 */
static bool is_region_in(const Slug__V1__Topology *topology,
                         const Slug__V1__CxlRegion *region,
                         const char *window) {
        if (window)
                return strcmp(region->window, window) == 0;
        for (size_t i = 0; i < topology->n_cxl_windows; ++i)
                if (strcmp(topology->cxl_windows[i]->name, region->window) == 0)
                        return false;
        return true;
}

static size_t count_regions(const Slug__V1__Topology *topology, const char *window) {
        size_t n = 0;

        for (size_t i = 0; i < topology->n_cxl_regions; ++i)
                n += is_region_in(topology, topology->cxl_regions[i], window);
        return n;
}

static void append_regions(const Tree *tree, const char *window) {
        size_t n_left = count_regions(tree->topology, window);

        for (size_t i = 0; i < tree->topology->n_cxl_regions; ++i) {
                const Slug__V1__CxlRegion *region = tree->topology->cxl_regions[i];

                if (!is_region_in(tree->topology, region, window))
                        continue;
                --n_left;
                append_branch(tree, "", n_left == 0);
                append_region(tree, region, get_stem(tree, n_left == 0));
        }
}

static void append_window(const Tree *tree, const Slug__V1__CxlWindow *window) {
        const OptU64 start = MESSAGE_OPT(window, start);

        buffer_append_text(tree->buffer, "  ");
        output_toned(tree->buffer, tree->style, TONE_BOLD, window->name);
        buffer_append_text(tree->buffer, ": window");
        append_size(tree, " of ", MESSAGE_OPT(window, size_bytes), "");
        if (start.present)
                buffer_printf(tree->buffer, " at 0x%" PRIx64, start.value);
        append_interleave(tree, MESSAGE_OPT(window, interleave_ways),
                          MESSAGE_OPT(window, interleave_granularity_bytes));
        if (count_regions(tree->topology, window->name) == 0)
                buffer_append_text(tree->buffer, ", no region");
        buffer_append_char(tree->buffer, '\n');
        append_regions(tree, window->name);
}

static bool is_in_region(const Slug__V1__Topology *topology, const char *memdev) {
        for (size_t i = 0; i < topology->n_cxl_regions; ++i)
                for (size_t k = 0; k < topology->cxl_regions[i]->n_memdevs; ++k)
                        if (strcmp(topology->cxl_regions[i]->memdevs[k], memdev) == 0)
                                return true;
        return false;
}

static void append_free_memdevs(const Tree *tree) {
        const Slug__V1__Topology *topology = tree->topology;
        size_t n_left = 0;

        for (size_t i = 0; i < topology->n_cxl_memdevs; ++i)
                n_left += !is_in_region(topology, topology->cxl_memdevs[i]->name);
        if (n_left == 0)
                return;
        buffer_append_text(tree->buffer, "  ");
        output_toned(tree->buffer, tree->style, TONE_NOTICE, "not in a region");
        buffer_append_char(tree->buffer, '\n');
        for (size_t i = 0; i < topology->n_cxl_memdevs; ++i) {
                const Slug__V1__CxlMemdev *memdev = topology->cxl_memdevs[i];

                if (is_in_region(topology, memdev->name))
                        continue;
                --n_left;
                append_branch(tree, "", n_left == 0);
                append_memdev(tree, memdev, memdev->name);
        }
}

void topology_append_cxl(const Slug__V1__Topology *topology, const Style *style, Buffer *buffer) {
        const Tree tree = { .topology = topology, .style = style, .buffer = buffer };

        if (topology->n_cxl_windows + topology->n_cxl_regions + topology->n_cxl_memdevs == 0) {
                buffer_append_text(buffer, "No CXL devices\n");
                return;
        }
        output_heading(buffer, style, "CXL:");
        for (size_t i = 0; i < topology->n_cxl_windows; ++i)
                append_window(&tree, topology->cxl_windows[i]);
        if (count_regions(topology, NULL) > 0) {
                buffer_append_text(buffer, "  in a window that slugd does not list\n");
                append_regions(&tree, NULL);
        }
        append_free_memdevs(&tree);
}
