/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kubelet calls its cgroups, as components and as paths of both drivers.
 */
#include "cgroup/name.h"

#include <stdio.h>
#include <string.h>

#include "lib/claims.h"
#include "lib/test-main.h"

#define UUID      "0f3a9c1e-5b7d-4e2f-8a61-d2c4b6e8f013"
#define UUID_UNIT "0f3a9c1e_5b7d_4e2f_8a61_d2c4b6e8f013"
#define DIGEST    "5a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define TEN       "0123456789"
#define SIXTY     TEN TEN TEN TEN TEN TEN
#define LONGEST   SIXTY SIXTY SIXTY SIXTY TEN "01234" /* 255 bytes */

#define FS   CGROUP_DRIVER_CGROUPFS
#define UNIT CGROUP_DRIVER_SYSTEMD

static void expect_same(const CgroupName *a, const CgroupName *b) {
        ck_assert_uint_eq(a->n_components, b->n_components);
        for (size_t i = 0; i < a->n_components; ++i)
                ck_assert_str_eq(a->components[i], b->components[i]);
}

START_TEST(drivers_have_names) {
        ck_assert_str_eq(cgroup_driver_name(CGROUP_DRIVER_NONE), "");
        ck_assert_str_eq(cgroup_driver_name(UNIT), "systemd");
        ck_assert_str_eq(cgroup_driver_name(FS), "cgroupfs");
}
END_TEST

static const struct {
        CgroupDriver driver;
        const char *cgroup_root, *path; /* NULL: refused */
} kubepods[] = {
        { FS, NULL, "kubepods" },
        { FS, "", "kubepods" },
        { FS, "/", "kubepods" },
        { FS, "/a/b", "a/b/kubepods" },
        { FS, "a//b/", "a/b/kubepods" },
        { FS, "/a-b/c", "a-b/c/kubepods" },
        { FS, "/a_b", "a_b/kubepods" },
        { UNIT, NULL, "kubepods.slice" },
        { UNIT, "", "kubepods.slice" },
        { UNIT, "/", "kubepods.slice" },
        { UNIT, "/a/b", "a.slice/a-b.slice/a-b-kubepods.slice" },
        { UNIT, "a//b/", "a.slice/a-b.slice/a-b-kubepods.slice" },
        { UNIT, "/a-b/c", "a_b.slice/a_b-c.slice/a_b-c-kubepods.slice" },
        { UNIT, "/a_b", "a_b.slice/a_b-kubepods.slice" },
        { UNIT, "/a.slice", "a.slice.slice/a.slice-kubepods.slice" }, /* as the kubelet does it */
        { FS, "..", NULL },
        { FS, "/a/../b", NULL },
        { UNIT, "/a/./b", NULL },
        { UNIT, "/a\nb", NULL },
        { FS, "/a\x7f", NULL },
        { FS, "/" LONGEST, LONGEST "/kubepods" },
        { FS, "/" LONGEST "6", NULL },
        { UNIT, "/" LONGEST, NULL },
        { FS, SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY, NULL },
        { UNIT, "/" SIXTY "/" SIXTY "/" SIXTY "/" SIXTY, NULL }, /* its names contain each other */
        { CGROUP_DRIVER_NONE, "/", NULL },
};

START_TEST(kubepods_is_where_the_driver_has_it) {
        char path[CGROUP_PATH_MAX] = "x";
        CgroupName name;
        int r;

        r = cgroup_name_make_kubepods(kubepods[_i].cgroup_root, &name);
        ck_assert(r == 0 || name.n_components == 0);
        if (r == 0)
                r = cgroup_name_format(&name, kubepods[_i].driver, path);
        else
                path[0] = '\0';
        ck_assert_int_eq(r, kubepods[_i].path ? 0 : CGROUP_NAME_E_INVALID);
        ck_assert_str_eq(path, kubepods[_i].path ? kubepods[_i].path : "");
}
END_TEST

