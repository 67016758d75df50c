/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must not be done again and again: steps that move nothing, pages that come back, and steps
 * that no counter has told of. And what is said about precision.
 */
#include <errno.h>
#include <string.h>

#include "enforce/enforce.h"
#include "lib/test-main.h"

#define BEGIN (1000 * USEC_PER_SEC)
#define MSEC  USEC_PER_MSEC
#define SEC   USEC_PER_SEC

static EnforceMemory memory;
static EnforceTarget target;
static EnforceUsage usage;
static EnforceNode node;
static EnforceDecision decision;

static void setup(void) {
        memory = (EnforceMemory){};
        target = (EnforceTarget){
                .split = { .local = { 100 * MIB, 200 * MIB }, .remote = { 0, GIB } },
                .backend = ENFORCE_RECLAIM,
                .may_promote = true,
        };
        usage = (EnforceUsage){ .usec = BEGIN };
        node = (EnforceNode){
                .local_free = GIB,
                .remote_free = GIB,
                .stale_bytes = 512 * KIB,
                .budget = UINT64_MAX,
                .n_lower_tiers = 1,
                .interval_min_usec = 50 * MSEC,
                .interval_max_usec = 2 * SEC,
        };
}

static void put(uint64_t local, uint64_t remote) {
        usage.local = usage.local_anon = local * MIB;
        usage.remote = remote * MIB;
}

static void decide(void) {
        decision = enforce_decide(&memory, &target, &usage, &node);
}

/* Looks until a step is decided on; how long it took, ms. */
static uint64_t wait_for_step(void) {
        const uint64_t begin = usage.usec;

        decide();
        while (decision.action == ENFORCE_LEAVE) {
                ck_assert_uint_lt(usage.usec - begin, 3600 * SEC);
                usage.usec = decision.next_usec;
                decide();
        }
        return (usage.usec - begin) / MSEC;
}

static uint64_t step(uint64_t moved, int error) {
        enforce_note_begun(&memory, &decision, usage.usec);
        usage.usec += 100 * MSEC;
        usage.local -= moved;
        usage.remote += moved;
        return enforce_note_done(&memory, &usage, error);
}

/* Steps that move nothing */

START_TEST(after_three_steps_it_is_tried_another_way) {
        put(300, 0);
        for (unsigned i = 0; i < 3; ++i) {
                ck_assert_uint_le(wait_for_step(), 1000);
                ck_assert(!decision.by_pages);
                step(0, -EAGAIN);
                decide();
                if (i < 2) {
                        ck_assert_int_eq(decision.status, ENFORCE_WAITING);
                        ck_assert(strstr(decision.reason, "Resource temporarily unavailable"));
                }
        }
        wait_for_step();
        ck_assert(decision.by_pages);
        ck_assert(strstr(decision.reason, "page by page"));
        step(30 * MIB, 0);
        wait_for_step();
        ck_assert_msg(decision.by_pages, "what moved something is kept");
        step(30 * MIB, 0);
        usage.usec += 61 * SEC;
        put(300, 60);
        wait_for_step();
        ck_assert_msg(!decision.by_pages, "but not for ever");
}
END_TEST

static const struct {
        int error;
        uint64_t local_file; /* MiB */
        bool moves_pages, is_enough;
} tellings[] = {
        { 0, 0, true, true },        /* the kernel says that it did it */
        { -EINTR, 0, true, true },   /* it was cut off */
        { -EAGAIN, 0, true, false }, /* pages are young */
        { 0, 100, true, false },     /* page cache can go no other way */
        { 0, 0, false, false },      /* there is no other way that could be gone */
};

START_TEST(one_step_may_be_enough_to_tell) {
        put(300, 0);
        usage.local_file = tellings[_i].local_file * MIB;
        node.moves_pages = tellings[_i].moves_pages;
        decide();
        ck_assert(!decision.by_pages);
        step(0, tellings[_i].error);
        decide();
        if (!tellings[_i].is_enough) {
                ck_assert_int_eq(decision.status, ENFORCE_WAITING);
                return;
        }
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
        ck_assert(decision.by_pages);
        step(30 * MIB, 0);
        decide();
        ck_assert_msg(decision.by_pages, "what moved something is kept");
        for (unsigned i = 0; i < 6 && decision.status != ENFORCE_FAILED; ++i) {
                ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
                step(0, -EBUSY);
                while (decide(), decision.status == ENFORCE_WAITING)
                        usage.usec = decision.next_usec;
        }
        ck_assert_msg(decision.status == ENFORCE_FAILED, "and what moves nothing is given up");
}
END_TEST

