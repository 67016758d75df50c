/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Events of managed cgroups on GET /metrics
 */
#include "base/buffer.h"
#include "service/cgroup-history.h"

/* Of the levels that were followed since slugd started. */
void cgroup_metrics_write(const CgroupHistory *history, Buffer *buffer);
