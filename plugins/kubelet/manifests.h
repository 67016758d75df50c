/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Manifests of static pods
 *
 * A kubelet runs what stands in the files of its staticPodPath, one pod a file. What those pods ask
 * for is in the kubelet's own file since 1.33 (allocations.h); before, the manifests are all that
 * has it. They may have been written anew since: they say how much, never who is there.
 *
 * Of resources "memory", huge pages and chunks are kept, of containers those that stay: init
 * containers that end are left out, as the kubelet does in its file.
 *
 * Source: k8s.io/kubernetes pkg/kubelet/config/file.go and common.go, read at 1.36.3.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/root.h"
#include "kubelet/allocations.h"

#define MANIFESTS_FILES_MAX 512u
#define MANIFESTS_FILE_MAX  (1024u * 1024)
#define MANIFESTS_BYTES_MAX (8u * 1024 * 1024) /* of all files */

typedef struct StaticPod {
        const char *namespace_name;
        const char *name;   /* as in the file: the node's name is not in it */
        const char *file;   /* below the root, printable ASCII */
        AllocatedPod asked; /* has no uid */
} StaticPod;

/* Read-only, one piece of memory. */
typedef struct Manifests {
        StaticPod *pods;
        size_t n_pods;
        size_t n_problems; /* files that are not in @pods, and should be */
        Diag problem;      /* the first, printable ASCII: file, place, and what is wrong */
} Manifests;

enum {
        _MANIFESTS_E_SUCCESS,
        MANIFESTS_E_ABSENT, /* there is no such folder */
};

/*
 * @dir: below @root. Of a file that has several pods the first is taken, as the kubelet does. Names
 * that begin with a dot, and folders, are passed over. Return: 0, MANIFESTS_E_ABSENT, or an errno.
 */
_must_check_ int manifests_read(const Root *root, const char *dir, Manifests **ret);
Manifests *manifests_free(Manifests *manifests);
DEFINE_CLEANUP(Manifests *, manifests_free);

/*
 * manifests_find() - the manifest of a static pod
 *
 * @name: as the kubelet calls the pod: the manifest's, "-", and the node's. Where several names fit
 * the longest is meant; NULL: none does, or two manifests have it.
 */
const StaticPod *
manifests_find(const Manifests *manifests, const char *namespace_name, const char *name);
/* Whether a pod of that name may be one of @pod, of @manifests: as above, but where several
 * manifests have the name that is meant it may be of each. */
bool manifests_may_be(const Manifests *manifests,
                      const StaticPod *pod,
                      const char *namespace_name,
                      const char *name);
