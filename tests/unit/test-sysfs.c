/* SPDX-License-Identifier: Apache-2.0 */
/* Reading: one machine of a few files, changed file by file. */
#include <stdio.h>
#include <string.h>

#include "lib/failmalloc.h"
#include "lib/folder.h"
#include "lib/test-main.h"
#include "sysfs/sysfs.h"

#define NODE   "sys/devices/system/node/"
#define MEMORY "sys/devices/system/memory/"
#define CXL    "sys/bus/cxl/devices/"

static Folder folder;
static Root root = ROOT_NULL;
static SysfsMachine *machine;

static void write_machine(void) {
        folder_write(&folder, NODE "online", "0,2\n");
        folder_write(&folder, NODE "has_memory", "0,2\n");
        folder_write(&folder, NODE "has_normal_memory", "0\n");
        folder_write(&folder, NODE "has_cpu", "0\n");
        folder_write(&folder, NODE "has_generic_initiator", "\n");
        folder_write(&folder, NODE "node0/meminfo",
                     "Node 0 MemTotal:  1000 kB\nNode 0 MemFree: 1 kB\n");
        folder_write(&folder, NODE "node0/cpulist", "0-3,8\n");
        folder_write(&folder, NODE "node0/distance", "10 24\n");
        folder_write(&folder, NODE "node0/hugepages/hugepages-2048kB/nr_hugepages", "64\n");
        folder_write(&folder, NODE "node0/hugepages/hugepages-2048kB/free_hugepages", "60\n");
        folder_write(&folder, NODE "node0/hugepages/hugepages-1048576kB/nr_hugepages", "0\n");
        folder_write(&folder, NODE "node0/access1/initiators/read_latency", "90\n");
        folder_write(&folder, NODE "node0/access1/initiators/read_bandwidth", "0\n");
        folder_link(&folder, NODE "node0/access1/initiators/node0", "../../../node0");
        folder_write(&folder, NODE "node2/meminfo", "Node 2 MemTotal:  500 kB\n");
        folder_write(&folder, NODE "node2/cpulist", "\n");
        folder_write(&folder, NODE "node2/distance", "24 10\n");
        folder_write(&folder, NODE "node2/memory_side_cache/index1/size", "4096\n");
        folder_write(&folder, NODE "node2/memory_failure/total", "3\n");
        folder_link(&folder, NODE "node0/memory0", "../../memory/memory0");
        folder_link(&folder, NODE "node2/memory7", "../../memory/memory7");
        folder_write(&folder, MEMORY "block_size_bytes", "8000000\n");
        folder_write(&folder, MEMORY "memory0/state", "online\n");
        folder_write(&folder, MEMORY "memory0/valid_zones", "Normal\n");
        folder_write(&folder, MEMORY "memory7/state", "online\n");
        folder_write(&folder, MEMORY "memory7/valid_zones", "Movable\n");
        folder_write(&folder, MEMORY "memory9/state", "offline\n");
        folder_write(&folder, "sys/devices/virtual/memory_tiering/memory_tier22/nodelist", "2\n");
        folder_write(&folder, "sys/devices/virtual/memory_tiering/memory_tier4/nodelist", "0\n");
        folder_write(&folder, "sys/kernel/mm/numa/demotion_enabled", "false\n");
        folder_write(&folder, "proc/meminfo",
                     "MemTotal:       1500 kB\nMemFree: 3 kB\nSwapTotal:         64 kB\n");
        folder_write(&folder, "proc/version", "Linux version 6.12.1-amd64 (builder) #1 SMP\n");
        folder_write(&folder, "proc/sys/kernel/hostname", "worker\n");
        folder_write(&folder, "sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory\n");
}

