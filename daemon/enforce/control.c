/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/control.h"

#include <stdarg.h>
#include <stdio.h>

#define BAND_SHARE  64u /* 1.6 %: half of what a settled container may be below its ceiling */
#define FLOOR_SHARE 40u /* 2.5 %: the kernel moves a little more than it is asked to */

/* Numbers that are behind by so much cannot be kept nearer; but a small container is not emptied
 * because the machine is large. */
static uint64_t widen(uint64_t band, uint64_t limit, uint64_t stale_bytes) {
        return band > stale_bytes ? band : bytes_min(stale_bytes, limit / 4);
}

uint64_t control_get_band(uint64_t limit, uint64_t stale_bytes) {
        return widen(bytes_min(limit / BAND_SHARE, STEP_MAX), limit, stale_bytes);
}

/* Much of what is reclaimed where there is swap is swapped out: from remote memory, too. */
bool control_takes_pages(const Control *control) {
        return control->target->backend == ENFORCE_RECLAIM && control->node->moves_pages &&
               (control->usage->has_swap || restore_is_wary(control));
}

bool control_is_imprecise(const Control *control) {
        const EnforceUsage *usage = control->usage;

        return control->target->backend == ENFORCE_RECLAIM && !control_takes_pages(control) &&
               (control->node->n_lower_tiers > 1 || usage->has_swap ||
                usage->remote_file > STEP_MIN || usage->local_file > usage->local / 4);
}

Control control_make(EnforceMemory *memory,
                     const EnforceTarget *target,
                     const EnforceUsage *usage,
                     const EnforceNode *node) {
        const uint64_t ceiling = target->split.local.max;
        Control control = {
                .memory = memory,
                .target = target,
                .usage = usage,
                .node = node,
                .band = control_get_band(ceiling, node->stale_bytes),
        };

        if (memory->step_action == ENFORCE_PROMOTE) {
                control.local = bytes_add_saturated(usage->local, memory->unseen_bytes);
                control.remote = bytes_sub_clamped(usage->remote, memory->unseen_bytes);
        } else {
                control.local = bytes_sub_clamped(usage->local, memory->unseen_bytes);
                control.remote = bytes_add_saturated(usage->remote, memory->unseen_bytes);
        }
        control.due =
                ceiling < STEP_MIN ? bytes_add_saturated(STEP_MIN, node->stale_bytes) : ceiling;
        control.aim = ceiling - control.band;
        control.floor = ceiling - widen(ceiling / FLOOR_SHARE, ceiling, node->stale_bytes);
        if (target->split.local.min > control.floor)
                control.floor = bytes_min(target->split.local.min, control.aim);
        return control;
}

void control_say(Control *control, EnforceStatus status, const char *format, ...) {
        va_list args;

        control->decision.status = status;
        va_start(args, format);
        (void)vsnprintf(control->decision.reason, sizeof(control->decision.reason), format, args);
        va_end(args);
}
