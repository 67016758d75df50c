/* SPDX-License-Identifier: Apache-2.0 */
#include "uevent/monitor.h"

#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/*
 * libudev's "kernel" source is netlink group 1: the kernel's own events, sent to every network
 * namespace that belongs to the first user namespace. So a service with a private network hears
 * them, one with private users does not. udev's own events (group 2) stay in udev's network
 * namespace and would never arrive here; what they add (names, links, rules) says nothing about
 * memory. libudev drops what was not sent by the kernel.
 *
 * When more comes than the socket holds, the kernel drops events and says so once (ENOBUFS). That
 * counts as an event: something happened.
 *
 * A machine that only changes other devices makes events, too. They are read and thrown away, a
 * bounded number at a time, so that the loop gets to its other work.
 */
#define EVENTS_PER_WAKEUP 256u

struct UeventMonitor {
        struct udev *udev;
        struct udev_monitor *monitor;
        sd_event_source *source;
        UeventOwner owner;
};

static const char *or_unknown(const char *text) {
        return text ? text : "?";
}

static void tell(UeventMonitor *self, struct udev_device *device) {
        self->owner.happened(or_unknown(udev_device_get_subsystem(device)),
                             or_unknown(udev_device_get_action(device)),
                             or_unknown(udev_device_get_devpath(device)), self->owner.userdata);
}

static int on_ready(sd_event_source *source _unused_,
                    int fd _unused_,
                    uint32_t events _unused_,
                    void *userdata) {
        UeventMonitor *self = userdata;

        for (unsigned i = 0; i < EVENTS_PER_WAKEUP; ++i) {
                struct udev_device *device;

                errno = 0;
                device = udev_monitor_receive_device(self->monitor);
                if (device) {
                        tell(self, device);
                        udev_device_unref(device);
                        continue;
                }
                if (errno == ENOBUFS) {
                        self->owner.happened("?", "lost", "?", self->owner.userdata);
                        continue;
                }
                /* EAGAIN, and what libudev filtered out; with more to read the loop comes back */
                break;
        }
        return 0;
}

static int listen_to_kernel(UeventMonitor *self) {
        static const char *const subsystems[] = { "memory", "node", "memory_tiering", "dax",
                                                  "cxl" };
        int r;

        self->udev = udev_new();
        if (!self->udev)
                return -ENOMEM;
        errno = 0;
        self->monitor = udev_monitor_new_from_netlink(self->udev, "kernel");
        if (!self->monitor)
                return errno > 0 ? -errno : -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(subsystems); ++i) {
                r = udev_monitor_filter_add_match_subsystem_devtype(self->monitor, subsystems[i],
                                                                    NULL);
                if (r < 0)
                        return r;
        }
        r = udev_monitor_enable_receiving(self->monitor);
        return r < 0 ? r : 0;
}

int uevent_monitor_new(sd_event *event, const UeventOwner *owner, UeventMonitor **ret) {
        _cleanup_(uevent_monitor_freep) UeventMonitor *self = calloc(1, sizeof(*self));
        int r;

        if (!self)
                return -ENOMEM;
        self->owner = *owner;
        r = listen_to_kernel(self);
        if (r)
                return r;
        r = sd_event_add_io(event, &self->source, udev_monitor_get_fd(self->monitor), EPOLLIN,
                            on_ready, self);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(self);
        return 0;
}

UeventMonitor *uevent_monitor_free(UeventMonitor *monitor) {
        if (!monitor)
                return NULL;
        sd_event_source_disable_unref(monitor->source);
        udev_monitor_unref(monitor->monitor);
        udev_unref(monitor->udev);
        free(monitor);
        return NULL;
}
