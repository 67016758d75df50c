/* SPDX-License-Identifier: Apache-2.0 */
/* Reports into values, pods into messages, and how well pods are known. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "lib/test-main.h"
#include "metrics/text.h"
#include "rpc/json.h"
#include "service/kubelet-allocatable.h"
#include "service/pod-messages.h"
#include "service/pods-metrics.h"

#define API    "11111111-2222-4333-8444-555555555555"
#define STATIC "0123456789abcdef0123456789abcdef"
#define LATE   "99999999-2222-4333-8444-555555555555"

static uint64_t now_usec;
static Arena *arena;
static Ledger *ledger;
static PodsReport *report;
static Inventory *inventory;
static ReconcileMemory *memory;
static PodsGrowth growth[2];
static PodsNodeBytes bytes_of_nodes[3];
static TreeContainer container;
static TreePod tree_pods[2];
static PodsTree tree;
static HintsNode machine_nodes[3];
static HintsMachine machine;
static PodsView view;
static PodService service;
static Diag diag;

static uint64_t read_clock(const void *cookie _unused_) {
        return now_usec;
}

static void setup(void) {
        now_usec = 1000000000;
        diag = (Diag){};
        ck_assert_int_eq(arena_new(1 << 20, &arena), 0);
        ck_assert_int_eq(ledger_new(&ledger), 0);
        ck_assert_int_eq(reconcile_memory_new(&memory), 0);
        bytes_of_nodes[0] = (PodsNodeBytes){ .node = 0, .bytes = 60 };
        bytes_of_nodes[1] = (PodsNodeBytes){ .node = 2, .bytes = 30 };
        bytes_of_nodes[2] = (PodsNodeBytes){ .node = 7, .bytes = 5 };
        container = (TreeContainer){ .id = "c1", .path = "kubepods/podx/c1", .is_populated = true };
        tree_pods[0] = (TreePod){ .uid = STATIC,
                                  .path = "kubepods/pod" STATIC,
                                  .qos = QOS_GUARANTEED,
                                  .usage.bytes = opt_u64(10) };
        tree_pods[1] = (TreePod){ .uid = API,
                                  .path = "kubepods/burstable/pod" API,
                                  .qos = QOS_BURSTABLE,
                                  .is_populated = true,
                                  .usage = { .bytes = opt_u64(100),
                                             .max_bytes = opt_u64(1000),
                                             .nodes = bytes_of_nodes,
                                             .n_nodes = 3 },
                                  .containers = &container,
                                  .n_containers = 1 };
        growth[0] = (PodsGrowth){};
        growth[1] = (PodsGrowth){ .is_known = true, .bytes_per_second = -5 };
        tree = (PodsTree){ .driver = CGROUP_DRIVER_CGROUPFS,
                           .is_complete = true,
                           .pods = tree_pods,
                           .n_pods = 2,
                           .usec = now_usec };
        machine_nodes[0] = (HintsNode){ .id = 0, .locality = LOCALITY_LOCAL };
        machine_nodes[1] = (HintsNode){ .id = 2, .locality = LOCALITY_REMOTE };
        machine_nodes[2] = (HintsNode){ .id = 7, .locality = LOCALITY_EXCLUDED };
        machine = (HintsMachine){ .nodes = machine_nodes, .n_nodes = 3 };
        view = (PodsView){
                .growth = growth, .memory = memory, .problem = "", .clock.now_usec = read_clock
        };
        service =
                (PodService){ .pods = &view, .machine = &machine, .ledger = ledger, .boot_id = "" };
}

static void teardown(void) {
        inventory = inventory_free(inventory);
        report = pods_report_free(report);
        memory = reconcile_memory_free(memory);
        ledger = ledger_free(ledger);
        arena = arena_free(arena);
}

/* @json: with ' for ". Return: as pod_read_report(). */
static int read_report(const char *json) {
        char text[4096];
        ProtobufCMessage *message;

        ck_assert_uint_lt(strlen(json), sizeof(text));
        for (size_t i = 0; i <= strlen(json); ++i)
                text[i] = json[i] == '\'' ? '"' : json[i];
        ck_assert_msg(json_decode(text, strlen(text), &slug__v1__report_pods_request__descriptor,
                                  NULL, arena, &message, &diag) == 0,
                      "%s: %s", text, diag.text);
        report = pods_report_free(report);
        return pod_read_report(arena, (const Slug__V1__ReportPodsRequest *)message, now_usec,
                               &report, &diag);
}

