/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pods on GET /metrics
 *
 * Sums over all of them, and only those that use most one by one, so that the number of series does
 * not grow with what runs on the node.
 */
#include "base/buffer.h"
#include "service/pod-service.h"

#define PODS_METRICS_TOP 20u

/* Nothing, when nobody has looked at pods yet. */
void pods_metrics_write(const PodService *service, Buffer *buffer);