static void write_cxl(void) {
        static const char *const dir = "sys/devices/platform/ACPI0017:00/root0/";
        char path[256];

        folder_write(&folder, "sys/devices/pci0000:0c/0000:0d:00.0/mem0/ram/size", "0x20000000\n");
        folder_write(&folder, "sys/devices/pci0000:0c/0000:0d:00.0/mem0/serial", "0xabc0\n");
        folder_write(&folder, "sys/devices/pci0000:0c/0000:0d:00.0/mem0/numa_node", "-1\n");
        folder_link(&folder, CXL "mem0", "../../../devices/pci0000:0c/0000:0d:00.0/mem0");

        (void)snprintf(path, sizeof(path), "%sdecoder0.0/devtype", dir);
        folder_write(&folder, path, "cxl_decoder_root\n");
        (void)snprintf(path, sizeof(path), "%sdecoder0.0/size", dir);
        folder_write(&folder, path, "0x100000000\n");
        folder_link(&folder, CXL "decoder0.0",
                    "../../../devices/platform/ACPI0017:00/root0/decoder0.0");

        (void)snprintf(path, sizeof(path), "%sport1/endpoint2/decoder2.0/devtype", dir);
        folder_write(&folder, path, "cxl_decoder_endpoint\n");
        (void)snprintf(path, sizeof(path), "%sport1/endpoint2/decoder2.0/dpa_size", dir);
        folder_write(&folder, path, "0x0000000020000000\n");
        (void)snprintf(path, sizeof(path), "%sport1/endpoint2/decoder2.0/region", dir);
        folder_write(&folder, path, "region0\n");
        (void)snprintf(path, sizeof(path), "%sport1/endpoint2/uport", dir);
        folder_link(&folder, path, "../../../../../pci0000:0c/0000:0d:00.0/mem0");
        folder_link(&folder, CXL "decoder2.0",
                    "../../../devices/platform/ACPI0017:00/root0/port1/endpoint2/decoder2.0");
        folder_link(&folder, CXL "endpoint2",
                    "../../../devices/platform/ACPI0017:00/root0/port1/endpoint2");

        (void)snprintf(path, sizeof(path), "%sdecoder0.0/region0/resource", dir);
        folder_write(&folder, path, "0x38000000\n");
        (void)snprintf(path, sizeof(path), "%sdecoder0.0/region0/size", dir);
        folder_write(&folder, path, "0x20000000\n");
        (void)snprintf(path, sizeof(path), "%sdecoder0.0/region0/commit", dir);
        folder_write(&folder, path, "1\n");
        (void)snprintf(path, sizeof(path), "%sdecoder0.0/region0/target0", dir);
        folder_write(&folder, path, "decoder2.0\n");
        folder_link(&folder, CXL "region0",
                    "../../../devices/platform/ACPI0017:00/root0/decoder0.0/region0");

        (void)snprintf(path, sizeof(path), "%sdecoder0.0/region0/dax_region0/dax0.0/target_node",
                       dir);
        folder_write(&folder, path, "2\n");
        (void)snprintf(path, sizeof(path), "%sdecoder0.0/region0/dax_region0/dax0.0/size", dir);
        folder_write(&folder, path, "536870912\n");
        (void)snprintf(path, sizeof(path), "%sdecoder0.0/region0/dax_region0/dax0.0/driver", dir);
        folder_link(&folder, path, "../../../../../../../../bus/dax/drivers/kmem");
        folder_link(&folder, "sys/bus/dax/devices/dax0.0",
                    "../../../devices/platform/ACPI0017:00/root0/decoder0.0/region0/dax_region0/"
                    "dax0.0");
}

static void setup(void) {
        folder = folder_new();
        write_machine();
        write_cxl();
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        machine = NULL;
}

static void teardown(void) {
        machine = sysfs_machine_free(machine);
        root_deinit(&root);
        folder_remove(&folder);
}

static void reread(void) {
        machine = sysfs_machine_free(machine);
        ck_assert_int_eq(sysfs_read(&root, &machine), 0);
}

