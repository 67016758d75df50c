/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kubelet and the runtimes call their cgroups.
 */
#include "pods/names.h"

#include <stdio.h>
#include <string.h>

#include "lib/claims.h"
#include "lib/test-main.h"

#define UUID      "0f3a9c1e-5b7d-4e2f-8a61-d2c4b6e8f013"
#define UUID_UNIT "0f3a9c1e_5b7d_4e2f_8a61_d2c4b6e8f013"
#define DIGEST    "5a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define ID        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TEN       "0123456789"
#define SIXTY     TEN TEN TEN TEN TEN TEN

#define FS   CGROUP_DRIVER_CGROUPFS
#define UNIT CGROUP_DRIVER_SYSTEMD

#define QOS   PODS_NAME_QOS
#define POD   PODS_NAME_POD
#define OTHER PODS_NAME_OTHER
#define NONE  PODS_NAME_NONE

static const struct {
        CgroupDriver driver;
        const char *name;
        PodsNameKind kind;
        QosClass qos;
        const char *uid;
} names[] = {
        { FS, "burstable", QOS, QOS_BURSTABLE, "" },
        { FS, "besteffort", QOS, QOS_BEST_EFFORT, "" },
        { FS, "pod" UUID, POD, QOS_UNKNOWN, UUID },
        { FS, "pod" DIGEST, POD, QOS_UNKNOWN, DIGEST },
        { FS, "podetcd-of-this-node", POD, QOS_UNKNOWN, "etcd-of-this-node" }, /* its manifest's */
        { UNIT, "kubepods-burstable.slice", QOS, QOS_BURSTABLE, "" },
        { UNIT, "kubepods-besteffort.slice", QOS, QOS_BEST_EFFORT, "" },
        { UNIT, "a-b-kubepods-besteffort.slice", QOS, QOS_BEST_EFFORT, "" },
        { UNIT, "kubepods-pod" UUID_UNIT ".slice", POD, QOS_UNKNOWN, UUID },
        { UNIT, "kubepods-burstable-pod" UUID_UNIT ".slice", POD, QOS_UNKNOWN, UUID },
        { UNIT, "kubepods-besteffort-pod" DIGEST ".slice", POD, QOS_UNKNOWN, DIGEST },
        { UNIT, "a_b-c-kubepods-pod" DIGEST ".slice", POD, QOS_UNKNOWN, DIGEST },
        { UNIT, "kubepods-podetcd_of_this_node.slice", POD, QOS_UNKNOWN, "etcd-of-this-node" },
        /* somebody else's */
        { FS, "foo", OTHER, QOS_UNKNOWN, "" },
        { FS, "guaranteed", OTHER, QOS_UNKNOWN, "" },
        { FS, "Burstable", OTHER, QOS_UNKNOWN, "" },
        { FS, "burstable.slice", OTHER, QOS_UNKNOWN, "" },
        { FS, "po", OTHER, QOS_UNKNOWN, "" },
        { FS, "pod", OTHER, QOS_UNKNOWN, "" },
        { FS, "pod-", OTHER, QOS_UNKNOWN, "" },
        { FS, "pod" UUID_UNIT, OTHER, QOS_UNKNOWN, "" },
        { FS, "pod" UUID ".slice", OTHER, QOS_UNKNOWN, "" },
        { FS, "kubepods-pod" UUID, OTHER, QOS_UNKNOWN, "" },
        { FS, "pod\xff\xfe", OTHER, QOS_UNKNOWN, "" },
        { FS, "pod a", OTHER, QOS_UNKNOWN, "" },
        { FS, "pod" SIXTY "123", POD, QOS_UNKNOWN, SIXTY "123" },
        { FS, "pod" SIXTY "1234", OTHER, QOS_UNKNOWN, "" },
        { UNIT, "kubepods-foo.slice", OTHER, QOS_UNKNOWN, "" },
        { UNIT, "kubepods-pod.slice", OTHER, QOS_UNKNOWN, "" },
        { UNIT, "kubepods-pod_.slice", OTHER, QOS_UNKNOWN, "" },
        { UNIT, "kubepods-pod" UUID ".slice", OTHER, QOS_UNKNOWN, "" }, /* a nested slice */
        { UNIT, "kubepods-pod\\x2d.slice", OTHER, QOS_UNKNOWN, "" },
        { UNIT, "kubepods-pod" SIXTY "1234.slice", OTHER, QOS_UNKNOWN, "" },
        { UNIT, "burstable", NONE, QOS_UNKNOWN, "" },
        { UNIT, "pod" DIGEST, NONE, QOS_UNKNOWN, "" },
        { UNIT, "kubepods-pod" UUID_UNIT, NONE, QOS_UNKNOWN, "" },
        { UNIT, "kubepods-pod" UUID_UNIT ".scope", NONE, QOS_UNKNOWN, "" },
        { UNIT, "init.scope", NONE, QOS_UNKNOWN, "" },
        { UNIT, ".slice", NONE, QOS_UNKNOWN, "" },
        { UNIT, "-.slice", NONE, QOS_UNKNOWN, "" },
        { UNIT, "kubepods-.slice", NONE, QOS_UNKNOWN, "" },
        { UNIT, "", NONE, QOS_UNKNOWN, "" },
        { UNIT, SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY ".slice", NONE, QOS_UNKNOWN,
          "" },
};

