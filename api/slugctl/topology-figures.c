/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/nodeset.h"
#include "slugctl/topology.h"
#include "slugctl/words.h"

/*
 * Figures per NUMA node: the distance matrix, and what only the wide output has. Each table has a
 * row for every NUMA node that the kernel says something about, and is left out when there is none.
 */
static void add_id(Table *table, const Slug__V1__NumaNode *numa_node) {
        table_printf(table, TONE_PLAIN, "%" PRIu32, numa_node->id);
}

static void append_section(const Table *table, const char *title, Buffer *buffer) {
        if (table_is_empty(table) && !table->error)
                return;
        output_heading(buffer, table->style, title);
        table_append(table, 2, buffer);
}

/* All NUMA nodes that have a row or are at the far end of a distance. */
static NodeSet collect_targets(const Slug__V1__Topology *topology) {
        NodeSet targets = {};

        for (size_t i = 0; i < topology->n_numa_nodes; ++i) {
                const Slug__V1__NumaNode *numa_node = topology->numa_nodes[i];

                if (numa_node->id < NODESET_MAX)
                        nodeset_add(&targets, numa_node->id);
                for (size_t k = 0; k < numa_node->n_distances; ++k)
                        if (numa_node->distances[k]->numa_node < NODESET_MAX)
                                nodeset_add(&targets, numa_node->distances[k]->numa_node);
        }
        return targets;
}

static void
add_distance_row(Table *table, const Slug__V1__NumaNode *numa_node, const NodeSet *targets) {
        add_id(table, numa_node);
        NODESET_FOREACH (target, targets) {
                OptU64 distance = {};

                for (size_t k = 0; k < numa_node->n_distances; ++k)
                        if (numa_node->distances[k]->numa_node == target)
                                distance = opt_u64(numa_node->distances[k]->distance);
                table_add_opt_number(table, distance);
        }
}

void topology_append_distances(const Slug__V1__Topology *topology,
                               const Style *style,
                               Buffer *buffer) {
        const NodeSet targets = collect_targets(topology);
        _cleanup_(table_deinitp) Table table = table_init(style, nodeset_count(&targets) + 1);

        if (nodeset_is_empty(&targets))
                return;
        table_add(&table, TONE_BOLD, "From/To");
        NODESET_FOREACH (target, &targets)
                table_printf(&table, TONE_BOLD, "%u", target);
        table.has_headers = true;
        for (size_t i = 0; i < topology->n_numa_nodes; ++i)
                add_distance_row(&table, topology->numa_nodes[i], &targets);
        append_section(&table, "NUMA distances:", buffer);
}

static void append_access(const Slug__V1__Topology *topology, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "NUMA Node", "Seen From", "Initiators",
                                               "Latency (ns)", "Bandwidth (MB/s)" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        table_set_headers(&table, headers);
        for (size_t i = 0; i < topology->n_numa_nodes; ++i)
                for (size_t k = 0; k < topology->numa_nodes[i]->n_access; ++k) {
                        const Slug__V1__AccessClass *access = topology->numa_nodes[i]->access[k];

                        add_id(&table, topology->numa_nodes[i]);
                        table_add(&table, TONE_PLAIN,
                                  access->access_class == 0   ? "any initiator"
                                  : access->access_class == 1 ? "CPUs"
                                                              : "-");
                        table_add_or(&table, access->initiators, "-");
                        table_add_pair(&table, MESSAGE_OPT(access, read_latency_ns),
                                       MESSAGE_OPT(access, write_latency_ns));
                        table_add_pair(&table, MESSAGE_OPT(access, read_bandwidth_mbps),
                                       MESSAGE_OPT(access, write_bandwidth_mbps));
                }
        append_section(&table, "Access figures (read/write):", buffer);
}

static void append_blocks(const Slug__V1__Topology *topology, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "NUMA Node", "Online", "Movable", "Offline",
                                               "Block Size" };
        const OptU64 block_bytes = MESSAGE_OPT(topology, memory_block_size_bytes);
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        table_set_headers(&table, headers);
        for (size_t i = 0; i < topology->n_numa_nodes; ++i) {
                const Slug__V1__MemoryBlocks *blocks = topology->numa_nodes[i]->memory_blocks;

                if (!blocks)
                        continue;
                add_id(&table, topology->numa_nodes[i]);
                table_printf(&table, TONE_PLAIN, "%" PRIu32, blocks->online);
                table_printf(&table, TONE_PLAIN, "%" PRIu32, blocks->movable);
                table_printf(&table, TONE_PLAIN, "%" PRIu32, blocks->offline);
                table_add_opt_bytes(&table, block_bytes);
        }
        append_section(&table, "Memory blocks:", buffer);
}

static void append_caches(const Slug__V1__Topology *topology, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "NUMA Node", "Level", "Size", "Line Size" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        table_set_headers(&table, headers);
        for (size_t i = 0; i < topology->n_numa_nodes; ++i)
                for (size_t k = 0; k < topology->numa_nodes[i]->n_memory_side_caches; ++k) {
                        const Slug__V1__MemorySideCache *cache =
                                topology->numa_nodes[i]->memory_side_caches[k];

                        add_id(&table, topology->numa_nodes[i]);
                        table_printf(&table, TONE_PLAIN, "%" PRIu32, cache->level);
                        table_add_opt_bytes(&table, MESSAGE_OPT(cache, size_bytes));
                        table_add_opt_bytes(&table, MESSAGE_OPT(cache, line_size_bytes));
                }
        append_section(&table, "Memory-side caches:", buffer);
}

static void
append_failures(const Slug__V1__Topology *topology, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "NUMA Node", "Pages",  "Recovered",
                                               "Ignored",   "Failed", "Delayed" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        table_set_headers(&table, headers);
        for (size_t i = 0; i < topology->n_numa_nodes; ++i) {
                const Slug__V1__MemoryFailures *failures = topology->numa_nodes[i]->memory_failures;

                if (!failures)
                        continue;
                add_id(&table, topology->numa_nodes[i]);
                table_add_opt_number(&table, MESSAGE_OPT(failures, total));
                table_add_opt_number(&table, MESSAGE_OPT(failures, recovered));
                table_add_opt_number(&table, MESSAGE_OPT(failures, ignored));
                table_add_opt_number(&table, MESSAGE_OPT(failures, failed));
                table_add_opt_number(&table, MESSAGE_OPT(failures, delayed));
        }
        append_section(&table, "Memory failures:", buffer);
}

void topology_append_figures(const Slug__V1__Topology *topology,
                             const Style *style,
                             Buffer *buffer) {
        append_access(topology, style, buffer);
        append_blocks(topology, style, buffer);
        append_caches(topology, style, buffer);
        append_failures(topology, style, buffer);
}
