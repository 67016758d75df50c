/* SPDX-License-Identifier: Apache-2.0 */
/* Classification: machines made of rows, no files. */
#include <stdio.h>
#include <string.h>

#include "lib/failmalloc.h"
#include "lib/test-main.h"
#include "topology/topology.h"

static SysfsMachine *machine;
static Topology *topology;

static SysfsNode *add_node(unsigned id, uint64_t bytes, unsigned n_cpus) {
        SysfsNode *node;

        machine->nodes = realloc(machine->nodes, (machine->n_nodes + 1) * sizeof(*machine->nodes));
        node = &machine->nodes[machine->n_nodes++];
        *node = (SysfsNode){ .id = id, .memory_bytes = opt_u64(bytes), .n_cpus = n_cpus };
        nodeset_add(&machine->online, id);
        return node;
}

static void add_tier(unsigned id, unsigned node) {
        machine->tiers = realloc(machine->tiers, (machine->n_tiers + 1) * sizeof(*machine->tiers));
        machine->tiers[machine->n_tiers] = (SysfsTier){ .id = id };
        nodeset_add(&machine->tiers[machine->n_tiers++].nodes, node);
}

static void add_block(uint32_t id, uint16_t node, SysfsBlockState state, bool is_movable) {
        machine->host.block_bytes = opt_u64(128 * MIB);
        machine->blocks =
                realloc(machine->blocks, (machine->n_blocks + 1) * sizeof(*machine->blocks));
        machine->blocks[machine->n_blocks++] = (SysfsBlock){
                .id = id, .node = node, .state = (uint8_t)state, .is_movable = is_movable
        };
}

static SysfsDax *
add_dax(const char *name, uint64_t node, SysfsDaxSource source, const char *driver) {
        SysfsDax *dax;

        machine->daxes = realloc(machine->daxes, (machine->n_daxes + 1) * sizeof(*machine->daxes));
        dax = &machine->daxes[machine->n_daxes++];
        *dax = (SysfsDax){ .size_bytes = opt_u64(GIB),
                           .target_node = opt_u64(node),
                           .source = source };
        (void)snprintf(dax->name, sizeof(dax->name), "%s", name);
        (void)snprintf(dax->driver, sizeof(dax->driver), "%s", driver);
        return dax;
}

/* A memory device, its endpoint decoder and a region of one way on it. */
static SysfsRegion *add_region(const char *name, uint64_t start, const char *memdev) {
        SysfsDecoder *decoder;
        SysfsRegion *region;

        machine->memdevs =
                realloc(machine->memdevs, (machine->n_memdevs + 1) * sizeof(*machine->memdevs));
        machine->memdevs[machine->n_memdevs] =
                (SysfsMemdev){ .ram_bytes = opt_u64(GIB),
                               .serial = opt_u64(0xabc0 + machine->n_memdevs) };
        (void)snprintf(machine->memdevs[machine->n_memdevs++].name, SYSFS_NAME_MAX, "%s", memdev);

        machine->decoders =
                realloc(machine->decoders, (machine->n_decoders + 1) * sizeof(*machine->decoders));
        decoder = &machine->decoders[machine->n_decoders++];
        *decoder = (SysfsDecoder){ .type = SYSFS_DECODER_ENDPOINT, .dpa_bytes = opt_u64(GIB) };
        (void)snprintf(decoder->name, SYSFS_NAME_MAX, "decoder%zu.0", machine->n_decoders + 1);
        (void)snprintf(decoder->memdev, SYSFS_NAME_MAX, "%s", memdev);
        (void)snprintf(decoder->region, SYSFS_NAME_MAX, "%s", name);

        machine->regions =
                realloc(machine->regions, (machine->n_regions + 1) * sizeof(*machine->regions));
        region = &machine->regions[machine->n_regions++];
        *region = (SysfsRegion){ .start = opt_u64(start),
                                 .size_bytes = opt_u64(GIB),
                                 .ways = opt_u64(1),
                                 .is_committed = true,
                                 .n_targets = 1 };
        (void)snprintf(region->name, SYSFS_NAME_MAX, "%s", name);
        (void)snprintf(region->targets[0], SYSFS_NAME_MAX, "%s", decoder->name);
        return region;
}

