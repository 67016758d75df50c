/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits by NUMA node against a kernel made of values: the order of writes, what is refused, who
 * comes and goes meanwhile, and where pages lie in the end.
 */
#include "manager/node-limit-drive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/claims.h"
#include "lib/node-limit-kernel.h"
#include "lib/test-main.h"

#define WORLDS 300u
#define TURNS  40u

static const uint64_t sizes[CGROUP_NODE_LIMITS] = { 1024, 2048, 0, 512 };
static Kernel kernel;
static QosNodeLimitPlan plan;
static QosPlaces places;
static NodeLimitDrive *drive;
static NodeLimitOwns owns;
static uint64_t seed;

static void add_all(const char *const *paths) {
        for (; *paths; ++paths)
                kernel_add(&kernel, *paths)->is_old = true;
}

static void setup(void) {
        static const char *const paths[] = { "init.scope",
                                             "system.slice",
                                             "system.slice/a.service",
                                             "kubepods",
                                             "kubepods/podg",
                                             "kubepods/podg/c1",
                                             "kubepods/burstable",
                                             "kubepods/burstable/podb",
                                             "kubepods/burstable/podb/c2",
                                             "kubepods/besteffort",
                                             NULL };

        kernel_init(&kernel, sizes);
        add_all(paths);
        ck_assert_int_eq(qos_places_make(CGROUP_DRIVER_CGROUPFS, "", "", "", &places), 0);
        plan = (QosNodeLimitPlan){ .is_managed = true, .nodes = 0xb };
        memcpy(plan.harmless_mib, sizes, sizeof(sizes));
        plan.mib[QOS_LEVEL_BURSTABLE][0] = 100;
        plan.mib[QOS_LEVEL_BURSTABLE][1] = 500;
        ck_assert_int_eq(node_limit_drive_new(&kernel_ops, &kernel, &owns, &drive), 0);
        node_limit_drive_set(drive, &plan, &places);
}

static void teardown(void) {
        drive = node_limit_drive_free(drive);
        node_limit_owns_deinit(&owns);
}

static void run(void) {
        unsigned turns = 0;

        while (node_limit_drive_step(drive, 3))
                ck_assert_uint_lt(++turns, 100000);
        ck_assert_msg(!kernel.broken, "%s", kernel.broken);
}

static void bring(void) {
        node_limit_drive_begin(drive, false);
        run();
}

static const NodeLimitState *get(void) {
        return node_limit_drive_get(drive);
}

static void assert_limits(const char *path, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
        const KernelCgroup *cgroup = kernel_find(&kernel, path);

        ck_assert_ptr_nonnull(cgroup);
        ck_assert_msg(cgroup->mib[0] == a && cgroup->mib[1] == b && cgroup->mib[2] == c &&
                              cgroup->mib[3] == d,
                      "%s has %d %d %d %d", path, (int)cgroup->mib[0], (int)cgroup->mib[1],
                      (int)cgroup->mib[2], (int)cgroup->mib[3]);
}

static void assert_says(const char *text) {
        Diag diag = {};

        node_limit_state_describe(get(), &diag);
        ck_assert_msg(strstr(diag.text, text), "\"%s\" is not in \"%s\"", text, diag.text);
}

/* In order */

START_TEST(everything_has_a_value_before_a_pod_has_a_limit) {
        bring();
        ck_assert(get()->is_seeded && get()->is_done);
        ck_assert_uint_eq(get()->n_seeded, kernel.n_cgroups - 1);
        assert_limits("system.slice/a.service", 1024, 2048, 0, 512);
        assert_limits("kubepods", 1024, 2048, 0, 512);
        assert_limits("kubepods/podg/c1", 1024, 2048, 0, 512);
        assert_limits("kubepods/burstable", 100, 500, 0, 512);
        assert_limits("kubepods/burstable/podb/c2", 100, 500, 0, 512);
        assert_limits("kubepods/besteffort", 1024, 2048, 0, 512);
        ck_assert_uint_eq(get()->counts[QOS_LEVEL_BURSTABLE][1].n_set, 3);
        ck_assert_uint_eq(get()->n_limited, 1);
}
END_TEST

