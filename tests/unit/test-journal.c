/* SPDX-License-Identifier: Apache-2.0 */
/* The journal, with a disk that does what the test says and when. */
#include "lib/test-main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ledger/journal.h"
#include "lib/claims.h"
#include "lib/failmalloc.h"

#define SEED UINT64_C(7481)

typedef struct FakeDisk {
        /* what is under way */
        JournalDiskDone done;
        void *userdata;
        const void *data;
        size_t n_data;
        uint64_t offset;
        bool is_replacement;
        /* what came of it */
        char *file;
        size_t n_file;
        unsigned n_appends, n_replacements, n_retries;
        uint64_t retry_usec;
        int refusal; /* what the next operation returns at once */
} FakeDisk;

static FakeDisk disk;
static Ledger *ledger;
static Journal *journal;
static char told[4096]; /* "a:0 b:-5 ", in order */

/* check allocates when it asserts, and here allocations may be failing. */
static void must(bool is_true) {
        if (!is_true)
                abort();
}

static int take(const void *data, size_t n_data, JournalDiskDone done, void *userdata) {
        const int r = disk.refusal;

        must(!disk.done);
        disk.refusal = 0;
        if (r)
                return r;
        disk.data = data;
        disk.n_data = n_data;
        disk.done = done;
        disk.userdata = userdata;
        return 0;
}

static int disk_append(void *self,
                       uint64_t offset,
                       const void *data,
                       size_t n_data,
                       JournalDiskDone done,
                       void *userdata) {
        must(self == &disk);
        must(n_data > 0);
        disk.offset = offset;
        disk.is_replacement = false;
        return take(data, n_data, done, userdata);
}

static int
disk_replace(void *self, const void *data, size_t n_data, JournalDiskDone done, void *userdata) {
        must(self == &disk);
        disk.offset = 0;
        disk.is_replacement = true;
        return take(data, n_data, done, userdata);
}

static void disk_retry_after(void *self, uint64_t usec) {
        must(self == &disk);
        ++disk.n_retries;
        disk.retry_usec = usec;
}

/* Ends what is under way. */
static void disk_end(int error) {
        const JournalDiskDone done = disk.done;

        must(done);
        if (!error) {
                must(disk.offset <= disk.n_file);
                disk.n_file = disk.offset + disk.n_data;
                disk.file = realloc(disk.file, disk.n_file);
                must(disk.file);
                memcpy(disk.file + disk.offset, disk.data, disk.n_data);
                ++*(disk.is_replacement ? &disk.n_replacements : &disk.n_appends);
        }
        disk.done = NULL;
        done(error, disk.userdata);
}

static JournalHealth get_health(void) {
        return journal_get_state(journal).health;
}

static void on_done(int error, void *userdata) {
        const size_t n = strlen(told);

        ck_assert_uint_lt(n + 64, sizeof(told));
        (void)snprintf(told + n, sizeof(told) - n, "%s:%d ", (const char *)userdata, error);
}

static void start(bool has_disk, uint64_t file_bytes) {
        JournalParams params = {
                .ledger = ledger,
                .file_bytes = file_bytes,
                .disk = { .disk = &disk },
                .head = { .boot_id = "now", .created_usec = 5 },
        };

        if (has_disk) {
                params.disk.append = disk_append;
                params.disk.replace = disk_replace;
                params.disk.retry_after = disk_retry_after;
        }
        ck_assert_int_eq(journal_new(&params, &journal), 0);
}

static void setup(void) {
        disk = (FakeDisk){};
        told[0] = '\0';
        ledger = NULL;
        journal = NULL;
        ck_assert_int_eq(ledger_new(&ledger), 0);
        start(true, 0);
        journal_dispatch(journal);
        disk_end(0);
}

static void teardown(void) {
        journal = journal_free(journal);
        if (disk.done)
                disk_end(-ECANCELED);
        ledger = ledger_free(ledger);
        free(disk.file);
}

/* A claim named @name of so many bytes; what is told is told under its name. */
static int put(const char *name, uint64_t bytes, bool must_last) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        claims_put(&change, claims_make("pod", name, 0, bytes));
        return journal_apply(journal, &change, NULL, must_last, on_done, (void *)name, NULL);
}

static int drop(const char *name, bool must_last) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        claims_drop(&change, "pod", name);
        return journal_apply(journal, &change, NULL, must_last, on_done, (void *)name, NULL);
}

static int drop_unheard(const char *name) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        claims_drop(&change, "pod", name);
        return journal_apply(journal, &change, NULL, false, NULL, NULL, NULL);
}

