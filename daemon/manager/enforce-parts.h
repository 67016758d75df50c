/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the keeper of splits is made of
 *
 * For its own files: one puts it together and finds containers, one knows backends, one looks at a
 * container and takes its steps.
 */
#include "enforce/budget.h"
#include "enforce/compete.h"
#include "manager/enforce-announce.h"
#include "manager/enforce-backend.h"
#include "manager/enforce-follow.h"
#include "manager/enforce-keeper.h"
#include "manager/enforce-sample.h"

#define ENFORCE_LANES 2u

/* A container that is followed. */
typedef struct Followed {
        EnforcedContainer shown; /* the view borrows it */
        EnforceKeeper *keeper;
        BackendAsked asked;
        EnforceFiles files;
        NodeSet claimed; /* NUMA nodes of its claim */
        uint64_t due_usec;
        EnforceContender contender; /* while it waits for a lane; LEAVE: it does not */
        int lane;                   /* of the step that is under way; below 0: there is none */
        const EnforceBackendOps *step_ops;
        void *step_state;
        uint64_t step_bytes;
        size_t n_notes; /* of those that are not of a look */
        EnforceSaid said;
        bool is_held_by_backend; /* whose hold() was called */
        EnforceBackend held_by;
        bool is_wanted; /* while the list is made anew */
} Followed;

struct EnforceKeeper {
        EnforceKeeperParams params;
        EnforceMeans means;
        void *states[_ENFORCE_BACKEND_N]; /* of backends */
        bool has_opened[_ENFORCE_BACKEND_N];
        CgroupTree tree;
        sd_event_source *timer, *post;
        Followed **items;          /* the containers of the view, in its order */
        size_t n_items, next_item; /* the second: where a turn of looks begins */
        const EnforcedContainer **shown;
        Followed *lanes[ENFORCE_LANES]; /* whose step is under way in each */
        EnforceFree free;
        EnforceBudget budget;
        char *text; /* ENFORCE_TEXT_MAX bytes of room */
        /* what was followed last */
        bool must_follow;
        uint64_t generation, tree_usec;
        const Inventory *inventory;
        bool has_told; /* the backend of now */
        EnforceBackend chosen, told_backend;
        SplitHistory history;
        EnforceView view;
};

/* Backends: enforce-probe.c */

/* Return: 0 or an errno. */
_must_check_ int enforce_backends_open(EnforceKeeper *keeper);
void enforce_backends_close(EnforceKeeper *keeper);
/* What can be used now, and what follows for each container. */
void enforce_probe(EnforceKeeper *keeper);
/* The backend of one container, as it follows from what can be used. */
void enforce_assign(Followed *followed);
/* It is held by no backend any more. */
void enforce_release(Followed *followed);

/* The timer goes to whoever is due first. */
void enforce_arm(EnforceKeeper *keeper);

/* Looking and acting: enforce-hold.c */

/* Reads, decides, and begins what was decided. */
void enforce_look(Followed *followed, uint64_t now_usec);
/* Its step, if there is one, is nobody's any more. */
void enforce_abandon(Followed *followed);
