/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * When to look at the machine
 *
 * At intervals, and soon after the kernel said that something happened.
 */
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"

typedef struct Watch Watch;

typedef struct WatchParams {
        Clock clock; /* monotonic */
        uint64_t interval_usec;
        bool hears_kernel; /* false: what is looked at is not this machine */
        void (*look)(void *userdata);
        void *userdata;
} WatchParams;

/* Return: 0 or an errno. A kernel that cannot be heard is logged and no failure. */
_must_check_ int watch_new(sd_event *event, const WatchParams *params, Watch **ret);
Watch *watch_free(Watch *watch);
DEFINE_CLEANUP(Watch *, watch_free);

/* From now on. */
_must_check_ int watch_set_interval(Watch *watch, uint64_t interval_usec);
