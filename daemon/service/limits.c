/* SPDX-License-Identifier: Apache-2.0 */
#include "service/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * One knob is told, the worst: by how much a person has to do about it, and among equals the first
 * of the plan. What is held back counts for less than what the kernel or somebody else stands in
 * the way of, because nothing is wrong with the limit itself.
 */

const char *limits_format_error(const QosKnob *knob, char text[static LIMITS_ERROR_MAX]) {
        static const char *const steps[] = {
                [CGROUP_WRITE_OPEN] = "opening the cgroup",
                [CGROUP_WRITE_ENABLE] = "having systemd enable the cpuset controller",
                [CGROUP_WRITE_FILE] = "writing the file",
                [CGROUP_WRITE_SYSTEMD] = "telling systemd",
                [CGROUP_WRITE_READ_BACK] = "reading it back",
        };

        (void)snprintf(text, LIMITS_ERROR_MAX, "%s: %s", steps[knob->error_step],
                       strerror(-knob->error));
        return text;
}

static LimitsState judge_knob(const QosRow *row, const QosKnob *knob) {
        if (row->is_held_back)
                return LIMITS_HELD_BACK;
        switch (knob->status) {
        case QOS_STATUS_UNMANAGED: /* nobody has tried yet */
        case QOS_STATUS_WRITING:
                return LIMITS_WRITING;
        case QOS_STATUS_ABSENT:
                return LIMITS_NO_CGROUP;
        case QOS_STATUS_PENDING:
                return LIMITS_PENDING;
        case QOS_STATUS_REFUSED:
                return LIMITS_REFUSED;
        case QOS_STATUS_CONTENDED:
                return LIMITS_CONTENDED;
        case QOS_STATUS_ACHIEVED:
        case _QOS_STATUS_N:
                break;
        }
        return LIMITS_ACHIEVED;
}

static void tell_pending(const QosView *view, const QosRow *row, const char *name, Limits *ret) {
        const CgroupState *state = &view->places->items[row->level].state;

        if (state->current_bytes.present && row->knob == CGROUP_MEMORY_MAX)
                (void)snprintf(ret->message, sizeof(ret->message),
                               "%s is pending: %" PRIu64 " bytes are wanted and %" PRIu64
                               " are in use; slugd lowers it as memory is freed, or free some by "
                               "ending pods of %s",
                               name, row->value.number, state->current_bytes.value,
                               qos_level_name(row->level));
        else
                (void)snprintf(ret->message, sizeof(ret->message),
                               "%s is pending: what is in use stands in the way; slugd goes on by "
                               "itself as memory is freed",
                               name);
}

/* The sentence of the worst one. */
static void tell_knob(const QosView *view, size_t i, Limits *ret) {
        const QosRow *row = &view->plan->rows[i];
        const char *path = view->places->items[row->level].path;
        char name[96], error[LIMITS_ERROR_MAX];

        (void)snprintf(name, sizeof(name), "%s of %s", cgroup_knob_file(row->knob),
                       qos_level_name(row->level));
        switch (ret->state) {
        case LIMITS_REFUSED:
                (void)snprintf(ret->message, sizeof(ret->message),
                               "%s is refused (%s); see \"slugctl plan\", and take it out of "
                               "qos.manage in slugd.yaml if it is to stay as it is",
                               name, limits_format_error(&view->knobs[i], error));
                return;
        case LIMITS_CONTENDED:
                (void)snprintf(ret->message, sizeof(ret->message),
                               "%s is contended: somebody else keeps writing %s; stop that one, or "
                               "take it out of qos.manage, then \"systemctl reload slugd\"",
                               name, path);
                return;
        case LIMITS_HELD_BACK:
                (void)snprintf(ret->message, sizeof(ret->message), "%s is held back: %s", name,
                               row->reason);
                return;
        case LIMITS_PENDING:
                tell_pending(view, row, name, ret);
                return;
        case LIMITS_NO_CGROUP:
                (void)snprintf(ret->message, sizeof(ret->message),
                               "%s is set as soon as %s is there and has that file", name,
                               path[0] ? path : "its cgroup");
                return;
        case LIMITS_WRITING:
                (void)snprintf(ret->message, sizeof(ret->message), "%s is being written", name);
                return;
        case LIMITS_ACHIEVED:
        case LIMITS_NOT_MANAGED:
        case LIMITS_NOT_SEEN:
        case LIMITS_NOT_WRITTEN:
        case LIMITS_WITHDRAWN:
        case _LIMITS_STATE_N:
                return;
        }
}

