/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <string.h>

#include "ledger/ledger.h"
#include "lib/failmalloc.h"
#include "lib/pods-bed.h"

#define LONG_63  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG_128 LONG_63 LONG_63 "aa"

static PodsBed bed;
static PodsReport *report;
static ReportPod *pod;
static ReportContainer *container;
static PodAnnotation annotations[PODS_CONTAINERS_MAX + 9];

static void setup(void) {
        bed = (PodsBed){};
        report = NULL;
        pods_bed_new_report(&bed);
        pod = pods_bed_pod(&bed, "11111111-2222-3333-4444-555555555555");
        container = pods_bed_container(pod, "main", "id", REPORT_RUNNING);
        pods_bed_chunk(container, "chunk", GIB);
}

static void teardown(void) {
        report = pods_report_free(report);
        pods_bed_deinit(&bed);
}

static PodsReport *make(void) {
        PodsReport *made = NULL;
        Diag diag = {};

        ck_assert_msg(pods_report_new(&bed.report, &made, &diag) == 0, "%s", diag.text);
        return made;
}

/* What must be refused. Each breaks the report of the fixture. */

static void break_reporter(void) {
        bed.report.reporter[0] = '\0';
}
static void break_reporter_end(void) {
        memset(bed.report.reporter, 'a', sizeof(bed.report.reporter));
}
static void break_uid(void) {
        pod->uid = "a/b";
}
static void break_uid_length(void) {
        pod->uid = LONG_63 "a";
}
static void break_no_uid(void) {
        pod->uid = "";
}
static void break_namespace(void) {
        pod->namespace_name = "Default";
}
static void break_name(void) {
        pod->name = "a..b";
}
static void break_twice(void) {
        pods_bed_pod(&bed, pod->uid);
}
static void break_container(void) {
        container->name = "main\n";
}
static void break_container_twice(void) {
        pods_bed_container(pod, "main", "", REPORT_NOT_STARTED);
}
static void break_id(void) {
        container->id = "a b";
}
static void break_id_length(void) {
        container->id = LONG_128;
}
static void break_chunk(void) {
        container->chunks[0].id = "\xc3\xbc";
}
static void break_no_chunk(void) {
        container->chunks[0].id = "";
}
static void break_chunk_length(void) {
        container->chunks[0].id = LONG_63 "a";
}
static void break_state(void) {
        container->state = _REPORT_STATE_N;
}
static void break_source(void) {
        bed.report.sources[0].state = _REPORT_SOURCE_STATE_N;
}
static void repeat_source(void) {
        bed.report.sources[1].name = bed.report.sources[0].name;
}
static void break_sources(void) {
        bed.report.n_sources = REPORT_SOURCES_MAX + 1;
}
static void break_pods(void) {
        bed.report.n_pods = PODS_MAX + 1;
}
static void break_containers(void) {
        pod->n_containers = PODS_CONTAINERS_MAX + 1;
}
static void break_chunks(void) {
        container->n_chunks = REPORT_CHUNKS_MAX + 1;
}
static void break_pages(void) {
        container->hugepages.n_items = POD_PAGE_SIZES + 1;
}

static ReportRequested requested[REPORT_DEVICES_MAX + 1];
static void set_requested(const char *first, const char *second) {
        requested[0] = (ReportRequested){ first, 3 };
        requested[1] = (ReportRequested){ second, 1 };
        container->requested = requested;
        container->n_requested = 2;
}
static void break_requested(void) {
        set_requested("sluglab.io/remote-memory-1gi", "example.org/gpu");
}
static void break_requested_twice(void) {
        set_requested("sluglab.io/remote-memory-1gi", "sluglab.io/remote-memory-1gi");
}
static void break_requested_number(void) {
        set_requested("sluglab.io/remote-memory-1gi", "sluglab.io/remote-memory-2gi");
        container->n_requested = REPORT_DEVICES_MAX + 1;
}

