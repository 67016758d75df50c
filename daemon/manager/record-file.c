/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/record-file.h"

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
#define PATH_MAX_HERE 64u
#define DEADLINE_USEC UINT64_C(60000000)
#define RETRY_USEC    (5 * USEC_PER_SEC)

struct RecordFile {
        RecordFileParams params;
        void *record, *saved;
        void *saving;             /* NULL: no worker has one */
        char path[PATH_MAX_HERE]; /* of the file, from the root, for messages */
        bool is_dirty;
        int dir_fd;
        uint64_t retry_usec; /* 0: the last one was kept */
        char problem[192];
};

RecordFile *record_file_free(RecordFile *file) {
        if (!file)
                return NULL;
        fd_close(file->dir_fd);
        free(file->record);
        free(file->saved);
        free(file->saving);
        free(file);
        return NULL;
}

static void clear(RecordFile *file) {
        RecordFileHead *head = file->record;

        memset(file->record, 0, file->params.kind->size);
        (void)snprintf(head->boot_id, sizeof(head->boot_id), "%s", file->params.boot_id);
}

/* Return: 0, also when there is none, a code above 0 for what cannot be read, or an errno. */
static int load(RecordFile *file, const Root *root, Diag *reterr) {
        const RecordKind *kind = file->params.kind;
        _cleanup_(freep) char *text = malloc(kind->text_max);
        size_t n_text;
        int r;

        if (!text)
                return -ENOMEM;
        r = root_read(root, file->path, text, kind->text_max, &n_text);
        if (r == ROOT_E_ABSENT)
                return 0;
        if (r) {
                diag_set(reterr, file->path, 0, 0, "%s",
                         r == ROOT_E_TOO_LARGE ? "it is too large" : strerror(-r));
                return 1;
        }
        r = kind->parse(text, n_text, file->record, reterr);
        if (r > 0)
                (void)snprintf(reterr->source, sizeof(reterr->source), "%s", file->path);
        return r;
}

static void open_folder(RecordFile *file) {
        const RecordFileParams *params = &file->params;
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

int record_file_new(const RecordFileParams *params, RecordFile **ret, Diag *reterr) {
        _cleanup_(record_file_freep) RecordFile *file = calloc(1, sizeof(*file));
        const RecordFileHead *head;
        int r;

        if (!file)
                return -ENOMEM;
        file->params = *params;
        file->dir_fd = -EBADF;
        (void)snprintf(file->path, sizeof(file->path), JOURNAL_DIR "/%s", params->kind->name);
        head = file->record = calloc(1, params->kind->size);
        file->saved = calloc(1, params->kind->size);
        if (!file->record || !file->saved)
                return -ENOMEM;
        clear(file);
        open_folder(file);
        r = file->dir_fd >= 0 ? load(file, params->root, reterr) : 0;
        if (r < 0)
                return r;
        if (r || strcmp(head->boot_id, params->boot_id) != 0)
                clear(file);
        memcpy(file->saved, file->record, params->kind->size);
        file->params.root = NULL;
        *ret = TAKE_PTR(file);
        return 0;
}

void *record_file_get(RecordFile *file) {
        return file->record;
}

const void *record_file_get_saved(const RecordFile *file) {
        return file->saved;
}

void record_file_note(RecordFile *file) {
        file->is_dirty = true;
}

void record_file_note_full(RecordFile *file, const char *problem) {
        (void)snprintf(file->problem, sizeof(file->problem), "%s", problem);
}

const char *record_file_get_problem(const RecordFile *file) {
        return file->problem;
}

bool record_file_is_busy(const RecordFile *file) {
        return file->saving != NULL;
}

uint64_t record_file_get_due(const RecordFile *file) {
        return file->retry_usec && !file->saving ? file->retry_usec : UINT64_MAX;
}

static void fail(RecordFile *file, int error) {
        (void)snprintf(file->problem, sizeof(file->problem), "%s cannot be written: %s", file->path,
                       strerror(-error));
        file->is_dirty = true;
        file->retry_usec = clock_now_usec(&file->params.clock) + RETRY_USEC;
}

static void on_saved(int error, int fd, void *userdata) {
        RecordFile *file = userdata;
        _cleanup_(freep) void *saving = TAKE_PTR(file->saving);

        fd_close(fd);
        if (error < 0) {
                fail(file, error);
        } else {
                memcpy(file->saved, saving, file->params.kind->size);
                file->problem[0] = '\0';
                file->retry_usec = 0;
        }
        if (error == 0 && file->is_dirty)
                record_file_save(file);
        file->params.ended(file->params.userdata);
}

/* Return: 0 or an errno. */
static int submit(RecordFile *file) {
        const RecordKind *kind = file->params.kind;
        _cleanup_(buffer_deinitp) Buffer buffer = { .max = kind->text_max };
        _cleanup_(freep) void *saving = malloc(kind->size);
        int r;

        if (!saving)
                return -ENOMEM;
        memcpy(saving, file->record, kind->size);
        kind->append(saving, &buffer);
        r = buffer_finish(&buffer);
        if (r)
                return r;
        r = worker_submit(file->params.workers, file->params.lane,
                          &(const WorkerJob){
                                  .op = WORKER_OP_REPLACE,
                                  .fd = file->dir_fd,
                                  .name = kind->name,
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

void record_file_save(RecordFile *file) {
        int r;

        if (!file->is_dirty || file->saving || file->dir_fd < 0 ||
            file->retry_usec > clock_now_usec(&file->params.clock))
                return;
        file->is_dirty = false;
        r = submit(file);
        if (r)
                fail(file, r);
}

void record_file_retry(RecordFile *file) {
        if (file->retry_usec)
                record_file_save(file);
}
