/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Drift
 *
 * inotify on the files and folders of managed cgroups. It says "look again" and nothing else: who
 * wrote what is not told, own writes show up, too, and a cgroup that is gone tells its parent only.
 */
#include <stdbool.h>

#include "base/cleanup.h"
#include "cgroup/group.h"

#define CGROUP_WATCH_ITEMS_MAX 256u

typedef struct CgroupWatch CgroupWatch;

typedef struct CgroupWatchItem {
        const char *path; /* of a cgroup, there or not */
        unsigned knobs;   /* a bit each */
} CgroupWatchItem;

/* @tree: borrowed. Return: 0 or an errno. */
_must_check_ int cgroup_watch_new(const CgroupTree *tree, CgroupWatch **ret);
CgroupWatch *cgroup_watch_free(CgroupWatch *watch);
DEFINE_CLEANUP(CgroupWatch *, cgroup_watch_free);

int cgroup_watch_get_fd(const CgroupWatch *watch);
/* Takes what happened. True: one of them was written, came or went, or may have: follow, then look.
 */
bool cgroup_watch_dispatch(CgroupWatch *watch);
/*
 * Watches these and nothing else: their files, and the folders above for their coming and going.
 * One that is watched already costs no system call, nor does a cgroup that is not there; a file
 * that is missing in one that is costs a look each time, so its bit is better left out. @ret_grew:
 * something was not watched before, so that a change may have been missed: look once more. Return:
 * 0, -E2BIG (too many items), -EINVAL (a path that is too long), or an errno (-ENOSPC: what is
 * watched stays).
 */
_must_check_ int cgroup_watch_follow(CgroupWatch *watch,
                                     const CgroupWatchItem *items,
                                     size_t n_items,
                                     bool *ret_grew);
