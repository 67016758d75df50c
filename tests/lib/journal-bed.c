/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/journal-bed.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/claims.h"

JournalBed bed;

/* check allocates when it asserts, and here allocations may be failing. */
static void must(bool is_true) {
        if (!is_true)
                abort();
}

static int take(const void *data, size_t n_data, JournalDiskDone done, void *userdata) {
        const int r = bed.disk.refusal;

        must(!bed.disk.done);
        bed.disk.refusal = 0;
        if (r)
                return r;
        bed.disk.data = data;
        bed.disk.n_data = n_data;
        bed.disk.done = done;
        bed.disk.userdata = userdata;
        return 0;
}

static int disk_append(void *self,
                       uint64_t offset,
                       const void *data,
                       size_t n_data,
                       JournalDiskDone done,
                       void *userdata) {
        must(self == &bed.disk);
        must(n_data > 0);
        bed.disk.offset = offset;
        bed.disk.is_replacement = false;
        return take(data, n_data, done, userdata);
}

static int
disk_replace(void *self, const void *data, size_t n_data, JournalDiskDone done, void *userdata) {
        must(self == &bed.disk);
        bed.disk.offset = 0;
        bed.disk.is_replacement = true;
        return take(data, n_data, done, userdata);
}

static void disk_retry_after(void *self, uint64_t usec) {
        must(self == &bed.disk);
        ++bed.disk.n_retries;
        bed.disk.retry_usec = usec;
}

/* Ends what is under way. */
void bed_disk_end(int error) {
        const JournalDiskDone done = bed.disk.done;

        must(done);
        if (!error) {
                must(bed.disk.offset <= bed.disk.n_file);
                bed.disk.n_file = bed.disk.offset + bed.disk.n_data;
                bed.disk.file = realloc(bed.disk.file, bed.disk.n_file);
                must(bed.disk.file);
                memcpy(bed.disk.file + bed.disk.offset, bed.disk.data, bed.disk.n_data);
                ++*(bed.disk.is_replacement ? &bed.disk.n_replacements : &bed.disk.n_appends);
        }
        bed.disk.done = NULL;
        done(error, bed.disk.userdata);
}

JournalHealth bed_get_health(void) {
        return journal_get_state(bed.journal).health;
}

void bed_told(int error, void *userdata) {
        const size_t n = strlen(bed.told);

        ck_assert_uint_lt(n + 64, sizeof(bed.told));
        (void)snprintf(bed.told + n, sizeof(bed.told) - n, "%s:%d ", (const char *)userdata, error);
}

void bed_start(bool has_disk, uint64_t file_bytes) {
        JournalParams params = {
                .ledger = bed.ledger,
                .file_bytes = file_bytes,
                .disk = { .disk = &bed.disk },
                .head = { .boot_id = "now", .created_usec = 5 },
        };

        if (has_disk) {
                params.disk.append = disk_append;
                params.disk.replace = disk_replace;
                params.disk.retry_after = disk_retry_after;
        }
        ck_assert_int_eq(journal_new(&params, &bed.journal), 0);
}

void bed_setup(void) {
        bed.disk = (FakeDisk){};
        bed.told[0] = '\0';
        bed.ledger = NULL;
        bed.journal = NULL;
        ck_assert_int_eq(ledger_new(&bed.ledger), 0);
        bed_start(true, 0);
        journal_dispatch(bed.journal);
        bed_disk_end(0);
}

void bed_teardown(void) {
        bed.journal = journal_free(bed.journal);
        if (bed.disk.done)
                bed_disk_end(-ECANCELED);
        bed.ledger = ledger_free(bed.ledger);
        free(bed.disk.file);
}

/* A claim named @name of so many bytes; what is told is told under its name. */
int bed_put(const char *name, uint64_t bytes, bool must_last) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        claims_put(&change, claims_make("pod", name, 0, bytes));
        return journal_apply(bed.journal, &change, NULL, must_last, bed_told, (void *)name, NULL);
}

int bed_drop(const char *name, bool must_last) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        claims_drop(&change, "pod", name);
        return journal_apply(bed.journal, &change, NULL, must_last, bed_told, (void *)name, NULL);
}

int bed_drop_unheard(const char *name) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        claims_drop(&change, "pod", name);
        return journal_apply(bed.journal, &change, NULL, false, NULL, NULL, NULL);
}

/* How many bytes the claim has; 0: it is not there. */
uint64_t bed_get(const char *name) {
        const LedgerClaim *claim = ledger_find(bed.ledger, "pod", name);

        return claim ? ledger_claim_get_bytes(claim, 0) : 0;
}

/* What is told since it was asked last. */
void bed_expect_told(const char *expected) {
        ck_assert_str_eq(bed.told, expected);
        bed.told[0] = '\0';
}

/* The file, read line by line, is the ledger. */
void bed_expect_file_is_ledger(void) {
        Ledger *read = NULL;
        RecordHead head;
        Diag diag = {};
        char *line = bed.disk.file;
        char *end = memchr(line, '\n', bed.disk.n_file);

        ck_assert_uint_eq(journal_get_state(bed.journal).file_bytes, bed.disk.n_file);
        ck_assert_int_eq(ledger_new(&read), 0);
        ck_assert_ptr_nonnull(end);
        ck_assert_int_eq(record_parse_head(line, (size_t)(end - line), &head, &diag), 0);
        ck_assert_str_eq(head.boot_id, "now");
        for (line = end + 1; line < bed.disk.file + bed.disk.n_file; line = end + 1) {
                LedgerChange change = {};

                end = memchr(line, '\n', (size_t)(bed.disk.file + bed.disk.n_file - line));
                ck_assert_ptr_nonnull(end);
                ck_assert_int_eq(record_parse_change(head.version, line, (size_t)(end - line),
                                                     &change, &diag),
                                 0);
                ck_assert_int_eq(ledger_apply(read, &change, NULL, NULL, NULL), 0);
        }
        ck_assert(claims_are_same(bed.ledger, read));
        ck_assert(ledger_check(bed.ledger));
        ledger_free(read);
}
