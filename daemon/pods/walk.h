/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The walk through a cgroup tree
 *
 * From kubepods down to containers, folder by folder. Inside this folder only.
 */
#include "pods/tree.h"
#include "pods/usage.h"

typedef struct Walk {
        const TreeParams *params;
        CgroupDriver driver;
        PodsTree *tree; /* with room for PODS_MAX pods */
        size_t n_folders;
        uint64_t page_sizes[POD_PAGE_SIZES];
        size_t n_page_sizes;
        UsageScratch scratch;
        TreeContainer containers[PODS_CONTAINERS_MAX]; /* of the pod that is being read */
        size_t n_containers;
} Walk;

/* Adds the pods below @path, which is kubepods. Return: 0 (there may be no such folder, which
 * @ret_is_there says), or -ENOMEM. */
_must_check_ int walk_kubepods(Walk *walk, const char *path, bool *ret_is_there);
/* @path: of the cgroup that it is about. */
void walk_complain(PodsTree *tree, const char *path, const char *format, ...) _printf_(3, 4);
void walk_pod_deinit(TreePod *pod);
