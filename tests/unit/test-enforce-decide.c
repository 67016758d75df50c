/* SPDX-License-Identifier: Apache-2.0 */
/* One container, one look: what is to be done. Numbers are MiB. */
#include <errno.h>
#include <string.h>

#include "enforce/enforce.h"
#include "lib/test-main.h"

#define BEGIN (1000 * USEC_PER_SEC)
#define MSEC  USEC_PER_MSEC

static EnforceMemory memory;
static EnforceTarget target;
static EnforceUsage usage;
static EnforceNode node;
static EnforceDecision decision;

static void set_split(const char *text) {
        SplitText split;

        ck_assert_int_eq(split_parse("test", text, strlen(text), &split, NULL), 0);
        target.split = split.split;
}

static void setup(void) {
        memory = (EnforceMemory){};
        target = (EnforceTarget){ .backend = ENFORCE_RECLAIM, .may_promote = true };
        usage = (EnforceUsage){ .usec = BEGIN };
        node = (EnforceNode){
                .local_free = GIB,
                .remote_free = GIB,
                .stale_bytes = 512 * KIB,
                .budget = UINT64_MAX,
                .pressure_permille_max = 200,
                .n_lower_tiers = 1,
                .interval_min_usec = 50 * MSEC,
                .interval_max_usec = 2 * USEC_PER_SEC,
        };
        set_split("local=100Mi..200Mi,remote=0..400Mi");
}

/* So many MiB on each side. */
static void put(uint64_t local, uint64_t remote) {
        usage.local = usage.local_anon = local * MIB;
        usage.remote = remote * MIB;
}

static void decide(void) {
        decision = enforce_decide(&memory, &target, &usage, &node);
}

static void wait_msec(uint64_t msec) {
        usage.usec += msec * MSEC;
}

/* A step that moves @moved MiB in so many ms. */
static uint64_t step(int64_t moved, uint64_t msec, int error) {
        enforce_note_begun(&memory, &decision, usage.usec);
        wait_msec(msec);
        usage.local -= (uint64_t)moved * MIB;
        usage.remote += (uint64_t)moved * MIB;
        return enforce_note_done(&memory, &usage, error);
}

/* One look */

