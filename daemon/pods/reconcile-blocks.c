/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pods/reconcile-look.h"

/*
 * Bytes of chunks in a claim
 *
 * What a claim has of plain memory is the bytes of its chunks, on the NUMA nodes that their ids
 * say, and the rest. A chunk is a part of what its container has asked for: one that comes takes
 * the place of as many bytes of the rest, remote ones first, which may have been promised in its
 * stead. So a claim grows only by what it had not got yet.
 */

void look_bytes_add(LookBytes *to, unsigned node, uint64_t bytes) {
        if (!nodeset_contains(&to->nodes, node))
                to->bytes[node] = 0;
        nodeset_add(&to->nodes, node);
        to->bytes[node] = bytes_min(bytes_add_saturated(to->bytes[node], bytes), LEDGER_PART_MAX);
}

uint64_t look_bytes_sum(const LookBytes *of) {
        uint64_t sum = 0;

        NODESET_FOREACH (node, &of->nodes)
                sum = bytes_add_saturated(sum, of->bytes[node]);
        return sum;
}

void look_bytes_add_chunks(LookBytes *to, const LedgerClaim *claim) {
        ChunkId id;

        for (size_t i = 0; i < claim->n_chunks; ++i)
                if (chunk_id_parse(claim->chunks[i], &id))
                        look_bytes_add(to, id.node, id.resource.bytes);
}

/* Blocks that are being written: their parts are not the ledger's. */
typedef struct Draft {
        LedgerBlock blocks[LEDGER_BLOCKS_MAX + 1];
        size_t n_blocks;
} Draft;

static LedgerPart *get_parts(LedgerBlock *block) {
        return (LedgerPart *)block->parts;
}

static int draft_init(Draft *draft, Look *look, const LedgerClaim *claim) {
        draft->n_blocks = claim->n_blocks;
        for (size_t i = 0; i < claim->n_blocks; ++i) {
                const LedgerBlock *from = &claim->blocks[i];
                LedgerPart *parts = arena_alloc_array(look->arena, from->n_parts, sizeof(*parts));

                if (!parts)
                        return -ENOMEM;
                if (from->n_parts > 0)
                        memcpy(parts, from->parts, from->n_parts * sizeof(*parts));
                draft->blocks[i] = *from;
                draft->blocks[i].parts = parts;
        }
        return 0;
}

static uint64_t draft_take(Draft *draft, const NodeSet *nodes, uint64_t bytes) {
        const uint64_t wanted = bytes;

        for (size_t i = draft->n_blocks; bytes > 0 && i-- > 0;) {
                LedgerBlock *block = &draft->blocks[i];

                for (size_t k = block->n_parts; block->page_bytes == 0 && k-- > 0;) {
                        LedgerPart *part = &get_parts(block)[k];
                        const uint64_t taken = nodeset_contains(nodes, part->node)
                                                       ? bytes_min(bytes, part->bytes)
                                                       : 0;

                        part->bytes -= taken;
                        bytes -= taken;
                }
        }
        return wanted - bytes;
}

static void draft_take_all(Draft *draft, const LookBytes *bytes) {
        NODESET_FOREACH (node, &bytes->nodes) {
                NodeSet one = {};

                nodeset_add(&one, node);
                (void)draft_take(draft, &one, bytes->bytes[node]);
        }
}

static void draft_compact(Draft *draft) {
        size_t n_blocks = 0;

        for (size_t i = 0; i < draft->n_blocks; ++i) {
                LedgerBlock block = draft->blocks[i];
                size_t n = 0;

                block.bytes = 0;
                for (size_t k = 0; k < block.n_parts; ++k)
                        if (block.parts[k].bytes > 0) {
                                block.bytes += block.parts[k].bytes;
                                get_parts(&block)[n++] = block.parts[k];
                        }
                block.n_parts = n;
                if (n > 0)
                        draft->blocks[n_blocks++] = block;
        }
        draft->n_blocks = n_blocks;
}