/* How many bytes the claim has; 0: it is not there. */
static uint64_t get(const char *name) {
        const LedgerClaim *claim = ledger_find(ledger, "pod", name);

        return claim ? ledger_claim_get_bytes(claim, 0) : 0;
}

/* What is told since it was asked last. */
static void expect_told(const char *expected) {
        ck_assert_str_eq(told, expected);
        told[0] = '\0';
}

/* The file, read line by line, is the ledger. */
static void expect_file_is_ledger(void) {
        Ledger *read = NULL;
        RecordHead head;
        Diag diag = {};
        char *line = disk.file;
        char *end = memchr(line, '\n', disk.n_file);

        ck_assert_uint_eq(journal_get_state(journal).file_bytes, disk.n_file);
        ck_assert_int_eq(ledger_new(&read), 0);
        ck_assert_ptr_nonnull(end);
        ck_assert_int_eq(record_parse_head(line, (size_t)(end - line), &head, &diag), 0);
        ck_assert_str_eq(head.boot_id, "now");
        for (line = end + 1; line < disk.file + disk.n_file; line = end + 1) {
                LedgerChange change = {};

                end = memchr(line, '\n', (size_t)(disk.file + disk.n_file - line));
                ck_assert_ptr_nonnull(end);
                ck_assert_int_eq(record_parse_change(head.version, line, (size_t)(end - line),
                                                     &change, &diag),
                                 0);
                ck_assert_int_eq(ledger_apply(read, &change, NULL, NULL, NULL), 0);
        }
        ck_assert(claims_are_same(ledger, read));
        ck_assert(ledger_check(ledger));
        ledger_free(read);
}

/* Batches */

START_TEST(the_first_file_is_made_whole) {
        ck_assert_uint_eq(disk.n_replacements, 1);
        ck_assert(!journal_wants_dispatch(journal));
        ck_assert(journal_is_idle(journal));
        expect_file_is_ledger();
}
END_TEST

START_TEST(changes_of_one_turn_go_together_and_are_told_when_they_are_durable) {
        ck_assert_int_eq(put("a", 1, true), 0);
        ck_assert_int_eq(put("b", 2, true), 0);
        ck_assert_int_eq(drop("a", false), 0);
        ck_assert(journal_wants_dispatch(journal));
        ck_assert(!disk.done);
        journal_dispatch(journal);
        ck_assert(disk.done);
        ck_assert(!journal_wants_dispatch(journal));
        ck_assert_uint_eq(journal_get_state(journal).n_waiting, 3);
        expect_told("");
        disk_end(0);
        expect_told("a:0 b:0 a:0 ");
        ck_assert_uint_eq(disk.n_appends, 1);
        ck_assert(journal_is_idle(journal));
        expect_file_is_ledger();
}
END_TEST

START_TEST(what_comes_while_the_disk_is_busy_goes_next) {
        ck_assert_int_eq(put("a", 1, true), 0);
        journal_dispatch(journal);
        ck_assert_int_eq(put("b", 2, true), 0);
        ck_assert_int_eq(put("c", 3, false), 0);
        journal_dispatch(journal);
        disk_end(0);
        expect_told("a:0 ");
        disk_end(0); /* it began by itself */
        expect_told("b:0 c:0 ");
        ck_assert_uint_eq(disk.n_appends, 2);
        expect_file_is_ledger();
}
END_TEST

static void apply_again(int error, void *userdata) {
        on_done(error, userdata);
        ck_assert_int_eq(put("again", 9, true), 0);
        journal_dispatch(journal);
}

START_TEST(a_change_may_bring_another_when_it_is_told) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        claims_put(&change, claims_make("pod", "a", 0, 1));
        ck_assert_int_eq(
                journal_apply(journal, &change, NULL, true, apply_again, (void *)"a", NULL), 0);
        ck_assert_int_eq(put("b", 2, true), 0);
        journal_dispatch(journal);
        disk_end(0);
        expect_told("a:0 b:0 ");
        disk_end(0);
        expect_told("again:0 ");
        expect_file_is_ledger();
}
END_TEST

START_TEST(an_empty_change_is_told_after_what_came_before) {
        LedgerChange nothing = {};

        ck_assert_int_eq(put("a", 1, true), 0);
        ck_assert_int_eq(journal_apply(journal, &nothing, NULL, true, on_done, (void *)"b", NULL),
                         0);
        journal_dispatch(journal);
        expect_told("");
        disk_end(0);
        expect_told("a:0 b:0 ");
        ck_assert_int_eq(journal_apply(journal, &nothing, NULL, true, on_done, (void *)"c", NULL),
                         0);
        expect_told("");
        journal_dispatch(journal);
        expect_told("c:0 ");
        ck_assert(!disk.done);
}
END_TEST

