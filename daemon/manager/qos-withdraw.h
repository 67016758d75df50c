/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Putting limits back
 *
 * Every knob of the record gets what it had before, one after the other, and leaves the record when
 * it has. One that cannot be put back stays in it, so that it can be tried again.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "cgroup/writer.h"
#include "manager/qos-record-file.h"
#include "service/qos-view.h"

typedef struct QosWithdraw QosWithdraw;

typedef struct QosWithdrawParams {
        sd_event *event;
        QosRecordFile *file;                                            /* borrowed */
        void (*ended)(const QosWithdrawal *withdrawal, void *userdata); /* never from here */
        void *userdata;
} QosWithdrawParams;

/* Return: 0 or an errno. */
_must_check_ int qos_withdraw_new(const QosWithdrawParams *params, QosWithdraw **ret);
QosWithdraw *qos_withdraw_free(QosWithdraw *withdraw);
DEFINE_CLEANUP(QosWithdraw *, qos_withdraw_free);

/* @tree, @writer: borrowed until it has ended; NULL: nothing can be written, as every item says.
 * @tells_systemd: where a unit stands behind a cgroup. */
void qos_withdraw_begin(QosWithdraw *withdraw,
                        const CgroupTree *tree,
                        CgroupWriter *writer,
                        bool tells_systemd);
/* The record has been kept, or could not be. */
void qos_withdraw_note_kept(QosWithdraw *withdraw);
