/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/event-lines.h"

#include "base/bytes.h"

static bool is_kill(CgroupEventKind kind) {
        return kind == CGROUP_EVENT_OOM_KILL || kind == CGROUP_EVENT_OOM_GROUP_KILL;
}

/* How often it happened in the levels that this one contains. */
static uint64_t
count_below(const CgroupEvent *events, size_t n_events, QosLevel level, CgroupEventKind kind) {
        uint64_t sum = 0;

        for (size_t i = 0; i < n_events; ++i)
                if (events[i].kind == kind && events[i].tag != level &&
                    qos_level_parent((QosLevel)events[i].tag) == level)
                        sum = bytes_add_saturated(sum, events[i].count);
        return sum;
}

void event_lines_note(EventLines *lines, const CgroupEvent *events, size_t n_events) {
        for (size_t i = 0; i < n_events; ++i) {
                const CgroupEvent *event = &events[i];
                const QosLevel level = (QosLevel)event->tag;
                uint64_t count = event->own;

                if (is_kill(event->kind))
                        count = bytes_sub_clamped(
                                event->count, count_below(events, n_events, level, event->kind));
                if (count == 0)
                        continue;
                lines->items[level][event->kind].total = event->total;
                lines->items[level][event->kind].count =
                        bytes_add_saturated(lines->items[level][event->kind].count, count);
        }
}

static uint64_t get_interval_usec(CgroupEventKind kind) {
        return is_kill(kind) || kind == CGROUP_EVENT_OOM ? EVENT_LINES_URGENT_USEC
                                                         : EVENT_LINES_USUAL_USEC;
}

size_t
event_lines_take(EventLines *lines, uint64_t now_usec, EventLine ret[static EVENT_LINES_MAX]) {
        size_t n = 0;

        for (unsigned level = 0; level < _QOS_LEVEL_N; ++level)
                for (unsigned kind = 0; kind < _CGROUP_EVENT_KIND_N; ++kind) {
                        if (lines->items[level][kind].count == 0 ||
                            now_usec < lines->items[level][kind].next_usec)
                                continue;
                        ret[n++] = (EventLine){
                                .level = (QosLevel)level,
                                .kind = (CgroupEventKind)kind,
                                .count = lines->items[level][kind].count,
                                .total = lines->items[level][kind].total,
                        };
                        lines->items[level][kind].count = 0;
                        lines->items[level][kind].next_usec =
                                now_usec + get_interval_usec((CgroupEventKind)kind);
                }
        return n;
}

uint64_t event_lines_get_due(const EventLines *lines) {
        uint64_t due = EVENT_LINES_NEVER;

        for (unsigned level = 0; level < _QOS_LEVEL_N; ++level)
                for (unsigned kind = 0; kind < _CGROUP_EVENT_KIND_N; ++kind)
                        if (lines->items[level][kind].count > 0)
                                due = bytes_min(due, lines->items[level][kind].next_usec);
        return due;
}
