/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of managed cgroups as messages
 *
 * What NodeService.Watch tells of them: those that came after the one that the watcher knows, as
 * far as they are kept.
 */
#include "service/messages.h"

static const Slug__V1__CgroupEventKind kinds[_CGROUP_EVENT_KIND_N] = {
        [CGROUP_EVENT_LOW] = SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_LOW,
        [CGROUP_EVENT_HIGH] = SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_HIGH,
        [CGROUP_EVENT_MAX] = SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_MAX,
        [CGROUP_EVENT_OOM] = SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_OOM,
        [CGROUP_EVENT_OOM_KILL] = SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_OOM_KILL,
        [CGROUP_EVENT_OOM_GROUP_KILL] =
                SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_OOM_GROUP_KILL,
        [CGROUP_EVENT_POPULATED] = SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_POPULATED,
        [CGROUP_EVENT_EMPTY] = SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_EMPTY,
        [CGROUP_EVENT_PRESSURE] = SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_PRESSURE,
};

int message_build_cgroup_events(Arena *arena,
                                const CgroupHistory *history,
                                uint64_t after_number,
                                size_t *ret_n,
                                Slug__V1__CgroupEvent ***ret) {
        const size_t first = cgroup_history_find_after(history, after_number);
        const size_t n = history->n_entries - first;
        Slug__V1__CgroupEvent **list =
                MESSAGE_LIST(arena, n, Slug__V1__CgroupEvent, SLUG__V1__CGROUP_EVENT__INIT);

        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i) {
                const CgroupHistoryEntry *entry = cgroup_history_get(history, first + i);

                list[i]->time_usec = entry->time_usec;
                list[i]->level = (char *)qos_level_name((QosLevel)entry->event.tag);
                /* copied: the ring moves on */
                list[i]->path = arena_strdup(arena, entry->path);
                list[i]->kind = kinds[entry->event.kind];
                list[i]->count = entry->event.count;
                list[i]->total = entry->event.total;
                if (!list[i]->path)
                        return -ENOMEM;
        }
        *ret_n = n;
        *ret = list;
        return 0;
}
