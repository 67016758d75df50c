/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The report
 *
 * What the kubelet and the container runtime know, as slug-kubelet told it: a value that is checked
 * once, owned by whoever keeps it, and never changed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "pods/tree.h"
#include "split/pod.h"

#define REPORT_SOURCES_MAX     8u
#define REPORT_DEVICES_MAX     8u /* resources of one container */
#define REPORT_CHUNKS_MAX      (REPORT_DEVICES_MAX * LEDGER_CHUNKS_MAX) /* of one container */
#define REPORT_ID_MAX          64u
#define REPORT_ALLOCATABLE_MAX 1024u
#define REPORT_MISSING_MAX     64u

typedef enum ReportState {
        REPORT_NOT_STARTED, /* known to the kubelet, not yet to the runtime */
        REPORT_CREATED,
        REPORT_RUNNING,
        REPORT_EXITED,
        REPORT_UNKNOWN,
        _REPORT_STATE_N,
} ReportState;

typedef enum ReportSandbox {
        REPORT_SANDBOX_NONE,
        REPORT_SANDBOX_READY,
        REPORT_SANDBOX_NOT_READY,
} ReportSandbox;

typedef enum ReportSourceState {
        REPORT_SOURCE_COMPLETE,
        REPORT_SOURCE_FAILED,
        REPORT_SOURCE_ABSENT,
        REPORT_SOURCE_UNUSED,
        _REPORT_SOURCE_STATE_N,
} ReportSourceState;

typedef struct ReportSource {
        const char *name; /* "runtime", "pod-resources", "devices", "allocations", "manifests" */
        ReportSourceState state;
        const char *endpoint, *version, *problem; /* "" when there is none */
} ReportSource;

typedef struct ReportChunk {
        const char *id;
        uint64_t bytes; /* of the size that the resource's name has */
} ReportChunk;

/* Chunks of one resource that a container asks for, whether it has them or not. */
typedef struct ReportRequested {
        const char *resource; /* one of ours */
        uint64_t n;           /* not 0 */
} ReportRequested;

/* Read-only; all of it is one piece of memory with its report. */
typedef struct ReportContainer {
        const char *name;
        const char *id; /* "" while there is none */
        const char
                *cgroup; /* as the runtime tells it, below the cgroup root; "" when it does not */
        ReportState state;
        OptU64 request_bytes; /* of plain memory, as admitted; 0: it asks for none */
        OptU64 limit_bytes;   /* of plain memory; absent: none, or not known */
        bool knows_limit;     /* an absent limit is none */
        PodAmounts hugepages; /* no plain memory in it */
        ReportChunk *chunks;
        size_t n_chunks;
        ReportRequested *requested; /* by resource; none: or not known */
        size_t n_requested;         /* up to REPORT_DEVICES_MAX */
} ReportContainer;

typedef struct ReportPod {
        const char *uid;
        const char *namespace_name, *name;
        bool is_static;
        ReportSandbox sandbox;
        bool is_listed;                    /* by the kubelet */
        OptU64 request_bytes, limit_bytes; /* of the pod itself; absent: it has none of its own */
        ReportContainer *containers;
        size_t n_containers;
        PodAnnotation *annotations; /* ours alone */
        size_t n_annotations;
} ReportPod;

/* A manifest that asks for chunks, and no pod came of it. */
typedef struct ReportMissing {
        const char *namespace_name, *name; /* as in the manifest */
        const char *file;
        ReportRequested *requested; /* at least one, up to REPORT_DEVICES_MAX */
        size_t n_requested;
} ReportMissing;

typedef struct PodsReport {
        char reporter[REPORT_ID_MAX];
        uint64_t sequence;
        uint64_t ledger_generation; /* claims that are younger are not judged by absence */
        bool is_settled;
        const char *unsettled_reason;
        ReportSource *sources;
        size_t n_sources;
        ReportPod *pods; /* by uid */
        size_t n_pods;
        ReportMissing *missing; /* in the order of their files */
        size_t n_missing;
        /* As the kubelet's Static memory manager counted it when it started, none of 0 bytes. */
        LedgerRoomRow *allocatable; /* by NUMA node and page size */
        size_t n_allocatable;
        bool knows_allocatable; /* none is none: the manager's policy is another one */
        uint64_t usec;          /* when it came, monotonic */
} PodsReport;

PodsReport *pods_report_free(PodsReport *report);
DEFINE_CLEANUP(PodsReport *, pods_report_free);

enum {
        _REPORT_E_SUCCESS,
        REPORT_E_INVALID, /* @reterr names the pod, or the field, and what is wrong with it */
};

/*
 * pods_report_new() - a copy of @from in one piece, checked and sorted
 *
 * Every uid and name is what Kubernetes allows, no pod, no container and no amount is there twice,
 * and every cap of pods/tree.h is kept. Return: 0, REPORT_E_INVALID, or -ENOMEM.
 */
_must_check_ int pods_report_new(const PodsReport *from, PodsReport **ret, Diag *reterr);

const ReportPod *pods_report_find(const PodsReport *report, const char *uid);
const ReportContainer *report_pod_find(const ReportPod *pod, const char *container);
/* As pod_find_annotation(). */
const PodAnnotation *
report_find_annotation(const ReportPod *pod, const char *name, const char *suffix);
/* The same two reports tell the same: sequence, generation and time aside. */
bool pods_report_is_equal(const PodsReport *a, const PodsReport *b);
/* What the kubelet counts as allocatable is the same in both. @a: NULL: nobody has said it. */
bool pods_report_has_same_allocatable(const PodsReport *a, const PodsReport *b);
/* Every source is complete or unused, but for those that tell sizes alone: a pod that is not in it
 * was not there. */
bool pods_report_is_complete(const PodsReport *report);
/* As above, of one source; false when it is not listed. */
bool pods_report_has(const PodsReport *report, const char *source);

/*
 * Whether @next is to take the place of @now (may be NULL). False: it is not newer; one by another
 * reporter is. @reterr says why not.
 */
bool pods_report_is_newer(const PodsReport *now, const PodsReport *next, Diag *reterr);
