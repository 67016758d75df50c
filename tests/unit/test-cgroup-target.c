/* SPDX-License-Identifier: Apache-2.0 */
/* Which cgroup a name stands for, and that none stands for one elsewhere. */
#include "service/cgroup-target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/test-main.h"

#define FS   CGROUP_DRIVER_CGROUPFS
#define UNIT CGROUP_DRIVER_SYSTEMD
#define TEN  "0123456789"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define HUGE LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG

enum { OK, BAD = CGROUP_TARGET_E_INVALID, OUT = CGROUP_TARGET_E_OUTSIDE };

static QosPlaces places;

static void place(CgroupDriver driver, const char *cgroup_root) {
        ck_assert_int_eq(qos_places_make(driver, cgroup_root, "/system.slice", "/kube", &places),
                         0);
}

static int find(const char *const *components, CgroupTarget *target, Diag *diag) {
        size_t n = 0;

        while (components[n])
                ++n;
        return cgroup_target_find(&places, components, n, target, diag);
}

static const struct {
        CgroupDriver driver;
        const char *cgroup_root;
        const char *components[6];
        int found, made; /* OK, BAD, OUT */
        const char *path;
} names[] = {
        { FS, "", { "kubepods" }, OK, OUT, "kubepods" },
        { FS, "", { "kubepods", "burstable" }, OK, OUT, "kubepods/burstable" },
        { FS, "", { "kubepods", "besteffort" }, OK, OUT, "kubepods/besteffort" },
        { FS, "", { "kubepods", "x" }, OK, OK, "kubepods/x" },
        { FS, "", { "kubepods", "x", "podx" }, OK, OK, "kubepods/x/podx" },
        { FS, "", { "kubepods", "pod1" }, OK, OUT, "kubepods/pod1" },
        { FS, "", { "kubepods", "xpod" }, OK, OUT, "kubepods/xpod" },
        { FS, "", { "kubepods", "burstable", "a-pod-b" }, OK, OUT, "kubepods/burstable/a-pod-b" },
        { FS, "", { "kubepods", "besteffort", "pod" }, OK, OUT, "kubepods/besteffort/pod" },
        { FS, "", { "kubepods", "burstable", "po" }, OK, OK, "kubepods/burstable/po" },
        { FS, "", { "kubepods", "burstable", "pod1", "c" }, OK, OK, "kubepods/burstable/pod1/c" },
        { FS, "", { "kubepods", "memory.max" }, OK, BAD, "kubepods/memory.max" },
        { FS, "", { "kubepods", "cgroup.procs" }, OK, BAD, "kubepods/cgroup.procs" },
        { FS, "", { "kube" }, OK, OUT, "kube" },
        { FS, "", { "kube", "pod1" }, OK, OK, "kube/pod1" },
        { FS, "", { "system.slice" }, OK, OUT, "system.slice" },
        { FS, "", { "system" }, OUT, OUT, "" },
        { FS, "", { "kubepodsx" }, OUT, OUT, "" },
        { FS, "", { "kubepod" }, OUT, OUT, "" },
        { FS, "", { "x", "kubepods" }, OUT, OUT, "" },
        { FS, "", { "init.scope" }, OUT, OUT, "" },
        { FS, "", { NULL }, OUT, OUT, "" },
        { FS, "", { "" }, BAD, BAD, "" },
        { FS, "", { "kubepods", "" }, BAD, BAD, "" },
        { FS, "", { "kubepods", ".." }, BAD, BAD, "" },
        { FS, "", { "kubepods", "." }, BAD, BAD, "" },
        { FS, "", { "kubepods", "..", "..", "proc" }, BAD, BAD, "" },
        { FS, "", { "kubepods", "../system" }, BAD, BAD, "" },
        { FS, "", { "kubepods/burstable" }, BAD, BAD, "" },
        { FS, "", { "/kubepods" }, BAD, BAD, "" },
        { FS, "", { "kubepods", "a_b" }, BAD, BAD, "" },
        { FS, "", { "kubepods", "a\nb" }, BAD, BAD, "" },
        { FS, "", { "kubepods", "a\x7f" }, BAD, BAD, "" },
        { FS, "", { "kubepods", LONG LONG }, BAD, BAD, "" },
        { FS, "", { "kubepods", HUGE HUGE }, BAD, BAD, "" },
        { FS, "", { "kubepods", LONG, LONG, LONG }, BAD, BAD, "" },
        { FS, "/a/b", { "a", "b", "kubepods", "x" }, OK, OK, "a/b/kubepods/x" },
        { FS, "/a/b", { "a", "b" }, OUT, OUT, "" },
        { FS, "/a/b", { "kubepods" }, OUT, OUT, "" },
        { UNIT, "", { "kubepods" }, OK, OUT, "kubepods.slice" },
        { UNIT,
          "",
          { "kubepods", "burstable" },
          OK,
          OUT,
          "kubepods.slice/kubepods-burstable.slice" },
        { UNIT, "", { "kubepods", "x" }, OK, OK, "kubepods.slice/kubepods-x.slice" },
        { UNIT, "", { "kubepods", "x-pod" }, OK, OUT, "kubepods.slice/kubepods-x_pod.slice" },
        { UNIT,
          "",
          { "kubepods", "burstable-pod1" },
          OK,
          OUT,
          "kubepods.slice/kubepods-burstable_pod1.slice" },
        { UNIT, "", { "kubepods-burstable-pod1" }, OUT, OUT, "" },
        { UNIT, "", { "kubepods.slice" }, OUT, OUT, "" },
        { UNIT, "", { "system" }, OK, OUT, "system.slice" },
        { UNIT, "", { "system", "pod" }, OK, OK, "system.slice/system-pod.slice" },
        { UNIT, "", { "systemd" }, OUT, OUT, "" },
        { UNIT, "", { "user" }, OUT, OUT, "" },
        { UNIT, "", { "kubepods", ".." }, BAD, BAD, "" },
        { UNIT, "", { "kubepods", "a/../../x" }, BAD, BAD, "" },
        { UNIT, "", { "kubepods", LONG, LONG }, BAD, BAD, "" },
        { UNIT,
          "/a-b",
          { "a-b", "kubepods", "pod" },
          OK,
          OUT,
          "a_b.slice/a_b-kubepods.slice/a_b-kubepods-pod.slice" },
};

