/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chunks as they are served: a list that never outlives the ledger that it was made of, messages,
 * the condition, the findings and the metrics. The machine is made of rows.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "lib/test-main.h"
#include "manager/chunks-announce.h"
#include "service/chunk-messages.h"
#include "service/chunk-metrics.h"
#include "service/condition.h"
#include "service/findings.h"

#define RESOURCE "sluglab.io/remote-memory-1gi"

static SysfsNode rows[2];
static uint16_t distances[2][2];
static SysfsMachine machine;
static TopologyNode topology_nodes[2];
static Topology topology;
static CapacityNode amounts[2];
static Capacity capacity;
static HintsMachine *hints;
static Ledger *ledger;
static PodsView pods;
static ChunksView chunks;
static NodeView view;
static Arena *arena;
static Slug__V1__ChunkList *list;

static void add_node(unsigned id, Locality locality, bool has_cpus, uint64_t bytes) {
        const size_t i = topology.n_nodes;

        rows[i] = (SysfsNode){ .id = id, .distances = distances[i] };
        distances[i][i] = 10;
        distances[i][1 - i] = 14;
        topology_nodes[i] = (TopologyNode){ .id = id,
                                            .kind = MEMORY_KIND_DRAM,
                                            .locality = locality,
                                            .capacity_bytes = bytes,
                                            .is_capacity_known = true,
                                            .has_cpus = has_cpus,
                                            .row = &rows[i] };
        amounts[i] = (CapacityNode){
                .id = id, .locality = locality, .capacity_bytes = bytes, .allocatable_bytes = bytes
        };
        topology.n_nodes = machine.n_nodes = capacity.n_nodes = i + 1;
}

/* With settings of 1 GiB, but for what a test says. */
static void set(ChunksSettings settings) {
        settings.bytes = settings.bytes ? settings.bytes : GIB;
        hints = hints_machine_free(hints);
        ck_assert_int_eq(hints_machine_new(&topology, &capacity, &hints), 0);
        chunks_view_set(&chunks,
                        &(const ChunksParams){ .topology = &topology,
                                               .capacity = &capacity,
                                               .machine = hints,
                                               .ledger = ledger,
                                               .settings = settings },
                        &(const ChunkAdvice){ .preference = CHUNK_PREFERENCE_NEAR,
                                              .grace_usec = 90 * USEC_PER_SEC,
                                              .pre_start = true,
                                              .cdi_device = "sluglab.io/memory=remote" });
}

/* A remote NUMA node 2 of four and a half GiB beside a local one. */
static void setup(void) {
        log_init("test", LOG_TARGET_TEXT, LOG_EMERG);
        machine = (SysfsMachine){ .nodes = rows };
        topology = (Topology){ .machine = &machine, .nodes = topology_nodes };
        capacity = (Capacity){ .nodes = amounts };
        add_node(0, LOCALITY_LOCAL, true, 8 * GIB);
        add_node(2, LOCALITY_REMOTE, false, 4 * GIB + GIB / 2);
        ck_assert_int_eq(ledger_new(&ledger), 0);
        ck_assert_int_eq(arena_new(16 << 20, &arena), 0);
        pods = (PodsView){ .problem = "" };
        chunks = (ChunksView){ .pods = &pods };
        set((ChunksSettings){});
        view = (NodeView){
                .name = "worker",
                .topology = &topology,
                .capacity = &capacity,
                .ledger = ledger,
                .chunks = &chunks,
                .kubelet_problem = "",
                .kubelet_file = "",
                .kubelet = { .topology_policy = "none", .cpu_policy = "none", .swap_behavior = "" }
        };
}

static void teardown(void) {
        chunks_view_deinit(&chunks);
        hints = hints_machine_free(hints);
        arena = arena_free(arena);
        ledger = ledger_free(ledger);
}

/* Claiming */

