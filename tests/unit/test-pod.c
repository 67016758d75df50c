/* SPDX-License-Identifier: Apache-2.0 */
/* Pods: the kubelet's rules and arithmetic, one row for each of its turns. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "lib/pod-text.h"
#include "lib/test-main.h"
#include "split/pod-quantity.h"
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
        ck_assert_ptr_eq(pod_find_annotation(annotations, 2, "ab", ""), &annotations[1]);
        ck_assert_ptr_eq(pod_find_annotation(annotations, 2, "a", "b"), &annotations[1]);
        ck_assert_ptr_eq(pod_find_annotation(annotations, 2, "a", ""), &annotations[0]);
        ck_assert_ptr_null(pod_find_annotation(annotations, 2, "ab", "c"));
        ck_assert_ptr_null(pod_find_annotation(annotations, 2, "", "b"));
        ck_assert_ptr_null(pod_find_annotation(NULL, 0, "a", ""));
        ck_assert_ptr_null(pod_find_container(&(const Pod){}, ""));
}
END_TEST

static PodText bed;

static void setup(void) {
        bed = (PodText){};
}

static void teardown(void) {
        pod_text_deinit(&bed);
}

static const Pod *make_pod(const char *text) {
        ck_assert_msg(pod_text_parse(&bed, text), "%s", text);
        return &bed.pod;
}

/* Classes */

static const struct {
        const char *pod;
        QosClass qos;
} classes[] = {
        /* the cases of Kubernetes' own tests */
        { "app cpu=100m memory=100Mi", QOS_GUARANTEED },
        { "app cpu=100m memory=100Mi; app cpu=100m memory=100Mi", QOS_GUARANTEED },
        { "app; app", QOS_BEST_EFFORT },
        { "app", QOS_BEST_EFFORT },
        { "app; app cpu=1/2", QOS_BURSTABLE },
        { "app; app cpu=10m memory=100Mi", QOS_BURSTABLE },
        { "app memory=100Mi", QOS_BURSTABLE },
        { "app cpu=100m/- memory=100Mi/-", QOS_BURSTABLE },
        { "app cpu=1/2 memory=100Mi; app cpu=100m memory=100Mi", QOS_BURSTABLE },
        { "app cpu=100m/200m memory=100Mi/200Mi; app cpu=100m/- memory=100Mi/-", QOS_BURSTABLE },
        { "app cpu=10m/100m memory=100Mi/200Mi", QOS_BURSTABLE },
        { "app cpu=0/100m memory=0/200Mi", QOS_BURSTABLE },
        { "app cpu=0 memory=0 hugepages-2Mi=1Gi", QOS_BEST_EFFORT },
        { "init cpu=10m/100m memory=100Mi/200Mi; app", QOS_BURSTABLE },
        { "pod cpu=10m memory=100Mi; app", QOS_GUARANTEED },
        { "pod cpu=10m memory=100Mi; app cpu=3m/5m memory=10Mi/20Mi", QOS_GUARANTEED },
        { "pod cpu=10m/20m memory=10Mi/50Mi; app", QOS_BURSTABLE },
        { "pod cpu=10m/20m memory=10Mi/50Mi; app cpu=5m memory=10Mi", QOS_BURSTABLE },
        { "pod cpu=10m/- memory=10Mi/-; app cpu=5m/- memory=10Mi/-", QOS_BURSTABLE },
        { "pod cpu=10m/5m memory=10Mi/-; app cpu=5m/- memory=10Mi/-; app cpu=5m memory=10Mi",
          QOS_BURSTABLE },
        /* what else decides */
        { "init cpu=1 memory=1Gi; side cpu=1 memory=1Gi; app cpu=1 memory=1Gi", QOS_GUARANTEED },
        { "init; app cpu=1 memory=1Gi", QOS_BURSTABLE },
        { "side; app cpu=1 memory=1Gi", QOS_BURSTABLE },
        { "app cpu=-/1 memory=-/1Gi", QOS_BURSTABLE },
        { "app cpu=1000m/1 memory=1024Mi/1Gi", QOS_GUARANTEED },
        { "app cpu=1/2 memory=1Gi; app cpu=2/1 memory=1Gi", QOS_GUARANTEED },
        { "app cpu=1n/0.1n memory=1Gi", QOS_GUARANTEED },
        { "app cpu=1n/2n memory=1Gi", QOS_BURSTABLE },
        { "app memory=0.0000000000000001/-", QOS_BURSTABLE },
        { "app nvidia.com/gpu=1 ephemeral-storage=1Gi/-", QOS_BEST_EFFORT },
        { "pod cpu=1; app cpu=1 memory=1Gi", QOS_BURSTABLE },
        { "pod hugepages-2Mi=2Mi; app cpu=1 memory=1Gi", QOS_BEST_EFFORT },
        { "app cpu=1e999 memory=1e900", QOS_GUARANTEED },
};

