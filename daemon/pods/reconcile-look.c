/* SPDX-License-Identifier: Apache-2.0 */
#include "pods/reconcile-look.h"

#include <string.h>

static size_t count_with_chunks(const Inventory *inventory) {
        size_t n = 0;

        for (size_t i = 0; i < inventory->n_pods; ++i)
                for (size_t k = 0; k < inventory->pods[i].n_containers; ++k)
                        n += inventory->pods[i].containers[k].report &&
                             inventory->pods[i].containers[k].report->n_chunks > 0;
        return n;
}

int look_init(Look *look) {
        const Ledger *ledger = look->params->ledger;
        const size_t n_pods = look->inventory->n_pods;

        /* one that is observed for each pod, and one for each container with chunks */
        look->items = arena_alloc_array(look->arena,
                                        ledger_get_n_claims(ledger) + n_pods +
                                                count_with_chunks(look->inventory),
                                        sizeof(*look->items));
        if (!look->items)
                return -ENOMEM;
        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim))
                look->items[look->n_items++].before = claim;
        look->n_claims = look->n_items;
        return look_list_chunks(look);
}

int look_note(Look *look, LookItem *item, ReconcileAct act, const char *reason) {
        LookNote *note = arena_alloc(look->arena, sizeof(*note));

        if (!note || !reason)
                return -ENOMEM;
        *note = (LookNote){ .act = act, .reason = reason };
        *(item->notes ? item->last_note : &item->notes) = note;
        item->last_note = &note->next;
        return 0;
}

int look_edit(Look *look, LookItem *item) {
        if (item->now)
                return 0;
        item->now = arena_alloc(look->arena, sizeof(*item->now));
        if (!item->now)
                return -ENOMEM;
        *item->now = *item->before;
        return 0;
}

/* Blocks */

static int copy_blocks(Look *look, LedgerClaim *claim) {
        LedgerBlock *blocks =
                arena_alloc_array(look->arena, claim->n_blocks, sizeof(*claim->blocks));

        if (!blocks)
                return -ENOMEM;
        memcpy(blocks, claim->blocks, claim->n_blocks * sizeof(*blocks));
        claim->blocks = blocks;
        return 0;
}

int look_open_block(Look *look, LookItem *item, size_t i, LedgerPart **ret) {
        const LedgerBlock *from = &item->now->blocks[i];
        LedgerBlock block = *from;
        LedgerPart *parts =
                arena_alloc_array(look->arena, nodeset_count(&from->nodes), sizeof(*parts));
        size_t k = 0;
        int r;

        if (!parts)
                return -ENOMEM;
        block.n_parts = 0;
        block.parts = parts;
        NODESET_FOREACH (node, &from->nodes) {
                const bool has_bytes = k < from->n_parts && from->parts[k].node == node;

                parts[block.n_parts++] = (LedgerPart){
                        .node = node,
                        .bytes = has_bytes ? from->parts[k].bytes : 0,
                };
                k += has_bytes;
        }
        r = copy_blocks(look, item->now);
        if (r)
                return r;
        ((LedgerBlock *)item->now->blocks)[i] = block;
        *ret = parts;
        return 0;
}

void look_close_block(LookItem *item, size_t i) {
        LedgerBlock *block = (LedgerBlock *)&item->now->blocks[i];
        LedgerPart *parts = (LedgerPart *)block->parts;
        size_t n = 0;

        block->bytes = 0;
        for (size_t k = 0; k < block->n_parts; ++k)
                if (parts[k].bytes > 0) {
                        block->bytes += parts[k].bytes;
                        parts[n++] = parts[k];
                }
        block->n_parts = n;
}

/* Claims and pods */

size_t look_get_range(const Look *look, size_t first) {
        size_t n = 1;

        while (first + n < look->n_claims &&
               strcmp(item_get(&look->items[first])->pod_uid,
                      item_get(&look->items[first + n])->pod_uid) == 0)
                ++n;
        return n;
}

size_t look_find_first(const Look *look, const char *uid) {
        size_t low = 0, high = look->n_claims;

        while (low < high) {
                const size_t middle = low + (high - low) / 2;

                if (strcmp(item_get(&look->items[middle])->pod_uid, uid) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

LookItem *look_find_item(Look *look, const char *uid, const char *container) {
        for (size_t i = look_find_first(look, uid); i < look->n_claims; ++i) {
                const LedgerClaim *claim = item_get(&look->items[i]);

                if (strcmp(claim->pod_uid, uid) != 0)
                        return NULL;
                if (strcmp(claim->container, container) == 0 && !look->items[i].is_replaced)
                        return &look->items[i];
        }
        return NULL;
}

uint64_t look_get_total(const LedgerClaim *claim) {
        uint64_t sum = 0;

        for (size_t i = 0; i < claim->n_blocks; ++i)
                sum = bytes_add_saturated(sum, claim->blocks[i].bytes);
        return sum;
}

bool look_could_know(const Look *look, const LookItem *item) {
        const PodsReport *report = look->inventory->report;

        /* 0: the reporter had heard of no generation yet, and every claim's is more than that */
        return report && item->before && item->before->generation <= report->ledger_generation;
}

const char look_no_cgroup[] = "its pod's cgroup is gone";
const char look_no_process[] = "its pod has no process any more";

void look_count(const Look *look, LookItem *item) {
        const LedgerClaim *claim = item_get(item);
        const MemoryClaim *memory =
                memory_find_claim(look->memory, claim->pod_uid, claim->container);
        const unsigned before = memory ? memory->n_missed : 0;
        const bool is_by_tree = item->missed == look_no_cgroup || item->missed == look_no_process;
        bool is_counted;

        item->tree_usec = is_by_tree ? look->inventory->tree->usec : 0;
        is_counted = before > 0 &&
                     (look->is_same || (is_by_tree && memory->tree_usec == item->tree_usec));
        if (!item->missed)
                item->n_missed = 0;
        else
                item->n_missed =
                        is_counted ? before : (unsigned)bytes_min(before + 1, MEMORY_MISSES);
        item->is_gone = item->n_missed == MEMORY_MISSES;
}
