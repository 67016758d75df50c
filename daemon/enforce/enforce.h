/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Holding a split
 *
 * What is to be done for one container so that its bytes are where they were promised: a pure
 * function of what it was promised, what is where, and what was done before. Nothing here reads or
 * writes anything.
 *
 * local.max and remote.max are ceilings, local.min is a promise. Above its local ceiling a
 * container's pages are moved down, below its local minimum they are moved up when there is room
 * and remote ones to move; what lies between is the kernel's business, but for what it has moved
 * down without having been asked to. What the kernel says of a move is never taken for granted:
 * what counts is where bytes are afterwards.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/nodeset.h"
#include "split/split.h"

/* The best first; auto takes the first that is usable. */
typedef enum EnforceBackend {
        ENFORCE_NODE_LIMIT,
        ENFORCE_RECLAIM,
        ENFORCE_DAMOS,
        ENFORCE_MIGRATE,
        ENFORCE_OBSERVE,
        _ENFORCE_BACKEND_N,
} EnforceBackend;

const char *enforce_backend_name(EnforceBackend backend); /* "reclaim" */
bool enforce_backend_parse(const char *text, EnforceBackend *ret);

typedef enum EnforceStatus {
        ENFORCE_HELD,
        ENFORCE_DEMOTING,
        ENFORCE_PROMOTING,
        ENFORCE_WAITING,
        ENFORCE_FAILED,
        ENFORCE_OBSERVED,
        ENFORCE_ABSENT,
        _ENFORCE_STATUS_N,
} EnforceStatus;

const char *enforce_status_name(EnforceStatus status); /* "demoting" */

/* Of memory.numa_stat and memory.stat, by enforce_usage_parse() (usage.h). Bytes. */
typedef struct EnforceUsage {
        uint64_t usec;                 /* when it was read, monotonic */
        uint64_t local, remote, other; /* anon and file */
        uint64_t local_anon, local_file, remote_file;
        OptU64 kernel_demoted, kernel_promoted; /* since the cgroup was made */
        OptU64 pressure_permille;               /* memory.pressure, some avg10 */
        bool has_swap;                          /* it may swap: what is reclaimed may go there */
} EnforceUsage;

/* What a container was promised, and by which means it is held. */
typedef struct EnforceTarget {
        Split split;
        EnforceBackend backend;
        bool may_promote; /* by configuration, and there is a means */
} EnforceTarget;

/* What all containers of the node share, as it is now. */
typedef struct EnforceNode {
        uint64_t local_free, remote_free; /* bytes above the kernel's watermarks */
        uint64_t stale_bytes;             /* by how much usage may be behind: 64 pages a CPU */
        uint64_t budget;                  /* bytes that may be moved now; UINT64_MAX: no limit */
        uint64_t pressure_permille_max;   /* above it nothing is promoted; 0: no limit */
        unsigned n_lower_tiers; /* below local memory: with more than one demotion cascades */
        bool moves_pages;       /* ENFORCE_MIGRATE can be used */
        uint64_t interval_min_usec, interval_max_usec; /* of looking at a container */
} EnforceNode;

typedef enum EnforceAction {
        ENFORCE_LEAVE,
        ENFORCE_DEMOTE,
        ENFORCE_PROMOTE,
} EnforceAction;

/* What is to be done now, and when to look again. */
typedef struct EnforceDecision {
        EnforceAction action;
        uint64_t bytes; /* of one step */
        EnforceStatus status;
        bool by_pages; /* by ENFORCE_MIGRATE instead of the target's backend */
        bool is_other; /* not by the way that comes first, which gets nowhere */
        bool reclaims; /* by memory.reclaim */
        bool may_tell; /* when it moves nothing without an error, so will the next one */
        char reason[DIAG_TEXT_MAX];
        uint64_t
                next_usec; /* when to read usage again, monotonic; while a step is under way, too */
} EnforceDecision;

/* Of usage, as far as growth is made of it. */
typedef struct EnforceSample {
        uint64_t usec; /* 0: none */
        uint64_t local, remote, total;
        OptU64 kernel_promoted;
} EnforceSample;

/* What is remembered of a container. {} is one that was never looked at. A slugd that starts anew
 * begins with that: nothing of it has to last. */
typedef struct EnforceMemory {
        EnforceUsage last;
        bool has_last;
        double growth;       /* bytes of local memory a second by whatever but slugd, smoothed */
        double throughput;   /* bytes a second that a step down moves, smoothed; 0: not known */
        uint64_t step_bytes; /* of the step that is under way; 0: none */
        EnforceAction step_action;
        bool step_is_other, step_reclaims, step_may_tell;
        uint64_t step_usec; /* when it began */
        EnforceUsage step_before;
        unsigned n_stalled; /* steps one after another that moved nothing; one may be worth three */
        unsigned n_given_up; /* since a step has moved something */
        bool takes_pages;    /* steps down are by pages first, and reclaim is the other way */
        bool is_given_up;    /* and nothing is tried before retry_usec */
        int error;           /* of the last step that moved nothing */
        uint64_t retry_usec; /* after a step that moved nothing: not before */
        uint64_t other_usec; /* until then the way that comes first is not tried */
        uint64_t demoted, promoted; /* bytes, since it is followed */
        uint64_t returned_usec;     /* when pages that were moved down were seen to come back */
        double return_cost;         /* 0..1: how much of what is moved down comes back */
        uint64_t over_since_usec;   /* 0: it is not over its ceiling */
        uint64_t excess_bytes;  /* that steps down took beyond what they were to, not back yet */
        uint64_t overdone_usec; /* when one did last; 0: none did */
        /* what the numbers above are made of */
        EnforceSample sample;
        bool is_sample_mixed;  /* a step was under way since */
        uint64_t stale_bytes;  /* of the node, when it was looked at last */
        uint64_t unseen_bytes; /* of steps that no counter has told of yet */
        uint64_t unseen_usec;
        uint64_t settle_usec; /* until then the counters may not have told all of the last step */
        uint64_t active_usec; /* when it grew, shrank or was moved last */
        double recent_down, recent_back; /* bytes, fading */
} EnforceMemory;

/*
 * enforce_decide() - what to do now
 *
 * @memory: brought up to date with @usage. While a step is under way (step_bytes is not 0) the
 *          action is always LEAVE
 *
 * A step takes no more than is above the ceiling, with what grows until the next look, and ends
 * within three percent below it (or within what the kernel's counters may be behind, where that is
 * more). It leaves local.min alone, but for these three percent where local.max is as small: what
 * others want is not asked here. It moves no more down than remote.max and the room on remote NUMA
 * nodes allow, and no more than node->budget.
 */
EnforceDecision enforce_decide(EnforceMemory *memory,
                               const EnforceTarget *target,
                               const EnforceUsage *usage,
                               const EnforceNode *node);
/* A step that was decided on is under way. */
void enforce_note_begun(EnforceMemory *memory, const EnforceDecision *decision, uint64_t now_usec);
/* It has ended, however: @usage as it is now. @error: what the system said, 0 or an errno with
 * either sign; it is told, and counts only where nothing else says that pages were moved. Return:
 * bytes that were moved in its direction. */
uint64_t enforce_note_done(EnforceMemory *memory, const EnforceUsage *usage, int error);

/* What makes it less precise for this container: static texts, one sentence each. Return: how many
 * of @notes are set. */
#define ENFORCE_NOTES 4u
size_t enforce_list_notes(const EnforceTarget *target,
                          const EnforceUsage *usage,
                          const EnforceNode *node,
                          const char *notes[ENFORCE_NOTES]);
