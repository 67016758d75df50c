/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splits that are held, in a kernel and a keeper of virtual time: how far above its ceiling a
 * container gets while it grows, and where it ends.
 */
#include "lib/enforce-bed.h"
#include "lib/test-main.h"

#define SEC  USEC_PER_SEC
#define MSEC USEC_PER_MSEC

static EnforceBed bed;
static BedContainer *container;

static void setup(void) {
        enforce_bed_init(&bed);
}

static void run(uint64_t usec) {
        ck_assert_msg(enforce_bed_run(&bed, usec), "%s", bed.why);
}

static uint64_t permille(uint64_t bytes, const BedContainer *of) {
        return bytes * 1000 / of->target.split.local.max;
}

static BedLoad grow(uint64_t rate) {
        return (BedLoad){ .rate = rate * MIB, .most = 500 * MIB };
}

/* Within 97..100 % of its ceiling, and has been for so long. */
static void check_settled(const BedContainer *of, uint64_t usec) {
        ck_assert_uint_ge(permille(enforce_bed_get_local(of), of), 970);
        ck_assert_uint_le(enforce_bed_get_local(of), of->target.split.local.max);
        ck_assert_uint_gt(of->settled_usec, 0);
        ck_assert_uint_ge(bed.now_usec - of->settled_usec, usec);
}

/* Growth */

static const struct {
        const char *split;
        uint64_t rate;          /* MiB/s, to 500 MiB */
        uint64_t peak_permille; /* of the ceiling, at most */
        uint64_t latency_msec, throughput;
        unsigned file_percent;
        bool has_counters, has_swap, has_tiers, moves_pages;
} growths[] = {
        { "local=200Mi,remote=0..1Gi", 20, 1005, 10, 160, 0, 0, 0, 0, 0 },
        { "local=100Mi..200Mi,remote=0..1Gi", 20, 1005, 10, 160, 0, 0, 0, 0, 0 },
        { "local=200Mi,remote=0..1Gi", 20, 1005, 10, 160, 0, 1, 0, 0, 0 },
        { "local=200Mi,remote=0..1Gi", 100, 1030, 10, 160, 0, 0, 0, 0, 0 },
        { "local=0..200Mi,remote=0..1Gi", 100, 1030, 10, 160, 0, 0, 0, 0, 0 },
        { "local=200Mi,remote=0..1Gi", 100, 1030, 10, 160, 0, 1, 0, 0, 0 },
        { "local=200Mi,remote=0..1Gi", 100, 1080, 50, 160, 0, 0, 0, 0, 0 },
        { "local=200Mi,remote=0..1Gi", 100, 1030, 10, 160, 0, 0, 1, 0, 0 },
        { "local=200Mi,remote=0..1Gi", 100, 1030, 10, 160, 0, 0, 1, 0, 1 },
        { "local=200Mi,remote=0..1Gi", 50, 1020, 10, 160, 0, 0, 0, 1, 0 },
        { "local=200Mi,remote=0..1Gi", 50, 1030, 10, 160, 50, 0, 0, 0, 0 },
        { "local=200Mi,remote=0..1Gi", 140, 1060, 10, 160, 0, 0, 0, 0, 0 },
        /* faster than anything can be moved: what cannot be had is not asked for */
        { "local=200Mi,remote=0..1Gi", 400, 1960, 10, 160, 0, 0, 0, 0, 0 },
        { "local=200Mi,remote=0..1Gi", 400, 1110, 2, 3000, 0, 0, 0, 0, 0 },
        { "local=50Mi,remote=0..1Gi", 100, 1200, 10, 160, 0, 0, 0, 0, 0 },
};

START_TEST(who_grows_is_kept_near_its_ceiling) {
        BedLoad load = grow(growths[_i].rate);

        load.file_percent = growths[_i].file_percent;
        bed.latency_usec = growths[_i].latency_msec * MSEC;
        bed.throughput = growths[_i].throughput * MIB;
        bed.n_lower_tiers = growths[_i].has_tiers ? 2 : 1;
        container = enforce_bed_add(&bed, growths[_i].split, &load);
        container->has_counters = growths[_i].has_counters;
        container->has_swap = growths[_i].has_swap;
        bed.moves_pages = growths[_i].moves_pages;
        run(500 * SEC / growths[_i].rate + 2 * SEC);
        ck_assert_uint_le(permille(container->peak_local, container), growths[_i].peak_permille);
        ck_assert_uint_ge(container->settled_usec > 0 || growths[_i].file_percent > 0, 1);
        run(18 * SEC);
        check_settled(container, 13 * SEC);
        ck_assert_uint_ge(permille(container->lowest_local, container), 940);
        ck_assert((container->swapped > 0) == (growths[_i].has_swap && !growths[_i].moves_pages));
}
END_TEST

