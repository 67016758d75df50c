/* SPDX-License-Identifier: Apache-2.0 */
/* What hints_explain() tells, in both modes. */
#include "lib/test-main.h"

#include <stdio.h>
#include <string.h>

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
static HintsContext context;
static HintsExplanation explanation;
static Diag diag;

static void make_machine(const BedNode *nodes, size_t n_nodes, const uint16_t *distances) {
        machine = hints_machine_free(machine);
        machine = numa_bed_make(nodes, n_nodes, distances);
        context = (HintsContext){ .machine = machine, .ledger = ledger };
}

static void setup(void) {
        machine = NULL;
        explanation = (HintsExplanation){};
        ck_assert_int_eq(ledger_new(&ledger), 0);
        make_machine(sockets, ELEMENTSOF(sockets), socket_distances);
}

static void teardown(void) {
        hints_explanation_deinit(&explanation);
        machine = hints_machine_free(machine);
        ledger = ledger_free(ledger);
}

static int explain(uint64_t local, uint64_t remote, uint64_t huge) {
        const HintsRequest request = {
                .split = { .local = { local, local }, .remote = { remote, remote } },
                .hugepages = { .items = { { 2 * MIB, huge } }, .n_items = huge > 0 },
        };

        hints_explanation_deinit(&explanation);
        return hints_explain(&context, &request, &explanation, &diag);
}

typedef struct Expected {
        const char *nodes;
        bool fits, is_preferred;
        uint32_t cost;
        const char *verdict;
} Expected;

static void check_items(const Expected *expected, size_t n_expected) {
        for (size_t i = 0; i < n_expected && i < explanation.n_items; ++i) {
                const HintsConsidered *item = &explanation.items[i];

                ck_assert_msg(numa_bed_is_set(&item->nodes, expected[i].nodes), "%s: %s",
                              expected[i].nodes, item->verdict);
                ck_assert_int_eq(item->fits, expected[i].fits);
                ck_assert_int_eq(item->is_preferred, expected[i].is_preferred);
                ck_assert_uint_eq(item->cost_permille, expected[i].cost);
                ck_assert_str_eq(item->verdict, expected[i].verdict);
        }
        ck_assert_uint_eq(explanation.n_items, n_expected);
        ck_assert_uint_eq(explanation.n_left_out, 0);
}

/* Slug mode */

START_TEST(what_fits_comes_first_then_what_does_not_alone) {
        static const Expected expected[] = {
                { "1,70", true, true, 1750, "the best: an average byte costs least" },
                { "0", false, false, 0,
                  "alone it lacks 1073741824 bytes (1.00 GiB) of memory, and would on an empty "
                  "machine" },
        };

        ck_assert_int_eq(explain(11 * GIB, 11 * GIB, 0), 0);
        check_items(expected, ELEMENTSOF(expected));
}
END_TEST

START_TEST(costs_decide_among_those_that_fit) {
        static const Expected expected[] = {
                { "1,70", true, true, 1750, "the best: an average byte costs least" },
                { "0,70", true, true, 3000, "holds it, at a higher cost" },
        };

        ck_assert_int_eq(explain(GIB, GIB, 0), 0);
        check_items(expected, ELEMENTSOF(expected));
}
END_TEST

START_TEST(a_wider_set_than_needed_is_not_preferred) {
        static const Expected expected[] = {
                { "0-1", true, false, 1550, "the best: an average byte costs least" },
                { "0", false, false, 0, "alone it lacks 4294967296 bytes (4.00 GiB) of memory" },
                { "1", false, false, 0, "alone it lacks 2147483648 bytes (2.00 GiB) of memory" },
        };

        numa_bed_claim(ledger, "c", "0-1", 0, (const uint64_t[]){ 5 * GIB, 5 * GIB });
        ck_assert_int_eq(explain(9 * GIB, 0, 0), 0);
        check_items(expected, ELEMENTSOF(expected));
}
END_TEST

START_TEST(an_explanation_has_an_end) {
        BedNode nodes[600];

        for (unsigned i = 0; i < ELEMENTSOF(nodes); ++i)
                nodes[i] = (BedNode){ i, LOCALITY_LOCAL, true, false, GIB, 0, 0, 0, 0, NULL };
        make_machine(nodes, ELEMENTSOF(nodes), NULL);
        ck_assert_int_eq(explain(2 * GIB, 0, 0), 0);
        ck_assert_uint_eq(explanation.n_items, HINTS_CONSIDERED_MAX);
        ck_assert(explanation.items[HINTS_MAX - 1].fits);
        ck_assert(!explanation.items[HINTS_MAX].fits);
        ck_assert_uint_ge(explanation.n_left_out, 1);
}
END_TEST