START_TEST(what_may_swap_is_moved_page_by_page_first) {
        put(300, 0);
        usage.has_swap = node.moves_pages = true;
        for (unsigned i = 0; i < 3; ++i) {
                wait_for_step();
                ck_assert(decision.by_pages);
                step(0, -EAGAIN);
        }
        wait_for_step();
        ck_assert_msg(!decision.by_pages, "what gets nowhere is not all that there is");
        step(16 * MIB, 0);
        wait_for_step();
        ck_assert_msg(!decision.by_pages, "what moved something is kept");
        step(16 * MIB, 0);
        usage.usec += 61 * SEC;
        put(300, 60);
        wait_for_step();
        ck_assert_msg(decision.by_pages, "but not for ever");
        ck_assert_uint_eq(decision.bytes, 64 * MIB);
        usage.has_swap = false;
        decide();
        ck_assert(!decision.by_pages);
}
END_TEST

START_TEST(a_little_is_nothing_and_some_is_not) {
        put(300, 0);
        wait_for_step();
        step(7 * MIB, 0);
        ck_assert_uint_eq(memory.n_stalled, 1);
        ck_assert_uint_eq(memory.demoted, 7 * MIB);
        wait_for_step();
        step(16 * MIB, -EAGAIN);
        ck_assert_uint_eq(memory.n_stalled, 0);
}
END_TEST

/* Until it is given up; how many steps it took. */
static unsigned stall(void) {
        unsigned n = 0;

        decide();
        while (decision.status != ENFORCE_FAILED) {
                wait_for_step();
                step(0, 0);
                ck_assert_uint_lt(++n, 100);
                decide();
        }
        return n;
}

START_TEST(when_nothing_helps_it_is_given_up) {
        uint64_t waited, before = 0;

        put(300, 0);
        ck_assert_uint_eq(stall(), 6);
        ck_assert(strstr(decision.reason,
                         "the last steps down have moved nothing (without an error)"));
        for (unsigned i = 0; i < 8; ++i) {
                waited = wait_for_step();
                ck_assert_msg(!decision.by_pages, "its own way is tried again");
                ck_assert_uint_ge(waited, 30000);
                ck_assert_uint_le(waited, 600000 + 2000);
                ck_assert_uint_ge(waited, before);
                before = waited;
                step(0, 0);
                ck_assert_uint_eq(stall(), 3);
        }
        ck_assert_uint_ge(before, 400000);
        wait_for_step();
        step(64 * MIB, 0);
        ck_assert_uint_eq(wait_for_step(), 0);
        ck_assert_uint_eq(memory.n_given_up, 0);
}
END_TEST

START_TEST(page_by_page_there_is_no_other_way) {
        target.backend = ENFORCE_MIGRATE;
        put(300, 0);
        ck_assert_uint_eq(stall(), 3);
        setup();
        put(50, 300); /* and up there is one, too */
        ck_assert_uint_eq(stall(), 3);
        ck_assert(strstr(decision.reason, "the last steps up have moved nothing"));
}
END_TEST

START_TEST(what_limits_and_moves_nothing_moves_page_by_page) {
        target.backend = ENFORCE_NODE_LIMIT;
        put(300, 0);
        ck_assert_uint_eq(stall(), 3);
        ck_assert(!decision.by_pages);
}
END_TEST

START_TEST(what_does_not_go_up_may_go_down) {
        put(50, 300);
        stall();
        put(300, 300);
        ck_assert_uint_eq(wait_for_step(), 0);
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
}
END_TEST

START_TEST(who_is_within_is_held_whatever_failed) {
        put(300, 0);
        stall();
        put(190, 0);
        decide();
        ck_assert_int_eq(decision.status, ENFORCE_HELD);
}
END_TEST

/* Pages that come back */

