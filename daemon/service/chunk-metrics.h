/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How many chunks there are, as Prometheus' text. */
#include "base/buffer.h"
#include "service/chunks-view.h"

void chunk_metrics_write(ChunksView *view, Buffer *buffer);
