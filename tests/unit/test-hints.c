/* SPDX-License-Identifier: Apache-2.0 */
/* Slug mode, rule by rule: what containers of a pod share, affinity, and what is said. */
#include "lib/test-main.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/failmalloc.h"
#include "lib/numa-bed.h"
#include "lib/pod-text.h"

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
static PodText pod;
static HintsAnswer answer;
static LedgerChange change;
static Diag diag;

static void make_machine(const BedNode *nodes, size_t n_nodes, const uint16_t *distances) {
        machine = hints_machine_free(machine);
        machine = numa_bed_make(nodes, n_nodes, distances);
        context = (HintsContext){ .machine = machine, .ledger = ledger };
}

static void setup(void) {
        machine = NULL;
        pod = (PodText){};
        answer = (HintsAnswer){};
        change = (LedgerChange){};
        diag = (Diag){};
        ck_assert_int_eq(ledger_new(&ledger), 0);
        make_machine(sockets, ELEMENTSOF(sockets), socket_distances);
}

static void teardown(void) {
        hints_answer_deinit(&answer);
        ledger_change_deinit(&change);
        pod_text_deinit(&pod);
        machine = hints_machine_free(machine);
        ck_assert(ledger_check(ledger));
        ledger = ledger_free(ledger);
}

static int allocate(const PodContainer *container, const HintsAffinity *affinity) {
        const HintsClaimant claimant = {
                .pod = &pod.pod,
                .container = container,
                .affinity = affinity,
                .source = CLAIM_SOURCE_OPERATOR,
                .now_usec = 7,
        };

        ledger_change_deinit(&change);
        return hints_allocate(&context, &claimant, &change, &diag);
}

static void apply(void) {
        LedgerLack lack = {};

        ck_assert_int_eq(ledger_apply(ledger, &change, &machine->rooms[HINTS_SLUG], NULL, &lack),
                         0);
}

static void allocate_text(const char *text) {
        ck_assert(pod_text_parse(&pod, text));
        for (size_t i = 0; i < pod.pod.n_containers; ++i) {
                ck_assert_msg(allocate(&pod.pod.containers[i], NULL) == 0, "%s: %s", text,
                              diag.text);
                apply();
        }
}

/* Pods */

static const struct {
        const char *pod;
        uint64_t held[4]; /* by each container in the end, in MiB */
} shared[] = {
        { "app memory=4Gi", { 4096 } },
        { "init memory=4Gi; app memory=6Gi", { 0, 6144 } },
        { "init memory=4Gi; app memory=3Gi", { 1024, 3072 } },
        { "init memory=2Gi; init memory=3Gi; app memory=1Gi", { 0, 2048, 1024 } },
        { "side memory=2Gi; app memory=2Gi", { 2048, 2048 } },
        { "side memory=2Gi; init memory=1Gi; app memory=2Gi", { 2048, 0, 2048 } },
        { "init memory=4Gi; side memory=1Gi; app memory=5Gi", { 0, 1024, 5120 } },
        { "init memory=9Gi; app memory=2Gi; app memory=9Gi", { 7168, 2048, 9216 } }, /* elsewhere */
        { "init memory=10Gi; app memory=20Gi", { 0, 20480 } },
        { "init memory=6Gi; app memory=6Gi; "
          "note memory.sluglab.io/container.c0 local=2Gi,remote=4Gi; "
          "note memory.sluglab.io/container.c1 local=1Gi,remote=5Gi",
          { 1024, 6144 } },
        { "init hugepages-2Mi=256Mi memory=1Gi; app hugepages-2Mi=128Mi memory=1Gi",
          { 128, 1152 } },
        { "app sluglab.io/remote-memory-1gi=4 memory=5Gi", { 5120 } },
};