START_TEST(a_class_follows_from_cpu_and_memory) {
        const Pod *pod = make_pod(classes[_i].pod);

        ck_assert_msg(pod_get_qos(pod) == classes[_i].qos, "%s: %s", classes[_i].pod,
                      qos_class_name(pod_get_qos(pod)));
}
END_TEST

START_TEST(a_class_that_is_known_is_not_computed) {
        (void)make_pod("app cpu=1 memory=1Gi");
        bed.pod.qos = QOS_BEST_EFFORT;
        ck_assert_uint_eq(pod_get_qos(&bed.pod), QOS_BEST_EFFORT);
}
END_TEST

/* Amounts */

static const struct {
        const char *pod;
        bool is_set;
} levels[] = {
        { "app cpu=1 memory=1Gi", false },      { "pod; app", false },
        { "pod cpu=1/-; app", true },           { "pod memory=-/1Gi; app", true },
        { "pod hugepages-2Mi=2Mi; app", true }, { "pod hugepages-=2Mi; app", true },
        { "pod nvidia.com/gpu=1; app", false }, { "pod nvidia.com/gpu=1 cpu=-/1; app", true },
};

START_TEST(only_some_pod_level_resources_count) {
        ck_assert_msg(pod_has_resources(make_pod(levels[_i].pod)) == levels[_i].is_set, "%s",
                      levels[_i].pod);
}
END_TEST

/* "memory=1Gi hugepages-2Mi=4Mi" */
static const char *format_amounts(const PodAmounts *amounts, char buffer[static 512]) {
        size_t n = 0;

        buffer[0] = '\0';
        for (size_t i = 0; i < amounts->n_items; ++i) {
                char name[POD_RESOURCE_NAME_MAX];

                n += (size_t)snprintf(buffer + n, 512 - n, "%s%s=%" PRIu64, i > 0 ? " " : "",
                                      pod_format_resource(amounts->items[i].page_bytes, name),
                                      amounts->items[i].bytes);
        }
        return buffer;
}

