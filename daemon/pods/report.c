/* SPDX-License-Identifier: Apache-2.0 */
#include "pods/report.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "pods/report-check.h"

/* A report and all that it points to lie in one arena, which goes with it. */
typedef struct StoredReport {
        PodsReport report; /* first, so that one is the other */
        Arena *arena;
} StoredReport;

PodsReport *pods_report_free(PodsReport *report) {
        if (report)
                arena_free(((StoredReport *)report)->arena);
        return NULL;
}

/* Copying. Each returns false when memory has run out. */

/* Cut between two characters where it is too long. */
static bool copy_text(Arena *arena, const char *from, const char **ret) {
        size_t n = strnlen(from, REPORT_TEXT_MAX);

        if (n == REPORT_TEXT_MAX)
                for (--n; n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80;)
                        --n;
        *ret = arena_strndup(arena, from, n);
        return *ret;
}

static bool copy_sources(Arena *arena, PodsReport *report) {
        ReportSource *copies = arena_alloc_array(arena, report->n_sources, sizeof(*copies));

        for (size_t i = 0; copies && i < report->n_sources; ++i) {
                const ReportSource *from = &report->sources[i];

                copies[i].state = from->state;
                if (!copy_text(arena, from->name, &copies[i].name) ||
                    !copy_text(arena, from->endpoint, &copies[i].endpoint) ||
                    !copy_text(arena, from->version, &copies[i].version) ||
                    !copy_text(arena, from->problem, &copies[i].problem))
                        return false;
        }
        report->sources = copies;
        return copies;
}

static bool copy_chunks(Arena *arena, ReportContainer *container) {
        ReportChunk *copies = arena_alloc_array(arena, container->n_chunks, sizeof(*copies));

        for (size_t i = 0; copies && i < container->n_chunks; ++i) {
                copies[i].bytes = container->chunks[i].bytes;
                copies[i].id = arena_strdup(arena, container->chunks[i].id);
                if (!copies[i].id)
                        return false;
        }
        container->chunks = copies;
        return copies;
}

static bool copy_requested(Arena *arena, size_t n, ReportRequested **rows) {
        ReportRequested *copies = arena_alloc_array(arena, n, sizeof(*copies));

        for (size_t i = 0; copies && i < n; ++i) {
                copies[i].n = (*rows)[i].n;
                copies[i].resource = arena_strdup(arena, (*rows)[i].resource);
                if (!copies[i].resource)
                        return false;
        }
        *rows = copies;
        return copies;
}

static bool copy_containers(Arena *arena, ReportPod *pod) {
        ReportContainer *copies = arena_alloc_array(arena, pod->n_containers, sizeof(*copies));

        for (size_t i = 0; copies && i < pod->n_containers; ++i) {
                copies[i] = pod->containers[i];
                if (!copy_text(arena, copies[i].name, &copies[i].name) ||
                    !copy_text(arena, copies[i].id, &copies[i].id) ||
                    !copy_text(arena, copies[i].cgroup, &copies[i].cgroup) ||
                    !copy_chunks(arena, &copies[i]) ||
                    !copy_requested(arena, copies[i].n_requested, &copies[i].requested))
                        return false;
        }
        pod->containers = copies;
        return copies;
}

static bool copy_annotations(Arena *arena, ReportPod *pod) {
        const size_t n = bytes_min(pod->n_annotations, REPORT_ANNOTATIONS_MAX);
        PodAnnotation *copies = arena_alloc_array(arena, n, sizeof(*copies));

        for (size_t i = 0; copies && i < n; ++i)
                if (!copy_text(arena, pod->annotations[i].name, &copies[i].name) ||
                    !copy_text(arena, pod->annotations[i].value, &copies[i].value))
                        return false;
        pod->annotations = copies;
        pod->n_annotations = n;
        return copies;
}

