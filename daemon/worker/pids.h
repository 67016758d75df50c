/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Processes of a cgroup and of all below it
 *
 * A walk that follows no link and has a cap on everything. What goes meanwhile is passed over.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define PIDS_MAX         65536u
#define PIDS_FOLDERS_MAX 4096u /* that are walked through */

typedef struct Pids {
        uint32_t *items; /* rising, each once */
        size_t n_items;
} Pids;

void pids_deinit(Pids *pids);
DEFINE_DEINIT(Pids, pids_deinit);

/* @dir_fd: the folder of the cgroup, borrowed. Return: 0, -E2BIG (more than there is room for), or
 * another errno. */
_must_check_ int pids_read(int dir_fd, Pids *ret);
