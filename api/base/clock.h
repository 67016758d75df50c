/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Time as an argument
 *
 * Code that needs the time takes a Clock; tests give it one that they turn by hand.
 */
#include <stdint.h>

#define USEC_PER_SEC  UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)

typedef struct Clock {
        uint64_t (*now_usec)(const void *cookie); /* monotonic, microseconds */
        const void *cookie;
} Clock;

extern const Clock clock_monotonic;
/* Microseconds since 1970. For what is shown to people, never for what is measured. */
extern const Clock clock_realtime;

static inline uint64_t clock_now_usec(const Clock *clock) {
        return clock->now_usec(clock->cookie);
}