START_TEST(nobody_has_to_wait) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        claims_put(&change, claims_make("pod", "a", 0, 1));
        ck_assert_int_eq(journal_apply(journal, &change, NULL, true, NULL, NULL, NULL), 0);
        journal_dispatch(journal);
        disk_end(0);
        expect_file_is_ledger();
}
END_TEST

START_TEST(what_the_ledger_refuses_has_no_line) {
        static const LedgerRoomRow row = { .node = 0, .bytes = 10 };
        const LedgerRoom room = { .rows = &row, .n_rows = 1 };
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        LedgerLack lack = {};

        ck_assert_int_eq(put("a", 8, true), 0);
        claims_put(&change, claims_make("pod", "b", 0, 3));
        ck_assert_int_eq(journal_apply(journal, &change, &room, true, on_done, (void *)"b", &lack),
                         LEDGER_E_NO_SPACE);
        ck_assert_uint_eq(lack.bytes, 1);
        journal_dispatch(journal);
        disk_end(0);
        expect_told("a:0 ");
        expect_file_is_ledger();
}
END_TEST

START_TEST(text_that_has_no_line_is_refused_before_the_ledger_has_it) {
        ck_assert_int_eq(put("a", 1, true), 0);
        ck_assert_int_eq(put("\xff", 1, true), -EILSEQ);
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 1);
        journal_dispatch(journal);
        disk_end(0);
        expect_told("a:0 ");
        expect_file_is_ledger();
}
END_TEST

START_TEST(too_much_that_waits_is_refused) {
        char name[32];
        unsigned n = 0;
        int r;

        ck_assert_int_eq(put("first", 1, true), 0);
        journal_dispatch(journal);
        do {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};

                (void)snprintf(name, sizeof(name), "c%u", n++ % 1000);
                claims_put(&change, claims_make("pod", name, 0, n));
                r = journal_apply(journal, &change, NULL, true, NULL, NULL, NULL);
        } while (r == 0);
        ck_assert_int_eq(r, -ENOBUFS);
        ck_assert_uint_gt(n, 1000);
        do
                r = drop_unheard("nothing");
        while (r == 0);
        ck_assert_int_eq(r, -ENOBUFS);
        ck_assert_int_eq(drop_unheard("first"), -ENOBUFS);
        ck_assert_uint_eq(get("first"), 1);
        disk_end(0);
        ck_assert_uint_le(disk.n_data, JOURNAL_BATCH_MAX);
        ck_assert_int_eq(put("last", 1, true), 0);
        disk_end(0);
        disk_end(0);
        expect_told("first:0 last:0 ");
        expect_file_is_ledger();
}
END_TEST

/* Failures */

START_TEST(a_failed_append_takes_back_what_must_last) {
        ck_assert_int_eq(put("old", 5, true), 0);
        journal_dispatch(journal);
        disk_end(0);
        expect_told("old:0 ");

        ck_assert_int_eq(put("a", 1, true), 0);
        ck_assert_int_eq(drop("old", false), 0);
        journal_dispatch(journal);
        ck_assert_int_eq(put("b", 2, true), 0); /* waits behind it */
        disk_end(-ENOSPC);
        ck_assert_uint_eq(get("a"), 0);
        ck_assert_uint_eq(get("b"), 0);
        ck_assert_uint_eq(get("old"), 0);
        expect_told("a:-28 old:0 b:-28 ");
        ck_assert_int_eq(get_health(), JOURNAL_FAILED);
        ck_assert_str_eq(journal_get_state(journal).problem,
                         "cannot append: No space left on device");
        ck_assert_uint_eq(journal_get_state(journal).n_failures, 1);
        ck_assert_uint_eq(disk.retry_usec, 1000000);
        ck_assert(journal_is_idle(journal));
        ck_assert(!journal_wants_dispatch(journal));
}
END_TEST

START_TEST(while_the_disk_is_bad_only_releases_are_done) {
        ck_assert_int_eq(put("a", 1, true), 0);
        ck_assert_int_eq(put("b", 2, true), 0);
        journal_dispatch(journal);
        disk_end(0);
        ck_assert_int_eq(put("c", 3, true), 0);
        journal_dispatch(journal);
        disk_end(-EIO);
        expect_told("a:0 b:0 c:-5 ");

        ck_assert_int_eq(put("d", 4, true), -EIO);
        ck_assert_int_eq(drop("a", false), 0);
        ck_assert_uint_eq(get("a"), 0);
        expect_told("");
        ck_assert(journal_wants_dispatch(journal));
        journal_dispatch(journal);
        expect_told("a:0 ");
        ck_assert(!disk.done);

        journal_retry(journal);
        ck_assert(disk.is_replacement);
        disk_end(0);
        ck_assert_int_eq(get_health(), JOURNAL_HEALTHY);
        ck_assert_str_eq(journal_get_state(journal).problem, "");
        expect_file_is_ledger();
        ck_assert_int_eq(put("d", 4, true), 0);
        journal_dispatch(journal);
        ck_assert(!disk.is_replacement);
        disk_end(0);
        expect_told("d:0 ");
        expect_file_is_ledger();
}
END_TEST