START_TEST(what_is_settled_is_left_alone) {
        const BedLoad load = grow(100);
        uint64_t n_steps, n_looks;

        container = enforce_bed_add(&bed, "local=200Mi,remote=0..1Gi", &load);
        run(60 * SEC);
        n_steps = container->n_steps;
        n_looks = container->n_looks;
        run(600 * SEC);
        ck_assert_uint_eq(container->n_steps, n_steps);
        ck_assert_uint_eq(container->n_steps_up, 0);
        ck_assert_uint_le(container->n_looks - n_looks, 600);
}
END_TEST

START_TEST(who_wakes_up_is_seen_in_time) {
        BedLoad load = grow(100);

        load.start_usec = 100 * SEC;
        container = enforce_bed_add(&bed, "local=200Mi,remote=0..1Gi", &load);
        run(100 * SEC);
        ck_assert_uint_le(container->n_looks, 200);
        run(10 * SEC);
        ck_assert_uint_le(permille(container->peak_local, container), 1030);
        check_settled(container, 3 * SEC);
}
END_TEST

START_TEST(who_shrinks_needs_nothing) {
        BedLoad load = grow(100);
        uint64_t n_steps;

        load.shrink_usec = 20 * SEC;
        load.shrink_to = 120 * MIB;
        container = enforce_bed_add(&bed, "local=200Mi,remote=0..1Gi", &load);
        run(20 * SEC);
        n_steps = container->n_steps;
        run(60 * SEC);
        ck_assert_uint_eq(container->n_steps, n_steps);
        ck_assert_int_eq(container->decision.action, ENFORCE_LEAVE);
}
END_TEST

START_TEST(a_slugd_that_starts_anew_goes_on) {
        const BedLoad load = grow(100);

        container = enforce_bed_add(&bed, "local=200Mi,remote=0..1Gi", &load);
        run(3 * SEC);
        container->memory = (EnforceMemory){};
        container->decision = (EnforceDecision){};
        container->is_stepping = false;
        container->next_usec = bed.now_usec;
        run(10 * SEC);
        ck_assert_uint_le(permille(container->peak_local, container), 1060);
        check_settled(container, 6 * SEC);
}
END_TEST

/* What is in the way */

START_TEST(a_hot_set_that_is_too_large_stays_bounded) {
        BedLoad load = grow(50);

        load.hot_bytes = 400 * MIB;
        load.hot_rate = 20 * MIB;
        container = enforce_bed_add(&bed, "local=200Mi,remote=0..1Gi", &load);
        container->has_counters = _i == 1;
        run(120 * SEC);
        ck_assert(container->memory.return_cost > 0.5);
        ck_assert_uint_le(permille(container->peak_local, container), 1080);
        ck_assert_int_ne(container->decision.status, ENFORCE_FAILED);
        /* 20 MiB come back each second; steps of the least size would be five a second */
        ck_assert_uint_le(container->n_steps, 120 * 3 + 100);
        /* when it cools down it is held like any other */
        container->load.hot_rate = 0;
        run(120 * SEC);
        check_settled(container, 30 * SEC);
}
END_TEST

START_TEST(where_nothing_can_be_reclaimed_pages_are_migrated) {
        const BedLoad load = grow(50);

        bed.reclaim_fails = true;
        container = enforce_bed_add(&bed, "local=200Mi,remote=0..1Gi", &load);
        run(15 * SEC);
        ck_assert_uint_le(permille(container->peak_local, container), 1250);
        check_settled(container, 3 * SEC);
}
END_TEST

/* Multi-gen LRU does not stop where it is told to. */
START_TEST(what_reclaim_takes_too_much_comes_back) {
        const BedLoad load = grow(20);

        bed.overdone_bytes = 90 * MIB;
        bed.moves_pages = true;
        container = enforce_bed_add(&bed, "local=16Mi..200Mi,remote=0..1Gi", &load);
        run(27 * SEC);
        check_settled(container, 2 * SEC);
        ck_assert_uint_le(permille(container->peak_local, container), 1005);
        ck_assert_uint_gt(container->n_steps_up, 0);
        /* pages are moved one by one after that, and what is settled is left alone */
        ck_assert_uint_eq(container->memory.excess_bytes, 0);
        ck_assert_uint_le(container->n_steps_up, 4);
        run(600 * SEC);
        ck_assert_uint_le(container->n_steps_up, 4);
        check_settled(container, 600 * SEC);
}
END_TEST

