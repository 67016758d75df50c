/* SPDX-License-Identifier: Apache-2.0 */
#include "service/qos-metrics.h"

#include "metrics/text.h"

/* A limit of "max" has no number, and no sample. */
static bool has_number(CgroupKnob knob, const CgroupValue *value) {
        return cgroup_knob_type(knob) == CGROUP_KNOB_BYTES && value->number != CGROUP_MAX;
}

static void
write_value(const QosRow *row, const CgroupValue *value, const char *kind, Buffer *buffer) {
        const MetricLabel labels[] = { { "level", qos_level_name(row->level) },
                                       { "knob", cgroup_knob_file(row->knob) },
                                       { "kind", kind } };

        if (has_number(row->knob, value))
                metric_sample(buffer, "slug_limit_bytes", labels, ELEMENTSOF(labels),
                              value->number);
}

static void write_values(const QosView *view, Buffer *buffer) {
        metric_begin(buffer, "slug_limit_bytes", "gauge",
                     "A limit or protection of a QoS cgroup: as slugd wants it, and as it is now; "
                     "missing where it is max.");
        for (size_t i = 0; i < view->plan->n_rows; ++i) {
                const QosRow *row = &view->plan->rows[i];
                const CgroupState *state = &view->places->items[row->level].state;

                if (row->has_value)
                        write_value(row, &row->value, "intended", buffer);
                if (state->is_there && state->has[row->knob])
                        write_value(row, &state->values[row->knob], "current", buffer);
        }
}

static void write_status(const QosRow *row, const char *status, bool is_it, Buffer *buffer) {
        const MetricLabel labels[] = { { "level", qos_level_name(row->level) },
                                       { "knob", cgroup_knob_file(row->knob) },
                                       { "status", status } };

        metric_sample(buffer, "slug_limit_status", labels, ELEMENTSOF(labels), is_it);
}

/* Of the knobs that slugd owns; the others have no other status than that. */
static void write_statuses(const QosView *view, Buffer *buffer) {
        metric_begin(buffer, "slug_limit_status", "gauge",
                     "What became of a knob that slugd owns: 1 at its status, else 0.");
        for (size_t i = 0; i < view->plan->n_rows; ++i) {
                const QosRow *row = &view->plan->rows[i];

                if (row->owner != QOS_OWNER_SLUGD)
                        continue;
                for (unsigned status = 0; status < _QOS_STATUS_N; ++status)
                        write_status(row, qos_status_name((QosStatus)status),
                                     !row->is_held_back && view->knobs[i].status == status, buffer);
                write_status(row, "held-back", row->is_held_back, buffer);
        }
}

/* Experimental, and no more than what tells that it works. */
static void write_node_limits(const NodeLimitsView *limits, Buffer *buffer) {
        if (!limits || !limits->plan)
                return;
        metric_single(buffer, "slug_node_limit_cgroups", "gauge",
                      "Cgroups of pods with a limit by NUMA node, whose usage is read.",
                      limits->n_limited);
        metric_single(buffer, "slug_node_limit_seeded_total", "counter",
                      "Cgroups that were found without a value in memory.node_limit.",
                      limits->n_seeded);
        metric_single(buffer, "slug_node_limit_reads_total", "counter",
                      "Times that slugd has read usage for the kernel to see it.", limits->n_reads);
        metric_single(buffer, "slug_node_limit_writes_total", "counter",
                      "Files memory.node_limit that slugd has written.", limits->n_writes);
}

void qos_metrics_write(const QosView *view, Buffer *buffer) {
        if (!view || !view->plan)
                return;
        write_values(view, buffer);
        write_statuses(view, buffer);
        write_node_limits(view->node_limits, buffer);
        metric_single(buffer, "slug_limit_writes_total", "counter",
                      "Knobs of QoS cgroups that slugd has written.", view->n_writes);
        metric_single(buffer, "slug_limit_repairs_total", "counter",
                      "Of those, knobs that somebody else had changed.", view->n_repairs);
        metric_single(buffer, "slug_limit_bus_calls_total", "counter",
                      "Calls to systemd for the limits of its units.", view->n_bus_calls);
        metric_begin(buffer, "slug_limit_look_duration_seconds", "gauge",
                     "How long the last look at the QoS cgroups took.");
        metric_sample_usec(buffer, "slug_limit_look_duration_seconds", NULL, 0, view->look_usec);
}
