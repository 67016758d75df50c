/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What was there before
 *
 * Every knob that slugd has written, with what it had before the first time: kept on the disk, so
 * that it can be put back by another slugd than the one that wrote. Of one boot: cgroups do not
 * outlive it. Text and values; whoever reads and writes the file is above.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "cgroup/knob.h"
#include "cgroup/name.h"
#include "ledger/record.h"

#define QOS_RECORD_MAX      64u
#define QOS_RECORD_FILE_MAX (256u * 1024)
#define QOS_RECORD_NAME     "limits.json"

typedef struct QosRecordItem {
        char path[CGROUP_PATH_MAX];
        CgroupKnob knob;
        CgroupValue before;
        CgroupValue written; /* the last */
} QosRecordItem;

typedef struct QosRecord {
        char boot_id[RECORD_BOOT_MAX];
        QosRecordItem items[QOS_RECORD_MAX];
        size_t n_items;
} QosRecord;

enum {
        _QOS_RECORD_E_SUCCESS,
        QOS_RECORD_E_MALFORMED, /* @reterr says where */
        QOS_RECORD_E_FULL,
};

/* The first one of a knob keeps what was before; later ones only what was written. @ret_changed */
_must_check_ int qos_record_put(QosRecord *record,
                                const char *path,
                                CgroupKnob knob,
                                const CgroupValue *before,
                                const CgroupValue *written,
                                bool *ret_changed);
const QosRecordItem *qos_record_find(const QosRecord *record, const char *path, CgroupKnob knob);
void qos_record_drop(QosRecord *record, const char *path, CgroupKnob knob);
/* As JSON. Failure is the buffer's. */
void qos_record_append(const QosRecord *record, Buffer *buffer);
_must_check_ int qos_record_parse(const char *text, size_t n_text, QosRecord *ret, Diag *reterr);