START_TEST(nodes_are_those_that_are_online) {
        reread();
        ck_assert_uint_eq(machine->n_nodes, 2);
        ck_assert_uint_eq(machine->nodes[0].id, 0);
        ck_assert_uint_eq(machine->nodes[1].id, 2);
        ck_assert_uint_eq(machine->nodes[0].memory_bytes.value, 1000 * 1024);
        ck_assert_uint_eq(machine->nodes[0].n_cpus, 5);
        ck_assert_str_eq(machine->nodes[0].cpulist, "0-3,8");
        ck_assert_uint_eq(machine->nodes[1].n_cpus, 0);
        ck_assert_uint_eq(machine->diagnostics.n_items, 0);
}
END_TEST

START_TEST(distance_columns_are_online_nodes) {
        reread();
        ck_assert_uint_eq(machine->nodes[0].distances[1], 24);
        ck_assert_uint_eq(machine->nodes[1].distances[0], 24);
        ck_assert_uint_eq(machine->nodes[1].distances[1], 10);
}
END_TEST

START_TEST(hugepage_pools_are_sorted_by_size) {
        reread();
        ck_assert_uint_eq(machine->nodes[0].n_hugepages, 2);
        ck_assert_uint_eq(machine->nodes[0].hugepages[0].page_bytes, 2 * MIB);
        ck_assert_uint_eq(machine->nodes[0].hugepages[0].n_pages, 64);
        ck_assert_uint_eq(machine->nodes[0].hugepages[0].n_free_pages.value, 60);
        ck_assert(!machine->nodes[0].hugepages[0].n_surplus_pages.present);
        ck_assert_uint_eq(machine->nodes[0].hugepages[1].page_bytes, GIB);
        ck_assert_uint_eq(machine->nodes[1].n_hugepages, 0);
}
END_TEST

START_TEST(a_kernel_without_swap_says_nothing_of_it) {
        reread();
        ck_assert_uint_eq(machine->host.swap_bytes.value, 65536);
        folder_write(&folder, "proc/meminfo", "MemTotal: 1500 kB\n");
        reread();
        ck_assert(!machine->host.swap_bytes.present);
        ck_assert_uint_eq(machine->diagnostics.n_items, 0);
        folder_write(&folder, "proc/meminfo", "MemTotal: 1500 kB\nSwapTotal: much\n");
        reread();
        ck_assert(!machine->host.swap_bytes.present);
        ck_assert_uint_eq(machine->diagnostics.n_items, 1);
}
END_TEST

START_TEST(a_figure_of_zero_is_unknown) {
        reread();
        ck_assert(machine->nodes[0].access[1].is_present);
        ck_assert(!machine->nodes[0].access[0].is_present);
        ck_assert_uint_eq(machine->nodes[0].access[1].read_latency_ns.value, 90);
        ck_assert(!machine->nodes[0].access[1].read_bandwidth_mbps.present);
        ck_assert(nodeset_contains(&machine->nodes[0].access[1].initiators, 0));
}
END_TEST

START_TEST(what_is_missing_is_absent) {
        reread();
        ck_assert(!machine->nodes[0].failures.total.present);
        ck_assert_uint_eq(machine->nodes[1].failures.total.value, 3);
        ck_assert(!machine->nodes[1].failures.failed.present);
        ck_assert(!machine->host.numa_balancing.present);
        ck_assert(machine->host.is_demotion_enabled.present);
        ck_assert_uint_eq(machine->host.is_demotion_enabled.value, 0);
        ck_assert_uint_eq(machine->nodes[1].n_side_caches, 1);
        ck_assert_uint_eq(machine->nodes[1].side_caches[0].size_bytes.value, 4096);
}
END_TEST

START_TEST(blocks_know_state_zone_and_node) {
        reread();
        ck_assert_uint_eq(machine->n_blocks, 3);
        ck_assert_uint_eq(machine->blocks[0].node, 0);
        ck_assert(!machine->blocks[0].is_movable);
        ck_assert_uint_eq(machine->blocks[1].id, 7);
        ck_assert_uint_eq(machine->blocks[1].node, 2);
        ck_assert(machine->blocks[1].is_movable);
        ck_assert_uint_eq(machine->blocks[2].state, SYSFS_BLOCK_OFFLINE);
        ck_assert_uint_eq(machine->blocks[2].node, SYSFS_NO_NODE);
        ck_assert_uint_eq(machine->host.block_bytes.value, 128 * MIB);
}
END_TEST