#define SOURCES "'sources':[{'name':'runtime','state':'REPORT_SOURCE_STATE_COMPLETE'}]"
/* A settled report of pods. */
#define REPORT(pods) "{'reporter':'r','sequence':'1','settled':true," SOURCES ",'pods':[" pods "]}"
#define POD(containers)                                                                            \
        "{'uid':'" API "','namespace':'default','name':'db','containers':[" containers "]}"

/* A report with the kubelet's own amounts. */
#define BLOCK(type, nodes, bytes)                                                                  \
        "{'type':'" type "','numaNodes':'" nodes "','sizeBytes':'" bytes "'}"
#define ALLOCATABLE(blocks)                                                                        \
        "{'reporter':'r','hasKubeletAllocatable':true,'kubeletAllocatable':[" blocks "]}"

static void look(void) {
        inventory = inventory_free(inventory);
        ck_assert_int_eq(inventory_new(&tree, report, &inventory), 0);
        view.inventory = inventory;
}

/* Reports */

static const struct {
        const char *json;
        const char *expected; /* a part of what is said */
} bad_reports[] = {
        { "{}", "reporter: expected a name of 1 to 63 bytes" },
        { "{'reporter':'0123456789012345678901234567890123456789012345678901234567890123'}",
          "reporter: expected a name of 1 to 63 bytes" },
        { REPORT(POD("{'name':'c','resources':{'requests':{'memory':'4Gj'}}}")),
          "pod 'default/db', container 'c': requests.memory: expected an amount such as 4Gi, found "
          "'4Gj'" },
        { REPORT(POD("{'name':'c','resources':{'limits':{'memory':'-1'}}}")),
          "container 'c': limits.memory: expected an amount" },
        { REPORT(POD("{'name':'c','resources':{'requests':{'hugepages-2Mi':'x'}}}")),
          "requests.hugepages-2Mi: expected an amount" },
        { REPORT(POD("{'name':'c','state':9}")), "container 'c': state: expected a state" },
        { REPORT("{'uid':'" API "','namespace':'default','name':'db','sandbox':9}"),
          "pod 'default/db': sandbox: expected a state" },
        { REPORT("{'uid':'" API "','resources':{'requests':{'memory':''}}}"),
          "pod '/" API "': requests.memory: expected an amount" },
        { "{'reporter':'r','sources':[{'name':'runtime'}]}", "source 'runtime' has no state" },
        { ALLOCATABLE(BLOCK("memory", "0-1", "5")),
          "kubelet_allocatable: expected one NUMA node, found '0-1'" },
        { ALLOCATABLE(BLOCK("memory", "", "5")), "expected one NUMA node, found the end" },
        { ALLOCATABLE(BLOCK("memory", "1024", "5")), "expected one NUMA node, found '1024'" },
        { ALLOCATABLE(BLOCK("memory", "0", "5") "," BLOCK("memory", "0", "6")),
          "kubelet_allocatable: expected memory of NUMA node 0 once" },
};

START_TEST(what_is_no_report_is_refused_with_its_place) {
        ck_assert_msg(read_report(bad_reports[_i].json) == MEMORY_E_INVALID, "%s",
                      bad_reports[_i].json);
        ck_assert_msg(strstr(diag.text, bad_reports[_i].expected) != NULL, "%s", diag.text);
        ck_assert_ptr_null(report);
}
END_TEST

