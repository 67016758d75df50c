/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the kernel counts of a cgroup
 *
 * memory.events and cgroup.events as values, and what happened between two of them. Pure. The
 * kernel counts an event for a cgroup and for all that it is in; memory.events.local has those of
 * the cgroup alone, so that a limit of its own can be told from one further down.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

typedef enum CgroupEventKind {
        CGROUP_EVENT_LOW, /* these have a counter in memory.events */
        CGROUP_EVENT_HIGH,
        CGROUP_EVENT_MAX,
        CGROUP_EVENT_OOM,
        CGROUP_EVENT_OOM_KILL,
        CGROUP_EVENT_OOM_GROUP_KILL,
        _CGROUP_EVENT_COUNTERS_N,
        CGROUP_EVENT_POPULATED = _CGROUP_EVENT_COUNTERS_N, /* these are of cgroup.events */
        CGROUP_EVENT_EMPTY,
        CGROUP_EVENT_PRESSURE, /* a trigger of memory.pressure */
        _CGROUP_EVENT_KIND_N,
} CgroupEventKind;

const char *cgroup_event_kind_name(CgroupEventKind kind); /* "oom_kill", as the kernel has it */

typedef struct CgroupEvent {
        unsigned tag; /* of the cgroup, whatever its owner means by it */
        CgroupEventKind kind;
        uint64_t count; /* how often, since it was looked at before; not 0 */
        uint64_t own;   /* of @count, those of the cgroup alone; all, where that is not told */
        uint64_t total; /* the kernel's counter; 0 for kinds that have none */
} CgroupEvent;

/* {}: of a cgroup that was just made. */
typedef struct CgroupEventCounts {
        uint64_t totals[_CGROUP_EVENT_COUNTERS_N];
        uint64_t own[_CGROUP_EVENT_COUNTERS_N];
        bool has_own;
        bool is_populated;
} CgroupEventCounts;

#define CGROUP_EVENT_COUNTS_TEXT_MAX 4096u /* of each file */

enum {
        _CGROUP_EVENT_E_SUCCESS,
        CGROUP_EVENT_E_MALFORMED, /* not lines of a key and a number; @counts is untouched */
};

/* Keys that are not known are passed over, those that are missing keep what @counts has. */
_must_check_ int
cgroup_event_counts_parse_memory(CgroupEventCounts *counts, const char *text, size_t n_text);
/* memory.events.local */
_must_check_ int
cgroup_event_counts_parse_own(CgroupEventCounts *counts, const char *text, size_t n_text);
_must_check_ int
cgroup_event_counts_parse_cgroup(CgroupEventCounts *counts, const char *text, size_t n_text);
/* A counter that went back is another cgroup's: it counts from 0. @tag: what the events get.
 * Return: how many. */
size_t cgroup_event_counts_compare(const CgroupEventCounts *before,
                                   const CgroupEventCounts *now,
                                   unsigned tag,
                                   CgroupEvent events[static _CGROUP_EVENT_KIND_N]);