START_TEST(tiers_are_sorted_by_id) {
        reread();
        ck_assert_uint_eq(machine->n_tiers, 2);
        ck_assert_uint_eq(machine->tiers[0].id, 4);
        ck_assert_uint_eq(machine->tiers[1].id, 22);
        ck_assert(nodeset_contains(&machine->tiers[1].nodes, 2));
}
END_TEST

START_TEST(cxl_devices_are_tied_together_by_their_links) {
        reread();
        ck_assert_uint_eq(machine->n_memdevs, 1);
        ck_assert_str_eq(machine->memdevs[0].pci_address, "0000:0d:00.0");
        ck_assert_uint_eq(machine->memdevs[0].serial.value, 0xabc0);
        ck_assert_uint_eq(machine->memdevs[0].ram_bytes.value, 512 * MIB);
        ck_assert(!machine->memdevs[0].node.present);
        ck_assert_uint_eq(machine->n_regions, 1);
        ck_assert_str_eq(machine->regions[0].window, "decoder0.0");
        ck_assert_str_eq(machine->regions[0].targets[0], "decoder2.0");
        ck_assert(machine->regions[0].is_committed);
        ck_assert_str_eq(sysfs_find_decoder(machine, "decoder2.0")->memdev, "mem0");
        ck_assert_uint_eq(machine->n_daxes, 1);
        ck_assert_int_eq(machine->daxes[0].source, SYSFS_DAX_CXL_RAM);
        ck_assert_str_eq(machine->daxes[0].region, "region0");
        ck_assert_str_eq(machine->daxes[0].driver, "kmem");
        ck_assert_uint_eq(machine->daxes[0].target_node.value, 2);
}
END_TEST

START_TEST(host_facts_are_read) {
        reread();
        ck_assert_str_eq(machine->host.kernel_version, "6.12.1-amd64");
        ck_assert_str_eq(machine->host.host_name, "worker");
        ck_assert_str_eq(machine->host.cgroup_version, "v2");
        ck_assert_str_eq(machine->host.cgroup_controllers, "cpuset cpu memory");
        ck_assert_uint_eq(machine->host.memory_bytes.value, 1500 * 1024);
}
END_TEST

/* One file is garbage: it is named, and everything else is still read. */
static const struct {
        const char *path;
        const char *text;
        const char *diagnostic;
} garbage[] = {
        { NODE "online", "zero\n", "holds 'zero', expected a list of NUMA nodes" },
        { NODE "has_memory", "", "is empty" },
        { NODE "node0/meminfo", "Node 0 MemTotal: 18446744073709551617 kB\n", "below 2^64 bytes" },
        { NODE "node0/meminfo", "Node 0 MemTotal: 18446744073709551615 kB\n", "below 2^64 bytes" },
        { NODE "node0/meminfo", "Node 0 MemTotal: 12 potatoes\n", "expected a size in kB" },
        { NODE "node0/meminfo", "Node 0 MemT", "has no line 'Node 0 MemTotal:'" },
        { NODE "node0/meminfo", "MemTotal: 12 kB\n", "has no line 'Node 0 MemTotal:'" },
        { NODE "node0/meminfo", "", "has no line 'Node 0 MemTotal:'" },
        { NODE "node0/cpulist", "0-\n", "is not a list of CPUs" },
        { NODE "node0/cpulist", "3-1\n", "is not a list of CPUs" },
        { NODE "node0/cpulist", "0,99999999\n", "is not a list of CPUs" },
        { NODE "node0/distance", "10\n", "has 1 distances for 2 NUMA nodes" },
        { NODE "node0/distance", "10 20 30\n", "has 3 distances for 2 NUMA nodes" },
        { NODE "node0/distance", "10 far\n", "has 1 distances for 2 NUMA nodes" },
        { NODE "node0/hugepages/hugepages-2048kB/nr_hugepages", "many\n", "holds 'many'" },
        { NODE "node0/hugepages/hugepages-2048kB/nr_hugepages", "18446744073709551615\n",
          "more than 2^64 bytes" },
        { NODE "node0/access1/initiators/read_latency", "-5\n", "holds '-5'" },
        { NODE "has_normal_memory", "0,5\n", "names NUMA nodes that are not online" },
        { MEMORY "block_size_bytes", "xyz\n", "expected a hexadecimal number" },
        { MEMORY "memory0/state", "asleep\n", "expected online or offline" },
        { "proc/meminfo", "nothing here\n", "has no line 'MemTotal:'" },
        { "sys/kernel/mm/numa/demotion_enabled", "perhaps\n", "expected true or false" },
        { "sys/devices/virtual/memory_tiering/memory_tier4/nodelist", "1024\n", "expected a list" },
        { "sys/bus/dax/devices/dax0.0/target_node", "4096\n", "expected a NUMA node id" },
        { CXL "mem0/serial", "0xg\n", "expected a hexadecimal number" },
        { CXL "region0/size", "0x1ffffffffffffffff\n", "expected a hexadecimal number" },
};

