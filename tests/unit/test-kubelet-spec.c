/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of cgroups as OCI runtimes get them, and what containerd and CRI-O say when they are
 * verbose.
 */
#include <stdlib.h>
#include <string.h>

#include "kubelet/spec.h"
#include "lib/test-main.h"

static const struct {
        const char *path;
        const char *expected; /* NULL: it is none */
} paths[] = {
        { "/kubepods/burstable/pod1/abc", "kubepods/burstable/pod1/abc" },
        { "kubepods/pod1/abc", "kubepods/pod1/abc" },
        { "//kubepods//pod1/abc/", "kubepods/pod1/abc" },
        { "/kubepods/pod1/a:b", "kubepods/pod1/a:b" },
        { "kubepods-pod1.slice:cri-containerd:abc",
          "kubepods.slice/kubepods-pod1.slice/cri-containerd-abc.scope" },
        { "kubepods-burstable-pod1_2.slice:crio:abc",
          "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/"
          "crio-abc.scope" },
        { "kubelet-kubepods-pod1.slice:crio:abc",
          "kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1.slice/crio-abc.scope" },
        { ":crio:abc", "system.slice/crio-abc.scope" },
        { "-.slice:crio:abc", "crio-abc.scope" },
        { "a.slice::abc", "a.slice/abc.scope" },
        { "a.slice:x:b.slice", "a.slice/b.slice" },
        /* no slice in front: a path with colons */
        { "a:b:c", "a:b:c" },
        { "a.slice:b", "a.slice:b" },
        { "a.slice:b:c:d", "a.slice:b:c:d" },
        { "", NULL },
        { "/", NULL },
        { "/a/../b", NULL },
        { "./a", NULL },
        { "a\nb", NULL },
        { "a--b.slice:x:y", NULL },
        { "-a.slice:x:y", NULL },
        { "a-.slice:x:y", NULL },
        { "a/b.slice:x:y", NULL },
        { "a.slice:x/z:y", NULL },
        { "a.slice:x:y/z", NULL },
        { "a.slice:x:", NULL },
        { ".slice:x:y", ".slice:x:y" },
};

START_TEST(a_path_is_below_the_root) {
        char path[SPEC_CGROUP_MAX] = "untouched";
        const int r = spec_normalise_cgroup(paths[_i].path, path);

        ck_assert_msg(r == (paths[_i].expected ? 0 : SPEC_E_INVALID), "%s: %d", paths[_i].path, r);
        ck_assert_str_eq(path, paths[_i].expected ? paths[_i].expected : "untouched");
}
END_TEST

START_TEST(a_path_that_is_too_long_is_none) {
        char text[SPEC_CGROUP_MAX + 1], path[SPEC_CGROUP_MAX];

        memset(text, 'a', sizeof(text));
        text[SPEC_CGROUP_MAX - 1] = '\0';
        ck_assert_int_eq(spec_normalise_cgroup(text, path), 0);
        ck_assert_str_eq(path, text);
        text[SPEC_CGROUP_MAX - 1] = 'a';
        text[SPEC_CGROUP_MAX] = '\0';
        ck_assert_int_eq(spec_normalise_cgroup(text, path), SPEC_E_INVALID);
        memcpy(text + SPEC_CGROUP_MAX - 11, ".slice:x:y", 11);
        ck_assert_int_eq(spec_normalise_cgroup(text, path), SPEC_E_INVALID);
}
END_TEST

static const struct {
        const char *info;
        const char *cgroup; /* NULL: it is none */
        OptU64 limit;
        const char *problem;
} infos[] = {
        { "{\"sandboxID\":\"s\",\"pid\":7,\"runtimeSpec\":{\"ociVersion\":\"1.2.0\",\"linux\":{"
          "\"cgroupsPath\":\"kubepods-pod1.slice:crio:c\",\"resources\":{\"memory\":{\"limit\":"
          "1048576,\"swap\":1048576}}}}}",
          "kubepods.slice/kubepods-pod1.slice/crio-c.scope",
          { 1048576, true },
          NULL },
        { "{\"config\":{},\"runtimeSpec\":{\"linux\":{\"cgroupsPath\":\"/kubepods/pod1/c\"}}}",
          "kubepods/pod1/c",
          { 0, true },
          NULL },
        { "{\"runtimeSpec\":{\"linux\":{\"cgroupsPath\":\"\",\"resources\":{\"memory\":{\"limit\":"
          "-1}}}}}",
          "",
          { 0, true },
          NULL },
        { "{\"runtimeSpec\":{\"linux\":{}}}", "", { 0, true }, NULL },
        { "{\"runtimeSpec\":{\"linux\":{\"cgroupsPath\":7}}}",
          NULL,
          {},
          "runtimeSpec.linux.cgroupsPath: is not text" },
        { "{\"runtimeSpec\":{\"linux\":{\"cgroupsPath\":\"/a/..\"}}}",
          NULL,
          {},
          "runtimeSpec.linux.cgroupsPath: is no path of a cgroup" },
        { "{\"runtimeSpec\":{\"windows\":{}}}", NULL, {}, "runtimeSpec.linux: is missing" },
        { "{}", NULL, {}, "runtimeSpec.linux: is missing" },
        { "[]", NULL, {}, "is not an object" },
        { "{\"runtimeSpec\":", NULL, {}, "the text ends in the middle" },
        { "", NULL, {}, "the text ends in the middle" },
};

START_TEST(a_runtime_tells) {
        const char *info = infos[_i].info;
        Spec spec = {};
        Diag diag = {};
        const int r = spec_parse(info, strlen(info), &spec, &diag);

        ck_assert_msg(r == (infos[_i].cgroup ? 0 : SPEC_E_INVALID), "%s: %d %s", info, r,
                      diag.text);
        if (infos[_i].problem)
                ck_assert_str_eq(diag.text, infos[_i].problem);
        ck_assert_str_eq(spec.cgroup, infos[_i].cgroup ? infos[_i].cgroup : "");
        ck_assert(opt_u64_equal(spec.memory_limit_bytes, infos[_i].limit));
}
END_TEST

START_TEST(more_than_a_specification_is_refused) {
        char *text = malloc(SPEC_INFO_MAX + 1);
        Spec spec;
        Diag diag = {};

        ck_assert_ptr_nonnull(text);
        memset(text, ' ', SPEC_INFO_MAX + 1);
        ck_assert_int_eq(spec_parse(text, SPEC_INFO_MAX + 1, &spec, &diag), SPEC_E_INVALID);
        ck_assert_str_eq(diag.text, "more than 4194304 bytes");
        free(text);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("kubelet-spec");
        TCase *tcase = tcase_create("all");

        tcase_add_loop_test(tcase, a_path_is_below_the_root, 0, ELEMENTSOF(paths));
        tcase_add_test(tcase, a_path_that_is_too_long_is_none);
        tcase_add_loop_test(tcase, a_runtime_tells, 0, ELEMENTSOF(infos));
        tcase_add_test(tcase, more_than_a_specification_is_refused);
        suite_add_tcase(suite, tcase);
        return suite;
}
