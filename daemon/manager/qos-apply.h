/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bringing knobs to what was planned
 *
 * What is remembered of every knob, and one step of each at a time: in order of levels, after what
 * was there before is recorded, through the writer.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "manager/qos-announce.h"
#include "manager/qos-record-file.h"
#include "qos/plan.h"

typedef struct QosApply QosApply;

typedef struct QosApplyParams {
        QosRecordFile *file;             /* borrowed */
        Clock clock;                     /* monotonic */
        void (*written)(void *userdata); /* a write has ended: look again */
        void *userdata;
} QosApplyParams;

typedef struct QosApplySight {
        const QosPlaces *places;
        unsigned n_moves; /* another one: levels are somewhere else */
        uint64_t page_bytes;
        CgroupWriter *writer; /* NULL: nothing is to be written, it is only said how things are */
        bool tells_systemd;
} QosApplySight;

/* Return: 0 or -ENOMEM. */
_must_check_ int qos_apply_new(const QosApplyParams *params, QosApply **ret);
/* After the writer, which would call it. */
QosApply *qos_apply_free(QosApply *apply);
DEFINE_CLEANUP(QosApply *, qos_apply_free);

/* What is planned from now on; what is remembered of a knob goes along. */
void qos_apply_plan(QosApply *apply, const QosPlan *plan);
/* One step of each knob. @ret_due_usec: of the next look, UINT64_MAX for none. Return: something is
 * different from before: a value, a reason, a status. */
bool qos_apply_step(QosApply *apply, const QosApplySight *sight, uint64_t *ret_due_usec);
/* Rivals and refusals are forgotten. */
void qos_apply_forgive(QosApply *apply);

const QosPlan *qos_apply_get_plan(const QosApply *apply);  /* stays where it is */
const QosKnob *qos_apply_get_knobs(const QosApply *apply); /* of its rows; same */
unsigned qos_apply_count_busy(const QosApply *apply);      /* writes that have not ended */

typedef struct QosApplyStats {
        uint64_t n_writes, n_repairs; /* since the start */
} QosApplyStats;
QosApplyStats qos_apply_get_stats(const QosApply *apply);
