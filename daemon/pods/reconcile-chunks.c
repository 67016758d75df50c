/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "pods/reconcile-look.h"

/*
 * Whose chunks
 *
 * The kubelet gives chunks to containers, and says whose they are. A claim that has one that is
 * another pod's now gives it up, with the bytes that it is worth, and is on its way out. The
 * kubelet takes chunks back late, so that what it says of pods that have ended does not count.
 */

/* Of the same chunk the pod that runs comes first, and in it the container that has not ended: what
 * an init container had the kubelet gives to those after it, too. */
static int compare_chunks(const void *a, const void *b) {
        const LookChunk *left = a, *right = b;
        const int by_id = strcmp(left->chunk->id, right->chunk->id);
        const bool left_ended = left->container->state == REPORT_EXITED;
        const bool right_ended = right->container->state == REPORT_EXITED;
        const bool left_runs = left->pod->phase == POD_PHASE_RUNNING;
        const bool right_runs = right->pod->phase == POD_PHASE_RUNNING;

        if (by_id)
                return by_id;
        if (left_runs != right_runs)
                return right_runs - left_runs;
        if (left->pod != right->pod)
                return strcmp(left->pod->uid, right->pod->uid);
        return left_ended != right_ended
                       ? left_ended - right_ended
                       : (left->place > right->place) - (left->place < right->place);
}

static int compare_ids(const void *a, const void *b) {
        return strcmp(((const LookChunk *)a)->chunk->id, ((const LookChunk *)b)->chunk->id);
}

static size_t count_chunks(const Inventory *inventory) {
        size_t n = 0;

        for (size_t i = 0; i < inventory->n_pods; ++i)
                for (size_t k = 0; k < inventory->pods[i].n_containers; ++k)
                        if (inventory->pods[i].containers[k].report)
                                n += inventory->pods[i].containers[k].report->n_chunks;
        return n;
}

static bool read_id(const ReportChunk *chunk, ChunkId *ret) {
        return chunk_id_parse(chunk->id, ret) && ret->resource.bytes == chunk->bytes;
}

static void add_chunks(Look *look, const InventoryPod *pod) {
        for (size_t i = 0; i < pod->n_containers; ++i) {
                const ReportContainer *container = pod->containers[i].report;

                for (size_t k = 0; container && k < container->n_chunks; ++k) {
                        LookChunk *chunk = &look->chunks[look->n_chunks++];

                        *chunk = (LookChunk){
                                .chunk = &container->chunks[k],
                                .pod = pod,
                                .container = container,
                                .place = i,
                        };
                        chunk->is_readable =
                                k < LEDGER_CHUNKS_MAX && read_id(chunk->chunk, &chunk->id);
                }
        }
}

int look_list_chunks(Look *look) {
        const Inventory *inventory = look->inventory;
        size_t n = 0;

        look->chunks =
                arena_alloc_array(look->arena, count_chunks(inventory), sizeof(*look->chunks));
        if (!look->chunks)
                return -ENOMEM;
        for (size_t i = 0; i < inventory->n_pods; ++i)
                if (inventory->pods[i].phase != POD_PHASE_FINISHED)
                        add_chunks(look, &inventory->pods[i]);
        qsort(look->chunks, look->n_chunks, sizeof(*look->chunks), compare_chunks);
        for (size_t i = 0; i < look->n_chunks; ++i)
                if (n == 0 || compare_ids(&look->chunks[n - 1], &look->chunks[i]) != 0)
                        look->chunks[n++] = look->chunks[i];
        look->n_chunks = n;
        return 0;
}

const LookChunk *look_find_chunk(const Look *look, const char *id) {
        const ReportChunk chunk = { .id = id };
        const LookChunk key = { .chunk = &chunk };

        return bsearch(&key, look->chunks, look->n_chunks, sizeof(key), compare_ids);
}

static int compare_holders(const void *a, const void *b) {
        return strcmp(((const LookHolder *)a)->chunk, ((const LookHolder *)b)->chunk);
}

LookHolder *look_find_holder(const Look *look, const char *id) {
        const LookHolder key = { .chunk = id };

        return bsearch(&key, look->holders, look->n_holders, sizeof(key), compare_holders);
}

/* Taking */

/* Where it is lost to, or NULL. */
static const LookChunk *find_lost(const Look *look, const LookItem *item, const char *id) {
        const LookChunk *found = look_find_chunk(look, id);

        if (!found || found->pod == item->pod)
                return NULL;
        /* one that was promised since the report was made is not the reporter's to judge */
        return item_is_observed(item) || look_could_know(look, item) ? found : NULL;
}

/* Of chunks that do not say where they are: from the last remote NUMA node on. What is not there is
 * not taken from elsewhere. */
