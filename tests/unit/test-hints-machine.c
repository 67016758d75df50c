/* SPDX-License-Identifier: Apache-2.0 */
/* The machine as hints see it: rooms, and what reaching memory costs. */
#include "lib/test-main.h"

#include <errno.h>
#include <stdio.h>

#include "lib/failmalloc.h"
#include "lib/numa-bed.h"

/* Two sockets, a CXL device that is nearer to the second one, and a GPU. */
static const BedNode sockets[] = {
        { 0, LOCALITY_LOCAL, true, false, 10 * GIB, GIB, 4 * GIB, 100, 0, NULL },
        { 1, LOCALITY_LOCAL, true, false, 12 * GIB, GIB, 0, 100, 0, NULL },
        { 70, LOCALITY_REMOTE, false, true, 40 * GIB, 0, 0, 250, 0, "1" },
        { 99, LOCALITY_EXCLUDED, false, false, 80 * GIB, 0, 0, 0, 0, NULL },
};
static const uint16_t socket_distances[] = { 10, 21, 28, 30, 21, 10, 14, 30,
                                             28, 14, 10, 40, 30, 30, 40, 10 };

static HintsMachine *machine;
static Ledger *ledger;

static void make_machine(const BedNode *nodes, size_t n_nodes, const uint16_t *distances) {
        machine = hints_machine_free(machine);
        machine = numa_bed_make(nodes, n_nodes, distances);
}

static void setup(void) {
        machine = NULL;
        ck_assert_int_eq(ledger_new(&ledger), 0);
        make_machine(sockets, ELEMENTSOF(sockets), socket_distances);
}

static void teardown(void) {
        machine = hints_machine_free(machine);
        ledger = ledger_free(ledger);
}

START_TEST(excluded_memory_counts_for_the_kubelet_only) {
        ck_assert_uint_eq(hints_machine_get_room(machine, HINTS_SLUG, 99, 0), 0);
        ck_assert_uint_eq(hints_machine_get_room(machine, HINTS_KUBELET, 99, 0), 80 * GIB);
        ck_assert_uint_eq(hints_machine_get_room(machine, HINTS_SLUG, 0, GIB), 4 * GIB);
        ck_assert_uint_eq(hints_machine_get_room(machine, HINTS_SLUG, 0, 2 * MIB), GIB);
        ck_assert_uint_eq(hints_machine_get_room(machine, HINTS_SLUG, 1, GIB), 0);
        ck_assert_uint_eq(hints_machine_get_room(machine, HINTS_SLUG, 2, 0), 0);
        numa_bed_claim(ledger, "c", "1", 0, (const uint64_t[]){ 13 * GIB });
        ck_assert_uint_eq(hints_machine_get_free(machine, HINTS_SLUG, ledger, 1, 0), 0);
        ck_assert_uint_eq(hints_machine_get_free(machine, HINTS_SLUG, ledger, 0, 0), 10 * GIB);
        ck_assert_ptr_null(hints_machine_find(machine, 2));
        ck_assert_uint_eq(hints_machine_find(machine, 70)->near_distance, 14);
}
END_TEST

/* From NUMA node @from of {0, 1 with CPUs; 2 without}. */
static const struct {
        const char *name;
        uint64_t latency, far_latency, bandwidth, far_bandwidth;
        uint16_t distances[9]; /* 0s: not known */
        unsigned from, to;
        uint32_t cost;
} costs[] = {
        { "nothing is known, itself", 0, 0, 0, 0, { 0 }, 0, 0, 1000 },
        { "nothing is known, another one", 0, 0, 0, 0, { 0 }, 0, 1, 2000 },
        { "nothing is known, without CPUs", 0, 0, 0, 0, { 0 }, 0, 2, 2000 },
        { "distance", 0, 0, 0, 0, { 10, 17, 28, 17, 10, 28, 28, 28, 10 }, 0, 1, 1700 },
        { "distance, without CPUs",
          0,
          0,
          0,
          0,
          { 10, 17, 28, 17, 10, 14, 28, 14, 10 },
          1,
          2,
          1400 },
        { "distance, from farther away",
          0,
          0,
          0,
          0,
          { 10, 17, 28, 17, 10, 14, 28, 14, 10 },
          0,
          2,
          2800 },
        { "distances that are none", 0, 0, 0, 0, { 9, 256, 1, 2, 3, 4, 5, 6, 7 }, 0, 1, 2000 },
        { "latency", 100, 250, 0, 0, { 0 }, 0, 2, 2500 },
        { "bandwidth", 0, 0, 300, 100, { 0 }, 0, 2, 3000 },
        { "both", 100, 250, 300, 100, { 0 }, 0, 2, 2750 },
        { "latency, from farther away",
          100,
          250,
          0,
          0,
          { 10, 17, 28, 17, 10, 14, 28, 14, 10 },
          0,
          2,
          5000 },
        { "a latency that is no memory's", 100, 100000000, 0, 0, { 0 }, 0, 2, 2000 },
        { "a latency that is too good", 100, 9, 0, 0, { 0 }, 0, 2, 2000 },
        { "one figure that is none, one that is", 100, 9, 300, 100, { 0 }, 0, 2, 3000 },
        { "faster than local memory", 100, 50, 0, 0, { 0 }, 0, 2, 500 },
};

