/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DAMON
 *
 * The kernel's own monitor, told to move cold pages of one cgroup from some NUMA nodes to another
 * one (DAMOS migrate_cold), or hot ones (migrate_hot), until it is told to stop or, where the kernel
 * has goals, a goal is met. What its files are to say is planned here as a list of writes below
 * /sys/kernel/mm/damon; workers make them. There is one owner of DAMON on a machine: what another
 * one uses is not touched.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/nodeset.h"
#include "base/root.h"

/* What this kernel's DAMON can do, by the files that are there. */
typedef struct DamonFeatures {
        bool is_there;     /* /sys/kernel/mm/damon/admin */
        bool has_migrate;  /* migrate_cold and target_nid: 6.11 */
        bool has_goals;    /* node_memcg_free_bp: 6.19 */
        bool has_temporal; /* goal_tuner: 7.1 */
        bool is_taken;     /* somebody else has it: DAMON_STAT, DAMON_RECLAIM, another kdamond */
        char taken_by[64];
        char problem[DIAG_TEXT_MAX]; /* why it cannot be used, "" when it can */
} DamonFeatures;

void damon_probe(const Root *root, DamonFeatures *ret);
