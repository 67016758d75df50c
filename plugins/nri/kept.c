/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES_MAX 3u /* in the answer to Synchronize, and with the next two of slugd's answers */

static void clear_item(KeptContainer *item) {
        slug__v1__admitted_container__free_unpacked(item->asked, NULL);
        *item = (KeptContainer){};
}

void kept_deinit(Kept *kept) {
        for (size_t i = 0; i < kept->n_items; ++i)
                clear_item(&kept->items[i]);
        free(kept->items);
        *kept = (Kept){};
}

KeptContainer *kept_find(const Kept *kept, const char *container_id) {
        for (size_t i = 0; i < kept->n_items; ++i)
                if (strcmp(kept->items[i].asked->container_id, container_id) == 0)
                        return &kept->items[i];
        return NULL;
}

Admitted *kept_copy(const Admitted *asked) {
        const size_t n = slug__v1__admitted_container__get_packed_size(asked);
        _cleanup_(freep) uint8_t *data = malloc(n + 1);

        if (!data)
                return NULL;
        (void)slug__v1__admitted_container__pack(asked, data);
        return slug__v1__admitted_container__unpack(NULL, n, data);
}

static bool make_room(Kept *kept) {
        const size_t n = kept->n_room > 0 ? 2 * kept->n_room : 32;
        KeptContainer *items;

        if (kept->n_items < kept->n_room)
                return true;
        if (kept->n_items >= KEPT_MAX)
                return false;
        items = reallocarray(kept->items, n, sizeof(*items));
        if (!items)
                return false;
        kept->items = items;
        kept->n_room = n;
        return true;
}

KeptContainer *kept_put(Kept *kept, const Admitted *asked) {
        KeptContainer *item = kept_find(kept, asked->container_id);
        Admitted *copied;

        if (!asked->container_id[0] || (!item && !make_room(kept)))
                return NULL;
        copied = kept_copy(asked);
        if (!copied)
                return NULL;

        /* Nothing below can fail. */
        if (item)
                clear_item(item);
        else
                item = &kept->items[kept->n_items++];
        *item = (KeptContainer){ .asked = copied };
        return item;
}

/* The last one takes its place. */
static void remove_item(Kept *kept, KeptContainer *item) {
        clear_item(item);
        *item = kept->items[--kept->n_items];
}

void kept_remove(Kept *kept, const char *container_id) {
        KeptContainer *item = kept_find(kept, container_id);

        if (item)
                remove_item(kept, item);
}

static bool is_namesake(const Admitted *a, const Admitted *b) {
        return a->pod && b->pod && strcmp(a->pod->uid, b->pod->uid) == 0 &&
               strcmp(a->container, b->container) == 0;
}

void kept_remove_namesakes(Kept *kept, const Admitted *asked) {
        for (size_t i = kept->n_items; i-- > 0;)
                if (is_namesake(kept->items[i].asked, asked))
                        remove_item(kept, &kept->items[i]);
}

void kept_make_due(Kept *kept) {
        for (size_t i = 0; i < kept->n_items; ++i)
                kept->items[i].is_due = true;
}

size_t kept_count_open(const Kept *kept) {
        size_t n = 0;

        for (size_t i = 0; i < kept->n_items; ++i)
                n += kept->items[i].is_open;
        return n;
}

bool kept_set(KeptGiven *to, Given given) {
        if (strlen(given.mems) >= sizeof(to->mems) || strlen(given.low) >= sizeof(to->low))
                return false;
        *to = (KeptGiven){}; /* so that two can be compared */
        (void)snprintf(to->mems, sizeof(to->mems), "%s", given.mems);
        (void)snprintf(to->low, sizeof(to->low), "%s", given.low);
        return true;
}

static void guess_low(KeptContainer *item) {
        if (item->is_low_untold && item->wants.mems[0] &&
            strcmp(item->has.mems, item->wants.mems) == 0)
                memcpy(item->has.low, item->wants.low, sizeof(item->has.low));
        item->is_low_untold = false;
}

void kept_take(KeptContainer *item, const Placement *placement) {
        const KeptGiven before = item->wants;
        Given wants = adjust_get_given(placement);

        if (item->keeps_low)
                wants.low = "";
        if (!kept_set(&item->wants, wants))
                item->wants = (KeptGiven){};
        if (memcmp(&before, &item->wants, sizeof(before)) != 0)
                item->is_refused = false;
        guess_low(item);
        item->has_claim = placement->has_claim;
        item->is_open = item->is_tried = false;
}

void kept_note_given(KeptContainer *item) {
        if (item->wants.mems[0])
                memcpy(item->has.mems, item->wants.mems, sizeof(item->has.mems));
        if (item->wants.low[0])
                memcpy(item->has.low, item->wants.low, sizeof(item->has.low));
}

void kept_note_tried(KeptContainer *item) {
        item->is_tried = true;
        --item->n_tries;
}

void kept_note_started(KeptContainer *item) {
        item->is_unstarted = false;
}

static bool may_be_changed(const KeptContainer *item) {
        return !item->is_unstarted || (item->n_tries > 0 && !item->is_tried);
}

bool kept_is_behind(const KeptContainer *item) {
        return !item->is_refused && !item->is_creating && may_be_changed(item) &&
               !adjust_is_met(kept_get(&item->has), kept_get(&item->wants));
}

/* The runtime's list */

void kept_begin_list(Kept *kept) {
        for (size_t i = 0; i < kept->n_items; ++i)
                kept->items[i].is_unlisted = true;
}

void kept_end_list(Kept *kept) {
        for (size_t i = kept->n_items; i-- > 0;)
                if (kept->items[i].is_unlisted)
                        remove_item(kept, &kept->items[i]);
}

static void take_listed(KeptContainer *item, const KeptListed *listed) {
        (void)kept_set(&item->has, listed->has);
        item->is_low_untold = listed->is_low_untold;
        if (item->wants.mems[0])
                guess_low(item);
}

KeptContainer *kept_list(Kept *kept, const KeptListed *listed) {
        const KeptContainer *old = kept_find(kept, listed->asked->container_id);
        KeptContainer now = { .is_found = true, .n_tries = listed->is_unstarted ? TRIES_MAX : 0 };
        bool is_known_better = false;
        KeptContainer *item;

        if (old) {
                now = *old;
                now.is_refused = false; /* it is another session, or another runtime */
                is_known_better = !now.is_creating && (now.is_unstarted || kept_is_behind(&now));
        }
        item = kept_put(kept, listed->asked);
        if (!item)
                return NULL;
        now.asked = item->asked;
        *item = now;
        item->is_unlisted = item->is_asked = item->is_creating = item->is_updating = false;
        item->is_due = true;
        item->is_unstarted = listed->is_unstarted;
        if (!is_known_better)
                take_listed(item, listed);
        return item;
}