START_TEST(a_name_is_below_a_root_or_nothing) {
        CgroupTarget target = { .path = "" };
        Diag diag = {};
        int r;

        place(names[_i].driver, names[_i].cgroup_root);
        r = find(names[_i].components, &target, &diag);
        ck_assert_int_eq(r, names[_i].found);
        ck_assert_str_eq(target.path, names[_i].path);
        if (r) {
                ck_assert_str_ne(diag.text, "");
                return;
        }
        ck_assert_int_eq(target.is_unit, names[_i].driver == UNIT);
        r = cgroup_target_check_making(&places, &target, &diag);
        ck_assert_int_eq(r, names[_i].made);
        if (r)
                ck_assert_str_ne(diag.text, "");
        ck_assert_int_eq(cgroup_target_check_removing(&target, &diag),
                         target.is_level ? CGROUP_TARGET_E_OUTSIDE : 0);
}
END_TEST

START_TEST(a_reserved_cgroup_is_one_where_it_is_configured) {
        static const char *const kube[] = { "kube", "x", NULL };
        CgroupTarget target;
        Diag diag;

        ck_assert_int_eq(qos_places_make(FS, "", "", "", &places), 0);
        ck_assert_int_eq(find(kube, &target, &diag), CGROUP_TARGET_E_OUTSIDE);
        place(FS, "");
        ck_assert_int_eq(find(kube, &target, &diag), 0);
}
END_TEST

START_TEST(without_a_driver_no_name_means_anything) {
        static const char *const name[] = { "kubepods", NULL };
        CgroupTarget target;
        Diag diag;

        (void)!qos_places_make(CGROUP_DRIVER_NONE, "", "", "", &places);
        ck_assert_int_eq(find(name, &target, &diag), CGROUP_TARGET_E_UNKNOWN);
}
END_TEST

START_TEST(a_name_has_so_many_components_and_no_more) {
        const char *name[CGROUP_COMPONENTS_MAX + 2] = { "kubepods" };
        CgroupTarget target;
        Diag diag;

        place(FS, "");
        for (size_t i = 1; i < CGROUP_COMPONENTS_MAX; ++i)
                name[i] = "a";
        ck_assert_int_eq(find(name, &target, &diag), 0);
        name[CGROUP_COMPONENTS_MAX] = "a";
        ck_assert_int_eq(find(name, &target, &diag), CGROUP_TARGET_E_INVALID);
}
END_TEST

/* What is found is below a root, however it was put together. */
START_TEST(no_mixture_of_pieces_leads_out) {
        static const char *const pieces[] = {
                "kubepods", "burstable",
                "system",   "kube",
                "..",       ".",
                "",         "/",
                "a/b",      "-",
                "--",       "_",
                "\\x2f",    "%2f",
                "pod",      "x",
                ".slice",   "-.slice",
                "kube\n",   "~",
                "\xc0\xaf", "system.slice",
                " ",
        };
        unsigned n_found = 0;

        srand(7);
        for (unsigned turn = 0; turn < 20000; ++turn) {
                const char *name[6] = {};
                CgroupTarget target;
                const size_t n = (size_t)rand() % 5;
                char whole[CGROUP_PATH_MAX + 2];
                Diag diag;

                place(turn % 2 ? FS : UNIT, "");
                for (size_t i = 0; i < n; ++i)
                        name[i] = pieces[(size_t)rand() % ELEMENTSOF(pieces)];
                if (n > 0 && turn % 3)
                        name[0] = "kubepods";
                if (find(name, &target, &diag))
                        continue;
                ++n_found;
                (void)snprintf(whole, sizeof(whole), "%s/", target.path);
                ck_assert_msg(strncmp(whole, "kubepods/", 9) == 0 ||
                                      strncmp(whole, "kubepods.slice/", 15) == 0 ||
                                      strncmp(whole, "kube/", 5) == 0 ||
                                      strncmp(whole, "kube.slice/", 11) == 0 ||
                                      strncmp(whole, "system.slice/", 13) == 0,
                              "%s", target.path);
                ck_assert_msg(!strstr(whole, "/../") && !strstr(whole, "//") &&
                                      !strstr(whole, "/./"),
                              "%s", target.path);
        }
        ck_assert_uint_gt(n_found, 1000);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("cgroup-target");
        TCase *t = tcase_create("target");

        tcase_add_loop_test(t, a_name_is_below_a_root_or_nothing, 0, ELEMENTSOF(names));
        tcase_add_test(t, a_reserved_cgroup_is_one_where_it_is_configured);
        tcase_add_test(t, without_a_driver_no_name_means_anything);
        tcase_add_test(t, a_name_has_so_many_components_and_no_more);
        tcase_add_test(t, no_mixture_of_pieces_leads_out);
        suite_add_tcase(s, t);
        return s;
}