static const struct {
        const char *split;
        uint64_t local, remote; /* MiB */
        EnforceAction action;
        EnforceStatus status;
        uint64_t least, most; /* KiB of the step */
        const char *reason;
} looks[] = {
        /* within: nothing */
        { "local=200Mi,remote=400Mi", 0, 0, ENFORCE_LEAVE, ENFORCE_HELD, 0, 0,
          "within the ceiling of 200.00 MiB" },
        { "local=200Mi,remote=400Mi", 200, 300, ENFORCE_LEAVE, ENFORCE_HELD, 0, 0,
          "within the ceiling" },
        { "local=100Mi..200Mi,remote=400Mi", 150, 300, ENFORCE_LEAVE, ENFORCE_HELD, 0, 0,
          "within the ceiling" },
        /* above: down to a little below */
        { "local=200Mi,remote=400Mi", 201, 0, ENFORCE_DEMOTE, ENFORCE_DEMOTING, 1024, 7000,
          "201.00 MiB are local, above the ceiling of 200.00 MiB" },
        { "local=200Mi,remote=400Mi", 240, 0, ENFORCE_DEMOTE, ENFORCE_DEMOTING, 40 * 1024,
          46 * 1024, "are moved down" },
        { "local=200Mi,remote=400Mi", 500, 0, ENFORCE_DEMOTE, ENFORCE_DEMOTING, 65536, 65536,
          "64.00 MiB are moved down" },
        { "remote=400Mi", 20, 100, ENFORCE_DEMOTE, ENFORCE_DEMOTING, 20 * 1024, 20 * 1024,
          "above the ceiling of 0 B" },
        { "remote=400Mi", 4, 100, ENFORCE_LEAVE, ENFORCE_HELD, 0, 0, "4.00 MiB are local" },
        /* as far as remote memory allows */
        { "local=200Mi,remote=100Mi", 300, 80, ENFORCE_DEMOTE, ENFORCE_DEMOTING, 20 * 1024,
          20 * 1024, "20.00 MiB are moved down" },
        { "local=200Mi,remote=100Mi", 300, 100, ENFORCE_LEAVE, ENFORCE_FAILED, 0, 0,
          "100.00 MiB are remote of at most 100.00 MiB: its remote memory is as large as it may "
          "be" },
        { "local=200Mi", 300, 0, ENFORCE_LEAVE, ENFORCE_FAILED, 0, 0,
          "no remote memory is allowed to it" },
        { "local=200Mi", 201, 0, ENFORCE_LEAVE, ENFORCE_HELD, 0, 0, "201.00 MiB are local" },
        /* below what was promised: up */
        { "local=100Mi..200Mi,remote=400Mi", 50, 300, ENFORCE_PROMOTE, ENFORCE_PROMOTING, 32768,
          32768,
          "50.00 MiB are local although 100.00 MiB were promised, and 300.00 MiB are remote" },
        { "local=100Mi..200Mi,remote=400Mi", 90, 300, ENFORCE_PROMOTE, ENFORCE_PROMOTING, 10240,
          10240, "some of them are moved up" },
        { "local=100Mi..200Mi,remote=400Mi", 99, 300, ENFORCE_LEAVE, ENFORCE_HELD, 0, 0, "within" },
        { "local=100Mi..200Mi,remote=400Mi", 50, 0, ENFORCE_LEAVE, ENFORCE_HELD, 0, 0, "within" },
        { "local=100Mi..200Mi,remote=400Mi", 40, 20, ENFORCE_PROMOTE, ENFORCE_PROMOTING, 20 * 1024,
          20 * 1024, "were promised" },
        /* promised and allowed the same: up to where a step down would end, from well below it */
        { "local=200Mi,remote=400Mi", 150, 300, ENFORCE_PROMOTE, ENFORCE_PROMOTING, 32768, 32768,
          "were promised" },
        { "local=200Mi,remote=400Mi", 190, 300, ENFORCE_PROMOTE, ENFORCE_PROMOTING, 6 * 1024,
          8 * 1024, "were promised" },
        { "local=200Mi,remote=400Mi", 194, 300, ENFORCE_LEAVE, ENFORCE_HELD, 0, 0, "within" },
        /* too much remote: up, when there is room below the ceiling */
        { "local=100Mi..200Mi,remote=400Mi", 150, 450, ENFORCE_PROMOTE, ENFORCE_PROMOTING, 32768,
          32768, "450.00 MiB are remote, above the ceiling of 400.00 MiB" },
        { "local=100Mi..200Mi,remote=400Mi", 150, 405, ENFORCE_LEAVE, ENFORCE_HELD, 0, 0,
          "within" },
        { "local=100Mi..200Mi,remote=400Mi", 199, 450, ENFORCE_LEAVE, ENFORCE_FAILED, 0, 0,
          "its local memory is as large as it may be" },
        { "local=100Mi..200Mi,remote=400Mi", 250, 450, ENFORCE_LEAVE, ENFORCE_FAILED, 0, 0,
          "its remote memory is as large as it may be" },
};

START_TEST(one_look) {
        set_split(looks[_i].split);
        put(looks[_i].local, looks[_i].remote);
        decide();
        ck_assert_msg(strstr(decision.reason, looks[_i].reason), "%s", decision.reason);
        ck_assert_int_eq(decision.action, looks[_i].action);
        ck_assert_int_eq(decision.status, looks[_i].status);
        ck_assert_uint_ge(decision.bytes, looks[_i].least * KIB);
        ck_assert_uint_le(decision.bytes, looks[_i].most * KIB);
        ck_assert_uint_ge(decision.next_usec, usage.usec + node.interval_min_usec);
        ck_assert_uint_le(decision.next_usec, usage.usec + node.interval_max_usec);
        ck_assert_int_eq(memory.over_since_usec > 0, usage.local > target.split.local.max);
}
END_TEST