START_TEST(init_containers_leave_their_memory_to_the_others) {
        uint64_t held = 0, claimed = 0;

        allocate_text(shared[_i].pod);
        for (size_t i = 0; i < pod.pod.n_containers; ++i) {
                const LedgerClaim *claim =
                        ledger_find(ledger, pod.pod.uid, pod.pod.containers[i].name);
                const uint64_t bytes =
                        ledger_claim_get_bytes(claim, 0) + ledger_claim_get_bytes(claim, 2 * MIB);

                ck_assert_msg(bytes == shared[_i].held[i] * MIB,
                              "%s: container %zu: %" PRIu64 " MiB", shared[_i].pod, i, bytes / MIB);
                held += bytes;
        }
        for (size_t i = 0; i < machine->n_nodes; ++i)
                claimed += ledger_get_claimed(ledger, machine->nodes[i].id, 0) +
                           ledger_get_claimed(ledger, machine->nodes[i].id, 2 * MIB);
        ck_assert_uint_eq(held, claimed);
}
END_TEST

START_TEST(a_full_machine_still_takes_over_from_init_containers) {
        allocate_text("init memory=9Gi");
        numa_bed_claim(ledger, "c", "0-1", 0, (const uint64_t[]){ 10 * GIB, 12 * GIB });
        ck_assert(pod_text_parse(&pod, "init memory=9Gi; app memory=9Gi"));
        ck_assert_int_eq(allocate(&pod.pod.containers[1], NULL), 0);
        apply();
        ck_assert(pod_text_parse(&pod, "init memory=9Gi; side:late memory=1; app memory=9Gi"));
        ck_assert_int_eq(allocate(&pod.pod.containers[1], NULL), HINTS_E_REFUSED);
}
END_TEST

START_TEST(sidecars_keep_their_memory) {
        allocate_text("side memory=9Gi");
        numa_bed_claim(ledger, "c", "0-1", 0, (const uint64_t[]){ GIB, 12 * GIB });
        ck_assert(pod_text_parse(&pod, "side memory=9Gi; app memory=1Gi"));
        ck_assert_int_eq(allocate(&pod.pod.containers[1], NULL), HINTS_E_REFUSED);
}
END_TEST

START_TEST(a_claim_says_whose_it_is) {
        const LedgerClaim *claim;

        allocate_text("app cpu=1 memory=4Gi; note memory.sluglab.io/pod local=3Gi,remote=1Gi..2Gi");
        claim = ledger_find(ledger, "5eed", "c0");
        ck_assert_str_eq(claim->namespace_name, "default");
        ck_assert_str_eq(claim->pod, "web");
        ck_assert_int_eq(claim->qos, QOS_GUARANTEED);
        ck_assert_int_eq(claim->state, CLAIM_PENDING);
        ck_assert_int_eq(claim->source, CLAIM_SOURCE_OPERATOR);
        ck_assert_uint_eq(claim->created_usec, 7);
        ck_assert_uint_eq(claim->split.local.min, 3 * GIB);
        ck_assert_uint_eq(claim->split.remote.max, 2 * GIB);
        ck_assert_uint_eq(claim->n_blocks, 2);
        ck_assert_int_eq(allocate(&pod.pod.containers[0], NULL), 0);
        ck_assert_uint_eq(change.n_puts, 0);
}
END_TEST

START_TEST(a_pod_without_a_name_is_given_memory_too) {
        ck_assert(pod_text_parse(&pod, "app memory=1Gi"));
        pod.pod.namespace_name = NULL;
        pod.pod.name = NULL;
        ck_assert_int_eq(allocate(&pod.pod.containers[0], NULL), 0);
        ck_assert_str_eq(change.puts[0]->pod, "");
        ck_assert_int_eq(allocate(NULL, NULL), 0);
        ck_assert_str_eq(change.puts[0]->namespace_name, "");
}
END_TEST

