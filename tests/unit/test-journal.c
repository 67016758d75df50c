/* SPDX-License-Identifier: Apache-2.0 */
/* The journal on a good disk, and without one: batches, compaction, the end. */
#include "lib/test-main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/claims.h"
#include "lib/journal-bed.h"

/* Batches */

START_TEST(the_first_file_is_made_whole) {
        ck_assert_uint_eq(bed.disk.n_replacements, 1);
        ck_assert(!journal_wants_dispatch(bed.journal));
        ck_assert(journal_is_idle(bed.journal));
        bed_expect_file_is_ledger();
}
END_TEST

START_TEST(changes_of_one_turn_go_together_and_are_told_when_they_are_durable) {
        ck_assert_int_eq(bed_put("a", 1, true), 0);
        ck_assert_int_eq(bed_put("b", 2, true), 0);
        ck_assert_int_eq(bed_drop("a", false), 0);
        ck_assert(journal_wants_dispatch(bed.journal));
        ck_assert(!bed.disk.done);
        journal_dispatch(bed.journal);
        ck_assert(bed.disk.done);
        ck_assert(!journal_wants_dispatch(bed.journal));
        ck_assert_uint_eq(journal_get_state(bed.journal).n_waiting, 3);
        bed_expect_told("");
        bed_disk_end(0);
        bed_expect_told("a:0 b:0 a:0 ");
        ck_assert_uint_eq(bed.disk.n_appends, 1);
        ck_assert(journal_is_idle(bed.journal));
        bed_expect_file_is_ledger();
}
END_TEST

START_TEST(what_comes_while_the_disk_is_busy_goes_next) {
        ck_assert_int_eq(bed_put("a", 1, true), 0);
        journal_dispatch(bed.journal);
        ck_assert_int_eq(bed_put("b", 2, true), 0);
        ck_assert_int_eq(bed_put("c", 3, false), 0);
        journal_dispatch(bed.journal);
        bed_disk_end(0);
        bed_expect_told("a:0 ");
        bed_disk_end(0); /* it began by itself */
        bed_expect_told("b:0 c:0 ");
        ck_assert_uint_eq(bed.disk.n_appends, 2);
        bed_expect_file_is_ledger();
}
END_TEST

static void apply_again(int error, void *userdata) {
        bed_told(error, userdata);
        ck_assert_int_eq(bed_put("again", 9, true), 0);
        journal_dispatch(bed.journal);
}

START_TEST(a_change_may_bring_another_when_it_is_told) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        claims_put(&change, claims_make("pod", "a", 0, 1));
        ck_assert_int_eq(
                journal_apply(bed.journal, &change, NULL, true, apply_again, (void *)"a", NULL), 0);
        ck_assert_int_eq(bed_put("b", 2, true), 0);
        journal_dispatch(bed.journal);
        bed_disk_end(0);
        bed_expect_told("a:0 b:0 ");
        bed_disk_end(0);
        bed_expect_told("again:0 ");
        bed_expect_file_is_ledger();
}
END_TEST

START_TEST(an_empty_change_is_told_after_what_came_before) {
        LedgerChange nothing = {};

        ck_assert_int_eq(bed_put("a", 1, true), 0);
        ck_assert_int_eq(
                journal_apply(bed.journal, &nothing, NULL, true, bed_told, (void *)"b", NULL), 0);
        journal_dispatch(bed.journal);
        bed_expect_told("");
        bed_disk_end(0);
        bed_expect_told("a:0 b:0 ");
        ck_assert_int_eq(
                journal_apply(bed.journal, &nothing, NULL, true, bed_told, (void *)"c", NULL), 0);
        bed_expect_told("");
        journal_dispatch(bed.journal);
        bed_expect_told("c:0 ");
        ck_assert(!bed.disk.done);
}
END_TEST

START_TEST(nobody_has_to_wait) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        claims_put(&change, claims_make("pod", "a", 0, 1));
        ck_assert_int_eq(journal_apply(bed.journal, &change, NULL, true, NULL, NULL, NULL), 0);
        journal_dispatch(bed.journal);
        bed_disk_end(0);
        bed_expect_file_is_ledger();
}
END_TEST

START_TEST(what_the_ledger_refuses_has_no_line) {
        static const LedgerRoomRow row = { .node = 0, .bytes = 10 };
        const LedgerRoom room = { .rows = &row, .n_rows = 1 };
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        LedgerLack lack = {};

        ck_assert_int_eq(bed_put("a", 8, true), 0);
        claims_put(&change, claims_make("pod", "b", 0, 3));
        ck_assert_int_eq(
                journal_apply(bed.journal, &change, &room, true, bed_told, (void *)"b", &lack),
                LEDGER_E_NO_SPACE);
        ck_assert_uint_eq(lack.bytes, 1);
        journal_dispatch(bed.journal);
        bed_disk_end(0);
        bed_expect_told("a:0 ");
        bed_expect_file_is_ledger();
}
END_TEST

