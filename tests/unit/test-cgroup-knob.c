/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the text of a cgroup's file means, and what the kernel makes of what is written.
 */
#include "cgroup/knob.h"

#include <string.h>

#include "lib/claims.h"
#include "lib/test-main.h"

#define PAGE 4096u
#define MAX  CGROUP_MAX

static NodeSet nodes_of(const char *text) {
        NodeSet nodes;

        ck_assert_int_eq(nodeset_parse(text, strlen(text), &nodes), 0);
        return nodes;
}

START_TEST(every_knob_has_a_file_and_a_property) {
        for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob) {
                CgroupKnob found = _CGROUP_KNOB_N;

                ck_assert_ptr_nonnull(strchr(cgroup_knob_file(knob), '.'));
                ck_assert_ptr_null(strchr(cgroup_knob_file(knob), '/'));
                ck_assert_uint_gt(strlen(cgroup_knob_property(knob)), 0);
                ck_assert(cgroup_knob_find(cgroup_knob_file(knob), &found));
                ck_assert_int_eq(found, knob);
        }
        ck_assert_str_eq(cgroup_knob_property(CGROUP_MEMORY_MAX), "MemoryMax");
        ck_assert_str_eq(cgroup_knob_property(CGROUP_CPUSET_MEMS), "AllowedMemoryNodes");
        ck_assert_int_eq(cgroup_knob_type(CGROUP_CPUSET_MEMS), CGROUP_KNOB_NODES);
        ck_assert_int_eq(cgroup_knob_type(CGROUP_PIDS_MAX), CGROUP_KNOB_NUMBER);
}
END_TEST

START_TEST(other_files_are_no_knobs) {
        static const char *const files[] = { "",
                                             "memory",
                                             "memory.ma",
                                             "memory.maxx",
                                             "memory.current",
                                             "memory.swap.max",
                                             "cpuset.cpus",
                                             "../memory.max",
                                             "memory.max\n",
                                             "Memory.max",
                                             "cgroup.procs" };
        CgroupKnob found = CGROUP_PIDS_MAX;

        for (size_t i = 0; i < ELEMENTSOF(files); ++i)
                ck_assert_msg(!cgroup_knob_find(files[i], &found), "%s", files[i]);
        ck_assert_int_eq(found, CGROUP_PIDS_MAX);
}
END_TEST

static const struct {
        CgroupKnob knob;
        const char *text;
        uint64_t number;
        const char *again; /* as it is written; NULL: as it came, but for the newline */
} numbers[] = {
        { CGROUP_MEMORY_MAX, "max\n", MAX, NULL },
        { CGROUP_MEMORY_MAX, "max", MAX, NULL },
        { CGROUP_MEMORY_MAX, "0\n", 0, NULL },
        { CGROUP_MEMORY_MAX, "4096\n", 4096, NULL },
        { CGROUP_MEMORY_HIGH, "17179869184\n", 17179869184, NULL },
        { CGROUP_MEMORY_LOW, "0", 0, NULL },
        { CGROUP_MEMORY_MIN, "0001\n", 1, "1" },
        { CGROUP_MEMORY_MAX, "18446744073709551614\n", MAX - 1, NULL },
        { CGROUP_MEMORY_MAX, "18446744073709551615\n", MAX, "max" },
        { CGROUP_CPU_WEIGHT, "100\n", 100, NULL },
        { CGROUP_CPU_WEIGHT, "0\n", 0, NULL },
        { CGROUP_CPU_WEIGHT, "10000\n", 10000, NULL },
        { CGROUP_PIDS_MAX, "max\n", MAX, NULL },
        { CGROUP_PIDS_MAX, "4194304\n", 4194304, NULL },
};