static const struct {
        const char *pod; /* it is about the last container */
        bool with_pod_level;
        const char *amounts; /* NULL: it is refused */
        const char *message;
} of_containers[] = {
        { "app", false, "", NULL },
        { "app cpu=1 nvidia.com/gpu=1", false, "", NULL },
        { "app memory=1Gi/2Gi", false, "memory=1073741824", NULL },
        { "app memory=-/2Gi", false, "", NULL },
        { "app memory=0/1Gi hugepages-2Mi=0", false, "memory=0 hugepages-2Mi=0", NULL },
        { "app hugepages-1Gi=2Gi hugepages-2Mi=4Mi memory=1 hugepages-64Ki=64Ki", false,
          "memory=1 hugepages-64Ki=65536 hugepages-2Mi=4194304 hugepages-1Gi=2147483648", NULL },
        { "app hugepages-1Gi=1Gi hugepages-2Mi=2Mi hugepages-32Mi=32Mi hugepages-64Ki=64Ki "
          "memory=1",
          false,
          "memory=1 hugepages-64Ki=65536 hugepages-2Mi=2097152 hugepages-32Mi=33554432 "
          "hugepages-1Gi=1073741824",
          NULL },
        /* what the kubelet keeps as int64, and what it does not */
        { "app memory=99999999999999Ki", false, NULL,
          "default/web: container 'c0': requests.memory: expected a number of bytes that the "
          "kubelet takes, found '99999999999999Ki'" },
        { "app memory=99999999999Ki", false, "memory=102399999998976", NULL },
        { "app memory=99Ti", false, "memory=108851651149824", NULL },
        { "app memory=100Ti", false, NULL,
          "default/web: container 'c0': requests.memory: expected a number of bytes that the "
          "kubelet takes, found '100Ti'" },
        { "app memory=1.5Gi", false, NULL,
          "default/web: container 'c0': requests.memory: expected a number of bytes that the "
          "kubelet takes, found '1.5Gi', which it takes as 1536Mi" },
        { "app memory=1500m", false, NULL,
          "default/web: container 'c0': requests.memory: expected a number of bytes that the "
          "kubelet takes, found '1500m'" },
        { "app memory=1000m", false, NULL,
          "default/web: container 'c0': requests.memory: expected a number of bytes that the "
          "kubelet takes, found '1000m', which it takes as 1" },
        { "app hugepages-2Mi=x", false, NULL,
          "default/web: container 'c0': requests.hugepages-2Mi: expected a number of bytes that "
          "the kubelet takes, found 'x'" },
        { "app memory=-1", false, NULL,
          "default/web: container 'c0': requests.memory: expected a number of bytes that the "
          "kubelet takes, found '-1', which it takes as -1" },
        { "app hugepages-3Mi=3Mi", false, NULL,
          "default/web: container 'c0': requests.hugepages-3Mi: expected a page size such as "
          "hugepages-2Mi, and at most 4 of them" },
        { "app hugepages-1Mi=1Mi hugepages-2Mi=2Mi hugepages-4Mi=4Mi hugepages-8Mi=8Mi "
          "hugepages-16Mi=16Mi",
          false, NULL,
          "default/web: container 'c0': requests.hugepages-16Mi: expected a page size such as "
          "hugepages-2Mi, and at most 4 of them" },
        /* pod-level resources leave memory of its own to those that are guaranteed by themselves */
        { "pod cpu=4 memory=8Gi; app cpu=1 memory=1Gi", true, "memory=1073741824", NULL },
        { "pod cpu=4 memory=8Gi; app cpu=1000m/1 memory=1024Mi/1Gi", true, "memory=1073741824",
          NULL },
        { "pod cpu=4 memory=8Gi; app cpu=1/2 memory=1Gi", true, "", NULL },
        { "pod cpu=4 memory=8Gi; app cpu=1 memory=1Gi/2Gi", true, "", NULL },
        { "pod cpu=4 memory=8Gi; app memory=1Gi", true, "", NULL },
        { "pod cpu=4 memory=8Gi; app cpu=1 memory=0", true, "", NULL },
        { "pod cpu=4 memory=8Gi; app", true, "", NULL },
        { "pod cpu=4 memory=8Gi; app memory=1.5Gi", true, "", NULL },
        { "pod cpu=4 memory=8Gi; app cpu=1/2 memory=1Gi", false, "memory=1073741824", NULL },
        { "pod nvidia.com/gpu=1; app cpu=1/2 memory=1Gi", true, "memory=1073741824", NULL },
};

static void check_amounts(int r,
                          const PodAmounts *amounts,
                          const Diag *diag,
                          const char *pod,
                          const char *expected,
                          const char *message) {
        char text[512], line[DIAG_FORMATTED_MAX];

        ck_assert_msg(r == (expected ? 0 : POD_E_INVALID), "%s: %d, %s", pod, r, diag->text);
        if (expected)
                ck_assert_msg(strcmp(format_amounts(amounts, text), expected) == 0, "%s: %s", pod,
                              text);
        else
                ck_assert_uint_eq(amounts->n_items, 3);
        ck_assert_str_eq(diag_format(diag, line), message ? message : "");
}

START_TEST(a_container_counts_with_its_requests) {
        const Pod *pod = make_pod(of_containers[_i].pod);
        PodAmounts amounts = { .n_items = 3 };
        Diag diag = {};
        int r = pod_get_container_amounts(pod, &pod->containers[pod->n_containers - 1],
                                          of_containers[_i].with_pod_level, &amounts, &diag);

        check_amounts(r, &amounts, &diag, of_containers[_i].pod, of_containers[_i].amounts,
                      of_containers[_i].message);
}
END_TEST

#define G1 "1073741824"
#define G2 "2147483648"
#define G3 "3221225472"
#define G4 "4294967296"
#define G5 "5368709120"
#define G6 "6442450944"
#define G7 "7516192768"

