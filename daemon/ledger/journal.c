/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ledger/claim.h"

/*
 * The ledger in memory is always ahead of the file, and what is ahead is a list of entries, one for
 * each change, oldest first: those of the operation that is under way, then those that wait. An
 * entry leaves the list when its fate is known, and is told after that.
 *
 * An operation appends the lines of all that wait, or replaces the file by the whole ledger, which
 * has all that waits in it; so either way it ends the waiting of every entry that was there when it
 * began. What comes later waits for the next one.
 *
 * When an operation fails nobody knows what the file has. Everything that must last is taken back,
 * the newest first: from each entry those keys that no later entry has touched that stays (a
 * release, say), since what happened to them later is to stay. Nothing is appended any more; a
 * replacement makes file and ledger the same again. An entry that cannot be taken back for want of
 * memory goes on waiting: the next replacement has it in it, and its answer stays true.
 *
 * Lines are made when the change is applied, so that all that can fail has failed before the ledger
 * changes, and beginning an operation needs no memory. Replacing does; wanting it is a failure like
 * any other.
 */
#define RETRY_FIRST_USEC UINT64_C(1000000)
#define RETRY_MAX_USEC   UINT64_C(60000000)

/* A claim that is read again may get a reason; its line must have room for it. */
#define LINE_SLACK 4096u

typedef struct Entry Entry;
struct Entry {
        Entry *next, *previous;
        LedgerChange undo; /* its keys are those that the change touched */
        uint64_t generation;
        bool must_last;
        bool is_kept; /* it must last, and could not be taken back */
        int error;    /* when its fate is known */
        JournalDone done;
        void *userdata;
};

typedef struct List {
        Entry *first, *last;
} List;

/* Outlives the journal when it is under way. */
typedef struct Operation {
        Journal *journal; /* NULL: nobody listens */
        Buffer data;
        bool is_replacement;
} Operation;

struct Journal {
        JournalParams params;
        List entries;      /* not durable yet */
        List finished;     /* to be told */
        Entry *last_begun; /* of the operation under way; NULL: it has none */
        size_t n_entries, n_kept;
        Operation *operation;
        bool is_under_way;
        Buffer lines; /* of the entries that wait, to be appended */
        uint64_t file_bytes;
        uint64_t measure_at; /* from so many bytes on it is seen whether compaction pays */
        bool must_replace;   /* there is no file yet; one that failed is replaced in any case */
        bool is_closing;
        JournalHealth health;
        char problem[256];
        uint64_t retry_usec;
        uint64_t n_syncs, n_failures;
};

/* Entries */

static Entry *entry_free(Entry *entry) {
        if (!entry)
                return NULL;
        ledger_change_deinit(&entry->undo);
        free(entry);
        return NULL;
}
DEFINE_CLEANUP(Entry *, entry_free);

static void list_append(List *list, Entry *entry) {
        entry->previous = list->last;
        entry->next = NULL;
        *(list->last ? &list->last->next : &list->first) = entry;
        list->last = entry;
}

static void list_remove(List *list, Entry *entry) {
        *(entry->previous ? &entry->previous->next : &list->first) = entry->next;
        *(entry->next ? &entry->next->previous : &list->last) = entry->previous;
        entry->previous = entry->next = NULL;
}

static void finish(Journal *self, Entry *entry, int error) {
        list_remove(&self->entries, entry);
        --self->n_entries;
        self->n_kept -= entry->is_kept;
        entry->error = error;
        list_append(&self->finished, entry);
}

/* Callbacks may apply further changes; they find everything in order. */
static void tell_finished(Journal *self) {
        while (self->finished.first) {
                _cleanup_(entry_freep) Entry *entry = self->finished.first;

                list_remove(&self->finished, entry);
                if (entry->done)
                        entry->done(entry->error, entry->userdata);
        }
}

/* Making and freeing */

