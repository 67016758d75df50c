/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Resources of a cgroup as settings, and back
 *
 * The kubelet's ResourceConfig has figures of cgroup v1 and v2; what becomes of them is as the
 * kubelet does it, in the order in which its library writes. Pure.
 */
#include "cgroup/setting.h"
#include "slug/v1/cgroup.pb-c.h"

#define CGROUP_RESOURCES_MAX 36u /* settings of one call */

typedef struct CgroupResources {
        CgroupSetting settings[CGROUP_RESOURCES_MAX];
        size_t n_settings;
} CgroupResources;

/* @message: NULL is none. @now: what cpu.max has; half of it may be given. Return: 0, or
 * CGROUP_SETTING_E_REFUSED. */
_must_check_ int cgroup_resources_read(const Slug__V1__ResourceConfig *message,
                                       const CgroupCpuMax *now,
                                       CgroupResources *ret,
                                       Diag *reterr);

/* "-1 is no limit", more than fits is as much as fits. */
int64_t cgroup_resources_limit(uint64_t number);