START_TEST(what_is_right_is_not_written_again) {
        unsigned n_writes;

        bring();
        n_writes = kernel.n_writes;
        bring();
        ck_assert_uint_eq(kernel.n_writes, n_writes);
        ck_assert_uint_eq(get()->n_writes, n_writes);
}
END_TEST

START_TEST(a_first_write_that_is_refused_is_the_last) {
        for (size_t i = 1; i < kernel.n_cgroups; ++i)
                kernel.cgroups[i].error = -EINVAL;
        bring();
        ck_assert_uint_eq(kernel.n_writes, 1);
        ck_assert(!kernel.is_obeying && !get()->is_seeded && !get()->is_done);
        assert_says("Invalid argument");
}
END_TEST

START_TEST(a_cgroup_that_cannot_be_seeded_keeps_all_limits_away) {
        kernel_find(&kernel, "system.slice/a.service")->error = -ENOMEM;
        bring();
        ck_assert(!get()->is_seeded && !get()->is_done);
        assert_says("memory.node_limit1 of system.slice/a.service does not take 1024: Cannot "
                    "allocate memory");
        assert_limits("kubepods/burstable/podb/c2", 1024, 2048, 0, 512);
        kernel_find(&kernel, "system.slice/a.service")->error = 0;
        bring();
        ck_assert(get()->is_done);
        assert_says("");
        assert_limits("kubepods/burstable/podb/c2", 100, 500, 0, 512);
}
END_TEST

START_TEST(what_reads_back_differently_is_refused) {
        kernel_find(&kernel, "kubepods/burstable/podb/c2")->is_deaf = true;
        bring();
        ck_assert(!get()->is_seeded);
        assert_says("memory.node_limit1 of kubepods/burstable/podb/c2 reads back as 0 where 1024 "
                    "was written");
}
END_TEST

START_TEST(a_limit_that_is_refused_is_told_and_the_others_are_set) {
        bring();
        plan.mib[QOS_LEVEL_BURSTABLE][1] = 400;
        kernel_find(&kernel, "kubepods/burstable/podb")->error = -EINVAL;
        node_limit_drive_set(drive, &plan, &places);
        bring();
        assert_limits("kubepods/burstable/podb/c2", 100, 400, 0, 512);
        ck_assert_uint_eq(get()->n_failures, 1);
        ck_assert_uint_eq(get()->counts[QOS_LEVEL_BURSTABLE][1].n_failed, 1);
        ck_assert_uint_eq(get()->counts[QOS_LEVEL_BURSTABLE][1].n_set, 2);
}
END_TEST

START_TEST(what_somebody_else_gave_a_cgroup_that_is_no_pods_stays) {
        kernel_find(&kernel, "system.slice")->mib[1] = 77;
        kernel_find(&kernel, "kubepods/podg/c1")->mib[1] = 77;
        bring();
        assert_limits("system.slice", 1024, 77, 0, 512);
        assert_limits("kubepods/podg/c1", 1024, 2048, 0, 512);
}
END_TEST

START_TEST(a_numa_node_that_grows_has_a_new_harmless_value) {
        bring();
        kernel.size_mib[1] = plan.harmless_mib[1] = 4096;
        kernel.total_pages += UINT64_C(2048) * 256;
        kernel_find(&kernel, "system.slice")->mib[3] = 77;
        node_limit_drive_set(drive, &plan, &places);
        bring();
        assert_limits("system.slice", 1024, 4096, 0, 77);
        assert_limits("kubepods/burstable/podb/c2", 100, 500, 0, 512);
        ck_assert(get()->is_done);
}
END_TEST

