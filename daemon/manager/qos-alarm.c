/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/qos-alarm.h"

#include <stdlib.h>
#include <sys/epoll.h>

#include "base/bytes.h"

/*
 * Debouncing is short here: a limit that somebody else has written should not be in force for long.
 * What keeps a storm from being all that slugd does is the time between looks, which is ten times
 * that of a look at the least.
 */
#define QUIET_USEC    (5 * USEC_PER_MSEC)
#define BETWEEN_USEC  (20 * USEC_PER_MSEC)
#define LOOK_PARTS    10u
#define ACCURACY_USEC USEC_PER_MSEC

struct QosAlarm {
        QosAlarmParams params;
        CgroupWatch *watch; /* NULL: nothing is watched */
        sd_event_source *watch_source, *timer;
        uint64_t soon_usec, due_usec;
        uint64_t earliest_usec; /* of a look for an event */
};

static void arm(QosAlarm *alarm) {
        timer_set(alarm->timer, bytes_min(alarm->soon_usec, alarm->due_usec));
}

/* What has happened until now is in the look that follows. */
static void hear_again(QosAlarm *alarm) {
        if (!alarm->watch)
                return;
        (void)cgroup_watch_dispatch(alarm->watch);
        (void)sd_event_source_set_enabled(alarm->watch_source, SD_EVENT_ON);
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        QosAlarm *alarm = userdata;

        if (clock_now_usec(&alarm->params.clock) >= bytes_min(alarm->soon_usec, alarm->due_usec)) {
                alarm->soon_usec = alarm->due_usec = TIMER_NEVER;
                hear_again(alarm);
                alarm->params.look(alarm->params.userdata);
        }
        arm(alarm);
        return 0;
}

static int on_watch(sd_event_source *source _unused_,
                    int fd _unused_,
                    uint32_t events _unused_,
                    void *userdata) {
        QosAlarm *alarm = userdata;

        if (cgroup_watch_dispatch(alarm->watch)) {
                qos_alarm_soon(alarm);
                /* there will be a look, and who writes a thousand times a second wakes nobody */
                (void)sd_event_source_set_enabled(alarm->watch_source, SD_EVENT_OFF);
        }
        return 0;
}

int qos_alarm_new(const QosAlarmParams *params, QosAlarm **ret) {
        _cleanup_(qos_alarm_freep) QosAlarm *alarm = calloc(1, sizeof(*alarm));
        int r;

        if (!alarm)
                return -ENOMEM;
        alarm->params = *params;
        alarm->soon_usec = alarm->due_usec = TIMER_NEVER;
        r = timer_new(params->event, ACCURACY_USEC, on_timer, alarm, &alarm->timer);
        if (r)
                return r;
        *ret = TAKE_PTR(alarm);
        return 0;
}

static void stop_watching(QosAlarm *alarm) {
        alarm->watch_source = sd_event_source_disable_unref(alarm->watch_source);
        alarm->watch = cgroup_watch_free(alarm->watch);
}

QosAlarm *qos_alarm_free(QosAlarm *alarm) {
        if (!alarm)
                return NULL;
        stop_watching(alarm);
        sd_event_source_disable_unref(alarm->timer);
        free(alarm);
        return NULL;
}

static int start_watching(QosAlarm *alarm, const CgroupTree *tree) {
        int r;

        r = cgroup_watch_new(tree, &alarm->watch);
        if (r == 0)
                r = sd_event_add_io(alarm->params.event, &alarm->watch_source,
                                    cgroup_watch_get_fd(alarm->watch), EPOLLIN, on_watch, alarm);
        if (r >= 0)
                return 0;
        stop_watching(alarm);
        return r;
}

int qos_alarm_follow(QosAlarm *alarm,
                     const CgroupTree *tree,
                     const CgroupWatchItem *items,
                     size_t n_items) {
        bool has_grown = false;
        int r;

        if (!alarm->watch) {
                if (n_items == 0)
                        return 0;
                r = start_watching(alarm, tree);
                if (r)
                        return r;
        }
        r = cgroup_watch_follow(alarm->watch, items, n_items, &has_grown);
        if (has_grown)
                qos_alarm_soon(alarm);
        return r;
}

void qos_alarm_soon(QosAlarm *alarm) {
        const uint64_t quiet_usec = clock_now_usec(&alarm->params.clock) + QUIET_USEC;

        /* the first event counts: one that comes again and again puts nothing off */
        if (alarm->soon_usec != TIMER_NEVER)
                return;
        alarm->soon_usec = quiet_usec > alarm->earliest_usec ? quiet_usec : alarm->earliest_usec;
        arm(alarm);
}

void qos_alarm_set(QosAlarm *alarm, uint64_t due_usec) {
        alarm->due_usec = due_usec;
        arm(alarm);
}

void qos_alarm_note_look(QosAlarm *alarm, uint64_t look_usec) {
        const uint64_t between_usec = LOOK_PARTS * look_usec;

        alarm->earliest_usec = clock_now_usec(&alarm->params.clock) +
                               (between_usec > BETWEEN_USEC ? between_usec : BETWEEN_USEC);
}