static ChunksGrant allocate(const char *const *ids, size_t n_ids) {
        const ChunksRequest request = {
                .resource = RESOURCE, .ids = ids, .n_ids = n_ids, .now_usec = 1
        };
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        ChunksGrant grant = {};
        Diag diag = {};

        ck_assert_msg(chunks_allocate(chunks_view_get(&chunks), ledger, &request, &change, &grant,
                                      &diag) == 0,
                      "%s", diag.text);
        ck_assert_int_eq(ledger_apply(ledger, &change, NULL, NULL, NULL), 0);
        return grant;
}

static ChunksGrant claim(const char *id) {
        return allocate(&id, 1);
}

static void release(const ChunksGrant *grant) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        ck_assert_int_eq(ledger_change_drop(&change, grant->pod_uid, ""), 0);
        ck_assert_int_eq(ledger_apply(ledger, &change, NULL, NULL, NULL), 0);
}

/* So many bytes of NUMA node 2, of somebody who wants no chunks; or an invalid claim of a chunk. */
static void put(uint64_t bytes, const char *chunk) {
        const LedgerPart part = { .node = 2, .bytes = bytes };
        const LedgerBlock block = {
                .nodes = { .words = { 4 } }, .bytes = bytes, .parts = &part, .n_parts = 1
        };
        const LedgerClaim from = {
                .pod_uid = "uid",
                .container = "app",
                .namespace_name = "default",
                .pod = "db",
                .state = chunk ? CLAIM_INVALID : CLAIM_ACTIVE,
                .source = chunk ? CLAIM_SOURCE_DEVICE_PLUGIN : CLAIM_SOURCE_OPERATOR,
                .container_id = "",
                .reason = chunk ? "its chunks are 1Gi and its memory limit is 512Mi" : "",
                .blocks = &block,
                .n_blocks = 1,
                .chunks = &chunk,
                .n_chunks = chunk ? 1 : 0,
        };
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        LedgerClaim *made;

        ck_assert_int_eq(ledger_claim_new(&from, &made), 0);
        ck_assert_int_eq(ledger_change_put(&change, made), 0);
        ck_assert_int_eq(ledger_apply(ledger, &change, NULL, NULL, NULL), 0);
}

/* The view */

START_TEST(a_list_is_made_again_only_when_something_is_different) {
        const ChunkList *first = chunks_view_get(&chunks);

        ck_assert_ptr_nonnull(first);
        ck_assert_uint_eq(first->nodes[0].counts[CHUNK_FREE], 4);
        ck_assert_ptr_eq(chunks_view_get(&chunks), first);
        put(GIB, NULL);
        ck_assert_uint_eq(chunks_view_get(&chunks)->nodes[0].counts[CHUNK_FREE], 3);
        set((ChunksSettings){ .bytes = 2 * GIB });
        ck_assert_uint_eq(chunks_view_get(&chunks)->n_chunks, 2);
}
END_TEST

/* With the sanitizers, a list that outlived its claims would be read here. */
START_TEST(a_list_has_no_claim_that_is_gone) {
        const ChunksGrant grant = claim("1gi-n2-0001");

        ck_assert_str_eq(chunks_view_get(&chunks)->chunks[1].claim->pod_uid, grant.pod_uid);
        release(&grant);
        ck_assert_ptr_null(chunks_view_get(&chunks)->chunks[1].claim);
}
END_TEST

START_TEST(without_a_snapshot_there_is_no_list) {
        ChunksView empty = { .pods = &pods };

        ck_assert_ptr_null(chunks_view_get(&empty));
        ck_assert_str_eq(chunks_view_get_wait(&(ChunksView){}), "");
}
END_TEST

/* Messages */

static void build(void) {
        ck_assert_int_eq(chunk_build_list(arena, &chunks, &list), 0);
}