static ReportMissing missing[2];
static void set_missing(size_t n) {
        requested[0] = (ReportRequested){ "sluglab.io/remote-memory-1gi", 3 };
        for (size_t i = 0; i < ELEMENTSOF(missing); ++i)
                missing[i] = (ReportMissing){ .namespace_name = "default",
                                              .name = "db",
                                              .file = "/m/db.yaml",
                                              .requested = requested,
                                              .n_requested = 1 };
        bed.report.missing = missing;
        bed.report.n_missing = n;
}
static void break_missing(void) {
        set_missing(REPORT_MISSING_MAX + 1);
}
static void break_missing_namespace(void) {
        set_missing(2);
        missing[1].namespace_name = "";
}
static void break_missing_name(void) {
        set_missing(2);
        missing[1].name = "d b";
}
static void break_missing_file(void) {
        set_missing(2);
        missing[1].file = "/m/\n";
}
static void break_missing_no_file(void) {
        set_missing(1);
        missing[0].file = "";
}
static void break_missing_nothing(void) {
        set_missing(2);
        missing[1].n_requested = 0;
}
static void break_missing_requested(void) {
        set_missing(1);
        requested[0].resource = "example.org/gpu";
}

static LedgerRoomRow amounts[2];
static void set_amounts(unsigned node, size_t n) {
        for (size_t i = 0; i < ELEMENTSOF(amounts); ++i)
                amounts[i] = (LedgerRoomRow){ .node = node, .page_bytes = 2 * MIB, .bytes = GIB };
        bed.report.allocatable = amounts;
        bed.report.n_allocatable = n;
        bed.report.knows_allocatable = true;
}
static void break_amounts(void) {
        set_amounts(0, REPORT_ALLOCATABLE_MAX + 1);
}
static void break_amount_node(void) {
        set_amounts(NODESET_MAX, 1);
}
static void break_amount_twice(void) {
        set_amounts(3, 2);
}

static const struct {
        void (*break_it)(void);
        const char *expected;
} refusals[] = {
        { break_reporter, "expected a reporter of 1 to 63 bytes" },
        { break_reporter_end, "expected a reporter of 1 to 63 bytes" },
        { break_uid, "pod 'a/b': expected a UID of 1 to 63 letters, digits and hyphens, found "
                     "'a/b'" },
        { break_uid_length, "expected a UID" },
        { break_no_uid, "expected a UID" },
        { break_namespace, "expected a DNS label as the namespace, found 'Default'" },
        { break_name, "expected a DNS subdomain as the name of the pod, found 'a..b'" },
        { break_twice, "expected each pod once, found it twice" },
        { break_container, "expected a DNS label as the name of a container" },
        { break_container_twice, "expected each name of a container once, found 'main'" },
        { break_id, "expected the id of a container" },
        { break_id_length, "expected the id of a container" },
        { break_chunk, "expected the id of a chunk" },
        { break_no_chunk, "expected the id of a chunk, of 1 to 63 printable characters, found "
                          "nothing" },
        { break_chunk_length, "expected the id of a chunk" },
        { break_state, "expected a state of a container" },
        { break_source, "expected a state of each source" },
        { repeat_source, "expected each source once" },
        { break_sources, "expected at most 8 sources, found 9" },
        { break_pods, "expected at most 1024 pods, found 1025" },
        { break_containers, "expected at most 64 containers, found 65" },
        { break_chunks, "expected at most 32768 chunks of a container, found 32769" },
        { break_requested, "expected a resource of chunks, found 'example.org/gpu'" },
        { break_requested_twice, "expected each resource once" },
        { break_requested_number, "expected at most 8 resources that a container asks for" },
        { break_missing, "missing_static_pods: expected at most 64, found 65" },
        { break_missing_namespace, "pod 'db': expected a DNS label as the namespace" },
        { break_missing_name, "pod 'd b': expected a DNS subdomain as the name of the pod" },
        { break_missing_file, "pod 'db': expected a manifest's file, in printable ASCII" },
        { break_missing_no_file, "expected a manifest's file, in printable ASCII, found nothing" },
        { break_missing_nothing, "pod 'db': expected chunks that the manifest asks for" },
        { break_missing_requested, "pod 'db': expected a resource of chunks" },
        { break_pages, "expected at most 4 page sizes of a container, found 5" },
        { break_amounts, "kubelet_allocatable: expected at most 1024, found 1025" },
        { break_amount_node, "kubelet_allocatable: expected a NUMA node below 1024, found 1024" },
        { break_amount_twice, "kubelet_allocatable: expected hugepages-2Mi of NUMA node 3 once" },
};