/* Local and remote bytes of the pod's claim, in MiB. */
static const struct {
        const char *pod;
        uint64_t local, remote;
} wholes[] = {
        { "app memory=2Gi; app memory=3Gi", 5120, 0 },
        { "init memory=7Gi; app memory=2Gi; app memory=3Gi", 7168, 0 },
        { "side memory=1Gi; init memory=3Gi; side memory=2Gi; app memory=2Gi", 5120, 0 },
        { "side memory=1Gi; init memory=6Gi; side memory=2Gi; app memory=2Gi", 7168, 0 },
        { "init memory=8Gi; app memory=4Gi; note memory.sluglab.io/container.c0 remote=7Gi", 4096,
          7168 },
        { "pod memory=6Gi; app memory=1Gi; note memory.sluglab.io/pod remote=2Gi", 4096, 2048 },
        { "pod memory=6Gi; app:web memory=1Gi; note memory.sluglab.io/container.web remote=1Gi",
          6144, 0 },
};

START_TEST(a_pod_as_a_whole_asks_for_what_runs_at_once) {
        const LedgerClaim *claim;
        uint64_t remote = 0;

        ck_assert(pod_text_parse(&pod, wholes[_i].pod));
        ck_assert_msg(allocate(NULL, NULL) == 0, "%s: %s", wholes[_i].pod, diag.text);
        apply();
        claim = ledger_find(ledger, "5eed", "");
        for (size_t i = 0; i < claim->n_blocks; ++i)
                for (size_t k = 0; k < claim->blocks[i].n_parts; ++k)
                        if (claim->blocks[i].parts[k].node == 70)
                                remote += claim->blocks[i].parts[k].bytes;
        ck_assert_msg(remote == wholes[_i].remote * MIB, "%s: remote", wholes[_i].pod);
        ck_assert_msg(ledger_claim_get_bytes(claim, 0) - remote == wholes[_i].local * MIB,
                      "%s: local", wholes[_i].pod);
        ck_assert_int_eq(hints_for_pod(&context, &pod.pod, &answer, &diag), 0);
        ck_assert_uint_eq(answer.lists[0].n_hints, 1); /* where it is */
}
END_TEST

/* Affinity: NUMA node 0 has 2 GiB left, 1 has 12, 70 has 40. */
static const struct {
        const char *pod, *nodes;
        bool is_preferred;
        int expected;
        const char *taken, *text;
} affinities[] = {
        { "app memory=1Gi", "0", true, 0, "0", "" },
        { "app memory=1Gi", "0-1", true, 0, "0", "" },
        { "app memory=1Gi", "", true, 0, "0", "" },
        { "app memory=3Gi", "", true, 0, "1", "" },
        { "app memory=3Gi", "0-1", false, 0, "1", "" },
        { "app memory=3Gi", "0", false, HINTS_E_REFUSED, "",
          "NUMA node 0 lacks 1073741824 bytes (1.00 GiB) of memory: 3221225472 asked, "
          "2147483648 free" },
        { "app memory=13Gi", "0", true, 0, "0-1", "" },
        { "app memory=13Gi", "1", false, 0, "0-1", "" },
        { "app memory=1Gi", "70", false, HINTS_E_REFUSED, "",
          "1073741824 bytes of local memory are asked, and no NUMA node that may be used is "
          "local" },
        { "app memory=5Gi; note memory.sluglab.io/pod local=1Gi,remote=4Gi", "0", true, 0, "0,70",
          "" },
        { "app memory=5Gi; note memory.sluglab.io/pod local=1Gi,remote=4Gi", "1,70", true, 0,
          "1,70", "" },
        { "app memory=1Gi", "2", false, HINTS_E_INVALID, "",
          "there is no NUMA node 2; there are 0-1,70,99" },
        { "app memory=1Gi", "0,2-3", false, HINTS_E_INVALID, "",
          "there are no NUMA nodes 2-3; there are 0-1,70,99" },
        { "app memory=15Gi", "", false, HINTS_E_REFUSED, "",
          "NUMA nodes 0-1 together lack 1073741824 bytes (1.00 GiB) of memory: 16106127360 asked, "
          "15032385536 free" },
        { "app memory=41Gi; note memory.sluglab.io/pod local=0,remote=41Gi", "", false,
          HINTS_E_REFUSED, "",
          "NUMA node 70 lacks 1073741824 bytes (1.00 GiB) of memory: 44023414784 asked, "
          "42949672960 free" },
        { "app hugepages-1Gi=5Gi", "", false, HINTS_E_REFUSED, "",
          "NUMA nodes 0-1 together lack 1073741824 bytes (1.00 GiB) of hugepages-1Gi: 5368709120 "
          "asked, 4294967296 free" },
        { "app memory=-/1Gi", "", false, HINTS_E_NONE, "", "" },
        { "app memory=0", "", false, HINTS_E_NONE, "", "" },
        { "app memory=x", "", false, HINTS_E_INVALID, "",
          "container 'c0': requests.memory: expected a number of bytes that the kubelet takes, "
          "found 'x'" },
        { "app sluglab.io/remote-memory-1gi=4 memory=3Gi", "", false, HINTS_E_INVALID, "",
          "container 'c0': 4 remote chunks of 1Gi are more than the memory limit of 3Gi" },
};

