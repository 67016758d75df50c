/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * allocated_pods_state
 *
 * What every container was admitted with, requests and limits, as the kubelet keeps it for pods
 * that are resized in place: a file of the kubelet since 1.33; before, with the gate
 * InPlacePodVerticalScaling, the same was in pod_status_manager_state. It may have pods that are
 * long gone: it says how much, never who is there.
 *
 * Of resources those are kept that have to do with memory: "memory", "hugepages-2Mi", and the
 * chunks of ours. A container is there even when it has none of them.
 *
 * Source: k8s.io/kubernetes pkg/kubelet/allocation/state, read at 1.36.3.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/root.h"
#include "split/pod.h"

#define ALLOCATIONS_NAME     "allocated_pods_state"
#define ALLOCATIONS_FILE_MAX (16u * 1024 * 1024)
#define ALLOCATIONS_PODS_MAX 4096u

typedef struct AllocatedContainer {
        const char *name;
        PodResources resources;
} AllocatedContainer;

typedef struct AllocatedPod {
        const char *uid;
        AllocatedContainer *containers; /* by name */
        size_t n_containers;
        PodResources resources; /* of the pod itself; nothing in it: it has none of its own */
} AllocatedPod;

/* Read-only, one piece of memory. */
typedef struct Allocations {
        AllocatedPod *pods; /* by uid */
        size_t n_pods;
} Allocations;

enum {
        _ALLOCATIONS_E_SUCCESS,
        ALLOCATIONS_E_ABSENT,  /* there is no such file */
        ALLOCATIONS_E_INVALID, /* @reterr: file, place, and what is wrong */
};

/*
 * @dir: the kubelet's root directory, below @root. Unknown keys are passed over, a checksum that
 * does not fit is no failure: the kubelet's hash changes with its types. What is of a form that is
 * not known is refused as a whole. Return: 0, ALLOCATIONS_E_*, or an errno, which @reterr tells,
 * too.
 */
_must_check_ int
allocations_read(const Root *root, const char *dir, Allocations **ret, Diag *reterr);
/* The same of text; @source: for the diag. */
_must_check_ int allocations_parse(const char *source,
                                   const char *text,
                                   size_t n_text,
                                   Allocations **ret,
                                   Diag *reterr);
Allocations *allocations_free(Allocations *allocations);
DEFINE_CLEANUP(Allocations *, allocations_free);
/* NULL: not there. */
const AllocatedPod *allocations_find(const Allocations *allocations, const char *uid);
const AllocatedContainer *allocated_pod_find(const AllocatedPod *pod, const char *container);
/* By name, for whoever has made one of another source. */
void allocated_pod_sort(AllocatedPod *pod);