static int take_bytes(Look *look, LookItem *item, uint64_t bytes) {
        const NodeSet *remote = &look->params->place.remote;
        LedgerClaim *claim = item->now;

        split_take_remote(&claim->split, bytes);
        for (size_t i = claim->n_blocks; bytes > 0 && i-- > 0;) {
                LedgerPart *parts;
                int r;

                if (claim->blocks[i].page_bytes > 0)
                        continue;
                r = look_open_block(look, item, i, &parts);
                if (r)
                        return r;
                for (size_t k = claim->blocks[i].n_parts; k-- > 0;) {
                        const uint64_t taken = nodeset_contains(remote, parts[k].node)
                                                       ? bytes_min(bytes, parts[k].bytes)
                                                       : 0;

                        parts[k].bytes -= taken;
                        bytes -= taken;
                }
                look_close_block(item, i);
        }
        return 0;
}

/* @lost: the first of @n_lost. */
static int give_up(Look *look, LookItem *item, const LookChunk *lost, size_t n_lost) {
        const char *reason =
                n_lost == 1 ? arena_printf(look->arena, "chunk %s is pod %s's now", lost->chunk->id,
                                           lost->pod->uid)
                            : arena_printf(look->arena, "chunk %s and %zu more are other pods' now",
                                           lost->chunk->id, n_lost - 1);

        if (!reason)
                return -ENOMEM;
        if (!item_is_observed(item)) {
                item->now->state = CLAIM_RELEASING;
                item->now->reason = reason;
        }
        return look_note(look, item, RECONCILE_TAKEN, reason);
}

static int take_from(Look *look, LookItem *item) {
        const LedgerClaim *claim = item_get(item);
        const LookChunk *first = NULL;
        const char **kept = NULL;
        size_t n_lost = 0, n_kept = 0;
        LookBytes placed = {};
        uint64_t bytes = 0;
        int r;

        for (size_t i = 0; i < claim->n_chunks; ++i)
                n_lost += find_lost(look, item, claim->chunks[i]) != NULL;
        if (n_lost == 0)
                return 0;
        kept = arena_alloc_array(look->arena, claim->n_chunks, sizeof(*kept));
        r = kept ? look_edit(look, item) : -ENOMEM;
        if (r)
                return r;
        for (size_t i = 0; i < claim->n_chunks; ++i) {
                const LookChunk *lost = find_lost(look, item, claim->chunks[i]);

                if (!lost)
                        kept[n_kept++] = claim->chunks[i];
                else if (lost->is_readable)
                        look_bytes_add(&placed, lost->id.node, lost->chunk->bytes);
                else
                        bytes = bytes_add_saturated(bytes, lost->chunk->bytes);
                first = first ? first : lost;
        }
        item->now->chunks = kept;
        item->now->n_chunks = n_kept;
        split_take_remote(&item->now->split, look_bytes_sum(&placed));
        r = look_take_bytes(look, item, &placed);
        if (r == 0)
                r = take_bytes(look, item, bytes);
        return r ? r : give_up(look, item, first, n_lost);
}

int look_list_holders(Look *look) {
        size_t n = 0;

        look->n_holders = 0;
        for (size_t i = 0; i < look->n_claims; ++i)
                n += item_get(&look->items[i])->n_chunks;
        look->holders = arena_alloc_array(look->arena, n, sizeof(*look->holders));
        if (!look->holders)
                return -ENOMEM;
        for (size_t i = 0; i < look->n_claims; ++i) {
                LookItem *item = &look->items[i];

                for (size_t k = 0; item_is_promised(item) && k < item_get(item)->n_chunks; ++k)
                        look->holders[look->n_holders++] =
                                (LookHolder){ item_get(item)->chunks[k], item };
        }
        qsort(look->holders, look->n_holders, sizeof(*look->holders), compare_holders);
        return 0;
}

/* What nobody has named yet loses nothing: it has still to find out whose it is. */
static bool can_lose(const LookItem *item) {
        return item_is_promised(item) && item_get(item)->source != CLAIM_SOURCE_OPERATOR &&
               !ledger_claim_is_unseen(item_get(item));
}

int look_take_chunks(Look *look) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < look->n_claims; ++i)
                if (can_lose(&look->items[i]))
                        r = take_from(look, &look->items[i]);
        return r ? r : look_list_holders(look);
}

bool look_has_chunk(const InventoryPod *pod, const ReportChunk *chunk, void *look) {
        const LookChunk *found = look_find_chunk(look, chunk->id);

        return found && found->pod == pod && found->chunk == chunk &&
               !look_find_holder(look, chunk->id);
}

bool look_is_lost(const Look *look, const LookItem *item, const char *chunk) {
        return find_lost(look, item, chunk) || look_find_holder(look, chunk);
}

int look_lose_chunks(Look *look, LookItem *item) {
        return take_from(look, item);
}
