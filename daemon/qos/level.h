/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Levels
 *
 * The cgroups whose knobs are planned: those of the QoS classes, and the reserved ones where the
 * kubelet was told of them.
 */
#include "cgroup/group.h"

typedef enum QosLevel {
        QOS_LEVEL_KUBEPODS, /* guaranteed pods are right in it */
        QOS_LEVEL_BURSTABLE,
        QOS_LEVEL_BESTEFFORT,
        QOS_LEVEL_SYSTEM_RESERVED,
        QOS_LEVEL_KUBE_RESERVED,
        _QOS_LEVEL_N,
} QosLevel;

const char *qos_level_name(QosLevel level); /* "kubepods", "system-reserved" */
/* The level that contains it; itself when there is none. */
QosLevel qos_level_parent(QosLevel level);

/* Where a level is. */
typedef struct QosPlace {
        bool is_configured;         /* of the reserved ones: the kubelet was told of them */
        char path[CGROUP_PATH_MAX]; /* below the cgroup root; "": there is none, not the root */
        CgroupState state;          /* as it was read for this plan */
} QosPlace;

typedef struct QosPlaces {
        CgroupDriver driver;
        QosPlace items[_QOS_LEVEL_N];
} QosPlaces;

/* Paths alone. @cgroup_root, @system_reserved, @kube_reserved: as the kubelet is told; "" for none.
 * A reserved cgroup is a path with slashes; with systemd its last name alone counts, with ".slice"
 * or without, as for the kubelet. Without a driver nothing has a path. Return: 0, or
 * CGROUP_NAME_E_INVALID with what could be made. */
_must_check_ int qos_places_make(CgroupDriver driver,
                                 const char *cgroup_root,
                                 const char *system_reserved,
                                 const char *kube_reserved,
                                 QosPlaces *ret);
