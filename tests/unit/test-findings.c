/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings, type by type: a view in which it is found, what its line says, and what has to be
 * different so that it is not. The machine is made of rows and not of files.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/test-main.h"
#include "service/findings.h"

static SysfsNode nodes[12];
static SysfsDax dax;
static SysfsMachine machine;
static TopologyNode topology_nodes[12];
static Topology topology;
static CapacityNode amounts[12];
static Capacity capacity;
static ReservedMemory reserved[3];
static QosParams params;
static QosPlan plan;
static QosPlaces places;
static QosKnob knobs[QOS_ROWS_MAX];
static QosView qos;
static NodeConfigEntry settings[3];
static NodeView view;
static Arena *arena;
static Findings findings;

static void add_node(unsigned id, Locality locality, bool has_cpus, unsigned tier) {
        const size_t i = topology.n_nodes;

        nodes[i] = (SysfsNode){ .id = id };
        topology_nodes[i] = (TopologyNode){ .id = id,
                                            .kind = has_cpus ? MEMORY_KIND_DRAM : MEMORY_KIND_CXL,
                                            .locality = locality,
                                            .capacity_bytes = 8 * GIB,
                                            .is_capacity_known = true,
                                            .has_cpus = has_cpus,
                                            .tier = opt_u64(tier),
                                            .n_online_blocks = 64,
                                            .n_movable_blocks = has_cpus ? 0 : 64 };
        amounts[i] = (CapacityNode){ .id = id,
                                     .locality = locality,
                                     .capacity_bytes = 8 * GIB,
                                     .allocatable_bytes = 8 * GIB };
        topology.n_nodes = machine.n_nodes = capacity.n_nodes = i + 1;
}

/* Two NUMA nodes with CPUs, one of CXL in a slower tier; a kubelet with its defaults that was told
 * how much to reserve, and nothing for slugd to manage. Nothing is at odds. */
static void setup(void) {
        machine = (SysfsMachine){ .nodes = nodes, .daxes = &dax };
        topology = (Topology){ .machine = &machine, .nodes = topology_nodes };
        capacity = (Capacity){ .nodes = amounts, .reservation_bytes = 2 * GIB };
        add_node(0, LOCALITY_LOCAL, true, 4);
        add_node(1, LOCALITY_LOCAL, true, 4);
        add_node(2, LOCALITY_REMOTE, false, 22);
        capacity.total_bytes = 24 * GIB;
        capacity.kubepods_bytes = 23 * GIB;
        amounts[0].reserved_bytes = 2 * GIB;
        amounts[0].allocatable_bytes = 6 * GIB;
        (void)snprintf(machine.host.kernel_version, sizeof(machine.host.kernel_version),
                       "6.12.41-amd64");
        (void)snprintf(machine.host.cgroup_version, sizeof(machine.host.cgroup_version), "v2");
        dax = (SysfsDax){ .name = "dax0.0", .driver = "kmem", .target_node = opt_u64(2) };
        machine.n_daxes = 1;
        params = (QosParams){ .kubelet.memory_qos = QOS_GATE_OFF };
        plan = (QosPlan){};
        places = (QosPlaces){};
        memset(knobs, 0, sizeof(knobs));
        qos = (QosView){ .plan = &plan, .places = &places, .knobs = knobs, .problem = "" };
        settings[0] = (NodeConfigEntry){ "qos.manage", "", "/etc/slug/slugd.yaml:3" };
        settings[1] = (NodeConfigEntry){ "kubelet.reservedMemory[0]", "", "kubelet default" };
        settings[2] = (NodeConfigEntry){ "kubelet.topologyManagerPolicyOptions.max-allowable-numa-"
                                         "nodes",
                                         "", "kubelet flag --topology-manager-policy-options" };
        view = (NodeView){
                .topology = &topology,
                .capacity = &capacity,
                .qos = &qos,
                .qos_params = &params,
                .settings = settings,
                .n_settings = ELEMENTSOF(settings),
                .kubelet_file = "/k.yaml",
                .kubelet_problem = "",
                .kubelet_pid = 7,
                .kubelet = { .topology_policy = "none",
                             .cpu_policy = "none",
                             .fails_on_swap = true,
                             .swap_behavior = "",
                             .system_reserved_cgroup = "",
                             .kube_reserved_cgroup = "" },
        };
        ck_assert_int_eq(arena_new(1 << 20, &arena), 0);
}

