/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/chunks-bed.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"

#define WORDS_MAX 64u

static void must(bool is_true, const char *what) {
        if (is_true)
                return;
        (void)fprintf(stderr, "test bed: %s\n", what);
        abort();
}

/* Claims */

typedef struct Reading {
        LedgerClaim claim;
        LedgerPart parts[WORDS_MAX];
        LedgerBlock block;
        const char *chunks[WORDS_MAX];
        bool is_unlimited;
} Reading;

/* False: it can be no word of a claim. */
static bool read_word(Reading *reading, char *word) {
        LedgerClaim *claim = &reading->claim;
        unsigned node;
        uint64_t mib;
        char *slash = strchr(word, '/');

        if (slash) {
                *slash = '\0';
                claim->pod_uid = word;
                claim->container = slash + 1;
        } else if (sscanf(word, "%u=%" SCNu64, &node, &mib) == 2) {
                if (node >= NODESET_MAX || reading->block.n_parts == WORDS_MAX)
                        return false;
                nodeset_add(&reading->block.nodes, node);
                reading->parts[reading->block.n_parts++] =
                        (LedgerPart){ .node = node, .bytes = mib * MIB };
                reading->block.bytes += mib * MIB;
        } else if (strcmp(word, "unlimited") == 0) {
                reading->is_unlimited = true;
        } else if (strcmp(word, "within") == 0) {
                claim->is_within_pod = true;
        } else if (!claim_state_parse(word, &claim->state)) {
                if (claim->n_chunks == WORDS_MAX)
                        return false;
                reading->chunks[claim->n_chunks++] = word;
        }
        return true;
}

static void finish(Reading *reading) {
        LedgerClaim *claim = &reading->claim;
        const uint64_t bytes = reading->block.bytes;

        reading->block.parts = reading->parts;
        claim->blocks = &reading->block;
        claim->n_blocks = bytes > 0;
        claim->chunks = reading->chunks;
        claim->source = claim->state == CLAIM_OBSERVED ? CLAIM_SOURCE_OBSERVED
                        : claim->n_chunks > 0          ? CLAIM_SOURCE_DEVICE_PLUGIN
                                                       : CLAIM_SOURCE_MEMORY_MANAGER;
        claim->split = (Split){
                .local = { 0, SPLIT_UNLIMITED },
                .remote = { bytes, reading->is_unlimited ? SPLIT_UNLIMITED : bytes },
        };
}

bool chunks_bed_try_claim(Ledger *ledger, const char *text) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        _cleanup_(freep) char *copy = strdup(text);
        Reading reading = { .claim = { .pod_uid = "",
                                       .container = "",
                                       .namespace_name = "",
                                       .pod = "",
                                       .state = CLAIM_ACTIVE,
                                       .container_id = "",
                                       .reason = "" } };
        LedgerClaim *claim = NULL;
        char *rest = NULL;

        must(copy != NULL, "no memory");
        for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
                if (!read_word(&reading, word))
                        return false;
        finish(&reading);
        if (ledger_claim_new(&reading.claim, &claim) != 0)
                return false;
        must(ledger_change_put(&change, claim) == 0, "no change");
        must(ledger_apply(ledger, &change, NULL, NULL, NULL) == 0, "no ledger");
        return true;
}

void chunks_bed_claim(Ledger *ledger, const char *text) {
        must(chunks_bed_try_claim(ledger, text), "a claim is refused");
}

void chunks_bed_describe_claim(const LedgerClaim *claim, Buffer *buffer) {
        char split[SPLIT_TEXT_MAX];

        if (!claim) {
                buffer_append_text(buffer, "none");
                return;
        }
        buffer_printf(buffer, "%s/%s %s", claim->pod_uid, claim->container,
                      claim_state_name(claim->state));
        if (claim->is_within_pod)
                buffer_append_text(buffer, " within");
        for (size_t i = 0; i < claim->n_blocks; ++i)
                for (size_t k = 0; k < claim->blocks[i].n_parts; ++k)
                        buffer_printf(buffer, " %u=%" PRIu64, claim->blocks[i].parts[k].node,
                                      claim->blocks[i].parts[k].bytes / MIB);
        for (size_t i = 0; i < claim->n_chunks; ++i)
                buffer_printf(buffer, " %s", claim->chunks[i]);
        buffer_printf(buffer, " %s", split_format(&claim->split, split));
        if (claim->reason[0])
                buffer_printf(buffer, " (%s)", claim->reason);
}

/* Lists */

static void describe_node(const ChunkList *list, const ChunksNode *node, Buffer *buffer) {
        static const char letters[_CHUNK_STATE_N] = {
                [CHUNK_FREE] = 'F',
                [CHUNK_CLAIMED] = 'C',
                [CHUNK_SHORT] = 'S',
                [CHUNK_OFFLINE] = 'O',
        };
        unsigned next = 0;

        buffer_printf(buffer, "; %u:", node->node);
        for (size_t i = 0; i < node->n_chunks; ++i) {
                const Chunk *chunk = &list->chunks[node->first_chunk + i];

                if (chunk->id.index != next)
                        buffer_printf(buffer, " @%u", chunk->id.index);
                else if (i == 0)
                        buffer_append_char(buffer, ' ');
                buffer_append_char(buffer, letters[chunk->state]);
                next = chunk->id.index + 1;
        }
        if (node->remainder_bytes > 0)
                buffer_printf(buffer, " rest %" PRIu64, node->remainder_bytes / MIB);
}