START_TEST(a_number_is_read_and_written) {
        const char *text = numbers[_i].text;
        char buffer[CGROUP_VALUE_TEXT_MAX], stripped[32] = "";
        CgroupValue value;

        memcpy(stripped, text, strcspn(text, "\n"));
        ck_assert_int_eq(cgroup_value_parse(numbers[_i].knob, text, strlen(text), &value), 0);
        ck_assert_uint_eq(value.number, numbers[_i].number);
        ck_assert(nodeset_is_empty(&value.nodes));
        ck_assert_str_eq(cgroup_value_format(numbers[_i].knob, &value, buffer),
                         numbers[_i].again ? numbers[_i].again : stripped);
}
END_TEST

START_TEST(numa_nodes_are_read_and_written) {
        static const struct {
                const char *text, *again;
        } lists[] = { { "0-1,3\n", "0-1,3" },
                      { "\n", "" },
                      { "", "" },
                      { "5,1023", "5,1023" },
                      { "3,0-1,2", "0-3" } };

        for (size_t i = 0; i < ELEMENTSOF(lists); ++i) {
                const NodeSet nodes = nodes_of(lists[i].again);
                char buffer[CGROUP_VALUE_TEXT_MAX];
                CgroupValue value;

                ck_assert_int_eq(cgroup_value_parse(CGROUP_CPUSET_MEMS, lists[i].text,
                                                    strlen(lists[i].text), &value),
                                 0);
                ck_assert_uint_eq(value.number, 0);
                ck_assert(nodeset_is_equal(&value.nodes, &nodes));
                ck_assert_str_eq(cgroup_value_format(CGROUP_CPUSET_MEMS, &value, buffer),
                                 lists[i].again);
        }
}
END_TEST

#define TEXT(text) (text), sizeof(text) - 1

static const struct {
        CgroupKnob knob;
        const char *text;
        size_t n_text;
} malformed[] = {
        { CGROUP_MEMORY_MAX, TEXT("") },
        { CGROUP_MEMORY_MAX, TEXT("\n") },
        { CGROUP_MEMORY_MAX, TEXT("max\n\n") },
        { CGROUP_MEMORY_MAX, TEXT("max ") },
        { CGROUP_MEMORY_MAX, TEXT("max\0") },
        { CGROUP_MEMORY_MAX, TEXT("4096\0") },
        { CGROUP_MEMORY_MAX, TEXT("MAX") },
        { CGROUP_MEMORY_MAX, TEXT("infinity") },
        { CGROUP_MEMORY_MAX, TEXT("-1") },
        { CGROUP_MEMORY_MAX, TEXT("+1") },
        { CGROUP_MEMORY_MAX, TEXT(" 1") },
        { CGROUP_MEMORY_MAX, TEXT("1G") },
        { CGROUP_MEMORY_MAX, TEXT("50%") },
        { CGROUP_MEMORY_MAX, TEXT("0x10") },
        { CGROUP_MEMORY_MAX, TEXT("1 2") },
        { CGROUP_MEMORY_MAX, TEXT("18446744073709551616") },
        { CGROUP_MEMORY_MAX, TEXT("maxmax") },
        { CGROUP_CPU_WEIGHT, TEXT("max\n") },
        { CGROUP_CPU_WEIGHT, TEXT("10001\n") },
        { CGROUP_PIDS_MAX, TEXT("4194305\n") },
        { CGROUP_PIDS_MAX, TEXT("18446744073709551615\n") },
        { CGROUP_CPUSET_MEMS, TEXT("max") },
        { CGROUP_CPUSET_MEMS, TEXT("0-") },
        { CGROUP_CPUSET_MEMS, TEXT("1-0") },
        { CGROUP_CPUSET_MEMS, TEXT("0,\n") },
        { CGROUP_CPUSET_MEMS, TEXT("1024") },
        { CGROUP_CPUSET_MEMS, TEXT("0 1") },
        { CGROUP_CPUSET_MEMS, TEXT("0\0") },
        { CGROUP_CPUSET_MEMS, TEXT("\n\n") },
        { CGROUP_CPUSET_MEMS, TEXT("all") },
};