/* A hot set: what is moved down is back in a second. */
static void thrash(unsigned n, bool has_counters) {
        uint64_t demoted = 0, promoted = 0;

        put(203, 100);
        for (unsigned i = 0; i < n; ++i) {
                uint64_t moved;

                wait_for_step();
                moved = decision.bytes;
                demoted += moved;
                if (has_counters) {
                        usage.kernel_demoted = opt_u64(demoted);
                        usage.kernel_promoted = opt_u64(promoted);
                }
                step(moved, 0);
                for (unsigned j = 0; j < 10; ++j) {
                        usage.usec += 100 * MSEC;
                        usage.local += moved / 10;
                        usage.remote -= moved / 10;
                        promoted += moved / 10;
                        if (has_counters)
                                usage.kernel_promoted = opt_u64(promoted);
                        decide();
                        if (decision.action != ENFORCE_LEAVE)
                                break;
                }
        }
}

START_TEST(what_comes_back_makes_steps_rarer_and_larger) {
        uint64_t before;

        put(203, 100);
        wait_for_step();
        before = decision.bytes;
        setup();
        thrash(20, _i == 1);
        ck_assert(memory.return_cost > 0.5 && memory.return_cost <= 1);
        ck_assert_uint_gt(memory.returned_usec, BEGIN);
        put(201, 100);
        usage.usec += 50 * MSEC;
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_LEAVE);
        ck_assert_int_eq(decision.status, ENFORCE_WAITING);
        ck_assert_msg(strstr(decision.reason, "of what is moved down comes back"), "%s",
                      decision.reason);
        put(211, 100); /* more than a twentieth is never let be */
        usage.usec += 50 * MSEC;
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
        ck_assert_uint_gt(decision.bytes, 2 * before);
        ck_assert(strstr(decision.reason, "although"));
}
END_TEST

START_TEST(it_is_forgotten) {
        thrash(20, false);
        for (unsigned i = 0; i < 100; ++i) {
                usage.usec += SEC;
                put(190 + i % 2, 100);
                decide();
        }
        ck_assert(memory.return_cost == 0);
        put(202, 100);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
}
END_TEST

START_TEST(growth_is_no_return) {
        put(203, 0);
        for (unsigned i = 0; i < 20; ++i) {
                wait_for_step();
                step(decision.bytes, 0);
                usage.usec += SEC;
                usage.local += 4 * MIB;
        }
        ck_assert(memory.return_cost == 0);
        ck_assert_uint_eq(memory.returned_usec, 0);
}
END_TEST

/* Counters that are behind */

START_TEST(a_step_that_is_not_told_is_not_made_twice) {
        node.stale_bytes = 48 * MIB;
        target.split.local.max = GIB;
        put(1030, 0);
        wait_for_step();
        ck_assert_uint_le(decision.bytes, 64 * MIB);
        node.budget = 40 * MIB;
        decide();
        ck_assert_uint_eq(decision.bytes, 40 * MIB);
        enforce_note_begun(&memory, &decision, usage.usec);
        usage.usec += 100 * MSEC;
        ck_assert_uint_eq(enforce_note_done(&memory, &usage, 0), 0);
        ck_assert_uint_eq(memory.n_stalled, 0);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_LEAVE);
        put(990, 40); /* now they tell */
        usage.usec += SEC;
        decide();
        ck_assert_uint_eq(memory.unseen_bytes, 0);
        ck_assert_uint_eq(memory.demoted, 40 * MIB);
        ck_assert_uint_eq(memory.n_stalled, 0);
}
END_TEST

START_TEST(what_is_never_told_was_nothing) {
        node.stale_bytes = 48 * MIB;
        node.budget = 40 * MIB;
        target.split.local.max = GIB;
        put(1030, 0);
        wait_for_step();
        enforce_note_begun(&memory, &decision, usage.usec);
        usage.usec += 100 * MSEC;
        (void)enforce_note_done(&memory, &usage, 0);
        usage.usec += 2 * SEC;
        decide();
        ck_assert_uint_eq(memory.n_stalled, 1);
        ck_assert_uint_eq(memory.demoted, 0);
        /* nor is a step that failed ever made up for */
        wait_for_step();
        enforce_note_begun(&memory, &decision, usage.usec);
        usage.usec += 100 * MSEC;
        (void)enforce_note_done(&memory, &usage, -EAGAIN);
        ck_assert_uint_eq(memory.n_stalled, 2);
        ck_assert_uint_eq(memory.unseen_bytes, 0);
}
END_TEST

