/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * By which means a split is held
 *
 * One table of functions for each EnforceBackend, but for ENFORCE_OBSERVE, which does nothing. The
 * keeper alone calls them, from the loop; none of them blocks: what can block is a worker's.
 */
#include <systemd/sd-event.h>

#include "base/clock.h"
#include "base/root.h"
#include "enforce/enforce.h"
#include "manager/crew.h"
#include "manager/enforce-sample.h"
#include "manager/node-limits.h"
#include "manager/settings.h"
#include "manager/snapshot.h"
#include "service/enforce-view.h"

/* So long a step may take in a worker, which is killed then. */
#define ENFORCE_STEP_DEADLINE_USEC (10 * USEC_PER_SEC)

/* What all of them have at hand. It stays where it is; settings and snapshot come anew with every
 * probe, and are not NULL from the first one on. */
typedef struct EnforceMeans {
        sd_event *event;
        const Root *root; /* borrowed, as is the next one */
        Crew *crew;
        NodeLimits *node_limits; /* borrowed */
        Clock clock;             /* monotonic */
        bool may_write;          /* this machine, or a tree that is explicitly a fake one */
        const Settings *settings;
        const Snapshot *snapshot;
        NodeSet local, remote; /* NUMA nodes of each locality that have memory */
        unsigned n_lower_tiers;
        uint64_t page_bytes;
        const EnforceFree *free; /* when a step begins, a quarter of a second old at most */
} EnforceMeans;

typedef struct EnforceStep {
        const EnforcedContainer *container; /* borrowed until begin() returns, as are the
 next ones */
        int cgroup_fd;                      /* its folder, open for reading */
        const NodeSet *claimed;             /* NUMA nodes of its claim, of either locality */
        const NodeSet *mems;                /* cpuset.mems; NULL: any */
        EnforceAction action;               /* not LEAVE */
        uint64_t bytes;                     /* whole pages, not 0 */
        bool may_be_cut_off;                /* when it takes long: there is another way */
        CrewLane lane;                      /* in which nothing waits */
        /* Later, never from begin(). Its error is what the system said; how much was done is told
         * by usage alone. Its descriptor is none. */
        WorkerDone done;
        void *userdata; /* of this step alone */
} EnforceStep;

typedef struct EnforceBackendOps {
        /* What it needs for all its life; NULL: nothing. Return: 0 or an errno. */
        int (*open)(const EnforceMeans *means, void **ret);
        /* No step is under way. */
        void (*close)(void *state);
        /* Whether it can be used here and now. @reason: a line that says why, or why not. */
        bool (*probe)(const EnforceMeans *means, void *state, char reason[static DIAG_TEXT_MAX]);
        /* Return: 0, or an errno, and then done() is not called. NULL: it moves nothing by itself,
         * and its steps are those of ENFORCE_MIGRATE. */
        int (*begin)(const EnforceMeans *means, void *state, const EnforceStep *step);
        /* Whoever has that userdata is told nothing any more. NULL: worker_disown() does it. */
        void (*cancel)(void *state, void *userdata);
        /* It is the backend of that container from now on, or its split is another one, or neither;
         * and then it is so no more (its cgroup may be gone, and @cgroup_fd below 0). @claimed:
         * NUMA nodes of its claim. NULL: nothing to do: for those that have something to set up. */
        void (*hold)(const EnforceMeans *means,
                     void *state,
                     const EnforcedContainer *container,
                     const NodeSet *claimed,
                     int cgroup_fd);
        void (*release)(const EnforceMeans *means,
                        void *state,
                        const EnforcedContainer *container,
                        int cgroup_fd);
} EnforceBackendOps;

extern const EnforceBackendOps enforce_node_limit_ops, enforce_reclaim_ops, enforce_damos_ops,
        enforce_migrate_ops;
/* NULL: of ENFORCE_OBSERVE. */
const EnforceBackendOps *enforce_backend_ops(EnforceBackend backend);