static void set_figures(SysfsNode *node, uint64_t latency_ns, uint64_t bandwidth_mbps) {
        node->access[1].is_present = true;
        node->access[1].read_latency_ns = latency_ns ? opt_u64(latency_ns) : (OptU64){};
        node->access[1].read_bandwidth_mbps = bandwidth_mbps ? opt_u64(bandwidth_mbps) : (OptU64){};
}

static void build_with(const TopologyRule *rules, size_t n_rules) {
        ck_assert_int_eq(topology_build(TAKE_PTR(machine), rules, n_rules, 1, &topology), 0);
}

static void build(void) {
        build_with(NULL, 0);
}

static void setup(void) {
        machine = calloc(1, sizeof(*machine));
        topology = NULL;
}

static void teardown(void) {
        machine = sysfs_machine_free(machine);
        topology = topology_unref(topology);
}

static void check_node(size_t i, MemoryKind kind, Locality locality, const char *reason) {
        const TopologyNode *node = &topology->nodes[i];

        ck_assert_str_eq(memory_kind_name(node->kind), memory_kind_name(kind));
        ck_assert_str_eq(locality_name(node->locality), locality_name(locality));
        ck_assert_msg(strstr(node->reason, reason) != NULL, "reason is '%s'", node->reason);
        ck_assert_msg(node->evidence[0] == '/', "evidence is '%s'", node->evidence);
}

START_TEST(a_node_with_cpus_is_local_dram) {
        add_node(0, GIB, 4);
        build();
        check_node(0, MEMORY_KIND_DRAM, LOCALITY_LOCAL, "has CPUs");
        ck_assert_str_eq(topology->nodes[0].advice, "");
}
END_TEST

START_TEST(no_cpus_and_no_evidence_is_excluded_with_an_advice) {
        add_node(0, GIB, 4);
        add_node(3, GIB, 0);
        build();
        check_node(1, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, "nothing tells whose memory it is");
        ck_assert_str_eq(topology->nodes[1].advice, "classify: [{numaNode: 3, locality: remote}]");
}
END_TEST

START_TEST(the_same_tier_is_no_evidence) {
        add_node(0, GIB, 4);
        add_node(1, GIB, 0);
        add_tier(4, 0);
        add_tier(4, 1);
        build();
        check_node(1, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, "nothing tells");
}
END_TEST

START_TEST(a_slower_tier_is_remote) {
        add_node(0, GIB, 4);
        add_node(1, GIB, 0);
        add_tier(4, 0);
        add_tier(50, 1);
        build();
        check_node(1, MEMORY_KIND_UNKNOWN, LOCALITY_REMOTE, "memory tier 50, slower than tier 4");
        ck_assert_str_eq(topology->nodes[1].evidence,
                         "/sys/devices/virtual/memory_tiering/memory_tier50/nodelist");
}
END_TEST

START_TEST(a_tier_slower_than_only_some_dram_is_no_evidence) {
        add_node(0, GIB, 4);
        add_node(1, GIB, 4);
        add_node(2, GIB, 0);
        add_tier(4, 0);
        add_tier(7, 1);
        add_tier(6, 2);
        build();
        check_node(2, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, "nothing tells");
}
END_TEST

static const struct {
        uint64_t latency_ns, bandwidth_mbps;
        MemoryKind kind;
        Locality locality;
        const char *reason;
} figures[] = {
        { 250, 32000, MEMORY_KIND_UNKNOWN, LOCALITY_REMOTE, "2.50 times the read latency" },
        { 125, 100000, MEMORY_KIND_UNKNOWN, LOCALITY_REMOTE, "1.25 times the read latency" },
        { 124, 100000, MEMORY_KIND_DRAM, LOCALITY_LOCAL, "as fast as the DRAM with CPUs" },
        { 100, 100000, MEMORY_KIND_DRAM, LOCALITY_LOCAL, "as fast as the DRAM with CPUs" },
        { 0, 50000, MEMORY_KIND_UNKNOWN, LOCALITY_REMOTE, "has 2.00 times its read bandwidth" },
        { 0, 100000, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, "nothing tells" },
        { 100, 0, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, "nothing tells" },
        { 130, 200000, MEMORY_KIND_HBM, LOCALITY_EXCLUDED, "2.00 times the read bandwidth" },
        { 130, 199999, MEMORY_KIND_UNKNOWN, LOCALITY_REMOTE, "1.30 times the read latency" },
        { 0, 0, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, "nothing tells" },
        /* off by a unit, not by a machine */
        { 250000000, 0, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, "nothing tells" },
        { 0, UINT64_MAX, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, "nothing tells" },
};

