/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the levels are, as the kubelet of 1.36.3 looks for them.
 */
#include <string.h>

#include "lib/test-main.h"
#include "qos/level.h"

#define FS   CGROUP_DRIVER_CGROUPFS
#define UNIT CGROUP_DRIVER_SYSTEMD
#define NONE CGROUP_DRIVER_NONE

static const struct {
        CgroupDriver driver;
        const char *root, *kubepods, *burstable, *besteffort; /* NULL: refused */
} pods[] = {
        { FS, "", "kubepods", "kubepods/burstable", "kubepods/besteffort" },
        { FS, "/a/b", "a/b/kubepods", "a/b/kubepods/burstable", "a/b/kubepods/besteffort" },
        { UNIT, "/", "kubepods.slice", "kubepods.slice/kubepods-burstable.slice",
          "kubepods.slice/kubepods-besteffort.slice" },
        { UNIT, "/a", "a.slice/a-kubepods.slice",
          "a.slice/a-kubepods.slice/a-kubepods-burstable.slice",
          "a.slice/a-kubepods.slice/a-kubepods-besteffort.slice" },
        { NONE, "/", "", "", "" },
        { FS, "/..", NULL, NULL, NULL },
        { UNIT, "/a\n", NULL, NULL, NULL },
};

START_TEST(levels_of_pods_are_below_the_cgroup_root) {
        QosPlaces places;
        const int r = qos_places_make(pods[_i].driver, pods[_i].root, "", "", &places);

        ck_assert_int_eq(r, pods[_i].kubepods ? 0 : CGROUP_NAME_E_INVALID);
        if (!pods[_i].kubepods) {
                ck_assert_str_eq(places.items[QOS_LEVEL_KUBEPODS].path, "");
                return;
        }
        ck_assert_str_eq(places.items[QOS_LEVEL_KUBEPODS].path, pods[_i].kubepods);
        ck_assert_str_eq(places.items[QOS_LEVEL_BURSTABLE].path, pods[_i].burstable);
        ck_assert_str_eq(places.items[QOS_LEVEL_BESTEFFORT].path, pods[_i].besteffort);
        ck_assert(!places.items[QOS_LEVEL_SYSTEM_RESERVED].is_configured);
        ck_assert(!places.items[QOS_LEVEL_KUBE_RESERVED].is_configured);
}
END_TEST

static const struct {
        CgroupDriver driver;
        const char *text, *path; /* NULL: refused */
} reserved[] = {
        { FS, "/system", "system" },
        { FS, "system", "system" },
        { FS, "/system.slice", "system.slice" },
        { FS, "/podruntime.slice/kubelet", "podruntime.slice/kubelet" },
        { FS, "/my_system/", "my_system" },
        { UNIT, "/system.slice", "system.slice" },
        { UNIT, "system.slice", "system.slice" },
        { UNIT, "/system", "system.slice" },
        { UNIT, "/a-b", "a.slice/a-b.slice" },
        { UNIT, "/a-b.slice", "a.slice/a-b.slice" },
        { UNIT, "/a.slice/a-b.slice/", "a.slice/a-b.slice" },
        { UNIT, "/a/b", "b.slice" }, /* what is before the last name does not count */
        { UNIT, "/my_system.slice", "my_system.slice" },
        { FS, "/", NULL },
        { FS, "/a/..", NULL },
        { FS, "/a\x01", NULL },
        { UNIT, "/", NULL },
        { UNIT, "/.slice", NULL },
        { UNIT, "/a-.slice", NULL },
        { UNIT, "/-a.slice", NULL },
        { UNIT, "/a--b", NULL },
        { UNIT, "/..", NULL },
};

START_TEST(reserved_ones_are_where_the_kubelet_looks) {
        QosPlaces places;
        const int r = qos_places_make(reserved[_i].driver, "", reserved[_i].text, "/kube", &places);
        const QosPlace *place = &places.items[QOS_LEVEL_SYSTEM_RESERVED];

        ck_assert_msg(r == (reserved[_i].path ? 0 : CGROUP_NAME_E_INVALID), "%s: %d",
                      reserved[_i].text, r);
        ck_assert(place->is_configured);
        ck_assert_str_eq(place->path, reserved[_i].path ? reserved[_i].path : "");
        /* the others are made all the same */
        ck_assert_str_eq(places.items[QOS_LEVEL_KUBE_RESERVED].path,
                         reserved[_i].driver == UNIT ? "kube.slice" : "kube");
        ck_assert_str_ne(places.items[QOS_LEVEL_BESTEFFORT].path, "");
}
END_TEST

START_TEST(a_name_that_is_too_long_is_refused) {
        char text[2000];
        QosPlaces places;

        for (size_t n = 200; n < sizeof(text); n += 300) {
                memset(text, 'a', n);
                text[n] = '\0';
                for (CgroupDriver driver = UNIT; driver <= FS; ++driver) {
                        const int r = qos_places_make(driver, "", text, "", &places);

                        ck_assert_int_eq(r, n < 256 - 7 ? 0 : CGROUP_NAME_E_INVALID);
                }
        }
}
END_TEST

START_TEST(levels_have_names_and_parents) {
        ck_assert_str_eq(qos_level_name(QOS_LEVEL_KUBEPODS), "kubepods");
        ck_assert_str_eq(qos_level_name(QOS_LEVEL_SYSTEM_RESERVED), "system-reserved");
        ck_assert_int_eq(qos_level_parent(QOS_LEVEL_BESTEFFORT), QOS_LEVEL_KUBEPODS);
        ck_assert_int_eq(qos_level_parent(QOS_LEVEL_BURSTABLE), QOS_LEVEL_KUBEPODS);
        ck_assert_int_eq(qos_level_parent(QOS_LEVEL_KUBEPODS), QOS_LEVEL_KUBEPODS);
        ck_assert_int_eq(qos_level_parent(QOS_LEVEL_KUBE_RESERVED), QOS_LEVEL_KUBE_RESERVED);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("qos-level");
        TCase *tests = tcase_create("qos-level");

        tcase_add_loop_test(tests, levels_of_pods_are_below_the_cgroup_root, 0,
                            (int)ELEMENTSOF(pods));
        tcase_add_loop_test(tests, reserved_ones_are_where_the_kubelet_looks, 0,
                            (int)ELEMENTSOF(reserved));
        tcase_add_test(tests, a_name_that_is_too_long_is_refused);
        tcase_add_test(tests, levels_have_names_and_parents);
        suite_add_tcase(s, tests);
        return s;
}