#define NONE UINT64_MAX
static const struct {
        const char *container;
        uint64_t request, limit; /* NONE: absent */
        bool knows_limit;
} memories[] = {
        { "", NONE, NONE, false },
        { ",'resources':{}", 0, NONE, true },
        { ",'resources':{'requests':{'cpu':'1'}}", 0, NONE, true },
        { ",'resources':{'requests':{'memory':'1Ki'}}", 1024, NONE, true },
        { ",'resources':{'limits':{'memory':'2Ki'}}", 2048, 2048, true },
        { ",'resources':{'requests':{'memory':'0'},'limits':{'memory':'2Ki'}}", 0, 2048, true },
        { ",'resources':{'requests':{'memory':'1500m'}}", 2, NONE, true },
        { ",'memoryLimitBytes':'0'", NONE, NONE, true },
        { ",'memoryLimitBytes':'7'", NONE, 7, true },
        /* the runtime's limit is the one in force */
        { ",'resources':{'limits':{'memory':'2Ki'}},'memoryLimitBytes':'4096'", 2048, 4096, true },
        { ",'resources':{'limits':{'memory':'2Ki'}},'memoryLimitBytes':'0'", 2048, NONE, true },
};

static OptU64 expect(uint64_t bytes) {
        return bytes == NONE ? (OptU64){} : opt_u64(bytes);
}

START_TEST(what_is_not_said_is_absent) {
        const ReportContainer *read;
        char json[1024];

        (void)snprintf(json, sizeof(json), REPORT(POD("{'name':'c'%s}")), memories[_i].container);
        ck_assert_msg(read_report(json) == 0, "%s", diag.text);
        read = &report->pods[0].containers[0];
        ck_assert(opt_u64_equal(read->request_bytes, expect(memories[_i].request)));
        ck_assert(opt_u64_equal(read->limit_bytes, expect(memories[_i].limit)));
        ck_assert_int_eq(read->knows_limit, memories[_i].knows_limit);
}
END_TEST

START_TEST(all_of_a_report_is_taken) {
        const ReportContainer *read;

        ck_assert_msg(
                read_report(REPORT(POD(
                        "{'name':'c','id':'id','cgroup':'a/b','state':'REPORTED_CONTAINER_STATE_"
                        "EXITED','resources':{'requests':{'hugepages-1Gi':'1Gi','hugepages-2Mi':"
                        "'4Mi'},'limits':{'hugepages-1Gi':'1Gi'}},'devices':[{'resource':"
                        "'example.org/gpu','ids':['g']},{'resource':'sluglab.io/remote-memory-1gi',"
                        "'ids':['m0','m1']}],'requestedChunks':[{'resource':'example.org/"
                        "gpu','n':'1'},"
                        "{'resource':'sluglab.io/remote-memory-1gi','n':'3'},{'resource':"
                        "'sluglab.io/remote-memory-2gi','n':'0'}]}"))) == 0,
                "%s", diag.text);
        ck_assert_str_eq(report->reporter, "r");
        ck_assert(report->is_settled && report->usec == now_usec);
        ck_assert(pods_report_is_complete(report));
        read = report_pod_find(pods_report_find(report, API), "c");
        ck_assert_str_eq(read->id, "id");
        ck_assert_str_eq(read->cgroup, "a/b");
        ck_assert_int_eq(read->state, REPORT_EXITED);
        ck_assert_uint_eq(read->hugepages.n_items, 2);
        ck_assert_uint_eq(read->hugepages.items[0].page_bytes, 2 * MIB);
        ck_assert_uint_eq(read->hugepages.items[0].bytes, 4 * MIB);
        ck_assert_uint_eq(read->hugepages.items[1].bytes, GIB);
        ck_assert_uint_eq(read->n_chunks, 2);
        ck_assert_str_eq(read->chunks[1].id, "m1");
        ck_assert_uint_eq(read->chunks[1].bytes, GIB);
        ck_assert_uint_eq(read->n_requested, 1);
        ck_assert_str_eq(read->requested[0].resource, "sluglab.io/remote-memory-1gi");
        ck_assert_uint_eq(read->requested[0].n, 3);
}
END_TEST

