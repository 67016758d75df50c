/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine that the tests run on, and libnuma as a second opinion: both read the same kernel, by
 * different code.
 */
#include <numa.h>
#include <stdio.h>

#include "base/root.h"
#include "lib/test-main.h"
#include "sysfs/sysfs.h"

static Root root = ROOT_NULL;
static SysfsMachine *machine;

static void setup(void) {
        ck_assert_int_eq(root_init(&root, "/"), 0);
        ck_assert_int_eq(sysfs_read(&root, &machine), 0);
}

static void teardown(void) {
        machine = sysfs_machine_free(machine);
        root_deinit(&root);
}

START_TEST(nodes_and_sizes_agree_with_libnuma) {
        if (numa_available() < 0)
                return;
        ck_assert_uint_eq(machine->n_nodes, (unsigned)numa_num_configured_nodes());
        for (size_t i = 0; i < machine->n_nodes; ++i) {
                long long free_bytes;
                const long long bytes = numa_node_size64((int)machine->nodes[i].id, &free_bytes);

                ck_assert_int_eq((long long)machine->nodes[i].memory_bytes.value, bytes);
        }
}
END_TEST

START_TEST(distances_agree_with_libnuma) {
        if (numa_available() < 0)
                return;
        for (size_t a = 0; a < machine->n_nodes; ++a)
                for (size_t b = 0; machine->nodes[a].distances && b < machine->n_nodes; ++b)
                        ck_assert_int_eq(machine->nodes[a].distances[b],
                                         numa_distance((int)machine->nodes[a].id,
                                                       (int)machine->nodes[b].id));
}
END_TEST

START_TEST(this_machine_has_memory) {
        ck_assert(machine->host.memory_bytes.present);
        ck_assert_uint_gt(machine->host.memory_bytes.value, 0);
        ck_assert_str_ne(machine->host.kernel_version, "");
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("live");
        TCase *t = tcase_create("read");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, this_machine_has_memory);
        tcase_add_test(t, nodes_and_sizes_agree_with_libnuma);
        tcase_add_test(t, distances_agree_with_libnuma);
        suite_add_tcase(s, t);
        return s;
}
