/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pods request by QoS class, and when that is not known.
 */
#include "qos/requests.h"

#include <string.h>

#include "lib/pods-bed.h"
#include "lib/test-main.h"

static PodsBed bed;

static void setup(void) {
        pods_bed_new_tree(&bed);
        pods_bed_new_report(&bed);
}

static void teardown(void) {
        pods_bed_deinit(&bed);
}

static QosRequests sum(void) {
        return qos_requests_sum(pods_bed_join(&bed));
}

/* A running pod with a cgroup of that class. */
static ReportPod *add_pod(const char *uid, QosClass qos) {
        pods_bed_cgroup(&bed, uid, true)->qos = qos;
        return pods_bed_pod(&bed, uid);
}

static ReportContainer *add_container(ReportPod *pod, const char *name, uint64_t request) {
        ReportContainer *container = pods_bed_container(pod, name, name, REPORT_RUNNING);

        container->request_bytes = opt_u64(request);
        return container;
}

static void assert_unknown(const char *text) {
        const QosRequests requests = sum();

        ck_assert(!requests.is_known);
        ck_assert_msg(strstr(requests.problem.text, text) != NULL, "\"%s\" is not in \"%s\"", text,
                      requests.problem.text);
}

START_TEST(requests_add_up_by_class) {
        ReportPod *pod = add_pod("a", QOS_GUARANTEED);
        QosRequests requests;

        add_container(pod, "one", GIB);
        add_container(pod, "two", 2 * GIB + 1);
        add_container(add_pod("b", QOS_BURSTABLE), "one", 100);
        add_container(add_pod("c", QOS_BURSTABLE), "one", 0); /* of CPUs alone */
        add_container(add_pod("d", QOS_BEST_EFFORT), "one", 0);
        requests = sum();
        ck_assert_msg(requests.is_known, "%s", requests.problem.text);
        ck_assert_str_eq(requests.problem.text, "");
        ck_assert_uint_eq(requests.guaranteed_bytes, 3 * GIB + 1);
        ck_assert_uint_eq(requests.burstable_bytes, 100);
        ck_assert_uint_eq(requests.n_guaranteed, 1);
        ck_assert_uint_eq(requests.n_burstable, 2);
        ck_assert_uint_eq(requests.n_besteffort, 1);
}
END_TEST

START_TEST(no_pods_request_nothing) {
        const QosRequests requests = sum();

        ck_assert(requests.is_known);
        ck_assert_uint_eq(requests.guaranteed_bytes + requests.burstable_bytes, 0);
}
END_TEST

START_TEST(a_pods_own_request_is_what_counts) {
        ReportPod *pod = add_pod("a", QOS_BURSTABLE);

        add_container(pod, "one", GIB);
        pod->request_bytes = opt_u64(3 * GIB);
        ck_assert_uint_eq(sum().burstable_bytes, 3 * GIB);
}
END_TEST

/* The kubelet writes down containers that stay, and no others. */
START_TEST(init_containers_do_not_make_a_pod_unknown) {
        ReportPod *pod = add_pod("a", QOS_BURSTABLE);

        pods_bed_container(pod, "init", "init", REPORT_EXITED);
        add_container(pod, "one", GIB);
        ck_assert(sum().is_known);
        ck_assert_uint_eq(sum().burstable_bytes, GIB);
}
END_TEST

START_TEST(a_container_that_crashed_still_counts) {
        add_container(add_pod("a", QOS_BURSTABLE), "one", GIB)->state = REPORT_EXITED;
        ck_assert_uint_eq(sum().burstable_bytes, GIB);
}
END_TEST

/* Its limit is its request, with overhead and init containers. */
START_TEST(a_guaranteed_pods_cgroup_tells_what_is_not_reported) {
        TreePod *tree = pods_bed_cgroup(&bed, "a", true);

        tree->qos = QOS_GUARANTEED;
        tree->usage.max_bytes = opt_u64(2 * GIB + 100 * MIB);
        add_container(pods_bed_pod(&bed, "a"), "one", 2 * GIB);
        ck_assert_uint_eq(sum().guaranteed_bytes, 2 * GIB + 100 * MIB);
        tree->usage.max_bytes = opt_u64(GIB); /* somebody has made it smaller */
        ck_assert_uint_eq(sum().guaranteed_bytes, 2 * GIB);
        tree->qos = QOS_BURSTABLE;
        tree->usage.max_bytes = opt_u64(5 * GIB);
        ck_assert_uint_eq(sum().burstable_bytes, 2 * GIB);
}
END_TEST

