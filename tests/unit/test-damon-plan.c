/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written to DAMON, write by write: for a kernel that has filters which take away and
 * windows, for one with goals, and for one that charges what is moved.
 */
#include "damon/damon.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "lib/test-main.h"

#define C "0/contexts/0/"
#define S C "schemes/0/"

static const DamonFeatures linux_6_12 = { .is_there = true, .has_migrate = true };
static const DamonFeatures linux_7_1 = { .is_there = true,
                                         .has_migrate = true,
                                         .has_ops_filters = true,
                                         .has_temporal = true };
static const DamonFeatures linux_7_2 = { .is_there = true,
                                         .has_migrate = true,
                                         .has_ops_filters = true,
                                         .has_temporal = true,
                                         .has_fail_charge = true };

static DamonMove new_move(void) {
        return (DamonMove){
                .from = 0,
                .to = 2,
                .ranges = { { 0, 8 * MIB }, { 16 * MIB, 23 * MIB } },
                .n_ranges = 2,
                .cgroups = { "kubepods.slice/pod1.slice/a.scope" },
                .n_cgroups = 1,
                .container = "kubepods.slice/pod1.slice/a.scope",
                .node_bytes = 4 * GIB,
                .left_bytes = 100 * MIB,
                .pace = { .quota = 4 * MIB },
        };
}

static void assert_writes(const DamonPlan *plan, const char *expected) {
        static char text[16384];
        size_t n = 0;

        text[0] = '\0';
        for (size_t i = 0; i < plan->n_items; ++i)
                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s=%s\n", plan->items[i].path,
                                      plan->items[i].value);
        ck_assert_str_eq(text, expected);
}

static void
assert_move(const DamonFeatures *features, const DamonMove *move, const char *expected) {
        _cleanup_(damon_plan_deinitp) DamonPlan plan = {};

        ck_assert_int_eq(damon_plan_move(&plan, features, move), 0);
        assert_writes(&plan, expected);
}

#define CONTEXT_WRITES                                                                             \
        C "operations=paddr\n" C "monitoring_attrs/intervals/sample_us=1000\n" C                   \
          "monitoring_attrs/intervals/aggr_us=40000\n" C "monitoring_attrs/nr_regions/min=100\n" C \
          "monitoring_attrs/nr_regions/max=400\n" C "targets/nr_targets=1\n" C                     \
          "targets/0/regions/nr_regions=3\n" C "targets/0/regions/0/start=0\n" C                   \
          "targets/0/regions/0/end=4194304\n" C "targets/0/regions/1/start=4194304\n" C            \
          "targets/0/regions/1/end=8388608\n" C "targets/0/regions/2/start=16777216\n" C           \
          "targets/0/regions/2/end=24117248\n"

#define COLD_WRITES                                                                                \
        S "action=migrate_cold\n" S "target_nid=2\n" S "apply_interval_us=1000\n" S                \
          "access_pattern/age/max=4294967295\n" S "access_pattern/nr_accesses/min=0\n" S           \
          "access_pattern/nr_accesses/max=0\n" S "access_pattern/age/min=1\n" S                    \
          "quotas/bytes=4194304\n"

#define ALLOW_WRITES                                                                               \
        S "ops_filters/nr_filters=1\n" S "ops_filters/0/type=memcg\n" S                            \
          "ops_filters/0/memcg_path=/kubepods.slice/pod1.slice/a.scope\n" S                        \
          "ops_filters/0/matching=Y\n" S "ops_filters/0/allow=Y\n0/state=on\n"

START_TEST(test_6_12) {
        const DamonMove move = new_move();

        assert_move(&linux_6_12, &move,
                    CONTEXT_WRITES COLD_WRITES S
                    "quotas/reset_interval_ms=0\n" S "filters/nr_filters=1\n" S
                    "filters/0/type=memcg\n" S
                    "filters/0/memcg_path=/kubepods.slice/pod1.slice/a.scope\n" S
                    "filters/0/matching=N\n0/state=on\n");
}
END_TEST

/* 100 MiB of 4 GiB are 244.1 of 10000: it is free enough at 9756, not at 9755. */
START_TEST(test_7_1) {
        const DamonMove move = new_move();

        assert_move(&linux_7_1, &move,
                    CONTEXT_WRITES COLD_WRITES S
                    "quotas/reset_interval_ms=0\n" S "quotas/goal_tuner=temporal\n" S
                    "quotas/goals/nr_goals=1\n" S
                    "quotas/goals/0/target_metric=node_memcg_free_bp\n" S
                    "quotas/goals/0/target_value=9756\n" S "quotas/goals/0/nid=0\n" S
                    "quotas/goals/0/path=/kubepods.slice/pod1.slice/a.scope\n" ALLOW_WRITES);
}
END_TEST

