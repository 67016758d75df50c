/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * When to look at pods
 *
 * Soon after something happened in their cgroups, and at a time that the last look has set. The
 * looks at intervals are those at the machine.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/root.h"
#include "manager/timer.h"
#include "pods/tree.h"

typedef struct PodsAlarm PodsAlarm;

typedef struct PodsAlarmParams {
        sd_event *event;
        const Root *root; /* borrowed */
        Clock clock;      /* monotonic */
        void (*look)(void *userdata);
        void *userdata;
} PodsAlarmParams;

/* Return: 0 or an errno. */
_must_check_ int pods_alarm_new(const PodsAlarmParams *params, PodsAlarm **ret);
PodsAlarm *pods_alarm_free(PodsAlarm *alarm);
DEFINE_CLEANUP(PodsAlarm *, pods_alarm_free);

/* Pods are below that cgroup from now on. A kernel that watches nothing is logged and no failure:
 * looks at intervals stay. */
void pods_alarm_watch(PodsAlarm *alarm, const char *cgroup_root);
/* What was read: it is watched, and looked at once more if it was not before. */
void pods_alarm_follow(PodsAlarm *alarm, const PodsTree *tree);
/* Look at that time of the clock, whatever happens; TIMER_NEVER: no need to. */
void pods_alarm_set(PodsAlarm *alarm, uint64_t due_usec);
