/* SPDX-License-Identifier: Apache-2.0 */
#include "qos/plan.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "qos/plan-rows.h"

#define PAGE_BYTES_DEFAULT 4096u /* where nobody says */

/* Rows */

QosRow *planner_add(Planner *planner, QosLevel level, CgroupKnob knob) {
        QosRow *row = &planner->plan->rows[planner->plan->n_rows++];

        assert(planner->plan->n_rows <= QOS_ROWS_MAX);
        *row = (QosRow){ .level = level, .knob = knob, .owner = QOS_OWNER_NOBODY };
        return row;
}

_printf_(2, 0) static void say(QosRow *row, const char *format, va_list args) {
        const size_t n = strlen(row->reason);

        (void)vsnprintf(row->reason + n, sizeof(row->reason) - n, format, args);
}

void row_say(QosRow *row, const char *format, ...) {
        va_list args;

        va_start(args, format);
        say(row, format, args);
        va_end(args);
}

void row_leave(QosRow *row, QosOwner owner, const char *format, ...) {
        va_list args;

        row->owner = owner;
        va_start(args, format);
        say(row, format, args);
        va_end(args);
}

void row_leave_unmanaged(QosRow *row, QosManage manage) {
        row_leave(row, QOS_OWNER_NOBODY, "qos.manage does not name %s: what is there stays",
                  qos_manage_name(manage));
}

void row_hold_back(QosRow *row, const char *format, ...) {
        va_list args;

        row->owner = QOS_OWNER_SLUGD;
        row->is_held_back = true;
        row->has_value = false;
        row->value = (CgroupValue){};
        row->reason[0] = '\0';
        va_start(args, format);
        say(row, format, args);
        va_end(args);
}

void row_set_bytes(QosRow *row, uint64_t bytes, uint64_t page_bytes) {
        /* what is more the kernel takes for "max" */
        const uint64_t largest = (uint64_t)INT64_MAX - 2 * page_bytes;
        const CgroupValue value = { .number = bytes_min(bytes, largest) };

        row->owner = QOS_OWNER_SLUGD;
        row->has_value = true;
        row->value = cgroup_value_round(row->knob, &value, page_bytes);
}

void row_set_nodes(QosRow *row, const NodeSet *nodes) {
        row->owner = QOS_OWNER_SLUGD;
        row->has_value = true;
        row->value = (CgroupValue){ .nodes = *nodes };
}

/* What they are made of */

bool planner_manages(const Planner *planner, QosManage manage) {
        return (planner->input->params->manage & (unsigned)manage) != 0;
}

const CgroupValue *planner_get_actual(const Planner *planner, QosLevel level, CgroupKnob knob) {
        const CgroupState *state = &planner->input->places->items[level].state;

        return state->is_there && state->has[knob] ? &state->values[knob] : NULL;
}

uint64_t planner_get_limit(const Planner *planner, QosLevel level) {
        const CgroupValue *actual = planner_get_actual(planner, level, CGROUP_MEMORY_MAX);
        const QosRow *row = qos_plan_find(planner->plan, level, CGROUP_MEMORY_MAX);
        uint64_t limit = CGROUP_MAX;

        if (actual)
                limit = bytes_min(limit, actual->number);
        if (row && row->has_value)
                limit = bytes_min(limit, row->value.number);
        if (qos_level_parent(level) != level)
                limit = bytes_min(limit, planner_get_limit(planner, qos_level_parent(level)));
        return limit;
}

/* The plan */

void qos_plan_build(const QosInput *input, QosPlan *ret) {
        Planner planner = {
                .input = input,
                .plan = ret,
                .page_bytes = input->page_bytes > 0 ? input->page_bytes : PAGE_BYTES_DEFAULT,
        };

        *ret = (QosPlan){};
        for (QosLevel level = QOS_LEVEL_KUBEPODS; level <= QOS_LEVEL_BESTEFFORT; ++level) {
                plan_limit(&planner, level);
                if (level != QOS_LEVEL_BESTEFFORT)
                        plan_protection(&planner, level);
                plan_mask(&planner, level);
        }
        for (QosLevel level = QOS_LEVEL_SYSTEM_RESERVED; level < _QOS_LEVEL_N; ++level)
                if (input->places->items[level].is_configured)
                        plan_reserved_level(&planner, level);
}

const QosRow *qos_plan_find(const QosPlan *plan, QosLevel level, CgroupKnob knob) {
        for (size_t i = 0; i < plan->n_rows; ++i)
                if (plan->rows[i].level == level && plan->rows[i].knob == knob)
                        return &plan->rows[i];
        return NULL;
}

/* Names */

const char *qos_manage_name(QosManage manage) {
        switch (manage) {
        case QOS_MANAGE_MEMORY_MAX:
                return "memory.max";
        case QOS_MANAGE_MEMORY_MIN:
                return "memory.min";
        case QOS_MANAGE_MEMORY_LOW:
                return "memory.low";
        case QOS_MANAGE_CPUSET_MEMS:
                return "cpuset.mems";
        case QOS_MANAGE_RESERVED_MEMORY_MAX:
                return "reserved.memory.max";
        case QOS_MANAGE_RESERVED_MEMORY_MIN:
                return "reserved.memory.min";
        case QOS_MANAGE_NODE_LIMIT:
                return "memory.node_limit";
        }
        return "";
}