/* What is in the way */

START_TEST(nothing_is_moved_without_room) {
        put(300, 0);
        node.remote_free = MIB;
        decide();
        ck_assert_int_eq(decision.status, ENFORCE_FAILED);
        ck_assert(strstr(decision.reason, "no remote NUMA node has room"));
        node.remote_free = 8 * MIB;
        decide();
        ck_assert_uint_eq(decision.bytes, 8 * MIB);
        put(50, 300);
        node.local_free = MIB;
        decide();
        ck_assert_int_eq(decision.status, ENFORCE_WAITING);
        ck_assert(strstr(decision.reason, "no local NUMA node has room"));
        node.local_free = 8 * MIB;
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_PROMOTE);
        ck_assert_uint_eq(decision.bytes, 8 * MIB);
}
END_TEST

START_TEST(nothing_is_moved_without_a_budget) {
        put(300, 0);
        node.budget = 8 * MIB;
        decide();
        ck_assert_int_eq(decision.status, ENFORCE_WAITING);
        ck_assert(strstr(decision.reason, "what the node may move at a time is used up"));
        ck_assert_uint_le(decision.next_usec, usage.usec + 100 * MSEC);
        node.budget = 20 * MIB;
        decide();
        ck_assert_uint_eq(decision.bytes, 20 * MIB);
        put(205, 0);
        node.budget = 9 * MIB; /* less than a step, but all */
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
        put(50, 300);
        node.budget = MIB;
        decide();
        ck_assert_int_eq(decision.status, ENFORCE_WAITING);
        node.budget = 20 * MIB;
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_PROMOTE);
        ck_assert_uint_eq(decision.bytes, 20 * MIB);
}
END_TEST

START_TEST(under_pressure_nothing_is_moved_up) {
        usage.pressure_permille = opt_u64(201);
        put(50, 300);
        decide();
        ck_assert_int_eq(decision.status, ENFORCE_WAITING);
        ck_assert(strstr(decision.reason, "waits for memory"));
        put(300, 300); /* down all the same: the ceiling is somebody else's promise */
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
        put(50, 300);
        node.pressure_permille_max = 0;
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_PROMOTE);
        node.pressure_permille_max = 200;
        usage.pressure_permille = (OptU64){};
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_PROMOTE);
}
END_TEST

START_TEST(nothing_is_moved_up_where_it_may_not) {
        target.may_promote = false;
        put(50, 300);
        decide();
        ck_assert_int_eq(decision.status, ENFORCE_WAITING);
        ck_assert(strstr(decision.reason, "nothing is moved up here"));
}
END_TEST

START_TEST(who_observes_moves_nothing) {
        target.backend = ENFORCE_OBSERVE;
        put(300, 0);
        decide();
        ck_assert_int_eq(decision.status, ENFORCE_OBSERVED);
        ck_assert_int_eq(decision.action, ENFORCE_LEAVE);
        ck_assert(strstr(decision.reason, "above the ceiling of 200.00 MiB"));
        put(100, 0);
        decide();
        ck_assert(strstr(decision.reason, "within the ceiling"));
}
END_TEST

START_TEST(no_ceiling_is_none) {
        target.split.local.max = target.split.remote.max = SPLIT_UNLIMITED;
        put(UINT64_C(1) << 30, 0);
        decide();
        ck_assert_int_eq(decision.status, ENFORCE_HELD);
        ck_assert(strstr(decision.reason, "without a local ceiling"));
        ck_assert_uint_eq(decision.next_usec, usage.usec + node.interval_max_usec);
        put(50, 100);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_PROMOTE);
}
END_TEST

