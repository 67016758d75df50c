/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Limits by NUMA node, on a kernel that has them
 *
 * What memory.node_limit1 to 4 of any cgroup should be: a pure function of what the machine has
 * and what was configured. Experimental.
 *
 * The first write anywhere makes that kernel obey these files in every cgroup but the root, and
 * one that still has 0 there is as good as bound to one NUMA node. So every cgroup gets a harmless
 * value first, which is the size of the NUMA node. Limits are not hierarchical: that of a process
 * is that of the very cgroup that it is in, so that those of a class are in all that is below its
 * level.
 */
#include "base/error.h"
#include "base/nodeset.h"
#include "cgroup/node-limit.h"
#include "qos/level.h"
#include "topology/topology.h"

/* Levels whose pods can have limits: QOS_LEVEL_KUBEPODS stands for guaranteed pods. */
#define QOS_NODE_LIMIT_LEVELS (QOS_LEVEL_BESTEFFORT + 1u)
#define QOS_NODE_LIMITS_MAX   (QOS_NODE_LIMIT_LEVELS * CGROUP_NODE_LIMITS)

typedef struct QosNodeLimit {
        QosLevel level;
        unsigned node;
        uint64_t bytes;
} QosNodeLimit;

typedef struct QosNodeLimitParams {
        QosNodeLimit items[QOS_NODE_LIMITS_MAX];
        size_t n_items;
        uint64_t interval_usec; /* between two times that usage is read */
} QosNodeLimitParams;

typedef struct QosNodeLimitInput {
        bool is_managed; /* qos.manage has the word */
        const QosNodeLimitParams *params;
        const Topology *topology;
        unsigned files; /* that a cgroup has, a bit for each NUMA node; 0: this kernel has none */
        uint64_t page_bytes; /* 0: 4 KiB */
} QosNodeLimitInput;

/* Of one level and NUMA node. */
typedef struct QosNodeLimitRow {
        QosLevel level;
        unsigned node;
        bool has_value; /* slugd wants @mib there; else it cannot be, and @reason says why */
        uint64_t mib;
        char reason[DIAG_TEXT_MAX];
} QosNodeLimitRow;

/* {}: nothing was asked for. */
typedef struct QosNodeLimitPlan {
        bool is_managed;
        char problem[DIAG_TEXT_MAX]; /* why none is to be written, "" when they are */
        unsigned nodes; /* whose files are written, a bit each: those with memory. For one without
                           any the kernel's 0 is the only value that keeps pages away from it */
        uint64_t harmless_mib[CGROUP_NODE_LIMITS];
        uint64_t mib[QOS_NODE_LIMIT_LEVELS][CGROUP_NODE_LIMITS]; /* 0: no limit */
        QosNodeLimitRow rows[QOS_NODE_LIMITS_MAX];               /* by level, then NUMA node */
        size_t n_rows;
} QosNodeLimitPlan;

/* The same input gives the same plan, byte by byte. */
void qos_node_limit_plan(const QosNodeLimitInput *input, QosNodeLimitPlan *ret);

/* Of which level's pods a cgroup is one; _QOS_LEVEL_N: of none. kubepods itself is none, since it
 * has the pods of all classes in it. */
QosLevel qos_node_limit_find_level(const QosPlaces *places, const char *path);

typedef enum QosNodeLimitGoal {
        QOS_NODE_LIMIT_SEED,     /* nothing is 0 any more */
        QOS_NODE_LIMIT_KEEP,     /* and pods have their limits */
        QOS_NODE_LIMIT_WITHDRAW, /* and pods have none */
} QosNodeLimitGoal;

/* A cgroup's file as it is found, and what became of it before. */
typedef struct QosNodeLimitFile {
        QosLevel level; /* as qos_node_limit_find_level() has it */
        unsigned node;
        uint64_t mib;          /* in it now; 0: none */
        uint64_t was_harmless; /* what slugd gave to all before NUMA nodes changed; 0: none */
        bool is_own;           /* its container has limits of its own, and none of its class */
        uint64_t own_mib;      /* then: the limit; 0: none */
} QosNodeLimitFile;

/* What is to be in it; what there is already where that may stay. Never 0 for a NUMA node of the
 * plan's, and for no other is anything to be written. */
uint64_t qos_node_limit_want(const QosNodeLimitPlan *plan,
                             QosNodeLimitGoal goal,
                             const QosNodeLimitFile *file);

/*
 * qos_node_limit_spread() - the local part of a split as limits
 *
 * @bytes:   of local memory, at the most
 * @local:   NUMA nodes that are local
 * @claimed: those of the claim, of either kind
 * @ret_mib: for each NUMA node; 0: no limit, which is so for what is not local
 *
 * Those that are local and claimed have a share each, in whole MiB, and all local ones where the
 * claim has none. A local one beside them has 1, which is the least that there is: this kernel
 * takes memory from NUMA node 0 as long as it has room there, whatever was claimed.
 */
void qos_node_limit_spread(uint64_t bytes,
                           const NodeSet *local,
                           const NodeSet *claimed,
                           uint64_t ret_mib[static CGROUP_NODE_LIMITS]);
