/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/chunks.h"

#include <inttypes.h>
#include <string.h>

#include "base/nodeset.h"
#include "base/quantity.h"
#include "slugctl/call.h"
#include "slugctl/words.h"
#include "split/chunk.h"

/*
 * What the kubelet is told is a list of names; what a person wants to know is how many there are,
 * near to what, and who has them. A claim of the kubelet's has no name before its container is
 * seen.
 */

static const char *state_word(Slug__V1__ChunkState state) {
        switch (state) {
        case SLUG__V1__CHUNK_STATE__CHUNK_STATE_FREE:
                return "free";
        case SLUG__V1__CHUNK_STATE__CHUNK_STATE_CLAIMED:
                return "claimed";
        case SLUG__V1__CHUNK_STATE__CHUNK_STATE_SHORT:
                return "short";
        case SLUG__V1__CHUNK_STATE__CHUNK_STATE_OFFLINE:
                return "offline";
        case SLUG__V1__CHUNK_STATE__CHUNK_STATE_UNSPECIFIED:
        case _SLUG__V1__CHUNK_STATE_IS_INT_SIZE:
                break;
        }
        return "unknown";
}

static Tone state_tone(Slug__V1__ChunkState state) {
        switch (state) {
        case SLUG__V1__CHUNK_STATE__CHUNK_STATE_CLAIMED:
                return TONE_GOOD;
        case SLUG__V1__CHUNK_STATE__CHUNK_STATE_SHORT:
                return TONE_NOTICE;
        case SLUG__V1__CHUNK_STATE__CHUNK_STATE_OFFLINE:
                return TONE_BAD;
        case SLUG__V1__CHUNK_STATE__CHUNK_STATE_FREE:
        case SLUG__V1__CHUNK_STATE__CHUNK_STATE_UNSPECIFIED:
        case _SLUG__V1__CHUNK_STATE_IS_INT_SIZE:
                break;
        }
        return TONE_PLAIN;
}

static const char *topology_word(Slug__V1__ChunkTopology topology) {
        switch (topology) {
        case SLUG__V1__CHUNK_TOPOLOGY__CHUNK_TOPOLOGY_AUTO:
                return "auto";
        case SLUG__V1__CHUNK_TOPOLOGY__CHUNK_TOPOLOGY_NEAREST:
                return "nearest";
        case SLUG__V1__CHUNK_TOPOLOGY__CHUNK_TOPOLOGY_ALL_CPU_NODES:
                return "all-cpu-nodes";
        case SLUG__V1__CHUNK_TOPOLOGY__CHUNK_TOPOLOGY_NONE:
                return "none";
        case SLUG__V1__CHUNK_TOPOLOGY__CHUNK_TOPOLOGY_UNSPECIFIED:
        case _SLUG__V1__CHUNK_TOPOLOGY_IS_INT_SIZE:
                break;
        }
        return "unknown";
}

static const char *preference_word(Slug__V1__ChunkPreference preference) {
        switch (preference) {
        case SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_PACK:
                return "pack";
        case SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_SPREAD:
                return "spread";
        case SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_NEAR:
                return "near";
        case SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_UNSPECIFIED:
        case _SLUG__V1__CHUNK_PREFERENCE_IS_INT_SIZE:
                break;
        }
        return "unknown";
}

/* By NUMA node */

/* Its own, or that of all of them. */
static const char *find_resource(const Slug__V1__ChunkList *list, uint32_t numa_node) {
        for (size_t i = 0; i < list->n_resources; ++i) {
                const OptU64 own = MESSAGE_OPT(list->resources[i], numa_node);

                if (!own.present || own.value == numa_node)
                        return list->resources[i]->name;
        }
        return "";
}

static void add_topology(Table *table, const Slug__V1__ChunkNumaNode *node) {
        char text[NODESET_TEXT_MAX];
        NodeSet nodes = {};

        for (size_t i = 0; i < node->n_topology; ++i)
                if (node->topology[i] < NODESET_MAX)
                        nodeset_add(&nodes, node->topology[i]);
        table_add_or(table, nodeset_format(&nodes, text), "<none>");
}

static void add_count(Table *table, Tone tone, uint32_t n) {
        table_printf(table, n > 0 ? tone : TONE_PLAIN, "%" PRIu32, n);
}

static void
append_nodes(const Slug__V1__ChunkList *list, unsigned indent, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "Resource", "NUMA Node", "Size",
                                               "Free",     "Claimed",   "Short",
                                               "Offline",  "Remainder", "Topology" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        if (list->n_numa_nodes == 0)
                return;
        table_set_headers(&table, headers);
        for (size_t i = 0; i < list->n_numa_nodes; ++i) {
                const Slug__V1__ChunkNumaNode *node = list->numa_nodes[i];

                table_add_or(&table, find_resource(list, node->numa_node), "-");
                table_printf(&table, TONE_PLAIN, "%" PRIu32, node->numa_node);
                table_add_bytes(&table, list->chunk_bytes);
                add_count(&table, TONE_PLAIN, node->free);
                add_count(&table, TONE_GOOD, node->claimed);
                add_count(&table, TONE_NOTICE, node->short_);
                add_count(&table, TONE_BAD, node->offline);
                table_add_bytes(&table, node->remainder_bytes);
                add_topology(&table, node);
        }
        table_append(&table, indent, buffer);
}

/* Every chunk */

