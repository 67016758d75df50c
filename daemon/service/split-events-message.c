/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of splits as messages
 *
 * What NodeService.Watch tells of them: those that came after the one that the watcher knows, as
 * far as they are kept.
 */
#include "service/messages.h"

/* Texts are copied: the ring moves on. */
static int fill(Arena *arena, const SplitEvent *event, Slug__V1__SplitEvent *message) {
        const struct {
                char **to;
                const char *from;
        } texts[] = {
                { &message->pod_uid, event->pod_uid },
                { &message->namespace_, event->namespace_name },
                { &message->pod, event->pod },
                { &message->container, event->container },
                { &message->reason, event->reason },
        };

        message->time_usec = event->time_usec;
        message->held = event->is_held;
        for (size_t i = 0; i < ELEMENTSOF(texts); ++i) {
                *texts[i].to = arena_strdup(arena, texts[i].from);
                if (!*texts[i].to)
                        return -ENOMEM;
        }
        return 0;
}

int message_build_split_events(Arena *arena,
                               const SplitHistory *history,
                               uint64_t after_number,
                               size_t *ret_n,
                               Slug__V1__SplitEvent ***ret) {
        const size_t first = split_history_find_after(history, after_number);
        const size_t n = history->n_events - first;
        Slug__V1__SplitEvent **list =
                MESSAGE_LIST(arena, n, Slug__V1__SplitEvent, SLUG__V1__SPLIT_EVENT__INIT);
        int r = 0;

        if (!list)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < n; ++i)
                r = fill(arena, split_history_get(history, first + i), list[i]);
        *ret_n = n;
        *ret = list;
        return r;
}
