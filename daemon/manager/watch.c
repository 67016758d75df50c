/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "manager/timer.h"
#include "uevent/debounce.h"
#include "uevent/monitor.h"

/*
 * Two timers and one source of events. The events only set the second timer; the first goes on
 * whatever happens, because not everything that changes makes an event: a node's performance
 * figures, the size of its huge page pools, /proc/meminfo.
 *
 * A look is short (a few milliseconds on most machines), so it is taken inside the loop.
 */

#define POLL_ACCURACY_USEC     (250 * USEC_PER_MSEC)
#define DEBOUNCE_ACCURACY_USEC (10 * USEC_PER_MSEC)

struct Watch {
        WatchParams params;
        sd_event_source *poll_timer;
        sd_event_source *debounce_timer;
        UeventMonitor *monitor;
        Debounce debounce;
};

static int arm_poll(Watch *watch) {
        int r = sd_event_source_set_time_relative(watch->poll_timer, watch->params.interval_usec);

        return r < 0 ? r : sd_event_source_set_enabled(watch->poll_timer, SD_EVENT_ONESHOT);
}

static void arm_debounce(Watch *watch) {
        timer_set(watch->debounce_timer, debounce_get_due(&watch->debounce));
}

static int on_poll(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Watch *watch = userdata;

        watch->params.look(watch->params.userdata);
        return arm_poll(watch);
}

static int on_debounce(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Watch *watch = userdata;

        if (debounce_take(&watch->debounce, clock_now_usec(&watch->params.clock)))
                watch->params.look(watch->params.userdata);
        arm_debounce(watch);
        return 0;
}

static void on_uevent(const char *subsystem, const char *action, const char *path, void *userdata) {
        Watch *watch = userdata;

        log_debug("uevent: %s %s (%s)", action, path, subsystem);
        debounce_note(&watch->debounce, clock_now_usec(&watch->params.clock));
        arm_debounce(watch);
}

static int listen_to_kernel(sd_event *event, Watch *watch) {
        int r = uevent_monitor_new(event,
                                   &(const UeventOwner){ .happened = on_uevent, .userdata = watch },
                                   &watch->monitor);

        if (r == 0 || r == -ENOMEM)
                return r;
        log_event(LOG_WARNING, SLUG_MESSAGE_UEVENTS_UNAVAILABLE,
                  LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-r }),
                  "Cannot listen to the kernel's events: %s, looking at intervals only",
                  strerror(-r));
        return 0;
}

int watch_new(sd_event *event, const WatchParams *params, Watch **ret) {
        _cleanup_(watch_freep) Watch *watch = calloc(1, sizeof(*watch));
        int r;

        if (!watch)
                return -ENOMEM;
        watch->params = *params;
        r = timer_new(event, POLL_ACCURACY_USEC, on_poll, watch, &watch->poll_timer);
        if (r)
                return r;
        r = timer_new(event, DEBOUNCE_ACCURACY_USEC, on_debounce, watch, &watch->debounce_timer);
        if (r)
                return r;
        r = arm_poll(watch);
        if (r < 0)
                return r;
        r = params->hears_kernel ? listen_to_kernel(event, watch) : 0;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(watch);
        return 0;
}

Watch *watch_free(Watch *watch) {
        if (!watch)
                return NULL;
        uevent_monitor_free(watch->monitor);
        sd_event_source_disable_unref(watch->poll_timer);
        sd_event_source_disable_unref(watch->debounce_timer);
        free(watch);
        return NULL;
}

int watch_set_interval(Watch *watch, uint64_t interval_usec) {
        int r;

        watch->params.interval_usec = interval_usec;
        r = arm_poll(watch);
        return r < 0 ? r : 0;
}