START_TEST(static_pods_that_are_missing_are_taken) {
        ck_assert_msg(read_report("{'reporter':'r','missingStaticPods':[{'namespace':'n','name':"
                                  "'a','file':'/m/a','requested':[{'resource':'example.org/gpu',"
                                  "'n':'1'},{'resource':'sluglab.io/remote-memory-1gi','n':'3'}]"
                                  "}]}") == 0,
                      "%s", diag.text);
        ck_assert_uint_eq(report->n_missing, 1);
        ck_assert_str_eq(report->missing[0].namespace_name, "n");
        ck_assert_str_eq(report->missing[0].name, "a");
        ck_assert_str_eq(report->missing[0].file, "/m/a");
        ck_assert_uint_eq(report->missing[0].n_requested, 1);
        ck_assert_uint_eq(report->missing[0].requested[0].n, 3);
}
END_TEST

/* How well pods are known */

static const struct {
        const char *json; /* NULL: no report */
        uint64_t age_usec;
        const char *problem, *tree_problem;
        PodsKnown known;
        const char *part;
} states[] = {
        { NULL, 0, "", "", PODS_CGROUPS_ONLY, "enable slug-kubelet.service" },
        { REPORT(""), 0, "", "", PODS_REPORTED, "" },
        { REPORT(""), PODS_REPORT_OLD_USEC, "", "", PODS_REPORTED, "" },
        { REPORT(""), PODS_REPORT_OLD_USEC + 1, "", "", PODS_REPORT_OLD, "3 minutes" },
        { "{'reporter':'r'," SOURCES ",'unsettledReason':'it starts'}", 0, "", "", PODS_UNSETTLED,
          "it starts" },
        { "{'reporter':'r','settled':true,'sources':[{'name':'devices','state':"
          "'REPORT_SOURCE_STATE_FAILED','problem':'no','endpoint':'/x'}]}",
          0, "", "", PODS_SOURCE_FAILED, "devices at /x: no" },
        { "{'reporter':'r','settled':true,'sources':[{'name':'runtime','state':"
          "'REPORT_SOURCE_STATE_ABSENT'}]}",
          0, "", "", PODS_SOURCE_ABSENT, "no runtime here" },
        { "{'reporter':'r','settled':true,'sources':[{'name':'runtime','state':"
          "'REPORT_SOURCE_STATE_UNUSED'}]}",
          0, "", "", PODS_REPORTED, "" },
        { REPORT(""), 0, "the ledger is full", "", PODS_UNRECORDED, "the ledger is full" },
        { REPORT(""), 0, "gone", "is gone", PODS_CGROUPS_UNREADABLE, "is gone; no memory" },
};

START_TEST(how_well_pods_are_known) {
        PodsKnown known;

        if (states[_i].json)
                ck_assert_msg(read_report(states[_i].json) == 0, "%s", diag.text);
        view.problem = states[_i].problem;
        tree.is_complete = !states[_i].tree_problem[0];
        diag_set(&tree.problem, NULL, 0, 0, "%s", states[_i].tree_problem);
        look();
        now_usec += states[_i].age_usec;
        known = pods_view_judge(&view, &diag);
        ck_assert_int_eq(known, states[_i].known);
        ck_assert_msg(strstr(diag.text, states[_i].part) != NULL, "%s", diag.text);
}
END_TEST

START_TEST(before_the_first_look_nothing_is_known) {
        ck_assert_int_eq(pods_view_judge(&view, &diag), PODS_UNSEEN);
        ck_assert_int_eq(pods_view_judge(NULL, &diag), PODS_UNSEEN);
}
END_TEST

/* The kubelet's amounts */

