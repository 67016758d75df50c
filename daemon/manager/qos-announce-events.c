/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/qos-announce-events.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/messages.h"

static const struct {
        int priority;
        const char *id;
        const char *text; /* behind the name of the level */
        bool is_counted;  /* the text goes on with how often */
} sorts[_CGROUP_EVENT_KIND_N] = {
        [CGROUP_EVENT_LOW] = { LOG_INFO, SLUG_MESSAGE_CGROUP_LIMIT_HIT,
                               "was reclaimed below its memory.low", true },
        [CGROUP_EVENT_HIGH] = { LOG_INFO, SLUG_MESSAGE_CGROUP_LIMIT_HIT,
                                "was throttled at its memory.high", true },
        [CGROUP_EVENT_MAX] = { LOG_INFO, SLUG_MESSAGE_CGROUP_LIMIT_HIT,
                               "has reached its memory.max", true },
        [CGROUP_EVENT_OOM] = { LOG_NOTICE, SLUG_MESSAGE_CGROUP_LIMIT_HIT,
                               "was out of memory at its memory.max", true },
        [CGROUP_EVENT_OOM_KILL] = { LOG_WARNING, SLUG_MESSAGE_CGROUP_KILLED,
                                    "has lost a process for want of memory", true },
        [CGROUP_EVENT_OOM_GROUP_KILL] = { LOG_WARNING, SLUG_MESSAGE_CGROUP_KILLED,
                                          "has lost all of a cgroup for want of memory", true },
        [CGROUP_EVENT_POPULATED] = { LOG_INFO, SLUG_MESSAGE_CGROUP_OCCUPIED, "has processes",
                                     false },
        [CGROUP_EVENT_EMPTY] = { LOG_INFO, SLUG_MESSAGE_CGROUP_OCCUPIED, "has no processes",
                                 false },
        [CGROUP_EVENT_PRESSURE] = { LOG_INFO, SLUG_MESSAGE_CGROUP_PRESSURE,
                                    "waits for memory 200 ms of 2 s, or longer", true },
};

void qos_announce_event(const EventLine *line, const char *path) {
        char times[40] = "";

        if (sorts[line->kind].is_counted && line->count > 1)
                (void)snprintf(times, sizeof(times), ", %" PRIu64 " times", line->count);
        log_event(sorts[line->kind].priority, sorts[line->kind].id,
                  LOG_WITH({ .name = "SLUG_CGROUP", .text = path },
                           { .name = "SLUG_LEVEL", .text = qos_level_name(line->level) },
                           { .name = "SLUG_EVENT", .text = cgroup_event_kind_name(line->kind) },
                           { .name = "SLUG_COUNT", .number = line->count }),
                  "%s (%s) %s%s", qos_level_name(line->level), path, sorts[line->kind].text, times);
}
