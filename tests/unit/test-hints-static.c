/* SPDX-License-Identifier: Apache-2.0 */
/* Kubelet mode: the Static policy's rules, a row for each of its turns. */
#include "lib/test-main.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/failmalloc.h"
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
static HintsAnswer answer;
static LedgerChange change;
static Diag diag;

static void make_machine(const BedNode *nodes, size_t n_nodes) {
        machine = hints_machine_free(machine);
        machine = numa_bed_make(nodes, n_nodes, NULL);
        context = (HintsContext){ .machine = machine, .ledger = ledger, .mode = HINTS_KUBELET };
}

static void setup(void) {
        machine = NULL;
        pod = (PodText){};
        answer = (HintsAnswer){};
        change = (LedgerChange){};
        diag = (Diag){};
        ck_assert_int_eq(ledger_new(&ledger), 0);
        make_machine(three, ELEMENTSOF(three));
}

static void teardown(void) {
        hints_answer_deinit(&answer);
        ledger_change_deinit(&change);
        pod_text_deinit(&pod);
        machine = hints_machine_free(machine);
        ck_assert(ledger_check(ledger));
        ledger = ledger_free(ledger);
}

static void parse(const char *text) {
        ck_assert_msg(pod_text_parse(&pod, text), "%s", text);
}

static const char *format_list(const HintList *list, char buffer[static 1024]) {
        char nodes[NODESET_TEXT_MAX];
        size_t n = 0;

        buffer[0] = '\0';
        for (size_t i = 0; i < list->n_hints && n < 900; ++i)
                n += (size_t)snprintf(buffer + n, 1024 - n, "%s%.100s%s", i > 0 ? " " : "",
                                      nodeset_format(&list->hints[i].nodes, nodes),
                                      list->hints[i].is_preferred ? "!" : "");
        return buffer;
}