static void teardown(void) {
        arena = arena_free(arena);
}

static void look(void) {
        ck_assert_int_eq(findings_build(arena, &view, &findings), 0);
}

static const Finding *find(const char *type) {
        look();
        for (size_t i = 0; i < findings.n_items; ++i)
                if (strcmp(findings.items[i].type, type) == 0)
                        return &findings.items[i];
        return NULL;
}

static void check(const char *type, const char *message, const char *fix) {
        const Finding *finding = find(type);

        ck_assert_msg(finding != NULL, "%s", type);
        ck_assert_str_eq(finding->message, message);
        ck_assert_str_eq(finding->fix, fix);
        ck_assert_ptr_null(strchr(finding->fix, '\n'));
}

static void check_none(const char *type) {
        ck_assert_ptr_null(find(type));
}

START_TEST(nothing_is_at_odds_on_a_plain_node) {
        look();
        ck_assert_uint_eq(findings.n_items, 0);
}
END_TEST

START_TEST(a_view_of_nothing_else_has_no_findings) {
        view = (NodeView){ .topology = &topology, .capacity = &capacity };
        look();
        ck_assert_uint_eq(findings.n_items, 0);
}
END_TEST

/* reservedMemory */

static void reserve(size_t n) {
        view.is_static_memory_policy = true;
        view.kubelet.reserved_memory = reserved;
        view.kubelet.n_reserved_memory = n;
        capacity.explicit_bytes = (OptU64){};
        for (size_t i = 0; i < n; ++i)
                capacity.explicit_bytes =
                        opt_u64(capacity.explicit_bytes.value + reserved[i].bytes);
}

static const struct {
        ReservedMemory entries[3];
        size_t n;
        uint64_t reservation;
        const char *line;
} sums[] = {
        /* nothing said: as slugd places it */
        { {}, 0, 2 * GIB, "reservedMemory: [{numaNode: 0, limits: {memory: 2Gi}}]" },
        /* too little: more of local memory */
        { { { 1, GIB, {}, 0 } },
          1,
          2 * GIB,
          "reservedMemory: [{numaNode: 0, limits: {memory: 1Gi}}, "
          "{numaNode: 1, limits: {memory: 1Gi}}]" },
        /* too much: less from the end on */
        { { { 0, GIB, {}, 0 }, { 1, GIB, {}, 0 }, { 2, 512 * MIB, {}, 0 } },
          3,
          2 * GIB - 4096,
          "reservedMemory: [{numaNode: 0, limits: {memory: 1Gi}}, "
          "{numaNode: 1, limits: {memory: 1048572Ki}}]" },
        /* more than local memory has */
        { { { 0, GIB, {}, 0 } },
          1,
          17 * GIB,
          "reservedMemory: [{numaNode: 0, limits: {memory: 8Gi}}, "
          "{numaNode: 1, limits: {memory: 8Gi}}, {numaNode: 2, limits: {memory: 1Gi}}]" },
        /* huge pages */
        { { { 0, 2 * GIB, { { 2 * MIB, 4 * MIB } }, 1 } },
          1,
          2 * GIB,
          "reservedMemory: [{numaNode: 0, limits: {memory: 2Gi}}]" },
        /* a byte */
        { { { 0, 2 * GIB - 1, {}, 0 } },
          1,
          2 * GIB,
          "reservedMemory: [{numaNode: 0, limits: {memory: 2Gi}}]" },
        /* nowhere to go */
        { {},
          0,
          25 * GIB,
          "systemReserved and kubeReserved have to be less than what the NUMA nodes have" },
};

