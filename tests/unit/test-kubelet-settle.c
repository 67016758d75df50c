/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a kubelet and a runtime are settled, and when to ask them: time turned by hand.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "kubelet/rhythm.h"
#include "kubelet/settle.h"
#include "lib/test-main.h"

#define SETTLE_SEC 30u

static Settle settle;

static void setup(void) {
        settle = (Settle){ .params = { .settle_usec = SETTLE_SEC * USEC_PER_SEC,
                                       .needs_kubelet = true } };
}

/* At so many seconds, both complete and nothing wrong. */
static SettleLook good(uint64_t sec) {
        return (SettleLook){ .usec = sec * USEC_PER_SEC,
                             .runtime = { .is_complete = true, .generation = 1 },
                             .kubelet = { .is_complete = true, .generation = 1 },
                             .fingerprint = 7 };
}

static void look(SettleLook seen) {
        settle_look(&settle, &seen);
        ck_assert_int_eq(settle.is_settled, settle.reason[0] == '\0');
}

static void settle_by(uint64_t sec) {
        for (uint64_t i = 0; i <= SETTLE_SEC; i += 10)
                look(good(sec - SETTLE_SEC + i));
        ck_assert(settle.is_settled);
}

START_TEST(it_takes_the_settle_time) {
        look(good(100));
        ck_assert(!settle.is_settled);
        ck_assert_str_eq(settle.reason, "for less than 30 s the same pods have been seen");
        look(good(110));
        look(good(129));
        ck_assert(!settle.is_settled);
        look(good(130));
        ck_assert(settle.is_settled);
}
END_TEST

START_TEST(two_looks_are_not_enough) {
        look(good(100));
        look(good(140));
        ck_assert(!settle.is_settled);
        look(good(141));
        ck_assert(settle.is_settled);
}
END_TEST

START_TEST(a_change_begins_anew_until_it_is_settled) {
        SettleLook seen = good(130);

        look(good(100));
        look(good(115));
        seen.fingerprint = 8;
        look(seen);
        ck_assert(!settle.is_settled);
        seen.usec += 15 * USEC_PER_SEC;
        look(seen);
        ck_assert(!settle.is_settled);
        seen.usec += 15 * USEC_PER_SEC;
        look(seen);
        ck_assert(settle.is_settled);
        seen.fingerprint = 9;
        seen.usec += 1;
        look(seen);
        ck_assert(settle.is_settled);
}
END_TEST

/* A node with a new job every few seconds has to settle some day. */
START_TEST(a_node_that_never_rests_settles_late) {
        uint64_t sec = 100;

        for (; !settle.is_settled && sec < 1000; sec += 10) {
                SettleLook seen = good(sec);

                seen.fingerprint = sec;
                look(seen);
        }
        ck_assert_uint_eq(sec, 100 + (uint64_t)SETTLE_PATIENCE * SETTLE_SEC + 10);
}
END_TEST

START_TEST(a_pod_that_runs_and_is_not_listed_is_waited_for) {
        for (uint64_t sec = 100; sec < 2000; sec += 10) {
                SettleLook seen = good(sec);

                seen.ready_unlisted = "prod/web-0";
                look(seen);
                ck_assert_str_eq(settle.reason,
                                 "the kubelet does not list prod/web-0 yet, which runs");
        }
        look(good(2000));
        ck_assert(settle.is_settled);
}
END_TEST

START_TEST(once_settled_a_pod_that_is_not_listed_changes_nothing) {
        SettleLook seen = good(201);

        settle_by(200);
        seen.ready_unlisted = "prod/web-0";
        look(seen);
        ck_assert(settle.is_settled);
}
END_TEST

START_TEST(a_list_that_lacks_what_there_is_is_doubted_for_a_while) {
        uint64_t sec = 100;

        for (; !settle.is_settled && sec < 1000; sec += 10) {
                SettleLook seen = good(sec);

                seen.lists_none = _i == 0;
                seen.lists_static_alone = _i == 1;
                look(seen);
        }
        ck_assert_uint_eq(sec, 100 + (uint64_t)SETTLE_PATIENCE * SETTLE_SEC + 10);
}
END_TEST

static const struct {
        const char *what;
        bool has_runtime, has_kubelet;
        uint64_t runtime_generation, kubelet_generation;
        const char *reason;
} losses[] = {
        { "the runtime is gone", false, true, 1, 1, "the runtime does not answer completely" },
        { "the kubelet is gone", true, false, 1, 1, "the kubelet does not answer completely" },
        { "another runtime", true, true, 2, 1, "for less than 30 s the same pods have been seen" },
        { "another kubelet", true, true, 1, 2, "for less than 30 s the same pods have been seen" },
};

START_TEST(who_is_lost_has_to_settle_again) {
        SettleLook seen = good(201);

        settle_by(200);
        seen.runtime.is_complete = losses[_i].has_runtime;
        seen.kubelet.is_complete = losses[_i].has_kubelet;
        seen.runtime.generation = losses[_i].runtime_generation;
        seen.kubelet.generation = losses[_i].kubelet_generation;
        look(seen);
        ck_assert_msg(!settle.is_settled, "%s", losses[_i].what);
        ck_assert_str_eq(settle.reason, losses[_i].reason);
        look(good(210));
        look(good(220));
        look(good(239));
        ck_assert(!settle.is_settled);
        look(good(240));
        ck_assert(settle.is_settled);
}
END_TEST

START_TEST(without_a_kubelet_the_runtime_is_enough) {
        settle.params.needs_kubelet = false;
        for (uint64_t sec = 100; sec <= 130; sec += 10) {
                SettleLook seen = good(sec);

                seen.kubelet = (SettlePeer){ .generation = sec };
                seen.ready_unlisted = "prod/web-0";
                seen.lists_none = true;
                seen.lists_static_alone = true;
                look(seen);
        }
        ck_assert(settle.is_settled);
}
END_TEST

