/* SPDX-License-Identifier: Apache-2.0 */
#include "service/plan-text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rpc/json.h"
#include "service/qos-messages.h"

/*
 * One paragraph for each level, two lines for each knob: what would be done and the values, then
 * the reason. Values are as the kernel shows them; a rounded one stands beside those that are hard
 * to read.
 */
#define ARENA_MAX (1u * 1024 * 1024)

/* A path comes of the kubelet's configuration, which a stranger may have written. */
static void append_safe(const char *text, Buffer *buffer) {
        for (; *text; ++text) {
                const unsigned char c = (unsigned char)*text;

                buffer_append_char(buffer, c < 0x20 || c == 0x7f ? '?' : *text);
        }
}

static void append_value(CgroupKnob knob, const CgroupValue *value, Buffer *buffer) {
        char text[CGROUP_VALUE_WORDS_MAX];

        buffer_append_text(buffer, cgroup_value_describe(knob, value, text));
}

static const char *get_verb(const QosRow *row, const QosKnob *knob) {
        if (row->is_held_back)
                return "hold";
        if (row->owner != QOS_OWNER_SLUGD || !row->has_value)
                return "leave";
        switch (knob->status) {
        case QOS_STATUS_ACHIEVED:
                return "keep";
        case QOS_STATUS_ABSENT:
                return "await";
        case QOS_STATUS_PENDING: /* what is in use stands in the way, and it goes down in steps */
                return "lower";
        case QOS_STATUS_UNMANAGED:
        case QOS_STATUS_WRITING:
        case QOS_STATUS_REFUSED:
        case QOS_STATUS_CONTENDED:
        case _QOS_STATUS_N:
                break;
        }
        return "write";
}

static bool is_change(const QosRow *row, const QosKnob *knob) {
        return row->owner == QOS_OWNER_SLUGD && row->has_value && !row->is_held_back &&
               knob->status != QOS_STATUS_ACHIEVED;
}

static void append_row(const QosView *view, size_t i, Buffer *buffer) {
        const QosRow *row = &view->plan->rows[i];
        const CgroupState *state = &view->places->items[row->level].state;
        const bool is_there = state->is_there && state->has[row->knob];

        buffer_printf(buffer, "  %-5s  %-11s  ", get_verb(row, &view->knobs[i]),
                      cgroup_knob_file(row->knob));
        if (is_there)
                append_value(row->knob, &state->values[row->knob], buffer);
        else
                buffer_append_text(buffer, "<absent>");
        if (is_change(row, &view->knobs[i])) {
                buffer_append_text(buffer, " -> ");
                append_value(row->knob, &row->value, buffer);
        }
        buffer_append_text(buffer, "\n         ");
        append_safe(row->reason, buffer);
        buffer_append_char(buffer, '\n');
}

static void append_level(const QosView *view, QosLevel level, Buffer *buffer) {
        const QosPlace *place = &view->places->items[level];

        buffer_append_text(buffer, qos_level_name(level));
        if (place->path[0]) {
                buffer_append_text(buffer, "  /" CGROUP_DIR "/");
                append_safe(place->path, buffer);
        }
        buffer_append_text(buffer, place->state.is_there ? "\n" : "  (not there)\n");
        for (size_t i = 0; i < view->plan->n_rows; ++i)
                if (view->plan->rows[i].level == level)
                        append_row(view, i, buffer);
}

/* Limits by NUMA node, which a slugd that runs writes to every cgroup below a level. */
static void append_node_limits(const NodeLimitsView *limits, Buffer *buffer) {
        if (!limits || !limits->plan)
                return;
        buffer_append_text(buffer, "limits by NUMA node, in MiB (experimental)\n");
        if (limits->plan->problem[0]) {
                buffer_append_text(buffer, "  none is set: ");
                append_safe(limits->plan->problem, buffer);
                buffer_append_char(buffer, '\n');
        }
        for (size_t i = 0; i < limits->plan->n_rows; ++i) {
                const QosNodeLimitRow *row = &limits->plan->rows[i];

                buffer_printf(buffer, "  %-5s  %s  in %s", row->has_value ? "write" : "hold",
                              cgroup_node_limit_file(row->node), qos_level_name(row->level));
                if (row->has_value)
                        buffer_printf(buffer, "  -> %" PRIu64, row->mib);
                buffer_append_text(buffer, "\n         ");
                append_safe(row->reason, buffer);
                buffer_append_char(buffer, '\n');
        }
}

static bool has_level(const QosPlan *plan, QosLevel level) {
        for (size_t i = 0; i < plan->n_rows; ++i)
                if (plan->rows[i].level == level)
                        return true;
        return false;
}

static void append_requests(const QosRequests *requests, Buffer *buffer) {
        char guaranteed[BYTES_TEXT_MAX], burstable[BYTES_TEXT_MAX], problem[DIAG_FORMATTED_MAX];

        if (requests->is_known) {
                buffer_printf(buffer, "Requests: guaranteed %s (%zu), burstable %s (%zu), ",
                              bytes_format(requests->guaranteed_bytes, guaranteed),
                              requests->n_guaranteed,
                              bytes_format(requests->burstable_bytes, burstable),
                              requests->n_burstable);
                buffer_printf(buffer, "besteffort (%zu)\n", requests->n_besteffort);
                return;
        }
        buffer_append_text(buffer, "Requests are not all known: ");
        append_safe(diag_format(&requests->problem, problem), buffer);
        buffer_append_char(buffer, '\n');
}

/* The rows of limits by NUMA node, as they stand above the sums */
static void
count_node_limits(const NodeLimitsView *limits, size_t *n_changes, size_t *n_held_back) {
        for (size_t i = 0; limits && limits->plan && i < limits->plan->n_rows; ++i)
                ++*(limits->plan->rows[i].has_value ? n_changes : n_held_back);
}

static void append_sums(const QosView *view, Buffer *buffer) {
        const char *driver = cgroup_driver_name(view->places->driver);
        size_t n_changes = 0, n_held_back = 0;

        for (size_t i = 0; i < view->plan->n_rows; ++i) {
                n_changes += is_change(&view->plan->rows[i], &view->knobs[i]);
                n_held_back += view->plan->rows[i].is_held_back;
        }
        count_node_limits(view->node_limits, &n_changes, &n_held_back);
        buffer_printf(buffer, "Driver: %s\n", driver[0] ? driver : "<none>  (no kubepods cgroup)");
        append_requests(view->requests, buffer);
        if (view->problem && view->problem[0]) {
                buffer_append_text(buffer, "Nothing would be written: ");
                append_safe(view->problem, buffer);
                buffer_append_char(buffer, '\n');
        }
        buffer_printf(buffer, "%zu to be written, %zu held back; this was a look alone\n",
                      n_changes, n_held_back);
}

static int append_json(const QosView *view, Buffer *buffer) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        Slug__V1__PlanResponse *message;
        int r;

        r = arena_new(ARENA_MAX, &arena);
        if (r == 0)
                r = qos_build_plan(arena, view, &message);
        if (r)
                return r;
        json_encode(&message->base, 2, NULL, buffer);
        buffer_append_char(buffer, '\n');
        return buffer_finish(buffer);
}

int plan_text_append(const QosView *view, PlanFormat format, Buffer *buffer) {
        if (format == PLAN_JSON)
                return append_json(view, buffer);
        for (QosLevel level = 0; level < _QOS_LEVEL_N; ++level)
                if (has_level(view->plan, level))
                        append_level(view, level, buffer);
        append_node_limits(view->node_limits, buffer);
        append_sums(view, buffer);
        return buffer_finish(buffer);
}
