/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/topology.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/nodeset.h"
#include "slugctl/call.h"
#include "slugctl/words.h"

/*
 * The machine as it is, without what slugd makes of it: the NUMA nodes, how far they are from each
 * other, the kernel's tiers, the CXL devices and what became of them, dax devices, and memory that
 * exists and is not in use. A section that this kind of machine cannot have is one line or nothing.
 */
static void
append_numa_nodes(const Slug__V1__Topology *topology, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "ID",   "Kind",   "Locality", "Tier",
                                               "CPUs", "Memory", "Reason",   "Evidence" };
        const size_t n_headers = ELEMENTSOF(headers) - (style->is_wide ? 0 : 1);
        _cleanup_(table_deinitp) Table table = table_init(style, n_headers);

        output_heading(buffer, style, "NUMA nodes:");
        if (topology->n_numa_nodes == 0) {
                buffer_append_text(buffer, "  <none>  (slugd found no NUMA nodes)\n");
                return;
        }
        table_set_headers(&table, headers);
        for (size_t i = 0; i < topology->n_numa_nodes; ++i) {
                const Slug__V1__NumaNode *numa_node = topology->numa_nodes[i];

                table_printf(&table, TONE_PLAIN, "%" PRIu32, numa_node->id);
                table_add(&table, TONE_PLAIN, kind_word(numa_node->kind));
                table_add(&table, locality_tone(numa_node->locality),
                          locality_word(numa_node->locality));
                table_add_opt_number(&table, MESSAGE_OPT(numa_node, tier));
                table_add_or(&table, numa_node->cpus, "<none>");
                table_add_opt_bytes(&table, MESSAGE_OPT(numa_node, capacity_bytes));
                table_add_reason(&table, numa_node, true);
                if (style->is_wide)
                        table_add_or(&table, numa_node->evidence, "-");
        }
        table_append(&table, 2, buffer);
        for (size_t i = 0; i < topology->n_numa_nodes; ++i)
                advice_append(style, topology->numa_nodes[i], buffer);
}

static int compare_tiers(const void *a, const void *b) {
        const Slug__V1__MemoryTier *const *one = a;
        const Slug__V1__MemoryTier *const *other = b;

        return ((*one)->id > (*other)->id) - ((*one)->id < (*other)->id);
}

/* Adds the kinds, each once, and the memory of the NUMA nodes that @list names. */
static void
add_tier_contents(Table *table, const Slug__V1__Topology *topology, const NodeSet *members) {
        _cleanup_(buffer_deinitp) Buffer kinds = {};
        uint64_t bytes = 0;
        unsigned seen = 0;

        for (size_t i = 0; i < topology->n_numa_nodes; ++i) {
                const Slug__V1__NumaNode *numa_node = topology->numa_nodes[i];
                const OptU64 capacity = MESSAGE_OPT(numa_node, capacity_bytes);
                const unsigned bit = 1u << ((unsigned)numa_node->kind & 15u);

                if (!nodeset_contains(members, numa_node->id))
                        continue;
                bytes = bytes_add_saturated(bytes, capacity.value);
                if (!(seen & bit))
                        buffer_printf(&kinds, "%s%s", seen ? "," : "", kind_word(numa_node->kind));
                seen |= bit;
        }
        if (buffer_finish(&kinds)) {
                table->error = kinds.error;
                return;
        }
        table_add_or(table, kinds.data, "-");
        table_add_bytes(table, bytes);
}

static void append_tiers(const Slug__V1__Topology *topology, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "Tier", "NUMA Nodes", "Kinds", "Memory" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));
        _cleanup_(freep) const Slug__V1__MemoryTier **tiers =
                calloc(topology->n_memory_tiers + 1, sizeof(*tiers));

        if (!tiers) {
                table.error = -ENOMEM;
                table_append(&table, 0, buffer);
                return;
        }
        if (topology->n_memory_tiers == 0) {
                output_heading(buffer, style, "Memory tiers:");
                buffer_append_text(buffer, "  <none>  (this kernel shows none)\n");
                return;
        }
        for (size_t i = 0; i < topology->n_memory_tiers; ++i)
                tiers[i] = topology->memory_tiers[i];
        qsort(tiers, topology->n_memory_tiers, sizeof(*tiers), compare_tiers);
        table_set_headers(&table, headers);
        for (size_t i = 0; i < topology->n_memory_tiers; ++i) {
                NodeSet members = {};

                table_printf(&table, TONE_PLAIN, "%" PRIu32, tiers[i]->id);
                table_add_or(&table, tiers[i]->numa_nodes, "<none>");
                if (nodeset_parse(tiers[i]->numa_nodes, strlen(tiers[i]->numa_nodes), &members)) {
                        table_add(&table, TONE_PLAIN, "-");
                        table_add(&table, TONE_PLAIN, "-");
                } else {
                        add_tier_contents(&table, topology, &members);
                }
        }
        output_heading(buffer, style, "Memory tiers (fastest first):");
        table_append(&table, 2, buffer);
}

