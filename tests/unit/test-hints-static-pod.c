/* SPDX-License-Identifier: Apache-2.0 */
/* Kubelet mode: one set of NUMA nodes for a pod with pod-level resources. */
#include "lib/test-main.h"

#include <stdio.h>

#include "lib/numa-bed.h"
#include "lib/pod-text.h"

/* The kubelet knows no localities: all three are alike to it. */
static const BedNode three[] = {
        { 0, LOCALITY_LOCAL, true, false, 10 * GIB, GIB, 0, 0, 0, NULL },
        { 1, LOCALITY_REMOTE, false, true, 10 * GIB, GIB, 0, 0, 0, NULL },
        { 63, LOCALITY_EXCLUDED, false, false, 20 * GIB, 0, 0, 0, 0, NULL },
};

static HintsMachine *machine;
static Ledger *ledger;
static HintsContext context;
static PodText pod;
static LedgerChange change;
static Diag diag;

static void make_machine(const BedNode *nodes, size_t n_nodes) {
        machine = hints_machine_free(machine);
        machine = numa_bed_make(nodes, n_nodes, NULL);
        context = (HintsContext){
                .machine = machine, .ledger = ledger, .mode = HINTS_KUBELET, .with_pod_level = true
        };
}

static void setup(void) {
        machine = NULL;
        pod = (PodText){};
        change = (LedgerChange){};
        diag = (Diag){};
        ck_assert_int_eq(ledger_new(&ledger), 0);
        make_machine(three, ELEMENTSOF(three));
}

static void teardown(void) {
        ledger_change_deinit(&change);
        pod_text_deinit(&pod);
        machine = hints_machine_free(machine);
        ck_assert(ledger_check(ledger));
        ledger = ledger_free(ledger);
}

static void parse(const char *text) {
        ck_assert_msg(pod_text_parse(&pod, text), "%s", text);
}

static int allocate(const PodContainer *container, const HintsAffinity *affinity) {
        const HintsClaimant claimant = { .pod = &pod.pod,
                                         .container = container,
                                         .affinity = affinity };

        ledger_change_deinit(&change);
        return hints_allocate(&context, &claimant, &change, &diag);
}

static void apply(void) {
        LedgerLack lack = {};

        ck_assert_int_eq(ledger_apply(ledger, &change, &machine->rooms[HINTS_KUBELET], NULL, &lack),
                         0);
}

/* The pod's claim, then its containers', in GiB; -1: there is none. */
static const struct {
        const char *pod;
        int expected;
        int gib[5];
} divisions[] = {
        { "pod cpu=4 memory=12Gi; app cpu=1 memory=3Gi; app", 0, { 12, 3, 9 } },
        { "pod cpu=4 memory=12Gi; app; app", 0, { 12, 12, 12 } },
        { "pod cpu=4 memory=12Gi; init; side cpu=1 memory=2Gi; init; app cpu=1 memory=3Gi",
          0,
          { 12, 12, 2, 10, 3 } },
        { "pod cpu=4 memory=12Gi; init cpu=1 memory=7Gi; side; app cpu=1 memory=3Gi",
          0,
          { 12, 7, 9, 3 } },
        { "pod cpu=4 memory=12Gi; side cpu=1 memory=2Gi; app cpu=1 memory=3Gi; app",
          0,
          { 12, 2, 3, 7 } },
        { "pod cpu=4 memory=3Gi; app cpu=1 memory=3Gi; app", HINTS_E_REFUSED, { -1, -1, -1 } },
        { "pod cpu=4 memory=41Gi; app", HINTS_E_REFUSED, { -1, -1 } },
        { "pod cpu=1/2 memory=3Gi; app", HINTS_E_NONE, { -1, -1 } },
        { "pod cpu=1 memory=1.5Gi; app", HINTS_E_NONE, { -1, -1 } },
};

START_TEST(a_pods_memory_is_divided) {
        parse(divisions[_i].pod);
        ck_assert_msg(allocate(NULL, NULL) == divisions[_i].expected, "%s: %s", divisions[_i].pod,
                      diag.text);
        apply();
        for (size_t i = 0; i <= pod.pod.n_containers; ++i) {
                const LedgerClaim *claim =
                        ledger_find(ledger, "5eed", i > 0 ? pod.pod.containers[i - 1].name : "");

                ck_assert_int_eq(!claim, divisions[_i].gib[i] < 0);
                if (!claim)
                        continue;
                ck_assert_msg(ledger_claim_get_bytes(claim, 0) ==
                                      (uint64_t)divisions[_i].gib[i] * GIB,
                              "%s: %zu", divisions[_i].pod, i);
                ck_assert_int_eq(claim->is_within_pod, i > 0);
        }
        if (divisions[_i].gib[0] < 0)
                return;
        /* only the pod's own is counted: 12 GiB on the only NUMA node that has it alone */
        ck_assert_uint_eq(ledger_get_claimed(ledger, 63, 0), 12 * GIB);
        ck_assert_uint_eq(ledger_get_n_blocks(ledger, 63), 1);
        ck_assert_int_eq(allocate(NULL, NULL), 0);
        ck_assert_uint_eq(change.n_puts, 0);
}
END_TEST

START_TEST(a_container_has_blocks_of_what_it_has) {
        static const size_t n_blocks[] = { 1, 2 };

        parse("pod cpu=4 memory=12Gi hugepages-2Mi=1Gi; app cpu=1 memory=3Gi; app");
        ck_assert_int_eq(allocate(NULL, NULL), 0);
        apply();
        ck_assert_uint_eq(ledger_find(ledger, "5eed", "")->n_blocks, 2);
        for (size_t i = 0; i < ELEMENTSOF(n_blocks); ++i)
                ck_assert_uint_eq(ledger_find(ledger, "5eed", pod.pod.containers[i].name)->n_blocks,
                                  n_blocks[i]);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 2 * MIB), GIB);
}
END_TEST

START_TEST(a_container_within_a_pod_is_where_the_pod_is) {
        const HintsAffinity affinity = { numa_bed_set("0-1"), false };

        parse("pod cpu=4 memory=12Gi; app cpu=1 memory=11Gi; app");
        ck_assert_int_eq(allocate(NULL, &affinity), 0);
        apply();
        for (size_t i = 0; i < 2; ++i) {
                const LedgerClaim *claim = ledger_find(ledger, "5eed", pod.pod.containers[i].name);

                ck_assert(numa_bed_is_set(&claim->blocks[0].nodes, "0-1"));
                ck_assert_str_eq(claim->pod, "web");
        }
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("hints-static-pod");
        TCase *tcase = tcase_create("hints-static-pod");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, a_pods_memory_is_divided, 0, ELEMENTSOF(divisions));
        tcase_add_test(tcase, a_container_has_blocks_of_what_it_has);
        tcase_add_test(tcase, a_container_within_a_pod_is_where_the_pod_is);
        suite_add_tcase(suite, tcase);
        return suite;
}
