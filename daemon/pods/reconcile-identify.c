/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pods/reconcile-look.h"

/*
 * Whose chunks have been claimed
 *
 * The kubelet asks for chunks without saying for whom, and names the container when it is asked who
 * has what. A chunk whose id can be read goes to the claim of the container that is named with it:
 *
 *      it is in an unseen claim                    from there, and that goes when nothing is left
 *      in the claim of another container of        from there, as the kubelet gives what an init
 *      the pod, but an operator's                  container had to those that come after it
 *      in no claim                                 as it is: the kubelet is the authority
 *      in any other claim                          it stays there (reconcile-chunks.c may have
 *                                                  taken it away before)
 *
 * A report that could not know of the claim moves nothing out of it: it is from before the kubelet
 * has given the chunk away.
 *
 * The container's claim is made when there is none. One that is there already, of whomever, stays
 * the one claim of the container; chunks take the place of other bytes of it (reconcile-blocks.c).
 * From then on it is the device plugin's, and goes with its container: an operator's, too, and one
 * out of the kubelet's checkpoint, which would be overwritten by the next one. What the memory
 * manager has promised stays the memory manager's, who says when it ends.
 */

/* One chunk, and where it comes from. */
typedef struct Gain {
        const LookChunk *chunk;
        LookItem *source; /* NULL: nobody has it */
} Gain;

typedef struct Gains {
        Gain *items;
        size_t n_items;
} Gains;

static bool is_of(const LookItem *item, const LookChunk *chunk) {
        const LedgerClaim *claim = item_get(item);

        return strcmp(claim->pod_uid, chunk->pod->uid) == 0 &&
               strcmp(claim->container, chunk->container->name) == 0;
}

static bool can_move(const Look *look, const LookItem *item, const LookChunk *chunk) {
        const LedgerClaim *claim = item_get(item);

        if (!look_could_know(look, item) || claim->source == CLAIM_SOURCE_OPERATOR)
                return false;
        return ledger_claim_is_unseen(claim) ||
               (claim->container[0] && strcmp(claim->pod_uid, chunk->pod->uid) == 0);
}

/* What goes with this look has no say any more. */
static bool is_open(Look *look, const LookChunk *chunk) {
        const LookItem *target = look_find_item(look, chunk->pod->uid, chunk->container->name);

        return chunk->is_readable && (!target || !target->is_gone);
}

/* By the id's text, as the chunks are. */
static int list_gains(Look *look, Gains *ret) {
        ret->items = arena_alloc_array(look->arena, look->n_chunks, sizeof(*ret->items));
        if (!ret->items)
                return -ENOMEM;
        for (size_t i = 0; i < look->n_chunks; ++i) {
                const LookChunk *chunk = &look->chunks[i];
                const LookHolder *holder = look_find_holder(look, chunk->chunk->id);

                if (!is_open(look, chunk) || (holder && (is_of(holder->item, chunk) ||
                                                         !can_move(look, holder->item, chunk))))
                        continue;
                ret->items[ret->n_items++] = (Gain){ chunk, holder ? holder->item : NULL };
        }
        return 0;
}

/* Losing */

static int compare_ids(const void *a, const void *b) {
        return strcmp(((const Gain *)a)->chunk->chunk->id, ((const Gain *)b)->chunk->chunk->id);
}

static const Gain *find_gain(const Gains *gains, const char *id) {
        const ReportChunk chunk = { .id = id };
        const LookChunk named = { .chunk = &chunk };
        const Gain key = { .chunk = &named };

        return gains->n_items > 0
                       ? bsearch(&key, gains->items, gains->n_items, sizeof(key), compare_ids)
                       : NULL;
}

static bool is_losing(const Gains *gains, const LookItem *item) {
        for (size_t i = 0; i < item_get(item)->n_chunks; ++i) {
                const Gain *gain = find_gain(gains, item_get(item)->chunks[i]);

                if (gain && gain->source == item)
                        return true;
        }
        return false;
}

/* Of a claim that chunks have made nothing is left without them: what a container that gave all of
 * its chunks to the next one had besides goes with them. */
static int end_item(Look *look, LookItem *item, const Gain *last) {
        if (item->now->n_chunks > 0 || item->now->source != CLAIM_SOURCE_DEVICE_PLUGIN)
                return 0;
        item->is_gone = true;
        if (ledger_claim_is_unseen(item->before))
                return 0; /* that its bytes are somebody's now is said of them */
        return look_note(look, item, RECONCILE_RELEASED,
                         arena_printf(look->arena, "its chunks are container %s's now",
                                      last->chunk->container->name));
}

