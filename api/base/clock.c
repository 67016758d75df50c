/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

/*
 * The one place that asks the machine for the time. Monotonic, because everything here measures how
 * long something took or when to look again; the wall clock may be set back. It stands still while
 * the machine sleeps, which is right for debouncing and deadlines: what sleeps cannot be late.
 *
 * clock_gettime() cannot fail with this clock and a valid pointer.
 */
static uint64_t now_monotonic(const void *cookie) {
        struct timespec now = {};

        (void)cookie;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

const Clock clock_monotonic = { .now_usec = now_monotonic };