START_TEST(reserved_memory_is_given_with_numbers_that_fit) {
        char fix[512];

        memcpy(reserved, sums[_i].entries, sizeof(reserved));
        capacity.reservation_bytes = sums[_i].reservation;
        reserve(sums[_i].n);
        (void)snprintf(fix, sizeof(fix), "/k.yaml: %s", sums[_i].line);
        ck_assert_ptr_nonnull(find("ReservedMemorySum"));
        ck_assert_str_eq(find("ReservedMemorySum")->fix, fix);
        view.is_static_memory_policy = false;
        check_none("ReservedMemorySum");
}
END_TEST

START_TEST(reserved_memory_that_adds_up_is_left_alone) {
        reserved[0] = (ReservedMemory){ .node = 0, .bytes = GIB };
        reserved[1] = (ReservedMemory){ .node = 1, .bytes = GIB };
        reserve(2);
        check_none("ReservedMemorySum");
        capacity.is_node_missing = true;
        check("ReservedMemorySum",
              "the kubelet does not start: it has the Static memory manager, and reservedMemory "
              "names a NUMA node that is not there",
              "/k.yaml: reservedMemory: [{numaNode: 0, limits: {memory: 1Gi}}, {numaNode: 1, "
              "limits: {memory: 1Gi}}]");
        view.kubelet_problem = "no file";
        view.kubelet_pid = 0;
        check_none("ReservedMemorySum");
}
END_TEST

/* The kubelet's other managers */

START_TEST(more_numa_nodes_than_the_topology_manager_takes) {
        for (unsigned i = 3; i < 9; ++i)
                add_node(i, LOCALITY_LOCAL, true, 4);
        check_none("TooManyNumaNodes");
        view.kubelet.topology_policy = "best-effort";
        check("TooManyNumaNodes",
              "the kubelet does not start: it has topologyManagerPolicy best-effort, takes 8 NUMA "
              "nodes at the most, and there are 9",
              "/k.yaml: topologyManagerPolicyOptions: {max-allowable-numa-nodes: \"9\"} (and "
              "without the kubelet flag --topology-manager-policy-options)");
        view.kubelet.max_numa_nodes = opt_u64(9);
        check_none("TooManyNumaNodes");
        view.kubelet.max_numa_nodes = opt_u64(8);
        ck_assert_ptr_nonnull(find("TooManyNumaNodes"));
        machine.n_nodes = 8;
        check_none("TooManyNumaNodes");
}
END_TEST

static void be_static(const char *topology_policy, const char *cpu_policy) {
        reserved[0] = (ReservedMemory){ .node = 0, .bytes = 2 * GIB };
        reserve(1);
        view.kubelet.topology_policy = topology_policy;
        view.kubelet.cpu_policy = cpu_policy;
}

START_TEST(a_numa_node_without_cpus_under_the_static_managers) {
        be_static("restricted", "static");
        check("CpulessNumaNode",
              "NUMA node 2 has memory and no CPUs: with topologyManagerPolicy restricted, the "
              "static CPU manager and the Static memory manager the kubelet refuses guaranteed "
              "pods for which only this memory is left, and some that need several NUMA nodes",
              "/k.yaml: memoryManagerPolicy: None; then: systemctl stop kubelet; rm "
              "/var/lib/kubelet/memory_manager_state; systemctl start kubelet");
        check_none("PodsPinnedToRemote");
        be_static("best-effort", "static");
        ck_assert_ptr_nonnull(find("CpulessNumaNode"));
        be_static("none", "static");
        check_none("CpulessNumaNode");
        ck_assert_ptr_nonnull(find("PodsPinnedToRemote"));
        be_static("single-numa-node", "none");
        check_none("CpulessNumaNode");
        ck_assert_ptr_nonnull(find("PodsPinnedToRemote"));
        /* all of it is reserved */
        amounts[2].allocatable_bytes = 0;
        check_none("PodsPinnedToRemote");
        /* excluded memory is memory to the kubelet */
        amounts[2].withheld_bytes = GIB;
        ck_assert_ptr_nonnull(find("PodsPinnedToRemote"));
        topology_nodes[2].has_cpus = true;
        check_none("PodsPinnedToRemote");
        topology_nodes[2].has_cpus = false;
        view.is_static_memory_policy = false;
        check_none("PodsPinnedToRemote");
}
END_TEST