START_TEST(the_list_has_all_that_the_kubelet_is_to_be_told) {
        const ChunksGrant grant = claim("1gi-n2-0002");

        build();
        ck_assert_int_eq(list->state, SLUG__V1__CHUNKS_STATE__CHUNKS_STATE_ADVERTISED);
        ck_assert_str_eq(list->problem, "");
        ck_assert_uint_eq(list->chunk_bytes, GIB);
        ck_assert_uint_eq(list->n_resources, 1);
        ck_assert_str_eq(list->resources[0]->name, RESOURCE);
        ck_assert_int_eq(list->resources[0]->_numa_node_case, 0);
        ck_assert_uint_eq(list->n_numa_nodes, 1);
        ck_assert_uint_eq(list->numa_nodes[0]->numa_node, 2);
        ck_assert_uint_eq(list->numa_nodes[0]->free, 3);
        ck_assert_uint_eq(list->numa_nodes[0]->claimed, 1);
        ck_assert_uint_eq(list->numa_nodes[0]->remainder_bytes, GIB / 2);
        ck_assert_uint_eq(list->numa_nodes[0]->n_topology, 1);
        ck_assert_uint_eq(list->numa_nodes[0]->topology[0], 0);
        ck_assert_uint_eq(list->numa_nodes[0]->n_distances, 1);
        ck_assert_uint_eq(list->numa_nodes[0]->distances[0]->numa_node, 0);
        ck_assert_uint_eq(list->numa_nodes[0]->distances[0]->distance, 14);
        ck_assert_uint_eq(list->n_chunks, 4);
        ck_assert_str_eq(list->chunks[2]->id, "1gi-n2-0002");
        ck_assert_int_eq(list->chunks[2]->state, SLUG__V1__CHUNK_STATE__CHUNK_STATE_CLAIMED);
        ck_assert_str_eq(list->chunks[2]->pod_uid, grant.pod_uid);
        ck_assert_str_eq(list->chunks[3]->pod_uid, "");
        ck_assert_uint_eq(list->ledger_generation, ledger_get_generation(ledger));
}
END_TEST

START_TEST(what_only_the_plugin_needs_is_passed_on) {
        build();
        ck_assert_int_eq(list->topology_setting, SLUG__V1__CHUNK_TOPOLOGY__CHUNK_TOPOLOGY_AUTO);
        ck_assert_int_eq(list->topology, SLUG__V1__CHUNK_TOPOLOGY__CHUNK_TOPOLOGY_NEAREST);
        ck_assert_int_eq(list->preference, SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_NEAR);
        ck_assert_uint_eq(list->grace_ms, 90000);
        ck_assert(list->pre_start_container);
        ck_assert_str_eq(list->cdi_device, "sluglab.io/memory=remote");
}
END_TEST

START_TEST(a_resource_of_each_numa_node_says_which) {
        set((ChunksSettings){ .is_per_node = true });
        build();
        ck_assert_uint_eq(list->n_resources, 1);
        ck_assert_str_eq(list->resources[0]->name, RESOURCE "-numa2");
        ck_assert_uint_eq(list->resources[0]->numa_node, 2);
        ck_assert_uint_eq(list->chunks[0]->resource, 0);
        ck_assert_str_eq(list->chunks[0]->id, "1gi-numa2-0000");
}
END_TEST

START_TEST(what_nobody_knows_is_not_listed) {
        pods.problem = "nobody has looked at pods yet";
        build();
        ck_assert_int_eq(list->state, SLUG__V1__CHUNKS_STATE__CHUNKS_STATE_WAITING);
        ck_assert_msg(strstr(list->problem, pods.problem) != NULL, "%s", list->problem);
        ck_assert_uint_eq(list->n_chunks, 0);
        ck_assert_uint_eq(list->n_resources, 0);
        ck_assert_uint_eq(list->chunk_bytes, GIB);
}
END_TEST

