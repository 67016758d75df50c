/* SPDX-License-Identifier: Apache-2.0 */
/* slugd.yaml's enforce: what becomes of each key, and what is refused and how. */
#include <stdio.h>
#include <string.h>

#include "lib/config-bed.h"
#include "lib/test-main.h"

static const ConfigEnforce *load_well(const char *slugd) {
        return &config_bed_load_well(slugd)->enforce;
}

START_TEST(defaults_are_slugds) {
        const ConfigEnforce *enforce = load_well("");
        const ConfigSource *sources[] = {
                &enforce->backend_source,  &enforce->budget_source,   &enforce->interval_source,
                &enforce->pressure.source, &enforce->promotes_source, &enforce->settings_source,
        };

        ck_assert_int_eq(enforce->backend, CONFIG_BACKEND_AUTO);
        ck_assert_uint_eq(enforce->budget, GIB);
        ck_assert_uint_eq(enforce->interval_min_usec, 50000);
        ck_assert_uint_eq(enforce->interval_max_usec, 2000000);
        ck_assert(enforce->pressure.is_set);
        ck_assert_uint_eq(enforce->pressure.percent, 20);
        ck_assert(enforce->promotes);
        ck_assert(!enforce->demotion_enabled.present);
        ck_assert(!enforce->numa_balancing.present);
        ck_assert(!enforce->damon_stat.present);
        for (size_t i = 0; i < ELEMENTSOF(sources); ++i)
                ck_assert_int_eq(sources[i]->origin, CONFIG_ORIGIN_SLUGD_DEFAULT);
}
END_TEST

static const char *const full_files[] = { "good/slugd-full.yaml", "good/slugd.json" };

START_TEST(a_full_file_says_all_of_it) {
        const ConfigEnforce *enforce = &config_bed_load_fixture(full_files[_i])->enforce;

        ck_assert_int_eq(enforce->backend, CONFIG_BACKEND_MIGRATE);
        ck_assert_uint_eq(enforce->budget, 256 * MIB);
        ck_assert_uint_eq(enforce->interval_min_usec, 20000);
        ck_assert_uint_eq(enforce->interval_max_usec, 5000000);
        ck_assert_uint_eq(enforce->pressure.percent, 5);
        ck_assert(!enforce->promotes);
        ck_assert(opt_u64_equal(enforce->demotion_enabled, opt_u64(1)));
        ck_assert(opt_u64_equal(enforce->numa_balancing, opt_u64(0)));
        ck_assert(opt_u64_equal(enforce->damon_stat, opt_u64(0)));
        ck_assert_int_eq(enforce->settings_source.origin, CONFIG_ORIGIN_SLUGD_FILE);
}
END_TEST

static const struct {
        const char *word;
        ConfigBackend backend;
} backends[] = {
        { "auto", CONFIG_BACKEND_AUTO },       { "node_limit", CONFIG_BACKEND_NODE_LIMIT },
        { "reclaim", CONFIG_BACKEND_RECLAIM }, { "damos", CONFIG_BACKEND_DAMOS },
        { "migrate", CONFIG_BACKEND_MIGRATE }, { "observe", CONFIG_BACKEND_OBSERVE },
};

START_TEST(every_backend_has_its_word) {
        char text[64];

        (void)snprintf(text, sizeof(text), "enforce: {backend: %s}\n", backends[_i].word);
        ck_assert_int_eq(load_well(text)->backend, backends[_i].backend);
        ck_assert_str_eq(config_backend_name(backends[_i].backend), backends[_i].word);
}
END_TEST

START_TEST(amounts_are_read) {
        ck_assert_uint_eq(load_well("enforce: {budget: unlimited}\n")->budget,
                          CONFIG_BUDGET_UNLIMITED);
        ck_assert_uint_eq(load_well("enforce: {budget: 1Mi}\n")->budget, MIB);
        ck_assert_uint_eq(load_well("enforce: {interval: {min: 10ms}}\n")->interval_min_usec,
                          10000);
        ck_assert_uint_eq(load_well("enforce: {interval: {max: 1m}}\n")->interval_max_usec,
                          60000000);
        ck_assert_uint_eq(load_well("enforce: {pressure: 0%}\n")->pressure.percent, 0);
        ck_assert(!load_well("enforce: {promote: no}\n")->promotes);
}
END_TEST

