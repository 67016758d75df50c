/* SPDX-License-Identifier: Apache-2.0 */
/* The journal on a bad disk, and without memory: what is taken back, what stays, and when it is
 * tried again. */
#include "lib/test-main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/claims.h"
#include "lib/failmalloc.h"
#include "lib/journal-bed.h"

#define SEED UINT64_C(7481)

START_TEST(a_failed_append_takes_back_what_must_last) {
        ck_assert_int_eq(bed_put("old", 5, true), 0);
        journal_dispatch(bed.journal);
        bed_disk_end(0);
        bed_expect_told("old:0 ");

        ck_assert_int_eq(bed_put("a", 1, true), 0);
        ck_assert_int_eq(bed_drop("old", false), 0);
        journal_dispatch(bed.journal);
        ck_assert_int_eq(bed_put("b", 2, true), 0); /* waits behind it */
        bed_disk_end(-ENOSPC);
        ck_assert_uint_eq(bed_get("a"), 0);
        ck_assert_uint_eq(bed_get("b"), 0);
        ck_assert_uint_eq(bed_get("old"), 0);
        bed_expect_told("a:-28 old:0 b:-28 ");
        ck_assert_int_eq(bed_get_health(), JOURNAL_FAILED);
        ck_assert_str_eq(journal_get_state(bed.journal).problem,
                         "cannot append: No space left on device");
        ck_assert_uint_eq(journal_get_state(bed.journal).n_failures, 1);
        ck_assert_uint_eq(bed.disk.retry_usec, 1000000);
        ck_assert(journal_is_idle(bed.journal));
        ck_assert(!journal_wants_dispatch(bed.journal));
}
END_TEST

START_TEST(while_the_disk_is_bad_only_releases_are_done) {
        ck_assert_int_eq(bed_put("a", 1, true), 0);
        ck_assert_int_eq(bed_put("b", 2, true), 0);
        journal_dispatch(bed.journal);
        bed_disk_end(0);
        ck_assert_int_eq(bed_put("c", 3, true), 0);
        journal_dispatch(bed.journal);
        bed_disk_end(-EIO);
        bed_expect_told("a:0 b:0 c:-5 ");

        ck_assert_int_eq(bed_put("d", 4, true), -EIO);
        ck_assert_int_eq(bed_drop("a", false), 0);
        ck_assert_uint_eq(bed_get("a"), 0);
        bed_expect_told("");
        ck_assert(journal_wants_dispatch(bed.journal));
        journal_dispatch(bed.journal);
        bed_expect_told("a:0 ");
        ck_assert(!bed.disk.done);

        journal_retry(bed.journal);
        ck_assert(bed.disk.is_replacement);
        bed_disk_end(0);
        ck_assert_int_eq(bed_get_health(), JOURNAL_HEALTHY);
        ck_assert_str_eq(journal_get_state(bed.journal).problem, "");
        bed_expect_file_is_ledger();
        ck_assert_int_eq(bed_put("d", 4, true), 0);
        journal_dispatch(bed.journal);
        ck_assert(!bed.disk.is_replacement);
        bed_disk_end(0);
        bed_expect_told("d:0 ");
        bed_expect_file_is_ledger();
}
END_TEST

START_TEST(a_release_during_a_retry_is_told_at_once_and_follows_it) {
        ck_assert_int_eq(bed_put("a", 1, true), 0);
        journal_dispatch(bed.journal);
        bed_disk_end(0);
        ck_assert_int_eq(bed_put("b", 1, true), 0);
        journal_dispatch(bed.journal);
        bed_disk_end(-EIO);
        journal_retry(bed.journal);
        bed.told[0] = '\0';
        ck_assert_int_eq(bed_drop("a", false), 0); /* the new file still has it */
        ck_assert(journal_wants_dispatch(bed.journal));
        journal_dispatch(bed.journal);
        bed_expect_told("a:0 ");
        bed_disk_end(0);
        ck_assert(bed.disk.done);
        bed_disk_end(0);
        bed_expect_file_is_ledger();
}
END_TEST

START_TEST(retries_come_later_and_later) {
        static const unsigned seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60 };

        for (unsigned round = 0; round < 2; ++round) {
                ck_assert_int_eq(bed_put("a", round + 1, true), 0);
                journal_dispatch(bed.journal);
                for (size_t i = 0; i < ELEMENTSOF(seconds); ++i) {
                        bed_disk_end(-EIO);
                        ck_assert_uint_eq(bed.disk.retry_usec, seconds[i] * UINT64_C(1000000));
                        journal_retry(bed.journal);
                        journal_retry(bed.journal); /* it is under way already */
                }
                bed_disk_end(0);
                bed_expect_file_is_ledger();
        }
        ck_assert_uint_eq(bed.disk.n_retries, 2 * ELEMENTSOF(seconds));
}
END_TEST

