/* SPDX-License-Identifier: Apache-2.0 */
/* What changed: two trees on disk, the sentences between them. */
#include <stdio.h>
#include <string.h>

#include "lib/folder.h"
#include "lib/test-main.h"
#include "topology/changes.h"

#define NODE "sys/devices/system/node/"

static Folder folder;
static Root root = ROOT_NULL;
static Topology *before, *now;
static TopologyChanges changes;

static Topology *look(uint64_t generation) {
        SysfsMachine *machine;
        Topology *topology;

        ck_assert_int_eq(sysfs_read(&root, &machine), 0);
        ck_assert_int_eq(topology_build(machine, NULL, 0, generation, &topology), 0);
        return topology;
}

static void setup(void) {
        folder = folder_new();
        folder_write(&folder, NODE "online", "0\n");
        folder_write(&folder, NODE "node0/meminfo", "Node 0 MemTotal: 1048576 kB\n");
        folder_write(&folder, NODE "node0/cpulist", "0-3\n");
        folder_write(&folder, "proc/meminfo", "MemTotal: 1048576 kB\n");
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        before = look(1);
}

static void teardown(void) {
        before = topology_unref(before);
        now = topology_unref(now);
        root_deinit(&root);
        folder_remove(&folder);
}

static void compare(void) {
        now = topology_unref(now);
        now = look(2);
        topology_list_changes(before, now, &changes);
}

static void add_node1(const char *kib) {
        char text[64];

        folder_write(&folder, NODE "online", "0-1\n");
        (void)snprintf(text, sizeof(text), "Node 1 MemTotal: %s kB\n", kib);
        folder_write(&folder, NODE "node1/meminfo", text);
        folder_write(&folder, NODE "node1/cpulist", "\n");
}

static void check(size_t index, OptU64 node, const char *text) {
        ck_assert_uint_lt(index, changes.n_items);
        ck_assert_str_eq(changes.items[index].text, text);
        ck_assert(opt_u64_equal(changes.items[index].node, node));
}

START_TEST(the_same_machine_has_no_changes) {
        compare();
        ck_assert_uint_eq(changes.n_items, 0);
        ck_assert_uint_eq(changes.n_dropped, 0);
}
END_TEST

START_TEST(a_new_node_is_told_with_what_it_is_and_why) {
        add_node1("524288");
        compare();
        ck_assert_uint_eq(changes.n_items, 1);
        check(0, opt_u64(1),
              "NUMA node 1 is new: unknown, excluded, 512.00 MiB (no CPUs, and nothing tells whose "
              "memory it is)");
}
END_TEST

START_TEST(a_node_that_left_is_told_with_what_it_was) {
        Topology *was = before;

        add_node1("524288");
        compare();
        before = now;
        now = NULL;
        (void)topology_unref(was);
        folder_write(&folder, NODE "online", "0\n");
        folder_delete(&folder, NODE "node1/meminfo");
        folder_delete(&folder, NODE "node1/cpulist");
        folder_delete(&folder, NODE "node1");
        compare();
        ck_assert_uint_eq(changes.n_items, 1);
        check(0, opt_u64(1), "NUMA node 1 is gone: it was unknown, excluded, 512.00 MiB");
}
END_TEST

START_TEST(a_size_is_told_in_bytes_and_for_people_and_so_is_the_sum) {
        folder_write(&folder, NODE "node0/meminfo", "Node 0 MemTotal: 2097152 kB\n");
        folder_write(&folder, "proc/meminfo", "MemTotal: 2097152 kB\n");
        compare();
        ck_assert_uint_eq(changes.n_items, 2);
        check(0, opt_u64(0),
              "NUMA node 0 has 2147483648 bytes (2.00 GiB), had 1073741824 (1.00 GiB)");
        check(1, (OptU64){},
              "/proc/meminfo shows 2147483648 bytes (2.00 GiB), showed 1073741824 (1.00 GiB)");
}
END_TEST

START_TEST(a_region_and_a_dax_device_are_told_by_name) {
        folder_write(&folder, "sys/bus/cxl/devices/region0/size", "0x40000000\n");
        folder_write(&folder, "sys/bus/dax/devices/dax0.0/size", "1073741824\n");
        compare();
        ck_assert_uint_eq(changes.n_items, 2);
        check(0, (OptU64){}, "CXL region region0 is new");
        check(1, (OptU64){}, "dax device dax0.0 is new");
}
END_TEST

START_TEST(memory_that_goes_offline_is_told_by_its_blocks) {
        folder_write(&folder, "sys/devices/system/memory/block_size_bytes", "8000000\n");
        folder_write(&folder, "sys/devices/system/memory/memory0/state", "online\n");
        folder_write(&folder, NODE "node0/memory0/state", "online\n");
        compare();
        before = topology_unref(before);
        before = topology_ref(now);
        folder_write(&folder, "sys/devices/system/memory/memory0/state", "offline\n");
        compare();
        ck_assert_uint_eq(changes.n_items, 1);
        check(0, opt_u64(0), "NUMA node 0 has offline memory blocks: 1, had 0");
}
END_TEST

START_TEST(what_is_worth_no_sentence_still_makes_one) {
        folder_write(&folder, NODE "node0/distance", "10\n");
        compare();
        ck_assert_uint_eq(changes.n_items, 1);
        check(0, (OptU64){}, "attributes changed that alter neither sizes nor reasons");
}
END_TEST

START_TEST(beyond_the_cap_changes_are_counted) {
        char path[64];

        for (unsigned i = 0; i < TOPOLOGY_CHANGES_MAX + 6; ++i) {
                (void)snprintf(path, sizeof(path), "sys/bus/dax/devices/dax%u.0/size", i);
                folder_write(&folder, path, "1073741824\n");
        }
        compare();
        ck_assert_uint_eq(changes.n_items, TOPOLOGY_CHANGES_MAX);
        ck_assert_uint_eq(changes.n_dropped, 6);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("topology-changes");
        TCase *t = tcase_create("compare");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, the_same_machine_has_no_changes);
        tcase_add_test(t, a_new_node_is_told_with_what_it_is_and_why);
        tcase_add_test(t, a_node_that_left_is_told_with_what_it_was);
        tcase_add_test(t, a_size_is_told_in_bytes_and_for_people_and_so_is_the_sum);
        tcase_add_test(t, a_region_and_a_dax_device_are_told_by_name);
        tcase_add_test(t, memory_that_goes_offline_is_told_by_its_blocks);
        tcase_add_test(t, what_is_worth_no_sentence_still_makes_one);
        tcase_add_test(t, beyond_the_cap_changes_are_counted);
        suite_add_tcase(s, t);
        return s;
}