START_TEST(text_that_has_no_line_is_refused_before_the_ledger_has_it) {
        ck_assert_int_eq(bed_put("a", 1, true), 0);
        ck_assert_int_eq(bed_put("\xff", 1, true), -EILSEQ);
        ck_assert_uint_eq(ledger_get_n_claims(bed.ledger), 1);
        journal_dispatch(bed.journal);
        bed_disk_end(0);
        bed_expect_told("a:0 ");
        bed_expect_file_is_ledger();
}
END_TEST

START_TEST(too_much_that_waits_is_refused) {
        char name[32];
        unsigned n = 0;
        int r;

        ck_assert_int_eq(bed_put("first", 1, true), 0);
        journal_dispatch(bed.journal);
        do {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};

                (void)snprintf(name, sizeof(name), "c%u", n++ % 1000);
                claims_put(&change, claims_make("pod", name, 0, n));
                r = journal_apply(bed.journal, &change, NULL, true, NULL, NULL, NULL);
        } while (r == 0);
        ck_assert_int_eq(r, -ENOBUFS);
        ck_assert_uint_gt(n, 1000);
        do
                r = bed_drop_unheard("nothing");
        while (r == 0);
        ck_assert_int_eq(r, -ENOBUFS);
        ck_assert_int_eq(bed_drop_unheard("first"), -ENOBUFS);
        ck_assert_uint_eq(bed_get("first"), 1);
        bed_disk_end(0);
        ck_assert_uint_le(bed.disk.n_data, JOURNAL_BATCH_MAX);
        ck_assert_int_eq(bed_put("last", 1, true), 0);
        bed_disk_end(0);
        bed_disk_end(0);
        bed_expect_told("first:0 last:0 ");
        bed_expect_file_is_ledger();
}
END_TEST

/* Compaction */

START_TEST(a_file_that_is_mostly_past_is_made_new) {
        unsigned n_before;

        for (unsigned i = 0; bed.disk.n_replacements < 3; ++i) {
                n_before = bed.disk.n_replacements;
                ck_assert_int_eq(bed_put("a", i + 1, true), 0);
                for (unsigned k = 0; k < 200; ++k)
                        ck_assert_int_eq(bed_put("b", k + 1, true), 0);
                journal_dispatch(bed.journal);
                if (bed.disk.is_replacement)
                        ck_assert_uint_gt(bed.disk.n_file,
                                          JOURNAL_COMPACT_BYTES - JOURNAL_BATCH_MAX / 8);
                else
                        ck_assert_uint_le(bed.disk.offset + bed.disk.n_data, JOURNAL_COMPACT_BYTES);
                bed_disk_end(0);
                bed.told[0] = '\0';
                if (bed.disk.n_replacements > n_before)
                        ck_assert_uint_lt(bed.disk.n_file, 1000);
        }
        bed_expect_file_is_ledger();
}
END_TEST

START_TEST(a_file_that_is_mostly_present_is_not) {
        char uid[32], container[POD_NAME_MAX];

        /* long lines: the ledger must not be full before the file is large */
        memset(container, 'c', sizeof(container) - 1);
        container[sizeof(container) - 1] = '\0';
        for (unsigned i = 0; bed.disk.n_file < 5 * JOURNAL_COMPACT_BYTES / 2; ++i) {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};

                (void)snprintf(uid, sizeof(uid), "pod-%u", i);
                claims_put(&change, claims_make(uid, container, 0, i + 1));
                ck_assert_int_eq(journal_apply(bed.journal, &change, NULL, true, NULL, NULL, NULL),
                                 0);
                if (i % 1000 != 999)
                        continue;
                journal_dispatch(bed.journal);
                bed_disk_end(0);
        }
        ck_assert_uint_eq(bed.disk.n_replacements, 1);
        bed_expect_file_is_ledger();
}
END_TEST

