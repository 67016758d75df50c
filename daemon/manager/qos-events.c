/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/qos-events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/inotify.h"
#include "base/log.h"
#include "cgroup/events.h"
#include "manager/event-lines.h"
#include "manager/qos-announce-events.h"
#include "manager/timer.h"

/*
 * What happens first is told at once. Then the source is off for a while and all that came in
 * between is taken together, so that neither the journal nor a watcher gets a cgroup's limit a
 * hundred times a second.
 */
#define HOLD_USEC           (500 * USEC_PER_MSEC)
#define TIMER_ACCURACY_USEC (50 * USEC_PER_MSEC)

struct QosEvents {
        QosEventsParams params;
        CgroupTree tree;
        CgroupEvents *events;
        sd_event_source *source, *timer;
        sd_event_source *triggers[_QOS_LEVEL_N];
        char paths[_QOS_LEVEL_N][CGROUP_PATH_MAX]; /* that are followed; "": not */
        EventLines lines;
        bool is_held;
        uint64_t hold_usec; /* until when */
        bool has_failed;    /* said once */
};

static void stop(QosEvents *events) {
        for (size_t i = 0; i < ELEMENTSOF(events->triggers); ++i)
                events->triggers[i] = sd_event_source_disable_unref(events->triggers[i]);
        events->source = sd_event_source_disable_unref(events->source);
        events->events = cgroup_events_free(events->events);
}

QosEvents *qos_events_free(QosEvents *events) {
        if (!events)
                return NULL;
        stop(events);
        sd_event_source_disable_unref(events->timer);
        cgroup_tree_deinit(&events->tree);
        free(events);
        return NULL;
}

static void arm(QosEvents *events) {
        uint64_t due_usec = event_lines_get_due(&events->lines);

        if (events->is_held)
                due_usec = bytes_min(due_usec, events->hold_usec);
        timer_set(events->timer, due_usec);
}

/* What happened */

static void announce(QosEvents *events, uint64_t now_usec) {
        EventLine lines[EVENT_LINES_MAX];
        const size_t n = event_lines_take(&events->lines, now_usec, lines);

        for (size_t i = 0; i < n; ++i)
                qos_announce_event(&lines[i], events->paths[lines[i].level]);
}

static void keep(QosEvents *events, const CgroupEvent *taken, size_t n_taken) {
        const uint64_t time_usec = clock_now_usec(&events->params.wall_clock);

        for (size_t i = 0; i < n_taken; ++i)
                cgroup_history_add(events->params.history, time_usec, events->paths[taken[i].tag],
                                   &taken[i]);
        event_lines_note(&events->lines, taken, n_taken);
        announce(events, clock_now_usec(&events->params.clock));
        if (n_taken > 0)
                events->params.changed(events->params.userdata);
}

/* Return: whether there was something. */
static bool take(QosEvents *events) {
        CgroupEvent taken[CGROUP_EVENTS_MAX];
        const size_t n = events->events ? cgroup_events_take(events->events, taken) : 0;

        keep(events, taken, n);
        return n > 0;
}

static void hold(QosEvents *events) {
        events->is_held = true;
        events->hold_usec = clock_now_usec(&events->params.clock) + HOLD_USEC;
        (void)sd_event_source_set_enabled(events->source, SD_EVENT_OFF);
}

static int on_event(sd_event_source *source _unused_,
                    int fd _unused_,
                    uint32_t mask _unused_,
                    void *userdata) {
        QosEvents *events = userdata;

        (void)take(events);
        hold(events);
        arm(events);
        return 0;
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        QosEvents *events = userdata;

        if (events->is_held && clock_now_usec(&events->params.clock) >= events->hold_usec) {
                events->is_held = false;
                if (take(events))
                        hold(events);
                else if (events->source)
                        (void)sd_event_source_set_enabled(events->source, SD_EVENT_ON);
        } else {
                keep(events, NULL, 0);
        }
        arm(events);
        return 0;
}