START_TEST(a_disk_that_refuses_at_once_has_failed) {
        ck_assert_int_eq(bed_put("a", 1, true), 0);
        bed.disk.refusal = -EAGAIN;
        journal_dispatch(bed.journal);
        bed_expect_told("a:-11 ");
        ck_assert_int_eq(bed_get_health(), JOURNAL_FAILED);
        bed.disk.refusal = -EAGAIN;
        journal_retry(bed.journal);
        ck_assert_uint_eq(bed.disk.retry_usec, 2000000);
        journal_retry(bed.journal);
        bed_disk_end(0);
        bed_expect_file_is_ledger();
}
END_TEST

START_TEST(a_first_file_that_fails_takes_back_what_waited) {
        bed_teardown();
        bed.disk = (FakeDisk){};
        ck_assert_int_eq(ledger_new(&bed.ledger), 0);
        bed_start(true, 0);
        ck_assert(journal_wants_dispatch(bed.journal));
        ck_assert_int_eq(bed_put("a", 1, true), 0);
        journal_dispatch(bed.journal);
        ck_assert_int_eq(bed_put("b", 1, true), 0);
        bed_disk_end(-EROFS);
        bed_expect_told("a:-30 b:-30 ");
        ck_assert_str_eq(journal_get_state(bed.journal).problem,
                         "cannot make a new file: Read-only file system");
        ck_assert_uint_eq(ledger_get_n_claims(bed.ledger), 0);
        journal_retry(bed.journal);
        bed_disk_end(0);
        bed_expect_file_is_ledger();
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
                ck_assert_int_eq(bed_put("k", 100, true), 0);
                ck_assert_int_eq(bed_put("other", 7, true), 0);
                journal_dispatch(bed.journal);
                bed_disk_end(0);
                for (size_t i = 0; i < histories[_i].n_steps; ++i) {
                        const Step *step = &histories[_i].steps[i];

                        if (i == n_begun && i > 0)
                                journal_dispatch(bed.journal);
                        ck_assert_int_eq(step->bytes ? bed_put("k", step->bytes, step->must_last)
                                                     : bed_drop("k", step->must_last),
                                         0);
                }
                journal_dispatch(bed.journal);
                bed_disk_end(-EIO);
                ck_assert_msg(bed_get("k") == histories[_i].expected, "%s, %zu begun: %ju",
                              histories[_i].name, n_begun, (uintmax_t)bed_get("k"));
                ck_assert_uint_eq(bed_get("other"), 7);
                journal_retry(bed.journal);
                bed_disk_end(0);
                bed_expect_file_is_ledger();
        }
}
END_TEST

START_TEST(a_change_of_several_claims_is_taken_back_but_for_those_changed_since) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        ck_assert_int_eq(bed_put("init", 10, true), 0);
        journal_dispatch(bed.journal);
        bed_disk_end(0);
        claims_put(&change, claims_make("pod", "init", 0, 4)); /* gives bytes away */
        claims_put(&change, claims_make("pod", "app", 0, 6));
        claims_put(&change, claims_make("pod", "app2", 0, 1));
        ck_assert_int_eq(journal_apply(bed.journal, &change, NULL, true, NULL, NULL, NULL), 0);
        ck_assert_int_eq(bed_drop("app", false), 0);
        journal_dispatch(bed.journal);
        bed_disk_end(-EIO);
        ck_assert_uint_eq(bed_get("init"), 10);
        ck_assert_uint_eq(bed_get("app"), 0);
        ck_assert_uint_eq(bed_get("app2"), 0);
        ck_assert_uint_eq(ledger_get_claimed(bed.ledger, 0, 0), 10);
}
END_TEST