static int draft_add(Draft *draft, Look *look, const LookBytes *bytes) {
        LedgerPart *parts =
                arena_alloc_array(look->arena, nodeset_count(&bytes->nodes), sizeof(*parts));
        LedgerBlock block = { .nodes = bytes->nodes, .parts = parts };

        if (!parts)
                return -ENOMEM;
        NODESET_FOREACH (node, &bytes->nodes)
                if (bytes->bytes[node] > 0) {
                        parts[block.n_parts++] = (LedgerPart){ node, bytes->bytes[node] };
                        block.bytes += bytes->bytes[node];
                }
        if (block.n_parts > 0)
                draft->blocks[draft->n_blocks++] = block;
        return 0;
}

/* There is no place for one more: those of plain memory become one. */
static int draft_join(Draft *draft, Look *look) {
        LookBytes sum = {};
        size_t n = 0;

        for (size_t i = 0; i < draft->n_blocks; ++i) {
                const LedgerBlock *block = &draft->blocks[i];

                for (size_t k = 0; block->page_bytes == 0 && k < block->n_parts; ++k)
                        look_bytes_add(&sum, block->parts[k].node, block->parts[k].bytes);
                if (block->page_bytes > 0)
                        draft->blocks[n++] = *block;
        }
        draft->n_blocks = n;
        return draft_add(draft, look, &sum);
}

static int draft_end(const Draft *draft, Look *look, LookItem *item) {
        LedgerBlock *blocks = arena_alloc_array(look->arena, draft->n_blocks, sizeof(*blocks));

        if (!blocks)
                return -ENOMEM;
        memcpy(blocks, draft->blocks, draft->n_blocks * sizeof(*blocks));
        item->now->blocks = blocks;
        item->now->n_blocks = draft->n_blocks;
        return 0;
}

int look_take_bytes(Look *look, LookItem *item, const LookBytes *bytes) {
        Draft draft;
        int r;

        if (nodeset_is_empty(&bytes->nodes))
                return 0;
        r = draft_init(&draft, look, item->now);
        if (r)
                return r;
        draft_take_all(&draft, bytes);
        draft_compact(&draft);
        return draft_end(&draft, look, item);
}

int look_give_bytes(Look *look,
                    LookItem *item,
                    const LookBytes *own,
                    const LookBytes *gained,
                    LookGiven *ret) {
        const NodeSet all = ledger_claim_get_nodes(item->now);
        const uint64_t bytes = look_bytes_sum(gained);
        LookBytes chunks = *own;
        Draft draft;
        int r;

        r = draft_init(&draft, look, item->now);
        if (r)
                return r;
        draft_take_all(&draft, own);
        ret->remote = draft_take(&draft, &look->params->place.remote, bytes);
        ret->local = draft_take(&draft, &all, bytes - ret->remote);
        draft_compact(&draft);
        if (draft.n_blocks >= LEDGER_BLOCKS_MAX)
                r = draft_join(&draft, look);
        NODESET_FOREACH (node, &gained->nodes)
                look_bytes_add(&chunks, node, gained->bytes[node]);
        if (r == 0)
                r = draft_add(&draft, look, &chunks);
        return r ? r : draft_end(&draft, look, item);
}

int look_put_local(Look *look, LookItem *item, const LookBytes *own, uint64_t bytes) {
        const NodeSet all = ledger_claim_get_nodes(item->now);
        LedgerPart *parts = arena_alloc_array(look->arena, NODESET_MAX, sizeof(*parts));
        Draft draft;
        int r;

        if (!parts)
                return -ENOMEM;
        r = draft_init(&draft, look, item->now);
        if (r)
                return r;
        draft_take_all(&draft, own);
        (void)draft_take(&draft, &all, UINT64_MAX);
        draft_compact(&draft);
        if (draft.n_blocks + 1 < LEDGER_BLOCKS_MAX)
                draft.n_blocks += size_place_local(bytes, item->pod, &look->params->place,
                                                   &draft.blocks[draft.n_blocks], parts);
        r = draft_add(&draft, look, own);
        return r ? r : draft_end(&draft, look, item);
}