static int lose(Look *look, const Gains *gains, LookItem *item) {
        const LedgerClaim *claim = item_get(item);
        const char **kept = arena_alloc_array(look->arena, claim->n_chunks, sizeof(*kept));
        const Gain *last = NULL;
        LookBytes lost = {};
        size_t n_kept = 0;
        int r;

        r = kept ? look_edit(look, item) : -ENOMEM;
        if (r)
                return r;
        for (size_t i = 0; i < claim->n_chunks; ++i) {
                const Gain *gain = find_gain(gains, claim->chunks[i]);

                if (gain && gain->source == item) {
                        look_bytes_add(&lost, gain->chunk->id.node, gain->chunk->chunk->bytes);
                        last = gain;
                } else {
                        kept[n_kept++] = claim->chunks[i];
                }
        }
        item->now->chunks = kept;
        item->now->n_chunks = n_kept;
        split_take_remote(&item->now->split, look_bytes_sum(&lost));
        r = look_take_bytes(look, item, &lost);
        return r ? r : end_item(look, item, last);
}

static int lose_all(Look *look, const Gains *gains) {
        int r = 0;

        for (size_t i = 0; r == 0 && gains->n_items > 0 && i < look->n_claims; ++i)
                if (item_is_promised(&look->items[i]) && is_losing(gains, &look->items[i]))
                        r = lose(look, gains, &look->items[i]);
        return r;
}

/* Gaining */

static int compare_containers(const void *a, const void *b) {
        const LookChunk *left = ((const Gain *)a)->chunk, *right = ((const Gain *)b)->chunk;
        const int by_pod = strcmp(left->pod->uid, right->pod->uid);
        const int by_container = strcmp(left->container->name, right->container->name);

        return by_pod         ? by_pod
               : by_container ? by_container
                              : chunk_id_compare(&left->id, &right->id);
}

static int compare_texts(const void *a, const void *b) {
        const char *left = *(const char *const *)a, *right = *(const char *const *)b;
        ChunkId left_id, right_id;

        if (chunk_id_parse(left, &left_id) && chunk_id_parse(right, &right_id))
                return chunk_id_compare(&left_id, &right_id);
        return strcmp(left, right);
}

static int add_ids(Look *look, LookItem *item, const Gain *gains, size_t n_gains) {
        LedgerClaim *claim = item->now;
        const size_t n = claim->n_chunks + n_gains;
        const char **chunks = arena_alloc_array(look->arena, n, sizeof(*chunks));

        if (!chunks)
                return -ENOMEM;
        if (claim->n_chunks > 0)
                memcpy(chunks, claim->chunks, claim->n_chunks * sizeof(*chunks));
        for (size_t i = 0; i < n_gains; ++i)
                chunks[claim->n_chunks + i] = gains[i].chunk->chunk->id;
        qsort(chunks, n, sizeof(*chunks), compare_texts);
        claim->chunks = chunks;
        claim->n_chunks = n;
        return 0;
}

static bool is_plain(const Split *split) {
        return split->local.max == 0 && split->remote.max == 0;
}

static void shift(SplitRange *range, uint64_t taken, uint64_t added) {
        range->min = bytes_add_saturated(bytes_sub_clamped(range->min, taken), added);
        if (range->max != SPLIT_UNLIMITED)
                range->max = bytes_add_saturated(bytes_sub_clamped(range->max, taken), added);
        range->max = range->max < range->min ? range->min : range->max;
}

/* Without a split all of it was local, whatever it lay on. */
static void shift_split(LedgerClaim *claim, uint64_t before, uint64_t gained, LookGiven given) {
        if (is_plain(&claim->split)) {
                const uint64_t left = bytes_sub_clamped(before, given.local + given.remote);

                claim->split.local = (SplitRange){ left, left };
                claim->split.remote = (SplitRange){ gained, gained };
                return;
        }
        shift(&claim->split.remote, given.remote, gained);
        claim->split.local.min = bytes_sub_clamped(claim->split.local.min, given.local);
        if (claim->split.local.max != SPLIT_UNLIMITED)
                claim->split.local.max =
                        bytes_sub_clamped(claim->split.local.max, gained - given.remote);
        if (claim->split.local.max < claim->split.local.min)
                claim->split.local.max = claim->split.local.min;
}

/* The claim of a pod as a whole has the bytes of its shares, and so those of their chunks. */
static void add_own(const Look *look, const LookItem *item, LookBytes *own) {
        if (item_get(item)->container[0]) {
                look_bytes_add_chunks(own, item_get(item));
                return;
        }
        for (size_t i = 0; i < look->n_items; ++i)
                if (!look->items[i].is_gone && item_get(&look->items[i])->is_within_pod &&
                    strcmp(item_get(&look->items[i])->pod_uid, item_get(item)->pod_uid) == 0)
                        look_bytes_add_chunks(own, item_get(&look->items[i]));
}

static int add_bytes(Look *look, LookItem *item, const LookBytes *gained) {
        LookBytes own = {};
        uint64_t before;
        LookGiven given;
        int r;

        r = look_edit(look, item);
        if (r)
                return r;
        add_own(look, item, &own);
        before = ledger_claim_get_bytes(item->now, 0);
        r = look_give_bytes(look, item, &own, gained, &given);
        if (r == 0)
                shift_split(item->now, before, look_bytes_sum(gained), given);
        return r;
}