START_TEST(swap_that_the_kubelet_refuses) {
        machine.host.swap_bytes = opt_u64(GIB);
        check("SwapOn",
              "the kubelet does not start while there is swap (failSwapOn), and there are 1.00 GiB "
              "of "
              "it",
              "swapoff -a, and no swap in /etc/fstab");
        view.kubelet.fails_on_swap = false;
        check_none("SwapOn");
        view.kubelet.fails_on_swap = true;
        machine.host.swap_bytes = opt_u64(0);
        check_none("SwapOn");
        machine.host.swap_bytes = opt_u64(GIB);
        view.kubelet_pid = 0;
        view.kubelet_problem = "no file";
        check_none("SwapOn");
}
END_TEST

START_TEST(swap_below_remote_memory) {
        machine.host.swap_bytes = opt_u64(GIB);
        machine.host.is_demotion_enabled = opt_u64(1);
        view.kubelet.fails_on_swap = false;
        check_none("SwapBelowRemote");
        view.kubelet.swap_behavior = "NoSwap";
        check_none("SwapBelowRemote");
        view.kubelet.swap_behavior = "LimitedSwap";
        ck_assert_ptr_nonnull(find("SwapBelowRemote"));
        ck_assert_str_eq(find("SwapBelowRemote")->fix,
                         "/k.yaml: memorySwap: {swapBehavior: NoSwap}");
        machine.host.is_demotion_enabled = opt_u64(0);
        check_none("SwapBelowRemote");
}
END_TEST

/* The kernel */

START_TEST(demotion_goes_through_masks_of_older_kernels) {
        machine.host.is_demotion_enabled = opt_u64(1);
        check_none("DemotionIgnoresMask");
        params.masks[QOS_LEVEL_BURSTABLE].kind = QOS_MASK_LOCAL;
        check_none("DemotionIgnoresMask"); /* it is not written */
        params.manage = QOS_MANAGE_CPUSET_MEMS;
        check("DemotionIgnoresMask",
              "demotion is on, and Linux 6.12.41-amd64 demotes to NUMA node 2 whatever cpuset.mems "
              "says: that of qos.cpusetMems",
              "echo 0 >/sys/kernel/mm/numa/demotion_enabled");
        params.masks[QOS_LEVEL_BURSTABLE].kind = QOS_MASK_ALL;
        check_none("DemotionIgnoresMask");
        params.masks[QOS_LEVEL_BURSTABLE].kind = QOS_MASK_LIST;
        nodeset_add(&params.masks[QOS_LEVEL_BURSTABLE].nodes, 1);
        ck_assert_ptr_nonnull(find("DemotionIgnoresMask"));
        nodeset_add(&params.masks[QOS_LEVEL_BURSTABLE].nodes, 2);
        check_none("DemotionIgnoresMask");
        params.masks[QOS_LEVEL_BURSTABLE] = (QosMask){ .kind = QOS_MASK_LOCAL };
        (void)snprintf(machine.host.kernel_version, sizeof(machine.host.kernel_version), "6.16.0");
        check_none("DemotionIgnoresMask");
        (void)snprintf(machine.host.kernel_version, sizeof(machine.host.kernel_version), "?");
        check_none("DemotionIgnoresMask");
        (void)snprintf(machine.host.kernel_version, sizeof(machine.host.kernel_version), "5.15.0");
        ck_assert_ptr_nonnull(find("DemotionIgnoresMask"));
        topology_nodes[2].tier = opt_u64(4); /* no target of it */
        check_none("DemotionIgnoresMask");
        topology_nodes[2].tier = (OptU64){};
        ck_assert_ptr_nonnull(find("DemotionIgnoresMask"));
        machine.host.is_demotion_enabled = (OptU64){};
        check_none("DemotionIgnoresMask");
}
END_TEST

