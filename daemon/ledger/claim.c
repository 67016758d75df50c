/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/claim.h"

#include <errno.h>
#include <string.h>

/*
 * A claim is one piece of memory: the struct, its blocks, their parts, the chunk ids and all text
 * lie behind each other. So it is made or not made, and a thousand of them cost a thousand
 * allocations. What it is made of is checked here, once, whoever brings it: a peer, or a log.
 */

/* Where the next bytes of the piece go; NULL while the size is still being added up. */
typedef struct Piece {
        char *start;
        size_t n_used;
} Piece;

static void *take(Piece *piece, size_t size, size_t alignment) {
        const size_t at = (piece->n_used + alignment - 1) / alignment * alignment;

        piece->n_used = at + size;
        return piece->start ? piece->start + at : NULL;
}

static const char *take_text(Piece *piece, const char *text) {
        const size_t size = strlen(text) + 1;
        char *copy = take(piece, size, 1);

        return copy ? memcpy(copy, text, size) : NULL;
}

static const LedgerPart *take_parts(Piece *piece, const LedgerBlock *block) {
        const size_t size = block->n_parts * sizeof(LedgerPart);
        LedgerPart *copy = take(piece, size, _Alignof(LedgerPart));

        if (copy && size > 0)
                memcpy(copy, block->parts, size);
        return copy;
}

static const LedgerBlock *take_blocks(Piece *piece, const LedgerClaim *from) {
        LedgerBlock *copies =
                take(piece, from->n_blocks * sizeof(LedgerBlock), _Alignof(LedgerBlock));

        for (size_t i = 0; i < from->n_blocks; ++i) {
                const LedgerPart *parts = take_parts(piece, &from->blocks[i]);

                if (!copies)
                        continue;
                copies[i] = from->blocks[i];
                copies[i].parts = parts;
        }
        return copies;
}

static const char *const *take_chunks(Piece *piece, const LedgerClaim *from) {
        const char **copies = take(piece, from->n_chunks * sizeof(*copies), _Alignof(char *));

        for (size_t i = 0; i < from->n_chunks; ++i) {
                const char *copy = take_text(piece, from->chunks[i]);

                if (copies)
                        copies[i] = copy;
        }
        return copies;
}

/* Fills @piece; with no memory in it only the size is found. */
static void lay_out(Piece *piece, const LedgerClaim *from) {
        StoredClaim *stored = take(piece, sizeof(*stored), _Alignof(StoredClaim));
        LedgerClaim copy = *from;

        copy.blocks = take_blocks(piece, from);
        copy.chunks = take_chunks(piece, from);
        copy.pod_uid = take_text(piece, from->pod_uid);
        copy.container = take_text(piece, from->container);
        copy.namespace_name = take_text(piece, from->namespace_name);
        copy.pod = take_text(piece, from->pod);
        copy.container_id = take_text(piece, from->container_id);
        copy.reason = take_text(piece, from->reason);
        copy.generation = 0;
        if (stored)
                *stored = (StoredClaim){ .claim = copy };
}

static bool is_text_good(const char *text, size_t max, bool may_be_empty) {
        const size_t n = text ? strnlen(text, max) : max;

        return n < max && (n > 0 || may_be_empty);
}

static bool is_block_good(const LedgerBlock *block) {
        uint64_t sum = 0;

        if (nodeset_is_empty(&block->nodes) || block->n_parts > NODESET_MAX)
                return false;
        for (size_t i = 0; i < block->n_parts; ++i) {
                const LedgerPart *part = &block->parts[i];

                if (!nodeset_contains(&block->nodes, part->node) || part->bytes == 0 ||
                    part->bytes > LEDGER_PART_MAX ||
                    (i > 0 && part->node <= block->parts[i - 1].node))
                        return false;
                sum += part->bytes;
        }
        return sum == block->bytes;
}

static bool is_good(const LedgerClaim *claim) {
        if (!is_text_good(claim->pod_uid, POD_UID_MAX, false) ||
            !is_text_good(claim->container, POD_NAME_MAX, true) ||
            !is_text_good(claim->namespace_name, POD_NAME_MAX, true) ||
            !is_text_good(claim->pod, POD_NAME_MAX, true) ||
            !is_text_good(claim->container_id, POD_NAME_MAX, true) ||
            !is_text_good(claim->reason, LEDGER_REASON_MAX, true))
                return false;
        if ((unsigned)claim->state >= _CLAIM_STATE_N ||
            (unsigned)claim->source >= _CLAIM_SOURCE_N || (unsigned)claim->qos >= _QOS_N ||
            claim->n_blocks > LEDGER_BLOCKS_MAX || claim->n_chunks > LEDGER_CHUNKS_MAX ||
            claim->split.local.min > claim->split.local.max ||
            claim->split.remote.min > claim->split.remote.max)
                return false;
        for (size_t i = 0; i < claim->n_blocks; ++i)
                if (!is_block_good(&claim->blocks[i]))
                        return false;
        for (size_t i = 0; i < claim->n_chunks; ++i)
                if (!is_text_good(claim->chunks[i], LEDGER_CHUNK_ID_MAX, false))
                        return false;
        return true;
}

int ledger_claim_new(const LedgerClaim *from, LedgerClaim **ret) {
        Piece piece = {};

        if (!is_good(from))
                return -EINVAL;
        lay_out(&piece, from);
        piece.start = calloc(1, piece.n_used);
        if (!piece.start)
                return -ENOMEM;
        piece.n_used = 0;
        lay_out(&piece, from);
        *ret = &((StoredClaim *)(void *)piece.start)->claim;
        return 0;
}