START_TEST(a_release_during_a_retry_is_told_at_once_and_follows_it) {
        ck_assert_int_eq(put("a", 1, true), 0);
        journal_dispatch(journal);
        disk_end(0);
        ck_assert_int_eq(put("b", 1, true), 0);
        journal_dispatch(journal);
        disk_end(-EIO);
        journal_retry(journal);
        told[0] = '\0';
        ck_assert_int_eq(drop("a", false), 0); /* the new file still has it */
        ck_assert(journal_wants_dispatch(journal));
        journal_dispatch(journal);
        expect_told("a:0 ");
        disk_end(0);
        ck_assert(disk.done);
        disk_end(0);
        expect_file_is_ledger();
}
END_TEST

START_TEST(retries_come_later_and_later) {
        static const unsigned seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60 };

        for (unsigned round = 0; round < 2; ++round) {
                ck_assert_int_eq(put("a", round + 1, true), 0);
                journal_dispatch(journal);
                for (size_t i = 0; i < ELEMENTSOF(seconds); ++i) {
                        disk_end(-EIO);
                        ck_assert_uint_eq(disk.retry_usec, seconds[i] * UINT64_C(1000000));
                        journal_retry(journal);
                        journal_retry(journal); /* it is under way already */
                }
                disk_end(0);
                expect_file_is_ledger();
        }
        ck_assert_uint_eq(disk.n_retries, 2 * ELEMENTSOF(seconds));
}
END_TEST

START_TEST(a_disk_that_refuses_at_once_has_failed) {
        ck_assert_int_eq(put("a", 1, true), 0);
        disk.refusal = -EAGAIN;
        journal_dispatch(journal);
        expect_told("a:-11 ");
        ck_assert_int_eq(get_health(), JOURNAL_FAILED);
        disk.refusal = -EAGAIN;
        journal_retry(journal);
        ck_assert_uint_eq(disk.retry_usec, 2000000);
        journal_retry(journal);
        disk_end(0);
        expect_file_is_ledger();
}
END_TEST

START_TEST(a_first_file_that_fails_takes_back_what_waited) {
        teardown();
        disk = (FakeDisk){};
        ck_assert_int_eq(ledger_new(&ledger), 0);
        start(true, 0);
        ck_assert(journal_wants_dispatch(journal));
        ck_assert_int_eq(put("a", 1, true), 0);
        journal_dispatch(journal);
        ck_assert_int_eq(put("b", 1, true), 0);
        disk_end(-EROFS);
        expect_told("a:-30 b:-30 ");
        ck_assert_str_eq(journal_get_state(journal).problem,
                         "cannot make a new file: Read-only file system");
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 0);
        journal_retry(journal);
        disk_end(0);
        expect_file_is_ledger();
}
END_TEST

/* Steps before a failure, and what the claim "k" has after it; at first it has 100. */
typedef struct Step {
        uint64_t bytes; /* 0: a drop */
        bool must_last;
} Step;

static const struct {
        const char *name;
        Step steps[5];
        size_t n_steps;
        uint64_t expected;
} histories[] = {
        { "a put", { { 1, true } }, 1, 100 },
        { "a drop", { { 0, true } }, 1, 100 },
        { "two puts", { { 1, true }, { 2, true } }, 2, 100 },
        { "a put and a drop", { { 1, true }, { 0, true } }, 2, 100 },
        { "a drop and a put", { { 0, true }, { 1, true } }, 2, 100 },
        { "a release", { { 0, false } }, 1, 0 },
        { "a put and a release", { { 1, true }, { 0, false } }, 2, 0 },
        { "a put that somebody changed", { { 1, true }, { 2, false } }, 2, 2 },
        { "and that was changed again", { { 1, true }, { 2, false }, { 3, true } }, 3, 2 },
        { "a drop, put by somebody, dropped by somebody",
          { { 0, true }, { 2, false }, { 0, false } },
          3,
          0 },
        { "a drop, put by somebody, dropped again",
          { { 0, true }, { 2, false }, { 0, true } },
          3,
          2 },
        { "released and allocated anew", { { 0, false }, { 1, true } }, 2, 0 },
        { "all of it", { { 1, true }, { 0, true }, { 2, true }, { 3, false }, { 0, true } }, 5, 3 },
        { "all of it, and nothing stays",
          { { 1, true }, { 0, true }, { 2, true }, { 3, true }, { 0, true } },
          5,
          100 },
};