START_TEST(the_largest_numbers_do_no_harm) {
        usage.local = usage.local_anon = usage.remote = UINT64_MAX;
        usage.other = UINT64_MAX;
        decide();
        ck_assert_int_eq(decision.status, ENFORCE_FAILED);
        node = (EnforceNode){ .interval_max_usec = 1, .stale_bytes = UINT64_MAX };
        wait_msec(1000);
        decide();
        ck_assert_uint_gt(decision.next_usec, usage.usec);
}
END_TEST

/* A step */

START_TEST(while_a_step_is_under_way_there_is_no_other) {
        put(300, 0);
        decide();
        enforce_note_begun(&memory, &decision, usage.usec);
        wait_msec(50);
        put(400, 30);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_LEAVE);
        ck_assert_int_eq(decision.status, ENFORCE_DEMOTING);
        ck_assert(strstr(decision.reason, "64.00 MiB are on their way down"));
}
END_TEST

START_TEST(what_is_elsewhere_afterwards_was_moved) {
        put(300, 0);
        decide();
        ck_assert_uint_eq(step(60, 400, 0), 60 * MIB);
        ck_assert_uint_eq(memory.demoted, 60 * MIB);
        ck_assert(memory.throughput > 149e6 && memory.throughput < 158e6);
        ck_assert_uint_eq(memory.step_bytes, 0);
        ck_assert_uint_eq(enforce_note_done(&memory, &usage, 0), 0); /* there is no step */
}
END_TEST

START_TEST(what_grows_meanwhile_hides_nothing) {
        put(300, 0);
        decide();
        enforce_note_begun(&memory, &decision, usage.usec);
        wait_msec(400);
        put(340, 64); /* 104 MiB came, 64 MiB went */
        ck_assert_uint_eq(enforce_note_done(&memory, &usage, 0), 64 * MIB);
        ck_assert_uint_eq(memory.n_stalled, 0);
        ck_assert(memory.growth > 150e6);
}
END_TEST

START_TEST(growth_on_the_other_side_is_no_move) {
        put(300, 0);
        decide();
        enforce_note_begun(&memory, &decision, usage.usec);
        wait_msec(100);
        put(300, 50);
        ck_assert_uint_eq(enforce_note_done(&memory, &usage, -EAGAIN), 0);
        ck_assert_uint_eq(memory.n_stalled, 1);
        ck_assert_int_eq(memory.error, EAGAIN);
}
END_TEST

START_TEST(a_step_up_is_counted_as_one) {
        put(50, 300);
        decide();
        ck_assert_uint_eq(step(-32, 100, 0), 32 * MIB);
        ck_assert_uint_eq(memory.promoted, 32 * MIB);
        ck_assert_uint_eq(memory.demoted, 0);
}
END_TEST

/* 14 of 205 MiB are to be moved down, and 80 are. */
static void overdo(void) {
        put(205, 50);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
        ck_assert_uint_le(decision.bytes, 14 * MIB);
        ck_assert_uint_eq(step(80, 100, 0), 80 * MIB);
        ck_assert_uint_eq(memory.demoted, 80 * MIB);
}

START_TEST(what_was_taken_too_much_is_moved_up_again) {
        overdo();
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_PROMOTE);
        ck_assert_uint_eq(decision.bytes, 32 * MIB);
        ck_assert(strstr(decision.reason, "125.00 MiB are local of at most 200.00 MiB"));
        ck_assert(strstr(decision.reason, "more down than it was asked to"));
        step(-32, 100, 0);
        decide();
        ck_assert_uint_eq(decision.bytes, 32 * MIB);
        step(-32, 100, 0);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_PROMOTE);
        ck_assert_uint_le(usage.local + decision.bytes, 200 * MIB);
        step(-7, 100, 0);
        decide();
        ck_assert_int_eq(decision.status, ENFORCE_HELD);
}
END_TEST

START_TEST(who_has_grown_meanwhile_needs_nothing_back) {
        overdo();
        put(196, 130);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_LEAVE);
        wait_msec(1000);
        put(110, 216); /* it was the container's own doing */
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_LEAVE);
}
END_TEST