#define PLAIN BLOCK("memory", "0", "100") "," BLOCK("memory", "2", "50")
#define PAGES BLOCK("hugepages-2Mi", "0", "4194304")
#define MAX   "18446744073709551615"
static const struct {
        const char *json; /* NULL: no report */
        uint64_t age_usec;
        KubeletAllocatable known;
        const char *message; /* a part of it */
} allocatables[] = {
        { NULL, 0, KUBELET_ALLOCATABLE_NOT_REPORTED, "no report says" },
        { REPORT(""), 0, KUBELET_ALLOCATABLE_NOT_REPORTED, "no report says" },
        { ALLOCATABLE(PLAIN "," PAGES), PODS_REPORT_OLD_USEC + 1, KUBELET_ALLOCATABLE_NOT_REPORTED,
          "no report says" },
        /* it is told and was not said */
        { "{'reporter':'r','kubeletAllocatable':[" PLAIN "]}", 0, KUBELET_ALLOCATABLE_NOT_REPORTED,
          "no report says" },
        { ALLOCATABLE(""), 0, KUBELET_ALLOCATABLE_NOT_STATIC, "is not Static" },
        { ALLOCATABLE(PLAIN "," PAGES), PODS_REPORT_OLD_USEC, KUBELET_ALLOCATABLE_AGREES,
          "what slugd does" },
        /* of nothing there may be a block, and of what nobody counts */
        { ALLOCATABLE(PAGES "," BLOCK("memory", "7", "0") "," BLOCK("cpu", "0-1", "3") "," PLAIN),
          0, KUBELET_ALLOCATABLE_AGREES, "" },
        { ALLOCATABLE(PAGES "," BLOCK("memory", "0", "101") "," BLOCK("memory", "2", "50")), 0,
          KUBELET_ALLOCATABLE_DIFFERS,
          "of NUMA node 0 the kubelet counts 101 bytes of memory as allocatable, slugd 100; "
          "restart the kubelet if memory or huge pages came or went since it started, otherwise "
          "its reservedMemory is not the one of \"slugctl config\"" },
        { ALLOCATABLE(PLAIN), 0, KUBELET_ALLOCATABLE_DIFFERS,
          "of NUMA node 0 the kubelet counts 0 bytes of hugepages-2Mi as allocatable, slugd "
          "4194304; restart the kubelet if" },
        { ALLOCATABLE(PLAIN "," PAGES "," BLOCK("hugepages-1Gi", "0", "1073741824")), 0,
          KUBELET_ALLOCATABLE_DIFFERS,
          "1073741824 bytes of hugepages-1Gi as allocatable, slugd 0" },
        /* a NUMA node that only one of them has */
        { ALLOCATABLE(PAGES "," BLOCK("memory", "0", "100")), 0, KUBELET_ALLOCATABLE_DIFFERS,
          "of NUMA node 2 the kubelet counts 0 bytes of memory as allocatable, slugd 50; its "
          "memory came or went since the kubelet started; restart the kubelet" },
        { ALLOCATABLE(PLAIN "," PAGES "," BLOCK("memory", "9", "1")), 0,
          KUBELET_ALLOCATABLE_DIFFERS,
          "of NUMA node 9 the kubelet counts 1 bytes of memory as allocatable, slugd 0; its "
          "memory came or went" },
        /* nothing of it is cut */
        { ALLOCATABLE(PLAIN "," BLOCK("hugepages-512Mi", "0", MAX)), 0, KUBELET_ALLOCATABLE_DIFFERS,
          "of \"slugctl config\"" },
};

