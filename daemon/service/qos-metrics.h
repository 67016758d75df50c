/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Limits on GET /metrics
 *
 * One series for each knob of each level, of which there are a few.
 */
#include "base/buffer.h"
#include "service/qos-view.h"

/* Nothing, when @view is NULL or nobody has looked at the QoS cgroups yet. */
void qos_metrics_write(const QosView *view, Buffer *buffer);
