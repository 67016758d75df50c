/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A time at which something is due, or none
 */
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"

#define TIMER_NEVER UINT64_MAX

/* Of the monotonic clock; off. @accuracy_usec: wake-ups may be shared with others within so much.
 * @ret: taken apart with sd_event_source_disable_unref(). Return: 0 or an errno. */
_must_check_ int timer_new(sd_event *event,
                           uint64_t accuracy_usec,
                           sd_event_time_handler_t handler,
                           void *userdata,
                           sd_event_source **ret);
/* Once, at that time; TIMER_NEVER: not at all. */
void timer_set(sd_event_source *timer, uint64_t due_usec);
