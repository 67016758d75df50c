/* SPDX-License-Identifier: Apache-2.0 */
/* From view to message: conditions, amounts, and an arena that is too small. */
#include <string.h>

#include "base/arena.h"
#include "lib/folder.h"
#include "lib/test-main.h"
#include "service/messages.h"

#define NODE "sys/devices/system/node/"

static Folder folder;
static Root root = ROOT_NULL;
static Topology *topology;
static Capacity *capacity;
static HintsMachine *hints;
static ChunksView chunks;
static CapacityParams params;
static NodeView view;
static Arena *arena;
static Slug__V1__DescribeNodeResponse *description;
static Ledger *ledger;
static Journal *journal;
static PodsTree tree;
static PodsReport report;
static LedgerRoomRow counted[3]; /* by the kubelet */
static Inventory inventory;
static PodsView pods;
static QosPlan plan; /* of a slugd that was told to set no limit */
static QosView qos;
static EnforceView enforce; /* nobody was promised a split */

/* A disk that has nothing to do: the journal is healthy as long as nobody claims. */
static int refuse_append(void *disk _unused_,
                         uint64_t offset _unused_,
                         const void *data _unused_,
                         size_t n_data _unused_,
                         JournalDiskDone done _unused_,
                         void *userdata _unused_) {
        return -ENOSPC;
}

static int refuse_replace(void *disk _unused_,
                          const void *data _unused_,
                          size_t n_data _unused_,
                          JournalDiskDone done _unused_,
                          void *userdata _unused_) {
        return -ENOSPC;
}

static void never_retry(void *disk _unused_, uint64_t usec _unused_) {
}

static void make_ledger(bool has_disk) {
        const JournalDisk disk = { .append = refuse_append,
                                   .replace = refuse_replace,
                                   .retry_after = never_retry };

        journal = journal_free(journal);
        ledger = ledger_free(ledger);
        ck_assert_int_eq(ledger_new(&ledger), 0);
        ck_assert_int_eq(
                journal_new(&(const JournalParams){ .ledger = ledger,
                                                    .disk = has_disk ? disk : (JournalDisk){},
                                                    .head.version = RECORD_VERSION },
                            &journal),
                0);
        view.ledger = ledger;
        view.journal = journal;
}

/* A node without pods, of which all has been said. */
static void make_pods(void) {
        tree = (PodsTree){ .is_complete = true };
        /* what is reserved is in proportion to what is free of huge pages: 100 MiB by pages */
        counted[0] = (LedgerRoomRow){ 0, 0, 896 * MIB - 11947 * UINT64_C(4096) };
        counted[1] = (LedgerRoomRow){ 0, 2 * MIB, 128 * MIB };
        counted[2] = (LedgerRoomRow){ 1, 0, GIB - 13653 * UINT64_C(4096) };
        report = (PodsReport){ .is_settled = true,
                               .usec = clock_now_usec(&clock_monotonic),
                               .allocatable = counted,
                               .n_allocatable = ELEMENTSOF(counted),
                               .knows_allocatable = true };
        inventory = (Inventory){ .tree = &tree, .report = &report };
        pods = (PodsView){ .inventory = &inventory, .problem = "", .clock = clock_monotonic };
        view.pods = &pods;
}

/* So many bytes of NUMA node 1, or of its huge pages of 2 MiB. Without a container: observed. */
static void claim(const char *container, uint64_t page_bytes, uint64_t bytes) {
        const LedgerPart part = { .node = 1, .bytes = bytes };
        const LedgerBlock block = { .nodes = { .words = { 2 } },
                                    .page_bytes = page_bytes,
                                    .bytes = bytes,
                                    .parts = &part,
                                    .n_parts = 1 };
        LedgerChange change = {};
        LedgerClaim *made;

        LedgerClaim from = { .pod_uid = "uid",
                             .container = container,
                             .namespace_name = "",
                             .pod = "",
                             .container_id = "",
                             .reason = "",
                             .blocks = &block,
                             .n_blocks = 1 };

        if (container[0] == '\0') {
                from.state = CLAIM_OBSERVED;
                from.source = CLAIM_SOURCE_OBSERVED;
        }
        ck_assert_int_eq(ledger_claim_new(&from, &made), 0);
        ck_assert_int_eq(ledger_change_put(&change, made), 0);
        ck_assert_int_eq(ledger_apply(ledger, &change, NULL, NULL, NULL), 0);
}

