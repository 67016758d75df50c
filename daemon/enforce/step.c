/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a step has done
 *
 * What was asked for, and what the system says of it, is not what was moved. What is on the other
 * side afterwards is: but a container that grows at the same time hides it, and page cache that is
 * dropped never gets there. So the larger of what one side has lost and the other has got counts,
 * and no more than twice of what was asked for. Of reclaim, which may take most of a container
 * (restore.c), what both sides say counts, by more than counters may be behind.
 */
#include "enforce/control.h"

#include <errno.h>

#define SMOOTH 2 /* the newest throughput counts as much as all before */

void enforce_note_begun(EnforceMemory *memory, const EnforceDecision *decision, uint64_t now_usec) {
        memory->step_bytes = decision->bytes;
        memory->step_action = decision->action;
        memory->step_is_other = decision->is_other;
        memory->step_reclaims = decision->reclaims;
        memory->step_may_tell = decision->may_tell;
        memory->step_usec = now_usec;
        memory->step_before = memory->last;
        memory->is_sample_mixed = true;
}

typedef struct Moved {
        uint64_t lost, got; /* bytes, by the one side and by the other */
} Moved;

static Moved compare(const EnforceMemory *memory, const EnforceUsage *now) {
        const EnforceUsage *before = &memory->step_before;

        if (memory->step_action == ENFORCE_DEMOTE)
                return (Moved){ .lost = bytes_sub_clamped(before->local, now->local),
                                .got = bytes_sub_clamped(now->remote, before->remote) };
        return (Moved){ .lost = bytes_sub_clamped(before->remote, now->remote),
                        .got = bytes_sub_clamped(now->local, before->local) };
}

static uint64_t get_moved(const EnforceMemory *memory, const EnforceUsage *now, int error) {
        const Moved moved = compare(memory, now);

        /* It may have grown on that side by itself. */
        if (error != 0 && moved.lost == 0)
                return 0;
        return bytes_min(moved.lost > moved.got ? moved.lost : moved.got,
                         bytes_mul_saturated(memory->step_bytes, 2));
}

/* What was taken for sure beyond what was asked for. What is not much is none. */
static uint64_t get_excess(const EnforceMemory *memory, const EnforceUsage *now) {
        const Moved moved = compare(memory, now);
        const uint64_t excess =
                bytes_sub_clamped(bytes_min(moved.lost, moved.got), memory->step_bytes);

        if (!memory->step_reclaims || excess < STEP_MIN || excess < memory->step_bytes ||
            excess / 2 < memory->stale_bytes)
                return 0;
        return excess;
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
        uint64_t moved, excess;

        if (memory->step_bytes == 0)
                return 0;
        if (error == EINTR || error == -EINTR) /* cut off: it did what it could */
                error = 0;
        excess = get_excess(memory, usage);
        moved = excess > 0 ? memory->step_bytes + excess : get_moved(memory, usage, error);
        growth_follow(memory, usage);
        if (is_down) {
                memory->demoted = bytes_add_saturated(memory->demoted, moved);
                memory->recent_down += (double)moved;
                follow_throughput(memory, moved, usage->usec);
                restore_note(memory, excess, usage->usec);
        } else {
                memory->promoted = bytes_add_saturated(memory->promoted, moved);
                memory->excess_bytes = bytes_sub_clamped(memory->excess_bytes, moved);
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