static int on_pressure(sd_event_source *source, int fd _unused_, uint32_t mask, void *userdata) {
        QosEvents *events = userdata;
        CgroupEvent event;
        unsigned level = 0;

        while (level < _QOS_LEVEL_N && events->triggers[level] != source)
                ++level;
        if (level < _QOS_LEVEL_N &&
            cgroup_events_take_pressure(events->events, level, mask & EPOLLERR, &event))
                keep(events, &event, 1);
        arm(events);
        return 0;
}

static int on_triggered(unsigned tag, int fd, void *userdata) {
        QosEvents *events = userdata;
        const int r = sd_event_add_io(events->params.event, &events->triggers[tag], fd, EPOLLPRI,
                                      on_pressure, events);

        return r < 0 ? r : 0;
}

static void on_untriggered(unsigned tag, void *userdata) {
        QosEvents *events = userdata;

        events->triggers[tag] = sd_event_source_disable_unref(events->triggers[tag]);
}

/* What is followed */

int qos_events_new(const QosEventsParams *params, QosEvents **ret) {
        _cleanup_(qos_events_freep) QosEvents *events = calloc(1, sizeof(*events));
        int r;

        if (!events)
                return -ENOMEM;
        events->params = *params;
        events->tree = (CgroupTree)CGROUP_TREE_NULL;
        r = timer_new(params->event, TIMER_ACCURACY_USEC, on_timer, events, &events->timer);
        if (r)
                return r;
        *ret = TAKE_PTR(events);
        return 0;
}

/* Return: 0, or an errno; without cgroup v2 there is nothing to listen to. */
static int start(QosEvents *events) {
        int r;

        if (events->events)
                return 0;
        cgroup_tree_deinit(&events->tree);
        events->tree = (CgroupTree)CGROUP_TREE_NULL;
        r = cgroup_tree_open(events->params.root, &events->tree);
        if (r || !events->tree.is_v2)
                return error_fold(r);
        r = cgroup_events_new(&(const CgroupEventsParams){ .tree = &events->tree,
                                                           .triggered = on_triggered,
                                                           .untriggered = on_untriggered,
                                                           .userdata = events },
                              &events->events);
        if (r)
                return r;
        r = sd_event_add_io(events->params.event, &events->source,
                            cgroup_events_get_fd(events->events), EPOLLIN, on_event, events);
        if (r < 0)
                stop(events);
        return r < 0 ? r : 0;
}

static size_t list_items(QosEvents *events, CgroupEventsItem items[static _QOS_LEVEL_N]) {
        const QosPlaces *places = events->params.view->places;
        size_t n = 0;

        for (unsigned i = 0; i < _QOS_LEVEL_N; ++i) {
                const QosPlace *place = &places->items[i];

                events->paths[i][0] = '\0';
                if (!place->path[0] || (i >= QOS_LEVEL_SYSTEM_RESERVED && !place->is_configured))
                        continue;
                (void)snprintf(events->paths[i], sizeof(events->paths[i]), "%s", place->path);
                events->params.history->is_followed[i] = true;
                items[n++] = (CgroupEventsItem){
                        .tag = i,
                        .path = events->paths[i],
                        .inode = place->state.is_there ? place->state.inode : 0,
                };
        }
        return n;
}

static void complain(QosEvents *events, int error) {
        if (error && !events->has_failed)
                log_event(LOG_WARNING, SLUG_MESSAGE_CGROUP_UNHEARD,
                          LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-error }),
                          "Cannot hear of all events of the QoS cgroups: %s%s", strerror(-error),
                          inotify_advise(error));
        events->has_failed = error != 0;
}

void qos_events_follow(QosEvents *events) {
        CgroupEventsItem items[_QOS_LEVEL_N];
        int r;

        if (!events->params.view->places)
                return;
        r = start(events);
        if (r == 0 && events->events)
                r = cgroup_events_follow(events->events, items, list_items(events, items));
        complain(events, r);
        (void)take(events);
        arm(events);
}