START_TEST(what_the_kernel_does_not_print_is_no_value) {
        CgroupValue value = { .number = 4711 };

        ck_assert_int_eq(cgroup_value_parse(malformed[_i].knob, malformed[_i].text,
                                            malformed[_i].n_text, &value),
                         CGROUP_KNOB_E_MALFORMED);
        ck_assert_uint_eq(value.number, 4711);
        ck_assert(nodeset_is_empty(&value.nodes));
}
END_TEST

static const struct {
        CgroupKnob knob;
        uint64_t page_bytes, number, rounded;
} roundings[] = {
        { CGROUP_MEMORY_MAX, PAGE, 0, 0 },
        { CGROUP_MEMORY_MAX, PAGE, 4095, 0 },
        { CGROUP_MEMORY_MAX, PAGE, 4096, 4096 },
        { CGROUP_MEMORY_MIN, PAGE, 12287, 8192 },
        { CGROUP_MEMORY_LOW, 65536, 12287, 0 },
        { CGROUP_MEMORY_HIGH, 65536, 65537, 65536 },
        { CGROUP_MEMORY_MAX, PAGE, MAX, MAX },
        /* As many pages as can be counted are "max", and a page less is not. */
        { CGROUP_MEMORY_MAX, PAGE, (uint64_t)INT64_MAX, MAX },
        { CGROUP_MEMORY_MAX, PAGE, UINT64_C(9223372036854771712), MAX },
        { CGROUP_MEMORY_MAX, PAGE, UINT64_C(9223372036854771711), UINT64_C(9223372036854767616) },
        { CGROUP_MEMORY_MAX, PAGE, MAX - 1, MAX },
        { CGROUP_CPU_WEIGHT, PAGE, 99, 99 },
        { CGROUP_PIDS_MAX, PAGE, 4095, 4095 },
        { CGROUP_PIDS_MAX, PAGE, MAX, MAX },
};

START_TEST(bytes_are_whole_pages) {
        const CgroupKnob knob = roundings[_i].knob;
        const CgroupValue value = { .number = roundings[_i].number },
                          rounded = cgroup_value_round(knob, &value, roundings[_i].page_bytes);

        ck_assert_uint_eq(rounded.number, roundings[_i].rounded);
        ck_assert(cgroup_value_is_equal(knob, &value, &rounded, roundings[_i].page_bytes));
        ck_assert(cgroup_value_is_equal(knob, &rounded, &value, roundings[_i].page_bytes));
}
END_TEST

START_TEST(values_differ_by_what_the_kernel_keeps) {
        CgroupValue a = { .number = 8191 }, b = { .number = 8192 };
        CgroupValue x = { .nodes = nodes_of("0-1") }, y = { .nodes = nodes_of("0,1") };

        ck_assert(!cgroup_value_is_equal(CGROUP_MEMORY_MAX, &a, &b, PAGE));
        b.number = 4096;
        ck_assert(cgroup_value_is_equal(CGROUP_MEMORY_MAX, &a, &b, PAGE));
        ck_assert(!cgroup_value_is_equal(CGROUP_PIDS_MAX, &a, &b, PAGE));
        b.number = CGROUP_MAX;
        ck_assert(!cgroup_value_is_equal(CGROUP_MEMORY_MAX, &a, &b, PAGE));
        ck_assert(cgroup_value_is_equal(CGROUP_CPUSET_MEMS, &x, &y, PAGE));
        nodeset_add(&y.nodes, 2);
        ck_assert(!cgroup_value_is_equal(CGROUP_CPUSET_MEMS, &x, &y, PAGE));
        /* what is not of the knob does not count */
        y = (CgroupValue){ .number = 1, .nodes = x.nodes };
        ck_assert(cgroup_value_is_equal(CGROUP_CPUSET_MEMS, &x, &y, PAGE));
}
END_TEST