START_TEST(garbage_is_named_and_the_rest_is_read) {
        folder_write(&folder, garbage[_i].path, garbage[_i].text);
        reread();
        ck_assert_msg(machine->diagnostics.n_items == 1, "%s: %zu diagnostics", garbage[_i].text,
                      machine->diagnostics.n_items);
        ck_assert_str_eq(machine->diagnostics.items[0].source, garbage[_i].path);
        ck_assert_msg(strstr(machine->diagnostics.items[0].text, garbage[_i].diagnostic) != NULL,
                      "%s: says '%s'", garbage[_i].path, machine->diagnostics.items[0].text);
        ck_assert_uint_eq(machine->n_nodes, 2);
        ck_assert_uint_eq(machine->nodes[1].memory_bytes.value, 500 * 1024);
}
END_TEST

START_TEST(ten_mebibytes_of_nuls_are_refused) {
        static const char nuls[10 << 20];

        folder_write_bytes(&folder, NODE "node0/meminfo", nuls, sizeof(nuls));
        reread();
        ck_assert_uint_eq(machine->diagnostics.n_items, 1);
        ck_assert(strstr(machine->diagnostics.items[0].text, "larger than 4096 bytes") != NULL);
        ck_assert(!machine->nodes[0].memory_bytes.present);
}
END_TEST

START_TEST(a_nul_after_the_newline_is_an_old_kernel) {
        folder_write_bytes(&folder, NODE "online", "0,2\n\0", 5);
        reread();
        ck_assert_uint_eq(machine->diagnostics.n_items, 0);
        ck_assert_uint_eq(machine->n_nodes, 2);
}
END_TEST

START_TEST(a_file_of_nuls_is_garbage) {
        folder_write_bytes(&folder, NODE "online", "\0\0\0\0", 4);
        reread();
        ck_assert_uint_eq(machine->diagnostics.n_items, 1);
        ck_assert_uint_eq(machine->n_nodes, 2);
}
END_TEST

START_TEST(a_cpumap_stands_in_for_a_cpulist) {
        folder_delete(&folder, NODE "node0/cpulist");
        folder_write(&folder, NODE "node0/cpumap", "80000001,0000010f\n");
        reread();
        ck_assert_str_eq(machine->nodes[0].cpulist, "0-3,8,32,63");
        ck_assert_uint_eq(machine->nodes[0].n_cpus, 7);
}
END_TEST

START_TEST(a_cpulist_too_long_for_its_field_is_marked) {
        char text[4096] = "";

        for (unsigned cpu = 0; cpu < 600; cpu += 2)
                (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u",
                               cpu ? "," : "", cpu);
        folder_write(&folder, NODE "node0/cpulist", text);
        reread();
        ck_assert_uint_eq(machine->nodes[0].n_cpus, 300);
        ck_assert_str_eq(machine->nodes[0].cpulist + strlen(machine->nodes[0].cpulist) - 4, ",...");
}
END_TEST

