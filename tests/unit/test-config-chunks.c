/* SPDX-License-Identifier: Apache-2.0 */
/* slugd.yaml's chunks: what becomes of each key, and what is refused and how. */
#include <stdio.h>
#include <string.h>

#include "lib/config-bed.h"
#include "lib/test-main.h"
#include "split/chunk.h"

static const ConfigChunks *load_well(const char *slugd) {
        return &config_bed_load_well(slugd)->chunks;
}

START_TEST(defaults_are_slugds) {
        const ConfigChunks *chunks = load_well("");
        const ConfigSource *sources[] = {
                &chunks->bytes_source,      &chunks->resources_source, &chunks->topology_source,
                &chunks->preference_source, &chunks->grace_source,     &chunks->pre_start_source,
                &chunks->cdi_source,
        };

        ck_assert_uint_eq(chunks->bytes, GIB);
        ck_assert(!chunks->is_per_node);
        ck_assert_int_eq(chunks->topology, CONFIG_CHUNK_TOPOLOGY_AUTO);
        ck_assert_int_eq(chunks->preference, CONFIG_CHUNK_PREFERENCE_PACK);
        ck_assert_uint_eq(chunks->grace_usec, 300000000);
        ck_assert(!chunks->pre_start);
        ck_assert_str_eq(chunks->cdi_device, "");
        for (size_t i = 0; i < ELEMENTSOF(sources); ++i)
                ck_assert_int_eq(sources[i]->origin, CONFIG_ORIGIN_SLUGD_DEFAULT);
}
END_TEST

static const char *const full_files[] = { "good/slugd-full.yaml", "good/slugd.json" };

START_TEST(a_full_file_says_all_of_it) {
        const ConfigChunks *chunks = &config_bed_load_fixture(full_files[_i])->chunks;

        ck_assert_uint_eq(chunks->bytes, 512 * MIB);
        ck_assert(chunks->is_per_node);
        ck_assert_int_eq(chunks->topology, CONFIG_CHUNK_TOPOLOGY_ALL_CPU_NODES);
        ck_assert_int_eq(chunks->preference, CONFIG_CHUNK_PREFERENCE_NEAR);
        ck_assert_uint_eq(chunks->grace_usec, 90000000);
        ck_assert(chunks->pre_start);
        ck_assert_str_eq(chunks->cdi_device, "example.com/memory=remote");
        ck_assert_int_eq(chunks->cdi_source.origin, CONFIG_ORIGIN_SLUGD_FILE);
}
END_TEST

START_TEST(sizes_are_those_that_chunks_have) {
        for (uint64_t bytes = CHUNK_BYTES_MIN; bytes <= CHUNK_BYTES_MAX; bytes *= 2) {
                char text[64];

                (void)snprintf(text, sizeof(text), "chunks: {size: %ju}\n", (uintmax_t)bytes);
                ck_assert_uint_eq(load_well(text)->bytes, bytes);
        }
        ck_assert_uint_eq(load_well("chunks: {size: 1024Mi}\n")->bytes, GIB);
}
END_TEST

START_TEST(words_are_read) {
        ck_assert_int_eq(load_well("chunks: {topology: nearest}\n")->topology,
                         CONFIG_CHUNK_TOPOLOGY_NEAREST);
        ck_assert_int_eq(load_well("chunks: {topology: none}\n")->topology,
                         CONFIG_CHUNK_TOPOLOGY_NONE);
        ck_assert_int_eq(load_well("chunks: {topology: auto}\n")->topology,
                         CONFIG_CHUNK_TOPOLOGY_AUTO);
        ck_assert_int_eq(load_well("chunks: {preferred: spread}\n")->preference,
                         CONFIG_CHUNK_PREFERENCE_SPREAD);
        ck_assert_int_eq(load_well("chunks: {preferred: pack}\n")->preference,
                         CONFIG_CHUNK_PREFERENCE_PACK);
        ck_assert(!load_well("chunks: {resources: aggregate}\n")->is_per_node);
        ck_assert_uint_eq(load_well("chunks: {grace: 1s}\n")->grace_usec, 1000000);
        ck_assert_uint_eq(load_well("chunks: {grace: 24h}\n")->grace_usec, 86400000000);
}
END_TEST