START_TEST(test_7_2) {
        const DamonMove move = new_move();

        assert_move(&linux_7_2, &move,
                    CONTEXT_WRITES COLD_WRITES S "quotas/reset_interval_ms=3600000\n" S
                                                 "quotas/fail_charge_num=1\n" S
                                                 "quotas/fail_charge_denom=1048576\n" ALLOW_WRITES);
}
END_TEST

static const char *find_value(const DamonPlan *plan, const char *path) {
        for (size_t i = 0; i < plan->n_items; ++i)
                if (strcmp(plan->items[i].path, path) == 0)
                        return plan->items[i].value;
        return "";
}

/* A hundredth of all of it each, and no byte twice or not at all. */
START_TEST(test_pieces) {
        _cleanup_(damon_plan_deinitp) DamonPlan plan = {};
        DamonMove move = new_move();

        move.ranges[0] = (DamonRange){ 0, 2 * GIB };
        move.ranges[1] = (DamonRange){ 4 * GIB, 4 * GIB + 30 * MIB };
        move.ranges[2] = (DamonRange){ 5 * GIB, 6 * GIB };
        move.n_ranges = 3;
        ck_assert_int_eq(damon_plan_move(&plan, &linux_6_12, &move), 0);
        /* of 31 MiB */
        ck_assert_str_eq(find_value(&plan, C "targets/0/regions/nr_regions"), "100");
        ck_assert_str_eq(find_value(&plan, C "targets/0/regions/64/end"), "2112880640");
        ck_assert_str_eq(find_value(&plan, C "targets/0/regions/65/start"), "2112880640");
        ck_assert_str_eq(find_value(&plan, C "targets/0/regions/65/end"), "2147483648");
        ck_assert_str_eq(find_value(&plan, C "targets/0/regions/99/end"), "6442450944");
}
END_TEST

static void
assert_pattern(bool is_up, bool takes_all, const char *min, const char *max, const char *age) {
        _cleanup_(damon_plan_deinitp) DamonPlan plan = {};
        DamonMove move = new_move();

        move.is_up = is_up;
        move.pace.takes_all = takes_all;
        ck_assert_int_eq(damon_plan_move(&plan, &linux_6_12, &move), 0);
        ck_assert_str_eq(find_value(&plan, S "action"), is_up ? "migrate_hot" : "migrate_cold");
        ck_assert_str_eq(find_value(&plan, S "access_pattern/nr_accesses/min"), min);
        ck_assert_str_eq(find_value(&plan, S "access_pattern/nr_accesses/max"), max);
        ck_assert_str_eq(find_value(&plan, S "access_pattern/age/min"), age);
}

START_TEST(test_hot_and_all) {
        assert_pattern(false, false, "0", "0", "1");
        assert_pattern(false, true, "0", "4294967295", "0");
        assert_pattern(true, false, "1", "4294967295", "0");
        assert_pattern(true, true, "0", "4294967295", "0");
}
END_TEST

START_TEST(test_begin_and_end) {
        _cleanup_(damon_plan_deinitp) DamonPlan plan = {};

        ck_assert_int_eq(damon_plan_frame(&plan), 0);
        ck_assert_int_eq(damon_plan_rest(&plan, &linux_7_2), 0);
        ck_assert_int_eq(damon_plan_end(&plan), 0);
        assert_writes(&plan,
                      "nr_kdamonds=1\n0/contexts/nr_contexts=1\n" C "schemes/nr_schemes=1\n" S
                      "access_pattern/sz/max=18446743577968679067\n0/state=update_schemes_stats\n"
                      "0/state=off\nnr_kdamonds=0\n");
        for (size_t i = 0; i < plan.n_items; ++i)
                ck_assert_int_eq(damon_write_may_block(&plan.items[i]), i == 4 || i == 5);
        plan.n_items = 0;
        ck_assert_int_eq(damon_plan_rest(&plan, &linux_6_12), 0);
        assert_writes(&plan, "0/state=off\n");
        ck_assert(DAMON_MARK == UINT64_C(18446743577968679067));
}
END_TEST

