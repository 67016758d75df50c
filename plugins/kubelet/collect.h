/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Collecting
 *
 * What the runtime and the kubelet have told, joined to one list of pods: by uid where there is
 * one, and by namespace and name where there is none. Pure. The newest sandbox of a pod counts, and
 * the newest attempt of a container.
 *
 * A pod that the kubelet lists and the runtime does not have yet can be reported when its uid is
 * known: pod-resources does not tell it, but a device that it has been given is in the device
 * manager's file with it. Others have nothing of ours yet, and cannot be named.
 */
#include "base/arena.h"
#include "base/error.h"
#include "k8s/podresources/v1/podresources.pb-c.h"
#include "kubelet/allocations.h"
#include "kubelet/details.h"
#include "kubelet/devices.h"
#include "kubelet/manifests.h"
#include "slug/v1/pod.pb-c.h"

/* As slugd has them. */
#define COLLECT_PODS_MAX       1024u
#define COLLECT_CONTAINERS_MAX 64u /* of a pod */
#define COLLECT_DEVICES_MAX    8u  /* resources of a container */
#define COLLECT_IDS_MAX        4096u
#define COLLECT_MISSING_MAX    64u
#define COLLECT_ARENA_MAX      (64u * 1024 * 1024)

/* NULL: that one has not answered. All are borrowed, also by what is made of them. */
typedef struct CollectInput {
        const Runtime__V1__ListPodSandboxResponse *sandboxes;
        const Runtime__V1__ListContainersResponse *containers;
        const Details *details;
        const V1__ListPodResourcesResponse *listed;
        const V1__AllocatableResourcesResponse *allocatable;
        const Allocations *allocations;
        const Manifests *manifests;
        const Devices *devices;
} CollectInput;

typedef struct Collected {
        Slug__V1__ReportedPod **pods; /* by uid; their containers by name */
        size_t n_pods;
        size_t n_foreign;                    /* sandboxes that are not Kubernetes' */
        Slug__V1__MemoryBlock **allocatable; /* by NUMA node and type */
        size_t n_allocatable;
        bool has_allocatable; /* the kubelet has said it, in a way that is understood */
        /* Manifests that ask for chunks and have no pod in this round, in the order of their files.
         * One round says little: see missing.h. */
        Slug__V1__MissingStaticPod **missing;
        size_t n_missing;
        /* What keeps the runtime's or the kubelet's part from being all of it; "": nothing. */
        char runtime_problem[DIAG_TEXT_MAX];
        char kubelet_problem[DIAG_TEXT_MAX];
        /* For settle.h */
        uint64_t fingerprint;
        const char *ready_unlisted; /* "namespace/name"; NULL: there is none */
        bool lists_none, lists_static_alone;
} Collected;

/* @arena: for all that is made. Return: 0 or -ENOMEM. */
_must_check_ int collect(Arena *arena, const CollectInput *input, Collected *ret);