START_TEST(figures_are_compared_as_ratios) {
        set_figures(add_node(0, GIB, 4), 100, 100000);
        set_figures(add_node(1, GIB, 0), figures[_i].latency_ns, figures[_i].bandwidth_mbps);
        build();
        check_node(1, figures[_i].kind, figures[_i].locality, figures[_i].reason);
}
END_TEST

START_TEST(hbm_is_told_by_bandwidth_even_in_a_slower_tier) {
        set_figures(add_node(0, GIB, 4), 100, 100000);
        set_figures(add_node(1, GIB, 0), 130, 400000);
        add_tier(4, 0);
        add_tier(5, 1);
        build();
        check_node(1, MEMORY_KIND_HBM, LOCALITY_EXCLUDED, "4.00 times");
}
END_TEST

START_TEST(access0_serves_where_access1_is_silent) {
        SysfsNode *node;

        set_figures(add_node(0, GIB, 4), 100, 0);
        node = add_node(1, GIB, 0);
        node->access[0].is_present = true;
        node->access[0].read_latency_ns = opt_u64(300);
        build();
        check_node(1, MEMORY_KIND_UNKNOWN, LOCALITY_REMOTE, "3.00 times");
        ck_assert(strstr(topology->nodes[1].evidence, "access0/initiators/read_latency") != NULL);
}
END_TEST

static const struct {
        SysfsDaxSource source;
        MemoryKind kind;
        Locality locality;
        const char *reason;
} daxes[] = {
        { SYSFS_DAX_CXL_RAM, MEMORY_KIND_CXL, LOCALITY_REMOTE, "CXL memory of dax0.0" },
        { SYSFS_DAX_CXL_PMEM, MEMORY_KIND_PMEM, LOCALITY_REMOTE, "persistent CXL memory" },
        { SYSFS_DAX_NVDIMM, MEMORY_KIND_PMEM, LOCALITY_REMOTE, "NVDIMM through dax0.0" },
        { SYSFS_DAX_FAKE_PMEM, MEMORY_KIND_PMEM, LOCALITY_REMOTE, "kernel command line" },
        { SYSFS_DAX_SOFT_RESERVED, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, "HBM or CXL" },
        { SYSFS_DAX_UNKNOWN, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, "nothing tells" },
};

START_TEST(a_dax_device_tells_where_the_memory_came_from) {
        add_node(0, GIB, 4);
        add_node(1, GIB, 0);
        add_dax("dax0.0", 1, daxes[_i].source, "kmem");
        build();
        check_node(1, daxes[_i].kind, daxes[_i].locality, daxes[_i].reason);
}
END_TEST

START_TEST(a_dax_device_in_device_mode_is_not_the_nodes_memory) {
        add_node(0, GIB, 4);
        add_node(1, GIB, 0);
        add_dax("dax0.0", 1, SYSFS_DAX_CXL_RAM, "device_dax");
        build();
        check_node(1, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, "nothing tells");
        ck_assert_uint_eq(topology->n_unused, 1);
        ck_assert_str_eq(topology->unused[0].name, "dax0.0");
}
END_TEST

START_TEST(soft_reserved_memory_with_high_bandwidth_is_hbm) {
        set_figures(add_node(0, GIB, 4), 0, 1000);
        set_figures(add_node(1, GIB, 2), 0, 10000);
        add_dax("dax3.0", 1, SYSFS_DAX_SOFT_RESERVED, "kmem");
        build();
        check_node(1, MEMORY_KIND_HBM, LOCALITY_EXCLUDED, "10.00 times");
}
END_TEST

START_TEST(dram_beside_dax_memory_in_one_node_stays_local) {
        add_node(0, 4 * GIB, 4);
        add_dax("dax0.0", 0, SYSFS_DAX_FAKE_PMEM, "kmem");
        build();
        check_node(0, MEMORY_KIND_DRAM, LOCALITY_LOCAL, "1.00 GiB of it came through dax0.0");
}
END_TEST