int journal_new(const JournalParams *params, Journal **ret) {
        Journal *self = calloc(1, sizeof(*self));

        if (!self)
                return -ENOMEM;
        self->operation = calloc(1, sizeof(*self->operation));
        if (!self->operation) {
                free(self);
                return -ENOMEM;
        }
        self->params = *params;
        self->operation->journal = self;
        self->health = params->disk.append ? JOURNAL_HEALTHY : JOURNAL_ABSENT;
        self->file_bytes = params->file_bytes;
        self->must_replace = params->disk.append && params->file_bytes == 0;
        self->measure_at = JOURNAL_COMPACT_BYTES + UINT64_C(1);
        *ret = self;
        return 0;
}

static void operation_free(Operation *operation) {
        buffer_deinit(&operation->data);
        free(operation);
}

Journal *journal_free(Journal *journal) {
        if (!journal)
                return NULL;
        journal->is_closing = true;
        while (journal->entries.first)
                finish(journal, journal->entries.first, -ECANCELED);
        tell_finished(journal);
        journal->operation->journal = NULL;
        if (!journal->is_under_way)
                operation_free(journal->operation);
        buffer_deinit(&journal->lines);
        free(journal);
        return NULL;
}

/* Applying */

static bool is_empty(const LedgerChange *change) {
        return change->n_puts + change->n_drops == 0;
}

static void cut_lines(Journal *self, size_t n) {
        self->lines.n_data = n;
        self->lines.error = 0;
        if (self->lines.data)
                self->lines.data[n] = '\0';
}

/* Return: 0, or why the change has no line. */
static int append_line(Journal *self, const LedgerChange *change) {
        const size_t n_before = self->lines.n_data;
        int r;

        if (is_empty(change))
                return 0;
        record_append_change(change, &self->lines);
        r = self->lines.error;
        if (r == 0 && self->lines.n_data - n_before > RECORD_LINE_MAX - LINE_SLACK)
                r = -E2BIG;
        if (r == 0 && self->lines.n_data > JOURNAL_BATCH_MAX)
                r = -ENOBUFS;
        if (r)
                cut_lines(self, n_before);
        return r;
}

int journal_apply(Journal *journal,
                  LedgerChange *change,
                  const LedgerRoom *room,
                  bool must_last,
                  JournalDone done,
                  void *userdata,
                  LedgerLack *reterr_lack) {
        const size_t n_before = journal->lines.n_data;
        _cleanup_(entry_freep) Entry *entry = NULL;
        int r;

        if (journal->is_closing || (must_last && journal->health == JOURNAL_FAILED))
                return -EIO;
        entry = calloc(1, sizeof(*entry));
        if (!entry)
                return -ENOMEM;
        r = append_line(journal, change);
        if (r)
                return r;
        r = ledger_apply(journal->params.ledger, change, room, &entry->undo, reterr_lack);
        if (r) {
                cut_lines(journal, n_before);
                return r;
        }

        /* Nothing below can fail. */
        entry->generation = ledger_get_generation(journal->params.ledger);
        entry->must_last = must_last;
        entry->done = done;
        entry->userdata = userdata;
        if (journal->health != JOURNAL_HEALTHY && !journal->is_under_way)
                cut_lines(journal, 0); /* the next file has it in any case, or there is none */
        list_append(&journal->entries, TAKE_PTR(entry));
        ++journal->n_entries;
        return 0;
}

/* Taking back */

/*
 * Whether something that stays came after @entry and touched the key. What came after one that was
 * kept may have left the list, so that of it only what is as it was put counts as untouched.
 */
static bool is_touched_since(const Journal *self, const Entry *entry, const LedgerClaim *key) {
        const LedgerClaim *claim = ledger_find(self->params.ledger, key->pod_uid, key->container);

        if (claim && claim->generation == entry->generation)
                return false;
        if (entry->is_kept)
                return true;
        for (const Entry *later = entry->next; later; later = later->next)
                if ((!later->must_last || later->is_kept) && ledger_change_has(&later->undo, key))
                        return true;
        return false;
}

