/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the journal is told of limits by NUMA node
 *
 * A line when something became different, never one for each walk.
 */
#include "manager/node-limit-drive.h"
#include "service/node-limits-view.h"

/* What was told. {}: nothing. */
typedef struct NodeLimitsTold {
        bool is_seeded, is_done;
        int unwatched; /* an errno above 0 */
        char problem[NODE_LIMITS_TEXT_MAX];
} NodeLimitsTold;

/* After a walk, or when there is nothing to walk for. */
void node_limits_announce(NodeLimitsTold *told,
                          const NodeLimitsView *view,
                          const NodeLimitState *state);
/* Why cgroups that come are not all heard of: an errno above 0, or 0. */
void node_limits_announce_unwatched(NodeLimitsTold *told, int error);
void node_limits_announce_withdrawal(const char *text, bool has_failed);
