/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What happened to the managed cgroups
 *
 * The last events of them, oldest first, and how many there were of each kind since slugd started.
 * Fixed in size, as the history of changes is.
 */
#include "cgroup/event-counts.h"
#include "qos/level.h"

#define CGROUP_HISTORY_MAX 256u

typedef struct CgroupHistoryEntry {
        uint64_t number;    /* from 1; one more than that of the entry before */
        uint64_t time_usec; /* of the wall clock, since 1970 */
        char path[CGROUP_PATH_MAX];
        CgroupEvent event; /* its tag is a QosLevel */
} CgroupHistoryEntry;

/* {}: empty. */
typedef struct CgroupHistory {
        CgroupHistoryEntry entries[CGROUP_HISTORY_MAX]; /* a ring */
        size_t first;                                   /* the oldest */
        size_t n_entries;
        uint64_t last_number; /* of the newest; 0: there was none */
        bool is_followed[_QOS_LEVEL_N];
        uint64_t counts[_QOS_LEVEL_N][_CGROUP_EVENT_KIND_N]; /* since the start */
} CgroupHistory;

void cgroup_history_add(CgroupHistory *history,
                        uint64_t time_usec,
                        const char *path,
                        const CgroupEvent *event);
/* @index: 0 is the oldest. */
const CgroupHistoryEntry *cgroup_history_get(const CgroupHistory *history, size_t index);
/* The index of the first entry that came after that number; n_entries: none did. */
size_t cgroup_history_find_after(const CgroupHistory *history, uint64_t number);
