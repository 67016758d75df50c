/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel's files say of a container, by locality. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "enforce/usage.h"
#include "lib/test-main.h"

#define PAGE UINT64_C(4096)

/* As far as it counts, and some of what does not: each kernel's own lines, in its order. */
static const char stat_6_1[] = "anon N0=104857600 N1=52428800\n"
                               "file N0=8192 N1=4096\n"
                               "kernel_stack N0=49152 N1=0\n"
                               "pagetables N0=331776 N1=0\n"
                               "sec_pagetables N0=0 N1=0\n"
                               "shmem N0=4096 N1=0\n"
                               "file_mapped N0=0 N1=0\n"
                               "file_dirty N0=0 N1=0\n"
                               "swapcached N0=0 N1=0\n"
                               "anon_thp N0=0 N1=0\n"
                               "inactive_anon N0=104800256 N1=52428800\n"
                               "active_anon N0=57344 N1=0\n"
                               "slab_reclaimable N0=28848 N1=0\n"
                               "workingset_refault_anon N0=0 N1=0\n"
                               "workingset_nodereclaim N0=0 N1=0\n";

static const char stat_6_12[] = "anon N0=209715200 N1=0 N2=314572800\n"
                                "file N0=4096 N1=0 N2=8192\n"
                                "kernel_stack N0=49152 N1=0 N2=0\n"
                                "pagetables N0=1126400 N1=0 N2=0\n"
                                "sec_pagetables N0=0 N1=0 N2=0\n"
                                "shmem N0=0 N1=0 N2=0\n"
                                "anon_thp N0=0 N1=0 N2=0\n"
                                "file_thp N0=0 N1=0 N2=0\n"
                                "unevictable N0=0 N1=0 N2=0\n"
                                "slab_reclaimable N0=37592 N1=0 N2=0\n"
                                "slab_unreclaimable N0=102720 N1=0 N2=0\n"
                                "workingset_refault_file N0=0 N1=0 N2=0\n";

static const char stat_7_2[] = "anon N0=209715200 N1=0 N2=314572800\n"
                               "file N0=4096 N1=0 N2=8192\n"
                               "kernel_stack N0=49152 N1=0 N2=0\n"
                               "pagetables N0=1126400 N1=0 N2=0\n"
                               "vmalloc N0=0 N1=0 N2=0\n"
                               "shmem N0=0 N1=0 N2=0\n"
                               "workingset_refault_file N0=0 N1=0 N2=0\n"
                               "pgdemote_kswapd N0=10 N1=0 N2=0\n"
                               "pgdemote_direct N0=20 N1=0 N2=0\n"
                               "pgdemote_khugepaged N0=0 N1=0 N2=0\n"
                               "pgdemote_proactive N0=76770 N1=100 N2=0\n"
                               "pgpromote_success N0=5 N1=0 N2=0\n";

static NodeSet local, remote;
static EnforceUsage usage;
static EnforceUsageNodes nodes;

static NodeSet make_set(const char *list) {
        NodeSet set = {};

        if (list[0])
                ck_assert_int_eq(nodeset_parse(list, strlen(list), &set), 0);
        return set;
}

static bool parse(const char *text) {
        return enforce_usage_parse(scan_init(text, strlen(text)), &local, &remote, PAGE, &usage,
                                   &nodes);
}

static void setup(void) {
        local = make_set("0");
        remote = make_set("2");
        usage = (EnforceUsage){ .usec = 7, .has_swap = true, .pressure_permille = opt_u64(3) };
        nodes = (EnforceUsageNodes){};
}

START_TEST(an_older_kernel_has_no_counters) {
        remote = make_set("1");
        ck_assert(parse(stat_6_1));
        ck_assert_uint_eq(usage.local, 104857600 + 8192);
        ck_assert_uint_eq(usage.remote, 52428800 + 4096);
        ck_assert_uint_eq(usage.other, 0);
        ck_assert_uint_eq(usage.local_anon, 104857600);
        ck_assert_uint_eq(usage.local_file, 8192);
        ck_assert_uint_eq(usage.remote_file, 4096);
        ck_assert(!usage.kernel_demoted.present && !usage.kernel_promoted.present);
}
END_TEST