START_TEST(the_kubelet_counts_as_slugd_does) {
        CapacityNode nodes[] = {
                { .id = 0, .capacity_bytes = 4194404, .allocatable_bytes = 100 },
                { .id = 2, .withheld_bytes = 50 }, /* excluded; the kubelet counts it, too */
                { .id = 7 },
        };
        const Capacity capacity = { .nodes = nodes, .n_nodes = ELEMENTSOF(nodes) };
        KubeletAllocatable known;

        nodes[0].hugepages[0] = (HugepageBytes){ .page_bytes = 2 * MIB, .bytes = 4 * MIB };
        nodes[0].n_hugepages = 1;
        if (allocatables[_i].json)
                ck_assert_msg(read_report(allocatables[_i].json) == 0, "%s", diag.text);
        look();
        now_usec += allocatables[_i].age_usec;
        known = kubelet_allocatable_judge(&view, &capacity, &diag);
        ck_assert_msg(known == allocatables[_i].known, "row %d: %s", _i, diag.text);
        ck_assert_msg(strstr(diag.text, allocatables[_i].message) != NULL, "row %d: %s", _i,
                      diag.text);
        ck_assert_int_eq(kubelet_allocatable_judge(NULL, &capacity, &diag),
                         KUBELET_ALLOCATABLE_NOT_REPORTED);
}
END_TEST

/* Lists */

static Slug__V1__ListPodsResponse list_of(const char *uid, const char *namespace_name) {
        Slug__V1__ListPodsRequest request = SLUG__V1__LIST_PODS_REQUEST__INIT;
        Slug__V1__ListPodsResponse response = SLUG__V1__LIST_PODS_RESPONSE__INIT;

        request.uid = (char *)uid;
        request.namespace_ = (char *)namespace_name;
        ck_assert_int_eq(pod_build_list(arena, &service, &request, &response), 0);
        return response;
}

static void
claim(const char *uid, const char *name, ClaimSource source, ClaimState state, uint64_t bytes) {
        const LedgerPart parts[] = { { .node = 0, .bytes = bytes }, { .node = 2, .bytes = 1 } };
        LedgerBlock block = { .bytes = bytes + 1, .parts = parts, .n_parts = 2 };
        LedgerChange change = {};
        LedgerClaim *made;

        nodeset_add(&block.nodes, 0);
        nodeset_add(&block.nodes, 2);
        ck_assert_int_eq(ledger_claim_new(&(const LedgerClaim){ .pod_uid = uid,
                                                                .container = name,
                                                                .namespace_name = "default",
                                                                .pod = "claimed",
                                                                .state = state,
                                                                .source = source,
                                                                .container_id = "",
                                                                .reason = "",
                                                                .blocks = &block,
                                                                .n_blocks = 1 },
                                          &made),
                         0);
        ck_assert_int_eq(ledger_change_put(&change, made), 0);
        ck_assert_int_eq(ledger_apply(ledger, &change, NULL, NULL, NULL), 0);
}

START_TEST(pods_are_listed_before_the_first_look) {
        const Slug__V1__ListPodsResponse response = list_of("", "");

        ck_assert_uint_eq(response.n_pods, 0);
        ck_assert_str_eq(response.cgroup_driver, "");
        ck_assert(!response.report->has_report);
}
END_TEST

START_TEST(usage_is_told_by_locality) {
        const Slug__V1__PodUsage *usage;

        look();
        usage = list_of(API, "").pods[0]->usage;
        ck_assert_uint_eq(usage->bytes, 100);
        ck_assert_uint_eq(usage->local_bytes, 60);
        ck_assert_uint_eq(usage->remote_bytes, 30);
        ck_assert_uint_eq(usage->other_bytes, 5);
        ck_assert_uint_eq(usage->uncounted_bytes, 5);
        ck_assert_int_eq(usage->growth_bytes_per_second, -5);
        tree_pods[1].usage.bytes = opt_u64(50); /* it was read a moment before */
        ck_assert_uint_eq(list_of(API, "").pods[0]->usage->uncounted_bytes, 0);
}
END_TEST

START_TEST(pods_are_sorted_and_filtered) {
        Slug__V1__ListPodsResponse response;

        ck_assert_int_eq(read_report(REPORT(POD(""))), 0);
        claim(LATE, "c", CLAIM_SOURCE_MEMORY_MANAGER, CLAIM_PENDING, 5);
        look();
        response = list_of("", "");
        ck_assert_uint_eq(response.n_pods, 3);
        ck_assert_str_eq(response.pods[0]->uid, STATIC); /* nobody has named it */
        ck_assert_str_eq(response.pods[1]->name, "claimed");
        ck_assert_str_eq(response.pods[2]->name, "db");
        ck_assert_uint_eq(list_of("", "default").n_pods, 2);
        ck_assert_uint_eq(list_of("", "other").n_pods, 0);
        ck_assert_uint_eq(list_of(STATIC, "").n_pods, 1);
        ck_assert_uint_eq(list_of(STATIC, "default").n_pods, 0);
}
END_TEST