START_TEST(a_name_of_any_length_fits) {
        SettleLook seen = good(100);
        char name[600];

        memset(name, 'n', sizeof(name));
        name[sizeof(name) - 1] = '\0';
        seen.ready_unlisted = name;
        look(seen);
        ck_assert_uint_eq(strlen(settle.reason), SETTLE_REASON_MAX - 1);
}
END_TEST

/* When to ask */

#define MSEC USEC_PER_MSEC
#define SEC  USEC_PER_SEC

START_TEST(the_first_round_is_due_at_once) {
        const Rhythm rhythm = {};

        ck_assert_uint_eq(rhythm_get_due(&rhythm, 30 * SEC), 0);
}
END_TEST

START_TEST(nothing_happens_and_the_interval_passes) {
        Rhythm rhythm = {};

        rhythm_begin(&rhythm, 100 * SEC);
        rhythm_end(&rhythm, true);
        ck_assert_uint_eq(rhythm_get_due(&rhythm, 30 * SEC), 130 * SEC);
}
END_TEST

START_TEST(a_burst_is_one_round) {
        Rhythm rhythm = {};

        rhythm_begin(&rhythm, 100 * SEC);
        rhythm_end(&rhythm, true);
        rhythm_note_event(&rhythm, 110 * SEC);
        ck_assert_uint_eq(rhythm_get_due(&rhythm, 30 * SEC), 110 * SEC + 200 * MSEC);
        rhythm_note_event(&rhythm, 110 * SEC + 150 * MSEC);
        ck_assert_uint_eq(rhythm_get_due(&rhythm, 30 * SEC), 110 * SEC + 350 * MSEC);
        /* without silence it is a second after the first */
        rhythm_note_event(&rhythm, 110 * SEC + 950 * MSEC);
        ck_assert_uint_eq(rhythm_get_due(&rhythm, 30 * SEC), 111 * SEC);
        rhythm_begin(&rhythm, 111 * SEC);
        rhythm_end(&rhythm, true);
        ck_assert_uint_eq(rhythm_get_due(&rhythm, 30 * SEC), 141 * SEC);
}
END_TEST

START_TEST(rounds_have_a_gap) {
        Rhythm rhythm = {};

        rhythm_begin(&rhythm, 100 * SEC);
        rhythm_note_event(&rhythm, 100 * SEC + 1);
        rhythm_end(&rhythm, true);
        ck_assert_uint_eq(rhythm_get_due(&rhythm, 30 * SEC), 100 * SEC + 500 * MSEC);
}
END_TEST

START_TEST(an_event_makes_nothing_later) {
        Rhythm rhythm = {};

        rhythm_begin(&rhythm, 100 * SEC);
        rhythm_end(&rhythm, true);
        rhythm_note_event(&rhythm, 100 * SEC + 290 * MSEC);
        ck_assert_uint_eq(rhythm_get_due(&rhythm, 300 * MSEC), 100 * SEC + 300 * MSEC);
}
END_TEST

START_TEST(who_does_not_answer_is_asked_ever_more_slowly) {
        static const uint64_t waits[] = { 1, 2, 4, 8, 16, 30, 30 };
        Rhythm rhythm = {};

        for (size_t i = 0; i < ELEMENTSOF(waits); ++i) {
                rhythm_begin(&rhythm, 100 * SEC);
                rhythm_end(&rhythm, false);
                ck_assert_uint_eq(rhythm_get_due(&rhythm, 30 * SEC), (100 + waits[i]) * SEC);
        }
        for (size_t i = 0; i < 100; ++i)
                rhythm_end(&rhythm, false);
        ck_assert_uint_eq(rhythm_get_due(&rhythm, 30 * SEC), 130 * SEC);
        rhythm_end(&rhythm, true);
        rhythm_end(&rhythm, false);
        ck_assert_uint_eq(rhythm_get_due(&rhythm, 30 * SEC), 101 * SEC);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("kubelet-settle");
        TCase *settled = tcase_create("settle"), *rhythm = tcase_create("rhythm");

        tcase_add_checked_fixture(settled, setup, NULL);
        tcase_add_test(settled, it_takes_the_settle_time);
        tcase_add_test(settled, two_looks_are_not_enough);
        tcase_add_test(settled, a_change_begins_anew_until_it_is_settled);
        tcase_add_test(settled, a_node_that_never_rests_settles_late);
        tcase_add_test(settled, a_pod_that_runs_and_is_not_listed_is_waited_for);
        tcase_add_test(settled, once_settled_a_pod_that_is_not_listed_changes_nothing);
        tcase_add_loop_test(settled, a_list_that_lacks_what_there_is_is_doubted_for_a_while, 0, 2);
        tcase_add_loop_test(settled, who_is_lost_has_to_settle_again, 0, ELEMENTSOF(losses));
        tcase_add_test(settled, without_a_kubelet_the_runtime_is_enough);
        tcase_add_test(settled, a_name_of_any_length_fits);
        suite_add_tcase(suite, settled);
        tcase_add_test(rhythm, the_first_round_is_due_at_once);
        tcase_add_test(rhythm, nothing_happens_and_the_interval_passes);
        tcase_add_test(rhythm, a_burst_is_one_round);
        tcase_add_test(rhythm, rounds_have_a_gap);
        tcase_add_test(rhythm, an_event_makes_nothing_later);
        tcase_add_test(rhythm, who_does_not_answer_is_asked_ever_more_slowly);
        suite_add_tcase(suite, rhythm);
        return suite;
}
