/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no counter has told of yet
 *
 * On a machine with many CPUs the kernel's counters may be behind by more than a step moves. Until
 * they have changed, for two seconds at the most, such a step counts as made: without that, one
 * would either wait that long after each of them or move the same bytes twice. When two seconds
 * have passed, or more was moved than counters can be behind by, and nothing has changed, nothing
 * was moved.
 *
 * Where counters may be behind by more than a quarter of all that the container has there, they say
 * too little to go on at once, and each step waits until they have caught up with the one before.
 */
#include "enforce/control.h"

#define COARSE_SHARE 4u

bool unseen_note_step(EnforceMemory *memory, uint64_t moved, uint64_t now_usec, int error) {
        const uint64_t unseen = bytes_add_saturated(memory->unseen_bytes, memory->step_bytes);

        if (memory->stale_bytes > memory->step_before.local / COARSE_SHARE)
                memory->settle_usec = bytes_add_saturated(now_usec, STALE_USEC);
        if (error != 0 || !guard_is_stalled(memory, moved) || unseen > memory->stale_bytes) {
                memory->unseen_bytes = 0;
                return false;
        }
        memory->unseen_bytes = unseen;
        memory->unseen_usec = now_usec;
        return true;
}

void unseen_follow(EnforceMemory *memory, const EnforceUsage *usage) {
        const EnforceUsage *before = &memory->last;

        if (memory->unseen_bytes == 0)
                return;
        if (usage->local != before->local || usage->remote != before->remote) {
                if (memory->step_action == ENFORCE_PROMOTE) {
                        memory->promoted += memory->unseen_bytes;
                        memory->excess_bytes =
                                bytes_sub_clamped(memory->excess_bytes, memory->unseen_bytes);
                } else {
                        memory->demoted += memory->unseen_bytes;
                }
                memory->unseen_bytes = 0;
        } else if (bytes_sub_clamped(usage->usec, memory->unseen_usec) >= STALE_USEC) {
                memory->unseen_bytes = 0;
                guard_note_step(memory, 0, usage->usec, 0);
        }
}