START_TEST(what_is_not_parsed_is_left_alone) {
        ck_assert(parse(stat_6_12));
        ck_assert_uint_eq(usage.usec, 7);
        ck_assert(usage.has_swap);
        ck_assert(opt_u64_equal(usage.pressure_permille, opt_u64(3)));
}
END_TEST

START_TEST(a_newer_kernel_counts_pages_by_numa_node) {
        ck_assert(parse(stat_7_2));
        ck_assert_uint_eq(usage.local, 209715200 + 4096);
        ck_assert_uint_eq(usage.remote, 314572800 + 8192);
        ck_assert(opt_u64_equal(usage.kernel_demoted, opt_u64(76800 * PAGE)));
        ck_assert(opt_u64_equal(usage.kernel_promoted, opt_u64(5 * PAGE)));
}
END_TEST

START_TEST(counters_of_before_do_not_stay) {
        ck_assert(parse(stat_7_2));
        ck_assert(parse(stat_6_12));
        ck_assert(!usage.kernel_demoted.present && !usage.kernel_promoted.present);
}
END_TEST

START_TEST(localities_are_sums) {
        local = make_set("0,2");
        remote = make_set("1");
        ck_assert(parse(stat_7_2));
        ck_assert_uint_eq(usage.local, 209715200 + 314572800 + 4096 + 8192);
        ck_assert_uint_eq(usage.remote, 0);
        local = make_set("1");
        remote = make_set("");
        ck_assert(parse(stat_7_2));
        ck_assert_uint_eq(usage.local, 0);
        ck_assert_uint_eq(usage.other, 209715200 + 314572800 + 4096 + 8192);
        ck_assert_uint_eq(usage.kernel_demoted.value, 100 * PAGE);
}
END_TEST

START_TEST(nodes_are_listed_once) {
        ck_assert(parse("anon N0=1 N2=0 N5=7 N1023=1\nfile N0=2 N1=4 N2=0 N1023=1\n"));
        ck_assert_uint_eq(nodes.n_items, 4);
        ck_assert_uint_eq(nodes.items[0].node, 0);
        ck_assert_uint_eq(nodes.items[0].bytes, 3);
        ck_assert_uint_eq(nodes.items[1].node, 1);
        ck_assert_uint_eq(nodes.items[1].bytes, 4);
        ck_assert_uint_eq(nodes.items[2].node, 5);
        ck_assert_uint_eq(nodes.items[3].node, 1023);
        ck_assert_uint_eq(nodes.items[3].bytes, 2);
}
END_TEST

START_TEST(more_nodes_than_fit_still_count) {
        Buffer text = {};

        for (unsigned line = 0; line < 2; ++line) {
                buffer_append(&text, line == 0 ? "file" : "anon", 4);
                for (unsigned i = 0; i < ENFORCE_USAGE_NODES_MAX + 6; ++i)
                        buffer_printf(&text, " N%u=%u", 3 * i + (line == 0), 1 + i);
                buffer_append(&text, "\n", 1);
        }
        local = make_set("0-1023");
        remote = make_set("");
        ck_assert(parse(text.data));
        ck_assert_uint_eq(usage.local, 2 * 70 * 71 / 2);
        ck_assert_uint_eq(nodes.n_items, ENFORCE_USAGE_NODES_MAX);
        for (size_t i = 0; i < nodes.n_items; ++i) {
                ck_assert_uint_eq(nodes.items[i].node, 3 * (i / 2) + i % 2);
                ck_assert_uint_eq(nodes.items[i].bytes, 1 + i / 2);
        }
        buffer_deinit(&text);
}
END_TEST

