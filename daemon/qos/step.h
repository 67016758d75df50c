/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One step of one knob
 *
 * From what is wanted and what is there to what is written next, and to the word that tells how far
 * it is. Pure: time and state come in, state and a decision go out.
 *
 * memory.max is never written below memory.current plus a margin: it goes down as far as it may and
 * is pending. Whoever rewrites a knob again and again wins: after a few repairs, each later than
 * the one before, it is contended and left alone for a while.
 */
#include "cgroup/knob.h"
#include "cgroup/writer.h"
#include "qos/plan.h"

#define QOS_MARGIN_MIN_BYTES   (UINT64_C(64) * 1024 * 1024)
#define QOS_MARGIN_PERMILLE    50u /* of memory.current */
#define QOS_REPAIRS_MAX        5u  /* within QOS_REPAIR_WINDOW_USEC, then contended */
#define QOS_REPAIR_WINDOW_USEC UINT64_C(60000000)
#define QOS_REPAIR_MIN_USEC    UINT64_C(0)         /* before the first repair */
#define QOS_REPAIR_MAX_USEC    UINT64_C(1000000)   /* before the last */
#define QOS_CONTENDED_USEC     UINT64_C(600000000) /* then it is tried again */
#define QOS_REFUSED_USEC       UINT64_C(30000000)  /* before what was refused is tried again */
#define QOS_PENDING_USEC       UINT64_C(2000000)   /* before a limit is brought further down */
#define QOS_PENDING_STEP_BYTES (UINT64_C(16) * 1024 * 1024) /* and by how much, at the least */

typedef enum QosStatus {
        QOS_STATUS_UNMANAGED, /* slugd wants nothing there */
        QOS_STATUS_ABSENT,    /* there is no such cgroup, or no such file in it */
        QOS_STATUS_WRITING,   /* a worker or systemd has it, or it is about to */
        QOS_STATUS_ACHIEVED,
        QOS_STATUS_PENDING,   /* usage is in the way: as low as it may be */
        QOS_STATUS_REFUSED,   /* with an errno */
        QOS_STATUS_CONTENDED, /* somebody else writes it, too */
        _QOS_STATUS_N,
} QosStatus;

const char *qos_status_name(QosStatus status); /* "achieved" */

/* What is remembered of a knob between looks. {}: nothing was done yet. */
typedef struct QosKnob {
        QosStatus status;
        bool expects; /* @expected is there, unless somebody else has written */
        CgroupValue expected;
        uint64_t inode; /* of the cgroup that this is about */
        int error;      /* of REFUSED: an errno below 0 */
        CgroupWriteStep error_step;
        unsigned n_repairs;   /* in this window */
        uint64_t window_usec; /* when it began */
        uint64_t due_usec;    /* no repair before that */
        bool is_busy;         /* a write is under way */
        CgroupValue busy_value;
        uint64_t busy_inode; /* of the cgroup that it goes to */
        bool has_wanted;
        CgroupValue wanted;      /* of the last look */
        uint64_t pending_usec;   /* a limit comes no further down before that */
        uint64_t refused_usec;   /* nothing is written before that */
        uint64_t contended_usec; /* nothing is written before that */
} QosKnob;

typedef struct QosStepInput {
        const QosRow *row;
        const CgroupState *state; /* of its level, now */
        uint64_t page_bytes;
        uint64_t now_usec;
        bool may_lower; /* levels below have come down; else only raising is allowed */
        bool may_raise; /* levels above have gone up */
} QosStepInput;

typedef struct QosDecision {
        bool writes;    /* @value, now; the knob is busy until qos_step_done() */
        bool is_repair; /* of what somebody else has written */
        CgroupValue value;
        uint64_t due_usec; /* look at this knob again then; UINT64_MAX: no need to */
} QosDecision;

/* @knob: brought up to date. */
QosDecision qos_step(QosKnob *knob, const QosStepInput *input);
/* The write of @what that a decision asked for has ended, or could not begin: @error of the result
 * then says why. It is owed for every one. What was wanted meanwhile is written by the next
 * qos_step(). */
void qos_step_done(QosKnob *knob,
                   CgroupKnob what,
                   const CgroupWriteResult *result,
                   uint64_t page_bytes,
                   uint64_t now_usec);
/* What is remembered of refusals and rivals is forgotten: the operator asked to. */
void qos_knob_forgive(QosKnob *knob);