START_TEST(an_access_costs) {
        const BedNode nodes[] = {
                { 0, LOCALITY_LOCAL, true, false, GIB, 0, 0, costs[_i].latency, costs[_i].bandwidth,
                  NULL },
                { 1, LOCALITY_LOCAL, true, false, GIB, 0, 0, costs[_i].latency, costs[_i].bandwidth,
                  NULL },
                { 2, LOCALITY_REMOTE, false, false, GIB, 0, 0, costs[_i].far_latency,
                  costs[_i].far_bandwidth, NULL },
        };

        make_machine(nodes, 3, costs[_i].distances[0] ? costs[_i].distances : NULL);
        ck_assert_msg(hints_machine_get_cost(machine, &machine->nodes[costs[_i].from],
                                             &machine->nodes[costs[_i].to]) == costs[_i].cost,
                      "%s: %u", costs[_i].name,
                      hints_machine_get_cost(machine, &machine->nodes[costs[_i].from],
                                             &machine->nodes[costs[_i].to]));
}
END_TEST

static const struct {
        const char *nodes, *cpus;
} cpu_nodes[] = {
        { "0", "0" },    { "0-1", "0-1" }, { "70", "1" }, { "0,70", "1" },
        { "99", "0-1" }, { "", "" },       { "5", "" },
};

START_TEST(memory_is_used_from_the_nearest_cpus) {
        const NodeSet nodes = numa_bed_set(cpu_nodes[_i].nodes);
        const NodeSet cpus = hints_find_cpu_nodes(machine, &nodes);

        ck_assert_msg(numa_bed_is_set(&cpus, cpu_nodes[_i].cpus), "%s", cpu_nodes[_i].nodes);
}
END_TEST

START_TEST(nobody_is_nearer_than_the_nearest) {
        const BedNode nodes[] = {
                { 0, LOCALITY_LOCAL, true, false, GIB, 0, 0, 100, 0, NULL },
                { 1, LOCALITY_LOCAL, true, false, GIB, 0, 0, 100, 0, NULL },
                { 2, LOCALITY_REMOTE, false, false, GIB, 0, 0, 250, 0, "0" },
        };
        const uint16_t distances[] = { 10, 21, 28, 21, 10, 14, 28, 14, 10 };

        /* the figures are those of 0, whatever the distances say about 1 */
        make_machine(nodes, 3, distances);
        ck_assert(numa_bed_is_set(&machine->nodes[2].near_cpus, "0"));
        for (size_t i = 0; i < 2; ++i)
                ck_assert_uint_eq(
                        hints_machine_get_cost(machine, &machine->nodes[i], &machine->nodes[2]),
                        2500);
}
END_TEST

START_TEST(without_memory_there_is_no_machine) {
        const SysfsNode row = {};
        TopologyNode node = { .locality = LOCALITY_LOCAL, .row = &row };
        CapacityNode amounts = { .locality = LOCALITY_LOCAL, .allocatable_bytes = 1 };
        const Topology topology = { .nodes = &node, .n_nodes = 1 };
        const Capacity capacity = { .nodes = &amounts, .n_nodes = 1 };
        HintsMachine *made = NULL;
        bool has_failed = true;
        unsigned n = 0;

        for (; has_failed; ++n) {
                int r;

                failmalloc_arm(n);
                r = hints_machine_new(&topology, &capacity, &made);
                has_failed = failmalloc_disarm();
                ck_assert_int_eq(r, has_failed ? -ENOMEM : 0);
                ck_assert_int_eq(!made, has_failed);
        }
        ck_assert_uint_gt(n, 4);
        hints_machine_free(made);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("hints-machine");
        TCase *tcase = tcase_create("hints-machine");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, excluded_memory_counts_for_the_kubelet_only);
        tcase_add_loop_test(tcase, an_access_costs, 0, ELEMENTSOF(costs));
        tcase_add_loop_test(tcase, memory_is_used_from_the_nearest_cpus, 0, ELEMENTSOF(cpu_nodes));
        tcase_add_test(tcase, nobody_is_nearer_than_the_nearest);
        tcase_add_test(tcase, without_memory_there_is_no_machine);
        suite_add_tcase(suite, tcase);
        return suite;
}
