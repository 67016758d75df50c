/* SPDX-License-Identifier: Apache-2.0 */
#include "service/split-history.h"

#include <assert.h>

#include "base/bytes.h"

void split_history_add(SplitHistory *history, const SplitEvent *event) {
        SplitEvent *added;

        if (history->n_events == SPLIT_HISTORY_MAX) {
                history->first = (history->first + 1) % SPLIT_HISTORY_MAX;
                --history->n_events;
        }
        added = &history->events[(history->first + history->n_events++) % SPLIT_HISTORY_MAX];
        *added = *event;
        added->number = ++history->last_number;
}

const SplitEvent *split_history_get(const SplitHistory *history, size_t index) {
        assert(index < history->n_events);
        return &history->events[(history->first + index) % SPLIT_HISTORY_MAX];
}

size_t split_history_find_after(const SplitHistory *history, uint64_t number) {
        const uint64_t n_after = bytes_sub_clamped(history->last_number, number);

        return history->n_events - (size_t)bytes_min(n_after, history->n_events);
}