START_TEST(a_pod_with_claims_alone_is_pending) {
        const Slug__V1__ListedPod *pod;

        claim(LATE, "a", CLAIM_SOURCE_MEMORY_MANAGER, CLAIM_PENDING, 5);
        claim(LATE, "b", CLAIM_SOURCE_MEMORY_MANAGER, CLAIM_PENDING, 6);
        look();
        ck_assert_uint_eq(list_of(LATE, "").n_pods, 1);
        pod = list_of(LATE, "").pods[0];
        ck_assert_int_eq(pod->state, SLUG__V1__POD_STATE__POD_STATE_PENDING);
        ck_assert_uint_eq(pod->n_claims, 2);
        ck_assert_uint_eq(pod->size_bytes, 13);
        ck_assert_int_eq(pod->size_source, SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_CLAIM);
        ck_assert_int_eq(pod->size_confidence,
                         SLUG__V1__POD_SIZE_CONFIDENCE__POD_SIZE_CONFIDENCE_HIGH);
        ck_assert_uint_eq(pod->n_size_numa_nodes, 2);
        ck_assert_uint_eq(pod->size_numa_nodes[0]->bytes, 11);
        ck_assert_uint_eq(pod->size_numa_nodes[1]->numa_node, 2);
        ck_assert_uint_eq(pod->size_numa_nodes[1]->bytes, 2);
}
END_TEST

START_TEST(what_does_not_fit_together_is_noted) {
        const Slug__V1__ListedPod *pod;

        ck_assert_int_eq(read_report(REPORT("")), 0);
        look();
        pod = list_of(API, "").pods[0];
        ck_assert_uint_eq(pod->n_notes, 1);
        ck_assert(strstr(pod->notes[0], "the last report does not know it") != NULL);
        ck_assert_uint_eq(list_of(STATIC, "").pods[0]->n_notes, 0); /* it has no processes */

        ck_assert_int_eq(read_report(REPORT(POD("{'name':'c','id':'c1','cgroup':'a/c1'}"))), 0);
        look();
        pod = list_of(API, "").pods[0];
        ck_assert_uint_eq(pod->n_notes, 1);
        ck_assert(strstr(pod->notes[0], "another cgroup for container 'c'") != NULL);
}
END_TEST

START_TEST(every_arena_that_is_too_small_is_no_memory) {
        Slug__V1__ListPodsRequest request = SLUG__V1__LIST_PODS_REQUEST__INIT;
        size_t n_failures = 0;
        int r;

        ck_assert_int_eq(read_report(REPORT(POD("{'name':'c','id':'c1','cgroup':'a/c1'}"))), 0);
        claim(API, "c", CLAIM_SOURCE_MEMORY_MANAGER, CLAIM_PENDING, 5);
        look();
        for (size_t size = 64;; size += 64) {
                Slug__V1__ListPodsResponse response = SLUG__V1__LIST_PODS_RESPONSE__INIT;
                _cleanup_(arena_freep) Arena *small = NULL;

                ck_assert_int_eq(arena_new(size, &small), 0);
                r = pod_build_list(small, &service, &request, &response);
                if (r == 0)
                        break;
                ck_assert_int_eq(r, -ENOMEM);
                ++n_failures;
        }
        ck_assert_uint_gt(n_failures, 10);
}
END_TEST

/* Metrics */