START_TEST(a_cxl_node_names_its_regions_and_their_devices) {
        SysfsRegion *region;

        add_node(0, GIB, 4);
        add_node(1, GIB, 0);
        region = add_region("region0", 0x100000000, "mem0");
        region->ways = opt_u64(2);
        region->n_targets = 2;
        (void)add_region("region1", 0x140000000, "mem2");
        region = &machine->regions[0];
        (void)snprintf(region->targets[1], SYSFS_NAME_MAX, "decoder9.9");
        (void)snprintf(add_dax("dax0.0", 1, SYSFS_DAX_CXL_RAM, "kmem")->region, SYSFS_NAME_MAX,
                       "region0");
        (void)snprintf(add_dax("dax1.0", 1, SYSFS_DAX_CXL_RAM, "kmem")->region, SYSFS_NAME_MAX,
                       "region1");
        build();
        check_node(1, MEMORY_KIND_CXL, LOCALITY_REMOTE,
                   "region0 (2-way interleave over mem0, decoder9.9), region1 (on mem2)");
        ck_assert_uint_eq(topology->region_nodes[0].value, 1);
}
END_TEST

START_TEST(cxl_that_firmware_brought_online_is_found_by_its_addresses) {
        add_node(0, GIB, 4);
        add_node(1, GIB, 0);
        add_block(0, 0, SYSFS_BLOCK_ONLINE, false);
        add_block(32, 1, SYSFS_BLOCK_ONLINE, false);
        (void)add_region("region0", 0x100000000, "mem0");
        build();
        check_node(1, MEMORY_KIND_CXL, LOCALITY_REMOTE, "brought online by firmware");
        check_node(0, MEMORY_KIND_DRAM, LOCALITY_LOCAL, "has CPUs");
        ck_assert_uint_eq(topology->region_nodes[0].value, 1);
}
END_TEST

START_TEST(a_cpu_node_with_some_blocks_in_a_region_stays_local) {
        add_node(0, 2 * GIB, 4);
        add_block(0, 0, SYSFS_BLOCK_ONLINE, false);
        add_block(32, 0, SYSFS_BLOCK_ONLINE, false);
        (void)add_region("region0", 0x100000000, "mem0");
        build();
        check_node(0, MEMORY_KIND_DRAM, LOCALITY_LOCAL, "has CPUs");
}
END_TEST

START_TEST(gpu_memory_is_excluded_and_not_advised) {
        add_node(0, GIB, 4);
        add_node(2, GIB, 0);
        machine->gpus = calloc(1, sizeof(*machine->gpus));
        machine->gpus[0] = (SysfsGpu){ .pci_address = "0009:01:00.0", .node = 2 };
        machine->n_gpus = 1;
        build();
        check_node(1, MEMORY_KIND_GPU, LOCALITY_EXCLUDED, "memory of GPU 0009:01:00.0");
        ck_assert_str_eq(topology->nodes[1].advice, "");
}
END_TEST

START_TEST(memory_that_a_foreign_driver_brought_is_excluded) {
        add_node(0, GIB, 4);
        add_node(1, GIB, 0);
        add_block(32, 1, SYSFS_BLOCK_ONLINE, false);
        machine->driver_ranges = calloc(1, sizeof(*machine->driver_ranges));
        machine->driver_ranges[0] =
                (SysfsDriverRange){ .start = 0x100000000, .end = 0x13fffffff, .driver = "NVIDIA" };
        machine->n_driver_ranges = 1;
        build();
        check_node(1, MEMORY_KIND_GPU, LOCALITY_EXCLUDED, "managed by the driver 'NVIDIA'");
}
END_TEST

START_TEST(an_accelerators_memory_is_excluded) {
        add_node(0, GIB, 4);
        add_node(1, GIB, 0);
        add_tier(4, 0);
        add_tier(50, 1);
        nodeset_add(&machine->has_generic_initiator, 1);
        build();
        check_node(1, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, "accelerator");
}
END_TEST

START_TEST(a_node_without_memory_has_no_locality) {
        add_node(0, GIB, 4);
        add_node(1, 0, 4);
        add_node(2, 0, 0)->memory_bytes = (OptU64){};
        build();
        check_node(1, MEMORY_KIND_UNKNOWN, LOCALITY_NONE, "no memory online");
        check_node(2, MEMORY_KIND_UNKNOWN, LOCALITY_NONE, "could not be read");
}
END_TEST