static const struct {
        CgroupDriver driver;
        const char *path, *component, *expected; /* NULL: refused */
} grown[] = {
        { FS, "kubepods", "burstable", "kubepods/burstable" },
        { FS, "kubepods", "pod" UUID, "kubepods/pod" UUID },
        { FS, "kubepods/besteffort", "pod" DIGEST, "kubepods/besteffort/pod" DIGEST },
        { UNIT, "kubepods", "burstable", "kubepods.slice/kubepods-burstable.slice" },
        { UNIT, "kubepods", "pod" UUID, "kubepods.slice/kubepods-pod" UUID_UNIT ".slice" },
        { UNIT, "kubepods/burstable", "pod" DIGEST,
          "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" DIGEST ".slice" },
        { UNIT, "a/kubepods", "besteffort",
          "a.slice/a-kubepods.slice/a-kubepods-besteffort.slice" },
        { UNIT, "", "a", "a.slice" },
        { UNIT, "", "-", "_.slice" },
        { FS, "", "-", "-" },
        { FS, "", "...", "..." },
        { FS, "", "caf\xc3\xa9", "caf\xc3\xa9" },
        { FS, "kubepods", LONGEST, "kubepods/" LONGEST },
        { FS, "kubepods", "", NULL },
        { FS, "kubepods", ".", NULL },
        { FS, "kubepods", "..", NULL },
        { FS, "kubepods", "a/b", NULL },
        { FS, "kubepods", "/", NULL },
        { FS, "kubepods", "a_b", NULL },
        { UNIT, "kubepods", "a/b", NULL },
        { UNIT, "kubepods", "a_b", NULL },
        { FS, "kubepods", "a\tb", NULL },
        { FS, "kubepods", "a\nb", NULL },
        { FS, "kubepods", LONGEST "6", NULL },
        { UNIT, "kubepods", LONGEST, NULL },
        { FS, LONGEST, LONGEST, LONGEST "/" LONGEST }, /* 511 bytes */
        { FS, LONGEST "/a", LONGEST, NULL },
};

START_TEST(a_name_grows_by_a_component) {
        char path[CGROUP_PATH_MAX] = "x";
        CgroupName name = {}, before;
        int r;

        ck_assert_int_eq(cgroup_name_append_path(&name, grown[_i].path), 0);
        before = name;
        r = cgroup_name_append(&name, grown[_i].component);
        if (r)
                expect_same(&name, &before);
        if (r == 0) {
                r = cgroup_name_format(&name, grown[_i].driver, path);
                ck_assert(r == 0 || path[0] == '\0');
        }
        ck_assert_int_eq(r, grown[_i].expected ? 0 : CGROUP_NAME_E_INVALID);
        if (r == 0)
                ck_assert_str_eq(path, grown[_i].expected);
}
END_TEST

START_TEST(hostile_text_is_no_component) {
        static char long_text[4096];

        memset(long_text, 'a', sizeof(long_text));
        ck_assert(cgroup_component_is_valid(long_text, 255));
        ck_assert(!cgroup_component_is_valid(long_text, 256));
        ck_assert(!cgroup_component_is_valid(long_text, sizeof(long_text)));
        ck_assert(!cgroup_component_is_valid("", 0));
        ck_assert(!cgroup_component_is_valid("a\0b", 3));
        ck_assert(!cgroup_component_is_valid("\0", 1));
        ck_assert(cgroup_component_is_valid("..", 1) == false);
        ck_assert(cgroup_component_is_valid("a/b", 1));
        ck_assert(cgroup_component_is_valid("...", 3));
        for (unsigned c = 0; c < 256; ++c) {
                const char text[] = { 'a', (char)c, 'b' };

                ck_assert_msg(cgroup_component_is_valid(text, 3) ==
                                      (c >= ' ' && c != 0x7f && c != '/' && c != '_'),
                              "%u", c);
        }
}
END_TEST