static const struct {
        bool may_promote;
        uint64_t local_free, pressure_permille;
} obstacles[] = {
        { false, GIB, 0 },
        { true, 0, 0 },
        { true, GIB, 500 },
};

START_TEST(what_was_not_promised_may_stay_down) {
        overdo();
        target.may_promote = obstacles[_i].may_promote;
        node.local_free = obstacles[_i].local_free;
        usage.pressure_permille = opt_u64(obstacles[_i].pressure_permille);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_LEAVE);
        ck_assert_int_eq(decision.status, ENFORCE_HELD);
}
END_TEST

START_TEST(who_has_overdone_it_is_not_asked_for_a_minute) {
        node.moves_pages = true;
        overdo();
        put(205, 50);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
        ck_assert(decision.by_pages);
        step(8, 100, 0);
        wait_msec(60000);
        put(205, 50);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
        ck_assert(!decision.by_pages);
}
END_TEST

START_TEST(what_it_gives_back_itself_is_no_excess) {
        put(205, 50);
        decide();
        enforce_note_begun(&memory, &decision, usage.usec);
        wait_msec(100);
        put(100, 50);
        ck_assert_uint_eq(enforce_note_done(&memory, &usage, 0), 2 * decision.bytes);
        ck_assert_uint_eq(memory.excess_bytes, 0);
        ck_assert_uint_eq(memory.overdone_usec, 0);
}
END_TEST

START_TEST(counters_that_are_behind_are_no_excess) {
        node.stale_bytes = 64 * MIB;
        put(300, 50);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
        step(150, 100, 0);
        ck_assert_uint_eq(memory.excess_bytes, 0);
}
END_TEST

static const EnforceBackend others[] = { ENFORCE_DAMOS, ENFORCE_MIGRATE, ENFORCE_NODE_LIMIT };

START_TEST(who_does_not_reclaim_overdoes_nothing) {
        target.backend = others[_i];
        put(205, 50);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
        ck_assert(!decision.reclaims);
        ck_assert_uint_eq(step(80, 100, 0), 2 * decision.bytes);
        ck_assert_uint_eq(memory.excess_bytes, 0);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_LEAVE);
}
END_TEST

/* Steps that move nothing until another way is tried. */
static void stall(bool by_pages) {
        while (decision.action == ENFORCE_DEMOTE && decision.by_pages == by_pages) {
                step(0, 100, -EAGAIN);
                while (decide(), decision.status == ENFORCE_WAITING)
                        usage.usec = decision.next_usec;
        }
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
}

START_TEST(what_overdoes_it_again_in_that_minute_gives_nothing_back) {
        node.moves_pages = true;
        overdo();
        put(205, 50);
        decide();
        stall(true);
        ck_assert(decision.reclaims);
        step(80, 100, 0);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_LEAVE);
        ck_assert_int_eq(decision.status, ENFORCE_HELD);
}
END_TEST

START_TEST(when_that_minute_is_over_the_first_way_is_the_first_again) {
        node.moves_pages = true;
        overdo();
        put(205, 50);
        decide();
        wait_msec(59000);
        decide();
        stall(true);
        step(8, 100, 0); /* by reclaim, which is the other way for a minute now */
        wait_msec(3000);
        put(205, 50);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
        ck_assert(decision.reclaims);
        ck_assert(!decision.is_other);
}
END_TEST

START_TEST(what_cannot_be_given_back_is_forgotten) {
        overdo();
        put(125, 130);
        decide();
        for (unsigned i = 0; i < 6 && decision.action == ENFORCE_PROMOTE; ++i) {
                step(0, 100, -EBUSY);
                usage.usec += USEC_PER_SEC;
                decide();
        }
        ck_assert_int_eq(decision.status, ENFORCE_HELD);
        ck_assert_uint_eq(memory.excess_bytes, 0);
        put(80, 175);
        decide();
        ck_assert_msg(decision.action == ENFORCE_PROMOTE, "what was promised is tried at once");
}
END_TEST