START_TEST(a_kernel_without_numa_is_one_local_node) {
        machine->host.memory_bytes = opt_u64(GIB);
        build();
        ck_assert_uint_eq(topology->n_nodes, 1);
        check_node(0, MEMORY_KIND_DRAM, LOCALITY_LOCAL, "no NUMA nodes");
        ck_assert_uint_eq(topology->nodes[0].capacity_bytes, GIB);
}
END_TEST

START_TEST(movable_only_is_what_the_mask_misses) {
        add_node(0, GIB, 4);
        add_node(1, GIB, 0);
        machine->knows_has_normal_memory = true;
        nodeset_add(&machine->has_normal_memory, 0);
        build();
        ck_assert(!topology->nodes[0].is_movable_only);
        ck_assert(topology->nodes[1].is_movable_only);
}
END_TEST

START_TEST(without_the_mask_the_zones_tell_what_is_movable) {
        add_node(0, GIB, 4);
        add_node(1, GIB, 0);
        add_block(0, 0, SYSFS_BLOCK_ONLINE, false);
        add_block(8, 1, SYSFS_BLOCK_ONLINE, true);
        add_block(9, 1, SYSFS_BLOCK_OFFLINE, false);
        build();
        ck_assert(!topology->nodes[0].is_movable_only);
        ck_assert(topology->nodes[1].is_movable_only);
        ck_assert_uint_eq(topology->nodes[1].n_offline_blocks, 1);
}
END_TEST

START_TEST(the_operators_word_stands_above_the_evidence) {
        static const TopologyRule rules[] = {
                { .node = { 1, true },
                  .locality = LOCALITY_LOCAL,
                  .source = "/etc/slug/slugd.yaml:3" },
                { .node = { 1, true }, .locality = LOCALITY_REMOTE },
                { .kind = { MEMORY_KIND_DRAM, true },
                  .locality = LOCALITY_EXCLUDED,
                  .source = "/etc/slug/slugd.yaml:5" },
                { .node = { 9, true }, .locality = LOCALITY_REMOTE },
        };

        add_node(0, GIB, 4);
        add_node(1, GIB, 0);
        build_with(rules, ELEMENTSOF(rules));
        check_node(1, MEMORY_KIND_UNKNOWN, LOCALITY_LOCAL,
                   "it would be excluded: no CPUs, and nothing");
        ck_assert_str_eq(topology->nodes[1].evidence, "/etc/slug/slugd.yaml:3");
        ck_assert_str_eq(topology->nodes[1].advice, "");
        check_node(0, MEMORY_KIND_DRAM, LOCALITY_EXCLUDED, "it would be local");
}
END_TEST

START_TEST(a_serial_names_the_node_behind_the_device) {
        static const TopologyRule rules[] = {
                { .cxl_serial = { 0xabc0, true }, .locality = LOCALITY_EXCLUDED, .source = "/x:1" },
        };

        add_node(0, GIB, 4);
        add_node(1, GIB, 0);
        (void)add_region("region0", 0x100000000, "mem0");
        (void)snprintf(add_dax("dax0.0", 1, SYSFS_DAX_CXL_RAM, "kmem")->region, SYSFS_NAME_MAX,
                       "region0");
        build_with(rules, ELEMENTSOF(rules));
        check_node(1, MEMORY_KIND_CXL, LOCALITY_EXCLUDED, "it would be remote");
        check_node(0, MEMORY_KIND_DRAM, LOCALITY_LOCAL, "has CPUs");
}
END_TEST

START_TEST(a_rule_does_not_invent_memory) {
        static const TopologyRule rules[] = {
                { .node = { 0, true }, .locality = LOCALITY_REMOTE, .source = "/x:1" },
        };

        add_node(0, 0, 4);
        build_with(rules, ELEMENTSOF(rules));
        check_node(0, MEMORY_KIND_UNKNOWN, LOCALITY_NONE, "no memory online");
}
END_TEST

START_TEST(a_device_in_no_region_is_unused) {
        add_node(0, GIB, 4);
        (void)add_region("region0", 0x100000000, "mem0");
        machine->n_regions = 0;
        machine->decoders[0].region[0] = '\0';
        build();
        ck_assert_uint_eq(topology->n_unused, 1);
        ck_assert_str_eq(topology->unused[0].name, "mem0");
        ck_assert_uint_eq(topology->unused[0].bytes, GIB);
}
END_TEST

