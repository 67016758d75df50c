/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a step asks of DAMON
 *
 * From which NUMA node to which one, which physical addresses that is, and which cgroups: DAMON
 * takes one exactly and nothing below it.
 */
#include "damon/damon.h"
#include "manager/enforce-backend.h"

/* A step that lasts longer than begin(). */
typedef struct DamosStep {
        char path[CGROUP_PATH_MAX];
        int cgroup_fd; /* its own; -EBADF: this is none */
        NodeSet claimed, mems;
        bool knows_mems;
        EnforceAction action;
        uint64_t bytes;
        CrewLane lane;
        WorkerDone done; /* NULL: nobody is told */
        void *userdata;
} DamosStep;

#define DAMOS_STEP_NULL                                                                            \
        { .cgroup_fd = -EBADF }

typedef struct DamosPick {
        DamonMove move; /* borrows the next ones, and the step */
        char cgroups[DAMON_CGROUPS_MAX][CGROUP_PATH_MAX];
        uint64_t own_bytes[DAMON_CGROUPS_MAX]; /* of each on move.from, without those below it */
        uint64_t bytes;                        /* that are to be moved */
        uint64_t looked_bytes;                 /* of all memory of move.from */
        bool is_whole;                         /* the ranges are all of it */
        uint64_t from_bytes, to_bytes;         /* what the container has there */
} DamosPick;

/* What a container has on two NUMA nodes. @text: ENFORCE_TEXT_MAX bytes of room. Return: 0, -ENODEV
 * (it is gone), -EBADMSG, or another errno. */
_must_check_ int damos_read_bytes(const EnforceMeans *means,
                                  int cgroup_fd,
                                  unsigned from,
                                  unsigned to,
                                  char *text,
                                  uint64_t *ret_from,
                                  uint64_t *ret_to);

/* @hands: of each NUMA node the address to go on from. @ret: large; stays where it is. Return: 0;
 * -ENOSPC: there is no room on the NUMA nodes that it may use; -ENOENT: nothing of it is where it
 * is to be taken from; as above, or another errno. */
_must_check_ int damos_pick(const EnforceMeans *means,
                            const DamonFeatures *features,
                            const DamosStep *step,
                            const uint64_t *hands,
                            char *text,
                            DamosPick *ret);
/* Anew, with another one. Return: 0 or -EOPNOTSUPP. */
_must_check_ int damos_pick_ranges(const EnforceMeans *means, uint64_t hand, DamosPick *pick);