static bool copy_pods(Arena *arena, PodsReport *report) {
        ReportPod *copies = arena_alloc_array(arena, report->n_pods, sizeof(*copies));

        for (size_t i = 0; copies && i < report->n_pods; ++i) {
                copies[i] = report->pods[i];
                if (!copy_text(arena, copies[i].uid, &copies[i].uid) ||
                    !copy_text(arena, copies[i].namespace_name, &copies[i].namespace_name) ||
                    !copy_text(arena, copies[i].name, &copies[i].name) ||
                    !copy_containers(arena, &copies[i]) || !copy_annotations(arena, &copies[i]))
                        return false;
        }
        report->pods = copies;
        return copies;
}

static bool copy_missing(Arena *arena, PodsReport *report) {
        ReportMissing *copies = arena_alloc_array(arena, report->n_missing, sizeof(*copies));

        for (size_t i = 0; copies && i < report->n_missing; ++i) {
                copies[i] = report->missing[i];
                if (!copy_text(arena, copies[i].namespace_name, &copies[i].namespace_name) ||
                    !copy_text(arena, copies[i].name, &copies[i].name) ||
                    !copy_text(arena, copies[i].file, &copies[i].file) ||
                    !copy_requested(arena, copies[i].n_requested, &copies[i].requested))
                        return false;
        }
        report->missing = copies;
        return copies;
}

static bool copy_allocatable(Arena *arena, PodsReport *report) {
        LedgerRoomRow *copies = arena_alloc_array(arena, report->n_allocatable, sizeof(*copies));

        if (copies && report->n_allocatable > 0)
                memcpy(copies, report->allocatable, report->n_allocatable * sizeof(*copies));
        report->allocatable = copies;
        return copies;
}

static int copy_report(const PodsReport *from, PodsReport **ret) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        StoredReport *stored;
        int r;

        r = arena_new(SIZE_MAX, &arena); /* what a report has was counted */
        if (r)
                return r;
        stored = arena_alloc(arena, sizeof(*stored));
        if (!stored)
                return -ENOMEM;
        stored->report = *from;
        if (!copy_text(arena, from->unsettled_reason, &stored->report.unsettled_reason) ||
            !copy_sources(arena, &stored->report) || !copy_pods(arena, &stored->report) ||
            !copy_missing(arena, &stored->report) || !copy_allocatable(arena, &stored->report))
                return -ENOMEM;
        stored->arena = TAKE_PTR(arena);
        *ret = &stored->report;
        return 0;
}

static int compare_uids(const void *a, const void *b) {
        return strcmp(((const ReportPod *)a)->uid, ((const ReportPod *)b)->uid);
}

static int sort_pods(PodsReport *report, Diag *reterr) {
        qsort(report->pods, report->n_pods, sizeof(*report->pods), compare_uids);
        for (size_t i = 1; i < report->n_pods; ++i)
                if (strcmp(report->pods[i - 1].uid, report->pods[i].uid) == 0) {
                        diag_set(reterr, NULL, 0, 0,
                                 "pod '%s': expected each pod once, found it twice",
                                 report->pods[i].uid);
                        return REPORT_E_INVALID;
                }
        return 0;
}

static int compare_amounts(const void *a, const void *b) {
        const LedgerRoomRow *one = a, *other = b;

        if (one->node != other->node)
                return one->node < other->node ? -1 : 1;
        return (one->page_bytes > other->page_bytes) - (one->page_bytes < other->page_bytes);
}

static int sort_allocatable(PodsReport *report, Diag *reterr) {
        LedgerRoomRow *rows = report->allocatable;
        char resource[POD_RESOURCE_NAME_MAX];

        qsort(rows, report->n_allocatable, sizeof(*rows), compare_amounts);
        for (size_t i = 1; i < report->n_allocatable; ++i)
                if (compare_amounts(&rows[i - 1], &rows[i]) == 0) {
                        diag_set(reterr, NULL, 0, 0,
                                 "kubelet_allocatable: expected %s of NUMA node %u once, found it "
                                 "twice",
                                 pod_format_resource(rows[i].page_bytes, resource), rows[i].node);
                        return REPORT_E_INVALID;
                }
        return 0;
}