static const char *driver_words(const char *driver) {
        if (!driver[0])
                return "<none>";
        if (strcmp(driver, "kmem") == 0)
                return "kmem (system RAM)";
        if (strcmp(driver, "device_dax") == 0)
                return "device_dax (device)";
        return driver;
}

static void append_daxes(const Slug__V1__Topology *topology, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "Name",   "Size",   "NUMA Node", "Driver",
                                               "Source", "Region", "Start" };
        const size_t n_headers = ELEMENTSOF(headers) - (style->is_wide ? 0 : 1);
        _cleanup_(table_deinitp) Table table = table_init(style, n_headers);

        if (topology->n_dax_devices == 0)
                return;
        table_set_headers(&table, headers);
        for (size_t i = 0; i < topology->n_dax_devices; ++i) {
                const Slug__V1__DaxDevice *dax = topology->dax_devices[i];
                const OptU64 start = MESSAGE_OPT(dax, start);

                table_add_or(&table, dax->name, "-");
                table_add_opt_bytes(&table, MESSAGE_OPT(dax, size_bytes));
                table_add_opt_number(&table, MESSAGE_OPT(dax, target_node));
                table_add(&table, TONE_PLAIN, driver_words(dax->driver));
                table_add_or(&table, dax->source, "-");
                table_add_or(&table, dax->region, "<none>");
                if (style->is_wide && start.present)
                        table_printf(&table, TONE_PLAIN, "0x%" PRIx64, start.value);
                else if (style->is_wide)
                        table_add(&table, TONE_PLAIN, "-");
        }
        output_heading(buffer, style, "DAX devices:");
        table_append(&table, 2, buffer);
}

/**
 * topology_append() - the whole text of the verb
 * @topology:   from NodeService.GetTopology; every part may be missing
 * @style:      is_wide adds access figures, memory blocks, caches, failures, and columns
 * @buffer:     gets the text
 */
void topology_append(const Slug__V1__Topology *topology, const Style *style, Buffer *buffer) {
        append_numa_nodes(topology, style, buffer);
        topology_append_distances(topology, style, buffer);
        append_tiers(topology, style, buffer);
        if (style->is_wide)
                topology_append_figures(topology, style, buffer);
        topology_append_cxl(topology, style, buffer);
        append_daxes(topology, style, buffer);
        unused_append(style, topology->unused_memory, topology->n_unused_memory, buffer);
        diagnostics_append(style, topology->diagnostics, topology->n_diagnostics,
                           topology->diagnostics_dropped, buffer);
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        const Slug__V1__GetTopologyResponse *response =
                (const Slug__V1__GetTopologyResponse *)message;
        const Slug__V1__Topology none = SLUG__V1__TOPOLOGY__INIT;

        topology_append(response->topology ? response->topology : &none, style, buffer);
}

const Verb verb_topology = {
        .name = "topology",
        .arguments = "",
        .summary = "NUMA nodes, distances, memory tiers and CXL devices",
        .help = "Shows the memory hardware as the kernel and slugd see it: NUMA nodes, the "
                "distances\n"
                "between them, memory tiers, CXL windows with their regions and devices, dax "
                "devices,\n"
                "and memory that exists and is not in use.\n"
                "\n"
                "-o wide adds access figures, memory blocks, memory-side caches, memory failures, "
                "and\n"
                "the file that told the kind of a NUMA node.\n"
                "\n"
                "Examples:\n"
                "  slugctl topology\n"
                "  slugctl topology -o wide\n"
                "  slugctl topology -o yaml > topology.yaml\n"
                "  slugctl topology -o json | jq '.topology.cxlMemdevs[].serial'\n",
        .run = call_run,
        .path = "/slug.v1.NodeService/GetTopology",
        .response = &slug__v1__get_topology_response__descriptor,
        .render = render,
};
