/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The workers of slugd
 *
 * Which lane does what, in one place; their answers are taken in the event loop, and a lane that is
 * stuck or back is told to the journal and to whoever uses it.
 */
#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "worker/worker.h"

typedef enum CrewLane {
        CREW_LEDGER,  /* appends and syncs */
        CREW_LIMITS,  /* limits of cgroups */
        CREW_CPUSETS, /* cpuset.mems, whose pages move */
        CREW_ASKED,   /* what callers of CgroupManagerService ask for */
        CREW_PAGES,   /* pages of containers that are moved; two, so that one waits for no other */
        CREW_PAGES_2,
        _CREW_LANE_N,
} CrewLane;

const char *crew_lane_name(CrewLane lane); /* "ledger" */

typedef struct Crew Crew;

/* Forks: to be called while the process has one thread, before the loop, and while it has what
 * moving pages takes (worker/capabilities.h), if it has. Return: 0 or an errno. */
_must_check_ int crew_new(Crew **ret);
/* Ends the workers, so that nothing is written any more; nobody is called. What their jobs were for
 * goes after it. */
Crew *crew_free(Crew *crew);
DEFINE_CLEANUP(Crew *, crew_free);

/* @changed: after a lane became stuck or came back. Return: 0 or an errno. */
_must_check_ int
crew_attach(Crew *crew, sd_event *event, void (*changed)(void *userdata), void *userdata);
Workers *crew_get_workers(const Crew *crew);
/* Whether its workers may move pages of other processes: slugd had what it takes at its start. */
bool crew_may_move_pages(const Crew *crew);
WorkerState crew_get_lane(const Crew *crew, CrewLane lane);
