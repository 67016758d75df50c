/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The journal
 *
 * Makes changes of the ledger durable: changes that come while the disk is busy wait together and
 * go as one batch, and each is told when its batch is synced. It does no I/O: a disk of two
 * operations does, asynchronously.
 *
 * When an operation fails the file's state is unknown: what waits is told so, further changes are
 * refused at once, and the whole ledger is written to a new file, again and again with back-off,
 * until that works. Compaction is the same thing on purpose.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/root.h"
#include "ledger/ledger.h"
#include "ledger/record.h"

typedef struct Journal Journal;

/* From the root. */
#define JOURNAL_DIR  "/var/lib/slug"
#define JOURNAL_NAME "ledger.log"

#define JOURNAL_FILE_MAX  (64u * 1024 * 1024) /* a larger file is neither made nor read */
#define JOURNAL_BATCH_MAX (1024u * 1024)      /* bytes that wait; then changes are refused */
#define JOURNAL_COMPACT_BYTES                                                                      \
        (1024u * 1024) /* a file that is larger, and four times what is in it */

typedef void (*JournalDiskDone)(int error, void *userdata);

/* Each calls @done exactly once, later, or returns an errno and never does; @data stays until then.
 * At most one operation is under way. One that ends after journal_free() ends unheard. */
typedef struct JournalDisk {
        /* Writes at @offset of the current file, cuts off what is behind, syncs. */
        int (*append)(void *disk,
                      uint64_t offset,
                      const void *data,
                      size_t n_data,
                      JournalDiskDone done,
                      void *userdata);
        /* Makes a new file of it, which is the current one from then on. */
        int (*replace)(void *disk,
                       const void *data,
                       size_t n_data,
                       JournalDiskDone done,
                       void *userdata);
        /* journal_retry() is to be called after so long. */
        void (*retry_after)(void *disk, uint64_t usec);
        void *disk;
} JournalDisk;

typedef enum JournalHealth {
        JOURNAL_HEALTHY,
        JOURNAL_FAILED, /* the last operation failed; @problem says how */
        JOURNAL_ABSENT, /* there is nowhere to write: no durable ledger in this run (--root of a
                             captured machine without the folder) */
} JournalHealth;

typedef struct JournalState {
        JournalHealth health;
        char problem[256]; /* "" when healthy */
        uint64_t n_syncs;  /* operations that succeeded */
        uint64_t n_failures;
        uint64_t file_bytes;
        size_t n_waiting; /* changes that are not durable yet */
} JournalState;

/*
 * @error: 0: durable. Otherwise the change was taken back from the ledger before this is called.
 */
typedef void (*JournalDone)(int error, void *userdata);

typedef struct JournalParams {
        Ledger *ledger;      /* borrowed */
        JournalDisk disk;    /* disk.append NULL: JOURNAL_ABSENT */
        RecordHead head;     /* of the files that it makes */
        uint64_t file_bytes; /* of the current file, all of it good; 0: it has to be made */
} JournalParams;

_must_check_ int journal_new(const JournalParams *params, Journal **ret);
/* What waits is told -ECANCELED, without being taken back. Not from a JournalDone. */
Journal *journal_free(Journal *journal);
DEFINE_CLEANUP(Journal *, journal_free);

/*
 * journal_apply() - ledger_apply(), and the log
 *
 * @must_last: an Allocate: refused with -EIO while the disk is not healthy, and taken back when its
 *             sync fails. False: a release: it is done in memory in any case, and @done is called
 *             with 0 as soon as it is durable or the disk is known to be bad
 * @done:      called later, never from here, exactly once when this returns 0; NULL: nobody waits
 *
 * Return: as ledger_apply(), or -EIO, or -ENOBUFS when too much waits, or -E2BIG or -EILSEQ for a
 * change that has no line (record.h); then nothing changed. In a journal without a disk everything
 * is done at once and told at the next journal_dispatch().
 *
 * An empty change is told when all before it is durable.
 */
_must_check_ int journal_apply(Journal *journal,
                               LedgerChange *change,
                               const LedgerRoom *room,
                               bool must_last,
                               JournalDone done,
                               void *userdata,
                               LedgerLack *reterr_lack);
void journal_retry(Journal *journal);
/* The caller of journal_apply() asks for it when it has returned to the loop: batches begin here,
 * so that all that one turn of the loop brought goes together. */
void journal_dispatch(Journal *journal);
bool journal_wants_dispatch(const Journal *journal);
JournalState journal_get_state(const Journal *journal);
/* Nothing waits and nothing is under way. */
bool journal_is_idle(const Journal *journal);

/* Loading */

typedef struct JournalLoad {
        uint64_t n_changes;
        uint64_t good_bytes;   /* of the file from its start */
        bool is_torn;          /* bytes behind were cut off, as a crash leaves them */
        bool is_of_other_boot; /* what it has is unconfirmed */
        bool is_set_aside;     /* it could not be read; @aside is its new name */
        char aside[128];
        Diag problem;      /* of what was torn or set aside */
        bool must_rewrite; /* older version, damage, another boot: a new file is to be made */
} JournalLoad;

/*
 * journal_load() - the log into an empty ledger
 *
 * A last line that is incomplete or damaged is cut off. Damage before the end, a head that cannot
 * be read or a later version set the whole file aside (renamed, never deleted); what could be read
 * before the damage is kept all the same. Claims of another boot become unconfirmed.
 *
 * @boot_id: of now. Return: 0, also when there is no file; an errno only for -ENOMEM.
 */
_must_check_ int
journal_load(const Root *root, const char *boot_id, Ledger *ledger, JournalLoad *ret);
