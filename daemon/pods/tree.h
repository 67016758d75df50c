/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The cgroup tree of pods
 *
 * What the kernel shows below kubepods: pods, their containers, what they use. slugd's own eyes:
 * nobody can run a pod without a cgroup here (while the kubelet has cgroupsPerQOS, its default).
 * Rows of text become values here; what is missing is absent, what is garbage is a diagnostic.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/root.h"
#include "cgroup/name.h"
#include "split/pod.h"

#define PODS_MAX            1024u
#define PODS_CONTAINERS_MAX 64u /* of one pod */
#define PODS_PATH_MAX       CGROUP_PATH_MAX
#define PODS_ID_MAX         128u /* of a container, with the NUL */
#define PODS_USAGE_NODES    64u  /* NUMA nodes with memory of one cgroup */

/* Pages of one NUMA node: anon, file, slab, kernel stacks and page tables of memory.numa_stat. */
typedef struct PodsNodeBytes {
        unsigned node;
        uint64_t bytes;
} PodsNodeBytes;

/* Of one page size, of hugetlb.SIZE.current. */
typedef struct PodsHugepages {
        uint64_t page_bytes;
        uint64_t bytes;
} PodsHugepages;

/* {}: nothing could be read. */
typedef struct PodsUsage {
        OptU64 bytes;         /* memory.current */
        OptU64 max_bytes;     /* memory.max; absent for "max", too */
        PodsNodeBytes *nodes; /* by rising id, none of 0 bytes */
        size_t n_nodes;
        OptU64 pressure_permille; /* memory.pressure, some avg10; pods only */
        uint64_t oom_kills;       /* memory.events; pods only */
        PodsHugepages hugepages[POD_PAGE_SIZES];
        size_t n_hugepages;
} PodsUsage;

typedef struct TreeContainer {
        char id[PODS_ID_MAX];     /* as the runtime names it, of its cgroup's name */
        char path[PODS_PATH_MAX]; /* below the cgroup root, no leading slash */
        bool is_populated;
        PodsUsage usage;
} TreeContainer;

typedef struct TreePod {
        char uid[POD_UID_MAX]; /* as the kubelet writes it: an API pod's with dashes, a static
                                  one's 32 hexadecimal digits without, or what its manifest has */
        char path[PODS_PATH_MAX];
        QosClass qos; /* of the cgroup that it is in */
        bool is_populated;
        PodsUsage usage;
        TreeContainer *containers; /* by path */
        size_t n_containers;
} TreePod;

typedef struct PodsTree {
        CgroupDriver driver;
        bool is_complete; /* what is not here was not there: all folders could be read, no cap was
                             met. Without a kubepods cgroup it is complete and empty, where
                             there is cgroup v2 (its root has cgroup.controllers) */
        Diag problem;     /* the first thing that keeps it from being complete; or "" */
        size_t n_left_out;
        TreePod *pods; /* by uid */
        size_t n_pods;
        uint64_t usec; /* when the look began, monotonic; set by the caller */
} PodsTree;

typedef struct TreeParams {
        const Root *root;
        /* The kubelet's cgroupRoot as it is configured: "", "/", "/a/b"; NULL is "". */
        const char *cgroup_root;
        bool with_usage; /* false: who is there, alone */
} TreeParams;

/* Return: 0 or -ENOMEM. Pods that go away meanwhile are no failure. */
_must_check_ int pods_tree_read(const TreeParams *params, PodsTree **ret);
PodsTree *pods_tree_free(PodsTree *tree);
DEFINE_CLEANUP(PodsTree *, pods_tree_free);
/* NULL: no such pod. */
const TreePod *pods_tree_find(const PodsTree *tree, const char *uid);
