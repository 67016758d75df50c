/* SPDX-License-Identifier: Apache-2.0 */
#include "split/chunk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/test-main.h"

#define P CHUNK_RESOURCE_PREFIX

/* Sizes */

static const struct {
        const char *text;
        uint64_t bytes;
} sizes[] = {
        { "64mi", 64 * MIB },   { "128mi", 128 * MIB }, { "256mi", 256 * MIB },
        { "512mi", 512 * MIB }, { "1gi", GIB },         { "2gi", 2 * GIB },
        { "4gi", 4 * GIB },     { "8gi", 8 * GIB },     { "16gi", 16 * GIB },
};

START_TEST(a_size_is_a_power_of_two_within_the_limits) {
        const uint64_t bytes = sizes[_i].bytes;

        ck_assert(chunk_bytes_is_valid(bytes));
        ck_assert(!chunk_bytes_is_valid(bytes + 1));
        ck_assert(!chunk_bytes_is_valid(bytes - 1));
        ck_assert(!chunk_bytes_is_valid(bytes + bytes / 2));
        ck_assert(!chunk_bytes_is_valid(CHUNK_BYTES_MIN / 2));
        ck_assert(!chunk_bytes_is_valid(CHUNK_BYTES_MAX * 2));
        ck_assert(!chunk_bytes_is_valid(0));
}
END_TEST

START_TEST(the_size_of_a_chunk_is_in_its_name) {
        ChunkResourceName name;
        ChunkId id;
        char text[96];

        (void)snprintf(text, sizeof(text), P "%s", sizes[_i].text);
        ck_assert(chunk_resource_parse(text, &name));
        ck_assert_uint_eq(name.bytes, sizes[_i].bytes);
        ck_assert(!name.node.present);
        (void)snprintf(text, sizeof(text), "%s-n2-0017", sizes[_i].text);
        ck_assert(chunk_id_parse(text, &id));
        ck_assert_uint_eq(id.resource.bytes, sizes[_i].bytes);
        ck_assert(!id.resource.node.present);
        ck_assert_uint_eq(id.node, 2);
        ck_assert_uint_eq(id.index, 17);
}
END_TEST

START_TEST(a_numa_node_of_its_own_is_in_the_name) {
        ChunkResourceName name;
        ChunkId id;

        ck_assert(chunk_resource_parse(P "1gi-numa1023", &name));
        ck_assert(opt_u64_equal(name.node, opt_u64(1023)));
        ck_assert(chunk_id_parse("512mi-numa1023-999999", &id));
        ck_assert(opt_u64_equal(id.resource.node, opt_u64(1023)));
        ck_assert_uint_eq(id.node, 1023);
        ck_assert_uint_eq(id.index, CHUNK_INDEX_MAX);
}
END_TEST

/* One spelling */

static const char *const bad_resources[] = {
        "",
        "1gi",
        P,
        P "gi",
        P "0gi",
        P "01gi",
        P "+1gi",
        P " 1gi",
        P "1gi ",
        P "1.5gi",
        P "3gi",
        P "32gi",
        P "32mi",
        P "1536mi",
        P "1024mi",
        P "1048576ki",
        P "1Gi",
        P "1gI",
        P "1g",
        P "1gib",
        P "1xi",
        P "1ti",
        P "1073741824",
        P "18446744073709551617gi",
        P "17179869185gi", /* 2^34 + 1 of them are 1 GiB in 64 bits */
        P "99999999999gi",
        P "1gi-",
        P "1gi-numa",
        P "1gi-numa02",
        P "1gi-numa+2",
        P "1gi-numa 2",
        P "1gi-numa-2",
        P "1gi-numa2 ",
        P "1gi-numa2x",
        P "1gi-numa2-",
        P "1gi-numa1024",
        P "1gi-numa18446744073709551618",
        P "1gi-NUMA2",
        P "1gi-n2",
        P "1gi-numa2-0000",
        P "1gi-numa2-numa3",
        "sluglab.io/remote-memory1gi",
        "sluglab.io/Remote-memory-1gi",
        "sluglab.IO/remote-memory-1gi",
        "requests.sluglab.io/remote-memory-1gi",
        "/remote-memory-1gi",
        " " P "1gi",
        P "1gi-numa00000000000000000000000000000000000000000000000000000000000000000000002",
};