START_TEST(what_the_ledger_could_not_take_is_refused) {
        const size_t n_sources = bed.report.n_sources, n_containers = pod->n_containers;
        PodsReport *made = NULL;
        Diag diag = {};
        int r;

        refusals[_i].break_it();
        r = pods_report_new(&bed.report, &made, &diag);
        /* what is not there is not to be freed */
        if (bed.report.n_sources > REPORT_SOURCES_MAX)
                bed.report.n_sources = n_sources;
        if (bed.report.n_pods > PODS_MAX)
                bed.report.n_pods = 1;
        if (pod->n_containers > PODS_BED_CONTAINERS)
                pod->n_containers = n_containers;
        ck_assert_int_eq(r, REPORT_E_INVALID);
        ck_assert_ptr_null(made);
        ck_assert_msg(strstr(diag.text, refusals[_i].expected), "row %d: %s", _i, diag.text);
}
END_TEST

START_TEST(pods_are_copied_and_sorted) {
        const ReportPod *found;
        char name[] = "web";

        pod->name = name;
        pods_bed_pod(&bed, "0");
        pods_bed_pod(&bed, "z");
        set_requested("sluglab.io/remote-memory-1gi-numa2", "sluglab.io/remote-memory-1gi-numa3");
        report = make();
        requested[0] = (ReportRequested){};
        name[0] = 'x';
        ck_assert_uint_eq(report->n_pods, 3);
        ck_assert_str_eq(report->pods[0].uid, "0");
        ck_assert_str_eq(report->pods[2].uid, "z");
        found = pods_report_find(report, pod->uid);
        ck_assert_str_eq(found->name, "web");
        ck_assert_ptr_eq(report_pod_find(found, "main"), &found->containers[0]);
        ck_assert_ptr_null(report_pod_find(found, "other"));
        ck_assert_ptr_null(pods_report_find(report, "1"));
        ck_assert_str_eq(found->containers[0].chunks[0].id, "chunk");
        ck_assert_uint_eq(found->containers[0].n_requested, 2);
        ck_assert_str_eq(found->containers[0].requested[0].resource,
                         "sluglab.io/remote-memory-1gi-numa2");
        ck_assert_uint_eq(found->containers[0].requested[0].n, 3);
}
END_TEST

START_TEST(what_is_missing_is_copied) {
        char file[] = "/m/db.yaml";

        set_missing(2);
        missing[1].file = file;
        report = make();
        file[0] = 'x';
        requested[0] = (ReportRequested){};
        ck_assert_uint_eq(report->n_missing, 2);
        ck_assert_str_eq(report->missing[1].namespace_name, "default");
        ck_assert_str_eq(report->missing[1].name, "db");
        ck_assert_str_eq(report->missing[1].file, "/m/db.yaml");
        ck_assert_uint_eq(report->missing[1].requested[0].n, 3);
}
END_TEST

START_TEST(amounts_are_copied_and_sorted) {
        set_amounts(1, 2);
        amounts[1].page_bytes = 0;
        report = make();
        amounts[0].bytes = amounts[1].bytes = 1;
        ck_assert(report->knows_allocatable);
        ck_assert_uint_eq(report->n_allocatable, 2);
        ck_assert_uint_eq(report->allocatable[0].page_bytes, 0);
        ck_assert_uint_eq(report->allocatable[1].page_bytes, 2 * MIB);
        ck_assert_uint_eq(report->allocatable[0].bytes, GIB);
}
END_TEST