/* Kubelet mode */

START_TEST(every_set_has_its_reason_in_kubelet_mode) {
        static const Expected expected[] = {
                { "1-2", true, false, 0, "holds it" },
                { "0", false, false, 0, "too small, also on an empty machine" },
                { "1", false, false, 0, "NUMA node 1 is in use as one of 1-2" },
                { "2", false, false, 0, "NUMA node 2 is in use as one of 1-2" },
                { "3", false, false, 0,
                  "NUMA node 3 lacks 3221225472 bytes (3.00 GiB) of memory: 6442450944 asked, "
                  "3221225472 free" },
                { "0-1", false, false, 0, "NUMA node 1 is in use as one of 1-2" },
                { "0,2", false, false, 0, "NUMA node 2 is in use as one of 1-2" },
                { "0,3", false, false, 0, "NUMA node 3 is in use alone" },
                { "1,3", false, false, 0, "NUMA node 1 is in use as one of 1-2" },
                { "2-3", false, false, 0, "NUMA node 2 is in use as one of 1-2" },
                { "0-2", false, false, 0, "NUMA node 1 is in use as one of 1-2" },
                { "0-1,3", false, false, 0, "NUMA node 1 is in use as one of 1-2" },
                { "0,2-3", false, false, 0, "NUMA node 2 is in use as one of 1-2" },
                { "1-3", false, false, 0, "NUMA node 1 is in use as one of 1-2" },
                { "0-3", false, false, 0, "NUMA node 1 is in use as one of 1-2" },
        };
        static const BedNode nodes[] = {
                { 0, LOCALITY_LOCAL, true, false, 4 * GIB, 0, 0, 0, 0, NULL },
                { 1, LOCALITY_LOCAL, true, false, 8 * GIB, 0, 0, 0, 0, NULL },
                { 2, LOCALITY_REMOTE, false, true, 8 * GIB, 0, 0, 0, 0, NULL },
                { 3, LOCALITY_EXCLUDED, false, false, 8 * GIB, 0, 0, 0, 0, NULL },
        };

        make_machine(nodes, ELEMENTSOF(nodes), NULL);
        context.mode = HINTS_KUBELET;
        numa_bed_claim(ledger, "a", "1-2", 0, (const uint64_t[]){ 8 * GIB, GIB });
        numa_bed_claim(ledger, "b", "3", 0, (const uint64_t[]){ 5 * GIB });
        ck_assert_int_eq(explain(4 * GIB, 2 * GIB, 0), 0); /* one amount */
        check_items(expected, ELEMENTSOF(expected));
}
END_TEST

START_TEST(kubelet_mode_ends_and_is_only_for_small_machines) {
        BedNode nodes[HINTS_KUBELET_NODES_MAX + 1];

        for (unsigned i = 0; i < ELEMENTSOF(nodes); ++i)
                nodes[i] = (BedNode){ i, LOCALITY_LOCAL, true, false, GIB, 0, 0, 0, 0, NULL };
        make_machine(nodes, HINTS_KUBELET_NODES_MAX, NULL);
        context.mode = HINTS_KUBELET;
        ck_assert_int_eq(explain(2 * GIB, 0, 0), 0);
        ck_assert_uint_eq(explanation.n_items, HINTS_CONSIDERED_MAX);
        ck_assert_uint_eq(explanation.n_left_out, 4095 - HINTS_CONSIDERED_MAX);
        ck_assert(explanation.items[0].is_preferred);
        ck_assert_uint_eq(nodeset_count(&explanation.items[0].nodes), 2);
        make_machine(nodes, ELEMENTSOF(nodes), NULL);
        context.mode = HINTS_KUBELET;
        ck_assert_int_eq(explain(2 * GIB, 0, 0), HINTS_E_UNSUPPORTED);
        ck_assert_str_eq(diag.text,
                         "mode kubelet tries every set of NUMA nodes, and so takes 12 of "
                         "them at the most; this machine has 13; use mode slug");
        ck_assert_ptr_null(explanation.items);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("hints-explain");
        TCase *tcase = tcase_create("hints-explain");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, what_fits_comes_first_then_what_does_not_alone);
        tcase_add_test(tcase, costs_decide_among_those_that_fit);
        tcase_add_test(tcase, a_wider_set_than_needed_is_not_preferred);
        tcase_add_test(tcase, an_explanation_has_an_end);
        tcase_add_test(tcase, every_set_has_its_reason_in_kubelet_mode);
        tcase_add_test(tcase, kubelet_mode_ends_and_is_only_for_small_machines);
        suite_add_tcase(suite, tcase);
        return suite;
}