/* Return: the place of the worst one in the plan. */
static size_t count(const QosView *view, Limits *ret) {
        size_t worst = 0;

        for (size_t i = 0; i < view->plan->n_rows; ++i) {
                const QosRow *row = &view->plan->rows[i];
                LimitsState state;

                if (row->owner != QOS_OWNER_SLUGD)
                        continue;
                state = judge_knob(row, &view->knobs[i]);
                ++ret->n_managed;
                if (row->is_held_back)
                        ++ret->n_held_back;
                else
                        ++ret->counts[view->knobs[i].status];
                if (state > ret->state) {
                        ret->state = state;
                        worst = i;
                }
        }
        return worst;
}

/* Those by NUMA node, each worth as much as a knob of a level. */

static LimitsState judge_node_limit(const QosNodeLimitRow *row, QosStatus status) {
        if (!row->has_value)
                return LIMITS_HELD_BACK;
        switch (status) {
        case QOS_STATUS_REFUSED:
                return LIMITS_REFUSED;
        case QOS_STATUS_ABSENT:
                return LIMITS_NO_CGROUP;
        case QOS_STATUS_ACHIEVED:
                return LIMITS_ACHIEVED;
        case QOS_STATUS_UNMANAGED:
        case QOS_STATUS_WRITING:
        case QOS_STATUS_PENDING:
        case QOS_STATUS_CONTENDED:
        case _QOS_STATUS_N:
                break;
        }
        return LIMITS_WRITING;
}

static void tell_node_limit(const NodeLimitsView *limits, size_t i, Limits *ret) {
        const QosNodeLimitRow *row = &limits->plan->rows[i];
        char name[96];

        (void)snprintf(name, sizeof(name), "%s of pods of %s", cgroup_node_limit_file(row->node),
                       qos_level_name(row->level));
        if (ret->state == LIMITS_HELD_BACK)
                (void)snprintf(ret->message, sizeof(ret->message), "%s is held back: %s", name,
                               row->reason);
        else if (ret->state == LIMITS_REFUSED)
                (void)snprintf(ret->message, sizeof(ret->message),
                               "%s is refused: %.300s; take memory.node_limit out of qos.manage if "
                               "that stays so",
                               name, limits->problem);
        else if (ret->state == LIMITS_NO_CGROUP)
                (void)snprintf(ret->message, sizeof(ret->message),
                               "%s is set as soon as there are cgroups of such pods", name);
        else
                (void)snprintf(ret->message, sizeof(ret->message), "%s is being written", name);
}

/* Tells the worst of them when it is worse than all that were counted before. */
static void count_node_limits(const NodeLimitsView *limits, Limits *ret) {
        const QosNodeLimitRow *worst = NULL;

        if (!limits || !limits->plan)
                return;
        for (size_t i = 0; i < limits->plan->n_rows; ++i) {
                const QosNodeLimitRow *row = &limits->plan->rows[i];
                const LimitsState state = judge_node_limit(row, limits->statuses[i]);

                ++ret->n_managed;
                if (row->has_value)
                        ++ret->counts[limits->statuses[i]];
                else
                        ++ret->n_held_back;
                if (state <= ret->state)
                        continue;
                ret->state = state;
                worst = row;
        }
        if (worst)
                tell_node_limit(limits, (size_t)(worst - limits->plan->rows), ret);
}

const char *limits_name_cgroup(const char *version) {
        if (strcmp(version, "hybrid") == 0)
                return "cgroup v1, with v2 beside it (hybrid),";
        return strcmp(version, "v1") == 0 ? "cgroup v1" : "no cgroup";
}

void limits_judge(const QosView *view, Limits *ret) {
        size_t worst;

        *ret = (Limits){};
        if (!view || !view->plan) {
                ret->state = LIMITS_NOT_SEEN;
                (void)snprintf(ret->message, sizeof(ret->message),
                               "nobody has looked at the QoS cgroups yet");
                return;
        }
        worst = count(view, ret);
        count_node_limits(view->node_limits, ret);
        if (ret->n_managed == 0) {
                ret->state = LIMITS_NOT_MANAGED;
                (void)snprintf(ret->message, sizeof(ret->message),
                               "slugd was told to set none (qos.manage in slugd.yaml)");
        } else if (view->is_withdrawn) {
                ret->state = LIMITS_WITHDRAWN;
                (void)snprintf(ret->message, sizeof(ret->message),
                               "limits were put back to what was there before; \"systemctl "
                               "reload slugd\" sets them again");
        } else if (view->problem && view->problem[0]) {
                ret->state = LIMITS_NOT_WRITTEN;
                (void)snprintf(ret->message, sizeof(ret->message), "none is set: %s",
                               view->problem);
        } else if (ret->state == LIMITS_ACHIEVED) {
                (void)snprintf(ret->message, sizeof(ret->message),
                               "every limit that slugd was told to set is there");
        } else if (!ret->message[0]) {
                tell_knob(view, worst, ret);
        }
}
