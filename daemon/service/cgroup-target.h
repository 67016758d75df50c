/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The cgroup that a caller names
 *
 * From a list of components to a path below one of the configured roots, whatever was sent:
 * kubepods and the reserved cgroups. Pure: that no link leads out is seen to by who opens it.
 */
#include "base/error.h"
#include "qos/level.h"

typedef struct CgroupTarget {
        char path[CGROUP_PATH_MAX];      /* below the cgroup root; not the root */
        char name[CGROUP_COMPONENT_MAX]; /* its last component */
        bool is_unit;                    /* a slice of systemd's */
        bool is_level;                   /* it is @level's own cgroup */
        QosLevel level;
} CgroupTarget;

enum {
        _CGROUP_TARGET_E_SUCCESS,
        CGROUP_TARGET_E_INVALID, /* no name of a cgroup */
        CGROUP_TARGET_E_OUTSIDE, /* not below a configured root, or not to be made or removed */
        CGROUP_TARGET_E_UNKNOWN, /* no kubelet has made cgroups, so nobody knows what names mean */
};

/* @components: @n of them, ending in NUL. With anything but 0 @reterr says what and why. */
_must_check_ int cgroup_target_find(const QosPlaces *places,
                                    const char *const *components,
                                    size_t n,
                                    CgroupTarget *ret,
                                    Diag *reterr);
/* Whether it may be removed. Return: 0, or CGROUP_TARGET_E_OUTSIDE. */
_must_check_ int cgroup_target_check_removing(const CgroupTarget *target, Diag *reterr);
/* Whether it may be made: none that the kubelet would take for a pod's. Return: 0,
 * CGROUP_TARGET_E_INVALID, or CGROUP_TARGET_E_OUTSIDE. */
_must_check_ int
cgroup_target_check_making(const QosPlaces *places, const CgroupTarget *target, Diag *reterr);
