/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Metrics as text
 *
 * Prometheus' text format 0.0.4: a metric's head, then its samples.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

typedef struct MetricLabel {
        const char *name;
        const char *value; /* any text; it is escaped */
} MetricLabel;

/* @type: "gauge", "counter", "histogram". Failure is the buffer's. */
void metric_begin(Buffer *buffer, const char *name, const char *type, const char *help);
void metric_sample(Buffer *buffer,
                   const char *name,
                   const MetricLabel *labels,
                   size_t n_labels,
                   uint64_t value);
/* A metric of one sample, without labels. */
void metric_single(Buffer *buffer,
                   const char *name,
                   const char *type,
                   const char *help,
                   uint64_t value);
/* The same as metric_sample() for microseconds, which Prometheus wants as seconds. */
void metric_sample_usec(Buffer *buffer,
                        const char *name,
                        const MetricLabel *labels,
                        size_t n_labels,
                        uint64_t usec);
