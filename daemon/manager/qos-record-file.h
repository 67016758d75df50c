/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The record of limits on the disk
 *
 * What was in a knob before slugd wrote it is there before it is written. The whole record is one
 * small file, made anew by a worker. Cgroups do not outlive a boot, and the record of another
 * one is void.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/root.h"
#include "qos/record.h"
#include "worker/worker.h"

typedef struct QosRecordFile QosRecordFile;

typedef struct QosRecordFileParams {
        const Root *root; /* borrowed until qos_record_file_new() returns */
        const char *boot_id;
        const char *problem; /* why nothing can be kept, "" or NULL when it can; borrowed */
        Workers *workers;    /* borrowed */
        unsigned lane;
        Clock clock;                   /* monotonic */
        void (*ended)(void *userdata); /* it was kept, or could not be */
        void *userdata;
} QosRecordFileParams;

/* Reads what there is. One that cannot be read is void, and @reterr says why. Return: 0 or
 * an errno. */
_must_check_ int
qos_record_file_new(const QosRecordFileParams *params, QosRecordFile **ret, Diag *reterr);
QosRecordFile *qos_record_file_free(QosRecordFile *file);
DEFINE_CLEANUP(QosRecordFile *, qos_record_file_free);

const QosRecord *qos_record_file_get(const QosRecordFile *file);
/* Why the record is not kept, "" when it is. */
const char *qos_record_file_get_problem(const QosRecordFile *file);
/* What was before is on the disk. */
bool qos_record_file_has(const QosRecordFile *file, const char *path, CgroupKnob knob);
/* As qos_record_put(). What is new is on its way to the disk when this returns, unless it failed a
 * moment ago; what only was written again goes with the next. */
void qos_record_file_put(QosRecordFile *file,
                         const char *path,
                         CgroupKnob knob,
                         const CgroupValue *before,
                         const CgroupValue *written);
void qos_record_file_drop(QosRecordFile *file, const char *path, CgroupKnob knob);
/* Brings what is different to the disk. */
void qos_record_file_save(QosRecordFile *file);
/* A worker has it. */
bool qos_record_file_is_busy(const QosRecordFile *file);
/* When to try again what failed; UINT64_MAX: nothing did, or a worker has it. */
uint64_t qos_record_file_get_due(const QosRecordFile *file);
/* Tries that again when it is due, whether or not anybody still has something to put. */
void qos_record_file_retry(QosRecordFile *file);
