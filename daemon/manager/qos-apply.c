/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/qos-apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qos/order.h"

/*
 * A write ends in a callback that only notes how; the next look sees what became of it. So nothing
 * is done twice at once, and a look that finds everything as it should be only reads.
 *
 * Knobs are remembered by level and file, since rows come and go with the configuration. What was
 * written to a path that is another one now is forgotten when it ends.
 */
typedef struct Slot {
        QosApply *apply;
        QosLevel level;
        CgroupKnob knob;
        bool is_busy;     /* the writer has it */
        unsigned n_moves; /* when it was given to it */
        QosStatus status; /* after the last step */
        QosTold told;
} Slot;

struct QosApply {
        QosApplyParams params;
        QosPlan plan;
        QosKnob knobs[QOS_ROWS_MAX]; /* of the plan's rows */
        Slot slots[_QOS_LEVEL_N][_CGROUP_KNOB_N];
        QosApplySight sight; /* of the last step */
        unsigned n_busy;
        bool is_new; /* the plan is another one than at the last step */
        QosApplyStats stats;
};

int qos_apply_new(const QosApplyParams *params, QosApply **ret) {
        QosApply *apply = calloc(1, sizeof(*apply));

        if (!apply)
                return -ENOMEM;
        apply->params = *params;
        for (QosLevel level = 0; level < _QOS_LEVEL_N; ++level)
                for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob)
                        apply->slots[level][knob] =
                                (Slot){ .apply = apply, .level = level, .knob = knob };
        *ret = apply;
        return 0;
}

QosApply *qos_apply_free(QosApply *apply) {
        free(apply);
        return NULL;
}

const QosPlan *qos_apply_get_plan(const QosApply *apply) {
        return &apply->plan;
}

const QosKnob *qos_apply_get_knobs(const QosApply *apply) {
        return apply->knobs;
}

unsigned qos_apply_count_busy(const QosApply *apply) {
        return apply->n_busy;
}

QosApplyStats qos_apply_get_stats(const QosApply *apply) {
        return apply->stats;
}

void qos_apply_forgive(QosApply *apply) {
        for (size_t i = 0; i < apply->plan.n_rows; ++i)
                qos_knob_forgive(&apply->knobs[i]);
}

/* The plan */

static bool is_row_equal(const QosRow *a, const QosRow *b) {
        return a->level == b->level && a->knob == b->knob && a->owner == b->owner &&
               a->has_value == b->has_value && a->is_held_back == b->is_held_back &&
               a->value.number == b->value.number &&
               nodeset_is_equal(&a->value.nodes, &b->value.nodes) &&
               strcmp(a->reason, b->reason) == 0;
}

static bool is_plan_equal(const QosPlan *a, const QosPlan *b) {
        bool is_equal = a->n_rows == b->n_rows;

        for (size_t i = 0; is_equal && i < a->n_rows; ++i)
                is_equal = is_row_equal(&a->rows[i], &b->rows[i]);
        return is_equal;
}

static QosKnob *find_knob(QosApply *apply, QosLevel level, CgroupKnob knob) {
        const QosRow *row = qos_plan_find(&apply->plan, level, knob);

        return row ? &apply->knobs[row - apply->plan.rows] : NULL;
}

void qos_apply_plan(QosApply *apply, const QosPlan *plan) {
        QosKnob knobs[QOS_ROWS_MAX] = {};

        apply->is_new |= !is_plan_equal(&apply->plan, plan);
        for (size_t i = 0; i < plan->n_rows; ++i) {
                const QosKnob *known = find_knob(apply, plan->rows[i].level, plan->rows[i].knob);

                if (known)
                        knobs[i] = *known;
        }
        apply->plan = *plan;
        memcpy(apply->knobs, knobs, sizeof(knobs));
}

/* Writing */

static void on_written(const CgroupWriteResult *result, void *userdata) {
        Slot *slot = userdata;
        QosApply *apply = slot->apply;
        QosKnob *knob = find_knob(apply, slot->level, slot->knob);

        slot->is_busy = false;
        --apply->n_busy;
        (void)snprintf(slot->told.message, sizeof(slot->told.message), "%s",
                       result->error && result->message ? result->message : "");
        if (knob && knob->is_busy && slot->n_moves == apply->sight.n_moves)
                qos_step_done(knob, slot->knob, result, apply->sight.page_bytes,
                              clock_now_usec(&apply->params.clock));
        else if (knob)
                *knob = (QosKnob){};
        apply->params.written(apply->params.userdata);
}

static void write_knob(QosApply *apply, Slot *slot, QosKnob *knob, const CgroupValue *value) {
        const QosPlace *place = &apply->sight.places->items[slot->level];
        CgroupWrite write = {
                .inode = place->state.inode,
                .knob = slot->knob,
                .value = *value,
                .unit = apply->sight.tells_systemd ? cgroup_path_get_unit(place->path) : NULL,
        };
        int r;

        memcpy(write.path, place->path, sizeof(write.path));
        r = cgroup_writer_write(apply->sight.writer, &write, on_written, slot);
        if (r) {
                qos_step_done(knob, slot->knob,
                              &(const CgroupWriteResult){ .error = r < 0 ? r : -ENOENT,
                                                          .step = CGROUP_WRITE_OPEN,
                                                          .message = "" },
                              apply->sight.page_bytes, clock_now_usec(&apply->params.clock));
                return;
        }
        slot->is_busy = true;
        slot->n_moves = apply->sight.n_moves;
        ++apply->n_busy;
        ++apply->stats.n_writes;
}