START_TEST(where_nothing_may_be_moved_up_it_stays_down) {
        const BedLoad load = grow(20);

        bed.overdone_bytes = 90 * MIB;
        container = enforce_bed_add(&bed, "local=16Mi..200Mi,remote=0..1Gi", &load);
        container->target.may_promote = false;
        run(60 * SEC);
        ck_assert_uint_eq(container->n_steps_up, 0);
        ck_assert_int_eq(container->decision.status, ENFORCE_HELD);
        ck_assert_uint_le(enforce_bed_get_local(container), 200 * MIB);
}
END_TEST

START_TEST(what_was_taken_too_much_fails_nobody_when_there_is_no_room) {
        const BedLoad load = grow(20);

        bed.overdone_bytes = 90 * MIB;
        bed.moves_pages = bed.migrate_fails = true;
        container = enforce_bed_add(&bed, "local=16Mi..200Mi,remote=0..1Gi", &load);
        run(60 * SEC);
        ck_assert_int_eq(container->decision.status, ENFORCE_HELD);
        ck_assert_uint_le(permille(container->peak_local, container), 1250);
}
END_TEST

START_TEST(what_cannot_be_held_is_given_up_and_said) {
        const BedLoad load = grow(50);
        uint64_t n_steps;

        bed.reclaim_fails = bed.migrate_fails = true;
        container = enforce_bed_add(&bed, "local=200Mi,remote=0..1Gi", &load);
        run(20 * SEC);
        ck_assert_int_eq(container->decision.status, ENFORCE_FAILED);
        run(3600 * SEC);
        ck_assert_int_eq(container->decision.status, ENFORCE_FAILED);
        ck_assert_uint_le(container->n_steps, 60);
        n_steps = container->n_steps;
        bed.migrate_fails = false; /* and it is held when it can be */
        run(660 * SEC);
        ck_assert_uint_gt(container->n_steps, n_steps);
        check_settled(container, SEC);
}
END_TEST

START_TEST(both_full_is_said) {
        const BedLoad load = grow(50);

        container = enforce_bed_add(&bed, "local=200Mi,remote=0..100Mi", &load);
        run(30 * SEC);
        ck_assert_int_eq(container->decision.status, ENFORCE_FAILED);
        ck_assert_uint_le(container->peak_remote, 100 * MIB);
        ck_assert_uint_ge(container->peak_remote, 96 * MIB);
}
END_TEST

START_TEST(a_budget_is_kept) {
        const BedLoad load = grow(100);

        bed.budget = enforce_budget_make(50 * MIB, bed.now_usec);
        container = enforce_bed_add(&bed, "local=200Mi,remote=0..1Gi", &load);
        run(5 * SEC);
        ck_assert_uint_le(container->moved, 64 * MIB + 5 * 50 * MIB);
        run(20 * SEC);
        check_settled(container, 10 * SEC);
}
END_TEST

/* Moving up, and others */

START_TEST(memory_that_others_free_is_given_to_who_misses_it) {
        const BedLoad mine = { .rate = 100 * MIB, .most = 400 * MIB, .start_usec = 10 * SEC };
        const BedLoad theirs = {
                .rate = 400 * MIB, .most = 900 * MIB, .shrink_usec = 30 * SEC, .shrink_to = MIB
        };
        BedContainer *other;

        bed.local_bytes = GIB;
        other = enforce_bed_add(&bed, "local=1Gi", &theirs);
        other->target.backend = ENFORCE_OBSERVE;
        container = enforce_bed_add(&bed, "local=300Mi..350Mi,remote=0..1Gi", &mine);
        run(20 * SEC);
        ck_assert_uint_lt(enforce_bed_get_local(container), 130 * MIB);
        ck_assert_int_eq(container->decision.status, ENFORCE_WAITING);
        run(20 * SEC);
        ck_assert_int_eq(container->decision.status, ENFORCE_HELD);
        ck_assert_uint_ge(enforce_bed_get_local(container), 290 * MIB);
        ck_assert_uint_le(container->n_steps_up, 12);
        ck_assert_uint_eq(container->n_steps, 0);
}
END_TEST

