/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/qos-record-file.h"

#include <errno.h>

#include "manager/record-file.h"

struct QosRecordFile {
        RecordFile *file;
};

static void append(const void *record, Buffer *buffer) {
        qos_record_append(record, buffer);
}

static int parse(const char *text, size_t n_text, void *ret, Diag *reterr) {
        return qos_record_parse(text, n_text, ret, reterr);
}

static const RecordKind kind = {
        .name = QOS_RECORD_NAME,
        .size = sizeof(QosRecord),
        .text_max = QOS_RECORD_FILE_MAX,
        .append = append,
        .parse = parse,
};

QosRecordFile *qos_record_file_free(QosRecordFile *file) {
        if (!file)
                return NULL;
        record_file_free(file->file);
        free(file);
        return NULL;
}

int qos_record_file_new(const QosRecordFileParams *params, QosRecordFile **ret, Diag *reterr) {
        _cleanup_(qos_record_file_freep) QosRecordFile *file = calloc(1, sizeof(*file));
        int r;

        if (!file)
                return -ENOMEM;
        r = record_file_new(&(const RecordFileParams){ .kind = &kind,
                                                       .root = params->root,
                                                       .boot_id = params->boot_id,
                                                       .problem = params->problem,
                                                       .workers = params->workers,
                                                       .lane = params->lane,
                                                       .clock = params->clock,
                                                       .ended = params->ended,
                                                       .userdata = params->userdata },
                            &file->file, reterr);
        if (r)
                return r;
        *ret = TAKE_PTR(file);
        return 0;
}

const QosRecord *qos_record_file_get(const QosRecordFile *file) {
        return record_file_get(file->file);
}

const char *qos_record_file_get_problem(const QosRecordFile *file) {
        return record_file_get_problem(file->file);
}

bool qos_record_file_has(const QosRecordFile *file, const char *path, CgroupKnob knob) {
        return qos_record_find(record_file_get_saved(file->file), path, knob) != NULL;
}

bool qos_record_file_is_busy(const QosRecordFile *file) {
        return record_file_is_busy(file->file);
}

uint64_t qos_record_file_get_due(const QosRecordFile *file) {
        return record_file_get_due(file->file);
}

void qos_record_file_save(QosRecordFile *file) {
        record_file_save(file->file);
}

void qos_record_file_retry(QosRecordFile *file) {
        record_file_retry(file->file);
}

void qos_record_file_put(QosRecordFile *file,
                         const char *path,
                         CgroupKnob knob,
                         const CgroupValue *before,
                         const CgroupValue *written) {
        bool has_changed = false;
        int r;

        r = qos_record_put(record_file_get(file->file), path, knob, before, written, &has_changed);
        if (r) {
                record_file_note_full(file->file, "there are more limits than can be recorded");
                return;
        }
        if (has_changed)
                record_file_note(file->file);
        if (!qos_record_file_has(file, path, knob))
                qos_record_file_save(file);
}

void qos_record_file_drop(QosRecordFile *file, const char *path, CgroupKnob knob) {
        qos_record_drop(record_file_get(file->file), path, knob);
        record_file_note(file->file);
}
