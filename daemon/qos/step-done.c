/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a write has come to, and what is remembered of it.
 */
#include <errno.h>

#include "qos/step.h"

static bool is_gone(const CgroupWriteResult *result) {
        return result->step != CGROUP_WRITE_SYSTEMD && result->step != CGROUP_WRITE_ENABLE &&
               (result->error == -ESTALE || result->error == -ENOENT || result->error == -ENODEV);
}

static void
take_written(QosKnob *knob, CgroupKnob what, const CgroupWriteResult *result, uint64_t page_bytes) {
        const CgroupValue *written = &knob->busy_value;

        knob->expects = true;
        knob->expected = *written;
        if (result->has_found && !cgroup_value_is_equal(what, &result->found, written, page_bytes))
                knob->status = QOS_STATUS_WRITING; /* somebody was quicker; the next look tells */
        else if (knob->has_wanted &&
                 cgroup_value_is_equal(what, &knob->wanted, written, page_bytes))
                knob->status = QOS_STATUS_ACHIEVED;
        else
                knob->status = knob->pending_usec ? QOS_STATUS_PENDING : QOS_STATUS_WRITING;
}

void qos_step_done(QosKnob *knob,
                   CgroupKnob what,
                   const CgroupWriteResult *result,
                   uint64_t page_bytes,
                   uint64_t now_usec) {
        const bool is_in_file = result->error == 0 || result->step == CGROUP_WRITE_SYSTEMD ||
                                result->step == CGROUP_WRITE_READ_BACK;

        knob->is_busy = false;
        if (knob->inode != knob->busy_inode)
                return; /* that cgroup is gone, and nothing follows for this one */
        knob->error = 0;
        knob->refused_usec = 0;
        if (is_gone(result)) {
                /* when it is back under the same inode, it was there all the time: not at once */
                knob->expects = false;
                knob->status = QOS_STATUS_ABSENT;
                knob->refused_usec = now_usec + QOS_REPAIR_MAX_USEC;
                return;
        }
        if (is_in_file)
                take_written(knob, what, result, page_bytes);
        /* no unit by that name: nobody there who would put back something else */
        if (result->error && !(result->error == -ENOENT && result->step == CGROUP_WRITE_SYSTEMD)) {
                knob->error = result->error;
                knob->error_step = result->step;
                knob->status = QOS_STATUS_REFUSED;
                knob->refused_usec = now_usec + QOS_REFUSED_USEC;
        }
}

void qos_knob_forgive(QosKnob *knob) {
        knob->error = 0;
        knob->n_repairs = 0;
        knob->pending_usec = knob->refused_usec = knob->contended_usec = 0;
}