START_TEST(a_little_too_much_is_nothing) {
        put(205, 50);
        decide();
        enforce_note_begun(&memory, &decision, usage.usec);
        wait_msec(100);
        usage.local -= decision.bytes + 3 * MIB;
        usage.remote += decision.bytes + 3 * MIB;
        enforce_note_done(&memory, &usage, 0);
        ck_assert_uint_eq(memory.excess_bytes, 0);
        decide();
        ck_assert_int_eq(decision.action, ENFORCE_LEAVE);
}
END_TEST

/* Growth */

/* So many MiB a second, looked at as often as it wants to be; until a step is decided on. */
static void grow(uint64_t rate) {
        const uint64_t begin = usage.usec;

        decide();
        while (decision.action == ENFORCE_LEAVE && usage.usec - begin < 60 * USEC_PER_SEC) {
                usage.usec = decision.next_usec;
                usage.local = rate * MIB * (usage.usec - begin) / USEC_PER_SEC;
                decide();
        }
}

static const uint64_t rates[] = { 5, 20, 100, 400 };

START_TEST(who_grows_is_moved_down_before_the_ceiling) {
        const uint64_t rate = rates[_i], ceiling = target.split.local.max;
        const double growth = (double)(rate * MIB);

        grow(rate);
        ck_assert_int_eq(decision.action, ENFORCE_DEMOTE);
        /* at the latest at the next look, which is as soon as it may be */
        ck_assert_uint_le(usage.local, ceiling + rate * MIB / 20);
        ck_assert_uint_ge(usage.local, ceiling - ceiling / 100 * 3);
        ck_assert(memory.growth > growth * 0.8 && memory.growth < growth * 1.2);
        if (usage.local <= ceiling)
                ck_assert_msg(strstr(decision.reason, "more come each second"), "%s",
                              decision.reason);
        ck_assert_uint_ge(usage.local - decision.bytes, ceiling - ceiling / 100 * 3);
}
END_TEST

START_TEST(who_shrinks_is_left_alone) {
        for (uint64_t local = 210; local > 190; local -= 2) {
                put(local, 0);
                decide();
                if (local <= 200)
                        ck_assert_int_eq(decision.action, ENFORCE_LEAVE);
                wait_msec(50);
        }
        ck_assert(memory.growth < 0);
}
END_TEST

START_TEST(steps_of_slugd_are_no_growth) {
        put(300, 0);
        decide();
        step(64, 400, 0);
        ck_assert(memory.growth < 1e6 && memory.growth > -1e6);
        decide();
        step(38, 300, 0);
        ck_assert(memory.growth < 1e6 && memory.growth > -1e6);
        put(50, 300);
        wait_msec(10000);
        decide();
        memory.growth = 0;
        step(-32, 100, 0);
        ck_assert(memory.growth < 1e6 && memory.growth > -1e6);
}
END_TEST

/* How often */

static uint64_t get_interval(void) {
        decide();
        return (decision.next_usec - usage.usec) / MSEC;
}

START_TEST(the_nearer_and_the_faster_the_sooner) {
        uint64_t far, near;

        put(0, 0);
        far = get_interval();
        put(199, 0);
        usage.usec += 60 * USEC_PER_SEC;
        memory.growth = 0;
        near = get_interval();
        ck_assert_uint_lt(near, far);
        ck_assert_uint_eq(near, 50);
        target.split.local.max = 100 * GIB;
        target.split.local.min = 0;
        ck_assert_uint_eq(get_interval(), 2000);
        target.split.local.max = 2 * GIB;
        ck_assert_uint_ge(get_interval(), 1000);
        memory.growth = (double)(20 * GIB);
        ck_assert_uint_eq(get_interval(), 50);
}
END_TEST