START_TEST(a_small_container_on_a_large_machine_is_not_emptied) {
        node.stale_bytes = 64 * MIB;
        put(230, 0);
        wait_for_step();
        ck_assert_uint_le(decision.bytes, 80 * MIB);
        put(170, 60);
        enforce_note_begun(&memory, &decision, usage.usec);
        usage.usec += 100 * MSEC;
        (void)enforce_note_done(&memory, &usage, 0);
        put(230, 60);
        usage.usec += 50 * MSEC;
        decide();
        ck_assert_int_eq(decision.status, ENFORCE_WAITING);
        ck_assert(strstr(decision.reason, "may be behind by 64.00 MiB"));
        ck_assert_uint_ge(wait_for_step(), 1800);
}
END_TEST

/* Notes */

static bool has_note(const char *part) {
        const char *notes[ENFORCE_NOTES];
        const size_t n = enforce_list_notes(&target, &usage, &node, notes);

        ck_assert_uint_le(n, ENFORCE_NOTES);
        for (size_t i = 0; i < n; ++i)
                if (strstr(notes[i], part))
                        return true;
        return false;
}

START_TEST(what_makes_it_imprecise_is_told) {
        const char *notes[ENFORCE_NOTES];

        put(100, 100);
        ck_assert_uint_eq(enforce_list_notes(&target, &usage, &node, notes), 0);
        usage.has_swap = true;
        ck_assert(has_note("may be swapped out instead"));
        node.moves_pages = true;
        ck_assert(has_note("pages are moved one by one") && !has_note("instead"));
        node.moves_pages = false;
        usage.remote_file = usage.local_file = 20 * MIB;
        ck_assert(has_note("page cache on remote NUMA nodes"));
        node.n_lower_tiers = 2;
        ck_assert(has_note("several lower tiers"));
        node.stale_bytes = 7 * MIB;
        ck_assert(has_note("three percent"));
        ck_assert_uint_eq(enforce_list_notes(&target, &usage, &node, notes), ENFORCE_NOTES);
        target.backend = ENFORCE_MIGRATE;
        ck_assert(!has_note("It may swap") && has_note("no process has mapped"));
        target.split.remote = (SplitRange){};
        ck_assert(has_note("nowhere to move"));
}
END_TEST

START_TEST(where_it_is_imprecise_steps_are_small) {
        put(300, 0);
        usage.has_swap = true;
        wait_for_step();
        ck_assert_uint_eq(decision.bytes, 16 * MIB);
        target.backend = ENFORCE_MIGRATE;
        decide();
        ck_assert_uint_eq(decision.bytes, 64 * MIB);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("enforce-guard");
        TCase *tcase = tcase_create("guard");

        tcase_add_checked_fixture(tcase, setup, NULL);
        tcase_add_test(tcase, after_three_steps_it_is_tried_another_way);
        tcase_add_loop_test(tcase, one_step_may_be_enough_to_tell, 0, ELEMENTSOF(tellings));
        tcase_add_test(tcase, what_may_swap_is_moved_page_by_page_first);
        tcase_add_test(tcase, a_little_is_nothing_and_some_is_not);
        tcase_add_test(tcase, when_nothing_helps_it_is_given_up);
        tcase_add_test(tcase, page_by_page_there_is_no_other_way);
        tcase_add_test(tcase, what_limits_and_moves_nothing_moves_page_by_page);
        tcase_add_test(tcase, what_does_not_go_up_may_go_down);
        tcase_add_test(tcase, who_is_within_is_held_whatever_failed);
        tcase_add_loop_test(tcase, what_comes_back_makes_steps_rarer_and_larger, 0, 2);
        tcase_add_test(tcase, it_is_forgotten);
        tcase_add_test(tcase, growth_is_no_return);
        tcase_add_test(tcase, a_step_that_is_not_told_is_not_made_twice);
        tcase_add_test(tcase, what_is_never_told_was_nothing);
        tcase_add_test(tcase, a_small_container_on_a_large_machine_is_not_emptied);
        tcase_add_test(tcase, what_makes_it_imprecise_is_told);
        tcase_add_test(tcase, where_it_is_imprecise_steps_are_small);
        suite_add_tcase(suite, tcase);
        return suite;
}