START_TEST(demotion_moves_what_the_static_memory_manager_pins) {
        machine.host.is_demotion_enabled = opt_u64(1);
        be_static("none", "none");
        check("DemotionIgnoresMask",
              "demotion is on, and Linux 6.12.41-amd64 demotes to NUMA node 2 whatever cpuset.mems "
              "says: that of guaranteed pods, which the Static memory manager has pinned",
              "echo 0 >/sys/kernel/mm/numa/demotion_enabled");
}
END_TEST

START_TEST(demotion_wants_protections) {
        machine.host.is_demotion_enabled = opt_u64(1);
        params.manage = QOS_MANAGE_MEMORY_MAX;
        check("DemotionUnprotected",
              "demotion is on: under pressure the kernel moves memory of any pod to NUMA node 2, "
              "that of guaranteed pods, too, because neither memory.min nor memory.low protects it",
              "/etc/slug/slugd.yaml: qos: {manage: [memory.max, memory.min, memory.low]}");
        params.manage |= QOS_MANAGE_MEMORY_LOW;
        check_none("DemotionUnprotected");
        params.manage = 0;
        params.kubelet.memory_qos = QOS_GATE_ON;
        check_none("DemotionUnprotected");
        params.kubelet.memory_qos = QOS_GATE_OFF;
        topology_nodes[2].locality = LOCALITY_EXCLUDED;
        check_none("DemotionUnprotected");
}
END_TEST

static const struct {
        uint64_t mode;
        unsigned remote_tier;
        bool is_found;
} balancings[] = {
        { 0, 22, false }, { 1, 22, false }, { 2, 22, true }, { 3, 22, true },
        { 0, 4, false },  { 1, 4, true },   { 2, 4, false }, { 3, 4, true },
};

START_TEST(balancing_takes_memory_back) {
        machine.host.numa_balancing = opt_u64(balancings[_i].mode);
        topology_nodes[2].tier = opt_u64(balancings[_i].remote_tier);
        ck_assert((find("BalancingMovesMemory") != NULL) == balancings[_i].is_found);
        if (balancings[_i].is_found)
                ck_assert_str_eq(find("BalancingMovesMemory")->fix,
                                 "sysctl -w kernel.numa_balancing=0");
        topology_nodes[2].locality = LOCALITY_LOCAL;
        check_none("BalancingMovesMemory");
}
END_TEST

START_TEST(balancing_knows_no_limits) {
        params.manage = QOS_MANAGE_NODE_LIMIT;
        check_none("BalancingIgnoresLimit");
        machine.host.numa_balancing = opt_u64(2);
        check("BalancingIgnoresLimit",
              "numa_balancing is 2: the kernel moves memory between NUMA nodes and knows nothing "
              "of qos.nodeLimits",
              "sysctl -w kernel.numa_balancing=0");
        check_none("BalancingMovesMemory"); /* one line is enough */
        params.manage = 0;
        check_none("BalancingIgnoresLimit");
}
END_TEST

START_TEST(remote_memory_in_the_zone_of_the_kernel) {
        check_none("RemoteMemoryUnmovable");
        topology_nodes[2].n_movable_blocks = 63;
        check("RemoteMemoryUnmovable",
              "memory of NUMA node 2 is online in ZONE_NORMAL: the kernel puts its own data on "
              "remote memory, and it can hardly be taken offline again",
              "kernel command line: memhp_default_state=online_movable, and boot");
        dax.driver[0] = '\0'; /* not brought by a driver: firmware made it memory */
        check_none("RemoteMemoryUnmovable");
        (void)snprintf(dax.driver, sizeof(dax.driver), "kmem");
        dax.target_node = opt_u64(1);
        check_none("RemoteMemoryUnmovable");
}
END_TEST

