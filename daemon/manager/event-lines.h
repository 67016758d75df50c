/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which events of cgroups make a line in the journal, and when
 *
 * Pure. The first of a kind is told at once, what follows is summed up: a level that hits its limit
 * all the time has a line every ten seconds. Of limits only those of the level itself are told, for
 * what containers do to their own limits is no news; a process that was killed is told once, with
 * the innermost level that it was in.
 */
#include "cgroup/event-counts.h"
#include "qos/level.h"

#define EVENT_LINES_USUAL_USEC  UINT64_C(10000000) /* between two lines of a level and a kind */
#define EVENT_LINES_URGENT_USEC UINT64_C(1000000)  /* of processes that were killed, or may be */
#define EVENT_LINES_MAX         ((size_t)_QOS_LEVEL_N * _CGROUP_EVENT_KIND_N)
#define EVENT_LINES_NEVER       UINT64_MAX

typedef struct EventLine {
        QosLevel level;
        CgroupEventKind kind;
        uint64_t count; /* since the line before */
        uint64_t total; /* the kernel's counter, of those that have one */
} EventLine;

/* {}: nothing happened. */
typedef struct EventLines {
        struct {
                uint64_t count, total; /* that is not told yet */
                uint64_t next_usec;    /* no line before that */
        } items[_QOS_LEVEL_N][_CGROUP_EVENT_KIND_N];
} EventLines;

/* @events: what was taken in one go; their tags are levels. */
void event_lines_note(EventLines *lines, const CgroupEvent *events, size_t n_events);
/* Those that it is time for. Return: how many. */
size_t
event_lines_take(EventLines *lines, uint64_t now_usec, EventLine ret[static EVENT_LINES_MAX]);
/* When there is one to be taken. */
uint64_t event_lines_get_due(const EventLines *lines);
