/* SPDX-License-Identifier: Apache-2.0 */
#include "uevent/debounce.h"

/*
 * A storm begins with its first event and ends with a look after DEBOUNCE_QUIET_USEC of silence.
 * While it lasts there is a look every DEBOUNCE_INTERIM_USEC, counted from its first event and then
 * from the look before. Whatever the last event was, it is followed by a look within
 * DEBOUNCE_QUIET_USEC.
 *
 * A clock that steps back is taken for one that stands still.
 */

void debounce_note(Debounce *debounce, uint64_t now_usec) {
        if (!debounce->is_pending)
                *debounce = (Debounce){ .is_pending = true, .last_look_usec = now_usec };
        debounce->last_event_usec = now_usec;
}

static uint64_t min_u64(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

uint64_t debounce_get_due(const Debounce *debounce) {
        if (!debounce->is_pending)
                return DEBOUNCE_NEVER;
        return min_u64(debounce->last_event_usec + DEBOUNCE_QUIET_USEC,
                       debounce->last_look_usec + DEBOUNCE_INTERIM_USEC);
}

bool debounce_take(Debounce *debounce, uint64_t now_usec) {
        if (now_usec < debounce_get_due(debounce))
                return false;
        debounce->is_pending = now_usec < debounce->last_event_usec + DEBOUNCE_QUIET_USEC;
        debounce->last_look_usec = now_usec;
        return true;
}
