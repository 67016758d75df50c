/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a step has done
 *
 * What was asked for, and what the system says of it, is not what was moved. What is on the other
 * side afterwards is: but a container that grows at the same time hides it, and page cache that is
 * dropped never gets there. So the larger of what one side has lost and the other has got counts,
 * and no more than twice of what was asked for.
 */
#include "enforce/control.h"

#define SMOOTH 2 /* the newest throughput counts as much as all before */

void enforce_note_begun(EnforceMemory *memory, const EnforceDecision *decision, uint64_t now_usec) {
        memory->step_bytes = decision->bytes;
        memory->step_action = decision->action;
        memory->step_is_other = decision->is_other;
        memory->step_usec = now_usec;
        memory->step_before = memory->last;
        memory->is_sample_mixed = true;
}

static uint64_t get_moved(const EnforceMemory *memory, const EnforceUsage *now, int error) {
        const EnforceUsage *before = &memory->step_before;
        const bool is_down = memory->step_action == ENFORCE_DEMOTE;
        const uint64_t lost = is_down ? bytes_sub_clamped(before->local, now->local)
                                      : bytes_sub_clamped(before->remote, now->remote);
        const uint64_t got = is_down ? bytes_sub_clamped(now->remote, before->remote)
                                     : bytes_sub_clamped(now->local, before->local);
        uint64_t moved = lost > got ? lost : got;

        /* It may have grown on that side by itself. */
        if (error != 0 && lost == 0)
                moved = 0;
        return bytes_min(moved, bytes_mul_saturated(memory->step_bytes, 2));
}

static void follow_throughput(EnforceMemory *memory, uint64_t moved, uint64_t now_usec) {
        const uint64_t usec = bytes_sub_clamped(now_usec, memory->step_usec);
        double throughput;

        if (usec == 0 || moved == 0)
                return;
        throughput = (double)moved * (double)USEC_PER_SEC / (double)usec;
        if (memory->throughput > 0)
                throughput = memory->throughput + (throughput - memory->throughput) / SMOOTH;
        memory->throughput = throughput;
}

uint64_t enforce_note_done(EnforceMemory *memory, const EnforceUsage *usage, int error) {
        const bool is_down = memory->step_action == ENFORCE_DEMOTE;
        uint64_t moved;

        if (memory->step_bytes == 0)
                return 0;
        moved = get_moved(memory, usage, error);
        growth_follow(memory, usage);
        if (is_down) {
                memory->demoted = bytes_add_saturated(memory->demoted, moved);
                memory->recent_down += (double)moved;
                follow_throughput(memory, moved, usage->usec);
        } else {
                memory->promoted = bytes_add_saturated(memory->promoted, moved);
        }
        if (!unseen_note_step(memory, moved, usage->usec, error))
                guard_note_step(memory, moved, usage->usec, error);
        if (moved > 0)
                memory->active_usec = usage->usec;
        memory->step_bytes = 0;
        memory->last = *usage;
        memory->has_last = true;
        return moved;
}