START_TEST(a_resource_has_one_spelling) {
        ChunkResourceName name = { .bytes = 7 };

        ck_assert_msg(!chunk_resource_parse(bad_resources[_i], &name), "%s", bad_resources[_i]);
        ck_assert_uint_eq(name.bytes, 7);
}
END_TEST

static const char *const bad_ids[] = {
        "",
        "n2-0",
        "1gi",
        "1gi-",
        "1gi-n",
        "1gi-n2",
        "1gi-n2-",
        "1gi-n2-0",
        "1gi-n2-017",
        "1gi-n2-00017",
        "1gi-n2-000017",
        "1gi-n2-010000",
        "1gi-n2-1000000",
        "1gi-n2-9999999",
        "1gi-n2-18446744073709551633",
        "1gi-n2-+017",
        "1gi-n2- 017",
        "1gi-n2-0017 ",
        "1gi-n2-0017x",
        "1gi-n2-0017-",
        "1gi-n2-0017-0017",
        "1gi-n02-0017",
        "1gi-n-2-0017",
        "1gi-n1024-0017",
        "1gi-n4294967298-0017",
        "1gi-n18446744073709551618-0017",
        "1gi-num2-0017",
        "1gi-numa02-0017",
        "1gi-numa-0017",
        "1gi-numa2",
        "1gi-NUMA2-0017",
        "1gi_n2_0017",
        "1gi-n2--0017",
        "1gi--n2-0017",
        "1Gi-n2-0017",
        "01gi-n2-0017",
        "3gi-n2-0017",
        "1024mi-n2-0017",
        "32mi-n2-0017",
        " 1gi-n2-0017",
        "-n2-0017",
        P "1gi-n2-0017",
        "1gi-n2-00000000000000000000000000000000000000000000000017",
};

START_TEST(an_id_has_one_spelling) {
        ChunkId id = { .index = 7 };

        ck_assert_msg(!chunk_id_parse(bad_ids[_i], &id), "%s", bad_ids[_i]);
        ck_assert_uint_eq(id.index, 7);
}
END_TEST

/* Both ways, and what is one change away */

static bool is_same_name(const ChunkResourceName *a, const ChunkResourceName *b) {
        return a->bytes == b->bytes && opt_u64_equal(a->node, b->node);
}

static ChunkId draw_id(void) {
        static const unsigned tops[] = { 1, 10, 10000, CHUNK_INDEX_MAX + 1 };
        ChunkId id = {
                .resource.bytes = sizes[(size_t)rand() % ELEMENTSOF(sizes)].bytes,
                .node = (unsigned)rand() % (rand() % 2 ? 1024 : 8),
                .index = (unsigned)rand() % tops[(size_t)rand() % ELEMENTSOF(tops)],
        };

        if (rand() % 2)
                id.resource.node = opt_u64(id.node);
        return id;
}

/* A change of one character, which is another name or none. */
static void mutate(char *text, size_t size) {
        static const char letters[] = "0123456789-nmugai./ GMx";
        const size_t n = strlen(text), at = (size_t)rand() % n;
        const char letter = letters[(size_t)rand() % (sizeof(letters) - 1)];

        switch (rand() % 3) {
        case 0:
                text[at] = letter;
                break;
        case 1:
                memmove(text + at, text + at + 1, n - at);
                break;
        default:
                if (n + 2 > size)
                        return;
                memmove(text + at + 1, text + at, n - at + 1);
                text[at] = letter;
        }
}

static void check_resource_text(const char *text) {
        char again[CHUNK_RESOURCE_MAX];
        ChunkResourceName name;

        if (chunk_resource_parse(text, &name))
                ck_assert_str_eq(chunk_resource_format(&name, again), text);
}

