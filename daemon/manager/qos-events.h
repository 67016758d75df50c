/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Events of the QoS cgroups
 *
 * Follows the places of the view, keeps what happened there, writes the journal, and tells whoever
 * serves it. During a storm it reads twice a second.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/root.h"
#include "service/cgroup-history.h"
#include "service/qos-view.h"

typedef struct QosEvents QosEvents;

typedef struct QosEventsParams {
        sd_event *event;
        const Root *root; /* borrowed, as are the next two */
        const QosView *view;
        CgroupHistory *history;          /* that it fills */
        Clock clock;                     /* monotonic, that of the event loop */
        Clock wall_clock;                /* of what is shown */
        void (*changed)(void *userdata); /* the history has more */
        void *userdata;
} QosEventsParams;

_must_check_ int qos_events_new(const QosEventsParams *params, QosEvents **ret);
QosEvents *qos_events_free(QosEvents *events);
DEFINE_CLEANUP(QosEvents *, qos_events_free);

/* The view is another one: its cgroups are followed from now on. */
void qos_events_follow(QosEvents *events);