static LookItem *find_whole(Look *look, const InventoryPod *pod) {
        LookItem *item = look_find_item(look, pod->uid, "");

        return item && item_is_promised(item) && !item->is_replaced ? item : NULL;
}

/* What comes from another share of the pod was its before. */
static int add_to_whole(Look *look, LookItem *whole, const Gain *gains, size_t n_gains) {
        LookBytes gained = {};

        for (size_t i = 0; i < n_gains; ++i)
                if (!gains[i].source || ledger_claim_is_unseen(gains[i].source->before))
                        look_bytes_add(&gained, gains[i].chunk->id.node,
                                       gains[i].chunk->chunk->bytes);
        return nodeset_is_empty(&gained.nodes) ? 0 : add_bytes(look, whole, &gained);
}

static LedgerClaim get_new(const Look *look, const Gain *gain) {
        const LookChunk *chunk = gain->chunk;
        const ReportContainer *running =
                look_find_running(chunk->pod->report, chunk->container->name);

        return (LedgerClaim){
                .pod_uid = chunk->pod->uid,
                .container = chunk->container->name,
                .namespace_name = chunk->pod->report->namespace_name,
                .pod = chunk->pod->report->name,
                .qos = chunk->pod->qos,
                .state = running ? CLAIM_ACTIVE : CLAIM_PENDING,
                .source = CLAIM_SOURCE_DEVICE_PLUGIN,
                .split.local.max = SPLIT_UNLIMITED, /* until it is known */
                .container_id = running ? running->id : "",
                .reason = "",
                .created_usec =
                        gain->source ? gain->source->before->created_usec : look->params->wall_usec,
        };
}

/* @ret: the container's, being edited. */
static int get_target(Look *look, const Gain *gain, LookItem **ret) {
        LookItem *item = look_find_item(look, gain->chunk->pod->uid, gain->chunk->container->name);

        *ret = item;
        if (item)
                return look_edit(look, item);
        *ret = item = &look->items[look->n_items++];
        *item = (LookItem){ .pod = gain->chunk->pod };
        item->now = arena_alloc(look->arena, sizeof(*item->now));
        if (!item->now)
                return -ENOMEM;
        *item->now = get_new(look, gain);
        return 0;
}

static int note_gain(Look *look, LookItem *item, const Gain *gains, size_t n_gains) {
        size_t n_claimed = 0;

        for (size_t i = 0; i < n_gains; ++i)
                n_claimed += gains[i].source != NULL;
        item->is_identified |= n_claimed > 0;
        if (n_claimed > 0 || item->before)
                return look_note(look, item, RECONCILE_IDENTIFIED,
                                 arena_printf(look->arena, "has %zu chunk%s more, first %s",
                                              n_gains, n_gains == 1 ? "" : "s",
                                              gains->chunk->chunk->id));
        return look_note(look, item, RECONCILE_ADOPTED,
                         arena_printf(look->arena, "chunks that the kubelet says it has, %s%s",
                                      gains->chunk->chunk->id, n_gains > 1 ? " and more" : ""));
}

/* @gains: of one container. */
static int gain(Look *look, const Gain *gains, size_t n_gains) {
        LookItem *whole = find_whole(look, gains->chunk->pod), *item;
        LookBytes gained = {};
        int r;

        for (size_t i = 0; i < n_gains; ++i)
                look_bytes_add(&gained, gains[i].chunk->id.node, gains[i].chunk->chunk->bytes);
        r = whole ? add_to_whole(look, whole, gains, n_gains) : 0;
        if (r == 0)
                r = get_target(look, gains, &item);
        if (r)
                return r;
        item->now->is_within_pod |= !item->before && whole;
        if (item->now->source != CLAIM_SOURCE_MEMORY_MANAGER)
                item->now->source = CLAIM_SOURCE_DEVICE_PLUGIN;
        item->gains_chunks = true;
        r = add_bytes(look, item, &gained);
        if (r == 0)
                r = add_ids(look, item, gains, n_gains);
        return r ? r : note_gain(look, item, gains, n_gains);
}

static int gain_all(Look *look, Gains *gains) {
        size_t n;
        int r = 0;

        qsort(gains->items, gains->n_items, sizeof(*gains->items), compare_containers);
        for (size_t i = 0; r == 0 && i < gains->n_items; i += n) {
                const LookChunk *first = gains->items[i].chunk;

                for (n = 1; i + n < gains->n_items &&
                            gains->items[i + n].chunk->container == first->container;
                     ++n)
                        ;
                r = gain(look, &gains->items[i], n);
        }
        return r;
}

int look_identify(Look *look) {
        Gains gains = {};
        int r;

        r = list_gains(look, &gains);
        if (r || gains.n_items == 0)
                return r;
        r = lose_all(look, &gains);
        if (r == 0)
                r = gain_all(look, &gains);
        if (r)
                return r;
        look->n_claims = look->n_items;
        look_sort(look);
        return look_list_holders(look);
}