START_TEST(only_what_nobody_changed_since_is_taken_back) {
        for (size_t n_begun = 0; n_begun <= histories[_i].n_steps; ++n_begun) {
                ck_assert_int_eq(put("k", 100, true), 0);
                ck_assert_int_eq(put("other", 7, true), 0);
                journal_dispatch(journal);
                disk_end(0);
                for (size_t i = 0; i < histories[_i].n_steps; ++i) {
                        const Step *step = &histories[_i].steps[i];

                        if (i == n_begun && i > 0)
                                journal_dispatch(journal);
                        ck_assert_int_eq(step->bytes ? put("k", step->bytes, step->must_last)
                                                     : drop("k", step->must_last),
                                         0);
                }
                journal_dispatch(journal);
                disk_end(-EIO);
                ck_assert_msg(get("k") == histories[_i].expected, "%s, %zu begun: %ju",
                              histories[_i].name, n_begun, (uintmax_t)get("k"));
                ck_assert_uint_eq(get("other"), 7);
                journal_retry(journal);
                disk_end(0);
                expect_file_is_ledger();
        }
}
END_TEST

START_TEST(a_change_of_several_claims_is_taken_back_but_for_those_changed_since) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        ck_assert_int_eq(put("init", 10, true), 0);
        journal_dispatch(journal);
        disk_end(0);
        claims_put(&change, claims_make("pod", "init", 0, 4)); /* gives bytes away */
        claims_put(&change, claims_make("pod", "app", 0, 6));
        claims_put(&change, claims_make("pod", "app2", 0, 1));
        ck_assert_int_eq(journal_apply(journal, &change, NULL, true, NULL, NULL, NULL), 0);
        ck_assert_int_eq(drop("app", false), 0);
        journal_dispatch(journal);
        disk_end(-EIO);
        ck_assert_uint_eq(get("init"), 10);
        ck_assert_uint_eq(get("app"), 0);
        ck_assert_uint_eq(get("app2"), 0);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 10);
}
END_TEST

START_TEST(what_cannot_be_taken_back_for_want_of_memory_becomes_durable) {
        ck_assert_int_eq(put("a", 1, true), 0);
        ck_assert_int_eq(put("b", 2, true), 0);
        journal_dispatch(journal);
        failmalloc_arm(0);
        disk_end(-EIO);
        ck_assert(failmalloc_disarm());
        expect_told("");
        ck_assert_uint_eq(get("a"), 1);
        ck_assert_uint_eq(journal_get_state(journal).n_waiting, 2);
        ck_assert(!journal_is_idle(journal));
        ck_assert(!journal_wants_dispatch(journal)); /* a dispatch would not help */
        ck_assert_int_eq(drop("b", false), 0);
        ck_assert(journal_wants_dispatch(journal));
        journal_dispatch(journal);
        expect_told("b:0 ");

        journal_retry(journal);
        disk_end(-EIO); /* now there is memory; what was released stays so */
        expect_told("a:-5 b:-5 ");
        ck_assert_uint_eq(get("a"), 0);
        ck_assert_uint_eq(get("b"), 0);

        journal_retry(journal);
        disk_end(0);
        ck_assert_int_eq(put("c", 3, true), 0);
        journal_dispatch(journal);
        failmalloc_arm(0);
        disk_end(-EIO);
        ck_assert(failmalloc_disarm());
        journal_retry(journal);
        disk_end(0);
        expect_told("c:0 ");
        expect_file_is_ledger();
}
END_TEST

