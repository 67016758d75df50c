/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Processes of a cgroup and of all below it
 *
 * A walk that follows no link and has a cap on everything. What goes meanwhile is passed over.
 */
#include <sys/types.h>

#include "cgroup/group.h"

#define CGROUP_PIDS_MAX    65536u
#define CGROUP_FOLDERS_MAX 4096u /* that are walked through */

typedef struct CgroupPids {
        uint32_t *items; /* rising, each once */
        size_t n_items;
} CgroupPids;

void cgroup_pids_deinit(CgroupPids *pids);
DEFINE_DEINIT(CgroupPids, cgroup_pids_deinit);

/* Return: 0, CGROUP_E_ABSENT, CGROUP_E_INVALID, -E2BIG (more than there is room for), or another
 * errno. */
_must_check_ int cgroup_pids_read(const CgroupTree *tree, const char *path, CgroupPids *ret);
