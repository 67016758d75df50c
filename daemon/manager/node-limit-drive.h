/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bringing limits by NUMA node to all cgroups
 *
 * Walks the cgroup tree in small steps, and writes. No pod gets a limit before a walk has found a
 * value in every cgroup: whoever drives it calls node_limit_drive_step() until there is nothing
 * left. It knows no clock and no event loop.
 */
#include "cgroup/node-limit.h"
#include "manager/node-limit-owns.h"
#include "qos/node-limit.h"

#define NODE_LIMIT_CGROUPS_MAX 8192u /* of one walk */
#define NODE_LIMIT_DEPTH_MAX   32u
#define NODE_LIMIT_TOUCHED_MAX 4096u /* cgroups whose usage is read */
/* Walks that only seed, while cgroups come meanwhile. Then limits are set: a cgroup that comes has
 * no value for a moment however often one walks. */
#define NODE_LIMIT_SEED_WALKS_MAX 4u

typedef struct NodeLimitDrive NodeLimitDrive;

/* @ops, @userdata: borrowed, as is @owns, whose changes are told with node_limit_drive_add().
 * Return: 0 or -ENOMEM. */
_must_check_ int node_limit_drive_new(const CgroupNodeLimitOps *ops,
                                      void *userdata,
                                      const NodeLimitOwns *owns,
                                      NodeLimitDrive **ret);
NodeLimitDrive *node_limit_drive_free(NodeLimitDrive *drive);
DEFINE_CLEANUP(NodeLimitDrive *, node_limit_drive_free);

/* What is wanted from now on; both are copied. A plan that has a problem is not driven. */
void node_limit_drive_set(NodeLimitDrive *drive,
                          const QosNodeLimitPlan *plan,
                          const QosPlaces *places);
/* A walk through all; after the one that is under way. @withdraws: pods get the harmless value, and
 * what is under way is left. */
void node_limit_drive_begin(NodeLimitDrive *drive, bool withdraws);
/* A cgroup that came, or whose limits are others: it is visited with all below it. */
void node_limit_drive_add(NodeLimitDrive *drive, const char *path);
/* What is under way is forgotten. */
void node_limit_drive_stop(NodeLimitDrive *drive);

/* Visits up to @n_cgroups. Return: true while there are more. */
bool node_limit_drive_step(NodeLimitDrive *drive, size_t n_cgroups);
/* Reads usage of the next @n_cgroups that have limits, in turn. */
void node_limit_drive_touch(NodeLimitDrive *drive, size_t n_cgroups);

/* What could not be done in the last walk that was one. */
typedef struct NodeLimitFailure {
        char path[CGROUP_PATH_MAX]; /* "": none failed */
        bool is_of_file;            /* else the cgroup could not be looked at */
        unsigned node;              /* of the file, as the next ones */
        QosLevel level;
        uint64_t mib;       /* that was written */
        uint64_t found_mib; /* read back, when @error is 0 */
        int error;          /* an errno below 0; 0: what is read back is something else */
} NodeLimitFailure;

typedef struct NodeLimitCount {
        size_t n_set;    /* cgroups that have it */
        size_t n_failed; /* that should */
} NodeLimitCount;

typedef struct NodeLimitState {
        bool is_walking;
        bool is_seeded;    /* every cgroup has a value */
        bool is_done;      /* and pods have their limits: the last walk has set or found them */
        bool is_withdrawn; /* a walk that withdraws has ended */
        bool is_cut;       /* there are too many cgroups, or too deep ones */
        NodeLimitFailure failure; /* the first */
        size_t n_failures;
        size_t n_cgroups; /* of the last walk */
        size_t n_limited; /* cgroups whose usage is read */
        NodeLimitCount counts[QOS_NODE_LIMIT_LEVELS][CGROUP_NODE_LIMITS];
        uint64_t n_seeded, n_writes, n_touches; /* cgroups, files, reads; since the start */
} NodeLimitState;

/* Stays where it is. */
const NodeLimitState *node_limit_drive_get(const NodeLimitDrive *drive);
/* Of a state with a failure or a cut: one sentence. */
void node_limit_state_describe(const NodeLimitState *state, Diag *ret);