START_TEST(an_affinity_is_kept_to_or_widened) {
        const HintsAffinity affinity = { numa_bed_set(affinities[_i].nodes),
                                         affinities[_i].is_preferred };
        NodeSet taken;
        int r;

        numa_bed_claim(ledger, "c", "0", 0, (const uint64_t[]){ 8 * GIB });
        ck_assert(pod_text_parse(&pod, affinities[_i].pod));
        r = allocate(&pod.pod.containers[0], &affinity);
        ck_assert_msg(r == affinities[_i].expected, "%s on %s: %d: %s", affinities[_i].pod,
                      affinities[_i].nodes, r, diag.text);
        if (r) {
                ck_assert_str_eq(diag.text, affinities[_i].text);
                ck_assert_uint_eq(change.n_puts + change.n_drops, 0);
                return;
        }
        taken = ledger_claim_get_nodes(change.puts[0]);
        ck_assert_msg(numa_bed_is_set(&taken, affinities[_i].taken), "%s on %s", affinities[_i].pod,
                      affinities[_i].nodes);
        apply();
}
END_TEST

START_TEST(a_preferred_affinity_is_widened_to_preferred_sets_only) {
        HintsAffinity affinity = { numa_bed_set("0"), true };

        numa_bed_claim(ledger, "c", "0-1", 0, (const uint64_t[]){ 8 * GIB, 7 * GIB });
        ck_assert(pod_text_parse(&pod, "app memory=6Gi")); /* a machine without others' has room */
        ck_assert_int_eq(allocate(&pod.pod.containers[0], &affinity), HINTS_E_REFUSED);
        affinity.is_preferred = false;
        ck_assert_int_eq(allocate(&pod.pod.containers[0], &affinity), 0);
        ck_assert(numa_bed_is_set(&change.puts[0]->blocks[0].nodes, "0-1"));
}
END_TEST

/* Movable memory */

START_TEST(movable_memory_has_a_companion_that_gives_nothing) {
        static const BedNode nodes[] = {
                { 0, LOCALITY_LOCAL, true, false, GIB, 0, 0, 0, 0, NULL },
                { 1, LOCALITY_LOCAL, false, true, 8 * GIB, 0, 0, 0, 0, NULL },
                { 2, LOCALITY_REMOTE, false, true, 8 * GIB, 0, 0, 0, 0, NULL },
                { 3, LOCALITY_LOCAL, true, false, GIB, 0, 0, 0, 0, NULL }, /* as near as 0 */
        };
        const HintsAffinity affinity = { numa_bed_set("1"), true };
        NodeSet taken;

        make_machine(nodes, 4, NULL);
        ck_assert(pod_text_parse(&pod, "app memory=2Gi"));
        ck_assert_int_eq(allocate(&pod.pod.containers[0], &affinity), 0);
        taken = ledger_claim_get_nodes(change.puts[0]);
        ck_assert(numa_bed_is_set(&taken, "0-1"));
        ck_assert_uint_eq(change.puts[0]->blocks[0].n_parts, 1);
        ck_assert_uint_eq(change.puts[0]->blocks[0].parts[0].node, 1);
        ck_assert(pod_text_parse(&pod,
                                 "app memory=2Gi; note memory.sluglab.io/pod local=0,remote=2Gi"));
        ck_assert_int_eq(allocate(&pod.pod.containers[0], NULL), 0);
        taken = ledger_claim_get_nodes(change.puts[0]);
        ck_assert(numa_bed_is_set(&taken, "0,2"));
        ck_assert_uint_eq(change.puts[0]->blocks[0].parts[0].node, 2);
}
END_TEST

