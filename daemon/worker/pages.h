/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Moving pages
 *
 * move_pages(2) for the processes of a cgroup and of all below it: WORKER_OP_MOVE_PAGES. Runs in a
 * worker. The file descriptor of the job is the cgroup's folder, its data a PagesRequest.
 */
#include <stdint.h>

#include "base/nodeset.h"

#define PAGES_TARGETS_MAX 64u

typedef struct PagesTarget {
        uint32_t node;
        uint64_t bytes; /* at most so many there */
} PagesTarget;

typedef struct PagesRequest {
        NodeSet from;
        PagesTarget targets[PAGES_TARGETS_MAX]; /* tried in this order */
        uint32_t n_targets;
        uint64_t bytes; /* in all, at most; a huge page may go a page beyond it */
        uint64_t seed;  /* where in the processes to begin */
} PagesRequest;

/* Return: 0 when all of it was moved, -EAGAIN when less was, -ENOENT without processes, -EPERM or
 * -EACCES when it may not be done for any of them, -EINVAL, or another errno. */
int pages_move(int cgroup_fd, const PagesRequest *request);
