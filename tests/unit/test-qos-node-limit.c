/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits by NUMA node as values: what is refused, what is harmless, and whose cgroup gets what.
 */
#include "qos/node-limit.h"

#include <limits.h>
#include <string.h>

#include "lib/claims.h"
#include "lib/test-main.h"

static TopologyNode nodes[6];
static Topology topology;
static QosNodeLimitParams params;
static QosNodeLimitInput input;
static QosNodeLimitPlan plan;

static void add_node(unsigned id, uint64_t bytes) {
        nodes[topology.n_nodes++] =
                (TopologyNode){ .id = id, .capacity_bytes = bytes, .is_capacity_known = true };
}

static void add_limit(QosLevel level, unsigned node, uint64_t bytes) {
        params.items[params.n_items++] = (QosNodeLimit){ level, node, bytes };
}

static void setup(void) {
        topology = (Topology){ .nodes = nodes };
        params = (QosNodeLimitParams){ .interval_usec = 1000000 };
        input = (QosNodeLimitInput){
                .is_managed = true,
                .params = &params,
                .topology = &topology,
                .files = 0xf,
                .page_bytes = 4096,
        };
        add_node(0, GIB + 1);
        add_node(1, 2 * GIB);
        add_node(2, 0);
}

static void build(void) {
        QosNodeLimitPlan again;

        qos_node_limit_plan(&input, &plan);
        memset(&again, 0xa5, sizeof(again));
        qos_node_limit_plan(&input, &again);
        ck_assert_mem_eq(&plan, &again, sizeof(plan));
}

static void assert_refused(const char *text) {
        build();
        ck_assert_msg(strstr(plan.problem, text), "\"%s\" is not in \"%s\"", text, plan.problem);
        ck_assert_uint_eq(plan.nodes, 0);
        for (size_t i = 0; i < plan.n_rows; ++i) {
                ck_assert(!plan.rows[i].has_value);
                ck_assert_ptr_nonnull(strstr(plan.rows[i].reason, "experimental"));
        }
}

START_TEST(a_harmless_value_is_the_size_rounded_up) {
        add_limit(QOS_LEVEL_BURSTABLE, 1, 512 * MIB);
        build();
        ck_assert_str_eq(plan.problem, "");
        ck_assert_uint_eq(plan.nodes, 0x3);
        ck_assert_uint_eq(plan.harmless_mib[0], 1025);
        ck_assert_uint_eq(plan.harmless_mib[1], 2048);
        ck_assert_uint_eq(plan.mib[QOS_LEVEL_BURSTABLE][1], 512);
        ck_assert_uint_eq(plan.n_rows, 1);
        ck_assert_str_eq(plan.rows[0].reason, "experimental: in MiB, for NUMA node 1 in each "
                                              "container of burstable pods; qos.nodeLimits");
}
END_TEST

START_TEST(what_is_not_managed_has_no_plan) {
        add_limit(QOS_LEVEL_BURSTABLE, 1, 512 * MIB);
        input.is_managed = false;
        build();
        ck_assert(!plan.is_managed && plan.nodes == 0 && plan.n_rows == 0 && !plan.problem[0]);
}
END_TEST

START_TEST(nothing_configured_is_no_mistake) {
        build();
        ck_assert_str_eq(plan.problem, "");
        ck_assert_uint_eq(plan.nodes, 0x3); /* for those that a container has by itself */
        ck_assert_uint_eq(plan.n_rows, 0);
}
END_TEST

START_TEST(a_kernel_without_the_files_is_told) {
        add_limit(QOS_LEVEL_KUBEPODS, 0, MIB);
        input.files = 0;
        assert_refused("no cgroup has a file memory.node_limit1");
        ck_assert_uint_eq(plan.n_rows, 1);
}
END_TEST

START_TEST(a_numa_node_without_a_file_is_told) {
        add_limit(QOS_LEVEL_KUBEPODS, 0, MIB);
        input.files = 0x1;
        assert_refused("this kernel has no file memory.node_limit2 for NUMA node 1");
}
END_TEST

START_TEST(a_machine_with_higher_ids_is_refused_with_or_without_memory) {
        add_limit(QOS_LEVEL_KUBEPODS, 0, MIB);
        add_node(4, 0);
        assert_refused("NUMA node 4");
        nodes[3].capacity_bytes = GIB;
        assert_refused("NUMA node 4");
        nodes[3].id = 3;
        build();
        ck_assert_str_eq(plan.problem, "");
}
END_TEST