START_TEST(a_folder_is_what_its_name_says) {
        const PodsName name = pods_name_parse(names[_i].driver, names[_i].name);

        ck_assert_msg(name.kind == names[_i].kind, "%s", names[_i].name);
        ck_assert_int_eq(name.qos, names[_i].qos);
        ck_assert_str_eq(name.uid, names[_i].uid);
}
END_TEST

static const struct {
        const char *name, *id; /* NULL: no container */
} containers[] = {
        { "cri-containerd-" ID ".scope", ID },
        { "crio-" ID ".scope", ID },
        { "docker-" ID ".scope", ID },
        { "somebody-s-runtime-" ID ".scope", ID },
        { ID, ID },
        { ID ".scope", ID },
        { "crio-" ID, ID },
        { "cri-containerd-7f1c.scope", "7f1c" },
        { "7f1c", "7f1c" },
        { "web-1", "web-1" },
        { "kata_overhead", "kata_overhead" },
        { SIXTY SIXTY "1234567", SIXTY SIXTY "1234567" },
        { SIXTY SIXTY "12345678", NULL },
        { "crio-" SIXTY SIXTY "12345678.scope", NULL },
        { "crio-conmon-" ID ".scope", NULL },
        { "crio-conmon-" ID, NULL },
        { "cri-containerd-.scope", NULL },
        { "cri-containerd-", NULL },
        { ".scope", NULL },
        { "", NULL },
        { "-", NULL },
        { "..", NULL },
        { "a.slice", NULL },
        { "a.service", NULL },
        { "a.scope.scope", NULL },
        { "a b", NULL },
        { "caf\xc3\xa9", NULL },
        { SIXTY SIXTY SIXTY SIXTY SIXTY "-" ID ".scope", NULL },
};

START_TEST(a_container_has_the_runtimes_id) {
        char id[PODS_ID_MAX] = "x";
        const bool is_one = pods_name_parse_container(containers[_i].name, id);

        ck_assert_msg(is_one == (containers[_i].id != NULL), "%s", containers[_i].name);
        ck_assert_str_eq(id, is_one ? containers[_i].id : "");
}
END_TEST

static void make_uid(uint64_t *seed, char uid[static POD_UID_MAX]) {
        static const char digits[] = "0123456789abcdef";
        const bool is_static = claims_random(seed) % 2;
        size_t n = 0;

        while (n < (is_static ? 32 : 36)) {
                const bool is_dash = !is_static && (n == 8 || n == 13 || n == 18 || n == 23);

                uid[n++] = is_dash ? '-' : digits[claims_random(seed) % 16];
        }
        uid[n] = '\0';
}

START_TEST(a_pod_is_found_where_it_is_put) {
        static const char *const roots[] = { "", "/", "/a/b", "/a-b", "/a_b" };
        static const char *const classes[] = { NULL, "burstable", "besteffort" };
        uint64_t seed = 20261126;

        for (unsigned i = 0; i < 2000; ++i) {
                const CgroupDriver driver = i % 2 ? FS : UNIT;
                const char *class = classes[claims_random(&seed) % ELEMENTSOF(classes)];
                char path[PODS_PATH_MAX], uid[POD_UID_MAX], component[POD_UID_MAX + 3];
                CgroupName cgroup;
                PodsName name;

                make_uid(&seed, uid);
                (void)snprintf(component, sizeof(component), "pod%s", uid);
                ck_assert_int_eq(
                        cgroup_name_make_kubepods(roots[claims_random(&seed) % 5], &cgroup), 0);
                ck_assert(!class || cgroup_name_append(&cgroup, class) == 0);
                ck_assert_int_eq(cgroup_name_append(&cgroup, component), 0);
                ck_assert_int_eq(cgroup_name_format(&cgroup, driver, path), 0);
                name = pods_name_parse(driver, strrchr(path, '/') + 1);
                ck_assert_int_eq(name.kind, PODS_NAME_POD);
                ck_assert_str_eq(name.uid, uid);
        }
}
END_TEST

/* Whatever bytes a name has: what comes out is whole, and may be put in again. */
START_TEST(garbage_is_nothing_or_what_it_says) {
        uint64_t seed = 4711;

        for (unsigned i = 0; i < 20000; ++i) {
                static const char letters[] = "pod-_.slicecrio\xff\x01/a0";
                char text[300], id[PODS_ID_MAX];
                const size_t n = claims_random(&seed) % (i % 8 ? 24 : sizeof(text));
                PodsName name;

                for (size_t j = 0; j < n; ++j)
                        text[j] = letters[claims_random(&seed) % (sizeof(letters) - 1)];
                text[n] = '\0';
                name = pods_name_parse(i % 2 ? FS : UNIT, text);
                ck_assert(memchr(name.uid, '\0', sizeof(name.uid)) &&
                          (name.kind == PODS_NAME_POD) == (name.uid[0] != '\0') &&
                          pods_name_parse_container(text, id) == (id[0] != '\0') &&
                          !strchr(id, '/'));
        }
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("pods-names");
        TCase *t = tcase_create("names");

        tcase_set_timeout(t, 60);
        tcase_add_loop_test(t, a_folder_is_what_its_name_says, 0, ELEMENTSOF(names));
        tcase_add_loop_test(t, a_container_has_the_runtimes_id, 0, ELEMENTSOF(containers));
        tcase_add_test(t, a_pod_is_found_where_it_is_put);
        tcase_add_test(t, garbage_is_nothing_or_what_it_says);
        suite_add_tcase(s, t);
        return s;
}