START_TEST(what_somebody_changed_after_one_that_was_kept_stays) {
        ck_assert_int_eq(put("k", 100, true), 0);
        journal_dispatch(journal);
        disk_end(0);
        ck_assert_int_eq(put("k", 1, true), 0);
        journal_dispatch(journal);
        failmalloc_arm(0);
        disk_end(-EIO);
        ck_assert(failmalloc_disarm());
        ck_assert_int_eq(drop("k", false), 0);
        journal_dispatch(journal);
        expect_told("k:0 k:0 ");
        journal_retry(journal);
        disk_end(-EIO);
        expect_told("k:-5 ");
        ck_assert_uint_eq(get("k"), 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_put_together_is_a_failure) {
        ck_assert_int_eq(put("a", 1, true), 0);
        journal_dispatch(journal);
        disk_end(-EIO);
        failmalloc_arm(0);
        journal_retry(journal);
        ck_assert(failmalloc_disarm());
        ck_assert_str_eq(journal_get_state(journal).problem,
                         "cannot make a new file: Cannot allocate memory");
        ck_assert_uint_eq(disk.retry_usec, 2000000);
        journal_retry(journal);
        disk_end(0);
        expect_file_is_ledger();
}
END_TEST

START_TEST(applying_without_memory_changes_nothing) {
        unsigned n = 0;
        int r;

        do {
                LedgerChange change = {};

                claims_put(&change, claims_make("pod", "a", 0, 1));
                claims_drop(&change, "pod", "b");
                failmalloc_arm(n++);
                r = journal_apply(journal, &change, NULL, true, on_done, (void *)"a", NULL);
                (void)failmalloc_disarm();
                if (r) {
                        ck_assert_uint_eq(ledger_get_n_claims(ledger), 0);
                        ck_assert_uint_eq(change.n_puts, 1);
                        ck_assert(journal_is_idle(journal));
                }
                ledger_change_deinit(&change);
        } while (r == -ENOMEM);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_ge(n, 6);
        journal_dispatch(journal);
        disk_end(0);
        expect_told("a:0 ");
        expect_file_is_ledger();
}
END_TEST

/* Compaction */

START_TEST(a_file_that_is_mostly_past_is_made_new) {
        unsigned n_before;

        for (unsigned i = 0; disk.n_replacements < 3; ++i) {
                n_before = disk.n_replacements;
                ck_assert_int_eq(put("a", i + 1, true), 0);
                for (unsigned k = 0; k < 200; ++k)
                        ck_assert_int_eq(put("b", k + 1, true), 0);
                journal_dispatch(journal);
                if (disk.is_replacement)
                        ck_assert_uint_gt(disk.n_file,
                                          JOURNAL_COMPACT_BYTES - JOURNAL_BATCH_MAX / 8);
                else
                        ck_assert_uint_le(disk.offset + disk.n_data, JOURNAL_COMPACT_BYTES);
                disk_end(0);
                told[0] = '\0';
                if (disk.n_replacements > n_before)
                        ck_assert_uint_lt(disk.n_file, 1000);
        }
        expect_file_is_ledger();
}
END_TEST

START_TEST(a_file_that_is_mostly_present_is_not) {
        char uid[32];

        for (unsigned i = 0; disk.n_file < 5 * JOURNAL_COMPACT_BYTES / 2; ++i) {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};

                (void)snprintf(uid, sizeof(uid), "pod-%u", i);
                claims_put(&change, claims_make(uid, "c", 0, i + 1));
                ck_assert_int_eq(journal_apply(journal, &change, NULL, true, NULL, NULL, NULL), 0);
                if (i % 1000 != 999)
                        continue;
                journal_dispatch(journal);
                disk_end(0);
        }
        ck_assert_uint_eq(disk.n_replacements, 1);
        expect_file_is_ledger();
}
END_TEST

START_TEST(a_file_grows_to_four_times_what_is_in_it) {
        const unsigned n_claims = 1500;
        size_t n_live = 0;

        while (disk.n_replacements < 3) {
                const unsigned n_before = disk.n_replacements;
                size_t n_all;

                for (unsigned i = 0; i < n_claims; ++i) {
                        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
                        char uid[32];

                        (void)snprintf(uid, sizeof(uid), "pod-%u", i);
                        claims_put(&change, claims_make(uid, "c", 0, i + 1));
                        ck_assert_int_eq(
                                journal_apply(journal, &change, NULL, true, NULL, NULL, NULL), 0);
                }
                n_all = disk.n_file;
                journal_dispatch(journal);
                if (disk.is_replacement)
                        n_live = disk.n_data;
                disk_end(0);
                if (disk.n_replacements == n_before)
                        continue;
                ck_assert_uint_gt(n_all + n_live, 4 * n_live);
                ck_assert_uint_lt(n_all, 5 * n_live + JOURNAL_COMPACT_BYTES);
        }
        ck_assert_uint_gt(n_live, JOURNAL_COMPACT_BYTES / 4);
        expect_file_is_ledger();
}
END_TEST

/* As large as one may be, or with @n_chunks. */
static LedgerClaim *make_large(const char *uid, size_t n_chunks) {
        char id[LEDGER_CHUNK_ID_MAX];
        const char **chunks = calloc(LEDGER_CHUNKS_MAX, sizeof(*chunks));
        LedgerClaim *small = claims_make(uid, "c", 0, 1), *large;
        LedgerClaim from = *small;

        memset(id, 'x', sizeof(id));
        id[sizeof(id) - 1] = '\0';
        for (size_t i = 0; i < n_chunks; ++i)
                chunks[i] = id;
        from.chunks = chunks;
        from.n_chunks = n_chunks;
        ck_assert_int_eq(ledger_claim_new(&from, &large), 0);
        ledger_claim_free(small);
        free(chunks);
        return large;
}

