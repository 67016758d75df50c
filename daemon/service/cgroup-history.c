/* SPDX-License-Identifier: Apache-2.0 */
#include "service/cgroup-history.h"

#include <assert.h>
#include <stdio.h>

#include "base/bytes.h"

void cgroup_history_add(CgroupHistory *history,
                        uint64_t time_usec,
                        const char *path,
                        const CgroupEvent *event) {
        uint64_t *count = &history->counts[event->tag][event->kind];
        CgroupHistoryEntry *entry;

        if (history->n_entries == CGROUP_HISTORY_MAX) {
                history->first = (history->first + 1) % CGROUP_HISTORY_MAX;
                --history->n_entries;
        }
        entry = &history->entries[(history->first + history->n_entries++) % CGROUP_HISTORY_MAX];
        entry->number = ++history->last_number;
        entry->time_usec = time_usec;
        (void)snprintf(entry->path, sizeof(entry->path), "%s", path);
        entry->event = *event;
        *count = bytes_add_saturated(*count, event->count);
}

const CgroupHistoryEntry *cgroup_history_get(const CgroupHistory *history, size_t index) {
        assert(index < history->n_entries);
        return &history->entries[(history->first + index) % CGROUP_HISTORY_MAX];
}

size_t cgroup_history_find_after(const CgroupHistory *history, uint64_t number) {
        const uint64_t n_after = bytes_sub_clamped(history->last_number, number);

        return history->n_entries - (size_t)bytes_min(n_after, history->n_entries);
}
