/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A report
 *
 * What one round has seen, as slugd is told it: the pods, and of each source whether all of it is
 * in there.
 */
#include "base/root.h"
#include "kubelet/collect.h"
#include "kubelet/endpoints.h"
#include "kubelet/missing.h"
#include "kubelet/pod-resources.h"
#include "kubelet/runtime.h"
#include "kubelet/settle.h"

#define REPORT_SOURCES 5u /* "runtime", "pod-resources", "devices", "allocations", "manifests" */

typedef struct ReportParams {
        const Root *root;
        const Endpoints *endpoints;
        Runtime *runtime;
        PodResourcesClient *kubelet; /* NULL: the kubelet is not asked */
        const char *manifests;      /* the folder of static pods' manifests; NULL: it is not read */
        uint64_t usec;              /* when the round began, monotonic */
        uint64_t ledger_generation; /* as slugd had said it then */
} ReportParams;

/* All of it is one piece of memory, and some of it the runtime's and the kubelet's look's. */
typedef struct Report {
        Arena *arena;
        Slug__V1__ReportPodsRequest message;
        Slug__V1__ReportSource sources[REPORT_SOURCES];
        Slug__V1__ReportSource *source_list[REPORT_SOURCES];
        /* What was read and is not all of it, or is not understood; "" for nothing. */
        const char *gaps[REPORT_SOURCES];
        Allocations *allocations;
        Manifests *manifests;
        Devices *devices;
        char boot_id[64];
        size_t n_foreign; /* sandboxes that are not Kubernetes' */
        bool is_complete; /* every source is, or is not used */
} Report;

/* Reads the kubelet's files, and brings @settle and @missing up to date. Return: 0 or an errno. */
_must_check_ int
report_new(const ReportParams *params, Settle *settle, Missing *missing, Report **ret);
Report *report_free(Report *report);
DEFINE_CLEANUP(Report *, report_free);
