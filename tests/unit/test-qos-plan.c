/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: numbers that were worked out by hand, whose each knob is, and the rules that hold for
 * any input.
 */
#include "qos/plan.h"

#include <string.h>

#include "lib/claims.h"
#include "lib/qos-bed.h"
#include "lib/test-main.h"

static QosBed bed;
static QosPlan plan;

static void setup(void) {
        qos_bed_init(&bed);
}

static void build(void) {
        const char *broken = qos_bed_build(&bed.input, &plan);

        ck_assert_msg(!broken, "%s", broken);
}

static const QosRow *get(QosLevel level, CgroupKnob knob) {
        const QosRow *row = qos_plan_find(&plan, level, knob);

        ck_assert_ptr_nonnull(row);
        return row;
}

static void assert_says(const QosRow *row, const char *text) {
        ck_assert_msg(strstr(row->reason, text) != NULL, "\"%s\" is not in \"%s\"", text,
                      row->reason);
}

static void assert_value(QosLevel level, CgroupKnob knob, uint64_t value) {
        const QosRow *row = get(level, knob);

        ck_assert_msg(row->has_value, "%s", row->reason);
        ck_assert_uint_eq(row->value.number, value);
}

static void assert_held(QosLevel level, CgroupKnob knob, const char *text) {
        const QosRow *row = get(level, knob);

        ck_assert_msg(row->is_held_back, "%s", row->reason);
        assert_says(row, text);
}

static void assert_owner(QosLevel level, CgroupKnob knob, QosOwner owner) {
        ck_assert_int_eq(get(level, knob)->owner, owner);
}

/* The formula */

static const struct {
        uint64_t capacity, system, kube;
        unsigned percent;
        uint64_t guaranteed, burstable;
        uint64_t burstable_limit, besteffort_limit;
} formula[] = {
        { 64 * GIB, 2 * GIB, GIB, 50, 10 * GIB, 8 * GIB, 56 * GIB, 52 * GIB },
        { 64 * GIB, 2 * GIB, GIB, 0, 10 * GIB, 8 * GIB, 61 * GIB, 61 * GIB },
        { 64 * GIB, 2 * GIB, GIB, 100, 10 * GIB, 8 * GIB, 51 * GIB, 43 * GIB },
        /* cut, not rounded: 4074074037.33 and 3259259259.3; then to pages */
        { UINT64_C(100000000000), 0, 0, 33, UINT64_C(12345678901), UINT64_C(9876543210),
          UINT64_C(95925923840), UINT64_C(92666662912) },
        /* what is left would be nothing, or less */
        { 64 * GIB, 2 * GIB, GIB, 100, 61 * GIB, 0, 64 * MIB, 64 * MIB },
        { 64 * GIB, 2 * GIB, GIB, 100, 40 * GIB, 40 * GIB, 21 * GIB, 64 * MIB },
        { 64 * GIB, 2 * GIB, GIB, 100, UINT64_MAX, UINT64_MAX, 64 * MIB, 64 * MIB },
        /* a node with less than that */
        { 3 * GIB + 16 * MIB, 2 * GIB, GIB, 50, GIB, 0, 16 * MIB, 16 * MIB },
};

START_TEST(limits_are_what_the_kubelet_would_write) {
        bed.capacity.total_bytes = formula[_i].capacity;
        bed.params.kubelet.system_reserved_bytes = formula[_i].system;
        bed.params.kubelet.kube_reserved_bytes = formula[_i].kube;
        bed.params.has_reserved_percent = true;
        bed.params.reserved_percent = formula[_i].percent;
        bed.requests.guaranteed_bytes = formula[_i].guaranteed;
        bed.requests.burstable_bytes = formula[_i].burstable;
        build();
        assert_value(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, formula[_i].burstable_limit);
        assert_value(QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, formula[_i].besteffort_limit);
}
END_TEST

static void ask_for_half(void) {
        bed.params.has_reserved_percent = true;
        bed.params.reserved_percent = 50;
        bed.requests.guaranteed_bytes = 10 * GIB;
        bed.requests.burstable_bytes = 8 * GIB;
}

START_TEST(reasons_have_the_numbers) {
        ask_for_half();
        build();
        ck_assert_str_eq(
                get(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX)->reason,
                "capacity 68719476736 - systemReserved 2147483648 - kubeReserved 1073741824 - 50% "
                "(qos.reserved.memory) of 10737418240 requested by guaranteed pods = 60129542144");
        ck_assert_str_eq(get(QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX)->reason,
                         "60129542144 for burstable and besteffort - 50% (qos.reserved.memory) of "
                         "8589934592 requested by burstable pods = 55834574848");
        ck_assert_str_eq(get(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MIN)->reason,
                         "10737418240 requested by guaranteed pods + 8589934592 requested by "
                         "burstable pods = 19327352832");
        bed.requests.guaranteed_bytes = 1000 * GIB;
        build();
        assert_says(get(QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX), "raised to 67108864");
}
END_TEST

