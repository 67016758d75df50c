/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What happens to a few cgroups
 *
 * inotify on memory.events and cgroup.events wakes, the counters tell what happened since, and a
 * trigger of memory.pressure tells when tasks wait for memory. What came before a cgroup was
 * followed is not told; what came while it was made anew is.
 *
 * A trigger's descriptor has to be in the caller's own loop: asking whether it is ready takes its
 * news, so that an epoll descriptor in another one would swallow them.
 */
#include "cgroup/event-counts.h"
#include "cgroup/group.h"

#define CGROUP_EVENTS_ITEMS_MAX 8u
#define CGROUP_EVENTS_MAX       (CGROUP_EVENTS_ITEMS_MAX * _CGROUP_EVENT_KIND_N)

/* Tasks waited for memory 200 ms of 2 s. An unprivileged trigger has a window of 2 s or a multiple
 * of it. */
#define CGROUP_PRESSURE_STALL_USEC  200000u
#define CGROUP_PRESSURE_WINDOW_USEC 2000000u

typedef struct CgroupEvents CgroupEvents;

typedef struct CgroupEventsParams {
        const CgroupTree *tree; /* borrowed */
        /* There is a trigger now: call cgroup_events_take_pressure() when @fd has POLLPRI or
         * POLLERR. Return: 0, or an errno: then it is closed again. NULL: no triggers. */
        int (*triggered)(unsigned tag, int fd, void *userdata);
        /* Its descriptor is about to be closed. */
        void (*untriggered)(unsigned tag, void *userdata);
        void *userdata;
} CgroupEventsParams;

typedef struct CgroupEventsItem {
        unsigned tag;     /* below CGROUP_EVENTS_ITEMS_MAX, one of a kind */
        const char *path; /* below the cgroup root; copied */
        uint64_t inode;   /* of its folder; 0: it is not there. Another one is another cgroup */
} CgroupEventsItem;

/* Return: 0 or an errno. */
_must_check_ int cgroup_events_new(const CgroupEventsParams *params, CgroupEvents **ret);
CgroupEvents *cgroup_events_free(CgroupEvents *events);
DEFINE_CLEANUP(CgroupEvents *, cgroup_events_free);

/* Follows these and no others; to be followed by a cgroup_events_take(). One that is followed
 * already costs no system call. Return: 0, or the first errno (the others are followed, and that
 * one is tried again next time). */
_must_check_ int
cgroup_events_follow(CgroupEvents *events, const CgroupEventsItem *items, size_t n_items);

int cgroup_events_get_fd(const CgroupEvents *events); /* readable when something happened */
/* What happened since, in the order of their tags and kinds. Never blocks. Return: how many. */
size_t cgroup_events_take(CgroupEvents *events, CgroupEvent ret[static CGROUP_EVENTS_MAX]);
/* @is_gone: it had POLLERR; its trigger is closed. Return: whether it is news, with @ret. */
bool cgroup_events_take_pressure(CgroupEvents *events,
                                 unsigned tag,
                                 bool is_gone,
                                 CgroupEvent *ret);