static const char *const good_devices[] = {
        "a/b=c",
        "vendor.com/class=name",
        "Vendor-1_a.b/Class.x_y-1=0",
        "v/c=a:b_c-d.9",
};

START_TEST(a_cdi_device_has_a_qualified_name) {
        char text[256];

        (void)snprintf(text, sizeof(text), "chunks: {cdiDevice: \"%s\"}\n", good_devices[_i]);
        ck_assert_str_eq(load_well(text)->cdi_device, good_devices[_i]);
}
END_TEST

START_TEST(no_cdi_device_is_said_in_three_ways) {
        ck_assert_str_eq(load_well("chunks: {cdiDevice: \"\"}\n")->cdi_device, "");
        ck_assert_str_eq(load_well("chunks: {cdiDevice: }\n")->cdi_device, "");
        ck_assert_str_eq(load_well("chunks: {cdiDevice: null}\n")->cdi_device, "");
}
END_TEST

#define SIZE "size expects a power of two from 64Mi to 16Gi, such as 512Mi or 1Gi, not "
#define CDI                                                                                        \
        "cdiDevice expects a CDI device as vendor/class=name, such as example.com/memory=remote, " \
        "not "
#define TOPOLOGY "topology expects one of auto, nearest, all-cpu-nodes, none, not "

static const struct {
        const char *text;
        const char *message;
} bad[] = {
        { "chunks: {size: 32Mi}", "1:16: " SIZE "'32Mi'" },
        { "chunks: {size: 32Gi}", "1:16: " SIZE "'32Gi'" },
        { "chunks: {size: 3Gi}", "1:16: " SIZE "'3Gi'" },
        { "chunks: {size: 1G}", "1:16: " SIZE "'1G'" },
        { "chunks: {size: 0}", "1:16: " SIZE "'0'" },
        { "chunks: {resources: both}",
          "1:21: resources expects one of aggregate, numa-node, not 'both'" },
        { "chunks:\n  topology: Nearest", "2:13: " TOPOLOGY "'Nearest'" },
        { "chunks: {topology: [none]}", "1:20: " TOPOLOGY "a list" },
        { "chunks: {preferred: nearest}",
          "1:21: preferred expects one of pack, spread, near, not 'nearest'" },
        { "chunks: {grace: 999ms}", "1:17: grace expects a duration from 1s to 24h, not '999ms'" },
        { "chunks: {grace: 25h}", "1:17: grace expects a duration from 1s to 24h, not '25h'" },
        { "chunks: {preStartContainer: maybe}",
          "1:29: preStartContainer expects true or false, not 'maybe'" },
        { "chunks: {preStart: true}",
          "1:10: unknown key 'preStart'; known keys here: size, resources, topology, preferred, "
          "grace, preStartContainer, cdiDevice" },
        { "chunks: {sise: 1Gi}",
          "1:10: unknown key 'sise'; did you mean 'size'? known keys here: size, resources, "
          "topology, preferred, grace, preStartContainer, cdiDevice" },
        { "chunks: 1Gi", "1:9: chunks expects a mapping, not '1Gi'" },
        { "chunks: {cdiDevice: x}", "1:21: " CDI "'x'" },
        { "chunks: {cdiDevice: a/b}", "1:21: " CDI "'a/b'" },
        { "chunks: {cdiDevice: a=b}", "1:21: " CDI "'a=b'" },
        { "chunks: {cdiDevice: a=b/c}", "1:21: " CDI "'a=b/c'" },
        { "chunks: {cdiDevice: /b=c}", "1:21: " CDI "'/b=c'" },
        { "chunks: {cdiDevice: a/=c}", "1:21: " CDI "'a/=c'" },
        { "chunks: {cdiDevice: a/b=}", "1:21: " CDI "'a/b='" },
        { "chunks: {cdiDevice: 1a/b=c}", "1:21: " CDI "'1a/b=c'" },
        { "chunks: {cdiDevice: a/1b=c}", "1:21: " CDI "'a/1b=c'" },
        { "chunks: {cdiDevice: a./b=c}", "1:21: " CDI "'a./b=c'" },
        { "chunks: {cdiDevice: a/b-=c}", "1:21: " CDI "'a/b-=c'" },
        { "chunks: {cdiDevice: a/b=c-}", "1:21: " CDI "'a/b=c-'" },
        { "chunks: {cdiDevice: a/b=-c}", "1:21: " CDI "'a/b=-c'" },
        { "chunks: {cdiDevice: a:b/c=d}", "1:21: " CDI "'a:b/c=d'" },
        { "chunks: {cdiDevice: a/b/c=d}", "1:21: " CDI "'a/b/c=d'" },
        { "chunks: {cdiDevice: a/b=c=d}", "1:21: " CDI "'a/b=c=d'" },
        { "chunks: {cdiDevice: 'a/b=c d'}", "1:21: " CDI "'a/b=c d'" },
        { "chunks: {cdiDevice: 'a/b=\xc3\xa9'}", "1:21: " CDI "'a/b=\xc3\xa9'" },
        { "chunks: {cdiDevice: {a: b}}", "1:21: " CDI "a mapping" },
};

