/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Processes of a cgroup and of all below it
 */
#include "cgroup/group.h"
#include "worker/pids.h"

/* Return: 0, CGROUP_E_ABSENT, CGROUP_E_INVALID, -E2BIG (more than there is room for), or another
 * errno. */
_must_check_ int cgroup_pids_read(const CgroupTree *tree, const char *path, Pids *ret);