START_TEST(a_size_that_is_not_known_is_refused) {
        add_limit(QOS_LEVEL_KUBEPODS, 0, MIB);
        nodes[1].is_capacity_known = false;
        assert_refused("how much memory NUMA node 1 has is not known");
}
END_TEST

START_TEST(one_limit_that_cannot_be_keeps_none_of_the_others_away) {
        add_limit(QOS_LEVEL_BESTEFFORT, 2, GIB);
        add_limit(QOS_LEVEL_BESTEFFORT, 1, MIB - 1);
        add_limit(QOS_LEVEL_BESTEFFORT, 0, 1000000 * MIB);
        add_limit(QOS_LEVEL_KUBEPODS, 0, MIB);
        build();
        ck_assert_str_eq(plan.problem, "");
        ck_assert_uint_eq(plan.n_rows, 4);
        ck_assert(plan.rows[0].has_value && plan.rows[0].mib == 1);
        ck_assert_ptr_nonnull(strstr(plan.rows[1].reason, "no limit above 786432"));
        ck_assert_ptr_nonnull(strstr(plan.rows[2].reason, "takes no limit of 0"));
        ck_assert_ptr_nonnull(strstr(plan.rows[3].reason, "NUMA node 2 has no memory"));
}
END_TEST

/* Whose cgroup */

static const struct {
        const char *path;
        QosLevel systemd, cgroupfs;
} owners[] = {
        { "system.slice", _QOS_LEVEL_N, _QOS_LEVEL_N },
        { "kubepods.slice", _QOS_LEVEL_N, _QOS_LEVEL_N },
        { "kubepods.slice/kubepods-podx.slice", QOS_LEVEL_KUBEPODS, _QOS_LEVEL_N },
        { "kubepods.slice/kubepods-podx.slice/cri-1.scope", QOS_LEVEL_KUBEPODS, _QOS_LEVEL_N },
        { "kubepods.slice/kubepods-burstable.slice", QOS_LEVEL_BURSTABLE, _QOS_LEVEL_N },
        { "kubepods.slice/kubepods-burstable.slice/a/b", QOS_LEVEL_BURSTABLE, _QOS_LEVEL_N },
        { "kubepods.slice/kubepods-besteffort.slice/a", QOS_LEVEL_BESTEFFORT, _QOS_LEVEL_N },
        { "kubepods.slice/kubepods-besteffort.slicea", QOS_LEVEL_KUBEPODS, _QOS_LEVEL_N },
        { "kubepods.slices", _QOS_LEVEL_N, _QOS_LEVEL_N },
        { "kubepods", _QOS_LEVEL_N, _QOS_LEVEL_N },
        { "kubepods/burstable/podx/c", _QOS_LEVEL_N, QOS_LEVEL_BURSTABLE },
        { "kubepods/podx/c", _QOS_LEVEL_N, QOS_LEVEL_KUBEPODS },
        { "a/kubepods/podx/c", _QOS_LEVEL_N, _QOS_LEVEL_N },
};

START_TEST(a_cgroup_is_of_the_class_that_it_is_below) {
        QosPlaces places;

        ck_assert_int_eq(qos_places_make(CGROUP_DRIVER_SYSTEMD, "", "", "", &places), 0);
        ck_assert_msg(qos_node_limit_find_level(&places, owners[_i].path) == owners[_i].systemd,
                      "%s", owners[_i].path);
        ck_assert_int_eq(qos_places_make(CGROUP_DRIVER_CGROUPFS, "", "", "", &places), 0);
        ck_assert_msg(qos_node_limit_find_level(&places, owners[_i].path) == owners[_i].cgroupfs,
                      "%s", owners[_i].path);
        places = (QosPlaces){};
        ck_assert_int_eq(qos_node_limit_find_level(&places, owners[_i].path), _QOS_LEVEL_N);
}
END_TEST

/* Of one container */

static const struct {
        uint64_t bytes;
        const char *local, *claimed;
        uint64_t mib[CGROUP_NODE_LIMITS];
} spreads[] = {
        { GIB, "0", "0,2", { 1024 } },
        { 5 * MIB + 4096, "0-1", "0-3", { 2, 2 } },
        { MIB, "0-1", "0-1", { 1, 1 } },    /* no 0 */
        { GIB, "0-1", "1,2", { 1, 1024 } }, /* else it is all taken from NUMA node 0 */
        { GIB, "1,3", "2", { 0, 512, 0, 512 } },
        { 0, "0-1", "2", { 1, 1 } },
        { GIB, "0,4", "0,4", { 512 } }, /* refused elsewhere; not written behind the array */
        { GIB, "", "2", {} },
};

