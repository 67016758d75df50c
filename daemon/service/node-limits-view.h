/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Limits by NUMA node as they are served
 *
 * Borrowed from whoever keeps them. It stays where it is. Experimental.
 */
#include "qos/node-limit.h"
#include "qos/step.h"

#define NODE_LIMITS_TEXT_MAX (2 * DIAG_TEXT_MAX)

typedef struct NodeLimitsView {
        const QosNodeLimitPlan *plan; /* NULL: nobody has looked, or nobody asked for any */
        QosStatus statuses[QOS_NODE_LIMITS_MAX]; /* of the plan's rows */
        char problem[NODE_LIMITS_TEXT_MAX];      /* why none is set, or not all; "" when they are */
        char withdrawn[NODE_LIMITS_TEXT_MAX];    /* what a withdrawal has left; "" without one */
        size_t n_limited;                        /* cgroups whose usage is read */
        uint64_t n_seeded, n_writes, n_reads;    /* since the start */
} NodeLimitsView;