START_TEST(a_withdrawal_leaves_no_limit_and_no_zero) {
        bring();
        node_limit_drive_begin(drive, true);
        run();
        ck_assert(get()->is_withdrawn);
        assert_limits("kubepods/burstable/podb/c2", 1024, 2048, 0, 512);
        ck_assert_ptr_null(kernel_find_zero(&kernel, true));
        ck_assert_uint_eq(get()->n_limited, 0);
}
END_TEST

/* Those of one container */

static void own(const char *path, int result, uint64_t a, uint64_t b) {
        const uint64_t mib[CGROUP_NODE_LIMITS] = { a, b };

        ck_assert_int_eq(node_limit_owns_set(&owns, path, mib), result);
        node_limit_drive_add(drive, path);
        run();
}

START_TEST(a_container_of_its_own_has_none_of_its_class) {
        kernel_add(&kernel, "kubepods/burstable/podb/c2/below");
        kernel_add(&kernel, "kubepods/burstable/podb/c21");
        own("kubepods/burstable/podb/c2", 1, 64, 0);
        ck_assert_uint_eq(kernel.n_writes, 0); /* all are seeded first */
        bring();
        assert_limits("kubepods/burstable/podb/c2", 64, 2048, 0, 512);
        assert_limits("kubepods/burstable/podb/c2/below", 64, 2048, 0, 512);
        assert_limits("kubepods/burstable/podb/c21", 100, 500, 0, 512);
        ck_assert_uint_eq(get()->counts[QOS_LEVEL_BURSTABLE][0].n_set, 3);
        own("kubepods/burstable/podb/c2", 1, 32, 5000);
        assert_limits("kubepods/burstable/podb/c2", 32, 2048, 0, 512);
        own("kubepods/burstable/podb/c2", 0, 32, 5000);
        ck_assert(node_limit_owns_remove(&owns, "kubepods/burstable/podb/c2"));
        ck_assert(!node_limit_owns_remove(&owns, "kubepods/burstable/podb/c2"));
        node_limit_drive_add(drive, "kubepods/burstable/podb/c2");
        run();
        assert_limits("kubepods/burstable/podb/c2/below", 100, 500, 0, 512);
}
END_TEST

START_TEST(one_that_no_class_limits_is_read_and_withdrawn) {
        const unsigned n_limited = 2;

        own("kubepods/podg/c1", 1, 10, 20);
        bring();
        assert_limits("kubepods/podg/c1", 10, 20, 0, 512);
        ck_assert_uint_eq(get()->n_limited, n_limited);
        kernel_add(&kernel, "kubepods/podg/c1/init");
        node_limit_drive_add(drive, "kubepods/podg/c1/init");
        run();
        assert_limits("kubepods/podg/c1/init", 10, 20, 0, 512);
        own("system.slice/a.service", 1, 10, 20);
        assert_limits("system.slice/a.service", 1024, 2048, 0, 512);
        node_limit_drive_begin(drive, true);
        run();
        assert_limits("kubepods/podg/c1", 1024, 2048, 0, 512);
}
END_TEST

START_TEST(many_of_their_own_are_found) {
        char path[CGROUP_PATH_MAX];

        for (unsigned i = 0; i < 100; ++i) {
                (void)snprintf(path, sizeof(path), "kubepods/pod%u", i);
                own(path, 1, i + 1, 0);
        }
        ck_assert_uint_eq(node_limit_owns_find(&owns, "kubepods/pod99/c")->mib[0], 100);
        ck_assert_uint_eq(node_limit_owns_find(&owns, "kubepods/pod9")->mib[0], 10);
        ck_assert_ptr_null(node_limit_owns_find(&owns, "kubepods/pod100"));
        ck_assert_ptr_null(node_limit_owns_find(&owns, "kubepods"));
        ck_assert_ptr_null(node_limit_owns_find(NULL, "kubepods/pod9"));
        ck_assert(node_limit_owns_remove(&owns, "kubepods/pod9"));
        ck_assert_ptr_null(node_limit_owns_find(&owns, "kubepods/pod9"));
        ck_assert_uint_eq(node_limit_owns_find(&owns, "kubepods/pod99")->mib[0], 100);
}
END_TEST