static const struct {
        const char *pod;
        bool with_pod_level;
        const char *amounts;
        const char *message;
} of_pods[] = {
        /* the cases of the kubelet's own tests */
        { "init memory=1Gi hugepages-1Gi=1Gi; init memory=4Gi hugepages-1Gi=4Gi;"
          "app memory=1Gi hugepages-1Gi=1Gi; app memory=2Gi hugepages-1Gi=2Gi",
          false, "memory=" G4 " hugepages-1Gi=" G4, NULL },
        { "init memory=1Gi hugepages-1Gi=1Gi; init memory=3Gi hugepages-1Gi=3Gi;"
          "app memory=2Gi hugepages-1Gi=2Gi; app memory=3Gi hugepages-1Gi=3Gi",
          false, "memory=" G5 " hugepages-1Gi=" G5, NULL },
        { "init memory=1Gi hugepages-1Gi=1Gi; init memory=3Gi hugepages-1Gi=4Gi;"
          "app memory=2Gi hugepages-1Gi=1Gi; app memory=3Gi hugepages-1Gi=2Gi",
          false, "memory=" G5 " hugepages-1Gi=" G4, NULL },
        { "side memory=2Gi hugepages-1Gi=2Gi; init memory=4Gi hugepages-1Gi=4Gi;"
          "app memory=1Gi hugepages-1Gi=1Gi; app memory=2Gi hugepages-1Gi=2Gi",
          false, "memory=" G6 " hugepages-1Gi=" G6, NULL },
        { "side memory=2Gi hugepages-1Gi=2Gi; init memory=4Gi hugepages-1Gi=4Gi;"
          "app memory=2Gi hugepages-1Gi=2Gi; app memory=3Gi hugepages-1Gi=3Gi",
          false, "memory=" G7 " hugepages-1Gi=" G7, NULL },
        /* only sidecars that were started before run beside an init container */
        { "init memory=4Gi; side memory=2Gi; app memory=1Gi", false, "memory=" G4, NULL },
        { "side memory=1Gi; init memory=2Gi; side memory=1Gi; init memory=3Gi; app memory=1Gi",
          false, "memory=" G5, NULL },
        { "side memory=1Gi; side memory=1Gi; app memory=1Gi", false, "memory=" G3, NULL },
        /* what containers do not name is not counted */
        { "init memory=4Gi hugepages-2Mi=2Mi; app memory=1Gi", false, "memory=" G4, NULL },
        { "side hugepages-2Mi=2Mi; app memory=1Gi", false, "memory=" G1, NULL },
        { "init memory=4Gi; app", false, "", NULL },
        { "init memory=1Gi; app memory=0", false, "memory=" G1, NULL },
        { "app; app cpu=1", false, "", NULL },
        /* pod-level resources */
        { "pod memory=7Gi hugepages-1Gi=1Gi; app memory=1Gi", true,
          "memory=" G7 " hugepages-1Gi=" G1, NULL },
        { "pod memory=0 hugepages-1Gi=1Gi; app memory=1Gi", true, "hugepages-1Gi=" G1, NULL },
        { "pod cpu=1; app cpu=1 memory=1Gi", true, "", NULL },
        { "pod memory=-/7Gi; app cpu=1 memory=1Gi", true, "", NULL },
        { "pod memory=7Gi; app memory=1Gi; app memory=1Gi", false, "memory=" G2, NULL },
        { "pod nvidia.com/gpu=1; app memory=1Gi; app memory=1Gi", true, "memory=" G2, NULL },
        { "pod memory=1.5Gi; app", true, NULL,
          "default/web: requests.memory: expected a number of bytes that the kubelet takes, found "
          "'1.5Gi', which it takes as 1536Mi" },
        /* what cannot be counted */
        { "app memory=1Gi; app:db memory=0.5", false, NULL,
          "default/web: container 'db': requests.memory: expected a number of bytes that the "
          "kubelet takes, found '0.5'" },
        { "app memory=5E; app memory=5E; app memory=5E; app memory=5E", false, NULL,
          "default/web: container 'c3': requests: all containers together ask for more than 2^64-1 "
          "bytes of memory, or for more than 4 page sizes" },
        { "side memory=9E; init memory=9E; side memory=9E; app memory=1E", false, NULL,
          "default/web: requests: all containers together ask for more than 2^64-1 bytes of "
          "memory, or for more than 4 page sizes" },
        { "side memory=9E; side memory=9E; init memory=9E; app memory=1", false, NULL,
          "default/web: container 'c2': requests: all containers together ask for more than 2^64-1 "
          "bytes of memory, or for more than 4 page sizes" },
        { "app hugepages-1Mi=1Mi hugepages-2Mi=2Mi hugepages-4Mi=4Mi; app hugepages-8Mi=8Mi "
          "hugepages-16Mi=16Mi",
          false, NULL,
          "default/web: container 'c1': requests: all containers together ask for more than 2^64-1 "
          "bytes of memory, or for more than 4 page sizes" },
};