START_TEST(an_answer_has_the_claim_with_its_bytes) {
        static const char *const ids[] = { "1gi-n2-0001", "1gi-n2-0003" };
        const ChunksGrant first = claim("1gi-n2-0003"), grant = allocate(ids, 2);
        Slug__V1__AllocateChunksResponse *answer;
        const LedgerClaim *made = ledger_find(ledger, grant.pod_uid, "");

        ck_assert_ptr_nonnull(made);
        ck_assert_str_ne(first.pod_uid, grant.pod_uid);
        ck_assert_int_eq(chunk_build_response(arena, made, &grant, &answer), 0);
        release(&grant); /* the answer may wait for longer than the claim is there */
        ck_assert_str_eq(answer->claim, "1gi-n2-0001");
        ck_assert_uint_eq(answer->split->remote->min_bytes, 2 * GIB);
        ck_assert_uint_eq(answer->n_numa_nodes, 1);
        ck_assert_uint_eq(answer->numa_nodes[0]->numa_node, 2);
        ck_assert_uint_eq(answer->numa_nodes[0]->bytes, 2 * GIB);
        ck_assert_uint_eq(answer->taken_over, 1);
}
END_TEST

START_TEST(an_arena_that_is_too_small_is_no_memory) {
        unsigned n_failures = 0;
        int r = -ENOMEM;

        for (size_t max = 64; r; max += 64) {
                _cleanup_(arena_freep) Arena *small = NULL;

                ck_assert_int_eq(arena_new(max, &small), 0);
                r = chunk_build_list(small, &chunks, &list);
                ck_assert(r == 0 || r == -ENOMEM);
                n_failures += r != 0;
        }
        ck_assert_uint_gt(n_failures, 5);
}
END_TEST

/* The condition */

static void
check_condition(Slug__V1__ConditionStatus status, const char *reason, const char *message) {
        const Condition condition = condition_tell_chunks(arena, &view);

        ck_assert_str_eq(condition.reason, reason);
        ck_assert_int_eq(condition.status, status);
        ck_assert_msg(strstr(condition.message, message) != NULL, "%s", condition.message);
}

#define GOOD    SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_TRUE
#define BAD     SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_FALSE
#define UNKNOWN SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_UNKNOWN

START_TEST(the_condition_tells_how_many_there_are_or_why_none) {
        check_condition(GOOD, "Advertised", "4 chunks of 1Gi of NUMA node 2");
        put(GIB, NULL);
        check_condition(GOOD, "SomeWithheld",
                        "4 chunks of 1Gi of NUMA node 2, less 1 whose memory other claims have");
        ck_assert_ptr_null(strstr(condition_tell_chunks(arena, &view).message, "offline"));
        amounts[1].poisoned_bytes = GIB;
        set((ChunksSettings){});
        check_condition(GOOD, "SomeWithheld", "and 1 whose memory is offline, poisoned or");
        pods.problem = "it is dark";
        check_condition(UNKNOWN, "Waiting", "it is dark");
        view.chunks = NULL;
        check_condition(UNKNOWN, "NotKept", "nobody says");
}
END_TEST

START_TEST(a_size_that_does_not_fit_is_told) {
        set((ChunksSettings){ .bytes = 8 * GIB });
        check_condition(BAD, "LessThanAChunk", "8Gi");
        amounts[1].allocatable_bytes = 1024 * GIB;
        set((ChunksSettings){ .bytes = 64 * MIB });
        check_condition(BAD, "TooMany", "128Mi");
        amounts[1].locality = topology_nodes[1].locality = LOCALITY_LOCAL;
        set((ChunksSettings){});
        check_condition(GOOD, "NoRemoteMemory", "no remote memory");
}
END_TEST

START_TEST(a_size_that_waits_is_told) {
        claim("1gi-n2-0000");
        set((ChunksSettings){ .bytes = 2 * GIB });
        check_condition(BAD, "HeldBack", "1Gi");
}
END_TEST

/* Findings */