START_TEST(movable_memory_without_a_companion_is_refused) {
        static const BedNode nodes[] = {
                { 0, LOCALITY_LOCAL, true, true, GIB, 0, 0, 0, 0, NULL },
                { 1, LOCALITY_EXCLUDED, false, false, GIB, 0, 0, 0, 0, NULL },
        };

        make_machine(nodes, 2, NULL);
        ck_assert(pod_text_parse(&pod, "app memory=1Gi"));
        ck_assert_int_eq(allocate(&pod.pod.containers[0], NULL), HINTS_E_REFUSED);
        ck_assert_str_eq(diag.text, "only movable memory would hold it, and there is no local NUMA "
                                    "node with other memory to go with it");
}
END_TEST

/* Answers */

START_TEST(kinds_of_pages_share_their_hints) {
        ck_assert(pod_text_parse(&pod, "app memory=1Gi hugepages-2Mi=2Mi"));
        context.max_hints = 1;
        ck_assert_int_eq(
                hints_for_container(&context, &pod.pod, &pod.pod.containers[0], &answer, &diag), 0);
        ck_assert(answer.has_opinion);
        ck_assert_uint_eq(answer.n_lists, 2);
        ck_assert_uint_eq(answer.lists[0].page_bytes, 0);
        ck_assert_uint_eq(answer.lists[1].page_bytes, 2 * MIB);
        ck_assert_uint_eq(answer.lists[0].n_hints, 1);
        ck_assert_ptr_eq(answer.lists[0].hints, answer.lists[1].hints);
        ck_assert(numa_bed_is_set(&answer.hints[0].nodes, "0"));
        ck_assert_uint_eq(answer.hints[0].cost_permille, 1000);
}
END_TEST

START_TEST(who_holds_memory_is_told_where) {
        allocate_text("app memory=15Gi hugepages-2Mi=2Mi; "
                      "note memory.sluglab.io/pod local=14Gi,remote=1Gi");
        ck_assert_int_eq(
                hints_for_container(&context, &pod.pod, &pod.pod.containers[0], &answer, &diag), 0);
        ck_assert_uint_eq(answer.n_lists, 2);
        ck_assert_uint_eq(answer.lists[0].n_hints, 1);
        ck_assert(numa_bed_is_set(&answer.hints[0].nodes, "0-1,70"));
        ck_assert(answer.hints[0].is_preferred);
}
END_TEST

START_TEST(who_asks_for_nothing_gets_no_opinion) {
        ck_assert(pod_text_parse(&pod, "app memory=0 hugepages-2Mi=0 cpu=1"));
        ck_assert_int_eq(
                hints_for_container(&context, &pod.pod, &pod.pod.containers[0], &answer, &diag), 0);
        ck_assert(!answer.has_opinion);
        ck_assert_int_eq(hints_for_pod(&context, &pod.pod, &answer, &diag), 0);
        ck_assert(!answer.has_opinion);
}
END_TEST

START_TEST(a_machine_without_numa_nodes_refuses) {
        make_machine(NULL, 0, NULL);
        ck_assert(pod_text_parse(&pod, "app memory=1"));
        ck_assert_int_eq(hints_for_pod(&context, &pod.pod, &answer, &diag), 0);
        ck_assert(answer.has_opinion);
        ck_assert_uint_eq(answer.n_lists, 0);
        ck_assert_str_eq(answer.lack.text, "1 bytes of local memory are asked, and no NUMA node "
                                           "that may be used is local");
}
END_TEST