/* What was there before the first write has to be on the disk. */
static bool must_wait(QosApply *apply, const QosRow *row, QosDirection direction) {
        const QosPlace *place = &apply->sight.places->items[row->level];

        if (direction == QOS_STAYS ||
            qos_record_file_has(apply->params.file, place->path, row->knob))
                return false;
        qos_record_file_put(apply->params.file, place->path, row->knob,
                            &place->state.values[row->knob], &row->value);
        return true;
}

static void begin(QosApply *apply, const QosRow *row, QosKnob *knob, const QosDecision *decision) {
        const QosPlace *place = &apply->sight.places->items[row->level];
        const CgroupValue *found = &place->state.values[row->knob];
        Slot *slot = &apply->slots[row->level][row->knob];

        qos_told_begin(&slot->told, found, decision->is_repair);
        apply->stats.n_repairs += decision->is_repair;
        qos_record_file_put(apply->params.file, place->path, row->knob, found, &decision->value);
        write_knob(apply, slot, knob, &decision->value);
}

/*
 * How far memory.max may come down is said by what was in use at this look. A write that waits for
 * the worker behind another one, which may reclaim for seconds, would be below what is in use by
 * then, and kill. Masks have a worker of their own.
 */
static bool has_limit_under_way(const QosApply *apply) {
        for (QosLevel level = 0; level < _QOS_LEVEL_N; ++level)
                for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob)
                        if (apply->slots[level][knob].is_busy && knob != CGROUP_CPUSET_MEMS)
                                return true;
        return false;
}

/* Return: when this knob wants the next look. */
static uint64_t step_row(QosApply *apply, size_t i, QosOrder *order, QosDirection direction) {
        const QosRow *row = &apply->plan.rows[i];
        QosKnob *knob = &apply->knobs[i];
        const QosStepInput input = {
                .row = row,
                .state = &apply->sight.places->items[row->level].state,
                .page_bytes = apply->sight.page_bytes,
                .now_usec = clock_now_usec(&apply->params.clock),
                .may_raise = qos_order_may_rise(order, row),
                .may_lower = qos_order_may_fall(order, row) &&
                             (row->knob != CGROUP_MEMORY_MAX || !has_limit_under_way(apply)),
        };
        QosDecision decision = { .due_usec = UINT64_MAX };

        /* what was written for a row that has gone since, or at another place, ends first */
        if (apply->slots[row->level][row->knob].is_busy && !knob->is_busy)
                knob->status = QOS_STATUS_WRITING;
        else if (must_wait(apply, row, direction))
                knob->status = QOS_STATUS_WRITING;
        else
                decision = qos_step(knob, &input);
        if (decision.writes)
                begin(apply, row, knob, &decision);
        qos_order_note(order, row, direction, knob->status);
        return decision.due_usec;
}

/* What goes up from the top, then what goes down from the bottom. */
static uint64_t step_rows(QosApply *apply) {
        QosDirection directions[QOS_ROWS_MAX];
        uint64_t due_usec = UINT64_MAX;
        QosOrder order = {};

        for (size_t i = 0; i < apply->plan.n_rows; ++i) {
                const QosRow *row = &apply->plan.rows[i];

                directions[i] =
                        qos_order_get_direction(row, &apply->sight.places->items[row->level].state,
                                                apply->sight.page_bytes);
                if (directions[i] != QOS_FALLS)
                        due_usec = bytes_min(due_usec, step_row(apply, i, &order, directions[i]));
        }
        for (size_t i = apply->plan.n_rows; i-- > 0;)
                if (directions[i] == QOS_FALLS)
                        due_usec = bytes_min(due_usec, step_row(apply, i, &order, directions[i]));
        return due_usec;
}

static void judge_row(QosApply *apply, size_t i) {
        const QosRow *row = &apply->plan.rows[i];
        const CgroupState *state = &apply->sight.places->items[row->level].state;
        QosKnob *knob = &apply->knobs[i];

        if (knob->is_busy)
                return;
        *knob = (QosKnob){ .status = QOS_STATUS_UNMANAGED };
        if (!row->has_value)
                return;
        if (!state->is_there || !state->has[row->knob])
                knob->status = QOS_STATUS_ABSENT;
        else if (qos_order_get_direction(row, state, apply->sight.page_bytes) == QOS_STAYS)
                knob->status = QOS_STATUS_ACHIEVED;
}

static void announce(QosApply *apply) {
        for (size_t i = 0; i < apply->plan.n_rows; ++i) {
                const QosRow *row = &apply->plan.rows[i];

                qos_announce_knob(&apply->slots[row->level][row->knob].told, row,
                                  apply->sight.places->items[row->level].path, &apply->knobs[i],
                                  apply->sight.page_bytes, clock_now_usec(&apply->params.clock));
        }
}

/* Return: whether one is different from what it was after the last step. */
static bool note_statuses(QosApply *apply) {
        bool is_new = false;

        for (size_t i = 0; i < apply->plan.n_rows; ++i) {
                const QosRow *row = &apply->plan.rows[i];
                Slot *slot = &apply->slots[row->level][row->knob];

                is_new |= slot->status != apply->knobs[i].status;
                slot->status = apply->knobs[i].status;
        }
        return is_new;
}

bool qos_apply_step(QosApply *apply, const QosApplySight *sight, uint64_t *ret_due_usec) {
        bool is_new = apply->is_new;

        apply->sight = *sight;
        apply->is_new = false;
        *ret_due_usec = UINT64_MAX;
        if (sight->writer)
                *ret_due_usec = step_rows(apply);
        else
                for (size_t i = 0; i < apply->plan.n_rows; ++i)
                        judge_row(apply, i);
        announce(apply);
        is_new |= note_statuses(apply);
        return is_new;
}