START_TEST(a_pod_that_has_finished_does_not_count) {
        ReportPod *pod = pods_bed_pod(&bed, "a");

        pod->sandbox = REPORT_SANDBOX_NOT_READY;
        pod->is_listed = false;
        add_container(pod, "one", GIB)->state = REPORT_EXITED;
        ck_assert(sum().is_known);
        ck_assert_uint_eq(sum().n_burstable + sum().n_guaranteed + sum().burstable_bytes, 0);
}
END_TEST

START_TEST(sums_do_not_wrap) {
        add_container(add_pod("a", QOS_BURSTABLE), "one", UINT64_MAX);
        add_container(add_pod("b", QOS_BURSTABLE), "one", GIB);
        ck_assert_uint_eq(sum().burstable_bytes, UINT64_MAX);
}
END_TEST

/* What keeps a sum from being known */

START_TEST(the_first_pod_is_named) {
        add_container(add_pod("a", QOS_BURSTABLE), "one", GIB);
        pods_bed_container(add_pod("b", QOS_BURSTABLE), "one", "b1", REPORT_RUNNING);
        pods_bed_container(add_pod("c", QOS_GUARANTEED), "one", "c1", REPORT_RUNNING);
        assert_unknown("pod default/b ");
        ck_assert_uint_eq(sum().burstable_bytes, GIB); /* as far as it is known */
        pods_bed_source(&bed, "allocations", REPORT_SOURCE_FAILED);
        assert_unknown("allocations");
}
END_TEST

START_TEST(a_pod_that_nobody_has_reported_is_named_by_its_uid) {
        pods_bed_cgroup(&bed, "a", true);
        assert_unknown("pod a is not in");
}
END_TEST

START_TEST(a_cgroup_that_is_left_over_holds_nothing_back) {
        pods_bed_cgroup(&bed, "a", false);
        ck_assert(sum().is_known);
        ck_assert_uint_eq(sum().n_burstable, 0);
}
END_TEST

START_TEST(besteffort_pods_need_no_report) {
        pods_bed_cgroup(&bed, "a", true)->qos = QOS_BEST_EFFORT;
        ck_assert(sum().is_known);
        ck_assert_uint_eq(sum().n_besteffort, 1);
}
END_TEST

START_TEST(a_pod_without_a_class_counts_when_it_asks_for_memory) {
        ReportContainer *container =
                pods_bed_container(pods_bed_pod(&bed, "a"), "one", "", REPORT_NOT_STARTED);

        bed.report.pods[0].sandbox = REPORT_SANDBOX_NONE;
        container->request_bytes = opt_u64(0);
        ck_assert(sum().is_known);
        container->request_bytes = opt_u64(1);
        assert_unknown("QoS class");
}
END_TEST

START_TEST(a_report_that_is_not_there_or_not_all_there_tells_nothing) {
        add_container(add_pod("a", QOS_BURSTABLE), "one", GIB);
        bed.report.is_settled = false;
        bed.report.unsettled_reason = "the kubelet has just started";
        assert_unknown("the kubelet has just started");
        pods_bed_source(&bed, "runtime", REPORT_SOURCE_FAILED);
        assert_unknown("runtime");
        pods_bed_no_report(&bed);
        assert_unknown("start slug-kubelet.service");
        bed.tree.is_complete = false;
        diag_set(&bed.tree.problem, NULL, 0, 0, "too many pods");
        assert_unknown("too many pods");
        ck_assert(!qos_requests_sum(NULL).is_known);
        ck_assert_str_ne(qos_requests_sum(NULL).problem.text, "");
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("qos-requests");
        TCase *tests = tcase_create("qos-requests");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, requests_add_up_by_class);
        tcase_add_test(tests, no_pods_request_nothing);
        tcase_add_test(tests, a_pods_own_request_is_what_counts);
        tcase_add_test(tests, init_containers_do_not_make_a_pod_unknown);
        tcase_add_test(tests, a_container_that_crashed_still_counts);
        tcase_add_test(tests, a_guaranteed_pods_cgroup_tells_what_is_not_reported);
        tcase_add_test(tests, a_pod_that_has_finished_does_not_count);
        tcase_add_test(tests, sums_do_not_wrap);
        tcase_add_test(tests, the_first_pod_is_named);
        tcase_add_test(tests, a_pod_that_nobody_has_reported_is_named_by_its_uid);
        tcase_add_test(tests, a_cgroup_that_is_left_over_holds_nothing_back);
        tcase_add_test(tests, besteffort_pods_need_no_report);
        tcase_add_test(tests, a_pod_without_a_class_counts_when_it_asks_for_memory);
        tcase_add_test(tests, a_report_that_is_not_there_or_not_all_there_tells_nothing);
        suite_add_tcase(s, tests);
        return s;
}
