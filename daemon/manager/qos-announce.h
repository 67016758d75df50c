/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the journal is told of limits
 *
 * A line when something became different, never one for each step or each look.
 */
#include "service/qos-view.h"

#define QOS_MESSAGE_MAX 128u

/* What is remembered of a knob that has been told of. {}: nothing was. */
typedef struct QosTold {
        QosStatus status;
        uint64_t since_usec;           /* of @status */
        bool has_value;                /* @value is known to whoever reads the journal */
        CgroupValue value;             /* that was achieved */
        int error;                     /* that was told, until it is achieved */
        bool has_told_pending;         /* same */
        bool is_on_its_way;            /* since @before was there */
        CgroupValue before;            /* what slugd found when it began to write */
        bool is_drift;                 /* @before was somebody else's */
        char message[QOS_MESSAGE_MAX]; /* of systemd, for the last write; "" for none */
} QosTold;

/* A write begins. @found: what is there. */
void qos_told_begin(QosTold *told, const CgroupValue *found, bool is_drift);
/* After a look. Of a few repairs in a row only the first is told. */
void qos_announce_knob(QosTold *told,
                       const QosRow *row,
                       const char *path,
                       const QosKnob *knob,
                       uint64_t page_bytes,
                       uint64_t now_usec);
/* Why nothing is written; "" when it is again. */
void qos_announce_problem(const char *problem);
/* Why not all managed cgroups are watched, an errno. */
void qos_announce_unwatched(int error);
void qos_announce_damage(const Diag *problem);
void qos_announce_withdrawal(const QosWithdrawal *withdrawal);