static void check_id_text(const char *text) {
        char again[CHUNK_ID_MAX];
        ChunkId id;

        if (!chunk_id_parse(text, &id))
                return;
        ck_assert_str_eq(chunk_id_format(&id, again), text);
        ck_assert(chunk_bytes_is_valid(id.resource.bytes));
        ck_assert(!id.resource.node.present || id.resource.node.value == id.node);
}

START_TEST(names_are_read_as_they_were_written) {
        char resource[CHUNK_RESOURCE_MAX], id_text[CHUNK_ID_MAX];

        srand(20);
        for (unsigned i = 0; i < 20000; ++i) {
                const ChunkId id = draw_id();
                ChunkResourceName name;
                ChunkId again;

                ck_assert(chunk_id_parse(chunk_id_format(&id, id_text), &again));
                ck_assert(is_same_name(&again.resource, &id.resource));
                ck_assert_uint_eq(again.node, id.node);
                ck_assert_uint_eq(again.index, id.index);
                ck_assert(
                        chunk_resource_parse(chunk_resource_format(&id.resource, resource), &name));
                ck_assert(is_same_name(&name, &id.resource));
                for (unsigned k = 0; k < 3; ++k) {
                        mutate(resource, sizeof(resource));
                        check_resource_text(resource);
                        mutate(id_text, sizeof(id_text));
                        check_id_text(id_text);
                }
        }
}
END_TEST

START_TEST(different_names_are_different_things) {
        char one_text[CHUNK_ID_MAX], two_text[CHUNK_ID_MAX];

        srand(21);
        for (unsigned i = 0; i < 20000; ++i) {
                const ChunkId one = draw_id(), two = draw_id();
                const bool is_same = is_same_name(&one.resource, &two.resource) &&
                                     chunk_id_compare(&one, &two) == 0;

                ck_assert((strcmp(chunk_id_format(&one, one_text),
                                  chunk_id_format(&two, two_text)) == 0) == is_same);
        }
}
END_TEST

START_TEST(order_is_by_numa_node_and_number) {
        const ChunkId a = { { GIB, {} }, 2, 9 }, b = { { GIB, {} }, 2, 10 },
                      c = { { GIB, {} }, 10, 0 };

        ck_assert_int_lt(chunk_id_compare(&a, &b), 0);
        ck_assert_int_gt(chunk_id_compare(&c, &b), 0);
        ck_assert_int_eq(chunk_id_compare(&b, &b), 0);
}
END_TEST

START_TEST(twins_are_alike) {
        const ChunkResourceName all = { GIB, {} }, larger = { 2 * GIB, {} },
                                two = { GIB, { 2, true } }, three = { GIB, { 3, true } },
                                larger_two = { 2 * GIB, { 2, true } };

        ck_assert(chunk_resource_is_alike(&all, &all));
        ck_assert(chunk_resource_is_alike(&two, &three));
        ck_assert(!chunk_resource_is_alike(&all, &larger));
        ck_assert(!chunk_resource_is_alike(&all, &two));
        ck_assert(!chunk_resource_is_alike(&two, &larger_two));
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("chunk");
        TCase *tcase = tcase_create("chunk");

        tcase_add_loop_test(tcase, a_size_is_a_power_of_two_within_the_limits, 0,
                            ELEMENTSOF(sizes));
        tcase_add_loop_test(tcase, the_size_of_a_chunk_is_in_its_name, 0, ELEMENTSOF(sizes));
        tcase_add_test(tcase, a_numa_node_of_its_own_is_in_the_name);
        tcase_add_loop_test(tcase, a_resource_has_one_spelling, 0, ELEMENTSOF(bad_resources));
        tcase_add_loop_test(tcase, an_id_has_one_spelling, 0, ELEMENTSOF(bad_ids));
        tcase_add_test(tcase, names_are_read_as_they_were_written);
        tcase_add_test(tcase, different_names_are_different_things);
        tcase_add_test(tcase, order_is_by_numa_node_and_number);
        tcase_add_test(tcase, twins_are_alike);
        suite_add_tcase(suite, tcase);
        return suite;
}
