/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Moving pages
 *
 * move_pages(2) for the processes of a cgroup and of all below it: WORKER_OP_MOVE_PAGES. Runs in a
 * worker. The file descriptor of the job is the cgroup's folder, its data a PagesRequest.
 *
 * Processes are taken in the order that @seed gives, and each from the place on that it gives, so
 * that a step does not walk through what the steps before have emptied.
 *
 * What is moved is what worker/pages-maps.h says. Of other users' processes it takes
 * CAP_SYS_PTRACE, and CAP_SYS_NICE for pages that several processes have; without the second these
 * stay. A target outside of a process's cpuset is passed over for that process.
 */
#include <stdint.h>

#include "base/cleanup.h"
#include "base/nodeset.h"

#define PAGES_TARGETS_MAX 64u

typedef struct PagesTarget {
        uint32_t node;
        uint64_t bytes; /* at most so many there */
} PagesTarget;

typedef struct PagesRequest {
        NodeSet from;
        PagesTarget targets[PAGES_TARGETS_MAX]; /* tried in this order; none is in @from */
        uint32_t n_targets;
        uint64_t bytes; /* in all, at most, not 0; a huge page may go a page beyond it */
        uint64_t seed;  /* where in the processes to begin: any number, another one each time */
} PagesRequest;

/* Return: 0 when all of it was moved, -EAGAIN when less was, -ENOENT without processes, -EPERM or
 * -EACCES when it may not be done for any of them, -ENOMEM when no target has room (or slugd
 * none), -EINVAL, or another errno. */
_must_check_ int pages_move(int cgroup_fd, const PagesRequest *request);
