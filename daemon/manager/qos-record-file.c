/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/qos-record-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "ledger/journal.h"

/*
 * Three records: as it should be, as a worker has it, as it is on the disk. The second becomes the
 * third when the worker says so; what changed meanwhile goes with the next one.
 */
#define FILE_PATH     JOURNAL_DIR "/" QOS_RECORD_NAME
#define DEADLINE_USEC UINT64_C(60000000)
#define RETRY_USEC    (5 * USEC_PER_SEC)

struct QosRecordFile {
        QosRecordFileParams params;
        QosRecord record, saved;
        QosRecord *saving; /* NULL: no worker has one */
        bool is_dirty;
        int dir_fd;
        uint64_t retry_usec; /* 0: the last one was kept */
        char problem[192];
};

QosRecordFile *qos_record_file_free(QosRecordFile *file) {
        if (!file)
                return NULL;
        fd_close(file->dir_fd);
        free(file->saving);
        free(file);
        return NULL;
}

static void clear(QosRecord *record, const char *boot_id) {
        *record = (QosRecord){};
        (void)snprintf(record->boot_id, sizeof(record->boot_id), "%s", boot_id);
}

/* Return: 0, also when there is none, QOS_RECORD_E_MALFORMED, or an errno. */
static int load(QosRecordFile *file, const Root *root, Diag *reterr) {
        _cleanup_(freep) char *text = malloc(QOS_RECORD_FILE_MAX);
        size_t n_text;
        int r;

        if (!text)
                return -ENOMEM;
        r = root_read(root, FILE_PATH, text, QOS_RECORD_FILE_MAX, &n_text);
        if (r == ROOT_E_ABSENT)
                return 0;
        if (r) {
                diag_set(reterr, FILE_PATH, 0, 0, "%s",
                         r == ROOT_E_TOO_LARGE ? "it is too large" : strerror(-r));
                return QOS_RECORD_E_MALFORMED;
        }
        r = qos_record_parse(text, n_text, &file->record, reterr);
        if (r > 0)
                (void)snprintf(reterr->source, sizeof(reterr->source), "%s", FILE_PATH);
        return r;
}

static void open_folder(QosRecordFile *file) {
        const QosRecordFileParams *params = &file->params;
        int r;

        if (params->problem && params->problem[0]) {
                (void)snprintf(file->problem, sizeof(file->problem), "%s", params->problem);
                return;
        }
        r = root_open(params->root, JOURNAL_DIR, O_RDONLY | O_DIRECTORY, &file->dir_fd);
        if (r == ROOT_E_ABSENT)
                (void)snprintf(file->problem, sizeof(file->problem),
                               "there is no folder " JOURNAL_DIR);
        else if (r)
                (void)snprintf(file->problem, sizeof(file->problem),
                               JOURNAL_DIR " cannot be used: %s", strerror(r < 0 ? -r : EIO));
}

int qos_record_file_new(const QosRecordFileParams *params, QosRecordFile **ret, Diag *reterr) {
        _cleanup_(qos_record_file_freep) QosRecordFile *file = calloc(1, sizeof(*file));
        int r;

        if (!file)
                return -ENOMEM;
        file->params = *params;
        file->dir_fd = -EBADF;
        clear(&file->record, params->boot_id);
        open_folder(file);
        r = file->dir_fd >= 0 ? load(file, params->root, reterr) : 0;
        if (r < 0)
                return r;
        if (r || strcmp(file->record.boot_id, params->boot_id) != 0)
                clear(&file->record, params->boot_id);
        file->saved = file->record;
        file->params.root = NULL;
        *ret = TAKE_PTR(file);
        return 0;
}

const QosRecord *qos_record_file_get(const QosRecordFile *file) {
        return &file->record;
}

const char *qos_record_file_get_problem(const QosRecordFile *file) {
        return file->problem;
}

bool qos_record_file_has(const QosRecordFile *file, const char *path, CgroupKnob knob) {
        return qos_record_find(&file->saved, path, knob) != NULL;
}

bool qos_record_file_is_busy(const QosRecordFile *file) {
        return file->saving != NULL;
}

uint64_t qos_record_file_get_due(const QosRecordFile *file) {
        return file->retry_usec && !file->saving ? file->retry_usec : UINT64_MAX;
}

static void fail(QosRecordFile *file, int error) {
        (void)snprintf(file->problem, sizeof(file->problem), FILE_PATH " cannot be written: %s",
                       strerror(-error));
        file->is_dirty = true;
        file->retry_usec = clock_now_usec(&file->params.clock) + RETRY_USEC;
}

static void on_saved(int error, int fd, void *userdata) {
        QosRecordFile *file = userdata;
        _cleanup_(freep) QosRecord *saving = TAKE_PTR(file->saving);

        fd_close(fd);
        if (error < 0) {
                fail(file, error);
        } else {
                file->saved = *saving;
                file->problem[0] = '\0';
                file->retry_usec = 0;
        }
        if (error == 0 && file->is_dirty)
                qos_record_file_save(file);
        file->params.ended(file->params.userdata);
}

/* Return: 0 or an errno. */
static int submit(QosRecordFile *file) {
        _cleanup_(buffer_deinitp) Buffer buffer = { .max = QOS_RECORD_FILE_MAX };
        _cleanup_(freep) QosRecord *saving = malloc(sizeof(*saving));
        int r;

        if (!saving)
                return -ENOMEM;
        *saving = file->record;
        qos_record_append(saving, &buffer);
        r = buffer_finish(&buffer);
        if (r)
                return r;
        r = worker_submit(file->params.workers, file->params.lane,
                          &(const WorkerJob){
                                  .op = WORKER_OP_REPLACE,
                                  .fd = file->dir_fd,
                                  .name = QOS_RECORD_NAME,
                                  .data = buffer.data,
                                  .n_data = buffer.n_data,
                                  .deadline_usec = DEADLINE_USEC,
                          },
                          on_saved, file);
        if (r)
                return r;
        file->saving = TAKE_PTR(saving);
        return 0;
}

void qos_record_file_save(QosRecordFile *file) {
        int r;

        if (!file->is_dirty || file->saving || file->dir_fd < 0 ||
            file->retry_usec > clock_now_usec(&file->params.clock))
                return;
        file->is_dirty = false;
        r = submit(file);
        if (r)
                fail(file, r);
}

void qos_record_file_retry(QosRecordFile *file) {
        if (file->retry_usec)
                qos_record_file_save(file);
}

void qos_record_file_put(QosRecordFile *file,
                         const char *path,
                         CgroupKnob knob,
                         const CgroupValue *before,
                         const CgroupValue *written) {
        bool has_changed = false;
        int r;

        r = qos_record_put(&file->record, path, knob, before, written, &has_changed);
        if (r) {
                (void)snprintf(file->problem, sizeof(file->problem),
                               "there are more limits than can be recorded");
                return;
        }
        file->is_dirty |= has_changed;
        if (!qos_record_file_has(file, path, knob))
                qos_record_file_save(file);
}

void qos_record_file_drop(QosRecordFile *file, const char *path, CgroupKnob knob) {
        qos_record_drop(&file->record, path, knob);
        file->is_dirty = true;
}