static const char *const bad[] = {
        "",
        "\n",
        "anon N0=1\n",
        "file N0=1\n",
        "anon N0=1\nfile\n",
        "anon N0=1\nfile \n",
        "anon N0=1\nfile N0\n",
        "anon N0=1\nfile N0=\n",
        "anon N0=1\nfile N0=x\n",
        "anon N0=1\nfile N0=1 \n",
        "anon N0=1\nfile N0=1 x\n",
        "anon N0=1\nfile N0=1  N1=1\n",
        "anon N0=1\nfile 0=1\n",
        "anon N1=1 N0=1\nfile N0=1\n",
        "anon N0=1 N0=1\nfile N0=1\n",
        "anon N1024=1\nfile N0=1\n",
        "anon N0=1\nanon N0=1\nfile N0=1\n",
        "anon N0=1\nfile N0=1\nfile N0=1\n",
        "anon N0=18446744073709551616\nfile N0=1\n",
        "anon N0=18446744073709551615\nfile N0=1\n",
        "anon N0=-1\nfile N0=1\n",
        "anon N0=1\nfile N0=1\npgdemote_direct N0\n",
        "anon N0=1\nfile N0=1\npgdemote_direct N0=18446744073709551615\npgdemote_kswapd N0=1\n",
        "anon=1 N0=1\nfile=1 N0=1\n",
        "total=1 N0=1\nfile=1 N0=1\nanon=1 N0=1\n",
};

START_TEST(garbage_changes_nothing) {
        const EnforceUsage before = usage;

        ck_assert_msg(!parse(bad[_i]), "%s", bad[_i]);
        ck_assert_mem_eq(&usage, &before, sizeof(usage));
        ck_assert_uint_eq(nodes.n_items, 0);
}
END_TEST

START_TEST(the_list_of_nodes_may_be_left_out) {
        ck_assert(enforce_usage_parse(scan_init(stat_6_12, strlen(stat_6_12)), &local, &remote,
                                      PAGE, &usage, NULL));
        /* the last line need not end in a newline */
        ck_assert(parse("anon N0=1\nfile N0=2"));
        ck_assert_uint_eq(usage.local, 3);
}
END_TEST

/* memory.stat */

static void parse_stat(const char *text) {
        enforce_usage_parse_stat(scan_init(text, strlen(text)), PAGE, &usage);
}

START_TEST(memory_stat_tells_what_is_not_told_by_node) {
        parse_stat("anon 1\nfile 2\npgdemote_kswapd 1\npgdemote_direct 2\npgpromote_success 4\n");
        ck_assert(opt_u64_equal(usage.kernel_demoted, opt_u64(3 * PAGE)));
        ck_assert(opt_u64_equal(usage.kernel_promoted, opt_u64(4 * PAGE)));
        parse_stat("pgdemote_kswapd 100\npgpromote_success 100\n");
        ck_assert(opt_u64_equal(usage.kernel_demoted, opt_u64(3 * PAGE)));
        usage.kernel_demoted = usage.kernel_promoted = (OptU64){};
        parse_stat("anon 1\nfile 2\npgdemote_direct x\npgpromote_success_rate 1\n");
        ck_assert(!usage.kernel_demoted.present && !usage.kernel_promoted.present);
        parse_stat("pgdemote_direct 18446744073709551615\n");
        ck_assert(opt_u64_equal(usage.kernel_demoted, opt_u64(UINT64_MAX)));
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("enforce-usage");
        TCase *tcase = tcase_create("usage");

        tcase_add_checked_fixture(tcase, setup, NULL);
        tcase_add_test(tcase, an_older_kernel_has_no_counters);
        tcase_add_test(tcase, what_is_not_parsed_is_left_alone);
        tcase_add_test(tcase, a_newer_kernel_counts_pages_by_numa_node);
        tcase_add_test(tcase, counters_of_before_do_not_stay);
        tcase_add_test(tcase, localities_are_sums);
        tcase_add_test(tcase, nodes_are_listed_once);
        tcase_add_test(tcase, more_nodes_than_fit_still_count);
        tcase_add_loop_test(tcase, garbage_changes_nothing, 0, ELEMENTSOF(bad));
        tcase_add_test(tcase, the_list_of_nodes_may_be_left_out);
        tcase_add_test(tcase, memory_stat_tells_what_is_not_told_by_node);
        suite_add_tcase(suite, tcase);
        return suite;
}
