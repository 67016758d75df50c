/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Keeping the limits of the QoS cgroups
 *
 * Looks at the managed cgroups, plans, writes what differs, level by level and knob by knob, reads
 * back, and looks again when something was written there by anybody. What was there before the
 * first write is on the disk before anything is written. Limits stay when slugd stops.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/root.h"
#include "manager/crew.h"
#include "manager/settings.h"
#include "manager/snapshot.h"
#include "service/pods-view.h"
#include "service/qos-view.h"

typedef struct QosKeeper QosKeeper;

typedef struct QosKeeperParams {
        sd_event *event;
        const Root *root; /* borrowed, as are the next four */
        Crew *crew;
        const PodsView *pods;
        const char *boot_id;
        const char *store_problem; /* why nothing is kept on the disk, "" when it is; borrowed */
        Clock clock;               /* monotonic */
        bool may_write;            /* this machine, or a tree that is explicitly a fake one */
        void (*changed)(void *userdata); /* what the view tells */
        void *userdata;
} QosKeeperParams;

_must_check_ int qos_keeper_new(const QosKeeperParams *params, QosKeeper **ret);
QosKeeper *qos_keeper_free(QosKeeper *keeper);
DEFINE_CLEANUP(QosKeeper *, qos_keeper_free);

/* Borrowed until the next ones come. An operator's reload forgives rivals and refusals. */
void qos_keeper_set(QosKeeper *keeper,
                    const Settings *settings,
                    const Snapshot *snapshot,
                    bool is_reload);
/* Looks now: reads, plans, and writes what is due. */
void qos_keeper_look(QosKeeper *keeper);
/* Looks soon, with whatever else happens until then: pods are others than before. */
void qos_keeper_look_soon(QosKeeper *keeper);

/* Puts back what was there before and writes nothing more until qos_keeper_set() says that the
 * configuration was read again. @done: once, when all of it was tried; never from here. Return: 0,
 * -EALREADY (one is under way), or an errno. */
typedef void (*QosWithdrawn)(const QosWithdrawal *withdrawal, void *userdata);
_must_check_ int qos_keeper_withdraw(QosKeeper *keeper, QosWithdrawn done, void *userdata);

/* Limits by NUMA node are others' to keep and are shown with the rest. @view: borrowed. */
void qos_keeper_show(QosKeeper *keeper, const NodeLimitsView *view);
/* Stays where it is. */
const QosView *qos_keeper_get_view(const QosKeeper *keeper);