START_TEST(a_limit_is_no_more_than_kubepods_has) {
        ask_for_half();
        bed.places.items[QOS_LEVEL_KUBEPODS].state.values[CGROUP_MEMORY_MAX].number = 53 * GIB;
        build();
        assert_value(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, 53 * GIB);
        assert_value(QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, 52 * GIB);
        assert_says(get(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX), "no more than kubepods has");
        bed.places.items[QOS_LEVEL_KUBEPODS].state.values[CGROUP_MEMORY_MAX].number = 0;
        build();
        assert_held(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, "kills every pod");
}
END_TEST

START_TEST(what_cannot_be_said_is_held_back) {
        build();
        assert_held(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, "qos.reserved.memory is not set");
        ask_for_half();
        bed.requests.is_known = false;
        diag_set(&bed.requests.problem, NULL, 0, 0, "pod a/b is a secret");
        build();
        assert_held(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, "pod a/b is a secret");
        assert_held(QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, "pod a/b is a secret");
        assert_held(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MIN, "pod a/b is a secret");
        assert_held(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, "pod a/b is a secret");
        bed.requests.is_known = true;
        bed.capacity.total_bytes = 0;
        build();
        assert_held(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, "leave nothing");
}
END_TEST

START_TEST(what_is_not_managed_stays) {
        ask_for_half();
        bed.params.manage = 0;
        build();
        ck_assert_uint_eq(plan.n_rows, 12);
        for (size_t i = 0; i < plan.n_rows; ++i) {
                ck_assert(!plan.rows[i].has_value && !plan.rows[i].is_held_back);
                ck_assert(plan.rows[i].owner == QOS_OWNER_NOBODY || i == 0);
        }
        assert_owner(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MAX, QOS_OWNER_KUBELET);
        assert_says(get(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MAX), "65498251264");
        assert_says(get(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW), "does not name memory.low");
}
END_TEST

START_TEST(what_is_the_kubelets_stays_the_kubelets) {
        ask_for_half();
        bed.params.kubelet.writes_qos_reserved = true;
        bed.params.kubelet.memory_qos = QOS_GATE_ON;
        bed.params.kubelet.enforces_system_reserved = true;
        build();
        assert_owner(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, QOS_OWNER_KUBELET);
        assert_owner(QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, QOS_OWNER_KUBELET);
        assert_owner(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MIN, QOS_OWNER_KUBELET);
        assert_owner(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, QOS_OWNER_KUBELET);
        assert_owner(QOS_LEVEL_SYSTEM_RESERVED, CGROUP_MEMORY_MAX, QOS_OWNER_KUBELET);
        assert_owner(QOS_LEVEL_SYSTEM_RESERVED, CGROUP_MEMORY_MIN, QOS_OWNER_KUBELET);
        assert_owner(QOS_LEVEL_KUBE_RESERVED, CGROUP_MEMORY_MAX, QOS_OWNER_SLUGD);
        bed.params.kubelet.memory_qos = QOS_GATE_UNKNOWN;
        build();
        assert_owner(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MIN, QOS_OWNER_KUBELET);
        assert_says(get(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW),
                    "kubelet.featureGates.MemoryQoS: false");
}
END_TEST

/* Protections */

START_TEST(protections_are_what_is_requested) {
        ask_for_half();
        build();
        assert_value(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MIN, 18 * GIB);
        assert_value(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 8 * GIB);
}
END_TEST

START_TEST(protections_are_no_more_than_limits) {
        ask_for_half();
        bed.places.items[QOS_LEVEL_KUBEPODS].state.values[CGROUP_MEMORY_MAX].number = 12 * GIB;
        bed.places.items[QOS_LEVEL_BURSTABLE].state.values[CGROUP_MEMORY_MAX].number = 7 * GIB;
        build();
        assert_value(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MIN, 12 * GIB);
        assert_value(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 7 * GIB); /* as long as it is that */
        bed.requests.guaranteed_bytes = 110 * GIB;
        build();
        assert_value(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, 6 * GIB);
        assert_value(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 6 * GIB);
        assert_says(get(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW), "no more than burstable has");
}
END_TEST

/* Masks */

static NodeSet make_set(const char *list) {
        NodeSet nodes;

        ck_assert_int_eq(nodeset_parse(list, strlen(list), &nodes), 0);
        return nodes;
}

