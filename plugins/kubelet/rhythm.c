/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/rhythm.h"

#include "base/bytes.h"

void rhythm_note_event(Rhythm *rhythm, uint64_t now_usec) {
        if (!rhythm->has_events)
                rhythm->first_event_usec = now_usec;
        rhythm->has_events = true;
        rhythm->last_event_usec = now_usec;
}

void rhythm_begin(Rhythm *rhythm, uint64_t now_usec) {
        rhythm->has_begun = true;
        rhythm->has_events = false;
        rhythm->begun_usec = now_usec;
}

void rhythm_end(Rhythm *rhythm, bool has_all_answered) {
        if (has_all_answered)
                rhythm->retry_usec = 0;
        else if (rhythm->retry_usec == 0)
                rhythm->retry_usec = RHYTHM_RETRY_USEC;
        else
                rhythm->retry_usec = bytes_add_saturated(rhythm->retry_usec, rhythm->retry_usec);
}

static uint64_t get_event_due(const Rhythm *rhythm) {
        const uint64_t due = bytes_min(rhythm->last_event_usec + RHYTHM_QUIET_USEC,
                                       rhythm->first_event_usec + RHYTHM_STORM_USEC);
        const uint64_t gap = rhythm->begun_usec + RHYTHM_GAP_USEC;

        return due > gap ? due : gap;
}

uint64_t rhythm_get_due(const Rhythm *rhythm, uint64_t interval_usec) {
        uint64_t wait = interval_usec, due;

        if (!rhythm->has_begun)
                return 0;
        if (rhythm->retry_usec > 0)
                wait = bytes_min(wait, rhythm->retry_usec);
        due = bytes_add_saturated(rhythm->begun_usec, wait);
        return rhythm->has_events ? bytes_min(due, get_event_due(rhythm)) : due;
}