START_TEST(a_node_that_vanished_is_left_out) {
        folder_delete(&folder, NODE "node2");
        reread();
        ck_assert_uint_eq(machine->n_nodes, 1);
        ck_assert_uint_ge(machine->diagnostics.n_items, 1);
        ck_assert(strstr(machine->diagnostics.items[0].text,
                         "is missing, although it is online; leaving NUMA node 2 out"));
}
END_TEST

START_TEST(a_node_that_is_not_online_yet_is_not_read) {
        folder_write(&folder, NODE "node5/meminfo", "half a no");
        reread();
        ck_assert_uint_eq(machine->n_nodes, 2);
        ck_assert_uint_eq(machine->diagnostics.n_items, 0);
}
END_TEST

START_TEST(without_a_mask_the_directories_count) {
        folder_delete(&folder, NODE "online");
        reread();
        ck_assert_uint_eq(machine->n_nodes, 2);
        ck_assert(!machine->knows_online);
}
END_TEST

START_TEST(a_loop_of_links_is_a_diagnostic) {
        folder_delete(&folder, NODE "node0/meminfo");
        folder_link(&folder, NODE "node0/meminfo", "meminfo");
        reread();
        ck_assert_uint_eq(machine->diagnostics.n_items, 1);
        ck_assert(strstr(machine->diagnostics.items[0].text, "cannot be read") != NULL);
}
END_TEST

START_TEST(a_link_out_of_the_root_stays_inside) {
        folder_delete(&folder, "proc/meminfo");
        folder_link(&folder, "proc/meminfo", "/../../../../../../proc/self/../meminfo");
        reread();
        ck_assert(!machine->host.memory_bytes.present);
}
END_TEST

START_TEST(an_empty_root_is_an_empty_machine) {
        folder_delete(&folder, "sys");
        folder_delete(&folder, "proc");
        reread();
        ck_assert_uint_eq(machine->n_nodes, 0);
        ck_assert_uint_eq(machine->diagnostics.n_items, 0);
}
END_TEST

/* Every family of files: after this write, the machine is another one. */
static const struct {
        const char *path;
        const char *text;
} changes[] = {
        { NODE "node0/meminfo", "Node 0 MemTotal: 1001 kB\n" },
        { NODE "node0/cpulist", "0-4\n" },
        { NODE "node0/distance", "10 25\n" },
        { NODE "node0/hugepages/hugepages-2048kB/nr_hugepages", "65\n" },
        { NODE "node0/access1/initiators/read_latency", "91\n" },
        { NODE "node2/memory_side_cache/index1/size", "8192\n" },
        { NODE "node2/memory_failure/total", "4\n" },
        { NODE "has_normal_memory", "0,2\n" },
        { NODE "has_generic_initiator", "2\n" },
        { NODE "has_cpu", "0,2\n" },
        { NODE "online", "0\n" },
        { MEMORY "memory9/state", "online\n" },
        { MEMORY "memory0/valid_zones", "Movable\n" },
        { MEMORY "memory11/state", "online\n" },
        { MEMORY "block_size_bytes", "10000000\n" },
        { "sys/devices/virtual/memory_tiering/memory_tier4/nodelist", "0,2\n" },
        { "sys/devices/virtual/memory_tiering/memory_tier99/nodelist", "\n" },
        { "sys/kernel/mm/numa/demotion_enabled", "true\n" },
        { "proc/meminfo", "MemTotal: 1501 kB\nSwapTotal: 64 kB\n" },
        { "proc/meminfo", "MemTotal: 1500 kB\nSwapTotal: 0 kB\n" },
        { "proc/meminfo", "MemTotal: 1500 kB\n" },
        { "proc/iomem", "1000-1fff : System RAM (kmem)\n" },
        { "proc/driver/nvidia/gpus/0000:01:00.0/numa_status", "Node: 2\n" },
        { "sys/fs/cgroup/cgroup.controllers", "cpu\n" },
        { "sys/fs/cgroup/kubepods/memory.max", "4096\n" },
        { CXL "mem0/serial", "0xabc1\n" },
        { CXL "decoder0.0/size", "0x200000000\n" },
        { CXL "decoder2.0/region", "\n" },
        { CXL "region0/commit", "0\n" },
        { CXL "region0/target0", "decoder2.1\n" },
        { "sys/bus/dax/devices/dax0.0/target_node", "0\n" },
};