/* Out of memory */

static int fail_request(void) {
        const HintsRequest request = { .split = { { GIB, GIB }, { GIB, GIB } } };

        return hints_for_request(&context, &request, &answer, &diag);
}

static int fail_allocate(void) {
        const HintsAffinity affinity = { numa_bed_set("1"), false };

        return allocate(&pod.pod.containers[1], &affinity);
}

static int fail_explain(void) {
        const HintsRequest request = { .split = { { 20 * GIB, GIB }, { GIB, GIB } } };
        _cleanup_(hints_explanation_deinitp) HintsExplanation explanation = {};

        return hints_explain(&context, &request, &explanation, &diag);
}

static int fail_claimed(void) {
        return hints_for_container(&context, &pod.pod, &pod.pod.containers[0], &answer, &diag);
}

static const struct {
        int (*call)(void);
        unsigned n; /* sites at the least */
} failures[] = { { fail_request, 4 },
                 { fail_allocate, 12 },
                 { fail_explain, 4 },
                 { fail_claimed, 1 } };

START_TEST(without_memory_there_is_no_answer) {
        bool has_failed = true;
        unsigned n = 0;

        allocate_text("init memory=13Gi");
        ck_assert(pod_text_parse(&pod, "init memory=13Gi; app memory=14Gi; "
                                       "note memory.sluglab.io/pod local=13Gi,remote=1Gi"));
        for (; has_failed; ++n) {
                int r;

                failmalloc_arm(n);
                r = failures[_i].call();
                has_failed = failmalloc_disarm();
                ck_assert_int_eq(r, has_failed ? -ENOMEM : 0);
                if (has_failed) {
                        ck_assert_uint_eq(answer.n_lists, 0);
                        ck_assert_uint_eq(change.n_puts, 0);
                }
        }
        ck_assert_uint_gt(n, failures[_i].n);
}
END_TEST

static void add_tests(TCase *tcase) {
        tcase_add_loop_test(tcase, init_containers_leave_their_memory_to_the_others, 0,
                            ELEMENTSOF(shared));
        tcase_add_test(tcase, a_full_machine_still_takes_over_from_init_containers);
        tcase_add_test(tcase, sidecars_keep_their_memory);
        tcase_add_test(tcase, a_claim_says_whose_it_is);
        tcase_add_test(tcase, a_pod_without_a_name_is_given_memory_too);
        tcase_add_loop_test(tcase, a_pod_as_a_whole_asks_for_what_runs_at_once, 0,
                            ELEMENTSOF(wholes));
        tcase_add_loop_test(tcase, an_affinity_is_kept_to_or_widened, 0, ELEMENTSOF(affinities));
        tcase_add_test(tcase, a_preferred_affinity_is_widened_to_preferred_sets_only);
        tcase_add_test(tcase, movable_memory_has_a_companion_that_gives_nothing);
        tcase_add_test(tcase, movable_memory_without_a_companion_is_refused);
        tcase_add_test(tcase, kinds_of_pages_share_their_hints);
        tcase_add_test(tcase, who_holds_memory_is_told_where);
        tcase_add_test(tcase, who_asks_for_nothing_gets_no_opinion);
        tcase_add_test(tcase, a_machine_without_numa_nodes_refuses);
        tcase_add_loop_test(tcase, without_memory_there_is_no_answer, 0, ELEMENTSOF(failures));
}

Suite *suite(void) {
        Suite *suite = suite_create("hints");
        TCase *tcase = tcase_create("hints");

        tcase_set_timeout(tcase, 30);
        tcase_add_checked_fixture(tcase, setup, teardown);
        add_tests(tcase);
        suite_add_tcase(suite, tcase);
        return suite;
}
