/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is seen of the managed cgroups
 *
 * The cgroup file system, opened once; where the kubelet's cgroups are; what is in their knobs.
 */
#include "base/error.h"
#include "base/root.h"
#include "config/config.h"
#include "qos/level.h"

typedef struct QosSight {
        const Root *root; /* borrowed */
        CgroupTree tree;
        QosPlaces places;
        unsigned n_moves; /* how often a level was somewhere else than before */
        bool is_new;      /* other cgroups than at the look before */
        /* "" for none. With the first there is nothing to write to; the second is of one level */
        char problem[DIAG_TEXT_MAX], level_problem[DIAG_FORMATTED_MAX + CGROUP_PATH_MAX];
} QosSight;

void qos_sight_init(QosSight *sight, const Root *root);
void qos_sight_deinit(QosSight *sight);
/* There is a cgroup v2 file system. It stays the same one from then on. */
bool qos_sight_has_tree(const QosSight *sight);
void qos_sight_look(QosSight *sight, const KubeletConfig *kubelet);
/* What the kubelet's cgroups will be called when there are none yet, by either driver. */
#define QOS_SIGHT_NAMES 2u
typedef struct QosSightNames {
        char paths[QOS_SIGHT_NAMES][CGROUP_PATH_MAX];
        size_t n_paths;
} QosSightNames;
void qos_sight_guess(const KubeletConfig *kubelet, QosSightNames *ret);
