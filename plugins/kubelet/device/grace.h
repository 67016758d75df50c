/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How long a list counts
 *
 * slugd has given one, and then it is away, or does not know yet who holds what: the list before
 * counts for a grace, and then no chunk may be given any more. Pure: time is an argument,
 * microseconds of any one monotonic clock.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

typedef enum GraceState {
        GRACE_NOTHING, /* there never was a list */
        GRACE_CURRENT,
        GRACE_KEPT, /* the last one, for a while */
        GRACE_OVER, /* the last one, and nothing of it may be given */
} GraceState;

#define GRACE_MAX_MS UINT64_C(86400000) /* a day */

/* {}: nothing. */
typedef struct Grace {
        GraceState state;
        uint64_t grace_usec;
        uint64_t lost_usec; /* kept: since when */
} Grace;

/* A list has come. @grace_ms: as it says. */
void grace_note_list(Grace *grace, uint64_t grace_ms);
/* slugd is away, or does not know yet. Counts once. */
void grace_note_loss(Grace *grace, uint64_t now_usec);
/* True: the grace has just ended. */
bool grace_expire(Grace *grace, uint64_t now_usec);
/* When it ends; absent: not by waiting. */
OptU64 grace_get_due(const Grace *grace);