START_TEST(what_cannot_be_taken_back_for_want_of_memory_becomes_durable) {
        ck_assert_int_eq(bed_put("a", 1, true), 0);
        ck_assert_int_eq(bed_put("b", 2, true), 0);
        journal_dispatch(bed.journal);
        failmalloc_arm(0);
        bed_disk_end(-EIO);
        ck_assert(failmalloc_disarm());
        bed_expect_told("");
        ck_assert_uint_eq(bed_get("a"), 1);
        ck_assert_uint_eq(journal_get_state(bed.journal).n_waiting, 2);
        ck_assert(!journal_is_idle(bed.journal));
        ck_assert(!journal_wants_dispatch(bed.journal)); /* a dispatch would not help */
        ck_assert_int_eq(bed_drop("b", false), 0);
        ck_assert(journal_wants_dispatch(bed.journal));
        journal_dispatch(bed.journal);
        bed_expect_told("b:0 ");

        journal_retry(bed.journal);
        bed_disk_end(-EIO); /* now there is memory; what was released stays so */
        bed_expect_told("a:-5 b:-5 ");
        ck_assert_uint_eq(bed_get("a"), 0);
        ck_assert_uint_eq(bed_get("b"), 0);

        journal_retry(bed.journal);
        bed_disk_end(0);
        ck_assert_int_eq(bed_put("c", 3, true), 0);
        journal_dispatch(bed.journal);
        failmalloc_arm(0);
        bed_disk_end(-EIO);
        ck_assert(failmalloc_disarm());
        journal_retry(bed.journal);
        bed_disk_end(0);
        bed_expect_told("c:0 ");
        bed_expect_file_is_ledger();
}
END_TEST

START_TEST(what_somebody_changed_after_one_that_was_kept_stays) {
        ck_assert_int_eq(bed_put("k", 100, true), 0);
        journal_dispatch(bed.journal);
        bed_disk_end(0);
        ck_assert_int_eq(bed_put("k", 1, true), 0);
        journal_dispatch(bed.journal);
        failmalloc_arm(0);
        bed_disk_end(-EIO);
        ck_assert(failmalloc_disarm());
        ck_assert_int_eq(bed_drop("k", false), 0);
        journal_dispatch(bed.journal);
        bed_expect_told("k:0 k:0 ");
        journal_retry(bed.journal);
        bed_disk_end(-EIO);
        bed_expect_told("k:-5 ");
        ck_assert_uint_eq(bed_get("k"), 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_put_together_is_a_failure) {
        ck_assert_int_eq(bed_put("a", 1, true), 0);
        journal_dispatch(bed.journal);
        bed_disk_end(-EIO);
        failmalloc_arm(0);
        journal_retry(bed.journal);
        ck_assert(failmalloc_disarm());
        ck_assert_str_eq(journal_get_state(bed.journal).problem,
                         "cannot make a new file: Cannot allocate memory");
        ck_assert_uint_eq(bed.disk.retry_usec, 2000000);
        journal_retry(bed.journal);
        bed_disk_end(0);
        bed_expect_file_is_ledger();
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
                r = journal_apply(bed.journal, &change, NULL, true, bed_told, (void *)"a", NULL);
                (void)failmalloc_disarm();
                if (r) {
                        ck_assert_uint_eq(ledger_get_n_claims(bed.ledger), 0);
                        ck_assert_uint_eq(change.n_puts, 1);
                        ck_assert(journal_is_idle(bed.journal));
                }
                ledger_change_deinit(&change);
        } while (r == -ENOMEM);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_ge(n, 6);
        journal_dispatch(bed.journal);
        bed_disk_end(0);
        bed_expect_told("a:0 ");
        bed_expect_file_is_ledger();
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
        r = journal_apply(bed.journal, &change, NULL, must_last, count_told,
                          must_last ? NULL : (void *)"release", NULL);
        ck_assert(r == 0 || (r == -EIO && must_last && bed_get_health() == JOURNAL_FAILED));
        n_applied += r == 0;
}

START_TEST(whatever_happens_a_good_disk_has_the_ledger) {
        uint64_t seed = SEED;
        unsigned n_checks = 0;

        n_applied = n_told = 0;
        for (unsigned i = 0; i < 20000; ++i) {
                switch (claims_random(&seed) % 8) {
                case 0:
                        if (bed.disk.done)
                                bed_disk_end(claims_random(&seed) % 3 ? 0 : -EIO);
                        break;
                case 1:
                        journal_retry(bed.journal);
                        break;
                case 2:
                        journal_dispatch(bed.journal);
                        break;
                default:
                        apply_randomly(&seed);
                }
                if (journal_is_idle(bed.journal) && bed_get_health() == JOURNAL_HEALTHY) {
                        bed_expect_file_is_ledger();
                        ck_assert_uint_eq(n_told, n_applied);
                        ++n_checks;
                }
        }
        ck_assert_uint_gt(n_checks, 50);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("journal-failures");
        TCase *t = tcase_create("journal");

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, bed_setup, bed_teardown);
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
        tcase_add_test(t, whatever_happens_a_good_disk_has_the_ledger);
        suite_add_tcase(s, t);
        return s;
}