START_TEST(what_is_handed_over_may_be_taken_back) {
        const ConfigEnforce *enforce =
                load_well("enforce: {settings: {demotionEnabled: false, numaBalancing: 3}}\n");

        ck_assert(opt_u64_equal(enforce->demotion_enabled, opt_u64(0)));
        ck_assert(opt_u64_equal(enforce->numa_balancing, opt_u64(3)));
        ck_assert(!enforce->damon_stat.present);
        enforce = load_well("enforce: {settings: {demotionEnabled: null, numaBalancing: }}\n");
        ck_assert(!enforce->demotion_enabled.present);
        ck_assert(!enforce->numa_balancing.present);
}
END_TEST

#define BUDGET "budget expects bytes a second, at least 1Mi, such as 1Gi, or unlimited, not "

static const struct {
        const char *text;
        const char *message;
} bad[] = {
        { "enforce: {backend: memory.high}",
          "1:20: backend expects one of auto, node_limit, reclaim, damos, migrate, observe, not "
          "'memory.high'" },
        { "enforce: {budget: 1023Ki}", "1:19: " BUDGET "'1023Ki'" },
        { "enforce: {interval: {min: 9ms}}",
          "1:27: min expects a duration from 10ms to 1s, not '9ms'" },
        { "enforce: {interval: {max: 99ms}}",
          "1:27: max expects a duration from 100ms to 1m, not '99ms'" },
        { "enforce: {interval: {min: 500ms, max: 100ms}}",
          "1:21: interval.min is above interval.max; expected at most as much" },
        { "enforce: {settings: {numaBalancing: 4}}",
          "1:37: numaBalancing expects a number from 0 to 3, not '4'" },
        { "enforce: {settings: {demotionEnabled: 2}}",
          "1:39: demotionEnabled expects true or false, not '2'" },
        { "enforce: {settings: {swappiness: 0}}",
          "1:22: unknown key 'swappiness'; known keys here: demotionEnabled, numaBalancing, "
          "damonStat" },
        { "enforce: {promotes: true}",
          "1:11: unknown key 'promotes'; did you mean 'promote'? known keys here: backend, budget, "
          "interval, pressure, promote, settings" },
        { "enforce: reclaim", "1:10: enforce expects a mapping, not 'reclaim'" },
};

START_TEST(what_is_wrong_is_told_with_its_place_and_the_mend) {
        config_bed_expect_refused(bad[_i].text, bad[_i].message);
}
END_TEST

START_TEST(all_of_it_is_in_the_list) {
        static const struct {
                const char *key, *value, *source;
        } expected[] = {
                { "enforce.backend", "reclaim", "/" BED_SLUGD ":1" },
                { "enforce.budget", "unlimited", "/" BED_SLUGD ":2" },
                { "enforce.interval.min", "100ms", "/" BED_SLUGD ":3" },
                { "enforce.interval.max", "2s", "/" BED_SLUGD ":3" },
                { "enforce.pressure", "20%", "slugd default" },
                { "enforce.promote", "true", "slugd default" },
                { "enforce.settings.demotionEnabled", "true", "/" BED_SLUGD ":4" },
                { "enforce.settings.numaBalancing", "2", "/" BED_SLUGD ":4" },
                { "enforce.settings.damonStat", "", "slugd default" },
        };

        (void)load_well("enforce: {backend: reclaim,\n budget: unlimited,\n"
                        " interval: {min: 100ms},\n"
                        " settings: {demotionEnabled: true, numaBalancing: 2}}\n");
        for (size_t i = 0; i < ELEMENTSOF(expected); ++i)
                config_bed_expect_listed(expected[i].key, expected[i].value, expected[i].source);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("config-enforce");
        TCase *tcase = tcase_create("config-enforce");

        tcase_add_checked_fixture(tcase, config_bed_setup, config_bed_teardown);
        tcase_add_test(tcase, defaults_are_slugds);
        tcase_add_loop_test(tcase, a_full_file_says_all_of_it, 0, ELEMENTSOF(full_files));
        tcase_add_loop_test(tcase, every_backend_has_its_word, 0, ELEMENTSOF(backends));
        tcase_add_test(tcase, amounts_are_read);
        tcase_add_test(tcase, what_is_handed_over_may_be_taken_back);
        tcase_add_loop_test(tcase, what_is_wrong_is_told_with_its_place_and_the_mend, 0,
                            ELEMENTSOF(bad));
        tcase_add_test(tcase, all_of_it_is_in_the_list);
        suite_add_tcase(suite, tcase);
        return suite;
}
