/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A kernel with limits by NUMA node, made of values: what its files take and refuse, when it begins
 * to obey them, where it puts pages, and when it counts them. As kernel of the branch main does, of
 * which the policy and the files were tried on a real one.
 */
#include "cgroup/node-limit.h"

#define KERNEL_CGROUPS_MAX 600u

typedef struct KernelCgroup {
        char path[CGROUP_PATH_MAX];
        bool is_there;
        bool has_files;                   /* the memory controller is on */
        bool is_old;                      /* was there before slugd: never to be 0 with limits */
        int error;                        /* of a write, below 0; 0: none */
        bool is_deaf;                     /* takes a write and keeps what it had */
        uint64_t mib[CGROUP_NODE_LIMITS]; /* the limits */
        uint64_t used[CGROUP_NODE_LIMITS];
        uint64_t counted[CGROUP_NODE_LIMITS]; /* what it believes: of the last memory.numa_stat */
} KernelCgroup;

typedef struct Kernel {
        KernelCgroup cgroups[KERNEL_CGROUPS_MAX]; /* the first is the root */
        size_t n_cgroups;
        uint64_t size_mib[CGROUP_NODE_LIMITS]; /* 0: no memory */
        uint64_t total_pages;
        bool is_obeying;
        const char *broken; /* the first rule that a caller broke, or NULL */
        unsigned n_writes, n_touches;
        /* called after each call of a function, or NULL */
        void (*after)(struct Kernel *kernel);
        void *userdata;
} Kernel;

extern const CgroupNodeLimitOps kernel_ops; /* @userdata: a Kernel */

void kernel_init(Kernel *kernel, const uint64_t size_mib[static CGROUP_NODE_LIMITS]);
/* NULL: there is no room. */
KernelCgroup *kernel_add(Kernel *kernel, const char *path);
/* With all below it. */
void kernel_remove(Kernel *kernel, const char *path);
KernelCgroup *kernel_find(Kernel *kernel, const char *path);
/* A process in it takes so many MiB, one by one. */
void kernel_allocate(KernelCgroup *cgroup, const Kernel *kernel, unsigned preferred, uint64_t mib);
/* Of cgroups that are old or @with_new: a NUMA node with memory has no value. NULL: none. */
const KernelCgroup *kernel_find_zero(const Kernel *kernel, bool with_new);
