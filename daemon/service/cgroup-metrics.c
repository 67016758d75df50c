/* SPDX-License-Identifier: Apache-2.0 */
#include "service/cgroup-metrics.h"

#include "metrics/text.h"

static void
write_level(const CgroupHistory *history, QosLevel level, const char *name, Buffer *buffer) {
        for (unsigned kind = 0; kind < CGROUP_EVENT_PRESSURE; ++kind) {
                const MetricLabel labels[] = {
                        { "level", qos_level_name(level) },
                        { "event", cgroup_event_kind_name((CgroupEventKind)kind) },
                };

                metric_sample(buffer, name, labels, ELEMENTSOF(labels),
                              history->counts[level][kind]);
        }
}

void cgroup_metrics_write(const CgroupHistory *history, Buffer *buffer) {
        static const char events[] = "slug_cgroup_events_total";
        static const char triggers[] = "slug_cgroup_pressure_triggers_total";

        metric_begin(buffer, events, "counter",
                     "What the kernel counted of a level and all in it since slugd started.");
        for (unsigned level = 0; level < _QOS_LEVEL_N; ++level)
                if (history->is_followed[level])
                        write_level(history, (QosLevel)level, events, buffer);
        metric_begin(buffer, triggers, "counter",
                     "Times that tasks of a level waited for memory 200 ms of 2 s.");
        for (unsigned level = 0; level < _QOS_LEVEL_N; ++level)
                if (history->is_followed[level])
                        metric_sample(
                                buffer, triggers,
                                &(const MetricLabel){ "level", qos_level_name((QosLevel)level) }, 1,
                                history->counts[level][CGROUP_EVENT_PRESSURE]);
}