START_TEST(a_cgroup_without_the_controller_is_passed_over) {
        kernel_find(&kernel, "system.slice/a.service")->has_files = false;
        bring();
        ck_assert(get()->is_done);
        ck_assert_uint_eq(get()->n_failures, 0);
}
END_TEST

/* Who comes */

START_TEST(a_container_that_comes_has_its_limit_at_once) {
        unsigned n_writes;

        bring();
        n_writes = kernel.n_writes;
        kernel_add(&kernel, "kubepods/burstable/podx");
        kernel_add(&kernel, "kubepods/burstable/podx/c9");
        node_limit_drive_add(drive, "kubepods/burstable/podx");
        run();
        assert_limits("kubepods/burstable/podx/c9", 100, 500, 0, 512);
        ck_assert_uint_eq(kernel.n_writes, n_writes + 6);
        ck_assert_uint_eq(get()->n_limited, 2);
        kernel_add(&kernel, "system.slice/b.service");
        node_limit_drive_add(drive, "system.slice/b.service");
        run();
        assert_limits("system.slice/b.service", 1024, 2048, 0, 512);
}
END_TEST

/* Cgroups that come and go faster than anybody visits them must not fill the memory. */
START_TEST(of_those_that_come_no_more_than_a_walk_holds_are_remembered) {
        bring();
        for (unsigned i = 0; i <= NODE_LIMIT_CGROUPS_MAX; ++i)
                node_limit_drive_add(drive, "kubepods/gone");
        run();
        ck_assert(get()->is_cut);
}
END_TEST

START_TEST(nothing_is_written_for_who_comes_before_all_is_seeded) {
        node_limit_drive_add(drive, "kubepods/burstable/podb/c2");
        run();
        ck_assert_uint_eq(kernel.n_writes, 0);
}
END_TEST

/* Like a machine where cgroups come faster than anybody can look. */
static void keep_adding(Kernel *self) {
        char path[64];

        if (self->n_cgroups >= 400)
                return;
        (void)snprintf(path, sizeof(path), "kubepods/burstable/pod%zu", self->n_cgroups);
        (void)kernel_add(self, path);
}

START_TEST(cgroups_that_keep_coming_do_not_keep_limits_away) {
        kernel.after = keep_adding;
        bring();
        ck_assert(get()->is_done);
        kernel.after = NULL;
        bring();
        ck_assert_ptr_null(kernel_find_zero(&kernel, true));
}
END_TEST

START_TEST(too_deep_a_tree_is_not_half_done) {
        char path[CGROUP_PATH_MAX] = "system.slice";

        for (unsigned i = 0; i < NODE_LIMIT_DEPTH_MAX; ++i) {
                const size_t n = strlen(path);

                (void)snprintf(path + n, sizeof(path) - n, "/d%u", i);
                kernel_add(&kernel, path)->is_old = true;
        }
        bring();
        ck_assert(get()->is_cut && !get()->is_seeded);
        assert_says("too deep");
        assert_limits("kubepods/burstable/podb/c2", 1024, 2048, 0, 512);
}
END_TEST

/* Where pages lie */

static KernelCgroup *start_container(void) {
        bring();
        return kernel_find(&kernel, "kubepods/burstable/podb/c2");
}

START_TEST(limits_do_not_hold_while_nobody_reads_usage) {
        KernelCgroup *cgroup = start_container();

        kernel_allocate(cgroup, &kernel, 0, 300);
        ck_assert_uint_eq(cgroup->used[0], 300);
}
END_TEST

START_TEST(limits_hold_while_usage_is_read) {
        KernelCgroup *cgroup = start_container();

        for (unsigned i = 0; i < 15; ++i) {
                kernel_allocate(cgroup, &kernel, 0, 20);
                node_limit_drive_touch(drive, 16);
        }
        ck_assert_uint_ge(cgroup->used[0], 100);
        ck_assert_uint_lt(cgroup->used[0], 120);
        ck_assert_uint_eq(cgroup->used[0] + cgroup->used[1], 300);
}
END_TEST

