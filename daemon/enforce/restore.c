/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reclaim took too much
 *
 * Where multi-gen LRU is on, memory.reclaim does not stop at what it was asked for. It looks at
 * 1/4096 of the pages first and at twice as many each time it finds too few, and each of these
 * passes is gone through to its end: so one that comes behind many pages which were used a moment
 * ago may take half of the container at once. No smaller step helps, since the passes are as long
 * for it.
 *
 * What was taken so comes back as long as there is room below the aim; a container that has grown
 * to its floor meanwhile needs nothing. That it does not go to and fro: for a minute after that
 * pages are moved one by one, and where reclaim overdoes it in that minute all the same, since
 * pages do not go, nothing comes back.
 *
 * Source: mm/vmscan.c of Linux 6.12, should_abort_scan() and get_nr_to_scan(); seen there.
 */
#include "enforce/control.h"

#define WARY_USEC (60 * USEC_PER_SEC)

static bool is_wary(const EnforceMemory *memory, uint64_t now_usec) {
        return memory->overdone_usec > 0 &&
               bytes_sub_clamped(now_usec, memory->overdone_usec) < WARY_USEC;
}

void restore_note(EnforceMemory *memory, uint64_t excess, uint64_t now_usec) {
        if (excess == 0)
                return;
        if (!is_wary(memory, now_usec))
                memory->excess_bytes = excess;
        memory->overdone_usec = now_usec;
}

void restore_follow(const Control *control) {
        EnforceMemory *memory = control->memory;

        if (control->local >= control->floor)
                memory->excess_bytes = 0;
        memory->excess_bytes =
                bytes_min(memory->excess_bytes, bytes_sub_clamped(control->aim, control->local));
}

uint64_t restore_get_wanted(const Control *control) {
        if (!control->target->may_promote)
                return 0;
        return bytes_min(control->memory->excess_bytes, control->remote);
}

/* That these pages do not come up says nothing of those that were promised. */
void restore_note_refused(const Control *control) {
        EnforceMemory *memory = control->memory;

        if (!memory->is_given_up)
                return;
        memory->excess_bytes = 0;
        guard_forget(memory);
}

bool restore_is_wary(const Control *control) {
        return is_wary(control->memory, control->usage->usec);
}
