/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

#include "base/cleanup.h"

/*
 * The one place that asks the machine for the time. Monotonic for everything that measures how long
 * something took or when to look again; the wall clock may be set back. It stands still while the
 * machine sleeps, which is right for debouncing and deadlines: what sleeps cannot be late.
 *
 * clock_gettime() cannot fail with these clocks and a valid pointer.
 */
static uint64_t read_clock(clockid_t id) {
        struct timespec now = {};

        (void)clock_gettime(id, &now);
        return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t now_monotonic(const void *cookie _unused_) {
        return read_clock(CLOCK_MONOTONIC);
}

static uint64_t now_realtime(const void *cookie _unused_) {
        return read_clock(CLOCK_REALTIME);
}

const Clock clock_monotonic = { .now_usec = now_monotonic };
const Clock clock_realtime = { .now_usec = now_realtime };