START_TEST(only_the_largest_have_series_of_their_own) {
        static TreePod many[PODS_METRICS_TOP + 5];
        _cleanup_(buffer_deinitp) Buffer buffer = {};
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(many); ++i) {
                many[i] = (TreePod){ .usage.bytes = opt_u64(1000 + (i * 7) % ELEMENTSOF(many)) };
                (void)snprintf(many[i].uid, sizeof(many[i].uid), "uid-%02zu", i);
        }
        tree.pods = many;
        tree.n_pods = ELEMENTSOF(many);
        look();
        pods_metrics_write(&service, &buffer);
        buffer_append_char(&buffer, '\0');
        for (const char *at = buffer.data; (at = strstr(at, "slug_pod_memory_bytes{")); ++at)
                ++n;
        ck_assert_uint_eq(n, 4 * PODS_METRICS_TOP);
        ck_assert(strstr(buffer.data, "locality=\"uncounted\"} 1024\n") != NULL);
        ck_assert(strstr(buffer.data, "locality=\"uncounted\"} 1005\n") != NULL);
        ck_assert(strstr(buffer.data, "locality=\"uncounted\"} 1004\n") == NULL);
}
END_TEST

/* Growth */

static const struct {
        OptU64 before, now;
        uint64_t elapsed_usec;
        bool is_known;
        int64_t expected;
} growths[] = {
        { { 100, true }, { 300, true }, 2000000, true, 100 },
        { { 300, true }, { 100, true }, 2000000, true, -100 },
        { { 0, true }, { UINT64_MAX, true }, 1, true, INT64_MAX },
        { { 100, true }, { 100, true }, 5, true, 0 },
        { {}, { 100, true }, 5, false, 0 },
        { { 100, true }, {}, 5, false, 0 },
        { { 100, true }, { 100, true }, 0, false, 0 },
};

START_TEST(growth_is_by_the_second) {
        TreePod pods[] = { { .uid = "u", .usage.bytes = growths[_i].before },
                           { .uid = "u", .usage.bytes = growths[_i].now } };
        const PodsTree before = { .pods = pods, .n_pods = 1, .usec = 10 };
        const PodsTree now = { .pods = pods + 1,
                               .n_pods = 1,
                               .usec = 10 + growths[_i].elapsed_usec };
        PodsGrowth *made;

        ck_assert_int_eq(pods_growth_new(&before, &now, &made), 0);
        ck_assert_int_eq(made[0].is_known, growths[_i].is_known);
        ck_assert_int_eq(made[0].bytes_per_second, growths[_i].expected);
        free(made);
        ck_assert_int_eq(pods_growth_new(NULL, &now, &made), 0);
        ck_assert(!made[0].is_known);
        free(made);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("pod-service");
        TCase *t = tcase_create("all");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_loop_test(t, what_is_no_report_is_refused_with_its_place, 0,
                            ELEMENTSOF(bad_reports));
        tcase_add_loop_test(t, what_is_not_said_is_absent, 0, ELEMENTSOF(memories));
        tcase_add_test(t, all_of_a_report_is_taken);
        tcase_add_test(t, static_pods_that_are_missing_are_taken);
        tcase_add_loop_test(t, how_well_pods_are_known, 0, ELEMENTSOF(states));
        tcase_add_test(t, before_the_first_look_nothing_is_known);
        tcase_add_loop_test(t, the_kubelet_counts_as_slugd_does, 0, ELEMENTSOF(allocatables));
        tcase_add_test(t, pods_are_listed_before_the_first_look);
        tcase_add_test(t, usage_is_told_by_locality);
        tcase_add_test(t, pods_are_sorted_and_filtered);
        tcase_add_test(t, a_pod_with_claims_alone_is_pending);
        tcase_add_test(t, what_does_not_fit_together_is_noted);
        tcase_add_test(t, every_arena_that_is_too_small_is_no_memory);
        tcase_add_test(t, only_the_largest_have_series_of_their_own);
        tcase_add_loop_test(t, growth_is_by_the_second, 0, ELEMENTSOF(growths));
        suite_add_tcase(s, t);
        return s;
}
