/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/pods-alarm.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/inotify.h"
#include "base/log.h"
#include "pods/watch.h"
#include "uevent/debounce.h"

/*
 * One timer for two reasons: a pod that starts makes a dozen events, which are one look (the rule
 * is that of the kernel's events, 250 ms of silence, and a look every half second in a storm); and
 * the time that a look has set.
 */
#define ALARM_ACCURACY_USEC (10 * USEC_PER_MSEC)

struct PodsAlarm {
        PodsAlarmParams params;
        PodsWatch *watch; /* NULL: nothing is watched */
        sd_event_source *watch_source, *timer;
        Debounce debounce;
        uint64_t due_usec;
        bool has_failed; /* to watch; said once, until it works again */
};

static void arm(PodsAlarm *alarm) {
        timer_set(alarm->timer, bytes_min(debounce_get_due(&alarm->debounce), alarm->due_usec));
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        PodsAlarm *alarm = userdata;
        const uint64_t now_usec = clock_now_usec(&alarm->params.clock);
        bool is_time = debounce_take(&alarm->debounce, now_usec);

        if (now_usec >= alarm->due_usec) {
                alarm->due_usec = TIMER_NEVER;
                is_time = true;
        }
        if (is_time)
                alarm->params.look(alarm->params.userdata);
        arm(alarm);
        return 0;
}

static int on_watch(sd_event_source *source _unused_,
                    int fd _unused_,
                    uint32_t events _unused_,
                    void *userdata) {
        PodsAlarm *alarm = userdata;

        if (pods_watch_dispatch(alarm->watch)) {
                debounce_note(&alarm->debounce, clock_now_usec(&alarm->params.clock));
                arm(alarm);
        }
        return 0;
}

int pods_alarm_new(const PodsAlarmParams *params, PodsAlarm **ret) {
        _cleanup_(pods_alarm_freep) PodsAlarm *alarm = calloc(1, sizeof(*alarm));
        int r;

        if (!alarm)
                return -ENOMEM;
        alarm->params = *params;
        alarm->due_usec = TIMER_NEVER;
        r = timer_new(params->event, ALARM_ACCURACY_USEC, on_timer, alarm, &alarm->timer);
        if (r)
                return r;
        *ret = TAKE_PTR(alarm);
        return 0;
}

static void stop_watching(PodsAlarm *alarm) {
        alarm->watch_source = sd_event_source_disable_unref(alarm->watch_source);
        alarm->watch = pods_watch_free(alarm->watch);
}

PodsAlarm *pods_alarm_free(PodsAlarm *alarm) {
        if (!alarm)
                return NULL;
        stop_watching(alarm);
        sd_event_source_disable_unref(alarm->timer);
        free(alarm);
        return NULL;
}

static void complain(PodsAlarm *alarm, int error) {
        if (!alarm->has_failed)
                log_event(LOG_WARNING, SLUG_MESSAGE_PODS_UNWATCHED,
                          LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-error }),
                          "Cannot watch all cgroups of pods: %s, looking at them at intervals%s",
                          strerror(-error), inotify_advise(error));
        alarm->has_failed = true;
}

void pods_alarm_watch(PodsAlarm *alarm, const char *cgroup_root) {
        int r;

        stop_watching(alarm);
        r = pods_watch_new(alarm->params.root, cgroup_root, &alarm->watch);
        if (r == 0)
                r = sd_event_add_io(alarm->params.event, &alarm->watch_source,
                                    pods_watch_get_fd(alarm->watch), EPOLLIN, on_watch, alarm);
        if (r >= 0)
                return;
        stop_watching(alarm);
        complain(alarm, r);
}

void pods_alarm_follow(PodsAlarm *alarm, const PodsTree *tree) {
        bool has_grown = false;
        int r;

        if (!alarm->watch)
                return;
        r = pods_watch_follow(alarm->watch, tree, &has_grown);
        if (r)
                complain(alarm, r);
        else
                alarm->has_failed = false;
        if (has_grown) {
                debounce_note(&alarm->debounce, clock_now_usec(&alarm->params.clock));
                arm(alarm);
        }
}

void pods_alarm_set(PodsAlarm *alarm, uint64_t due_usec) {
        alarm->due_usec = due_usec;
        arm(alarm);
}