void chunks_bed_describe(const ChunkList *list, Buffer *buffer) {
        char bytes[QUANTITY_TEXT_MAX];

        if (list->state == CHUNKS_NONE)
                buffer_append_text(buffer, "none ");
        if (list->state == CHUNKS_TOO_MANY)
                buffer_printf(buffer, "too-many %s ",
                              quantity_format_bytes(list->fitting_bytes, bytes));
        buffer_printf(buffer, "%s %s %s%s", quantity_format_bytes(list->bytes, bytes),
                      list->is_per_node ? "numa-node" : "aggregate",
                      chunks_topology_name(list->in_effect),
                      list->is_held_back ? " held back" : "");
        for (size_t i = 0; i < list->n_nodes; ++i)
                describe_node(list, &list->nodes[i], buffer);
}

/* Rules */

typedef struct Checking {
        const ChunkList *list;
        const ChunksParams *params;
        char *why;
} Checking;

_printf_(2, 3) static bool complain(const Checking *checking, const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void)vsnprintf(checking->why, CHUNKS_BED_WHY_MAX, format, args);
        va_end(args);
        return false;
}

static bool is_remote(const ChunksParams *params, unsigned node) {
        for (size_t i = 0; i < params->topology->n_nodes; ++i)
                if (params->topology->nodes[i].id == node)
                        return params->topology->nodes[i].locality == LOCALITY_REMOTE;
        return false;
}

static bool is_chunk_good(const Checking *checking, const Chunk *chunk) {
        const ChunkList *list = checking->list;
        char text[CHUNK_ID_MAX];
        const LedgerClaim *claim;
        ChunkId again;

        chunk_id_format(&chunk->id, text);
        if (!chunk_id_parse(text, &again) || chunk_id_compare(&again, &chunk->id) != 0 ||
            chunk_list_find(list, &again) != chunk)
                return complain(checking, "%s: not found by its name", text);
        if (again.resource.bytes != list->bytes || again.resource.node.present != list->is_per_node)
                return complain(checking, "%s: not of the size and kind in force", text);
        claim = ledger_find_chunk(checking->params->ledger, text);
        if (claim != chunk->claim || !claim != !chunk->holder)
                return complain(checking, "%s: not whose it is", text);
        if (claim && (strcmp(claim->pod_uid, chunk->holder->pod_uid) != 0 ||
                      strcmp(claim->container, chunk->holder->container) != 0))
                return complain(checking, "%s: another holder", text);
        if ((chunk->state == CHUNK_CLAIMED) !=
            (claim && is_remote(checking->params, chunk->id.node)))
                return complain(checking, "%s: %s", text, chunk_state_name(chunk->state));
        return true;
}

static bool are_counts_good(const Checking *checking, const ChunksNode *node) {
        uint32_t counts[_CHUNK_STATE_N] = {};
        bool has_short = false;

        for (size_t i = 0; i < node->n_chunks; ++i) {
                const Chunk *chunk = &checking->list->chunks[node->first_chunk + i];

                ++counts[chunk->state];
                if (chunk->id.node != node->node)
                        return complain(checking, "NUMA node %u: one of %u", node->node,
                                        chunk->id.node);
                if (has_short && chunk->state == CHUNK_FREE)
                        return complain(checking, "NUMA node %u: %u is free above one that is not",
                                        node->node, chunk->id.index);
                has_short = has_short || chunk->state == CHUNK_SHORT;
        }
        return memcmp(counts, node->counts, sizeof(counts)) == 0 ||
               complain(checking, "NUMA node %u: counts", node->node);
}

static bool are_bytes_good(const Checking *checking, const ChunksNode *node) {
        const uint64_t size = checking->list->bytes;
        const uint64_t sound = node->allocatable_bytes - node->poisoned_bytes;
        const uint64_t free_bytes = bytes_sub_clamped(
                sound, ledger_get_claimed(checking->params->ledger, node->node, 0));
        const uint64_t n_free = node->counts[CHUNK_FREE];

        if (n_free * size > free_bytes)
                return complain(checking, "NUMA node %u: more is healthy than is free", node->node);
        if (node->counts[CHUNK_SHORT] > 0 && (n_free + 1) * size <= free_bytes)
                return complain(checking, "NUMA node %u: more is short than need be", node->node);
        return node->remainder_bytes == sound % size ||
               complain(checking, "NUMA node %u: what is left over", node->node);
}

