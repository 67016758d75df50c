/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A record on the disk of what was there before
 *
 * What slugd is about to overwrite is on the disk before it does. The whole record is one small
 * file in the ledger's folder, made anew by a worker, and of one boot: what it tells of does not
 * outlive that, and the record of another one is void. What is in it is its owner's business.
 */
#include <stdbool.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/root.h"
#include "ledger/record.h"
#include "worker/worker.h"

/* A record is a value: copied by assignment, owns nothing, {} is an empty one, and it begins with
 * a RecordFileHead. */
typedef struct RecordFileHead {
        char boot_id[RECORD_BOOT_MAX];
} RecordFileHead;

typedef struct RecordKind {
        const char *name; /* of the file, in the ledger's folder */
        size_t size;      /* of the record, in memory */
        size_t text_max;  /* of the file, bytes */
        /* As text. Failure is the buffer's. */
        void (*append)(const void *record, Buffer *buffer);
        /* Return: 0, a code above 0 for what cannot be read (@reterr says where), or an errno. */
        int (*parse)(const char *text, size_t n_text, void *ret, Diag *reterr);
} RecordKind;

typedef struct RecordFile RecordFile;

typedef struct RecordFileParams {
        const RecordKind *kind;
        const Root *root; /* borrowed until record_file_new() returns */
        const char *boot_id;
        const char *problem; /* why nothing can be kept, "" or NULL when it can; borrowed */
        Workers *workers;    /* borrowed */
        unsigned lane;
        Clock clock;                   /* monotonic */
        void (*ended)(void *userdata); /* it was kept, or could not be */
        void *userdata;
} RecordFileParams;

/* Reads what there is. One that cannot be read is void, and @reterr says why. Return: 0 or
 * an errno. */
_must_check_ int record_file_new(const RecordFileParams *params, RecordFile **ret, Diag *reterr);
RecordFile *record_file_free(RecordFile *file);
DEFINE_CLEANUP(RecordFile *, record_file_free);

/* The record as it should be; who changes it calls record_file_note(). */
void *record_file_get(RecordFile *file);
/* As it is on the disk. */
const void *record_file_get_saved(const RecordFile *file);
void record_file_note(RecordFile *file);
/* It is too small for what was to be put into it. */
void record_file_note_full(RecordFile *file, const char *problem);
/* Why the record is not kept, "" when it is. */
const char *record_file_get_problem(const RecordFile *file);
/* Brings what is different to the disk, unless that failed a moment ago. */
void record_file_save(RecordFile *file);
/* A worker has it. */
bool record_file_is_busy(const RecordFile *file);
/* When to try again what failed; UINT64_MAX: nothing did, or a worker has it. */
uint64_t record_file_get_due(const RecordFile *file);
/* Tries that again when it is due, whether or not anybody still has something to put. */
void record_file_retry(RecordFile *file);
