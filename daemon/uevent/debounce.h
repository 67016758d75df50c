/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Debouncing
 *
 * When to look at a machine that says it is changing. Pure: time is an argument, microseconds of
 * any one monotonic clock.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* Every memory block of a region is an event of its own, a few milliseconds apart: 250 ms of
 * silence means that it is over. A storm of many gigabytes takes longer than anybody wants to wait,
 * hence a look in between. */
#define DEBOUNCE_QUIET_USEC   (250 * USEC_PER_MSEC)
#define DEBOUNCE_INTERIM_USEC (500 * USEC_PER_MSEC)

#define DEBOUNCE_NEVER UINT64_MAX

/* {}: nothing happened. */
typedef struct Debounce {
        bool is_pending;
        uint64_t last_event_usec;
        uint64_t last_look_usec; /* or the first event of the storm */
} Debounce;

/* Something happened. */
void debounce_note(Debounce *debounce, uint64_t now_usec);
/* When to look, DEBOUNCE_NEVER when there is no reason to. */
uint64_t debounce_get_due(const Debounce *debounce);
/* Is it time to look? Says so once; the storm is over when it was silent long enough. */
_must_check_ bool debounce_take(Debounce *debounce, uint64_t now_usec);