/* "nil", "{}" for an empty map, "[]" for lists without hints, or the hints; all lists are alike. */
static const char *ask(const PodContainer *container, char buffer[static 1024]) {
        char other[1024];

        hints_answer_deinit(&answer);
        ck_assert_int_eq(
                container ? hints_for_container(&context, &pod.pod, container, &answer, &diag)
                          : hints_for_pod(&context, &pod.pod, &answer, &diag),
                0);
        if (!answer.has_opinion)
                return "nil";
        if (answer.n_lists == 0)
                return "{}";
        for (size_t i = 0; i < answer.n_lists; ++i)
                ck_assert_str_eq(format_list(&answer.lists[i], other),
                                 format_list(&answer.lists[0], buffer));
        return answer.lists[0].n_hints > 0 ? buffer : "[]";
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

static void allocate_containers(size_t n) {
        for (size_t i = 0; i < n; ++i) {
                ck_assert_msg(allocate(&pod.pod.containers[i], NULL) == 0, "container %zu: %s", i,
                              diag.text);
                apply();
        }
}

/* Other pods' memory: on each member of the set, in GiB. */
typedef struct Held {
        const char *nodes;
        uint64_t gib[3];
} Held;

static void hold(const Held *held, size_t n) {
        for (size_t i = 0; i < n && held[i].nodes; ++i) {
                const uint64_t bytes[] = { held[i].gib[0] * GIB, held[i].gib[1] * GIB,
                                           held[i].gib[2] * GIB };
                char container[16];

                (void)snprintf(container, sizeof(container), "c%zu", i);
                numa_bed_claim(ledger, container, held[i].nodes, 0, bytes);
        }
}

/* Hints */

static const struct {
        const char *pod; /* its last container asks */
        Held held[3];
        const char *expected;
        const char *lack;
} rows[] = {
        { "app cpu=1 memory=5Gi", {}, "0! 1! 63! 0-1 0,63 1,63 0-1,63", "" },
        { "app cpu=1 memory=15Gi", {}, "63! 0-1 0,63 1,63 0-1,63", "" },
        { "app cpu=1 memory=25Gi", {}, "0,63! 1,63! 0-1,63", "" },
        { "app cpu=1 memory=31Gi", {}, "0-1,63!", "" },
        { "app cpu=1 memory=41Gi",
          {},
          "{}",
          "NUMA nodes 0-1,63 together lack 1073741824 bytes (1.00 GiB) of memory: 44023414784 "
          "asked, 42949672960 free" },
        /* the narrowest is by what an empty machine has */
        { "app cpu=1 memory=15Gi", { { "63", { 10 } } }, "0-1", "" },
        /* one that is used alone serves no group */
        { "app cpu=1 memory=25Gi", { { "0", { 1 } } }, "1,63!", "" },
        { "app cpu=1 memory=25Gi", { { "0", { 0 } } }, "1,63!", "" },
        { "app cpu=1 memory=5Gi", { { "0", { 1 } } }, "0! 1! 63! 1,63", "" },
        /* one in a group serves nobody alone, and no other group */
        { "app cpu=1 memory=5Gi", { { "0-1", { 5, 0 } } }, "63! 0-1", "" },
        { "app cpu=1 memory=5Gi", { { "0-1", { 10, 10 } } }, "63!", "" },
        { "app cpu=1 memory=5Gi", { { "0-1,63", { 1, 1, 1 } } }, "0-1,63", "" },
        { "app cpu=1 memory=25Gi",
          { { "0", { 1 } }, { "63", { 1 } } },
          "{}",
          "enough is free on all NUMA nodes together, but no set of them has it: those in use "
          "alone and those in use in a group cannot be mixed" },
        /* all kinds of pages together */
        { "app cpu=1 memory=5Gi hugepages-2Mi=1Gi", {}, "0! 1! 0-1 0,63 1,63 0-1,63", "" },
        { "app cpu=1 memory=5Gi hugepages-2Mi=2Gi", {}, "0-1! 0-1,63", "" },
        { "app cpu=1 memory=5Gi hugepages-1Gi=1Gi",
          {},
          "{}",
          "NUMA nodes 0-1,63 together lack 1073741824 bytes (1.00 GiB) of hugepages-1Gi: "
          "1073741824 asked, 0 free" },
        { "app cpu=1 memory=5Gi hugepages-2Mi=0", {}, "0! 1! 63! 0-1 0,63 1,63 0-1,63", "" },
        /* no opinion */
        { "app memory=5Gi", {}, "nil", "" },
        { "app cpu=1/2 memory=5Gi", {}, "nil", "" },
        { "app cpu=1 memory=1.5Gi", {}, "nil", "" },
        { "pod cpu=1 memory=5Gi; app cpu=1 memory=5Gi", {}, "nil", "" },
};

START_TEST(sets_are_judged_as_the_kubelet_does) {
        char buffer[1024];

        hold(rows[_i].held, ELEMENTSOF(rows[_i].held));
        parse(rows[_i].pod);
        ck_assert_msg(strcmp(ask(&pod.pod.containers[pod.pod.n_containers - 1], buffer),
                             rows[_i].expected) == 0,
                      "row %d: %s: %s", _i, rows[_i].pod, buffer);
        ck_assert_str_eq(answer.lack.text, rows[_i].lack);
        if (answer.n_lists > 0)
                ck_assert_uint_eq(answer.hints[0].cost_permille, 0);
}
END_TEST

/* Init containers: allocated in order up to the last, which asks. */
static const struct {
        const char *pod;
        const char *expected;
        uint64_t held[4]; /* at the end, in GiB */
} inits[] = {
        { "init cpu=1 memory=8Gi; app cpu=1 memory=9Gi", "0! 1! 63! 1,63", { 0, 9 } },
        { "init cpu=1 memory=8Gi; app cpu=1 memory=3Gi", "0! 1! 63! 1,63", { 5, 3 } },
        { "init cpu=1 memory=8Gi; app cpu=1 memory=15Gi", "63! 1,63", { 8, 15 } },
        { "side cpu=1 memory=8Gi; app cpu=1 memory=9Gi", "1! 63! 1,63", { 8, 9 } },
        { "init cpu=1 memory=2Gi; init cpu=1 memory=3Gi; app cpu=1 memory=1Gi",
          "0! 1! 63! 1,63",
          { 0, 2, 1 } },
        { "init cpu=1 memory=4Gi; side cpu=1 memory=1Gi; app cpu=1 memory=5Gi",
          "0! 1! 63! 1,63",
          { 0, 1, 5 } },
        { "init cpu=1 memory=6Gi; app cpu=1 memory=2Gi; app cpu=1 memory=7Gi",
          "0! 1! 63! 1,63",
          { 0, 2, 7 } },
};

START_TEST(memory_of_init_containers_is_used_again) {
        char buffer[1024];

        parse(inits[_i].pod);
        allocate_containers(pod.pod.n_containers - 1);
        ck_assert_str_eq(ask(&pod.pod.containers[pod.pod.n_containers - 1], buffer),
                         inits[_i].expected);
        allocate_containers(pod.pod.n_containers); /* those before have theirs */
        for (size_t i = 0; i < pod.pod.n_containers; ++i) {
                const LedgerClaim *claim =
                        ledger_find(ledger, pod.pod.uid, pod.pod.containers[i].name);

                ck_assert_msg(ledger_claim_get_bytes(claim, 0) == inits[_i].held[i] * GIB,
                              "%s: container %zu", inits[_i].pod, i);
                ck_assert_uint_eq(claim->n_blocks, 1); /* also one without bytes */
        }
}
END_TEST

/* What was allocated for the first pod text, asked for again with the second. */
static const struct {
        const char *allocated, *asked;
        bool is_pod;
        const char *expected;
} existing[] = {
        { "app cpu=1 memory=15Gi", "app cpu=1 memory=15Gi", false, "63!" },
        { "app cpu=1 memory=15Gi", "app cpu=1 memory=14Gi", false, "nil" },
        { "app cpu=1 memory=15Gi", "app cpu=1 memory=15Gi hugepages-2Mi=2Mi", false, "nil" },
        { "app cpu=1 memory=5Gi hugepages-2Mi=2Mi", "app cpu=1 memory=5Gi", false, "nil" },
        { "app cpu=1 memory=5Gi hugepages-2Mi=2Mi", "app cpu=1 memory=5Gi hugepages-2Mi=2Mi", false,
          "0!" },
        { "app cpu=1 memory=15Gi", "app cpu=1 memory=15Gi", true, "63!" },
        { "app cpu=1 memory=15Gi; app cpu=1 memory=1Gi",
          "app cpu=1 memory=15Gi; app cpu=1 memory=1Gi", true, "nil" },
        { "init cpu=1 memory=5Gi", "init cpu=1 memory=5Gi; app cpu=1 memory=5Gi", true, "0!" },
};

START_TEST(who_has_memory_is_told_where_or_nothing) {
        char buffer[1024];

        parse(existing[_i].allocated);
        allocate_containers(pod.pod.n_containers);
        parse(existing[_i].asked);
        ck_assert_msg(strcmp(ask(existing[_i].is_pod ? NULL : &pod.pod.containers[0], buffer),
                             existing[_i].expected) == 0,
                      "row %d", _i);
}
END_TEST

static const struct {
        const char *pod;
        bool with_gate;
        const char *as_pod, *as_container; /* the first one */
        const char *lack;
} levels[] = {
        { "app cpu=1 memory=8Gi; app cpu=1 memory=8Gi", false, "63! 0-1 0,63 1,63 0-1,63",
          "0! 1! 63! 0-1 0,63 1,63 0-1,63", "" },
        { "init cpu=1 memory=25Gi; app cpu=1 memory=1Gi", false, "0,63! 1,63! 0-1,63",
          "0,63! 1,63! 0-1,63", "" },
        { "pod cpu=2 memory=15Gi; app cpu=1 memory=5Gi; app", false, "nil", "nil", "" },
        { "pod cpu=2 memory=15Gi; app cpu=1 memory=5Gi; app", true, "63! 0-1 0,63 1,63 0-1,63",
          "0! 1! 63! 0-1 0,63 1,63 0-1,63", "" },
        { "pod cpu=2 memory=15Gi; app; app cpu=1 memory=5Gi", true, "63! 0-1 0,63 1,63 0-1,63",
          "{}", "" },
        { "pod cpu=2 memory=5Gi; app cpu=1 memory=5Gi; app", true, "[]",
          "0! 1! 63! 0-1 0,63 1,63 0-1,63",
          "pod 'web': containers with memory of their own use up all of the pod's memory, and "
          "nothing is left for the containers that share the rest" },
        { "pod cpu=2 memory=5Gi; side cpu=1 memory=5Gi; init; app cpu=1 memory=5Gi", true, "[]",
          "0! 1! 63! 0-1 0,63 1,63 0-1,63",
          "pod 'web': containers with memory of their own use up all of the pod's memory, and "
          "nothing is left for its init containers" },
        { "pod cpu=1/2 memory=5Gi; app", true, "nil", "nil", "" },
};

START_TEST(pods_as_a_whole_depend_on_the_gate) {
        char buffer[1024];

        parse(levels[_i].pod);
        context.with_pod_level = levels[_i].with_gate;
        ck_assert_msg(strcmp(ask(NULL, buffer), levels[_i].as_pod) == 0, "%s: %s", levels[_i].pod,
                      buffer);
        ck_assert_str_eq(answer.lack.text, levels[_i].lack);
        ck_assert_msg(strcmp(ask(&pod.pod.containers[0], buffer), levels[_i].as_container) == 0,
                      "%s", levels[_i].pod);
}
END_TEST

/* Allocating */

static const struct {
        const char *pod;
        Held held[3];
        const char *affinity;
        bool is_preferred;
        int expected;
        const char *taken; /* the set, or what is said */
        uint64_t parts[3]; /* of plain memory, in GiB, by NUMA node */
} choices[] = {
        { "app cpu=1 memory=5Gi", {}, "", true, 0, "0", { 5 } },
        { "app cpu=1 memory=15Gi", {}, "", true, 0, "63", { 0, 0, 15 } },
        { "app cpu=1 memory=25Gi", {}, "", true, 0, "0,63", { 10, 0, 15 } },
        { "app cpu=1 memory=5Gi", {}, "1", true, 0, "1", { 0, 5 } },
        { "app cpu=1 memory=5Gi", {}, "0-1,63", false, 0, "0-1,63", { 5 } },
        { "app cpu=1 memory=25Gi", {}, "0-1,63", false, 0, "0-1,63", { 10, 10, 5 } },
        /* it is widened by sets that have all of it, and the lowest of the narrowest is taken */
        { "app cpu=1 memory=15Gi", {}, "0", false, 0, "0-1", { 10, 5 } },
        { "app cpu=1 memory=15Gi",
          {},
          "0",
          true,
          HINTS_E_REFUSED,
          "NUMA nodes 0-1 would hold it, but a narrower set would on an empty machine, and a "
          "preferred one is wanted",
          {} },
        { "app cpu=1 memory=25Gi", {}, "1", true, 0, "1,63", { 0, 10, 15 } },
        { "app cpu=1 memory=15Gi", { { "63", { 10 } } }, "", false, 0, "0-1", { 10, 5 } },
        { "app cpu=1 memory=15Gi",
          { { "63", { 10 } } },
          "",
          true,
          HINTS_E_REFUSED,
          "NUMA nodes 0-1 would hold it, but a narrower set would on an empty machine, and a "
          "preferred one is wanted",
          {} },
        { "app cpu=1 memory=15Gi", { { "1", { 1 } } }, "0", false, 0, "0,63", { 10, 0, 5 } },
        { "app cpu=1 memory=15Gi",
          { { "0", { 1 } } },
          "0",
          false,
          HINTS_E_REFUSED,
          "NUMA node 0 lacks 6442450944 bytes (6.00 GiB) of memory: 16106127360 asked, 9663676416 "
          "free, and no wider set with 0 fits",
          {} },
        /* mixing is refused, but one NUMA node is always taken */
        { "app cpu=1 memory=5Gi",
          { { "0", { 1 } } },
          "0-1",
          false,
          HINTS_E_REFUSED,
          "NUMA nodes 0-1 cannot be used as one set: one of them is in use alone or in another set",
          {} },
        { "app cpu=1 memory=5Gi",
          { { "1,63", { 1, 1 } } },
          "0-1",
          false,
          HINTS_E_REFUSED,
          "NUMA nodes 0-1 cannot be used as one set: one of them is in use alone or in another set",
          {} },
        { "app cpu=1 memory=5Gi", { { "0-1", { 1, 1 } } }, "0-1", false, 0, "0-1", { 5 } },
        { "app cpu=1 memory=5Gi", { { "0-1", { 1, 1 } } }, "0", true, 0, "0", { 5 } },
        { "app cpu=1 memory=5Gi",
          {},
          "2",
          true,
          HINTS_E_INVALID,
          "there is no NUMA node 2; there are 0-1,63",
          {} },
        { "app cpu=1 memory=41Gi",
          {},
          "",
          true,
          HINTS_E_REFUSED,
          "NUMA nodes 0-1,63 together lack 1073741824 bytes (1.00 GiB) of memory: 44023414784 "
          "asked, 42949672960 free",
          {} },
        { "app memory=1Gi", {}, "", true, HINTS_E_NONE, "", {} },
        { "pod cpu=1 memory=5Gi; app cpu=1 memory=5Gi", {}, "", true, HINTS_E_NONE, "", {} },
        { "app cpu=1 memory=1.5Gi",
          {},
          "",
          true,
          HINTS_E_INVALID,
          "container 'c0': requests.memory: expected a number of bytes that the kubelet takes, "
          "found '1.5Gi', which it takes as 1536Mi",
          {} },
};

START_TEST(a_set_is_chosen_as_the_kubelet_does) {
        const HintsAffinity affinity = { numa_bed_set(choices[_i].affinity),
                                         choices[_i].is_preferred };
        const LedgerClaim *claim;
        int r;

        hold(choices[_i].held, ELEMENTSOF(choices[_i].held));
        parse(choices[_i].pod);
        r = allocate(&pod.pod.containers[0], &affinity);
        ck_assert_msg(r == choices[_i].expected, "row %d: %d: %s", _i, r, diag.text);
        if (r) {
                ck_assert_str_eq(diag.text, choices[_i].taken);
                ck_assert_uint_eq(change.n_puts, 0);
                return;
        }
        apply();
        claim = ledger_find(ledger, "5eed", "c0");
        ck_assert_uint_eq(claim->n_blocks, 1);
        ck_assert_msg(numa_bed_is_set(&claim->blocks[0].nodes, choices[_i].taken), "row %d", _i);
        for (size_t i = 0, n = 0; i < 3; ++i)
                if (choices[_i].parts[i] > 0) {
                        ck_assert_uint_lt(n, claim->blocks[0].n_parts);
                        ck_assert_uint_eq(claim->blocks[0].parts[n].node, three[i].id);
                        ck_assert_uint_eq(claim->blocks[0].parts[n++].bytes,
                                          choices[_i].parts[i] * GIB);
                }
        ck_assert_int_eq(allocate(&pod.pod.containers[0], &affinity), 0);
        ck_assert_uint_eq(change.n_puts, 0);
}
END_TEST

START_TEST(every_kind_of_page_has_its_block) {
        const LedgerClaim *claim;

        parse("app cpu=1 memory=12Gi hugepages-2Mi=1536Mi");
        allocate_containers(1);
        claim = ledger_find(ledger, "5eed", "c0");
        ck_assert_uint_eq(claim->n_blocks, 2);
        ck_assert(numa_bed_is_set(&claim->blocks[0].nodes, "0-1"));
        ck_assert(numa_bed_is_set(&claim->blocks[1].nodes, "0-1"));
        ck_assert_uint_eq(claim->blocks[1].page_bytes, 2 * MIB);
        ck_assert_uint_eq(claim->blocks[1].parts[1].bytes, 512 * MIB);
        ck_assert_uint_eq(ledger_get_n_blocks(ledger, 0), 2);
}
END_TEST

START_TEST(what_stands_behind_in_the_pod_is_not_used_again) {
        char buffer[1024];

        parse("init cpu=1 memory=8Gi; init cpu=1 memory=8Gi; app cpu=1 memory=8Gi");
        ck_assert_int_eq(allocate(&pod.pod.containers[1], NULL), 0);
        apply();
        ck_assert_str_eq(ask(&pod.pod.containers[0], buffer), "1! 63! 1,63");
        ck_assert_str_eq(ask(&pod.pod.containers[2], buffer), "0! 1! 63! 1,63");
}
END_TEST

/* Limits */

START_TEST(ids_that_the_masks_do_not_have_are_unsupported) {
        static const BedNode nodes[] = { { 0, LOCALITY_LOCAL, true, false, GIB, 0, 0, 0, 0, NULL },
                                         { 64, LOCALITY_LOCAL, true, false, GIB, 0, 0, 0, 0,
                                           NULL } };
        const HintsRequest request = { .split = { .local = { 1, 1 } } };

        make_machine(nodes, 2);
        parse("app cpu=1 memory=1");
        ck_assert_int_eq(
                hints_for_container(&context, &pod.pod, &pod.pod.containers[0], &answer, &diag),
                HINTS_E_UNSUPPORTED);
        ck_assert_str_eq(diag.text,
                         "the kubelet's masks end at NUMA node 63; this machine has NUMA "
                         "node 64; use mode slug");
        ck_assert_int_eq(hints_for_pod(&context, &pod.pod, &answer, &diag), HINTS_E_UNSUPPORTED);
        ck_assert_int_eq(hints_for_request(&context, &request, &answer, &diag),
                         HINTS_E_UNSUPPORTED);
        ck_assert_int_eq(allocate(&pod.pod.containers[0], NULL), HINTS_E_UNSUPPORTED);
        ck_assert_int_eq(allocate(NULL, NULL), HINTS_E_UNSUPPORTED);
}
END_TEST

START_TEST(twelve_numa_nodes_have_all_their_sets) {
        const HintsRequest request = { .split = { { GIB, GIB }, { GIB, GIB } } };
        BedNode nodes[HINTS_KUBELET_NODES_MAX];

        for (unsigned i = 0; i < ELEMENTSOF(nodes); ++i)
                nodes[i] = (BedNode){ 5 * i, LOCALITY_LOCAL, true, false, GIB, 0, 0, 0, 0, NULL };
        make_machine(nodes, ELEMENTSOF(nodes));
        ck_assert_int_eq(hints_for_request(&context, &request, &answer, &diag), 0);
        ck_assert_uint_eq(answer.lists[0].n_hints, 4095 - 12);
        ck_assert(numa_bed_is_set(&answer.hints[0].nodes, "0,5"));
        ck_assert(answer.hints[65].is_preferred);
        ck_assert(!answer.hints[66].is_preferred);
        ck_assert_uint_eq(nodeset_count(&answer.hints[4082].nodes), 12);
}
END_TEST

/* Out of memory */

static int fail_hints(void) {
        return hints_for_container(&context, &pod.pod, &pod.pod.containers[1], &answer, &diag);
}

static int fail_regenerate(void) {
        return hints_for_container(&context, &pod.pod, &pod.pod.containers[0], &answer, &diag);
}

static int fail_container(void) {
        return allocate(&pod.pod.containers[1], NULL);
}

static int fail_pod(void) {
        context.with_pod_level = true;
        return allocate(NULL, NULL);
}

static const struct {
        const char *pod;
        int (*call)(void);
        unsigned n; /* sites at the least */
} failures[] = {
        { "init cpu=1 memory=5Gi; app cpu=1 memory=5Gi", fail_hints, 1 },
        { "init cpu=1 memory=5Gi; app cpu=1 memory=5Gi", fail_regenerate, 1 },
        { "init cpu=1 memory=5Gi; app cpu=1 memory=3Gi", fail_container, 6 },
        { "pod cpu=2 memory=25Gi; app cpu=1 memory=5Gi; app", fail_pod, 9 },
};

START_TEST(without_memory_there_is_no_answer) {
        bool has_failed = true;
        unsigned n = 0;

        parse("init cpu=1 memory=5Gi");
        allocate_containers(1);
        parse(failures[_i].pod);
        if (failures[_i].call == fail_pod)
                pod.pod.uid = "another";
        for (; has_failed; ++n) {
                int r;

                failmalloc_arm(n);
                r = failures[_i].call();
                has_failed = failmalloc_disarm();
                ck_assert_int_eq(r, has_failed ? -ENOMEM : 0);
                if (has_failed)
                        ck_assert_uint_eq(answer.n_lists + change.n_puts, 0);
        }
        ck_assert_uint_gt(n, failures[_i].n);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("hints-static");
        TCase *tcase = tcase_create("hints-static");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, sets_are_judged_as_the_kubelet_does, 0, ELEMENTSOF(rows));
        tcase_add_loop_test(tcase, memory_of_init_containers_is_used_again, 0, ELEMENTSOF(inits));
        tcase_add_loop_test(tcase, who_has_memory_is_told_where_or_nothing, 0,
                            ELEMENTSOF(existing));
        tcase_add_loop_test(tcase, pods_as_a_whole_depend_on_the_gate, 0, ELEMENTSOF(levels));
        tcase_add_loop_test(tcase, a_set_is_chosen_as_the_kubelet_does, 0, ELEMENTSOF(choices));
        tcase_add_test(tcase, every_kind_of_page_has_its_block);
        tcase_add_test(tcase, what_stands_behind_in_the_pod_is_not_used_again);
        tcase_add_test(tcase, ids_that_the_masks_do_not_have_are_unsupported);
        tcase_add_test(tcase, twelve_numa_nodes_have_all_their_sets);
        tcase_add_loop_test(tcase, without_memory_there_is_no_answer, 0, ELEMENTSOF(failures));
        suite_add_tcase(suite, tcase);
        return suite;
}
