/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.node_limit: a patched kernel looks elsewhere when a container has so much of a NUMA node
 *
 * The files are those of manager/node-limits.c, which seeds all cgroups, writes, reads back and
 * reads usage: here a container's local ceiling only becomes limits of its own there. They are soft
 * and move nothing that is there already, so that who is above the ceiling all the same is brought
 * down by steps of ENFORCE_MIGRATE. Experimental.
 */
#include "manager/enforce-backend.h"

static bool
probe(const EnforceMeans *means, void *state _unused_, char reason[static DIAG_TEXT_MAX]) {
        return node_limits_can_hold(means->node_limits, reason);
}

static void release(const EnforceMeans *means,
                    void *state _unused_,
                    const EnforcedContainer *container,
                    int cgroup_fd _unused_) {
        node_limits_release(means->node_limits, container->path);
}

static void hold(const EnforceMeans *means,
                 void *state,
                 const EnforcedContainer *container,
                 const NodeSet *claimed,
                 int cgroup_fd) {
        const uint64_t bytes = container->target.split.local.max;
        uint64_t mib[CGROUP_NODE_LIMITS];

        if (bytes == SPLIT_UNLIMITED) {
                release(means, state, container, cgroup_fd);
                return;
        }
        qos_node_limit_spread(bytes, &means->local, claimed, mib);
        node_limits_hold(means->node_limits, container->path, mib);
}

const EnforceBackendOps enforce_node_limit_ops = {
        .probe = probe,
        .hold = hold,
        .release = release,
};