static void add_holder(Table *table, const Slug__V1__Chunk *chunk) {
        const bool is_unseen =
                strncmp(chunk->pod_uid, CHUNK_UNSEEN_PREFIX, strlen(CHUNK_UNSEEN_PREFIX)) == 0;

        if (is_unseen)
                table_printf(table, TONE_NOTICE, "%s (not named yet)", chunk->pod_uid);
        else
                table_add_or(table, chunk->pod_uid, "<none>");
        table_add_or(table, chunk->container, chunk->pod_uid[0] && !is_unseen ? "-" : "<none>");
}

static void append_list(const Slug__V1__ChunkList *list, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "Chunk", "NUMA Node", "State", "Pod UID",
                                               "Container" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        if (list->n_chunks == 0)
                return;
        table_set_headers(&table, headers);
        for (size_t i = 0; i < list->n_chunks; ++i) {
                const Slug__V1__Chunk *chunk = list->chunks[i];

                table_add(&table, TONE_PLAIN, chunk->id);
                table_printf(&table, TONE_PLAIN, "%" PRIu32, chunk->numa_node);
                table_add(&table, state_tone(chunk->state), state_word(chunk->state));
                add_holder(&table, chunk);
        }
        buffer_append_char(buffer, '\n');
        table_append(&table, 0, buffer);
}

/* Sums */

static void append_sums(const Slug__V1__ChunkList *list, Buffer *buffer) {
        const bool is_auto =
                list->topology_setting == SLUG__V1__CHUNK_TOPOLOGY__CHUNK_TOPOLOGY_AUTO;
        uint64_t free = 0, claimed = 0, withheld = 0;
        char size[QUANTITY_TEXT_MAX];

        for (size_t i = 0; i < list->n_numa_nodes; ++i) {
                const Slug__V1__ChunkNumaNode *node = list->numa_nodes[i];

                free += node->free;
                claimed += node->claimed;
                withheld += (uint64_t)node->short_ + node->offline;
        }
        buffer_printf(buffer, "%" PRIu64 " chunk%s of %s: %" PRIu64 " free, %" PRIu64 " claimed",
                      free + claimed + withheld, free + claimed + withheld == 1 ? "" : "s",
                      quantity_format_bytes(list->chunk_bytes, size), free, claimed);
        if (withheld > 0)
                buffer_printf(buffer, ", %" PRIu64 " not to be given", withheld);
        buffer_printf(buffer, "; topology %s%s, preferred %s\n", topology_word(list->topology),
                      is_auto ? " (auto)" : "", preference_word(list->preference));
}

static void append_problem(const Slug__V1__ChunkList *list, const Style *style, Buffer *buffer) {
        if (!list->problem[0])
                return;
        output_toned(buffer, style, TONE_NOTICE, list->problem);
        buffer_append_char(buffer, '\n');
}

void chunks_append(const Slug__V1__ChunkList *list, const Style *style, Buffer *buffer) {
        if (list->state != SLUG__V1__CHUNKS_STATE__CHUNKS_STATE_ADVERTISED) {
                if (!list->problem[0])
                        buffer_append_text(buffer, "No chunks\n");
                append_problem(list, style, buffer);
                append_nodes(list, 0, style, buffer);
                return;
        }
        append_nodes(list, 0, style, buffer);
        if (style->is_wide)
                append_list(list, style, buffer);
        buffer_append_char(buffer, '\n');
        append_sums(list, buffer);
        append_problem(list, style, buffer);
}

void described_chunks_append(const Slug__V1__ChunkList *list, const Style *style, Buffer *buffer) {
        const bool is_there = list->state == SLUG__V1__CHUNKS_STATE__CHUNKS_STATE_ADVERTISED;

        /* a node without remote memory has no chunks, and wants none */
        if (!is_there && (list->n_numa_nodes == 0 || !list->problem[0]))
                return;
        output_heading(buffer, style, "Chunks:");
        if (is_there)
                append_nodes(list, 2, style, buffer);
        if (!list->problem[0])
                return;
        buffer_append_text(buffer, is_there ? "  " : "  <none>  ");
        append_problem(list, style, buffer);
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        chunks_append((const Slug__V1__ChunkList *)message, style, buffer);
}

const Verb verb_chunks = {
        .name = "chunks",
        .arguments = "",
        .summary = "remote memory as the kubelet counts it, and who has it",
        .help = "Shows the extended resources that pods ask for remote memory with: by NUMA node\n"
                "how many chunks are free, claimed, short (other claims have their memory) and\n"
                "offline (their memory is offline or poisoned), what of the memory fills no\n"
                "chunk, and which NUMA nodes with CPUs the kubelet is told. Short and offline\n"
                "chunks are not given. A chunk is accounted; its bytes are not placed by that.\n"
                "\n"
                "-o wide lists every chunk with the container that holds it. One that was given a\n"
                "moment ago is not named yet: the kubelet does not say for whom it asks.\n"
                "\n"
                "Examples:\n"
                "  slugctl chunks\n"
                "  slugctl chunks -o wide\n"
                "  slugctl chunks -o json | jq -r '.chunks[].id'\n"
                "  slugctl claims --chunk 1gi-n2-0017\n",
        .run = call_run,
        .path = "/slug.v1.ChunkService/ListChunks",
        .response = &slug__v1__chunk_list__descriptor,
        .render = render,
};