/* Leaves in @entry's undo what is to be undone. */
static void forget_touched(const Journal *self, Entry *entry) {
        LedgerChange *undo = &entry->undo;
        size_t n = 0;

        for (size_t i = 0; i < undo->n_puts; ++i) {
                if (is_touched_since(self, entry, undo->puts[i]))
                        ledger_claim_free(undo->puts[i]);
                else
                        undo->puts[n++] = undo->puts[i];
        }
        undo->n_puts = n;
        n = 0;
        for (size_t i = 0; i < undo->n_drops; ++i) {
                const LedgerClaim key = { .pod_uid = undo->drops[i].pod_uid,
                                          .container = undo->drops[i].container };

                if (!is_touched_since(self, entry, &key))
                        undo->drops[n++] = undo->drops[i];
        }
        undo->n_drops = n;
}

/* Every entry is judged while all later ones are still in the list. */
static void take_back_all(Journal *self) {
        for (Entry *entry = self->entries.last; entry; entry = entry->previous) {
                if (!entry->must_last)
                        continue;
                forget_touched(self, entry);
                self->n_kept -= entry->is_kept;
                entry->is_kept =
                        ledger_apply(self->params.ledger, &entry->undo, NULL, NULL, NULL) != 0;
                self->n_kept += entry->is_kept;
        }
}

static void finish_failed(Journal *self, int error) {
        Entry *next;

        for (Entry *entry = self->entries.first; entry; entry = next) {
                next = entry->next;
                if (!entry->is_kept)
                        finish(self, entry, entry->must_last ? error : 0);
        }
}

static void fail(Journal *self, int error, const char *what) {
        ++self->n_failures;
        self->health = JOURNAL_FAILED;
        (void)snprintf(self->problem, sizeof(self->problem), "%s: %s", what, strerror(-error));
        self->last_begun = NULL;
        cut_lines(self, 0);
        take_back_all(self);
        finish_failed(self, error);
        self->retry_usec = self->retry_usec ? bytes_min(2 * self->retry_usec, RETRY_MAX_USEC)
                                            : RETRY_FIRST_USEC;
        self->params.disk.retry_after(self->params.disk.disk, self->retry_usec);
        tell_finished(self);
}

/* Operations */

static const char *get_what(const Operation *operation) {
        return operation->is_replacement ? "cannot make a new file" : "cannot append";
}

static void succeed(Journal *self) {
        const Operation *operation = self->operation;

        ++self->n_syncs;
        if (operation->is_replacement) {
                self->file_bytes = 0;
                self->measure_at = JOURNAL_COMPACT_BYTES + UINT64_C(1);
                self->must_replace = false;
        }
        self->file_bytes += operation->data.n_data;
        self->health = JOURNAL_HEALTHY;
        self->problem[0] = '\0';
        self->retry_usec = 0;
        while (self->last_begun) {
                if (self->entries.first == self->last_begun)
                        self->last_begun = NULL;
                finish(self, self->entries.first, 0);
        }
}

static void on_done(int error, void *userdata) {
        Operation *operation = userdata;
        Journal *self = operation->journal;

        if (!self) {
                operation_free(operation);
                return;
        }
        self->is_under_way = false;
        if (error) {
                buffer_deinit(&operation->data);
                fail(self, error < 0 ? error : -EIO, get_what(operation));
                return;
        }
        succeed(self);
        buffer_deinit(&operation->data);
        tell_finished(self);
        /* What came in the meantime has waited long enough, and with it what the callbacks did. */
        journal_dispatch(self);
}

/* @operation's data is complete. All that waits is in it. */
static void begin(Journal *self, bool is_replacement) {
        const JournalDisk *disk = &self->params.disk;
        Operation *operation = self->operation;
        int r;

        operation->is_replacement = is_replacement;
        self->last_begun = self->entries.last;
        self->is_under_way = true;
        r = is_replacement ? disk->replace(disk->disk, operation->data.data, operation->data.n_data,
                                           on_done, operation)
                           : disk->append(disk->disk, self->file_bytes, operation->data.data,
                                          operation->data.n_data, on_done, operation);
        if (r)
                on_done(r, operation);
}

