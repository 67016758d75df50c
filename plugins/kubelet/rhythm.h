/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * When to collect
 *
 * At intervals, soon after something has happened, and ever more slowly while somebody does not
 * answer. Pure: time is an argument, microseconds of any one monotonic clock.
 *
 * What happens in a burst is seen in one round: it waits for RHYTHM_QUIET_USEC of silence, at most
 * for RHYTHM_STORM_USEC. However much happens, rounds begin at least RHYTHM_GAP_USEC apart: a
 * container in a crash loop, or a runtime, costs no more than that.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define RHYTHM_QUIET_USEC (200 * USEC_PER_MSEC)
#define RHYTHM_STORM_USEC (1 * USEC_PER_SEC)
#define RHYTHM_GAP_USEC   (500 * USEC_PER_MSEC)
#define RHYTHM_RETRY_USEC (1 * USEC_PER_SEC) /* the first of them; each doubles it */

/* {}: nothing has been done yet, so the first round is due at once. */
typedef struct Rhythm {
        bool has_begun;
        bool has_events;
        uint64_t begun_usec; /* of the last round */
        uint64_t first_event_usec, last_event_usec;
        uint64_t retry_usec; /* 0: everybody has answered */
} Rhythm;

void rhythm_note_event(Rhythm *rhythm, uint64_t now_usec);
/* A round begins; what has happened before is seen by it. */
void rhythm_begin(Rhythm *rhythm, uint64_t now_usec);
void rhythm_end(Rhythm *rhythm, bool has_all_answered);
/* When the next one is due; @interval_usec is what it is while nothing happens. */
uint64_t rhythm_get_due(const Rhythm *rhythm, uint64_t interval_usec);
