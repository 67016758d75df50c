/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * memory.node_limit1 to 4
 *
 * Files of a patched kernel: how many MiB a cgroup may have on NUMA nodes 0 to 3, the file's
 * number being the id and 1. Experimental. A kernel of this kind takes no 0, and what it makes of
 * a text is anybody's guess, so that nothing but a decimal number from 1 on is ever written.
 *
 * Reached through a table of functions, so that whoever decides can be tried against a kernel made
 * of values.
 */
#include <stdint.h>

#include "cgroup/folder-watch.h"
#include "cgroup/group.h"

#define CGROUP_NODE_LIMITS 4u /* NUMA nodes; the kernel's arrays end there */

/* "memory.node_limit2" of NUMA node 1. */
const char *cgroup_node_limit_file(unsigned node);

/* Of one cgroup. */
typedef struct CgroupNodeLimits {
        unsigned files;                   /* that are there, a bit for each NUMA node */
        uint64_t mib[CGROUP_NODE_LIMITS]; /* 0: as the kernel makes them, or no number from 1 on */
} CgroupNodeLimits;

/* What can be done, each to a cgroup at a path. Return: 0, CGROUP_E_*, or an errno. */
typedef struct CgroupNodeLimitOps {
        /* @found: with the name of each folder; what it returns ends the list when it is not 0, and
         * is returned. What is made in @path from now on is told to whoever watches. */
        int (*list)(void *userdata,
                    const char *path,
                    int (*found)(const char *name, void *found_userdata),
                    void *found_userdata);
        int (*read)(void *userdata, const char *path, CgroupNodeLimits *ret);
        /* Return: also -EIO when the kernel took less than all. @ret_found: what is there after. */
        int (*write)(void *userdata,
                     const char *path,
                     unsigned node,
                     uint64_t mib,
                     uint64_t *ret_found);
        /* Reads memory.numa_stat, for which that kernel counts what is used. */
        int (*touch)(void *userdata, const char *path);
} CgroupNodeLimitOps;

/* Those of a kernel, or of a tree of files. @userdata is a CgroupNodeLimitTree. None can block: the
 * kernel parses a limit and stores it. */
extern const CgroupNodeLimitOps cgroup_node_limit_ops;

typedef struct CgroupNodeLimitTree {
        const CgroupTree *tree;
        CgroupFolderWatch *watch; /* NULL: nobody watches */
} CgroupNodeLimitTree;

/* The files that a cgroup has, a bit for each NUMA node: of any that is right in the root, since
 * only the root itself never has them. 0: this kernel has none, or there is no cgroup v2. */
unsigned cgroup_node_limit_probe(const CgroupTree *tree);
/* What a file says; 0 for what is no number from 1 on. */
uint64_t cgroup_node_limit_parse(const char *text, size_t n_text);