START_TEST(what_is_for_people_is_cut) {
        char text[2000];

        memset(text, 'a', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        memcpy(text + 510, "\xc3\xbc", 2); /* across the end */
        for (size_t i = 0; i < ELEMENTSOF(annotations); ++i)
                annotations[i] = (PodAnnotation){ "memory.sluglab.io/pod", text };
        pod->annotations = annotations;
        pod->n_annotations = ELEMENTSOF(annotations);
        bed.report.unsettled_reason = text;
        report = make();
        ck_assert_uint_eq(strlen(report->unsettled_reason), 510);
        ck_assert_uint_eq(report->pods[0].n_annotations, PODS_CONTAINERS_MAX + 1);
        ck_assert_uint_eq(strlen(report->pods[0].annotations[0].value), 510);
}
END_TEST

/* Each changes one thing. */

static void change_nothing(void) {
        bed.report.sequence += 5;
        bed.report.ledger_generation = 7;
        bed.report.usec = 9;
}
static void change_settled(void) {
        bed.report.is_settled = false;
}
static void change_source(void) {
        bed.report.sources[1].state = REPORT_SOURCE_FAILED;
}
static void change_problem(void) {
        bed.report.sources[1].problem = "away";
}
static void change_pod(void) {
        pod->name = "other";
}
static void change_listed(void) {
        pod->is_listed = false;
}
static void change_limit(void) {
        pod->limit_bytes = opt_u64(0);
}
static void change_state(void) {
        container->state = REPORT_EXITED;
}
static void change_request(void) {
        container->request_bytes = opt_u64(1);
}
static void change_pages(void) {
        container->hugepages.items[0] = (PodAmount){ 2 * MIB, 4 * MIB };
        container->hugepages.n_items = 1;
}
static void change_chunk(void) {
        container->chunks[0].id = "other";
}
static void change_requested(void) {
        set_requested("sluglab.io/remote-memory-1gi", "sluglab.io/remote-memory-2gi");
        container->n_requested = 1;
}
static void change_missing(void) {
        set_missing(1);
}
static void change_annotation(void) {
        annotations[0] = (PodAnnotation){ "memory.sluglab.io/pod", "local=1Gi" };
        pod->annotations = annotations;
        pod->n_annotations = 1;
}
static void change_amounts(void) {
        set_amounts(0, 1);
}
static void change_no_amounts(void) {
        bed.report.knows_allocatable = true;
}
static void change_more(void) {
        pods_bed_container(pod, "more", "", REPORT_NOT_STARTED);
}

static void (*const changes[])(void) = {
        change_nothing,    change_requested, change_settled,    change_source, change_problem,
        change_pod,        change_listed,    change_limit,      change_state,  change_request,
        change_pages,      change_chunk,     change_annotation, change_more,   change_amounts,
        change_no_amounts, change_missing,
};

START_TEST(a_change_is_seen) {
        PodsReport *other;

        report = make();
        changes[_i]();
        other = make();
        ck_assert_int_eq(pods_report_is_equal(report, other), changes[_i] == change_nothing);
        pods_report_free(other);
}
END_TEST

/* Of what is missing, each changes one thing. */
static void rename_missing(void) {
        missing[0].name = "other";
}
static void move_missing(void) {
        missing[0].file = "/m/other";
}
static void move_missing_namespace(void) {
        missing[0].namespace_name = "other";
}
static void grow_missing(void) {
        ++requested[0].n;
}
static void add_missing(void) {
        bed.report.n_missing = 2;
}
static void keep_missing(void) {
}

static void (*const missing_changes[])(void) = {
        keep_missing,           rename_missing, move_missing,
        move_missing_namespace, grow_missing,   add_missing,
};

START_TEST(a_change_of_what_is_missing_is_seen) {
        PodsReport *other;

        set_missing(1);
        report = make();
        missing_changes[_i]();
        other = make();
        ck_assert_int_eq(pods_report_is_equal(report, other), missing_changes[_i] == keep_missing);
        pods_report_free(other);
}
END_TEST

#define COMPLETE REPORT_SOURCE_COMPLETE
#define FAILED   REPORT_SOURCE_FAILED
#define ABSENT   REPORT_SOURCE_ABSENT
#define UNUSED   REPORT_SOURCE_UNUSED

START_TEST(a_report_is_complete_when_somebody_who_knows_pods_is) {
        static const struct {
                ReportSourceState runtime, kubelet, devices, sizes;
                bool is_complete;
        } sources[] = {
                { COMPLETE, COMPLETE, COMPLETE, COMPLETE, true },
                { COMPLETE, UNUSED, UNUSED, UNUSED, true },
                { UNUSED, COMPLETE, UNUSED, UNUSED, true },
                { UNUSED, UNUSED, COMPLETE, COMPLETE, false },
                { COMPLETE, FAILED, COMPLETE, COMPLETE, false },
                { COMPLETE, ABSENT, COMPLETE, COMPLETE, false },
                { COMPLETE, COMPLETE, FAILED, COMPLETE, false },
                { COMPLETE, COMPLETE, COMPLETE, FAILED, true },
                { COMPLETE, COMPLETE, COMPLETE, ABSENT, true },
                { COMPLETE, FAILED, COMPLETE, FAILED, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(sources); ++i) {
                pods_bed_source(&bed, "runtime", sources[i].runtime);
                pods_bed_source(&bed, "pod-resources", sources[i].kubelet);
                pods_bed_source(&bed, "devices", sources[i].devices);
                pods_bed_source(&bed, "allocations", sources[i].sizes);
                pods_bed_source(&bed, "manifests", sources[i].sizes);
                ck_assert_int_eq(pods_report_is_complete(&bed.report), sources[i].is_complete);
        }
        ck_assert(!pods_report_has(&bed.report, "none"));
        bed.report.n_sources = 0;
        ck_assert(!pods_report_is_complete(&bed.report));
}
END_TEST

START_TEST(a_report_is_newer_by_its_sequence) {
        PodsReport next = bed.report;
        Diag diag = {};

        ck_assert(pods_report_is_newer(NULL, &next, &diag));
        ck_assert(!pods_report_is_newer(&bed.report, &next, &diag));
        ck_assert_str_eq(diag.text, "report 1 came after report 1");
        ++next.sequence;
        ck_assert(pods_report_is_newer(&bed.report, &next, &diag));
        ck_assert(!pods_report_is_newer(&next, &bed.report, &diag));
        next.sequence = 0;
        next.reporter[0] = 'R';
        ck_assert(pods_report_is_newer(&bed.report, &next, &diag));
}
END_TEST

START_TEST(without_memory_there_is_no_report) {
        PodsReport *made = NULL;
        Diag diag = {};
        unsigned n = 0;
        bool has_failed;
        int r;

        set_missing(1);
        do {
                failmalloc_arm(n++);
                r = pods_report_new(&bed.report, &made, &diag);
                has_failed = failmalloc_disarm();
                ck_assert_int_eq(r, has_failed ? -ENOMEM : 0);
        } while (has_failed);
        pods_report_free(made);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("pods-report");
        TCase *tcase = tcase_create("pods-report");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, what_the_ledger_could_not_take_is_refused, 0,
                            ELEMENTSOF(refusals));
        tcase_add_test(tcase, pods_are_copied_and_sorted);
        tcase_add_test(tcase, what_is_missing_is_copied);
        tcase_add_test(tcase, amounts_are_copied_and_sorted);
        tcase_add_test(tcase, what_is_for_people_is_cut);
        tcase_add_loop_test(tcase, a_change_is_seen, 0, ELEMENTSOF(changes));
        tcase_add_loop_test(tcase, a_change_of_what_is_missing_is_seen, 0,
                            ELEMENTSOF(missing_changes));
        tcase_add_test(tcase, a_report_is_complete_when_somebody_who_knows_pods_is);
        tcase_add_test(tcase, a_report_is_newer_by_its_sequence);
        tcase_add_test(tcase, without_memory_there_is_no_report);
        suite_add_tcase(suite, tcase);
        return suite;
}
