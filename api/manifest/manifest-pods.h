/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pods out of Kubernetes manifests
 *
 * Of every pod, and of every pod that a Deployment or the like would make, what counts for memory.
 */
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "slug/v1/memory.pb-c.h"

#define MANIFEST_PODS_MAX                4096u
#define MANIFEST_PODS_CONTAINERS_MAX     256u /* of a pod, init containers and others apart */
#define MANIFEST_PODS_RESOURCES_MAX      32u  /* of one list */
#define MANIFEST_PODS_ANNOTATIONS_MAX    64u  /* of ours */
#define MANIFEST_PODS_ARENA_MAX          (64u * 1024 * 1024)
#define MANIFEST_PODS_ANNOTATIONS_PREFIX "memory.sluglab.io/"

typedef struct ManifestPods {
        Slug__V1__Pod **items; /* of the arena */
        size_t n_items;
        size_t n_skipped;   /* objects that make no pods, and pods that have ended */
        Diag first_skipped; /* when there is one */
} ManifestPods;

enum {
        _MANIFEST_PODS_E_SUCCESS,
        MANIFEST_PODS_E_INVALID, /* @reterr says where, what, and the mend */
};

/* @source: for @reterr. @ret: all in @arena, nothing of @data. Return: 0, MANIFEST_PODS_E_INVALID
 * or -ENOMEM. */
_must_check_ int manifest_pods_read(Arena *arena,
                                    const char *source,
                                    const char *data,
                                    size_t n_data,
                                    ManifestPods *ret,
                                    Diag *reterr);