/* Limits */

START_TEST(knobs_of_the_kubelet) {
        params.manage = QOS_MANAGE_MEMORY_MAX | QOS_MANAGE_MEMORY_MIN | QOS_MANAGE_CPUSET_MEMS;
        check_none("KubeletOwnsKnob");
        params.kubelet.memory_qos = QOS_GATE_ON;
        check("KubeletOwnsKnob",
              "qos.manage names memory.min or memory.low, which the kubelet writes itself every "
              "minute: its gate MemoryQoS is on",
              "/etc/slug/slugd.yaml: qos: {manage: [memory.max, cpuset.mems]}");
        params.kubelet.writes_qos_reserved = true;
        check("KubeletOwnsKnob",
              "qos.manage names memory.max, which the kubelet writes itself: its gate QOSReserved "
              "is on, and its qosReserved has memory",
              "/etc/slug/slugd.yaml: qos: {manage: [cpuset.mems]}");
        ck_assert_uint_eq(findings.n_items, 2);
        params.manage = QOS_MANAGE_CPUSET_MEMS;
        check_none("KubeletOwnsKnob");
}
END_TEST

START_TEST(reserved_cgroups_of_the_kubelet) {
        params.manage = QOS_MANAGE_RESERVED_MEMORY_MAX;
        params.kubelet.enforces_system_reserved = true;
        view.kubelet.system_reserved_cgroup = "/system";
        check("KubeletOwnsKnob",
              "qos.manage names limits of the reserved cgroups, which the kubelet writes itself: "
              "its enforceNodeAllocatable says so",
              "/etc/slug/slugd.yaml: qos: {manage: []}");
        view.kubelet.kube_reserved_cgroup = "/kube"; /* and this one is slugd's */
        check_none("KubeletOwnsKnob");
        params.kubelet.enforces_kube_reserved = true;
        ck_assert_ptr_nonnull(find("KubeletOwnsKnob"));
}
END_TEST

START_TEST(knobs_that_may_be_the_kubelets) {
        params.kubelet.memory_qos = QOS_GATE_UNKNOWN;
        check_none("KubeletMayOwnKnob");
        params.manage = QOS_MANAGE_MEMORY_LOW;
        ck_assert_ptr_nonnull(find("KubeletMayOwnKnob"));
        ck_assert_str_eq(find("KubeletMayOwnKnob")->fix,
                         "/k.yaml: featureGates: {MemoryQoS: false}");
        view.kubelet_pid = 0;
        view.kubelet_problem = "no file"; /* slugd does not write it then either */
        ck_assert_ptr_nonnull(find("KubeletMayOwnKnob"));
        params.kubelet.memory_qos = QOS_GATE_OFF;
        check_none("KubeletMayOwnKnob");
}
END_TEST

START_TEST(limits_need_cgroup_v2) {
        (void)snprintf(machine.host.cgroup_version, sizeof(machine.host.cgroup_version), "hybrid");
        check_none("LimitsNeedCgroupV2");
        params.manage = QOS_MANAGE_MEMORY_MAX;
        check("LimitsNeedCgroupV2",
              "qos.manage names limits, which need cgroup v2, and cgroup v1, with v2 beside it "
              "(hybrid), is mounted",
              "kernel command line: systemd.unified_cgroup_hierarchy=1, and boot");
        qos.problem = "no cgroup v2";
        check_none("LimitsNotWritten"); /* it is told already */
}
END_TEST

START_TEST(limits_of_a_captured_machine_are_not_to_be_written) {
        params.manage = QOS_MANAGE_MEMORY_MAX;
        qos.problem = "this is a captured machine";
        view.root = "/tmp/captured";
        check_none("LimitsNotWritten");
        view.root = "/";
        ck_assert_ptr_nonnull(find("LimitsNotWritten"));
}
END_TEST