int pods_report_new(const PodsReport *from, PodsReport **ret, Diag *reterr) {
        _cleanup_(pods_report_freep) PodsReport *report = NULL;
        int r;

        r = report_check(from, reterr);
        if (r == 0)
                r = copy_report(from, &report);
        if (r == 0)
                r = sort_pods(report, reterr);
        if (r == 0)
                r = sort_allocatable(report, reterr);
        if (r)
                return r;
        *ret = TAKE_PTR(report);
        return 0;
}

/* Asking */

const ReportPod *pods_report_find(const PodsReport *report, const char *uid) {
        const ReportPod key = { .uid = uid };

        return bsearch(&key, report->pods, report->n_pods, sizeof(key), compare_uids);
}

const ReportContainer *report_pod_find(const ReportPod *pod, const char *container) {
        for (size_t i = 0; i < pod->n_containers; ++i)
                if (strcmp(pod->containers[i].name, container) == 0)
                        return &pod->containers[i];
        return NULL;
}

const PodAnnotation *
report_find_annotation(const ReportPod *pod, const char *name, const char *suffix) {
        return pod_find_annotation(pod->annotations, pod->n_annotations, name, suffix);
}

bool pods_report_has(const PodsReport *report, const char *source) {
        for (size_t i = 0; i < report->n_sources; ++i)
                if (strcmp(report->sources[i].name, source) == 0)
                        return report->sources[i].state == REPORT_SOURCE_COMPLETE;
        return false;
}

/* No pod is found or missed by them: what they say is how much one asks for. */
static bool tells_sizes_alone(const ReportSource *source) {
        return strcmp(source->name, "allocations") == 0 || strcmp(source->name, "manifests") == 0;
}

/* Where nobody was asked who knows of pods, nobody has missed one. */
bool pods_report_is_complete(const PodsReport *report) {
        for (size_t i = 0; i < report->n_sources; ++i) {
                const ReportSource *source = &report->sources[i];

                if (source->state != REPORT_SOURCE_COMPLETE &&
                    source->state != REPORT_SOURCE_UNUSED && !tells_sizes_alone(source))
                        return false;
        }
        return pods_report_has(report, "runtime") || pods_report_has(report, "pod-resources");
}

bool pods_report_is_newer(const PodsReport *now, const PodsReport *next, Diag *reterr) {
        if (!now || strcmp(now->reporter, next->reporter) != 0 || next->sequence > now->sequence)
                return true;
        diag_set(reterr, NULL, 0, 0, "report %" PRIu64 " came after report %" PRIu64,
                 next->sequence, now->sequence);
        return false;
}

/* Comparing */

static bool is_source_equal(const ReportSource *a, const ReportSource *b) {
        return a->state == b->state && strcmp(a->name, b->name) == 0 &&
               strcmp(a->endpoint, b->endpoint) == 0 && strcmp(a->version, b->version) == 0 &&
               strcmp(a->problem, b->problem) == 0;
}

static bool has_same_chunks(const ReportContainer *a, const ReportContainer *b) {
        if (a->n_chunks != b->n_chunks)
                return false;
        for (size_t i = 0; i < a->n_chunks; ++i)
                if (a->chunks[i].bytes != b->chunks[i].bytes ||
                    strcmp(a->chunks[i].id, b->chunks[i].id) != 0)
                        return false;
        return true;
}

static bool
has_same_requested(const ReportRequested *a, size_t n_a, const ReportRequested *b, size_t n_b) {
        if (n_a != n_b)
                return false;
        for (size_t i = 0; i < n_a; ++i)
                if (a[i].n != b[i].n || strcmp(a[i].resource, b[i].resource) != 0)
                        return false;
        return true;
}