START_TEST(a_line_leaves_room_for_a_reason) {
        size_t n_line = 0;

        for (size_t n_chunks = 3500; n_line < RECORD_LINE_MAX - 200; ++n_chunks) {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};
                _cleanup_(buffer_deinitp) Buffer line = {};
                int r;

                claims_put(&change, make_large("a", LEDGER_CHUNKS_MAX));
                claims_put(&change, make_large("b", LEDGER_CHUNKS_MAX));
                claims_put(&change, make_large("c", LEDGER_CHUNKS_MAX));
                claims_put(&change, make_large("d", n_chunks));
                record_append_change(&change, &line);
                ck_assert_int_eq(buffer_finish(&line), 0);
                n_line = line.n_data;
                r = journal_apply(journal, &change, NULL, true, NULL, NULL, NULL);
                ck_assert_int_eq(r, n_line > RECORD_LINE_MAX - 4096 ? -E2BIG : 0);
                if (r)
                        continue;
                journal_dispatch(journal);
                disk_end(0);
        }
}
END_TEST

START_TEST(a_file_never_becomes_larger_than_what_is_read) {
        char uid[32];
        unsigned n = 0;

        /* More than a fourth of a whole file, so that compaction would not pay. */
        for (; n < 80; ++n) {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};

                (void)snprintf(uid, sizeof(uid), "large-%u", n);
                claims_put(&change, make_large(uid, LEDGER_CHUNKS_MAX));
                ck_assert_int_eq(ledger_apply(ledger, &change, NULL, NULL, NULL), 0);
        }
        journal = journal_free(journal);
        start(true, JOURNAL_FILE_MAX - 10);
        ck_assert_int_eq(put("a", 1, true), 0);
        journal_dispatch(journal);
        ck_assert(disk.is_replacement);
        ck_assert_uint_gt(disk.n_data, JOURNAL_FILE_MAX / 4);
        disk_end(0);
        expect_told("a:0 ");

        for (; n < 300; ++n) {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};

                (void)snprintf(uid, sizeof(uid), "large-%u", n);
                claims_put(&change, make_large(uid, LEDGER_CHUNKS_MAX));
                ck_assert_int_eq(ledger_apply(ledger, &change, NULL, NULL, NULL), 0);
        }
        journal = journal_free(journal);
        start(true, JOURNAL_FILE_MAX - 10);
        ck_assert_int_eq(put("b", 1, true), 0);
        journal_dispatch(journal);
        expect_told("b:-27 ");
        ck_assert_str_eq(journal_get_state(journal).problem,
                         "cannot make a new file: File too large");
        ck_assert(!disk.done);
}
END_TEST

/* Without a disk, and the end */

START_TEST(without_a_disk_everything_is_done_at_once) {
        journal = journal_free(journal);
        start(false, 0);
        ck_assert_int_eq(get_health(), JOURNAL_ABSENT);
        ck_assert(!journal_wants_dispatch(journal));
        ck_assert_int_eq(put("a", 1, true), 0);
        ck_assert_int_eq(drop("a", false), 0);
        ck_assert_int_eq(put("b", 1, true), 0);
        expect_told("");
        ck_assert(journal_wants_dispatch(journal));
        journal_dispatch(journal);
        expect_told("a:0 a:0 b:0 ");
        ck_assert_uint_eq(get("b"), 1);
        ck_assert(journal_is_idle(journal));
        journal_retry(journal);
        ck_assert_int_eq(get_health(), JOURNAL_ABSENT);
}
END_TEST

START_TEST(what_waits_at_the_end_is_told_and_stays) {
        ck_assert_int_eq(put("a", 1, true), 0);
        journal_dispatch(journal);
        ck_assert_int_eq(put("b", 1, true), 0);
        journal = journal_free(journal);
        expect_told("a:-125 b:-125 ");
        ck_assert_uint_eq(get("a"), 1);
        disk_end(0); /* nobody listens */
        expect_told("");
}
END_TEST

static void apply_at_the_end(int error, void *userdata) {
        on_done(error, userdata);
        ck_assert_int_eq(put("late", 1, false), -EIO);
}

START_TEST(nothing_comes_after_the_end) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        claims_put(&change, claims_make("pod", "a", 0, 1));
        ck_assert_int_eq(
                journal_apply(journal, &change, NULL, true, apply_at_the_end, (void *)"a", NULL),
                0);
        journal = journal_free(journal);
        expect_told("a:-125 ");
        ck_assert_uint_eq(get("late"), 0);
}
END_TEST

