/* SPDX-License-Identifier: Apache-2.0 */
#include "service/history.h"

#include <assert.h>
#include <stdio.h>

/*
 * A ring of entries in the order in which they came, which is that of their generations. Whoever
 * asks for what came after a generation that lost entries can tell so by dropped_generation.
 */

void history_add(History *history,
                 uint64_t generation,
                 uint64_t time_usec,
                 OptU64 node,
                 const char *text) {
        HistoryEntry *entry;

        if (history->n_entries == HISTORY_MAX) {
                history->dropped_generation = history->entries[history->first].generation;
                history->first = (history->first + 1) % HISTORY_MAX;
                --history->n_entries;
        }
        entry = &history->entries[(history->first + history->n_entries++) % HISTORY_MAX];
        entry->generation = generation;
        entry->time_usec = time_usec;
        entry->node = node;
        (void)snprintf(entry->text, sizeof(entry->text), "%s", text);
}

const HistoryEntry *history_get(const History *history, size_t index) {
        assert(index < history->n_entries);
        return &history->entries[(history->first + index) % HISTORY_MAX];
}
