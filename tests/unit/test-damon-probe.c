/* SPDX-License-Identifier: Apache-2.0 */
/* What DAMON there is and who has it, from trees of files. */
#include "damon/damon.h"

#include <string.h>

#include "lib/folder.h"
#include "lib/test-main.h"

#define S      DAMON_DIR "/0/contexts/0/schemes/0/"
#define STAT   "sys/module/damon_stat/parameters/enabled"
#define MARKED "18446743577968679067\n"

static Folder folder;
static Root root;
static DamonFeatures features;

static void setup(void) {
        folder = folder_new();
        ck_assert_int_eq(root_init(&root, folder.path), 0);
}

static void teardown(void) {
        root_deinit(&root);
        folder_remove(&folder);
}

static void probe(const char *release) {
        folder_write(&folder, "proc/sys/kernel/osrelease", release);
        damon_probe(&root, &features);
}

static void be_there(const char *n_kdamonds) {
        folder_write(&folder, DAMON_DIR "/nr_kdamonds", n_kdamonds);
}

START_TEST(test_none) {
        probe("6.1.0-56-amd64\n");
        ck_assert(!features.is_there && !features.is_taken);
        ck_assert_ptr_nonnull(strstr(features.problem, "CONFIG_DAMON_SYSFS"));
}
END_TEST

START_TEST(test_versions) {
        static const struct {
                const char *release;
                bool migrate, ops_filters, temporal, fail_charge;
        } rows[] = {
                { "6.10.14\n", false, false, false, false },
                { "6.12.117+deb13-amd64\n", true, false, false, false },
                { "6.15.0\n", true, true, false, false },
                { "7.1.3\n", true, true, true, false },
                { "7.2.13-amd64\n", true, true, true, true },
                { "garbage\n", false, false, false, false },
                { "99999999999999999999.1\n", false, false, false, false },
        };

        be_there("0\n");
        for (size_t i = 0; i < ELEMENTSOF(rows); ++i) {
                probe(rows[i].release);
                ck_assert(features.is_there && !features.is_taken && !features.is_ours);
                ck_assert_int_eq(features.has_migrate, rows[i].migrate);
                ck_assert_int_eq(features.has_ops_filters, rows[i].ops_filters);
                ck_assert_int_eq(features.has_temporal, rows[i].temporal);
                ck_assert_int_eq(features.has_fail_charge, rows[i].fail_charge);
                ck_assert_int_eq(features.problem[0] == '\0', rows[i].migrate);
        }
}
END_TEST

START_TEST(test_modules) {
        be_there("0\n");
        folder_write(&folder, STAT, "N\n");
        probe("7.2.13\n");
        ck_assert_str_eq(features.problem, "");
        folder_write(&folder, STAT, "Y\n");
        probe("7.2.13\n");
        ck_assert(features.is_taken);
        ck_assert_str_eq(features.taken_by, "DAMON_STAT");
        ck_assert_ptr_nonnull(strstr(features.problem, "enforce.settings.damonStat: false"));
        folder_write(&folder, STAT, "N\n");
        folder_write(&folder, "sys/module/damon_lru_sort/parameters/enabled", "Y\n");
        probe("6.12.1\n");
        ck_assert_str_eq(features.taken_by, "DAMON_LRU_SORT");
}
END_TEST

/* A kernel with features that its version does not tell of. */
START_TEST(test_ours) {
        be_there("1\n");
        folder_write(&folder, S "access_pattern/sz/max", MARKED);
        folder_write(&folder, S "target_nid", "0\n");
        folder_write(&folder, S "ops_filters/nr_filters", "0\n");
        probe("5.14.0-el9\n");
        ck_assert(features.is_ours && !features.is_taken);
        ck_assert(features.has_migrate && features.has_ops_filters && !features.has_temporal);
        ck_assert_str_eq(features.problem, "");
}
END_TEST

START_TEST(test_somebody_else) {
        be_there("1\n");
        folder_write(&folder, DAMON_DIR "/0/state", "on\n");
        folder_write(&folder, S "access_pattern/sz/max", "18446744073709551615\n");
        probe("6.12.1\n");
        ck_assert(features.is_taken && !features.is_ours);
        ck_assert_ptr_nonnull(strstr(features.problem, "kdamond 0 is on"));
        /* one more than slugd ever makes */
        be_there("2\n");
        folder_write(&folder, S "access_pattern/sz/max", MARKED);
        probe("6.12.1\n");
        ck_assert(features.is_taken && !features.is_ours);
        be_there("what\n");
        probe("6.12.1\n");
        ck_assert(!features.is_taken);
        ck_assert_ptr_nonnull(strstr(features.problem, "cannot be read"));
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("damon-probe");
        TCase *c = tcase_create("files");

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, test_none);
        tcase_add_test(c, test_versions);
        tcase_add_test(c, test_modules);
        tcase_add_test(c, test_ours);
        tcase_add_test(c, test_somebody_else);
        suite_add_tcase(s, c);
        return s;
}