START_TEST(a_split_is_spread) {
        uint64_t mib[CGROUP_NODE_LIMITS] = { 9, 9, 9, 9 };
        NodeSet local, claimed;

        ck_assert_int_eq(nodeset_parse(spreads[_i].local, strlen(spreads[_i].local), &local), 0);
        ck_assert_int_eq(nodeset_parse(spreads[_i].claimed, strlen(spreads[_i].claimed), &claimed),
                         0);
        qos_node_limit_spread(spreads[_i].bytes, &local, &claimed, mib);
        ck_assert_mem_eq(mib, spreads[_i].mib, sizeof(mib));
}
END_TEST

/* Anything */

static uint64_t draw(uint64_t *seed, uint64_t n) {
        return claims_random(seed) / 7 % n;
}

static void make_any(uint64_t *seed) {
        setup();
        topology.n_nodes = 0;
        for (unsigned id = 0; id < 5; ++id)
                if (draw(seed, id == 4 ? 8 : 2) == 0)
                        add_node(id, draw(seed, 4) ? draw(seed, 64 * GIB) : 0);
        input.files = draw(seed, 4) ? 0xf : (unsigned)draw(seed, 16);
        for (QosLevel level = 0; level < QOS_NODE_LIMIT_LEVELS; ++level)
                for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node)
                        if (draw(seed, 2))
                                add_limit(level, node, draw(seed, 1 << 18) * MIB);
}

START_TEST(nothing_that_the_kernel_would_refuse_is_ever_wanted) {
        uint64_t seed = 991;
        unsigned n_plans = 0;

        for (unsigned i = 0; i < 20000; ++i) {
                uint64_t pages = 0;

                make_any(&seed);
                build();
                n_plans += plan.nodes != 0;
                for (size_t n = 0; n < topology.n_nodes; ++n)
                        pages += nodes[n].capacity_bytes / 4096;
                for (unsigned n = 0; n < 40; ++n) {
                        const QosNodeLimitFile file = {
                                .level = (QosLevel)draw(&seed, _QOS_LEVEL_N + 1),
                                .node = (unsigned)draw(&seed, CGROUP_NODE_LIMITS),
                                .mib = draw(&seed, 2) * draw(&seed, 5000),
                                .was_harmless = draw(&seed, 2) * draw(&seed, 5000),
                                .is_own = draw(&seed, 2),
                                .own_mib = draw(&seed, 2) * draw(&seed, 1 << 30),
                        };
                        const QosNodeLimitGoal goal = (QosNodeLimitGoal)draw(&seed, 3);
                        const uint64_t mib = qos_node_limit_want(&plan, goal, &file);

                        if (!(plan.nodes & 1u << file.node)) {
                                ck_assert_uint_eq(mib, file.mib);
                                continue;
                        }
                        ck_assert_uint_ge(mib, 1);
                        if (mib != file.mib)
                                ck_assert(mib <= pages + 1 && mib <= INT_MAX);
                        if (goal == QOS_NODE_LIMIT_WITHDRAW && file.level < QOS_NODE_LIMIT_LEVELS)
                                ck_assert_uint_eq(mib, plan.harmless_mib[file.node]);
                        if (goal == QOS_NODE_LIMIT_SEED && file.mib != mib)
                                ck_assert_uint_eq(mib, plan.harmless_mib[file.node]);
                }
        }
        ck_assert_uint_gt(n_plans, 2000);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("qos-node-limit");
        TCase *t = tcase_create("plan");

        tcase_set_timeout(t, 30);
        tcase_add_checked_fixture(t, setup, NULL);
        tcase_add_test(t, a_harmless_value_is_the_size_rounded_up);
        tcase_add_test(t, what_is_not_managed_has_no_plan);
        tcase_add_test(t, nothing_configured_is_no_mistake);
        tcase_add_test(t, a_kernel_without_the_files_is_told);
        tcase_add_test(t, a_numa_node_without_a_file_is_told);
        tcase_add_test(t, a_machine_with_higher_ids_is_refused_with_or_without_memory);
        tcase_add_test(t, a_size_that_is_not_known_is_refused);
        tcase_add_test(t, one_limit_that_cannot_be_keeps_none_of_the_others_away);
        tcase_add_loop_test(t, a_cgroup_is_of_the_class_that_it_is_below, 0, ELEMENTSOF(owners));
        tcase_add_loop_test(t, a_split_is_spread, 0, ELEMENTSOF(spreads));
        tcase_add_test(t, nothing_that_the_kernel_would_refuse_is_ever_wanted);
        suite_add_tcase(s, t);
        return s;
}