START_TEST(usage_is_read_in_turn_of_those_that_are_there) {
        char path[64];

        for (unsigned i = 0; i < 9; ++i) {
                (void)snprintf(path, sizeof(path), "kubepods/burstable/podb/n%u", i);
                (void)kernel_add(&kernel, path);
        }
        bring();
        ck_assert_uint_eq(get()->n_limited, 10);
        kernel_remove(&kernel, "kubepods/burstable/podb/n4");
        for (unsigned i = 0; i < 5; ++i)
                node_limit_drive_touch(drive, 3);
        ck_assert_uint_eq(get()->n_limited, 9);
        for (size_t i = 0; i < kernel.n_cgroups; ++i)
                kernel.cgroups[i].used[1] = 5;
        for (unsigned i = 0; i < 3; ++i)
                node_limit_drive_touch(drive, 3);
        ck_assert_uint_eq(kernel_find(&kernel, "kubepods/burstable/podb/c2")->counted[1], 5);
        ck_assert_uint_eq(kernel_find(&kernel, "kubepods/burstable/podb/n8")->counted[1], 5);
}
END_TEST

/* Any world */

static uint64_t draw(uint64_t n) {
        return claims_random(&seed) / 7 % n;
}

static const char *pick_path(void) {
        for (;;) {
                const KernelCgroup *cgroup = &kernel.cgroups[draw(kernel.n_cgroups)];

                if (cgroup->is_there)
                        return cgroup->path;
        }
}

/* Of any depth, in anything. */
static KernelCgroup *add_any(void) {
        char path[CGROUP_PATH_MAX];
        KernelCgroup *cgroup;
        const char *parent = pick_path();

        if (kernel.n_cgroups >= 300 || strlen(parent) > 200)
                return NULL;
        (void)snprintf(path, sizeof(path), "%.200s%sx%u", parent, parent[0] ? "/" : "",
                       (unsigned)draw(1000000));
        cgroup = kernel_add(&kernel, path);
        cgroup->has_files = draw(10) > 0;
        if (draw(8) == 0)
                cgroup->mib[1] = 1 + draw(5000);
        return cgroup;
}

static bool is_moving;

static void move(Kernel *self _unused_) {
        const char *path;

        if (!is_moving || draw(12) > 0)
                return;
        path = pick_path();
        if (draw(2) == 0)
                (void)add_any();
        else if (strncmp(path, "kubepods/", 9) == 0 && strlen(path) > 30)
                kernel_remove(&kernel, path);
}

static uint64_t get_wanted(const char *path, QosLevel level, unsigned node) {
        const NodeLimitOwn *found = node_limit_owns_find(&owns, path);
        const uint64_t mib = found ? found->mib[node] : plan.mib[level][node];

        if (found && mib > sizes[node])
                return sizes[node];
        return mib ? mib : sizes[node];
}

static void assert_converged(void) {
        ck_assert_ptr_null(kernel_find_zero(&kernel, true));
        for (size_t i = 1; i < kernel.n_cgroups; ++i) {
                const KernelCgroup *cgroup = &kernel.cgroups[i];
                const QosLevel level = qos_node_limit_find_level(&places, cgroup->path);

                if (!cgroup->is_there || !cgroup->has_files || level == _QOS_LEVEL_N)
                        continue;
                for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node)
                        if (sizes[node])
                                ck_assert_uint_eq(cgroup->mib[node],
                                                  get_wanted(cgroup->path, level, node));
        }
}