/* Everything at once: any changes, any failures; whenever the disk is good again it has the ledger,
 * and every change was told once. */

static unsigned n_applied, n_told;

static void count_told(int error, void *userdata) {
        /* a release never fails, but for the end */
        ck_assert(!userdata || error == 0 || error == -ECANCELED);
        ++n_told;
}

static void apply_randomly(uint64_t *seed) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        const bool must_last = claims_random(seed) % 3 > 0;
        int r;

        for (uint64_t n = claims_random(seed) % 3 + 1; n > 0; --n) {
                char name[8];

                (void)snprintf(name, sizeof(name), "c%ju", (uintmax_t)(claims_random(seed) % 12));
                if (claims_random(seed) % 2)
                        claims_put(&change, claims_make("pod", name, (unsigned)n,
                                                        claims_random(seed) % 99 + 1));
                else
                        claims_drop(&change, "pod", name);
        }
        r = journal_apply(journal, &change, NULL, must_last, count_told,
                          must_last ? NULL : (void *)"release", NULL);
        ck_assert(r == 0 || (r == -EIO && must_last && get_health() == JOURNAL_FAILED));
        n_applied += r == 0;
}

START_TEST(whatever_happens_a_good_disk_has_the_ledger) {
        uint64_t seed = SEED;
        unsigned n_checks = 0;

        n_applied = n_told = 0;
        for (unsigned i = 0; i < 20000; ++i) {
                switch (claims_random(&seed) % 8) {
                case 0:
                        if (disk.done)
                                disk_end(claims_random(&seed) % 3 ? 0 : -EIO);
                        break;
                case 1:
                        journal_retry(journal);
                        break;
                case 2:
                        journal_dispatch(journal);
                        break;
                default:
                        apply_randomly(&seed);
                }
                if (journal_is_idle(journal) && get_health() == JOURNAL_HEALTHY) {
                        expect_file_is_ledger();
                        ck_assert_uint_eq(n_told, n_applied);
                        ++n_checks;
                }
        }
        ck_assert_uint_gt(n_checks, 50);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("journal");
        TCase *t = tcase_create("journal");

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, the_first_file_is_made_whole);
        tcase_add_test(t, changes_of_one_turn_go_together_and_are_told_when_they_are_durable);
        tcase_add_test(t, what_comes_while_the_disk_is_busy_goes_next);
        tcase_add_test(t, a_change_may_bring_another_when_it_is_told);
        tcase_add_test(t, an_empty_change_is_told_after_what_came_before);
        tcase_add_test(t, nobody_has_to_wait);
        tcase_add_test(t, what_the_ledger_refuses_has_no_line);
        tcase_add_test(t, text_that_has_no_line_is_refused_before_the_ledger_has_it);
        tcase_add_test(t, too_much_that_waits_is_refused);
        tcase_add_test(t, a_failed_append_takes_back_what_must_last);
        tcase_add_test(t, while_the_disk_is_bad_only_releases_are_done);
        tcase_add_test(t, a_release_during_a_retry_is_told_at_once_and_follows_it);
        tcase_add_test(t, retries_come_later_and_later);
        tcase_add_test(t, a_disk_that_refuses_at_once_has_failed);
        tcase_add_test(t, a_first_file_that_fails_takes_back_what_waited);
        tcase_add_loop_test(t, only_what_nobody_changed_since_is_taken_back, 0,
                            ELEMENTSOF(histories));
        tcase_add_test(t, a_change_of_several_claims_is_taken_back_but_for_those_changed_since);
        tcase_add_test(t, what_cannot_be_taken_back_for_want_of_memory_becomes_durable);
        tcase_add_test(t, what_somebody_changed_after_one_that_was_kept_stays);
        tcase_add_test(t, a_file_that_cannot_be_put_together_is_a_failure);
        tcase_add_test(t, applying_without_memory_changes_nothing);
        tcase_add_test(t, a_file_that_is_mostly_past_is_made_new);
        tcase_add_test(t, a_file_that_is_mostly_present_is_not);
        tcase_add_test(t, a_file_grows_to_four_times_what_is_in_it);
        tcase_add_test(t, a_line_leaves_room_for_a_reason);
        tcase_add_test(t, a_file_never_becomes_larger_than_what_is_read);
        tcase_add_test(t, without_a_disk_everything_is_done_at_once);
        tcase_add_test(t, what_waits_at_the_end_is_told_and_stays);
        tcase_add_test(t, nothing_comes_after_the_end);
        tcase_add_test(t, whatever_happens_a_good_disk_has_the_ledger);
        suite_add_tcase(s, t);
        return s;
}
