/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * GET /metrics
 *
 * The current view for Prometheus.
 */
#include "base/buffer.h"
#include "service/node-service.h"

void metrics_page_write(const NodeView *view, Buffer *buffer);