START_TEST(limits_that_are_not_written) {
        qos.problem = "the record cannot be kept";
        check_none("LimitsNotWritten");
        params.manage = QOS_MANAGE_MEMORY_MAX;
        check("LimitsNotWritten",
              "qos.manage names limits, and none is written: the record cannot be kept",
              "mend that, then: systemctl restart slugd");
        qos.problem = "withdrawn";
        qos.is_withdrawn = true;
        check("LimitsNotWritten", "qos.manage names limits, and none is written: withdrawn",
              "systemctl reload slugd");
}
END_TEST

START_TEST(limits_by_numa_node_that_are_not_set) {
        static QosNodeLimitPlan by_node;
        static NodeLimitsView limits;

        params.manage = QOS_MANAGE_NODE_LIMIT;
        by_node = (QosNodeLimitPlan){ .is_managed = true };
        limits = (NodeLimitsView){ .plan = &by_node };
        qos.node_limits = &limits;
        check_none("NodeLimitsNotSet");
        (void)snprintf(limits.problem, sizeof(limits.problem), "this machine has NUMA node 4");
        check("NodeLimitsNotSet",
              "qos.manage names memory.node_limit, and limits by NUMA node are not all set: this "
              "machine has NUMA node 4",
              "/etc/slug/slugd.yaml: qos: {manage: []}");
        qos.problem = "withdrawn";
        check_none("NodeLimitsNotSet"); /* that is told already */
}
END_TEST

static void add_row(QosLevel level, CgroupKnob knob, QosStatus status) {
        knobs[plan.n_rows] = (QosKnob){ .status = status };
        plan.rows[plan.n_rows++] = (QosRow){ .level = level, .knob = knob };
        (void)snprintf(places.items[level].path, sizeof(places.items[level].path), "k/%u", level);
}

START_TEST(limits_in_trouble) {
        add_row(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MAX, QOS_STATUS_ACHIEVED);
        add_row(QOS_LEVEL_KUBEPODS, CGROUP_CPUSET_MEMS, QOS_STATUS_WRITING);
        look();
        ck_assert_uint_eq(findings.n_items, 0);
        add_row(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, QOS_STATUS_CONTENDED);
        add_row(QOS_LEVEL_BESTEFFORT, CGROUP_CPUSET_MEMS, QOS_STATUS_REFUSED);
        knobs[3].error = -ENOSPC;
        knobs[3].error_step = CGROUP_WRITE_FILE;
        check("LimitContended",
              "somebody else writes /sys/fs/cgroup/k/1/memory.max, too, again and again; slugd "
              "leaves it alone for a while",
              "stop what writes /sys/fs/cgroup/k/1/memory.max, then: systemctl reload slugd");
        check("LimitRefused",
              "/sys/fs/cgroup/k/2/cpuset.mems is not what it should be: writing the file: No space "
              "left "
              "on device",
              "mend that, then: systemctl reload slugd");
        ck_assert_uint_eq(findings.n_items, 2);
        ck_assert_str_eq(findings.items[0].type, "LimitRefused"); /* the worst first */
        view.qos = NULL;
        look();
        ck_assert_uint_eq(findings.n_items, 0);
}
END_TEST

START_TEST(a_limit_that_waits_for_usage) {
        add_row(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, QOS_STATUS_PENDING);
        plan.rows[0].value.number = 3 * GIB; /* 20 of 23 GiB are kept: 50 % of 40 */
        places.items[QOS_LEVEL_BURSTABLE].state.current_bytes = opt_u64(13 * GIB);
        params.has_reserved_percent = true;
        params.reserved_percent = 50;
        check("LimitPending",
              "more is used than /sys/fs/cgroup/k/1/memory.max should allow; it is as low as it "
              "may be, and comes down with what is used",
              "wait, or slugd.yaml: qos: {reserved: {memory: 25%}}");
        params.has_reserved_percent = false;
        ck_assert_str_eq(find("LimitPending")->fix, "wait, or end pods there");
}
END_TEST

