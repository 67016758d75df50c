/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Looking at pods
 *
 * Owns what is known of pods (their cgroups, the newest report, both joined, what earlier looks
 * have missed), decides when to look again, and makes the ledger follow.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/root.h"
#include "hints/machine.h"
#include "ledger/journal.h"
#include "service/pods-view.h"

typedef struct PodsKeeper PodsKeeper;

typedef struct PodsKeeperParams {
        sd_event *event;
        const Root *root; /* borrowed, as are the next two */
        const Ledger *ledger;
        Journal *journal;
        Clock clock, wall_clock;         /* the first is monotonic */
        void (*changed)(void *userdata); /* the ledger, or how well pods are known */
        void *userdata;
} PodsKeeperParams;

_must_check_ int pods_keeper_new(const PodsKeeperParams *params, PodsKeeper **ret);
PodsKeeper *pods_keeper_free(PodsKeeper *keeper);
DEFINE_CLEANUP(PodsKeeper *, pods_keeper_free);

/* Borrowed until the next ones come. */
typedef struct PodsKeeperSettings {
        const HintsMachine *machine;
        const char *cgroup_root;
        uint64_t pending_timeout_usec;
} PodsKeeperSettings;

/* Before the first look, and whenever one of them is different; the next look is made with them. */
void pods_keeper_set(PodsKeeper *keeper, const PodsKeeperSettings *settings);

/* Looks now: reads the cgroups and brings the ledger up to date. What keeps it from doing so is in
 * the view, and tried again. */
void pods_keeper_look(PodsKeeper *keeper);
/* Looks, with this report in the place of the one before. @report: taken, also on failure. Return:
 * 0, or -ENOMEM with nothing changed. */
_must_check_ int pods_keeper_take(PodsKeeper *keeper, PodsReport *report);
/* Reads usage anew when it is older than that, and 200 ms old at the least. This is no look: the
 * ledger does not follow it. */
void pods_keeper_refresh(PodsKeeper *keeper, uint64_t max_age_usec);

/* Stays where it is. */
const PodsView *pods_keeper_get_view(const PodsKeeper *keeper);
