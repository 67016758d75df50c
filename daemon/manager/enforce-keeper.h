/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Holding the splits of containers
 *
 * Follows every container whose claim has a split: reads what of it is where, as often as it is
 * worth, has enforce_decide() say what to do, and has workers do it, one step of a container at a
 * time. Nothing of it outlives slugd: another one begins with what it finds.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/root.h"
#include "manager/crew.h"
#include "manager/node-limits.h"
#include "manager/settings.h"
#include "manager/snapshot.h"
#include "service/enforce-view.h"
#include "service/pods-view.h"

typedef struct EnforceKeeper EnforceKeeper;

typedef struct EnforceKeeperParams {
        sd_event *event;
        const Root *root; /* borrowed, as are the next four */
        Crew *crew;
        NodeLimits *node_limits;
        const PodsView *pods;
        const Ledger *ledger;
        Clock clock, wall_clock;         /* the first is monotonic */
        bool may_write;                  /* this machine, or a tree that is explicitly a fake one */
        void (*changed)(void *userdata); /* a status, or a backend */
        void *userdata;
} EnforceKeeperParams;

_must_check_ int enforce_keeper_new(const EnforceKeeperParams *params, EnforceKeeper **ret);
EnforceKeeper *enforce_keeper_free(EnforceKeeper *keeper);
DEFINE_CLEANUP(EnforceKeeper *, enforce_keeper_free);

/* Borrowed until the next ones come. Backends are probed anew. */
void enforce_keeper_set(EnforceKeeper *keeper, const Settings *settings, const Snapshot *snapshot);
/* Pods or claims are others than before: which containers are followed is found anew, soon. */
void enforce_keeper_follow(EnforceKeeper *keeper);
/* Backends are probed and containers are found anew: at intervals, and when it is asked for. */
void enforce_keeper_look(EnforceKeeper *keeper);
/* What is shown of the machine's settings; copied. */
void enforce_keeper_show_settings(EnforceKeeper *keeper,
                                  const EnforceSetting *settings,
                                  size_t n_settings);
/* Stays where it is. */
const EnforceView *enforce_keeper_get_view(const EnforceKeeper *keeper);