static const Finding *find(const char *type) {
        static Findings findings;

        ck_assert_int_eq(findings_build(arena, &view, &findings), 0);
        for (size_t i = 0; i < findings.n_items; ++i)
                if (strcmp(findings.items[i].type, type) == 0)
                        return &findings.items[i];
        return NULL;
}

static void check_finding(const char *type, const char *message, const char *fix) {
        const Finding *finding = find(type);

        ck_assert_msg(finding != NULL, "%s", type);
        ck_assert_msg(strstr(finding->message, message) != NULL, "%s", finding->message);
        ck_assert_str_eq(finding->fix, fix);
}

START_TEST(sizes_have_the_line_that_mends_them) {
        ck_assert_ptr_null(find("ChunksTooMany"));
        ck_assert_ptr_null(find("ChunkTooLarge"));
        ck_assert_ptr_null(find("ChunksHeldBack"));
        set((ChunksSettings){ .bytes = 8 * GIB });
        check_finding("ChunkTooLarge", "8Gi", "slugd.yaml: chunks: {size: 4Gi}");
        amounts[1].allocatable_bytes = 1024 * GIB;
        set((ChunksSettings){ .bytes = 64 * MIB });
        check_finding("ChunksTooMany", "64Mi", "slugd.yaml: chunks: {size: 128Mi}");
        amounts[1].allocatable_bytes = CHUNK_BYTES_MAX * (CHUNK_LIST_MAX + 1);
        set((ChunksSettings){});
        check_finding("ChunksTooMany", "classify",
                      "slugd.yaml: classify: [{numaNode: 2, locality: excluded}]");
        amounts[1].allocatable_bytes = 32 * MIB;
        set((ChunksSettings){});
        ck_assert_ptr_null(find("ChunkTooLarge")); /* there is no size for so little */
}
END_TEST

START_TEST(a_size_that_waits_wants_a_drain) {
        claim("1gi-n2-0000");
        set((ChunksSettings){ .bytes = 2 * GIB });
        check_finding("ChunksHeldBack", "2Gi", "kubectl drain worker --ignore-daemonsets");
        pods.problem = "it is dark";
        ck_assert_ptr_null(find("ChunksHeldBack"));
}
END_TEST

START_TEST(an_invalid_claim_of_chunks_is_found) {
        ck_assert_ptr_null(find("ChunksInvalid"));
        put(GIB, "1gi-n2-0000");
        check_finding("ChunksInvalid",
                      "pod 'default/db', container 'app': its chunks are 1Gi and its memory limit",
                      "manifest of pod 'default/db', container 'app': resources: {limits: "
                      "{memory: 1Gi}}");
}
END_TEST

START_TEST(chunks_whose_memory_is_gone_are_found) {
        claim("1gi-n2-0000");
        claim("1gi-n2-0003");
        ck_assert_ptr_null(find("ChunkMemoryLost"));
        amounts[1].allocatable_bytes = GIB;
        set((ChunksSettings){});
        check_finding("ChunkMemoryLost",
                      "containers hold 2 chunks of NUMA node 2, and 1Gi of their memory is",
                      "kubectl drain worker --ignore-daemonsets");
        amounts[1].locality = topology_nodes[1].locality = LOCALITY_EXCLUDED;
        set((ChunksSettings){});
        check_finding("ChunkMemoryLost", "and 2Gi of their memory is",
                      "kubectl drain worker --ignore-daemonsets");
}
END_TEST

/* What is reported of a static pod's container, which asks for two chunks. */
static ReportRequested requested = { .resource = RESOURCE, .n = 2 };
static ReportChunk reported_chunk = { .id = "1gi-n2-0000", .bytes = GIB };
static ReportContainer container;
static ReportPod pod;
static PodsReport report;
static Inventory inventory;

