/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pods while they are collected: rows that point into what was told. Inside this folder only.
 */
#include <string.h>

#include "base/nodeset.h"
#include "kubelet/collect.h"

#define COLLECT_ID_MAX 128u /* of a container or a device, with the NUL */

typedef struct CollectContainer {
        const char *name;
        const Runtime__V1__Container *runtime; /* the newest attempt; NULL: it has none */
        const V1__ContainerResources *listed;  /* NULL: pod-resources does not have it */
        const AllocatedContainer *allocated;   /* NULL: not known */
} CollectContainer;

typedef struct CollectPod {
        const char *uid, *namespace_name, *name;
        const Runtime__V1__PodSandbox *sandbox; /* the newest; NULL: it has none */
        const V1__PodResources *listed;         /* NULL: the kubelet does not list it */
        const AllocatedPod *allocated;          /* NULL: not known */
        const StaticPod *manifest;              /* NULL: it is not static, or not known */
        CollectContainer *containers;
        size_t n_containers;
} CollectPod;

typedef struct Collection {
        Arena *arena;
        const CollectInput *input;
        Collected *collected;
        CollectPod *pods; /* by uid, room for COLLECT_PODS_MAX */
        size_t n_pods;
} Collection;

/* Says what is left out; the first thing that is wins. */
void collect_complain(char problem[static DIAG_TEXT_MAX], const char *format, ...) _printf_(2, 3);
bool collect_is_uid(const char *text);
/* Of a namespace, a pod or a container: what a DNS subdomain is made of. */
bool collect_is_name(const char *text);

/* Text that a peer sent as bytes, and that goes into a message. */
bool collect_is_text(const char *text, size_t max);

CollectPod *collect_find_pod(const Collection *collection, const char *uid);
/* NULL: there is no room for one more, or no memory. Pointers to other pods are void. */
CollectPod *collect_add_pod(Collection *collection, const char *uid);
/* Finds it, or makes it. @ret: NULL: the pod has as many as it may. Return: 0 or -ENOMEM. */
_must_check_ int collect_get_container(Collection *collection,
                                       CollectPod *pod,
                                       const char *name,
                                       CollectContainer **ret);

/* Return: 0 or -ENOMEM. */
_must_check_ int collect_runtime(Collection *collection);
_must_check_ int collect_kubelet(Collection *collection);
_must_check_ int collect_messages(Collection *collection);
_must_check_ int collect_allocatable(Collection *collection);
_must_check_ int collect_missing(Collection *collection);
/* Bytes on a set of NUMA nodes. @ret_nodes: those of it that can be. */
_must_check_ int collect_build_block(Arena *arena,
                                     const V1__ContainerMemory *memory,
                                     NodeSet *ret_nodes,
                                     Slug__V1__MemoryBlock **ret);
/* Of one container, into its message. */
_must_check_ int collect_devices(Collection *collection,
                                 const CollectPod *pod,
                                 const CollectContainer *container,
                                 Slug__V1__ReportedContainer *message);

/* Adds what is asked for to rows of one resource each, up to COLLECT_DEVICES_MAX of them, which are
 * sorted. @rows, @n: where they are; none at first. Return: 0 or -ENOMEM. */
_must_check_ int collect_add_requested(Arena *arena,
                                       const PodResources *asked,
                                       Slug__V1__RequestedChunks ***rows,
                                       size_t *n);
/* What it asks for, which no device is needed to know. */
_must_check_ int collect_requested(Collection *collection,
                                   const CollectContainer *container,
                                   Slug__V1__ReportedContainer *message);

bool collect_is_static(const CollectPod *pod);
static inline bool collect_is_ready(const CollectPod *pod) {
        return pod->sandbox && pod->sandbox->state == RUNTIME__V1__POD_SANDBOX_STATE__SANDBOX_READY;
}

#define COLLECT_RESOURCE_PREFIX "sluglab.io/"
static inline bool collect_is_ours(const V1__ContainerDevices *devices) {
        return strncmp(devices->resource_name, COLLECT_RESOURCE_PREFIX,
                       strlen(COLLECT_RESOURCE_PREFIX)) == 0;
}
