/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Splits as they are held, for Prometheus. */
#include "base/buffer.h"
#include "service/enforce-view.h"

/* Of so many containers the bytes are told; of the others it is told how many they are. */
#define ENFORCE_METRICS_CONTAINERS 512u

void enforce_metrics_write(const EnforceView *view, Buffer *buffer);
