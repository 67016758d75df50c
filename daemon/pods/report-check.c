/* SPDX-License-Identifier: Apache-2.0 */
#include "pods/report-check.h"

#include <string.h>

#include "ledger/ledger.h"
#include "split/chunk.h"
#include "split/pod-name.h"
#include "split/quote.h"

/*
 * A report comes from a peer. What of it can come into the ledger (uids, names, ids of containers
 * and chunks) has to be what the ledger takes, or nothing of the report is taken: half of a report
 * would be evidence of absence.
 */

static int refuse(const ReportPod *pod, const char *expected, const char *found, Diag *reterr) {
        char uid[QUOTE_MAX], quoted[QUOTE_MAX];

        diag_set(reterr, NULL, 0, 0, "pod %s: expected %s, found %s",
                 quote_format(pod->uid, strlen(pod->uid), uid), expected,
                 found[0] ? quote_format(found, strlen(found), quoted) : "nothing");
        return REPORT_E_INVALID;
}

static int
refuse_number(const ReportPod *pod, const char *what, size_t max, size_t found, Diag *reterr) {
        char uid[QUOTE_MAX];

        diag_set(reterr, NULL, 0, 0, "pod %s: expected at most %zu %s, found %zu",
                 quote_format(pod->uid, strlen(pod->uid), uid), max, what, found);
        return REPORT_E_INVALID;
}

/* Printable, and without blanks. */
static bool is_id(const char *text, size_t max) {
        const size_t n = strnlen(text, max);

        for (size_t i = 0; i < n; ++i)
                if (text[i] <= ' ' || text[i] >= 0x7f)
                        return false;
        return n < max;
}

static int check_chunks(const ReportPod *pod, const ReportContainer *container, Diag *reterr) {
        if (container->n_chunks > REPORT_CHUNKS_MAX)
                return refuse_number(pod, "chunks of a container", REPORT_CHUNKS_MAX,
                                     container->n_chunks, reterr);
        for (size_t i = 0; i < container->n_chunks; ++i)
                if (!container->chunks[i].id[0] ||
                    !is_id(container->chunks[i].id, LEDGER_CHUNK_ID_MAX))
                        return refuse(pod, "the id of a chunk, of 1 to 63 printable characters",
                                      container->chunks[i].id, reterr);
        return 0;
}

static int
check_requested(const ReportPod *pod, const ReportRequested *rows, size_t n, Diag *reterr) {
        ChunkResourceName name;

        if (n > REPORT_DEVICES_MAX)
                return refuse_number(pod, "resources that a container asks for", REPORT_DEVICES_MAX,
                                     n, reterr);
        for (size_t i = 0; i < n; ++i) {
                if (!chunk_resource_parse(rows[i].resource, &name))
                        return refuse(pod, "a resource of chunks", rows[i].resource, reterr);
                for (size_t before = 0; before < i; ++before)
                        if (strcmp(rows[before].resource, rows[i].resource) == 0)
                                return refuse(pod, "each resource once", rows[i].resource, reterr);
        }
        return 0;
}

/* The container at @i; those before it were checked. */
static int check_container(const ReportPod *pod, size_t i, Diag *reterr) {
        const ReportContainer *container = &pod->containers[i];
        int r;

        if (!pod_is_container_name(container->name))
                return refuse(pod, "a DNS label as the name of a container", container->name,
                              reterr);
        for (size_t before = 0; before < i; ++before)
                if (strcmp(pod->containers[before].name, container->name) == 0)
                        return refuse(pod, "each name of a container once", container->name,
                                      reterr);
        if (!is_id(container->id, PODS_ID_MAX))
                return refuse(pod, "the id of a container, of at most 127 printable characters",
                              container->id, reterr);
        if (strnlen(container->cgroup, PODS_PATH_MAX) == PODS_PATH_MAX)
                return refuse(pod, "a cgroup of at most 511 bytes", container->cgroup, reterr);
        if ((unsigned)container->state >= _REPORT_STATE_N)
                return refuse(pod, "a state of a container", container->name, reterr);
        if (container->hugepages.n_items > POD_PAGE_SIZES)
                return refuse_number(pod, "page sizes of a container", POD_PAGE_SIZES,
                                     container->hugepages.n_items, reterr);
        r = check_chunks(pod, container, reterr);
        return r ? r : check_requested(pod, container->requested, container->n_requested, reterr);
}

