/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the levels use now
 *
 * Read when somebody asks, because nothing else needs it: two files of each level, and not again
 * for a while, however many ask.
 */
#include "base/root.h"
#include "pods/numa-bytes.h"
#include "service/qos-view.h"

typedef struct LevelUsage {
        bool is_read;
        uint64_t usec;              /* when that was, by the view's clock */
        uint64_t duration_usec;     /* that it took */
        OptU64 bytes[_QOS_LEVEL_N]; /* memory.current */
        PodsNumaBytes nodes[_QOS_LEVEL_N];
} LevelUsage;

/* What cannot be read is not known. */
void level_usage_refresh(LevelUsage *usage, const Root *root, const QosView *view);