static void make_report(void) {
        container = (ReportContainer){ .name = "app",
                                       .id = "c1",
                                       .cgroup = "",
                                       .state = REPORT_RUNNING,
                                       .requested = &requested,
                                       .n_requested = 1 };
        pod = (ReportPod){ .uid = "uid",
                           .namespace_name = "default",
                           .name = "db",
                           .is_static = true,
                           .containers = &container,
                           .n_containers = 1 };
        report = (PodsReport){ .is_settled = true, .pods = &pod, .n_pods = 1 };
        inventory = (Inventory){ .report = &report };
        pods.inventory = &inventory;
        view.pods = &pods;
}

START_TEST(a_pod_that_runs_without_its_chunks_is_found) {
        make_report();
        check_finding("PodWithoutChunks",
                      "pod 'default/db', container 'app' asks for 2 of " RESOURCE
                      " and runs without any: the kubelet admits",
                      "move the manifest of static pod 'db' out of the kubelet's staticPodPath, "
                      "and back");
        pod.is_static = false;
        requested.resource = "sluglab.io/remote-memory-2gi";
        check_finding("PodWithoutChunks", "this node has no such resource",
                      "kubectl delete pod -n default db");
        requested.resource = RESOURCE;
}
END_TEST

/* As after a boot: what is left of it is the sandbox of before. */
START_TEST(a_static_pod_that_was_refused_is_found) {
        make_report();
        container.state = REPORT_EXITED;
        pod.sandbox = REPORT_SANDBOX_NOT_READY;
        check_finding("PodWithoutChunks",
                      "pod 'default/db', container 'app' asks for 2 of " RESOURCE
                      " and does not run: the kubelet refuses",
                      "move the manifest of static pod 'db' out of the kubelet's staticPodPath, "
                      "and back");
        pod.sandbox = REPORT_SANDBOX_READY; /* it ended, and is started again */
        ck_assert_ptr_null(find("PodWithoutChunks"));
        pod.sandbox = REPORT_SANDBOX_NOT_READY;
        pod.is_static = false; /* somebody makes another one */
        ck_assert_ptr_null(find("PodWithoutChunks"));
}
END_TEST

START_TEST(who_has_chunks_or_may_get_them_is_not_found) {
        make_report();
        report.is_settled = false;
        ck_assert_ptr_null(find("PodWithoutChunks"));
        make_report();
        container.state = REPORT_NOT_STARTED;
        ck_assert_ptr_null(find("PodWithoutChunks"));
        make_report();
        container.n_requested = 0;
        ck_assert_ptr_null(find("PodWithoutChunks"));
        make_report();
        container.chunks = &reported_chunk;
        container.n_chunks = 1;
        ck_assert_ptr_null(find("PodWithoutChunks"));
        make_report();
        put(GIB, "1gi-n2-0000"); /* of pod "uid", container "app" */
        ck_assert_ptr_null(find("PodWithoutChunks"));
}
END_TEST

/* Of a manifest whose pod the kubelet has refused. */
START_TEST(a_static_pod_that_is_not_there_is_found) {
        ReportRequested asked[] = { { .resource = RESOURCE, .n = 4 },
                                    { .resource = "sluglab.io/remote-memory-2gi", .n = 1 } };
        ReportMissing missing = { .namespace_name = "default",
                                  .name = "db",
                                  .file = "/m/db.yaml",
                                  .requested = asked,
                                  .n_requested = 1 };

        make_report();
        report.n_pods = 0;
        ck_assert_ptr_null(find("StaticPodMissing"));
        report.missing = &missing;
        report.n_missing = 1;
        check_finding("StaticPodMissing",
                      "the manifest of static pod 'default/db' asks for 4 of " RESOURCE
                      ", and the kubelet has no such pod: it refuses",
                      "move /m/db.yaml out of the kubelet's staticPodPath, and back");
        missing.n_requested = 2;
        check_finding("StaticPodMissing",
                      "asks for 4 of " RESOURCE " and 1 of sluglab.io/remote-memory-2gi, and the "
                      "kubelet has no such pod: this node has no such resource",
                      "/m/db.yaml: resources without sluglab.io/remote-memory-2gi");
        report.is_settled = false;
        ck_assert_ptr_null(find("StaticPodMissing"));
}
END_TEST