START_TEST(who_is_quiet_costs_little) {
        put(199, 50);
        for (unsigned i = 0; i < 40 * 20; ++i) {
                decide();
                wait_msec(50);
        }
        ck_assert_uint_ge(get_interval(), 1000);
        usage.local += 512 * KIB; /* and wakes up */
        wait_msec(50);
        ck_assert_uint_eq(get_interval(), 50);
}
END_TEST

START_TEST(a_step_is_looked_at_a_few_times) {
        put(300, 0);
        decide();
        memory.throughput = 100e6;
        enforce_note_begun(&memory, &decision, usage.usec);
        ck_assert_uint_ge(get_interval(), 100);
        ck_assert_uint_le(get_interval(), 250);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("enforce-decide");
        TCase *tcase = tcase_create("look");

        tcase_add_checked_fixture(tcase, setup, NULL);
        tcase_add_loop_test(tcase, one_look, 0, ELEMENTSOF(looks));
        tcase_add_test(tcase, nothing_is_moved_without_room);
        tcase_add_test(tcase, nothing_is_moved_without_a_budget);
        tcase_add_test(tcase, under_pressure_nothing_is_moved_up);
        tcase_add_test(tcase, nothing_is_moved_up_where_it_may_not);
        tcase_add_test(tcase, who_observes_moves_nothing);
        tcase_add_test(tcase, no_ceiling_is_none);
        tcase_add_test(tcase, the_largest_numbers_do_no_harm);
        suite_add_tcase(suite, tcase);
        tcase = tcase_create("step");
        tcase_add_checked_fixture(tcase, setup, NULL);
        tcase_add_test(tcase, while_a_step_is_under_way_there_is_no_other);
        tcase_add_test(tcase, what_is_elsewhere_afterwards_was_moved);
        tcase_add_test(tcase, what_grows_meanwhile_hides_nothing);
        tcase_add_test(tcase, growth_on_the_other_side_is_no_move);
        tcase_add_test(tcase, a_step_up_is_counted_as_one);
        suite_add_tcase(suite, tcase);
        tcase = tcase_create("excess");
        tcase_add_checked_fixture(tcase, setup, NULL);
        tcase_add_test(tcase, what_was_taken_too_much_is_moved_up_again);
        tcase_add_test(tcase, who_has_grown_meanwhile_needs_nothing_back);
        tcase_add_loop_test(tcase, what_was_not_promised_may_stay_down, 0, ELEMENTSOF(obstacles));
        tcase_add_test(tcase, who_has_overdone_it_is_not_asked_for_a_minute);
        tcase_add_test(tcase, a_little_too_much_is_nothing);
        tcase_add_test(tcase, what_it_gives_back_itself_is_no_excess);
        tcase_add_test(tcase, counters_that_are_behind_are_no_excess);
        tcase_add_loop_test(tcase, who_does_not_reclaim_overdoes_nothing, 0, ELEMENTSOF(others));
        tcase_add_test(tcase, what_overdoes_it_again_in_that_minute_gives_nothing_back);
        tcase_add_test(tcase, when_that_minute_is_over_the_first_way_is_the_first_again);
        tcase_add_test(tcase, what_cannot_be_given_back_is_forgotten);
        suite_add_tcase(suite, tcase);
        tcase = tcase_create("growth");
        tcase_add_checked_fixture(tcase, setup, NULL);
        tcase_add_loop_test(tcase, who_grows_is_moved_down_before_the_ceiling, 0,
                            ELEMENTSOF(rates));
        tcase_add_test(tcase, who_shrinks_is_left_alone);
        tcase_add_test(tcase, steps_of_slugd_are_no_growth);
        suite_add_tcase(suite, tcase);
        tcase = tcase_create("interval");
        tcase_add_checked_fixture(tcase, setup, NULL);
        tcase_add_test(tcase, the_nearer_and_the_faster_the_sooner);
        tcase_add_test(tcase, who_is_quiet_costs_little);
        tcase_add_test(tcase, a_step_is_looked_at_a_few_times);
        suite_add_tcase(suite, tcase);
        return suite;
}