static bool is_topology_good(const Checking *checking, const ChunksNode *node) {
        NODESET_FOREACH (id, &node->topology) {
                const HintsNode *found = hints_machine_find(checking->params->machine, id);

                if (id > 63 || !found || !found->has_cpus)
                        return complain(checking, "NUMA node %u: near to %u", node->node, id);
        }
        return nodeset_count(&node->topology) <= CHUNKS_TOPOLOGY_MAX ||
               complain(checking, "NUMA node %u: near to too many", node->node);
}

/* Every chunk of the size and kind in force that somebody has is in it. */
static bool are_claims_good(const Checking *checking) {
        const ChunkList *list = checking->list;
        const Ledger *ledger = checking->params->ledger;
        ChunkId id;

        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim))
                for (size_t i = 0; i < claim->n_chunks; ++i)
                        if (chunk_id_parse(claim->chunks[i], &id) &&
                            id.resource.bytes == list->bytes &&
                            id.resource.node.present == list->is_per_node &&
                            !chunk_list_find(list, &id))
                                return complain(checking, "%s is missing", claim->chunks[i]);
        return true;
}

static bool is_order_good(const Checking *checking) {
        const ChunkList *list = checking->list;
        size_t n = 0;

        for (size_t i = 0; i < list->n_nodes; ++i) {
                if (i > 0 && list->nodes[i].node <= list->nodes[i - 1].node)
                        return complain(checking, "NUMA nodes are not in order");
                if (list->nodes[i].first_chunk != n && list->nodes[i].n_chunks > 0)
                        return complain(checking, "NUMA node %u: not where its chunks are",
                                        list->nodes[i].node);
                n += list->nodes[i].n_chunks;
        }
        for (size_t i = 1; i < list->n_chunks; ++i)
                if (chunk_id_compare(&list->chunks[i - 1].id, &list->chunks[i].id) >= 0)
                        return complain(checking, "chunks are not in order");
        return n == list->n_chunks || complain(checking, "chunks of no NUMA node");
}

bool chunks_bed_is_good(const ChunkList *list,
                        const ChunksParams *params,
                        char why[static CHUNKS_BED_WHY_MAX]) {
        const Checking checking = { list, params, why };
        bool is_good = is_order_good(&checking);

        if (list->n_chunks > CHUNK_LIST_MAX ||
            (list->state != CHUNKS_TOO_MANY &&
             (list->state == CHUNKS_ADVERTISED) != (list->n_chunks > 0)) ||
            (list->n_resources > 0) != (list->n_chunks > 0))
                return complain(&checking, "%zu chunks, %zu resources", list->n_chunks,
                                list->n_resources);
        for (size_t i = 0; is_good && i < list->n_nodes; ++i)
                is_good = are_counts_good(&checking, &list->nodes[i]) &&
                          is_topology_good(&checking, &list->nodes[i]) &&
                          are_bytes_good(&checking, &list->nodes[i]);
        for (size_t i = 0; is_good && i < list->n_chunks; ++i)
                is_good = is_chunk_good(&checking, &list->chunks[i]);
        return is_good && are_claims_good(&checking);
}

/* Comparing */

static bool is_node_equal(const ChunksNode *a, const ChunksNode *b) {
        return a->node == b->node && a->allocatable_bytes == b->allocatable_bytes &&
               a->poisoned_bytes == b->poisoned_bytes && a->remainder_bytes == b->remainder_bytes &&
               memcmp(a->counts, b->counts, sizeof(a->counts)) == 0 &&
               a->first_chunk == b->first_chunk && a->n_chunks == b->n_chunks &&
               nodeset_is_equal(&a->topology, &b->topology);
}

static bool is_holder_equal(const LedgerKey *a, const LedgerKey *b) {
        if (!a || !b)
                return a == b;
        return strcmp(a->pod_uid, b->pod_uid) == 0 && strcmp(a->container, b->container) == 0;
}

static bool is_chunk_equal(const Chunk *a, const Chunk *b) {
        return chunk_id_compare(&a->id, &b->id) == 0 && a->state == b->state &&
               is_holder_equal(a->holder, b->holder);
}

/* Size and kind are the lists'; a resource's NUMA node is that of chunks. */
static bool has_same_chunks(const ChunkList *a, const ChunkList *b) {
        if (a->n_nodes != b->n_nodes || a->n_chunks != b->n_chunks)
                return false;
        for (size_t i = 0; i < a->n_nodes; ++i)
                if (!is_node_equal(&a->nodes[i], &b->nodes[i]))
                        return false;
        for (size_t i = 0; i < a->n_chunks; ++i)
                if (!is_chunk_equal(&a->chunks[i], &b->chunks[i]))
                        return false;
        return true;
}

bool chunks_bed_is_equal(const ChunkList *a, const ChunkList *b) {
        return a->state == b->state && a->bytes == b->bytes && a->is_per_node == b->is_per_node &&
               a->is_held_back == b->is_held_back && a->n_foreign == b->n_foreign &&
               a->fitting_bytes == b->fitting_bytes && a->in_effect == b->in_effect &&
               has_same_chunks(a, b);
}