START_TEST(a_region_that_is_no_memory_is_unused) {
        add_node(0, GIB, 4);
        add_region("region0", 0x100000000, "mem0")->is_committed = false;
        build();
        ck_assert_uint_eq(topology->n_unused, 1);
        ck_assert_str_eq(topology->unused[0].name, "region0");
        ck_assert_str_eq(topology->unused[0].reason, "CXL region that is not committed");
}
END_TEST

START_TEST(offline_blocks_are_unused) {
        add_node(0, GIB, 4);
        add_block(0, 0, SYSFS_BLOCK_ONLINE, false);
        add_block(1, 0, SYSFS_BLOCK_OFFLINE, false);
        add_block(2, SYSFS_NO_NODE, SYSFS_BLOCK_OFFLINE, false);
        build();
        ck_assert_uint_eq(topology->n_unused, 2);
        ck_assert_str_eq(topology->unused[0].name, "NUMA node 0");
        ck_assert_uint_eq(topology->unused[0].bytes, 128 * MIB);
        ck_assert_str_eq(topology->unused[1].reason, "offline and of no NUMA node");
}
END_TEST

START_TEST(building_without_memory_gives_nothing) {
        unsigned n = 0;
        int r;

        do {
                machine = sysfs_machine_free(machine);
                machine = calloc(1, sizeof(*machine));
                add_node(0, GIB, 4);
                add_node(1, GIB, 0);
                (void)add_region("region0", 0x100000000, "mem0");
                failmalloc_arm(n++);
                r = topology_build(TAKE_PTR(machine), NULL, 0, 1, &topology);
                (void)failmalloc_disarm();
                if (r)
                        ck_assert_ptr_null(topology);
        } while (r == -ENOMEM);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_ge(n, 4);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("topology");
        TCase *t = tcase_create("build");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, a_node_with_cpus_is_local_dram);
        tcase_add_test(t, no_cpus_and_no_evidence_is_excluded_with_an_advice);
        tcase_add_test(t, the_same_tier_is_no_evidence);
        tcase_add_test(t, a_slower_tier_is_remote);
        tcase_add_test(t, a_tier_slower_than_only_some_dram_is_no_evidence);
        tcase_add_loop_test(t, figures_are_compared_as_ratios, 0, ELEMENTSOF(figures));
        tcase_add_test(t, hbm_is_told_by_bandwidth_even_in_a_slower_tier);
        tcase_add_test(t, access0_serves_where_access1_is_silent);
        tcase_add_loop_test(t, a_dax_device_tells_where_the_memory_came_from, 0, ELEMENTSOF(daxes));
        tcase_add_test(t, a_dax_device_in_device_mode_is_not_the_nodes_memory);
        tcase_add_test(t, soft_reserved_memory_with_high_bandwidth_is_hbm);
        tcase_add_test(t, dram_beside_dax_memory_in_one_node_stays_local);
        tcase_add_test(t, a_cxl_node_names_its_regions_and_their_devices);
        tcase_add_test(t, cxl_that_firmware_brought_online_is_found_by_its_addresses);
        tcase_add_test(t, a_cpu_node_with_some_blocks_in_a_region_stays_local);
        tcase_add_test(t, gpu_memory_is_excluded_and_not_advised);
        tcase_add_test(t, memory_that_a_foreign_driver_brought_is_excluded);
        tcase_add_test(t, an_accelerators_memory_is_excluded);
        tcase_add_test(t, a_node_without_memory_has_no_locality);
        tcase_add_test(t, a_kernel_without_numa_is_one_local_node);
        tcase_add_test(t, movable_only_is_what_the_mask_misses);
        tcase_add_test(t, without_the_mask_the_zones_tell_what_is_movable);
        tcase_add_test(t, the_operators_word_stands_above_the_evidence);
        tcase_add_test(t, a_serial_names_the_node_behind_the_device);
        tcase_add_test(t, a_rule_does_not_invent_memory);
        tcase_add_test(t, a_device_in_no_region_is_unused);
        tcase_add_test(t, a_region_that_is_no_memory_is_unused);
        tcase_add_test(t, offline_blocks_are_unused);
        tcase_add_test(t, building_without_memory_gives_nothing);
        suite_add_tcase(s, t);
        return s;
}