static bool has_same_hugepages(const PodAmounts *a, const PodAmounts *b) {
        if (a->n_items != b->n_items)
                return false;
        for (size_t i = 0; i < a->n_items; ++i)
                if (a->items[i].page_bytes != b->items[i].page_bytes ||
                    a->items[i].bytes != b->items[i].bytes)
                        return false;
        return true;
}

static bool is_container_equal(const ReportContainer *a, const ReportContainer *b) {
        return a->state == b->state && a->knows_limit == b->knows_limit &&
               strcmp(a->name, b->name) == 0 && strcmp(a->id, b->id) == 0 &&
               strcmp(a->cgroup, b->cgroup) == 0 &&
               opt_u64_equal(a->request_bytes, b->request_bytes) &&
               opt_u64_equal(a->limit_bytes, b->limit_bytes) &&
               has_same_hugepages(&a->hugepages, &b->hugepages) && has_same_chunks(a, b) &&
               has_same_requested(a->requested, a->n_requested, b->requested, b->n_requested);
}

static bool has_same_annotations(const ReportPod *a, const ReportPod *b) {
        if (a->n_annotations != b->n_annotations)
                return false;
        for (size_t i = 0; i < a->n_annotations; ++i)
                if (strcmp(a->annotations[i].name, b->annotations[i].name) != 0 ||
                    strcmp(a->annotations[i].value, b->annotations[i].value) != 0)
                        return false;
        return true;
}

static bool is_pod_equal(const ReportPod *a, const ReportPod *b) {
        if (strcmp(a->uid, b->uid) != 0 || strcmp(a->namespace_name, b->namespace_name) != 0 ||
            strcmp(a->name, b->name) != 0 || a->is_static != b->is_static ||
            a->sandbox != b->sandbox || a->is_listed != b->is_listed ||
            !opt_u64_equal(a->request_bytes, b->request_bytes) ||
            !opt_u64_equal(a->limit_bytes, b->limit_bytes) || a->n_containers != b->n_containers)
                return false;
        for (size_t i = 0; i < a->n_containers; ++i)
                if (!is_container_equal(&a->containers[i], &b->containers[i]))
                        return false;
        return has_same_annotations(a, b);
}

static bool has_same_missing(const PodsReport *a, const PodsReport *b) {
        if (a->n_missing != b->n_missing)
                return false;
        for (size_t i = 0; i < a->n_missing; ++i) {
                const ReportMissing *one = &a->missing[i], *other = &b->missing[i];

                if (strcmp(one->namespace_name, other->namespace_name) != 0 ||
                    strcmp(one->name, other->name) != 0 || strcmp(one->file, other->file) != 0 ||
                    !has_same_requested(one->requested, one->n_requested, other->requested,
                                        other->n_requested))
                        return false;
        }
        return true;
}

bool pods_report_has_same_allocatable(const PodsReport *a, const PodsReport *b) {
        if (!a)
                return !b->knows_allocatable;
        if (a->knows_allocatable != b->knows_allocatable || a->n_allocatable != b->n_allocatable)
                return false;
        for (size_t i = 0; i < a->n_allocatable; ++i)
                if (compare_amounts(&a->allocatable[i], &b->allocatable[i]) != 0 ||
                    a->allocatable[i].bytes != b->allocatable[i].bytes)
                        return false;
        return true;
}

bool pods_report_is_equal(const PodsReport *a, const PodsReport *b) {
        if (strcmp(a->reporter, b->reporter) != 0 || a->is_settled != b->is_settled ||
            strcmp(a->unsettled_reason, b->unsettled_reason) != 0 || a->n_sources != b->n_sources ||
            a->n_pods != b->n_pods || !has_same_missing(a, b) ||
            !pods_report_has_same_allocatable(a, b))
                return false;
        for (size_t i = 0; i < a->n_sources; ++i)
                if (!is_source_equal(&a->sources[i], &b->sources[i]))
                        return false;
        for (size_t i = 0; i < a->n_pods; ++i)
                if (!is_pod_equal(&a->pods[i], &b->pods[i]))
                        return false;
        return true;
}