static void ask_for(QosLevel level, QosMaskKind kind, const char *list) {
        bed.params.masks[level] = (QosMask){ .kind = kind };
        if (list)
                bed.params.masks[level].nodes = make_set(list);
}

static void assert_mask(QosLevel level, const char *list) {
        char text[NODESET_TEXT_MAX];

        ck_assert_msg(get(level, CGROUP_CPUSET_MEMS)->has_value, "%s",
                      get(level, CGROUP_CPUSET_MEMS)->reason);
        ck_assert_str_eq(nodeset_format(&get(level, CGROUP_CPUSET_MEMS)->value.nodes, text), list);
}

START_TEST(masks_follow_the_topology) {
        ask_for(QOS_LEVEL_KUBEPODS, QOS_MASK_ALL, NULL);
        ask_for(QOS_LEVEL_BURSTABLE, QOS_MASK_LOCAL, NULL);
        ask_for(QOS_LEVEL_BESTEFFORT, QOS_MASK_LIST, "1-2");
        build();
        assert_mask(QOS_LEVEL_KUBEPODS, "0-2");
        assert_mask(QOS_LEVEL_BURSTABLE, "0-1");
        assert_mask(QOS_LEVEL_BESTEFFORT, "1-2");
        assert_says(get(QOS_LEVEL_BURSTABLE, CGROUP_CPUSET_MEMS), "qos.cpusetMems.burstable");
}
END_TEST

START_TEST(a_mask_is_never_of_movable_memory_alone) {
        ask_for(QOS_LEVEL_BESTEFFORT, QOS_MASK_REMOTE, NULL);
        build();
        assert_held(QOS_LEVEL_BESTEFFORT, CGROUP_CPUSET_MEMS, "movable");
        bed.nodes[2].is_movable_only = false;
        build();
        assert_mask(QOS_LEVEL_BESTEFFORT, "2");
}
END_TEST

START_TEST(a_mask_is_within_the_parents) {
        ask_for(QOS_LEVEL_KUBEPODS, QOS_MASK_LIST, "1-2");
        ask_for(QOS_LEVEL_BURSTABLE, QOS_MASK_LOCAL, NULL);
        ask_for(QOS_LEVEL_BESTEFFORT, QOS_MASK_LIST, "0");
        build();
        assert_mask(QOS_LEVEL_BURSTABLE, "1");
        assert_held(QOS_LEVEL_BESTEFFORT, CGROUP_CPUSET_MEMS, "kubepods has none");
        /* one that is not slugd's is as it is */
        ask_for(QOS_LEVEL_KUBEPODS, QOS_MASK_NONE, NULL);
        bed.places.items[QOS_LEVEL_KUBEPODS].state.values[CGROUP_CPUSET_MEMS].nodes = make_set("0");
        build();
        assert_owner(QOS_LEVEL_KUBEPODS, CGROUP_CPUSET_MEMS, QOS_OWNER_NOBODY);
        assert_mask(QOS_LEVEL_BURSTABLE, "0");
        assert_mask(QOS_LEVEL_BESTEFFORT, "0");
        assert_says(get(QOS_LEVEL_BURSTABLE, CGROUP_CPUSET_MEMS), "without those");
        /* the intersection is what has to have normal memory */
        bed.places.items[QOS_LEVEL_KUBEPODS].state.values[CGROUP_CPUSET_MEMS].nodes = make_set("2");
        ask_for(QOS_LEVEL_BURSTABLE, QOS_MASK_ALL, NULL);
        build();
        assert_held(QOS_LEVEL_BURSTABLE, CGROUP_CPUSET_MEMS, "movable");
}
END_TEST

START_TEST(a_list_is_the_operators_word) {
        ask_for(QOS_LEVEL_BURSTABLE, QOS_MASK_LIST, "0,5");
        ask_for(QOS_LEVEL_BESTEFFORT, QOS_MASK_LIST, "0,7");
        build();
        assert_mask(QOS_LEVEL_BURSTABLE, "0,5");
        assert_says(get(QOS_LEVEL_BURSTABLE, CGROUP_CPUSET_MEMS), "NUMA node 5 is excluded");
        assert_held(QOS_LEVEL_BESTEFFORT, CGROUP_CPUSET_MEMS, "NUMA node 7, which is not there");
        bed.nodes[0].capacity_bytes = 0;
        build();
        assert_held(QOS_LEVEL_BURSTABLE, CGROUP_CPUSET_MEMS, "no memory online");
        bed.topology.n_nodes = 0;
        ask_for(QOS_LEVEL_BURSTABLE, QOS_MASK_ALL, NULL);
        build();
        assert_held(QOS_LEVEL_BURSTABLE, CGROUP_CPUSET_MEMS, "no NUMA node");
}
END_TEST