START_TEST(test_hand) {
        const DamonMove move = new_move();

        ck_assert_uint_eq(damon_get_hand(&move, 0), 0);
        ck_assert_uint_eq(damon_get_hand(&move, 8 * MIB - 1), 7 * MIB);
        ck_assert_uint_eq(damon_get_hand(&move, 8 * MIB), 16 * MIB);
        ck_assert_uint_eq(damon_get_hand(&move, 15 * MIB - 1), 22 * MIB);
        ck_assert_uint_eq(damon_get_hand(&move, 15 * MIB), 0);
        ck_assert_uint_eq(damon_get_hand(&move, UINT64_MAX), 0);
}
END_TEST

/* A cgroup of its own, and those below it, where filters can allow. */
START_TEST(test_several_cgroups) {
        _cleanup_(damon_plan_deinitp) DamonPlan plan = {};
        DamonMove move = new_move();
        unsigned n = 0;

        move.cgroups[1] = "kubepods.slice/pod1.slice/a.scope/init";
        move.n_cgroups = 2;
        ck_assert_int_eq(damon_plan_move(&plan, &linux_6_12, &move), -EINVAL);
        ck_assert_uint_eq(plan.n_items, 0);
        ck_assert_int_eq(damon_plan_move(&plan, &linux_7_2, &move), 0);
        for (size_t i = 0; i < plan.n_items; ++i)
                n += strcmp(plan.items[i].path, S "ops_filters/1/memcg_path") == 0 &&
                     strcmp(plan.items[i].value, "/kubepods.slice/pod1.slice/a.scope/init") == 0;
        ck_assert_uint_eq(n, 1);
}
END_TEST

static void assert_refused(const DamonFeatures *features, const DamonMove *move) {
        _cleanup_(damon_plan_deinitp) DamonPlan plan = {};

        ck_assert_int_eq(damon_plan_move(&plan, features, move), -EINVAL);
}

START_TEST(test_refused) {
        const DamonFeatures none = { .is_there = true };
        DamonMove move = new_move();
        char path[600];

        assert_refused(&none, &move);
        move.to = move.from;
        assert_refused(&linux_7_2, &move);
        move = new_move();
        move.ranges[1].start = 8 * MIB - 1; /* into the first */
        assert_refused(&linux_7_2, &move);
        move = new_move();
        move.ranges[1].end = move.ranges[1].start;
        assert_refused(&linux_7_2, &move);
        move = new_move();
        move.n_ranges = 0; /* that would be all of the memory */
        assert_refused(&linux_7_2, &move);
        move = new_move();
        move.n_cgroups = 0; /* that would be everybody's */
        assert_refused(&linux_7_2, &move);
        move = new_move();
        move.pace.quota = 0; /* that would be no limit */
        assert_refused(&linux_7_2, &move);
        memset(path, 'a', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        move = new_move();
        move.cgroups[0] = path;
        assert_refused(&linux_7_2, &move);
}
END_TEST

START_TEST(test_quota) {
        /* moved bytes alone are charged */
        ck_assert_uint_eq(damon_get_quota(&linux_7_2, 32 * MIB, 1, 256 * GIB), 32 * MIB);
        /* all of the node is the container's */
        ck_assert_uint_eq(damon_get_quota(&linux_6_12, 64 * MIB, GIB, GIB), 4 * MIB);
        ck_assert_uint_eq(damon_get_quota(&linux_6_12, 64 * MIB, GIB / 4, GIB), 16 * MIB);
        /* next to nothing of it is */
        ck_assert_uint_eq(damon_get_quota(&linux_6_12, 32 * MIB, MIB, 256 * GIB), 32 * MIB);
        /* next to nothing is to be moved */
        ck_assert_uint_eq(damon_get_quota(&linux_6_12, 8 * MIB, 0, GIB), 2 * MIB);
        ck_assert_uint_eq(damon_get_quota(&linux_6_12, 4, 0, GIB), 4);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("damon-plan");
        TCase *c = tcase_create("writes");

        tcase_add_test(c, test_6_12);
        tcase_add_test(c, test_7_1);
        tcase_add_test(c, test_7_2);
        tcase_add_test(c, test_pieces);
        tcase_add_test(c, test_hot_and_all);
        tcase_add_test(c, test_begin_and_end);
        tcase_add_test(c, test_hand);
        tcase_add_test(c, test_several_cgroups);
        tcase_add_test(c, test_refused);
        tcase_add_test(c, test_quota);
        suite_add_tcase(s, c);
        return s;
}
