/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DAMON's files as two kernels have them (tests/fixtures/damon): what is told by them, and that
 * whatever is planned has a file there that takes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "damon/damon.h"
#include "lib/folder.h"
#include "lib/test-main.h"

#define LINE_MAX_N 512u
#define LINES_MAX  128u

typedef struct Line {
        char mode[8], path[DAMON_PATH_MAX], value[LINE_MAX_N];
} Line;

static Line lines[LINES_MAX];
static size_t n_lines;

/* "600 FILE VALUE..." */
static void add_line(char *text) {
        Line *line = &lines[n_lines];
        int n = 0;

        text[strcspn(text, "\n")] = '\0';
        if (text[0] == '#')
                return;
        ck_assert_uint_lt(n_lines, LINES_MAX);
        ck_assert_int_eq(sscanf(text, "%7s %127s%n", line->mode, line->path, &n), 2);
        (void)snprintf(line->value, sizeof(line->value), "%s", text[n] ? text + n + 1 : "");
        ++n_lines;
}

static void read_lines(const char *kernel) {
        const char *top = getenv("abs_top_srcdir");
        char path[512], text[LINE_MAX_N];
        FILE *file;

        (void)snprintf(path, sizeof(path), "%s/tests/fixtures/damon/linux-%s", top ? top : ".",
                       kernel);
        file = fopen(path, "re");
        ck_assert_msg(file != NULL, "%s", path);
        n_lines = 0;
        while (fgets(text, sizeof(text), file))
                add_line(text);
        (void)fclose(file);
        ck_assert_uint_gt(n_lines, 50);
}

static const Line *find_line(const char *path, bool takes) {
        for (size_t i = 0; i < n_lines; ++i)
                if (strcmp(lines[i].path, path) == 0 && (lines[i].mode[0] == 't') == takes)
                        return &lines[i];
        return NULL;
}

static void look(const char *kernel, DamonFeatures *ret) {
        Folder folder = folder_new();
        Root root;

        read_lines(kernel);
        for (size_t i = 0; i < n_lines; ++i) {
                char path[256], value[LINE_MAX_N + 1];

                if (lines[i].mode[0] == 't')
                        continue;
                (void)snprintf(path, sizeof(path), DAMON_DIR "/%s", lines[i].path);
                (void)snprintf(value, sizeof(value), "%s\n", lines[i].value);
                folder_write(&folder, path, value);
        }
        folder_write(&folder, "proc/sys/kernel/osrelease", "1.0\n");
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        damon_probe(&root, ret);
        ck_assert(ret->is_there && ret->is_taken && !ret->is_ours);
        damon_look(&root, ret);
        root_deinit(&root);
        folder_remove(&folder);
}

/* What stands for "regions/7/" is "regions/0/". */
static void get_first(const char *path, char ret[static DAMON_PATH_MAX]) {
        size_t n = 0;

        for (size_t i = 0; path[i]; ++i) {
                ret[n++] = path[i];
                if (path[i] != '/' || path[i + 1] < '0' || path[i + 1] > '9')
                        continue;
                ret[n++] = '0';
                while (path[i + 1] >= '0' && path[i + 1] <= '9')
                        ++i;
        }
        ret[n] = '\0';
}

static bool has_word(const char *words, const char *word) {
        const size_t n = strlen(word);

        for (const char *at = strstr(words, word); at; at = strstr(at + 1, word))
                if ((at == words || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
                        return true;
        return false;
}

static void assert_plan(const DamonFeatures *features, bool is_up) {
        _cleanup_(damon_plan_deinitp) DamonPlan plan = {};
        const DamonMove move = { .is_up = is_up,
                                 .to = 2,
                                 .ranges = { { 0, GIB } },
                                 .n_ranges = 1,
                                 .cgroups = { "a.slice" },
                                 .n_cgroups = 1,
                                 .container = "a.slice",
                                 .node_bytes = GIB,
                                 .left_bytes = MIB,
                                 .pace = { .quota = MIB } };

        ck_assert_int_eq(damon_plan_frame(&plan), 0);
        ck_assert_int_eq(damon_plan_move(&plan, features, &move), 0);
        ck_assert_int_eq(damon_plan_rest(&plan, features), 0);
        ck_assert_int_eq(damon_plan_end(&plan), 0);
        for (size_t i = 0; i < plan.n_items; ++i) {
                const Line *line, *takes;
                char path[DAMON_PATH_MAX];

                get_first(plan.items[i].path, path);
                line = find_line(path, false);
                ck_assert_msg(line && strcmp(line->mode, "600") == 0, "%s", plan.items[i].path);
                takes = find_line(path, true);
                ck_assert_msg(!takes || has_word(takes->value, plan.items[i].value), "%s: %s", path,
                              plan.items[i].value);
        }
        ck_assert_ptr_nonnull(find_line("0/contexts/0/schemes/0/stats/sz_tried", false));
}

START_TEST(test_6_12) {
        DamonFeatures features;

        look("6.12", &features);
        ck_assert(features.has_migrate && !features.has_ops_filters);
        ck_assert(!features.has_temporal && !features.has_fail_charge);
        assert_plan(&features, false);
        assert_plan(&features, true);
}
END_TEST

START_TEST(test_7_2) {
        DamonFeatures features;

        look("7.2", &features);
        ck_assert(features.has_migrate && features.has_ops_filters);
        ck_assert(features.has_temporal && features.has_fail_charge);
        assert_plan(&features, false);
        assert_plan(&features, true);
        features.has_fail_charge = false; /* as 7.1: by a goal */
        assert_plan(&features, false);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("damon-files");
        TCase *c = tcase_create("kernels");

        tcase_add_test(c, test_6_12);
        tcase_add_test(c, test_7_2);
        suite_add_tcase(s, c);
        return s;
}
