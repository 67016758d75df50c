/* SPDX-License-Identifier: Apache-2.0 */
#include "qos/step.h"

#include "qos/order.h"

/*
 * What is there, what is wanted, and what is expected to be there (the last that slugd wrote or saw
 * as it wanted it) tell all:
 *
 *   there == wanted                  achieved
 *   there == expected, or none is    on the way: slugd has not got it there yet, and writes
 *   else                             somebody else wrote: a repair, which is counted and waits
 *
 * A new wish expects nothing, so that it is no repair.
 */

#define PERMILLE 1000u

const char *qos_status_name(QosStatus status) {
        static const char *const names[_QOS_STATUS_N] = {
                [QOS_STATUS_UNMANAGED] = "unmanaged", [QOS_STATUS_ABSENT] = "absent",
                [QOS_STATUS_WRITING] = "writing",     [QOS_STATUS_ACHIEVED] = "achieved",
                [QOS_STATUS_PENDING] = "pending",     [QOS_STATUS_REFUSED] = "refused",
                [QOS_STATUS_CONTENDED] = "contended",
        };

        return names[status];
}

/* One step, with what it is about at hand. */
typedef struct Step {
        QosKnob *knob;
        const QosStepInput *input;
        CgroupKnob what;
        const CgroupValue *wanted, *actual;
        uint64_t now_usec;
} Step;

static bool is_equal(const Step *step, const CgroupValue *a, const CgroupValue *b) {
        return cgroup_value_is_equal(step->what, a, b, step->input->page_bytes);
}

static QosDecision wait_until(QosKnob *knob, QosStatus status, uint64_t due_usec) {
        knob->status = status;
        return (QosDecision){ .due_usec = due_usec };
}

static QosDecision write_value(const Step *step, const CgroupValue *value, bool is_repair) {
        QosKnob *knob = step->knob;

        knob->status = QOS_STATUS_WRITING;
        knob->error = 0;
        knob->is_busy = true;
        knob->busy_value = *value;
        knob->busy_inode = knob->inode;
        return (QosDecision){
                .writes = true,
                .is_repair = is_repair,
                .value = *value,
                .due_usec = UINT64_MAX,
        };
}

/* All but a write that is under way. */
static void forget(QosKnob *knob) {
        *knob = (QosKnob){
                .is_busy = knob->is_busy,
                .busy_value = knob->busy_value,
                .busy_inode = knob->busy_inode,
        };
}

/* Rivals are remembered: what was wanted a moment ago may be wanted again in a moment. */
static QosDecision want_nothing(QosKnob *knob) {
        knob->expects = knob->has_wanted = false;
        knob->error = 0;
        knob->pending_usec = knob->refused_usec = 0;
        return wait_until(knob, QOS_STATUS_UNMANAGED, UINT64_MAX);
}

static void note_wish(const Step *step) {
        QosKnob *knob = step->knob;

        if (knob->has_wanted && !is_equal(step, &knob->wanted, step->wanted)) {
                knob->expects = false;
                knob->error = 0;
                knob->pending_usec = knob->refused_usec = 0;
        }
        knob->has_wanted = true;
        knob->wanted = *step->wanted;
}

/* Achieved */

static QosDecision is_there(const Step *step) {
        QosKnob *knob = step->knob;

        knob->expects = true;
        knob->expected = *step->actual;
        knob->pending_usec = 0;
        if (knob->error && knob->error_step == CGROUP_WRITE_SYSTEMD) {
                /* the file has it, and systemd would put back something else one day */
                if (step->now_usec < knob->refused_usec)
                        return wait_until(knob, QOS_STATUS_REFUSED, knob->refused_usec);
                return write_value(step, step->wanted, false);
        }
        knob->error = 0;
        knob->refused_usec = 0;
        return wait_until(knob, QOS_STATUS_ACHIEVED, UINT64_MAX);
}

/* Usage */

static uint64_t round_up(uint64_t bytes, uint64_t page_bytes) {
        return bytes_round_down(bytes_add_saturated(bytes, page_bytes - 1), page_bytes);
}

/* Below it no limit is written: what is in use, and as much beside it as may be asked for before
 * the write is done. */
static uint64_t get_floor(const QosStepInput *input) {
        const uint64_t current = input->state->current_bytes.value;
        const uint64_t share = bytes_share(current, QOS_MARGIN_PERMILLE, PERMILLE);
        const uint64_t margin = share > QOS_MARGIN_MIN_BYTES ? share : QOS_MARGIN_MIN_BYTES;

        if (!input->state->current_bytes.present)
                return UINT64_MAX; /* nobody knows */
        return round_up(bytes_add_saturated(current, margin), input->page_bytes);
}

/* As low as the limit may come now. False: it stays. Usage that falls by a page is not worth a
 * write. */
