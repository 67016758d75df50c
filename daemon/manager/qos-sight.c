/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/qos-sight.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* All of them, whoever owns them: a plan reckons with what others have written. */
#define READ_KNOBS                                                                                 \
        (1u << CGROUP_MEMORY_MAX | 1u << CGROUP_MEMORY_LOW | 1u << CGROUP_MEMORY_MIN |             \
         1u << CGROUP_CPUSET_MEMS)
#define CONTROLLER_V1 CGROUP_DIR "/memory"
#define UNIFIED_V1    CGROUP_DIR "/unified"

void qos_sight_init(QosSight *sight, const Root *root) {
        *sight = (QosSight){ .root = root, .tree = CGROUP_TREE_NULL };
}

void qos_sight_deinit(QosSight *sight) {
        cgroup_tree_deinit(&sight->tree);
}

bool qos_sight_has_tree(const QosSight *sight) {
        return sight->tree.is_v2 && (sight->tree.is_unified || !sight->root->is_host);
}

static const char *name_v1(const Root *root) {
        if (root_exists(root, UNIFIED_V1))
                return "cgroup v1, with v2 beside it (hybrid), is mounted";
        return root_exists(root, CONTROLLER_V1) ? "cgroup v1 is mounted"
                                                : "nothing is mounted on /" CGROUP_DIR;
}

static void open_tree(QosSight *sight) {
        int r;

        cgroup_tree_deinit(&sight->tree);
        sight->tree = (CgroupTree)CGROUP_TREE_NULL;
        r = cgroup_tree_open(sight->root, &sight->tree);
        if (r)
                (void)snprintf(sight->problem, sizeof(sight->problem),
                               "/" CGROUP_DIR " cannot be used: %s", strerror(r < 0 ? -r : EIO));
        else if (!sight->tree.is_v2)
                (void)snprintf(sight->problem, sizeof(sight->problem), "limits need cgroup v2; %s",
                               name_v1(sight->root));
        else if (!qos_sight_has_tree(sight))
                (void)snprintf(sight->problem, sizeof(sight->problem),
                               "limits need cgroup v2, and what is on /" CGROUP_DIR
                               " is not the kernel's");
}

/*
 * A kubelet that uses systemd leaves the cpuset controller off below kubepods until the first mask
 * is asked for. systemd switches it on for whoever asks.
 */
static void note_mask(const QosSight *sight, CgroupState *state) {
        state->makes_mask = sight->root->is_host && state->is_there &&
                            sight->places.driver == CGROUP_DRIVER_SYSTEMD &&
                            !state->has[CGROUP_CPUSET_MEMS];
        if (state->makes_mask) {
                state->has[CGROUP_CPUSET_MEMS] = true;
                state->values[CGROUP_CPUSET_MEMS] = (CgroupValue){};
        }
}

static void read_level(QosSight *sight, QosPlace *place) {
        int r;

        if (!place->path[0])
                return;
        r = cgroup_read_state(&sight->tree, place->path, READ_KNOBS, &place->state);
        if (r == 0) {
                note_mask(sight, &place->state);
                return;
        }
        place->state = (CgroupState){};
        (void)snprintf(sight->level_problem, sizeof(sight->level_problem), "%s cannot be read: %s",
                       place->path, strerror(r < 0 ? -r : EIO));
}

static bool is_elsewhere(const QosPlaces *a, const QosPlaces *b) {
        for (QosLevel level = 0; level < _QOS_LEVEL_N; ++level)
                if (strcmp(a->items[level].path, b->items[level].path) != 0)
                        return true;
        return false;
}

/* At the same places, which came, went, or were made anew. */
static bool has_others(const QosPlaces *a, const QosPlaces *b) {
        for (QosLevel level = 0; level < _QOS_LEVEL_N; ++level)
                if (a->items[level].state.is_there != b->items[level].state.is_there ||
                    a->items[level].state.inode != b->items[level].state.inode)
                        return true;
        return false;
}

void qos_sight_look(QosSight *sight, const KubeletConfig *kubelet) {
        QosPlaces places = {};
        int r;

        sight->problem[0] = sight->level_problem[0] = '\0';
        if (!qos_sight_has_tree(sight))
                open_tree(sight);
        if (qos_sight_has_tree(sight)) {
                r = qos_places_make(cgroup_detect_driver(&sight->tree, kubelet->cgroup_root),
                                    kubelet->cgroup_root, kubelet->system_reserved_cgroup,
                                    kubelet->kube_reserved_cgroup, &places);
                if (r)
                        (void)snprintf(sight->level_problem, sizeof(sight->level_problem),
                                       "one of the kubelet's cgroupRoot, systemReservedCgroup and "
                                       "kubeReservedCgroup is no name of a cgroup");
                for (QosLevel level = 0; level < _QOS_LEVEL_N; ++level)
                        read_level(sight, &places.items[level]);
        }
        sight->n_moves += is_elsewhere(&places, &sight->places);
        sight->is_new =
                is_elsewhere(&places, &sight->places) || has_others(&places, &sight->places);
        sight->places = places;
}

void qos_sight_guess(const KubeletConfig *kubelet, QosSightNames *ret) {
        static const CgroupDriver drivers[QOS_SIGHT_NAMES] = { CGROUP_DRIVER_SYSTEMD,
                                                               CGROUP_DRIVER_CGROUPFS };

        *ret = (QosSightNames){};
        for (size_t i = 0; i < QOS_SIGHT_NAMES; ++i) {
                QosPlaces places;

                if (qos_places_make(drivers[i], kubelet->cgroup_root, "", "", &places) == 0)
                        memcpy(ret->paths[ret->n_paths++], places.items[QOS_LEVEL_KUBEPODS].path,
                               CGROUP_PATH_MAX);
        }
}