START_TEST(three_that_compete_are_all_held) {
        const BedLoad load = grow(40);
        BedContainer *all[3];

        bed.local_bytes = 640 * MIB;
        for (size_t i = 0; i < ELEMENTSOF(all); ++i)
                all[i] = enforce_bed_add(&bed, "local=150Mi..200Mi,remote=0..1Gi", &load);
        run(30 * SEC);
        for (size_t i = 0; i < ELEMENTSOF(all); ++i) {
                ck_assert_uint_le(permille(all[i]->peak_local, all[i]), 1100);
                ck_assert_uint_ge(enforce_bed_get_local(all[i]), 145 * MIB);
                ck_assert_int_eq(all[i]->decision.status, ENFORCE_HELD);
        }
}
END_TEST

START_TEST(one_gives_up_no_minimum_for_another) {
        const BedLoad quiet = { .rate = 400 * MIB, .most = 200 * MIB };
        const BedLoad greedy = { .rate = 100 * MIB, .most = GIB, .start_usec = 5 * SEC };
        BedContainer *other;

        bed.local_bytes = 400 * MIB;
        container = enforce_bed_add(&bed, "local=200Mi..300Mi,remote=0..1Gi", &quiet);
        other = enforce_bed_add(&bed, "local=300Mi,remote=0..2Gi", &greedy);
        run(60 * SEC);
        ck_assert_uint_eq(enforce_bed_get_local(container), 200 * MIB);
        ck_assert_uint_eq(container->n_steps + container->n_steps_up, 0);
        ck_assert_int_eq(other->decision.status, ENFORCE_WAITING);
}
END_TEST

/* Large machines */

START_TEST(on_a_large_machine_counters_are_behind) {
        const BedLoad load = { .rate = 100 * MIB, .most = 3 * GIB };

        bed.stale_bytes = (uint64_t)_i * 16 * MIB; /* 64, 128, 192, 256 CPUs */
        container = enforce_bed_add(&bed, "local=1Gi,remote=0..8Gi", &load);
        run(60 * SEC);
        ck_assert_uint_le(container->peak_local, GIB + bed.stale_bytes * 2);
        ck_assert_uint_le(enforce_bed_get_local(container), GIB + bed.stale_bytes);
        ck_assert_uint_ge(enforce_bed_get_local(container), GIB - bed.stale_bytes * 2);
        ck_assert_int_eq(container->decision.status, ENFORCE_HELD);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("enforce-model");
        TCase *tcase = tcase_create("growth");

        tcase_add_checked_fixture(tcase, setup, NULL);
        tcase_add_loop_test(tcase, who_grows_is_kept_near_its_ceiling, 0, ELEMENTSOF(growths));
        tcase_add_test(tcase, what_is_settled_is_left_alone);
        tcase_add_test(tcase, who_wakes_up_is_seen_in_time);
        tcase_add_test(tcase, who_shrinks_needs_nothing);
        tcase_add_test(tcase, a_slugd_that_starts_anew_goes_on);
        suite_add_tcase(suite, tcase);
        tcase = tcase_create("trouble");
        tcase_add_checked_fixture(tcase, setup, NULL);
        tcase_add_loop_test(tcase, a_hot_set_that_is_too_large_stays_bounded, 0, 2);
        tcase_add_test(tcase, where_nothing_can_be_reclaimed_pages_are_migrated);
        tcase_add_test(tcase, what_reclaim_takes_too_much_comes_back);
        tcase_add_test(tcase, where_nothing_may_be_moved_up_it_stays_down);
        tcase_add_test(tcase, what_was_taken_too_much_fails_nobody_when_there_is_no_room);
        tcase_add_test(tcase, what_cannot_be_held_is_given_up_and_said);
        tcase_add_test(tcase, both_full_is_said);
        tcase_add_test(tcase, a_budget_is_kept);
        suite_add_tcase(suite, tcase);
        tcase = tcase_create("others");
        tcase_add_checked_fixture(tcase, setup, NULL);
        tcase_add_test(tcase, memory_that_others_free_is_given_to_who_misses_it);
        tcase_add_test(tcase, three_that_compete_are_all_held);
        tcase_add_test(tcase, one_gives_up_no_minimum_for_another);
        tcase_add_loop_test(tcase, on_a_large_machine_counters_are_behind, 1, 5);
        suite_add_tcase(suite, tcase);
        return suite;
}