/* Metrics */

static bool has_metric(const char *line) {
        Buffer buffer = {};
        bool has_it;

        chunk_metrics_write(&chunks, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        has_it = strstr(buffer.data, line) != NULL;
        buffer_deinit(&buffer);
        return has_it;
}

START_TEST(metrics_count_by_numa_node_and_state) {
        claim("1gi-n2-0000");
        put(GIB, NULL);
        ck_assert(has_metric("slug_chunks{numa_node=\"2\",state=\"free\"} 2\n"));
        ck_assert(has_metric("slug_chunks{numa_node=\"2\",state=\"claimed\"} 1\n"));
        ck_assert(has_metric("slug_chunks{numa_node=\"2\",state=\"short\"} 1\n"));
        ck_assert(has_metric("slug_chunks{numa_node=\"2\",state=\"offline\"} 0\n"));
        ck_assert(has_metric("slug_chunk_size_bytes 1073741824\n"));
        ck_assert(has_metric("slug_chunk_remainder_bytes{numa_node=\"2\"} 536870912\n"));
        pods.problem = "it is dark";
        ck_assert(!has_metric("slug_chunks{"));
        ck_assert(has_metric("slug_chunk_size_bytes 1073741824\n"));
}
END_TEST

/* The journal */

static bool announce(ChunksSaid *said) {
        const ChunksSaid before = *said;

        chunks_announce(chunks_view_get(&chunks), &chunks.params.settings, said);
        return memcmp(&before, said, sizeof(before)) != 0;
}

START_TEST(the_journal_is_told_once) {
        ChunksSaid said = {};

        ck_assert(announce(&said));
        ck_assert(!announce(&said));
        claim("1gi-n2-0000"); /* who has what is told elsewhere */
        ck_assert(!announce(&said));
        set((ChunksSettings){ .bytes = 2 * GIB });
        ck_assert(announce(&said));
        ck_assert(!announce(&said));
        set((ChunksSettings){});
        ck_assert(announce(&said));
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("chunk-service");
        TCase *t = tcase_create("chunk-service");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, a_list_is_made_again_only_when_something_is_different);
        tcase_add_test(t, a_list_has_no_claim_that_is_gone);
        tcase_add_test(t, without_a_snapshot_there_is_no_list);
        tcase_add_test(t, the_list_has_all_that_the_kubelet_is_to_be_told);
        tcase_add_test(t, what_only_the_plugin_needs_is_passed_on);
        tcase_add_test(t, a_resource_of_each_numa_node_says_which);
        tcase_add_test(t, what_nobody_knows_is_not_listed);
        tcase_add_test(t, an_answer_has_the_claim_with_its_bytes);
        tcase_add_test(t, an_arena_that_is_too_small_is_no_memory);
        tcase_add_test(t, the_condition_tells_how_many_there_are_or_why_none);
        tcase_add_test(t, a_size_that_does_not_fit_is_told);
        tcase_add_test(t, a_size_that_waits_is_told);
        tcase_add_test(t, sizes_have_the_line_that_mends_them);
        tcase_add_test(t, a_size_that_waits_wants_a_drain);
        tcase_add_test(t, an_invalid_claim_of_chunks_is_found);
        tcase_add_test(t, chunks_whose_memory_is_gone_are_found);
        tcase_add_test(t, a_pod_that_runs_without_its_chunks_is_found);
        tcase_add_test(t, a_static_pod_that_was_refused_is_found);
        tcase_add_test(t, who_has_chunks_or_may_get_them_is_not_found);
        tcase_add_test(t, a_static_pod_that_is_not_there_is_found);
        tcase_add_test(t, metrics_count_by_numa_node_and_state);
        tcase_add_test(t, the_journal_is_told_once);
        suite_add_tcase(s, t);
        return s;
}
