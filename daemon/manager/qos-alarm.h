/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * When to look at the limits
 *
 * Soon after something happened in a managed cgroup, and at a time that the last look has set. A
 * storm of writes is a look now and then, never more than a small part of the time.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cgroup/watch.h"
#include "manager/timer.h"

typedef struct QosAlarm QosAlarm;

typedef struct QosAlarmParams {
        sd_event *event;
        Clock clock; /* monotonic */
        void (*look)(void *userdata);
        void *userdata;
} QosAlarmParams;

/* Return: 0 or an errno. */
_must_check_ int qos_alarm_new(const QosAlarmParams *params, QosAlarm **ret);
QosAlarm *qos_alarm_free(QosAlarm *alarm);
DEFINE_CLEANUP(QosAlarm *, qos_alarm_free);

/* These are watched from now on. Return: 0, or the errno for which they are not, all or some: then
 * looks have to come by themselves. */
_must_check_ int qos_alarm_follow(QosAlarm *alarm,
                                  const CgroupTree *tree,
                                  const CgroupWatchItem *items,
                                  size_t n_items);
/* Look soon. */
void qos_alarm_soon(QosAlarm *alarm);
/* Look at that time of the clock, whatever happens; TIMER_NEVER: no need to. */
void qos_alarm_set(QosAlarm *alarm, uint64_t due_usec);
/* A look has just been made, and took so long. */
void qos_alarm_note_look(QosAlarm *alarm, uint64_t look_usec);