/* Reserved ones */

START_TEST(reserved_cgroups_get_what_is_reserved) {
        build();
        assert_value(QOS_LEVEL_SYSTEM_RESERVED, CGROUP_MEMORY_MAX, 2 * GIB);
        assert_value(QOS_LEVEL_SYSTEM_RESERVED, CGROUP_MEMORY_MIN, 2 * GIB);
        assert_value(QOS_LEVEL_KUBE_RESERVED, CGROUP_MEMORY_MAX, GIB);
        bed.params.manage &= ~(unsigned)QOS_MANAGE_RESERVED_MEMORY_MAX;
        bed.places.items[QOS_LEVEL_SYSTEM_RESERVED].state.values[CGROUP_MEMORY_MAX].number = GIB;
        build();
        assert_owner(QOS_LEVEL_SYSTEM_RESERVED, CGROUP_MEMORY_MAX, QOS_OWNER_NOBODY);
        assert_value(QOS_LEVEL_SYSTEM_RESERVED, CGROUP_MEMORY_MIN, GIB);
        bed.params.kubelet.system_reserved_bytes = 0;
        bed.places.items[QOS_LEVEL_KUBE_RESERVED].path[0] = '\0';
        build();
        assert_held(QOS_LEVEL_SYSTEM_RESERVED, CGROUP_MEMORY_MIN, "systemReserved has no memory");
        assert_held(QOS_LEVEL_KUBE_RESERVED, CGROUP_MEMORY_MIN, "kubeReservedCgroup");
        bed.places.items[QOS_LEVEL_SYSTEM_RESERVED].is_configured = false;
        build();
        ck_assert_ptr_null(qos_plan_find(&plan, QOS_LEVEL_SYSTEM_RESERVED, CGROUP_MEMORY_MAX));
        ck_assert_uint_eq(plan.n_rows, 10);
}
END_TEST

START_TEST(names_are_those_of_the_settings) {
        static const char *const names[] = { "memory.max",          "memory.min",
                                             "memory.low",          "cpuset.mems",
                                             "reserved.memory.max", "reserved.memory.min",
                                             "memory.node_limit" };

        for (unsigned i = 0; i < ELEMENTSOF(names); ++i)
                ck_assert_str_eq(qos_manage_name((QosManage)(1u << i)), names[i]);
}
END_TEST

/* Whatever is put in */

#define RANDOM_PLANS 50000u

START_TEST(every_plan_keeps_the_rules) {
        unsigned n_values = 0, n_held_back = 0;
        uint64_t seed = 20261126;

        for (unsigned i = 0; i < RANDOM_PLANS; ++i) {
                uint64_t data[48];
                const char *broken;

                for (size_t k = 0; k < ELEMENTSOF(data); ++k)
                        data[k] = claims_random(&seed);
                qos_bed_decode(&bed, (const uint8_t *)data, sizeof(data));
                broken = qos_bed_build(&bed.input, &plan);
                ck_assert_msg(!broken, "plan %u: %s", i, broken);
                for (size_t k = 0; k < plan.n_rows; ++k) {
                        n_values += plan.rows[k].has_value;
                        n_held_back += plan.rows[k].is_held_back;
                }
        }
        /* or nothing was tested */
        ck_assert_uint_gt(n_values, RANDOM_PLANS);
        ck_assert_uint_gt(n_held_back, RANDOM_PLANS);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("qos-plan");
        TCase *tests = tcase_create("qos-plan");

        tcase_add_checked_fixture(tests, setup, NULL);
        tcase_add_loop_test(tests, limits_are_what_the_kubelet_would_write, 0,
                            (int)ELEMENTSOF(formula));
        tcase_add_test(tests, reasons_have_the_numbers);
        tcase_add_test(tests, a_limit_is_no_more_than_kubepods_has);
        tcase_add_test(tests, what_cannot_be_said_is_held_back);
        tcase_add_test(tests, what_is_not_managed_stays);
        tcase_add_test(tests, what_is_the_kubelets_stays_the_kubelets);
        tcase_add_test(tests, protections_are_what_is_requested);
        tcase_add_test(tests, protections_are_no_more_than_limits);
        tcase_add_test(tests, masks_follow_the_topology);
        tcase_add_test(tests, a_mask_is_never_of_movable_memory_alone);
        tcase_add_test(tests, a_mask_is_within_the_parents);
        tcase_add_test(tests, a_list_is_the_operators_word);
        tcase_add_test(tests, reserved_cgroups_get_what_is_reserved);
        tcase_add_test(tests, names_are_those_of_the_settings);
        tcase_add_test(tests, every_plan_keeps_the_rules);
        suite_add_tcase(s, tests);
        return s;
}