START_TEST(what_is_wrong_is_told_with_its_place_and_the_mend) {
        config_bed_expect_refused(bad[_i].text, bad[_i].message);
}
END_TEST

START_TEST(a_cdi_device_has_a_longest_name) {
        char text[2 * CONFIG_CDI_MAX + 64], name[CONFIG_CDI_MAX + 1];

        memset(name, 'n', sizeof(name));
        (void)snprintf(text, sizeof(text), "chunks: {cdiDevice: v/c=%.*s}\n",
                       (int)(CONFIG_CDI_MAX - 1 - strlen("v/c=")), name);
        ck_assert_uint_eq(strlen(load_well(text)->cdi_device), CONFIG_CDI_MAX - 1);
        (void)snprintf(text, sizeof(text), "chunks: {cdiDevice: v/c=%.*s}\n",
                       (int)(CONFIG_CDI_MAX - strlen("v/c=")), name);
        ck_assert_int_eq(config_bed_load(text), CONFIG_E_INVALID);
        ck_assert_str_eq(bed.diag.text, "cdiDevice expects at most 127 bytes, not 128");
}
END_TEST

START_TEST(all_of_it_is_in_the_list) {
        static const struct {
                const char *key, *value, *source;
        } expected[] = {
                { "chunks.size", "512Mi", "/" BED_SLUGD ":1" },
                { "chunks.resources", "numa-node", "/" BED_SLUGD ":2" },
                { "chunks.topology", "all-cpu-nodes", "/" BED_SLUGD ":3" },
                { "chunks.preferred", "near", "/" BED_SLUGD ":4" },
                { "chunks.grace", "90s", "/" BED_SLUGD ":5" },
                { "chunks.preStartContainer", "false", "slugd default" },
                { "chunks.cdiDevice", "", "slugd default" },
        };

        (void)load_well("chunks: {size: 512Mi,\n resources: numa-node,\n topology: all-cpu-nodes,\n"
                        " preferred: near,\n grace: 90s}\n");
        for (size_t i = 0; i < ELEMENTSOF(expected); ++i)
                config_bed_expect_listed(expected[i].key, expected[i].value, expected[i].source);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("config-chunks");
        TCase *tcase = tcase_create("config-chunks");

        tcase_add_checked_fixture(tcase, config_bed_setup, config_bed_teardown);
        tcase_add_test(tcase, defaults_are_slugds);
        tcase_add_loop_test(tcase, a_full_file_says_all_of_it, 0, ELEMENTSOF(full_files));
        tcase_add_test(tcase, sizes_are_those_that_chunks_have);
        tcase_add_test(tcase, words_are_read);
        tcase_add_loop_test(tcase, a_cdi_device_has_a_qualified_name, 0, ELEMENTSOF(good_devices));
        tcase_add_test(tcase, no_cdi_device_is_said_in_three_ways);
        tcase_add_loop_test(tcase, what_is_wrong_is_told_with_its_place_and_the_mend, 0,
                            ELEMENTSOF(bad));
        tcase_add_test(tcase, a_cdi_device_has_a_longest_name);
        tcase_add_test(tcase, all_of_it_is_in_the_list);
        suite_add_tcase(suite, tcase);
        return suite;
}