static int check_pod(const ReportPod *pod, Diag *reterr) {
        int r = 0;

        if (!pod_is_uid(pod->uid))
                return refuse(pod, "a UID of 1 to 63 letters, digits and hyphens", pod->uid,
                              reterr);
        if (pod->namespace_name[0] && !pod_is_namespace(pod->namespace_name))
                return refuse(pod, "a DNS label as the namespace", pod->namespace_name, reterr);
        if (pod->name[0] && !pod_is_name(pod->name))
                return refuse(pod, "a DNS subdomain as the name of the pod", pod->name, reterr);
        if (pod->sandbox > REPORT_SANDBOX_NOT_READY)
                return refuse(pod, "a state of a sandbox", "another", reterr);
        if (pod->n_containers > PODS_CONTAINERS_MAX)
                return refuse_number(pod, "containers", PODS_CONTAINERS_MAX, pod->n_containers,
                                     reterr);
        for (size_t i = 0; i < pod->n_containers && r == 0; ++i)
                r = check_container(pod, i, reterr);
        return r;
}

static bool is_printable(const char *text) {
        for (; *text; ++text)
                if (*text < ' ' || *text >= 0x7f)
                        return false;
        return true;
}

static int check_missing(const ReportMissing *missing, Diag *reterr) {
        const ReportPod pod = { .uid = missing->name }; /* what it is called in the diag */

        if (!pod_is_namespace(missing->namespace_name))
                return refuse(&pod, "a DNS label as the namespace", missing->namespace_name,
                              reterr);
        if (!pod_is_name(missing->name))
                return refuse(&pod, "a DNS subdomain as the name of the pod", missing->name,
                              reterr);
        if (!missing->file[0] || !is_printable(missing->file))
                return refuse(&pod, "a manifest's file, in printable ASCII", missing->file, reterr);
        if (missing->n_requested == 0)
                return refuse(&pod, "chunks that the manifest asks for", "", reterr);
        return check_requested(&pod, missing->requested, missing->n_requested, reterr);
}

static int check_all_missing(const PodsReport *report, Diag *reterr) {
        int r = 0;

        if (report->n_missing > REPORT_MISSING_MAX) {
                diag_set(reterr, NULL, 0, 0, "missing_static_pods: expected at most %u, found %zu",
                         REPORT_MISSING_MAX, report->n_missing);
                return REPORT_E_INVALID;
        }
        for (size_t i = 0; r == 0 && i < report->n_missing; ++i)
                r = check_missing(&report->missing[i], reterr);
        return r;
}

static int check_allocatable(const PodsReport *report, Diag *reterr) {
        if (report->n_allocatable > REPORT_ALLOCATABLE_MAX) {
                diag_set(reterr, NULL, 0, 0, "kubelet_allocatable: expected at most %u, found %zu",
                         REPORT_ALLOCATABLE_MAX, report->n_allocatable);
                return REPORT_E_INVALID;
        }
        for (size_t i = 0; i < report->n_allocatable; ++i)
                if (report->allocatable[i].node >= NODESET_MAX) {
                        diag_set(reterr, NULL, 0, 0,
                                 "kubelet_allocatable: expected a NUMA node below %u, found %u",
                                 NODESET_MAX, report->allocatable[i].node);
                        return REPORT_E_INVALID;
                }
        return 0;
}

/* The source at @i. */
static int check_source(const PodsReport *report, size_t i, Diag *reterr) {
        const ReportSource *source = &report->sources[i];

        if ((unsigned)source->state >= _REPORT_SOURCE_STATE_N) {
                diag_set(reterr, NULL, 0, 0, "expected a state of each source");
                return REPORT_E_INVALID;
        }
        for (size_t before = 0; before < i; ++before)
                if (strcmp(report->sources[before].name, source->name) == 0) {
                        diag_set(reterr, NULL, 0, 0, "expected each source once");
                        return REPORT_E_INVALID;
                }
        return 0;
}

int report_check(const PodsReport *report, Diag *reterr) {
        int r;

        if (memchr(report->reporter, '\0', REPORT_ID_MAX) == NULL || !report->reporter[0]) {
                diag_set(reterr, NULL, 0, 0, "expected a reporter of 1 to %u bytes",
                         REPORT_ID_MAX - 1);
                return REPORT_E_INVALID;
        }
        if (report->n_sources > REPORT_SOURCES_MAX || report->n_pods > PODS_MAX) {
                const bool is_sources = report->n_sources > REPORT_SOURCES_MAX;

                diag_set(reterr, NULL, 0, 0, "expected at most %u %s, found %zu",
                         is_sources ? REPORT_SOURCES_MAX : PODS_MAX,
                         is_sources ? "sources" : "pods",
                         is_sources ? report->n_sources : report->n_pods);
                return REPORT_E_INVALID;
        }
        r = check_allocatable(report, reterr);
        if (r == 0)
                r = check_all_missing(report, reterr);
        for (size_t i = 0; i < report->n_sources && r == 0; ++i)
                r = check_source(report, i, reterr);
        for (size_t i = 0; i < report->n_pods && r == 0; ++i)
                r = check_pod(&report->pods[i], reterr);
        return r;
}
