/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What of a cgroup lies on which NUMA node
 *
 * For cgroups that are no pods: the levels above them. The same lines of memory.numa_stat count as
 * for a pod.
 */
#include "pods/tree.h"

/* {}: nothing could be read. */
typedef struct PodsNumaBytes {
        bool is_known;
        PodsNodeBytes items[PODS_USAGE_NODES]; /* by rising id, none of 0 bytes */
        size_t n_items;
} PodsNumaBytes;

/* @dir_fd: of the cgroup. A file that is missing or garbage is no failure. Return: 0 or -ENOMEM. */
_must_check_ int pods_numa_bytes_read(int dir_fd, PodsNumaBytes *ret);