/* All of them */

START_TEST(types_are_sorted_and_unique) {
        FindingSeverity last = FINDING_ERROR;

        for (size_t i = 0; i < finding_type_count(); ++i) {
                FindingSeverity severity, other;
                const char *type = finding_type_name(i, &severity);

                ck_assert_int_le(severity, last);
                last = severity;
                for (size_t k = 0; k < i; ++k)
                        ck_assert_str_ne(type, finding_type_name(k, &other));
        }
}
END_TEST

START_TEST(too_many_are_counted) {
        for (size_t i = 0; i < QOS_ROWS_MAX; ++i)
                add_row(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, QOS_STATUS_CONTENDED);
        look();
        ck_assert_uint_eq(findings.n_items + findings.n_dropped, QOS_ROWS_MAX);
        ck_assert_uint_le(findings.n_items, FINDINGS_MAX);
}
END_TEST

START_TEST(without_memory_there_is_no_half_of_it) {
        machine.host.swap_bytes = opt_u64(GIB);
        machine.host.is_demotion_enabled = opt_u64(1);
        machine.host.numa_balancing = opt_u64(2);
        be_static("restricted", "static");
        capacity.reservation_bytes = 3 * GIB;
        topology_nodes[2].n_movable_blocks = 0;
        for (size_t size = 0;; size += 16) {
                int r;

                arena = arena_free(arena);
                ck_assert_int_eq(arena_new(size ? size : 1, &arena), 0);
                r = findings_build(arena, &view, &findings);
                if (r == 0)
                        break;
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_uint_lt(size, 1 << 20);
        }
        ck_assert_uint_eq(findings.n_items, 7);
        for (size_t i = 0; i < findings.n_items; ++i)
                ck_assert(findings.items[i].message[0] && findings.items[i].fix[0]);
}
END_TEST

Suite *suite(void) {
        Suite *all = suite_create("findings");
        TCase *t = tcase_create("types");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, nothing_is_at_odds_on_a_plain_node);
        tcase_add_test(t, a_view_of_nothing_else_has_no_findings);
        tcase_add_loop_test(t, reserved_memory_is_given_with_numbers_that_fit, 0, ELEMENTSOF(sums));
        tcase_add_test(t, reserved_memory_that_adds_up_is_left_alone);
        tcase_add_test(t, more_numa_nodes_than_the_topology_manager_takes);
        tcase_add_test(t, a_numa_node_without_cpus_under_the_static_managers);
        tcase_add_test(t, swap_that_the_kubelet_refuses);
        tcase_add_test(t, swap_below_remote_memory);
        tcase_add_test(t, demotion_goes_through_masks_of_older_kernels);
        tcase_add_test(t, demotion_moves_what_the_static_memory_manager_pins);
        tcase_add_test(t, demotion_wants_protections);
        tcase_add_loop_test(t, balancing_takes_memory_back, 0, ELEMENTSOF(balancings));
        tcase_add_test(t, balancing_knows_no_limits);
        tcase_add_test(t, remote_memory_in_the_zone_of_the_kernel);
        tcase_add_test(t, knobs_of_the_kubelet);
        tcase_add_test(t, reserved_cgroups_of_the_kubelet);
        tcase_add_test(t, knobs_that_may_be_the_kubelets);
        tcase_add_test(t, limits_need_cgroup_v2);
        tcase_add_test(t, limits_of_a_captured_machine_are_not_to_be_written);
        tcase_add_test(t, limits_that_are_not_written);
        tcase_add_test(t, limits_by_numa_node_that_are_not_set);
        tcase_add_test(t, limits_in_trouble);
        tcase_add_test(t, a_limit_that_waits_for_usage);
        tcase_add_test(t, types_are_sorted_and_unique);
        tcase_add_test(t, too_many_are_counted);
        tcase_add_test(t, without_memory_there_is_no_half_of_it);
        suite_add_tcase(all, t);
        return all;
}
