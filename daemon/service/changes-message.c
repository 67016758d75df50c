/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The changes as a message
 *
 * What NodeService.ListChanges answers: what came after a generation that the caller knows, and
 * whether that is all of it.
 */
#include "service/messages.h"

static int add_change(Arena *arena, const HistoryEntry *entry, Slug__V1__Change *change) {
        change->generation = entry->generation;
        change->time_usec = entry->time_usec;
        /* copied: the ring moves on */
        change->message = arena_printf(arena, "%s", entry->text);
        message_set(&change->base, "numa_node", entry->node);
        return change->message ? 0 : -ENOMEM;
}

int message_build_changes(Arena *arena,
                          const NodeView *view,
                          uint64_t after_generation,
                          Slug__V1__ListChangesResponse **ret) {
        const History *history = view->history;
        Slug__V1__ListChangesResponse **list = MESSAGE_LIST(arena, 1, Slug__V1__ListChangesResponse,
                                                            SLUG__V1__LIST_CHANGES_RESPONSE__INIT);
        size_t first = 0;
        int r;

        if (!list)
                return -ENOMEM;
        while (first < history->n_entries &&
               history_get(history, first)->generation <= after_generation)
                ++first;
        list[0]->generation = view->topology->generation;
        list[0]->start_time_usec = view->start_time_usec;
        list[0]->is_incomplete = history->dropped_generation > after_generation;
        list[0]->n_changes = history->n_entries - first;
        list[0]->changes =
                MESSAGE_LIST(arena, list[0]->n_changes, Slug__V1__Change, SLUG__V1__CHANGE__INIT);
        if (!list[0]->changes)
                return -ENOMEM;
        for (size_t i = 0; i < list[0]->n_changes; ++i) {
                r = add_change(arena, history_get(history, first + i), list[0]->changes[i]);
                if (r)
                        return r;
        }
        *ret = list[0];
        return 0;
}