START_TEST(a_path_of_4_kib_is_none) {
        char path[4097], formatted[CGROUP_PATH_MAX];
        CgroupName name = {};

        memset(path, 'a', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        ck_assert_int_eq(cgroup_name_append(&name, path), CGROUP_NAME_E_INVALID);
        for (size_t i = 1; i < sizeof(path) - 1; i += 2)
                path[i] = '/';
        ck_assert_int_eq(cgroup_name_append_path(&name, path), CGROUP_NAME_E_INVALID);
        ck_assert_int_eq(cgroup_name_parse(path, FS, &name), CGROUP_NAME_E_INVALID);
        ck_assert_uint_eq(name.n_components, 0);
        /* short enough, of one component too many */
        path[2 * CGROUP_COMPONENTS_MAX + 1] = '\0';
        ck_assert_int_eq(cgroup_name_append_path(&name, path), CGROUP_NAME_E_INVALID);
        ck_assert_int_eq(cgroup_name_parse(path, FS, &name), CGROUP_NAME_E_INVALID);
        ck_assert_uint_eq(name.n_components, 0);
        path[2 * CGROUP_COMPONENTS_MAX - 1] = '\0';
        ck_assert_int_eq(cgroup_name_append_path(&name, path), 0);
        ck_assert_uint_eq(name.n_components, CGROUP_COMPONENTS_MAX);
        ck_assert_int_eq(cgroup_name_append(&name, "b"), CGROUP_NAME_E_INVALID);
        ck_assert_int_eq(cgroup_name_append_path(&name, "/"), 0);
        ck_assert_int_eq(cgroup_name_format(&name, FS, formatted), 0);
        ck_assert_str_eq(formatted, path);
        memset(path, '/', sizeof(path) - 1);
        ck_assert_int_eq(cgroup_name_append_path(&name, path), CGROUP_NAME_E_INVALID);
}
END_TEST

/* Whoever filled it: what is no name becomes no path. */
START_TEST(a_name_that_is_none_has_no_path) {
        static const char *const hostile[] = { "", ".", "..", "a/../../b", "/etc", "a\n" };
        char path[CGROUP_PATH_MAX] = "x";
        CgroupName name = { .n_components = 2 };

        (void)snprintf(name.components[0], CGROUP_COMPONENT_MAX, "a");
        for (size_t i = 0; i < ELEMENTSOF(hostile); ++i) {
                (void)snprintf(name.components[1], CGROUP_COMPONENT_MAX, "%s", hostile[i]);
                ck_assert_int_eq(cgroup_name_format(&name, FS, path), CGROUP_NAME_E_INVALID);
                ck_assert_str_eq(path, "");
                ck_assert_int_eq(cgroup_name_format(&name, UNIT, path), CGROUP_NAME_E_INVALID);
                ck_assert_str_eq(path, "");
        }
        memset(name.components[1], 'a', CGROUP_COMPONENT_MAX); /* without an end */
        ck_assert_int_eq(cgroup_name_format(&name, FS, path), CGROUP_NAME_E_INVALID);
        name.n_components = CGROUP_COMPONENTS_MAX + 1;
        ck_assert_int_eq(cgroup_name_format(&name, FS, path), CGROUP_NAME_E_INVALID);
}
END_TEST

static const struct {
        CgroupDriver driver;
        const char *path;
        const char *expected; /* components with slashes; NULL: refused */
} parsed[] = {
        { FS, "", "" },
        { FS, "/", "" },
        { UNIT, "", "" },
        { UNIT, "/", "" },
        { FS, "/kubepods/burstable/pod" UUID, "kubepods/burstable/pod" UUID },
        { FS, "kubepods", "kubepods" },
        { FS, "a_b/kubepods", "a_b/kubepods" },
        { FS, "kubepods.slice", "kubepods.slice" },
        { UNIT, "/kubepods.slice/kubepods-burstable.slice", "kubepods/burstable" },
        { UNIT, "kubepods.slice/kubepods-pod" UUID_UNIT ".slice", "kubepods/pod" UUID },
        { UNIT, "kubepods-burstable.slice", "kubepods/burstable" }, /* the last slice counts */
        { UNIT, "elsewhere/a-b.slice", "a/b" },
        { UNIT, "_.slice", "-" },
        { UNIT, "a.slice.slice", "a.slice" },
        { FS, "//", NULL },
        { FS, "a/", NULL },
        { FS, "a//b", NULL },
        { FS, "//a", NULL },
        { FS, "a/../b", NULL },
        { FS, "..", NULL },
        { FS, "a\nb", NULL },
        { FS, LONGEST "/" LONGEST, LONGEST "/" LONGEST },
        { FS, LONGEST "6", NULL },
        { UNIT, "kubepods", NULL },
        { UNIT, "a.slice/", NULL },
        { UNIT, "a.slice/b.scope", NULL },
        { UNIT, ".slice", NULL },
        { UNIT, "-.slice", NULL },
        { UNIT, "-a.slice", NULL },
        { UNIT, "a-.slice", NULL },
        { UNIT, "a--b.slice", NULL },
        { UNIT, "..slice", NULL },
        { UNIT, "a-..slice", NULL },
        { UNIT, "...slice", NULL }, /* ".." */
        { UNIT, "a\n.slice", NULL },
        { CGROUP_DRIVER_NONE, "a", NULL },
};

START_TEST(a_path_is_a_name) {
        CgroupName name = { .n_components = 7 }, expected = {};
        const int r = cgroup_name_parse(parsed[_i].path, parsed[_i].driver, &name);

        ck_assert_msg(r == (parsed[_i].expected ? 0 : CGROUP_NAME_E_INVALID), "%s",
                      parsed[_i].path);
        if (r) {
                ck_assert_uint_eq(name.n_components, 7);
                return;
        }
        ck_assert_int_eq(cgroup_name_append_path(&expected, parsed[_i].expected), 0);
        expect_same(&name, &expected);
}
END_TEST

START_TEST(a_slice_is_the_last_name) {
        static const struct {
                const char *path, *unit;
        } units[] = {
                { "kubepods.slice/kubepods-burstable.slice", "kubepods-burstable.slice" },
                { "kubepods.slice", "kubepods.slice" },
                { "", NULL },
                { "/", NULL },
                { ".slice", NULL },
                { "a/.slice", NULL },
                { "kubepods", NULL },
                { "kubepods.slice/", NULL },
                { "kubepods.slice/crio-1.scope", NULL },
                { "a" SIXTY SIXTY SIXTY SIXTY "01234567.slice",
                  "a" SIXTY SIXTY SIXTY SIXTY "01234567.slice" },
                { "a" SIXTY SIXTY SIXTY SIXTY "012345678.slice", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(units); ++i) {
                const char *unit = cgroup_path_get_unit(units[i].path);

                ck_assert_msg(!unit == !units[i].unit, "%s", units[i].path);
                if (unit)
                        ck_assert_str_eq(unit, units[i].unit);
        }
}
END_TEST

static void make_component(uint64_t *seed, char component[static CGROUP_COMPONENT_MAX]) {
        static const char letters[] = "abkz09-.:@\\ \xc3";
        const size_t n = 1 + claims_random(seed) % (claims_random(seed) % 16 ? 12 : 200);

        for (size_t i = 0; i < n; ++i)
                component[i] = letters[claims_random(seed) % (sizeof(letters) - 1)];
        component[n] = '\0';
}

static void make_name(uint64_t *seed, CgroupName *name) {
        size_t n = claims_random(seed) % 8;

        *name = (CgroupName){};
        while (n > 0) {
                char component[CGROUP_COMPONENT_MAX];

                make_component(seed, component);
                if (cgroup_name_append(name, component) == 0)
                        --n;
        }
}

static const struct {
        const char *path, *parent;
        bool is_plain;
} paths[] = {
        { "a", "", true },
        { "a/b/c", "a/b", true },
        { "a/...", "a", true },
        { LONGEST "/b", LONGEST, true },
        { LONGEST "6", "", false },
        { "", "", false },
        { "/a", "", false },
        { "a/", "a", false },
        { "a//b", "a/", false },
        { "a/../b", "a/..", false },
        { ".", "", false },
        { LONGEST "/" LONGEST "/c", LONGEST "/" LONGEST, false }, /* 513 bytes */
};

START_TEST(a_path_leads_down_through_plain_folders) {
        char parent[CGROUP_PATH_MAX];

        ck_assert_int_eq(cgroup_path_is_plain(paths[_i].path), paths[_i].is_plain);
        ck_assert_str_eq(cgroup_path_get_parent(paths[_i].path, parent), paths[_i].parent);
}
END_TEST

/* Every name that has a path is read back from it, whatever is in it. */
START_TEST(a_name_is_what_its_path_says) {
        uint64_t seed = 20261126;
        unsigned n_formatted = 0;

        for (unsigned i = 0; i < 20000; ++i) {
                const CgroupDriver driver = i % 2 ? FS : UNIT;
                char path[CGROUP_PATH_MAX], slashed[CGROUP_PATH_MAX + 1];
                CgroupName name, again;

                make_name(&seed, &name);
                if (cgroup_name_format(&name, driver, path))
                        continue;
                ++n_formatted;
                ck_assert(path[0] != '/' && !strstr(path, "//"));
                ck_assert_int_eq(cgroup_name_parse(path, driver, &again), 0);
                expect_same(&name, &again);
                (void)snprintf(slashed, sizeof(slashed), "/%s", path);
                if (strlen(slashed) < CGROUP_PATH_MAX) {
                        ck_assert_int_eq(cgroup_name_parse(slashed, driver, &again), 0);
                        expect_same(&name, &again);
                }
                ck_assert(driver != UNIT || name.n_components == 0 || cgroup_path_get_unit(path));
        }
        ck_assert_uint_gt(n_formatted, 10000);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("cgroup-name");
        TCase *t = tcase_create("names");

        tcase_set_timeout(t, 60);
        tcase_add_test(t, drivers_have_names);
        tcase_add_loop_test(t, kubepods_is_where_the_driver_has_it, 0, ELEMENTSOF(kubepods));
        tcase_add_loop_test(t, a_name_grows_by_a_component, 0, ELEMENTSOF(grown));
        tcase_add_test(t, hostile_text_is_no_component);
        tcase_add_test(t, a_path_of_4_kib_is_none);
        tcase_add_test(t, a_name_that_is_none_has_no_path);
        tcase_add_loop_test(t, a_path_is_a_name, 0, ELEMENTSOF(parsed));
        tcase_add_loop_test(t, a_path_leads_down_through_plain_folders, 0, ELEMENTSOF(paths));
        tcase_add_test(t, a_slice_is_the_last_name);
        tcase_add_test(t, a_name_is_what_its_path_says);
        suite_add_tcase(s, t);
        return s;
}