/* Whatever value: its text is a value, which is the same one. */
START_TEST(a_value_is_its_text) {
        uint64_t seed = 20261126;

        for (unsigned i = 0; i < 20000; ++i) {
                const CgroupKnob knob = (CgroupKnob)(claims_random(&seed) % _CGROUP_KNOB_N);
                CgroupValue value = {}, again;
                char buffer[CGROUP_VALUE_TEXT_MAX];

                if (cgroup_knob_type(knob) == CGROUP_KNOB_NODES)
                        for (unsigned j = (unsigned)(claims_random(&seed) % 40); j > 0; --j)
                                nodeset_add(&value.nodes,
                                            (unsigned)(claims_random(&seed) % NODESET_MAX));
                else if (cgroup_knob_type(knob) == CGROUP_KNOB_BYTES)
                        value.number = claims_random(&seed) >> claims_random(&seed) % 64;
                else
                        value.number = claims_random(&seed) % 10001;
                (void)cgroup_value_format(knob, &value, buffer);
                ck_assert_int_eq(cgroup_value_parse(knob, buffer, strlen(buffer), &again), 0);
                ck_assert_uint_eq(again.number, value.number);
                ck_assert(nodeset_is_equal(&again.nodes, &value.nodes));
                value = cgroup_value_round(knob, &again, PAGE);
                ck_assert(cgroup_value_is_equal(knob, &value, &again, PAGE));
                ck_assert(value.number == CGROUP_MAX || value.number <= again.number);
        }
}
END_TEST

/* A node set that has the longest text. */
START_TEST(a_person_reads_it_in_words) {
        static const struct {
                CgroupKnob knob;
                uint64_t number;
                const char *words;
        } rows[] = {
                { CGROUP_MEMORY_MAX, CGROUP_MAX, "max" },
                { CGROUP_MEMORY_MAX, MIB - 1, "1048575" },
                { CGROUP_MEMORY_MIN, GIB, "1073741824 (1.00 GiB)" },
                { CGROUP_PIDS_MAX, 4194304, "4194304" },
                { CGROUP_CPUSET_MEMS, 0, "<inherited>" },
        };
        char buffer[CGROUP_VALUE_WORDS_MAX];

        for (size_t i = 0; i < ELEMENTSOF(rows); ++i)
                ck_assert_str_eq(cgroup_value_describe(
                                         rows[i].knob,
                                         &(const CgroupValue){ .number = rows[i].number }, buffer),
                                 rows[i].words);
}
END_TEST

START_TEST(the_longest_list_has_room) {
        CgroupValue value = {}, again;
        char buffer[CGROUP_VALUE_TEXT_MAX];

        for (unsigned node = 1; node < NODESET_MAX; node += 2)
                nodeset_add(&value.nodes, node);
        (void)cgroup_value_format(CGROUP_CPUSET_MEMS, &value, buffer);
        ck_assert_uint_lt(strlen(buffer), sizeof(buffer));
        ck_assert_int_eq(cgroup_value_parse(CGROUP_CPUSET_MEMS, buffer, strlen(buffer), &again), 0);
        ck_assert(nodeset_is_equal(&again.nodes, &value.nodes));
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("cgroup-knob");
        TCase *t = tcase_create("knobs");

        tcase_add_test(t, every_knob_has_a_file_and_a_property);
        tcase_add_test(t, other_files_are_no_knobs);
        tcase_add_loop_test(t, a_number_is_read_and_written, 0, ELEMENTSOF(numbers));
        tcase_add_test(t, numa_nodes_are_read_and_written);
        tcase_add_loop_test(t, what_the_kernel_does_not_print_is_no_value, 0,
                            ELEMENTSOF(malformed));
        tcase_add_loop_test(t, bytes_are_whole_pages, 0, ELEMENTSOF(roundings));
        tcase_add_test(t, values_differ_by_what_the_kernel_keeps);
        tcase_add_test(t, a_value_is_its_text);
        tcase_add_test(t, a_person_reads_it_in_words);
        tcase_add_test(t, the_longest_list_has_room);
        suite_add_tcase(s, t);
        return s;
}