static void begin_append(Journal *self) {
        self->operation->data = self->lines;
        self->lines = (Buffer){};
        begin(self, false);
}

/* The whole ledger as a file. */
static int write_ledger(const Journal *self, Buffer *buffer) {
        record_append_head(&self->params.head, buffer);
        for (const LedgerClaim *claim = ledger_next(self->params.ledger, NULL); claim;
             claim = ledger_next(self->params.ledger, claim))
                record_append_claim(claim, buffer);
        return buffer_finish(buffer);
}

static void begin_replacement(Journal *self, Buffer *file) {
        self->operation->data = *file;
        *file = (Buffer){};
        cut_lines(self, 0);
        begin(self, true);
}

static void replace(Journal *self) {
        _cleanup_(buffer_deinitp) Buffer file = { .max = JOURNAL_FILE_MAX };
        const int r = write_ledger(self, &file);

        if (r)
                fail(self, r == -E2BIG ? -EFBIG : r, "cannot make a new file");
        else
                begin_replacement(self, &file);
}

/* Return: true when the file is being made new instead of growing. */
static bool compact(Journal *self) {
        _cleanup_(buffer_deinitp) Buffer file = { .max = JOURNAL_FILE_MAX };
        const uint64_t n_after = self->file_bytes + self->lines.n_data;

        if (n_after > JOURNAL_FILE_MAX) {
                replace(self);
                return true;
        }
        if (n_after < self->measure_at)
                return false;
        if (write_ledger(self, &file) == 0 && n_after / 4 > file.n_data) {
                begin_replacement(self, &file);
                return true;
        }
        self->measure_at = n_after + JOURNAL_COMPACT_BYTES;
        return false;
}

/* The oldest one that waits and is in no operation. */
static Entry *get_first_waiting(const Journal *self) {
        return self->last_begun ? self->last_begun->next : self->entries.first;
}

/* There is nothing to write for what waits, or nowhere. */
static void finish_unwritten(Journal *self) {
        Entry *next;

        for (Entry *entry = get_first_waiting(self); entry; entry = next) {
                next = entry->next;
                if (!entry->is_kept)
                        finish(self, entry, 0);
        }
        tell_finished(self);
}

/*
 * While the disk is bad only releases come. They are told at once, also when a replacement is under
 * way that may not have them in it: their lines stay and follow it.
 */
void journal_dispatch(Journal *journal) {
        if (journal->health != JOURNAL_HEALTHY)
                finish_unwritten(journal);
        else if (journal->is_under_way)
                return;
        else if (journal->must_replace)
                replace(journal);
        else if (journal->lines.n_data == 0)
                finish_unwritten(journal);
        else if (!compact(journal))
                begin_append(journal);
}

void journal_retry(Journal *journal) {
        if (journal->health == JOURNAL_FAILED && !journal->is_under_way)
                replace(journal);
}

/* Asking */

bool journal_wants_dispatch(const Journal *journal) {
        if (journal->health == JOURNAL_HEALTHY)
                return !journal->is_under_way && (journal->n_entries > 0 || journal->must_replace);
        return journal->is_under_way ? get_first_waiting(journal) != NULL
                                     : journal->n_entries > journal->n_kept;
}

JournalState journal_get_state(const Journal *journal) {
        JournalState state = {
                .health = journal->health,
                .n_syncs = journal->n_syncs,
                .n_failures = journal->n_failures,
                .file_bytes = journal->file_bytes,
                .n_waiting = journal->n_entries,
        };

        memcpy(state.problem, journal->problem, sizeof(state.problem));
        return state;
}

bool journal_is_idle(const Journal *journal) {
        return !journal->is_under_way && journal->n_entries == 0;
}