START_TEST(a_file_grows_to_four_times_what_is_in_it) {
        const unsigned n_claims = 1500;
        size_t n_live = 0;

        while (bed.disk.n_replacements < 3) {
                const unsigned n_before = bed.disk.n_replacements;
                size_t n_all;

                for (unsigned i = 0; i < n_claims; ++i) {
                        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
                        char uid[32];

                        (void)snprintf(uid, sizeof(uid), "pod-%u", i);
                        claims_put(&change, claims_make(uid, "c", 0, i + 1));
                        ck_assert_int_eq(
                                journal_apply(bed.journal, &change, NULL, true, NULL, NULL, NULL),
                                0);
                }
                n_all = bed.disk.n_file;
                journal_dispatch(bed.journal);
                if (bed.disk.is_replacement)
                        n_live = bed.disk.n_data;
                bed_disk_end(0);
                if (bed.disk.n_replacements == n_before)
                        continue;
                ck_assert_uint_gt(n_all + n_live, 4 * n_live);
                ck_assert_uint_lt(n_all, 5 * n_live + JOURNAL_COMPACT_BYTES);
        }
        ck_assert_uint_gt(n_live, JOURNAL_COMPACT_BYTES / 4);
        bed_expect_file_is_ledger();
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
                r = journal_apply(bed.journal, &change, NULL, true, NULL, NULL, NULL);
                ck_assert_int_eq(r, n_line > RECORD_LINE_MAX - 4096 ? -E2BIG : 0);
                if (r)
                        continue;
                journal_dispatch(bed.journal);
                bed_disk_end(0);
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
                ck_assert_int_eq(ledger_apply(bed.ledger, &change, NULL, NULL, NULL), 0);
        }
        bed.journal = journal_free(bed.journal);
        bed_start(true, JOURNAL_FILE_MAX - 10);
        ck_assert_int_eq(bed_put("a", 1, true), 0);
        journal_dispatch(bed.journal);
        ck_assert(bed.disk.is_replacement);
        ck_assert_uint_gt(bed.disk.n_data, JOURNAL_FILE_MAX / 4);
        bed_disk_end(0);
        bed_expect_told("a:0 ");

        for (; n < 300; ++n) {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};

                (void)snprintf(uid, sizeof(uid), "large-%u", n);
                claims_put(&change, make_large(uid, LEDGER_CHUNKS_MAX));
                ck_assert_int_eq(ledger_apply(bed.ledger, &change, NULL, NULL, NULL), 0);
        }
        bed.journal = journal_free(bed.journal);
        bed_start(true, JOURNAL_FILE_MAX - 10);
        ck_assert_int_eq(bed_put("b", 1, true), 0);
        journal_dispatch(bed.journal);
        bed_expect_told("b:-27 ");
        ck_assert_str_eq(journal_get_state(bed.journal).problem,
                         "cannot make a new file: File too large");
        ck_assert(!bed.disk.done);
}
END_TEST

/* Without a disk, and the end */

START_TEST(without_a_disk_everything_is_done_at_once) {
        bed.journal = journal_free(bed.journal);
        bed_start(false, 0);
        ck_assert_int_eq(bed_get_health(), JOURNAL_ABSENT);
        ck_assert(!journal_wants_dispatch(bed.journal));
        ck_assert_int_eq(bed_put("a", 1, true), 0);
        ck_assert_int_eq(bed_drop("a", false), 0);
        ck_assert_int_eq(bed_put("b", 1, true), 0);
        bed_expect_told("");
        ck_assert(journal_wants_dispatch(bed.journal));
        journal_dispatch(bed.journal);
        bed_expect_told("a:0 a:0 b:0 ");
        ck_assert_uint_eq(bed_get("b"), 1);
        ck_assert(journal_is_idle(bed.journal));
        journal_retry(bed.journal);
        ck_assert_int_eq(bed_get_health(), JOURNAL_ABSENT);
}
END_TEST

START_TEST(what_waits_at_the_end_is_told_and_stays) {
        ck_assert_int_eq(bed_put("a", 1, true), 0);
        journal_dispatch(bed.journal);
        ck_assert_int_eq(bed_put("b", 1, true), 0);
        bed.journal = journal_free(bed.journal);
        bed_expect_told("a:-125 b:-125 ");
        ck_assert_uint_eq(bed_get("a"), 1);
        bed_disk_end(0); /* nobody listens */
        bed_expect_told("");
}
END_TEST

static void apply_at_the_end(int error, void *userdata) {
        bed_told(error, userdata);
        ck_assert_int_eq(bed_put("late", 1, false), -EIO);
}

START_TEST(nothing_comes_after_the_end) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        claims_put(&change, claims_make("pod", "a", 0, 1));
        ck_assert_int_eq(journal_apply(bed.journal, &change, NULL, true, apply_at_the_end,
                                       (void *)"a", NULL),
                         0);
        bed.journal = journal_free(bed.journal);
        bed_expect_told("a:-125 ");
        ck_assert_uint_eq(bed_get("late"), 0);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("journal");
        TCase *t = tcase_create("journal");

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, bed_setup, bed_teardown);
        tcase_add_test(t, the_first_file_is_made_whole);
        tcase_add_test(t, changes_of_one_turn_go_together_and_are_told_when_they_are_durable);
        tcase_add_test(t, what_comes_while_the_disk_is_busy_goes_next);
        tcase_add_test(t, a_change_may_bring_another_when_it_is_told);
        tcase_add_test(t, an_empty_change_is_told_after_what_came_before);
        tcase_add_test(t, nobody_has_to_wait);
        tcase_add_test(t, what_the_ledger_refuses_has_no_line);
        tcase_add_test(t, text_that_has_no_line_is_refused_before_the_ledger_has_it);
        tcase_add_test(t, too_much_that_waits_is_refused);
        tcase_add_test(t, a_file_that_is_mostly_past_is_made_new);
        tcase_add_test(t, a_file_that_is_mostly_present_is_not);
        tcase_add_test(t, a_file_grows_to_four_times_what_is_in_it);
        tcase_add_test(t, a_line_leaves_room_for_a_reason);
        tcase_add_test(t, a_file_never_becomes_larger_than_what_is_read);
        tcase_add_test(t, without_a_disk_everything_is_done_at_once);
        tcase_add_test(t, what_waits_at_the_end_is_told_and_stays);
        tcase_add_test(t, nothing_comes_after_the_end);
        suite_add_tcase(s, t);
        return s;
}
