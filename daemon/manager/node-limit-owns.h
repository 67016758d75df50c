/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Containers with limits by NUMA node of their own
 *
 * Which is what a split of theirs is for the backend node_limit. They go before those of a class.
 */
#include "cgroup/node-limit.h"

typedef struct NodeLimitOwn {
        char path[CGROUP_PATH_MAX];       /* of its cgroup, and for all below it */
        uint64_t mib[CGROUP_NODE_LIMITS]; /* 0: no limit there */
} NodeLimitOwn;

/* {}: none. */
typedef struct NodeLimitOwns {
        NodeLimitOwn *items;
        size_t n_items, n_room;
} NodeLimitOwns;

void node_limit_owns_deinit(NodeLimitOwns *owns);
/* Return: 1, 0 when it was so before, or -ENOMEM. */
_must_check_ int node_limit_owns_set(NodeLimitOwns *owns,
                                     const char *path,
                                     const uint64_t mib[static CGROUP_NODE_LIMITS]);
/* Return: whether it was there. */
bool node_limit_owns_remove(NodeLimitOwns *owns, const char *path);
/* Of a cgroup: its own, or that of one above it. @owns: NULL: none. Return: NULL for none. */
const NodeLimitOwn *node_limit_owns_find(const NodeLimitOwns *owns, const char *path);