LedgerClaim *ledger_claim_free(LedgerClaim *claim) {
        free(claim); /* it begins its StoredClaim */
        return NULL;
}

/* Comparing */

static bool is_block_equal(const LedgerBlock *a, const LedgerBlock *b) {
        if (!nodeset_is_equal(&a->nodes, &b->nodes) || a->page_bytes != b->page_bytes ||
            a->bytes != b->bytes || a->n_parts != b->n_parts)
                return false;
        for (size_t i = 0; i < a->n_parts; ++i)
                if (a->parts[i].node != b->parts[i].node || a->parts[i].bytes != b->parts[i].bytes)
                        return false;
        return true;
}

static bool has_same_lists(const LedgerClaim *a, const LedgerClaim *b) {
        if (a->n_blocks != b->n_blocks || a->n_chunks != b->n_chunks)
                return false;
        for (size_t i = 0; i < a->n_blocks; ++i)
                if (!is_block_equal(&a->blocks[i], &b->blocks[i]))
                        return false;
        for (size_t i = 0; i < a->n_chunks; ++i)
                if (strcmp(a->chunks[i], b->chunks[i]) != 0)
                        return false;
        return true;
}

bool ledger_claim_is_equal(const LedgerClaim *a, const LedgerClaim *b) {
        return claim_compare_keys(a, b) == 0 && strcmp(a->namespace_name, b->namespace_name) == 0 &&
               strcmp(a->pod, b->pod) == 0 && strcmp(a->container_id, b->container_id) == 0 &&
               strcmp(a->reason, b->reason) == 0 && a->qos == b->qos && a->state == b->state &&
               a->source == b->source && a->is_within_pod == b->is_within_pod &&
               split_is_equal(&a->split, &b->split) && a->created_usec == b->created_usec &&
               has_same_lists(a, b);
}

int claim_compare_keys(const LedgerClaim *a, const LedgerClaim *b) {
        const int by_pod = strcmp(a->pod_uid, b->pod_uid);

        return by_pod ? by_pod : strcmp(a->container, b->container);
}

/* Sums */

uint64_t ledger_claim_get_bytes(const LedgerClaim *claim, uint64_t page_bytes) {
        uint64_t sum = 0;

        for (size_t i = 0; i < claim->n_blocks; ++i)
                if (claim->blocks[i].page_bytes == page_bytes)
                        sum = bytes_add_saturated(sum, claim->blocks[i].bytes);
        return sum;
}

NodeSet ledger_claim_get_nodes(const LedgerClaim *claim) {
        NodeSet nodes = {};

        for (size_t i = 0; i < claim->n_blocks; ++i)
                nodes = nodeset_or(&nodes, &claim->blocks[i].nodes);
        return nodes;
}

bool ledger_claim_has_chunk(const LedgerClaim *claim, const char *chunk) {
        for (size_t i = 0; i < claim->n_chunks; ++i)
                if (strcmp(claim->chunks[i], chunk) == 0)
                        return true;
        return false;
}

bool ledger_claim_is_observed(const LedgerClaim *claim) {
        return claim->source == CLAIM_SOURCE_OBSERVED;
}

/* Names */

static const char *const state_names[_CLAIM_STATE_N] = {
        [CLAIM_PENDING] = "pending",     [CLAIM_ACTIVE] = "active",
        [CLAIM_OBSERVED] = "observed",   [CLAIM_UNCONFIRMED] = "unconfirmed",
        [CLAIM_RELEASING] = "releasing", [CLAIM_INVALID] = "invalid",
};

static const char *const source_names[_CLAIM_SOURCE_N] = {
        [CLAIM_SOURCE_MEMORY_MANAGER] = "memory-manager",
        [CLAIM_SOURCE_OPERATOR] = "operator",
        [CLAIM_SOURCE_DEVICE_PLUGIN] = "device-plugin",
        [CLAIM_SOURCE_CHECKPOINT] = "checkpoint",
        [CLAIM_SOURCE_OBSERVED] = "observed",
};

const char *claim_state_name(ClaimState state) {
        return (unsigned)state < _CLAIM_STATE_N ? state_names[state] : "";
}

const char *claim_source_name(ClaimSource source) {
        return (unsigned)source < _CLAIM_SOURCE_N ? source_names[source] : "";
}

bool claim_state_parse(const char *text, ClaimState *ret) {
        for (unsigned i = 0; i < _CLAIM_STATE_N; ++i)
                if (strcmp(state_names[i], text) == 0) {
                        *ret = (ClaimState)i;
                        return true;
                }
        return false;
}

bool claim_source_parse(const char *text, ClaimSource *ret) {
        for (unsigned i = 0; i < _CLAIM_SOURCE_N; ++i)
                if (strcmp(source_names[i], text) == 0) {
                        *ret = (ClaimSource)i;
                        return true;
                }
        return false;
}

bool ledger_claim_is_unseen(const LedgerClaim *claim) {
        return claim->source == CLAIM_SOURCE_DEVICE_PLUGIN &&
               strncmp(claim->pod_uid, CHUNK_UNSEEN_PREFIX, strlen(CHUNK_UNSEEN_PREFIX)) == 0;
}