static bool lower_limit(const Step *step, CgroupValue *ret) {
        const uint64_t floor = get_floor(step->input);
        const uint64_t actual = step->actual->number;

        *ret = *step->wanted;
        if (floor <= step->wanted->number)
                return true;
        *ret = (CgroupValue){ .number = floor };
        return floor < actual && actual - floor >= QOS_PENDING_STEP_BYTES;
}

/* Repairs */

/* Somebody else wrote. Whoever brings a limit that is pending further down is no rival. */
static bool has_drifted(const Step *step) {
        QosKnob *knob = step->knob;

        if (!knob->expects || is_equal(step, &knob->expected, step->actual))
                return false;
        if (step->what == CGROUP_MEMORY_MAX && step->actual->number > step->wanted->number &&
            step->actual->number < knob->expected.number) {
                knob->expected = *step->actual;
                return false;
        }
        return true;
}

/* The first one comes at once, the last one QOS_REPAIR_MAX_USEC after the one before it. */
static uint64_t get_delay(unsigned n_repairs) {
        return n_repairs == 0 ? QOS_REPAIR_MIN_USEC
                              : QOS_REPAIR_MAX_USEC >> (QOS_REPAIRS_MAX - 1 - n_repairs);
}

static QosDecision repair(const Step *step, const CgroupValue *value) {
        QosKnob *knob = step->knob;

        if (knob->n_repairs == 0 || step->now_usec - knob->window_usec >= QOS_REPAIR_WINDOW_USEC) {
                knob->n_repairs = 0;
                knob->window_usec = step->now_usec;
                knob->due_usec = step->now_usec + get_delay(0);
        }
        if (knob->n_repairs == QOS_REPAIRS_MAX) {
                knob->contended_usec = step->now_usec + QOS_CONTENDED_USEC;
                return wait_until(knob, QOS_STATUS_CONTENDED, knob->contended_usec);
        }
        if (step->now_usec < knob->due_usec)
                return wait_until(knob, QOS_STATUS_WRITING, knob->due_usec);
        ++knob->n_repairs;
        if (knob->n_repairs < QOS_REPAIRS_MAX)
                knob->due_usec = step->now_usec + get_delay(knob->n_repairs);
        return write_value(step, value, true);
}

/* What is there is not what is wanted. */
static QosDecision change(const Step *step) {
        const QosStepInput *input = step->input;
        const bool is_down =
                qos_order_get_direction(input->row, input->state, input->page_bytes) == QOS_FALLS;
        const bool is_drift = has_drifted(step);
        QosKnob *knob = step->knob;
        CgroupValue value = *step->wanted;

        if (!(is_down ? input->may_lower : input->may_raise))
                return wait_until(knob, QOS_STATUS_WRITING, UINT64_MAX);
        if (is_down && step->what == CGROUP_MEMORY_MAX) {
                if (!is_drift && step->now_usec < knob->pending_usec)
                        return wait_until(knob, QOS_STATUS_PENDING, knob->pending_usec);
                if (!lower_limit(step, &value)) {
                        knob->pending_usec = step->now_usec + QOS_PENDING_USEC;
                        return wait_until(knob, QOS_STATUS_PENDING, knob->pending_usec);
                }
                knob->pending_usec = is_equal(step, &value, step->wanted)
                                             ? 0
                                             : step->now_usec + QOS_PENDING_USEC;
        }
        return is_drift ? repair(step, &value) : write_value(step, &value, false);
}

QosDecision qos_step(QosKnob *knob, const QosStepInput *input) {
        const Step step = {
                .knob = knob,
                .input = input,
                .what = input->row->knob,
                .wanted = &input->row->value,
                .actual = &input->state->values[input->row->knob],
                .now_usec = input->now_usec,
        };

        if (!input->row->has_value)
                return want_nothing(knob);
        if (!input->state->is_there || !input->state->has[step.what]) {
                forget(knob);
                return wait_until(knob, QOS_STATUS_ABSENT, UINT64_MAX);
        }
        if (knob->inode != input->state->inode)
                forget(knob); /* another cgroup of the same name */
        knob->inode = input->state->inode;
        note_wish(&step);
        if (knob->is_busy)
                return wait_until(knob, QOS_STATUS_WRITING, UINT64_MAX);
        if (is_equal(&step, step.actual, step.wanted))
                return is_there(&step);
        if (step.now_usec < knob->contended_usec)
                return wait_until(knob, QOS_STATUS_CONTENDED, knob->contended_usec);
        if (step.now_usec < knob->refused_usec)
                return wait_until(knob, knob->error ? QOS_STATUS_REFUSED : QOS_STATUS_ABSENT,
                                  knob->refused_usec);
        return change(&step);
}
