/* SPDX-License-Identifier: Apache-2.0 */
/* Pods: the kubelet's rules and arithmetic, one row for each of its turns. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/test-main.h"
#include "split/pod.h"

static const struct {
        const char *resource;
        uint64_t page_bytes;
} page_names[] = {
        { "memory", 0 },
        { "hugepages-512", 512 },
        { "hugepages-64Ki", 64 * KIB },
        { "hugepages-2Mi", 2 * MIB },
        { "hugepages-32Mi", 32 * MIB },
        { "hugepages-1Gi", GIB },
        { "hugepages-4Ei", UINT64_C(1) << 62 },
};

START_TEST(a_page_size_has_one_name) {
        char buffer[POD_RESOURCE_NAME_MAX];
        uint64_t bytes = 0;

        ck_assert_str_eq(pod_format_resource(page_names[_i].page_bytes, buffer),
                         page_names[_i].resource);
        ck_assert_int_eq(pod_parse_hugepages(page_names[_i].resource, &bytes),
                         page_names[_i].page_bytes != 0);
        ck_assert_uint_eq(bytes, page_names[_i].page_bytes);
}
END_TEST

static const char *const no_pages[] = {
        "",
        "cpu",
        "hugepages",
        "hugepages-",
        "hugepages-x",
        "hugepages-0",
        "hugepages--2Mi",
        "hugepages-3Mi",
        "hugepages-2MiB",
        "hugepages-2M",
        "hugepages-2048Ki",
        "hugepages-02Mi",
        "hugepages-2097152",
        "hugepages-0.5Gi",
        "hugepages-500m",
        "hugepages-8Ei",
        "hugepages-9223372036854775808",
        "Hugepages-2Mi",
        "requests.hugepages-2Mi",
};

START_TEST(what_is_no_page_size_is_refused) {
        uint64_t bytes = 7;

        ck_assert_msg(!pod_parse_hugepages(no_pages[_i], &bytes), "%s", no_pages[_i]);
        ck_assert_uint_eq(bytes, 7);
}
END_TEST

START_TEST(classes_have_the_names_of_kubernetes) {
        static const char *const names[_QOS_N] = { "", "Guaranteed", "Burstable", "BestEffort" };

        for (unsigned i = 0; i < _QOS_N; ++i) {
                QosClass qos = _QOS_N;

                ck_assert_str_eq(qos_class_name((QosClass)i), names[i]);
                ck_assert(qos_class_parse(names[i], &qos));
                ck_assert_uint_eq(qos, i);
        }
        ck_assert_str_eq(qos_class_name(_QOS_N), "");
}
END_TEST

START_TEST(other_names_are_no_class) {
        static const char *const others[] = { "guaranteed", "Best", "Guaranteed " };
        QosClass qos = QOS_BURSTABLE;

        for (size_t i = 0; i < ELEMENTSOF(others); ++i)
                ck_assert(!qos_class_parse(others[i], &qos));
        ck_assert_uint_eq(qos, QOS_BURSTABLE);
}
END_TEST

START_TEST(containers_and_annotations_are_found_by_name) {
        static const PodContainer containers[] = { { .name = "init", .is_init = true },
                                                   { .name = "db" } };
        static const PodAnnotation annotations[] = { { "a", "1" }, { "ab", "2" } };
        static const Pod pod = { .containers = containers,
                                 .n_containers = 2,
                                 .annotations = annotations,
                                 .n_annotations = 2 };

        ck_assert_ptr_eq(pod_find_container(&pod, "db"), &containers[1]);
        ck_assert_ptr_null(pod_find_container(&pod, "d"));
        ck_assert_str_eq(pod_find_annotation(&pod, "ab"), "2");
        ck_assert_ptr_null(pod_find_annotation(&pod, "abc"));
        ck_assert_ptr_null(pod_find_container(&(const Pod){}, ""));
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("pod");
        TCase *names = tcase_create("names");

        tcase_add_loop_test(names, a_page_size_has_one_name, 0, ELEMENTSOF(page_names));
        tcase_add_loop_test(names, what_is_no_page_size_is_refused, 0, ELEMENTSOF(no_pages));
        tcase_add_test(names, classes_have_the_names_of_kubernetes);
        tcase_add_test(names, other_names_are_no_class);
        tcase_add_test(names, containers_and_annotations_are_found_by_name);
        suite_add_tcase(suite, names);
        return suite;
}