START_TEST(a_pod_counts_with_what_runs_at_the_same_time) {
        const Pod *pod = make_pod(of_pods[_i].pod);
        PodAmounts amounts = { .n_items = 3 };
        Diag diag = {};
        int r = pod_get_amounts(pod, of_pods[_i].with_pod_level, &amounts, &diag);

        check_amounts(r, &amounts, &diag, of_pods[_i].pod, of_pods[_i].amounts,
                      of_pods[_i].message);
}
END_TEST

/* What the library of the kubelet answers for AsInt64() of these. */
static const struct {
        const char *text;
        bool is_kept;
        int64_t value;
} fast[] = {
        { "0", true, 0 },
        { "00", true, 0 },
        { "0.0", false, 0 },
        { "0e5", true, 0 },
        { "1", true, 1 },
        { "-1", true, -1 },
        { "+1", true, 1 },
        { "5.", true, 5 },
        { ".5", false, 0 },
        { "007", true, 7 },
        { "1.0", false, 0 },
        { "1.5k", true, 1500 },
        { "123456789012345678", true, 123456789012345678 },
        { "0000123456789012345678", true, 123456789012345678 },
        { "1234567890123456789", false, 0 },
        { "9E", true, 9000000000000000000 },
        { "10E", false, 0 },
        { "1e3", true, 1000 },
        { "1E3", true, 1000 },
        { "1e+3", true, 1000 },
        { "1e-0", true, 1 },
        { "10e-1", false, 0 },
        { "1e18", true, 1000000000000000000 },
        { "1e19", false, 0 },
        { "1k", true, 1000 },
        { "1n", false, 0 },
        { "1000m", false, 0 },
        { "1Ki", true, 1024 },
        { "-1Ki", true, -1024 },
        { "1.Gi", true, 1073741824 },
        { "1.0Gi", false, 0 },
        { "0Ei", false, 0 },
        { "99Ti", true, INT64_C(99) << 40 },
        { "100Ti", false, 0 },
        { "1Pi", false, 0 },
        { "", false, 0 },
        { "x", false, 0 },
};

START_TEST(int64_is_what_the_library_kept) {
        int64_t value = 0;

        ck_assert_msg(pod_quantity_to_int64(fast[_i].text, &value) == fast[_i].is_kept, "%s",
                      fast[_i].text);
        ck_assert_msg(value == fast[_i].value, "%s: %" PRId64, fast[_i].text, value);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("pod");
        TCase *names = tcase_create("names"), *amounts = tcase_create("amounts");

        tcase_add_loop_test(names, a_page_size_has_one_name, 0, ELEMENTSOF(page_names));
        tcase_add_loop_test(names, what_is_no_page_size_is_refused, 0, ELEMENTSOF(no_pages));
        tcase_add_test(names, classes_have_the_names_of_kubernetes);
        tcase_add_test(names, other_names_are_no_class);
        tcase_add_test(names, containers_and_annotations_are_found_by_name);
        suite_add_tcase(suite, names);
        tcase_add_checked_fixture(amounts, setup, teardown);
        tcase_add_loop_test(amounts, a_class_follows_from_cpu_and_memory, 0, ELEMENTSOF(classes));
        tcase_add_test(amounts, a_class_that_is_known_is_not_computed);
        tcase_add_loop_test(amounts, only_some_pod_level_resources_count, 0, ELEMENTSOF(levels));
        tcase_add_loop_test(amounts, a_container_counts_with_its_requests, 0,
                            ELEMENTSOF(of_containers));
        tcase_add_loop_test(amounts, a_pod_counts_with_what_runs_at_the_same_time, 0,
                            ELEMENTSOF(of_pods));
        tcase_add_loop_test(amounts, int64_is_what_the_library_kept, 0, ELEMENTSOF(fast));
        suite_add_tcase(suite, amounts);
        return suite;
}