static void setup(void) {
        folder = folder_new();
        folder_write(&folder, NODE "online", "0-1\n");
        folder_write(&folder, NODE "node0/meminfo", "Node 0 MemTotal: 1048576 kB\n");
        folder_write(&folder, NODE "node0/cpulist", "0-3\n");
        folder_write(&folder, NODE "node0/distance", "10 20\n");
        folder_write(&folder, NODE "node0/hugepages/hugepages-2048kB/nr_hugepages", "64\n");
        folder_write(&folder, NODE "node1/meminfo", "Node 1 MemTotal: 1048576 kB\n");
        folder_write(&folder, NODE "node1/cpulist", "4-7\n");
        folder_write(&folder, NODE "node1/distance", "20 10\n");
        folder_write(&folder, NODE "node1/access1/initiators/read_latency", "90\n");
        folder_write(&folder, NODE "node1/memory_failure/total", "0\n");
        folder_write(&folder, "proc/meminfo", "MemTotal: 2097152 kB\n");
        folder_write(&folder, "sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_eq(arena_new(1 << 20, &arena), 0);
        params = (CapacityParams){ .eviction = { .bytes = 100 * MIB },
                                   .enforces_pods = true,
                                   .page_bytes = 4096 };
        view = (NodeView){
                .reload_problem = "",
                .page_bytes = 4096,
                .kubelet_pid = 42,
                .kubelet_seen_bytes = opt_u64(2 * GIB),
                .name = "worker",
                .root = "/",
                .system_reserved = { .setting = "", .source = "kubelet default" },
                .kube_reserved = { .setting = "", .source = "kubelet default" },
                .eviction = { .setting = "100Mi", .source = "kubelet default" },
                .placement_source = "slugd default",
                .kubelet_file = "/var/lib/kubelet/config.yaml",
                .kubelet_problem = "",
                .has_kubepods_cgroup = true,
                .ledger_problem = "",
        };
        qos = (QosView){ .plan = &plan, .problem = "" };
        view.qos = &qos;
        view.enforce = &enforce;
        make_ledger(true);
        make_pods();
}

static void teardown(void) {
        journal = journal_free(journal);
        chunks_view_deinit(&chunks);
        hints = hints_machine_free(hints);
        ledger = ledger_free(ledger);
        arena = arena_free(arena);
        capacity = capacity_free(capacity);
        topology = topology_unref(topology);
        root_deinit(&root);
        folder_remove(&folder);
}

static void build_state(void) {
        SysfsMachine *machine;

        ck_assert_int_eq(sysfs_read(&root, &machine), 0);
        ck_assert_int_eq(topology_build(machine, NULL, 0, 7, &topology), 0);
        ck_assert_int_eq(capacity_build(topology, &params, &capacity), 0);
        ck_assert_int_eq(hints_machine_new(topology, capacity, &hints), 0);
        chunks = (ChunksView){ .pods = &pods };
        chunks_view_set(&chunks,
                        &(const ChunksParams){ .topology = topology,
                                               .capacity = capacity,
                                               .machine = hints,
                                               .ledger = ledger,
                                               .settings.bytes = GIB },
                        &(const ChunkAdvice){ .cdi_device = "" });
        view.topology = topology;
        view.capacity = capacity;
        view.chunks = &chunks;
}

static void describe(void) {
        build_state();
        ck_assert_int_eq(message_build_description(arena, &view, &description), 0);
}

static const Slug__V1__Condition *find_condition(const char *type) {
        for (size_t i = 0; i < description->n_conditions; ++i)
                if (strcmp(description->conditions[i]->type, type) == 0)
                        return description->conditions[i];
        ck_abort_msg("no condition %s", type);
        return NULL;
}

static void
check_condition(const char *type, bool is_good, const char *reason, const char *message) {
        const Slug__V1__Condition *condition = find_condition(type);

        ck_assert_msg((condition->status == SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_TRUE) ==
                              is_good,
                      "%s: %s", type, condition->message);
        ck_assert_str_eq(condition->reason, reason);
        ck_assert_msg(strstr(condition->message, message) != NULL, "%s: %s", type,
                      condition->message);
}

static const Slug__V1__AllocatedResource *find_resource(const char *name) {
        for (size_t i = 0; i < description->n_allocated_resources; ++i)
                if (strcmp(description->allocated_resources[i]->resource, name) == 0)
                        return description->allocated_resources[i];
        ck_abort_msg("no resource %s", name);
        return NULL;
}

START_TEST(a_ledger_that_nobody_keeps_is_told) {
        make_ledger(false);
        view.ledger_problem = "there is no folder /var/lib/slug";
        describe();
        check_condition("LedgerDurable", false, "Volatile", "there is no folder /var/lib/slug");
        check_condition("ClaimsCovered", true, "Covered", "no NUMA node");
}
END_TEST

START_TEST(claims_beyond_the_memory_are_told) {
        claim("db", 0, 3 * GIB);
        describe();
        check_condition("ClaimsCovered", false, "Overcommitted", "NUMA nodes 1 are 2.0");
}
END_TEST

START_TEST(what_pods_hold_beyond_the_memory_breaks_no_promise) {
        claim("db", 0, GIB / 4);
        claim("", 0, 3 * GIB);
        describe();
        check_condition("ClaimsCovered", true, "ObservedBeyond", "NUMA nodes 1 have 2.");
        ck_assert_uint_eq(description->numa_nodes[1]->amounts->claimed_bytes, 3 * GIB + GIB / 4);
        ck_assert_uint_eq(description->numa_nodes[1]->amounts->observed_bytes, 3 * GIB);
        ck_assert_uint_eq(description->numa_nodes[0]->amounts->observed_bytes, 0);
        ck_assert_uint_eq(find_resource("memory")->requested_bytes, 3 * GIB + GIB / 4);
        ck_assert_uint_eq(find_resource("memory")->limit_bytes, GIB / 4);
}
END_TEST

START_TEST(a_broken_promise_is_told_whatever_is_observed) {
        claim("db", 0, 3 * GIB);
        claim("", 0, GIB);
        describe();
        check_condition("ClaimsCovered", false, "Overcommitted", "NUMA nodes 1 are 2.0");
}
END_TEST

START_TEST(a_disk_that_cannot_be_written_is_told) {
        LedgerChange change = {};

        ck_assert_int_eq(ledger_change_drop(&change, "uid", "db"), 0);
        ck_assert_int_eq(journal_apply(journal, &change, NULL, false, NULL, NULL, NULL), 0);
        journal_dispatch(journal);
        describe();
        check_condition("LedgerDurable", false, "WriteFailed", "No space left");
}
END_TEST

START_TEST(claims_are_counted_by_numa_node_and_resource) {
        claim("db", 0, GIB / 2);
        claim("cache", 2 * MIB, 4 * MIB);
        describe();
        ck_assert_uint_eq(description->claim_count, 2);
        ck_assert_uint_eq(description->numa_nodes[0]->amounts->claimed_bytes, 0);
        ck_assert_uint_eq(description->numa_nodes[1]->amounts->claimed_bytes, GIB / 2);
        ck_assert_uint_eq(find_resource("memory")->requested_bytes, GIB / 2);
        ck_assert_uint_eq(find_resource("memory")->limit_bytes, GIB / 2);
        ck_assert_uint_eq(find_resource("memory (local)")->requested_bytes, GIB / 2);
        ck_assert_uint_eq(find_resource("memory (remote)")->requested_bytes, 0);
        ck_assert_uint_eq(find_resource("memory")->allocatable_bytes,
                          capacity->allocatable.local_bytes);
        ck_assert_uint_eq(find_resource("hugepages-2Mi")->requested_bytes, 4 * MIB);
        ck_assert_uint_eq(find_resource("hugepages-2Mi")->allocatable_bytes, 64 * 2 * MIB);
}
END_TEST

START_TEST(a_healthy_node_has_only_true_conditions) {
        describe();
        ck_assert_uint_eq(description->n_conditions, 17);
        for (size_t i = 0; i < description->n_conditions; ++i)
                ck_assert_msg(description->conditions[i]->status ==
                                      SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_TRUE,
                              "%s: %s", description->conditions[i]->type,
                              description->conditions[i]->message);
}
END_TEST

START_TEST(what_the_kubelet_saw_is_held_against_what_there_is) {
        view.kubelet_seen_bytes = opt_u64(GIB);
        describe();
        check_condition("KubeletMemoryCurrent", false, "MemoryChanged",
                        "saw 1073741824 bytes when it started, the machine has 2147483648 now");
}
END_TEST

START_TEST(the_kubelets_own_limit_tells_what_it_saw) {
        view.kubelet_seen_bytes = (OptU64){};
        folder_write(&folder, "sys/fs/cgroup/kubepods.slice/memory.max", "1073741824\n");
        describe();
        check_condition("KubeletMemoryCurrent", false, "LimitOutdated",
                        "memory.max of the cgroup kubepods.slice is 1073741824");
}
END_TEST

START_TEST(a_limit_is_what_the_kernel_made_of_it) {
        view.kubelet_seen_bytes = (OptU64){};
        params.system_reserved_bytes = 1000;
        folder_write(&folder, "sys/fs/cgroup/kubepods/memory.max", "2147479552\n");
        describe();
        check_condition("KubeletMemoryCurrent", true, "Current", "has seen");
}
END_TEST

START_TEST(without_a_witness_it_is_unknown) {
        view.kubelet_seen_bytes = (OptU64){};
        describe();
        check_condition("KubeletMemoryCurrent", false, "NotSeen", "was running before");
        ck_assert_int_eq(find_condition("KubeletMemoryCurrent")->status,
                         SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_UNKNOWN);
}
END_TEST

START_TEST(amounts_come_in_total_and_by_numa_node) {
        describe();
        ck_assert_uint_eq(description->generation, 7);
        ck_assert_str_eq(description->name, "worker");
        ck_assert_uint_eq(description->capacity->total_bytes, 2 * GIB);
        ck_assert_uint_eq(description->capacity->local_bytes, 2 * GIB);
        ck_assert_uint_eq(description->capacity->n_hugepages, 1);
        ck_assert_uint_eq(description->allocatable->total_bytes, 2 * GIB - 228 * MIB);
        ck_assert_uint_eq(description->kubepods_memory_max_bytes, 2 * GIB);
        ck_assert_uint_eq(description->reserved->n_parts, 3);
        ck_assert_str_eq(description->reserved->parts[2]->name, "hard-eviction");
        ck_assert_uint_eq(description->reserved->parts[2]->bytes, 100 * MIB);
        ck_assert_uint_eq(description->n_numa_nodes, 2);
        ck_assert_uint_eq(description->numa_nodes[0]->amounts->hugepages_bytes, 128 * MIB);
        ck_assert_uint_eq(description->numa_nodes[1]->numa_node->n_access, 1);
        ck_assert_uint_eq(description->numa_nodes[1]->numa_node->access[0]->access_class, 1);
        ck_assert_uint_eq(description->numa_nodes[1]->numa_node->access[0]->read_latency_ns, 90);
}
END_TEST

START_TEST(without_a_kubepods_cgroup_there_is_no_limit_of_it) {
        view.has_kubepods_cgroup = false;
        describe();
        ck_assert_int_eq(description->_kubepods_memory_max_bytes_case, 0);
}
END_TEST

START_TEST(an_optional_field_is_set_even_to_zero) {
        describe();
        ck_assert_ptr_null(description->numa_nodes[0]->numa_node->memory_failures);
        ck_assert_ptr_nonnull(description->numa_nodes[1]->numa_node->memory_failures);
        ck_assert_int_ne(description->numa_nodes[1]->numa_node->memory_failures->_total_case, 0);
        ck_assert_int_eq(description->numa_nodes[1]->numa_node->memory_failures->_failed_case, 0);
}
END_TEST

START_TEST(a_missing_kubelet_file_is_not_found) {
        view.kubelet_problem = "no KubeletConfiguration at /x";
        view.is_kubelet_file_missing = true;
        describe();
        check_condition("KubeletConfigurationRead", false, "NotFound", "kubelet.configFile");
}
END_TEST

START_TEST(a_bad_kubelet_file_is_invalid) {
        view.kubelet_problem = "/x:3:1: no";
        describe();
        check_condition("KubeletConfigurationRead", false, "Invalid", "/x:3:1: no");
}
END_TEST

START_TEST(an_ignored_file_makes_the_topology_incomplete) {
        folder_write(&folder, NODE "node1/distance", "far\n");
        describe();
        check_condition("TopologyComplete", false, "FilesIgnored", "1 file could not be used");
        ck_assert_uint_eq(description->n_diagnostics, 1);
        ck_assert_str_eq(description->diagnostics[0]->source,
                         "/sys/devices/system/node/node1/distance");
}
END_TEST

START_TEST(memory_without_evidence_is_named) {
        folder_write(&folder, NODE "node1/cpulist", "\n");
        describe();
        check_condition("MemoryClassified", false, "NoEvidence", "NUMA node 1 is excluded");
}
END_TEST

START_TEST(a_node_with_no_local_memory_says_so) {
        folder_write(&folder, NODE "node0/meminfo", "Node 0 MemTotal: 0 kB\n");
        folder_write(&folder, NODE "node1/meminfo", "Node 1 MemTotal: 0 kB\n");
        folder_delete(&folder, NODE "node0/hugepages");
        describe();
        check_condition("MemoryClassified", false, "NoLocalMemory", "no NUMA node counts as local");
        check_condition("CapacityConsistent", false, "SumDiffers", "the NUMA nodes together 0");
}
END_TEST

START_TEST(hugepages_above_memory_are_told) {
        folder_write(&folder, NODE "node0/hugepages/hugepages-2048kB/nr_hugepages", "600\n");
        describe();
        check_condition("CapacityConsistent", false, "HugepagesExceedMemory", "counted up to it");
}
END_TEST

START_TEST(a_sum_that_the_kubelet_will_refuse_is_told_with_both_sums) {
        static const ReservedMemory reserved = { .node = 0, .bytes = 50 * MIB };

        params.reserved_memory = &reserved;
        params.n_reserved_memory = 1;
        view.is_static_memory_policy = true;
        describe();
        check_condition("ReservationPlaced", false, "ReservedMemorySum",
                        "adds up to 52428800 bytes, system-reserved, kube-reserved and hard "
                        "eviction to 104857600; with the Static memory manager");
}
END_TEST

START_TEST(an_overreserved_node_says_so) {
        params.system_reserved_bytes = 3 * GIB;
        describe();
        check_condition("ReservationPlaced", false, "Overreserved", "the kubelet does not start");
}
END_TEST

START_TEST(reserved_memory_of_a_missing_numa_node_is_told) {
        static const ReservedMemory reserved = { .node = 5, .bytes = 100 * MIB };

        params.reserved_memory = &reserved;
        params.n_reserved_memory = 1;
        describe();
        check_condition("ReservationPlaced", false, "NumaNodeMissing", "is not there");
}
END_TEST

START_TEST(without_cgroup_v2_limits_are_not_enforceable) {
        folder_delete(&folder, "sys/fs/cgroup/cgroup.controllers");
        describe();
        check_condition("LimitsEnforceable", false, "NoCgroupV2", "no cgroup is mounted");
}
END_TEST

START_TEST(without_the_memory_controller_limits_are_not_enforceable) {
        folder_write(&folder, "sys/fs/cgroup/cgroup.controllers", "cpu io\n");
        describe();
        check_condition("LimitsEnforceable", false, "NoMemoryController", "no memory controller");
}
END_TEST

START_TEST(unused_memory_is_summed_up) {
        folder_write(&folder, "sys/devices/system/memory/block_size_bytes", "8000000\n");
        folder_write(&folder, "sys/devices/system/memory/memory40/state", "offline\n");
        describe();
        check_condition("MemoryInUse", false, "UnusedMemory", "128.00 MiB exist");
        ck_assert_uint_eq(description->n_unused_memory, 1);
}
END_TEST

START_TEST(an_arena_that_is_too_small_is_no_memory) {
        Slug__V1__Topology *message;
        int r;

        build_state();
        for (size_t max = 0;; max += 16) {
                arena = arena_free(arena);
                ck_assert_int_eq(arena_new(max ? max : 1, &arena), 0);
                r = message_build_description(arena, &view, &description);
                if (r == 0)
                        break;
                ck_assert_int_eq(r, -ENOMEM);
        }
        for (size_t max = 0;; max += 16) {
                arena = arena_free(arena);
                ck_assert_int_eq(arena_new(max ? max : 1, &arena), 0);
                r = message_build_topology(arena, topology, &message);
                if (r == 0)
                        break;
                ck_assert_int_eq(r, -ENOMEM);
        }
        ck_assert_uint_eq(message->n_numa_nodes, 2);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("service");
        TCase *t = tcase_create("describe");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, a_healthy_node_has_only_true_conditions);
        tcase_add_test(t, a_ledger_that_nobody_keeps_is_told);
        tcase_add_test(t, claims_beyond_the_memory_are_told);
        tcase_add_test(t, what_pods_hold_beyond_the_memory_breaks_no_promise);
        tcase_add_test(t, a_broken_promise_is_told_whatever_is_observed);
        tcase_add_test(t, a_disk_that_cannot_be_written_is_told);
        tcase_add_test(t, claims_are_counted_by_numa_node_and_resource);
        tcase_add_test(t, what_the_kubelet_saw_is_held_against_what_there_is);
        tcase_add_test(t, the_kubelets_own_limit_tells_what_it_saw);
        tcase_add_test(t, a_limit_is_what_the_kernel_made_of_it);
        tcase_add_test(t, without_a_witness_it_is_unknown);
        tcase_add_test(t, amounts_come_in_total_and_by_numa_node);
        tcase_add_test(t, without_a_kubepods_cgroup_there_is_no_limit_of_it);
        tcase_add_test(t, an_optional_field_is_set_even_to_zero);
        tcase_add_test(t, a_missing_kubelet_file_is_not_found);
        tcase_add_test(t, a_bad_kubelet_file_is_invalid);
        tcase_add_test(t, an_ignored_file_makes_the_topology_incomplete);
        tcase_add_test(t, memory_without_evidence_is_named);
        tcase_add_test(t, a_node_with_no_local_memory_says_so);
        tcase_add_test(t, hugepages_above_memory_are_told);
        tcase_add_test(t, a_sum_that_the_kubelet_will_refuse_is_told_with_both_sums);
        tcase_add_test(t, an_overreserved_node_says_so);
        tcase_add_test(t, reserved_memory_of_a_missing_numa_node_is_told);
        tcase_add_test(t, without_cgroup_v2_limits_are_not_enforceable);
        tcase_add_test(t, without_the_memory_controller_limits_are_not_enforceable);
        tcase_add_test(t, unused_memory_is_summed_up);
        tcase_add_test(t, an_arena_that_is_too_small_is_no_memory);
        suite_add_tcase(s, t);
        return s;
}