static void change_plan(void) {
        static const unsigned nodes[] = { 0, 1, 3 };
        const uint64_t mib[CGROUP_NODE_LIMITS] = { draw(400), draw(3000), 0, draw(2) };

        plan.mib[draw(QOS_NODE_LIMIT_LEVELS)][nodes[draw(3)]] = draw(400);
        node_limit_drive_set(drive, &plan, &places);
        if (draw(3) == 0)
                (void)node_limit_owns_remove(&owns, pick_path());
        else
                ck_assert_int_ge(node_limit_owns_set(&owns, pick_path(), mib), 0);
}

START_TEST(any_world_is_seeded_first_and_limited_then) {
        seed = 77 + (uint64_t)_i;
        for (uint64_t i = draw(60); i > 0; --i) {
                KernelCgroup *cgroup = add_any();

                if (cgroup)
                        cgroup->is_old = true;
        }
        kernel.after = move;
        is_moving = true;
        for (unsigned turn = 0; turn < TURNS; ++turn) {
                switch (draw(5)) {
                case 0:
                        node_limit_drive_begin(drive, draw(10) == 0);
                        break;
                case 1:
                        node_limit_drive_add(drive, pick_path());
                        break;
                case 2:
                        node_limit_drive_touch(drive, 4);
                        break;
                case 3:
                        if (draw(4) == 0)
                                change_plan();
                        break;
                default:
                        (void)node_limit_drive_step(drive, draw(50));
                }
                ck_assert_msg(!kernel.broken, "%s (seed %d)", kernel.broken, _i);
        }
        is_moving = false;
        run();
        bring();
        bring();
        ck_assert(get()->is_done && !get()->is_cut);
        assert_converged();
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("node-limit-drive");
        TCase *order = tcase_create("order"), *others = tcase_create("others"),
              *pages = tcase_create("pages"), *any = tcase_create("any");

        tcase_add_checked_fixture(order, setup, teardown);
        tcase_add_test(order, everything_has_a_value_before_a_pod_has_a_limit);
        tcase_add_test(order, what_is_right_is_not_written_again);
        tcase_add_test(order, a_first_write_that_is_refused_is_the_last);
        tcase_add_test(order, a_cgroup_that_cannot_be_seeded_keeps_all_limits_away);
        tcase_add_test(order, what_reads_back_differently_is_refused);
        tcase_add_test(order, a_limit_that_is_refused_is_told_and_the_others_are_set);
        tcase_add_test(order, what_somebody_else_gave_a_cgroup_that_is_no_pods_stays);
        tcase_add_test(order, a_numa_node_that_grows_has_a_new_harmless_value);
        tcase_add_test(order, a_withdrawal_leaves_no_limit_and_no_zero);
        tcase_add_test(order, a_container_of_its_own_has_none_of_its_class);
        tcase_add_test(order, one_that_no_class_limits_is_read_and_withdrawn);
        tcase_add_test(order, many_of_their_own_are_found);
        tcase_add_test(order, a_cgroup_without_the_controller_is_passed_over);
        suite_add_tcase(s, order);
        tcase_add_checked_fixture(others, setup, teardown);
        tcase_add_test(others, a_container_that_comes_has_its_limit_at_once);
        tcase_add_test(others, of_those_that_come_no_more_than_a_walk_holds_are_remembered);
        tcase_add_test(others, nothing_is_written_for_who_comes_before_all_is_seeded);
        tcase_add_test(others, cgroups_that_keep_coming_do_not_keep_limits_away);
        tcase_add_test(others, too_deep_a_tree_is_not_half_done);
        suite_add_tcase(s, others);
        tcase_add_checked_fixture(pages, setup, teardown);
        tcase_add_test(pages, limits_do_not_hold_while_nobody_reads_usage);
        tcase_add_test(pages, limits_hold_while_usage_is_read);
        tcase_add_test(pages, usage_is_read_in_turn_of_those_that_are_there);
        suite_add_tcase(s, pages);
        tcase_add_checked_fixture(any, setup, teardown);
        tcase_add_loop_test(any, any_world_is_seeded_first_and_limited_then, 0, WORLDS);
        suite_add_tcase(s, any);
        return s;
}