START_TEST(a_change_is_seen) {
        _cleanup_(sysfs_machine_freep) SysfsMachine *before = NULL, *same = NULL;

        ck_assert_int_eq(sysfs_read(&root, &before), 0);
        ck_assert_int_eq(sysfs_read(&root, &same), 0);
        ck_assert(sysfs_machine_is_equal(before, same));
        folder_write(&folder, changes[_i].path, changes[_i].text);
        reread();
        ck_assert_msg(!sysfs_machine_is_equal(before, machine), "%s", changes[_i].path);
}
END_TEST

START_TEST(free_pages_are_no_change) {
        _cleanup_(sysfs_machine_freep) SysfsMachine *before = NULL;

        ck_assert_int_eq(sysfs_read(&root, &before), 0);
        folder_write(&folder, NODE "node0/hugepages/hugepages-2048kB/free_hugepages", "1\n");
        folder_write(&folder, NODE "node0/meminfo",
                     "Node 0 MemTotal:  1000 kB\nNode 0 MemFree: 7 kB\n");
        reread();
        ck_assert(sysfs_machine_is_equal(before, machine));
}
END_TEST

START_TEST(reading_without_memory_gives_nothing) {
        unsigned n = 0;
        int r;

        do {
                failmalloc_arm(n++);
                r = sysfs_read(&root, &machine);
                if (failmalloc_disarm() && r == -ENOMEM)
                        ck_assert_ptr_null(machine);
        } while (r == -ENOMEM);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_gt(n, 20);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("sysfs");
        TCase *t = tcase_create("read");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, nodes_are_those_that_are_online);
        tcase_add_test(t, distance_columns_are_online_nodes);
        tcase_add_test(t, hugepage_pools_are_sorted_by_size);
        tcase_add_test(t, a_kernel_without_swap_says_nothing_of_it);
        tcase_add_test(t, a_figure_of_zero_is_unknown);
        tcase_add_test(t, what_is_missing_is_absent);
        tcase_add_test(t, blocks_know_state_zone_and_node);
        tcase_add_test(t, tiers_are_sorted_by_id);
        tcase_add_test(t, cxl_devices_are_tied_together_by_their_links);
        tcase_add_test(t, host_facts_are_read);
        tcase_add_loop_test(t, garbage_is_named_and_the_rest_is_read, 0, ELEMENTSOF(garbage));
        tcase_add_test(t, ten_mebibytes_of_nuls_are_refused);
        tcase_add_test(t, a_nul_after_the_newline_is_an_old_kernel);
        tcase_add_test(t, a_file_of_nuls_is_garbage);
        tcase_add_test(t, a_cpumap_stands_in_for_a_cpulist);
        tcase_add_test(t, a_cpulist_too_long_for_its_field_is_marked);
        tcase_add_test(t, a_node_that_vanished_is_left_out);
        tcase_add_test(t, a_node_that_is_not_online_yet_is_not_read);
        tcase_add_test(t, without_a_mask_the_directories_count);
        tcase_add_test(t, a_loop_of_links_is_a_diagnostic);
        tcase_add_test(t, a_link_out_of_the_root_stays_inside);
        tcase_add_test(t, an_empty_root_is_an_empty_machine);
        tcase_add_loop_test(t, a_change_is_seen, 0, ELEMENTSOF(changes));
        tcase_add_test(t, free_pages_are_no_change);
        tcase_add_test(t, reading_without_memory_gives_nothing);
        suite_add_tcase(s, t);
        return s;
}
