/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernel uevents
 *
 * Memory, NUMA nodes, memory tiers, dax and CXL devices that come, go or change state. An event
 * only says "look again": what there is now is read from sysfs.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"

typedef struct UeventMonitor UeventMonitor;

/* @subsystem, @action, @path: of one event, for the debug log; "?" where the kernel said nothing,
 * or where events were lost. */
typedef struct UeventOwner {
        void (*happened)(const char *subsystem,
                         const char *action,
                         const char *path,
                         void *userdata);
        void *userdata;
} UeventOwner;

/* Of this machine, whatever the root is. Return: 0 or an errno. */
_must_check_ int uevent_monitor_new(sd_event *event, const UeventOwner *owner, UeventMonitor **ret);
UeventMonitor *uevent_monitor_free(UeventMonitor *monitor);
DEFINE_CLEANUP(UeventMonitor *, uevent_monitor_free);
