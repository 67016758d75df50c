/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/text.h"

#include <inttypes.h>

#define USEC_PER_SECOND UINT64_C(1000000)

void metric_begin(Buffer *buffer, const char *name, const char *type, const char *help) {
        buffer_printf(buffer, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* What would end a label's value, or the line. */
static void append_value(Buffer *buffer, const char *value) {
        for (; *value; ++value) {
                if (*value == '\n') {
                        buffer_append_text(buffer, "\\n");
                        continue;
                }
                if (*value == '"' || *value == '\\')
                        buffer_append_char(buffer, '\\');
                buffer_append_char(buffer, *value);
        }
}

static void
append_name(Buffer *buffer, const char *name, const MetricLabel *labels, size_t n_labels) {
        buffer_append_text(buffer, name);
        for (size_t i = 0; i < n_labels; ++i) {
                buffer_append_char(buffer, i == 0 ? '{' : ',');
                buffer_append_text(buffer, labels[i].name);
                buffer_append_text(buffer, "=\"");
                append_value(buffer, labels[i].value);
                buffer_append_char(buffer, '"');
        }
        buffer_append_text(buffer, n_labels > 0 ? "} " : " ");
}

void metric_sample(Buffer *buffer,
                   const char *name,
                   const MetricLabel *labels,
                   size_t n_labels,
                   uint64_t value) {
        append_name(buffer, name, labels, n_labels);
        buffer_printf(buffer, "%" PRIu64 "\n", value);
}

void metric_single(Buffer *buffer,
                   const char *name,
                   const char *type,
                   const char *help,
                   uint64_t value) {
        metric_begin(buffer, name, type, help);
        metric_sample(buffer, name, NULL, 0, value);
}

void metric_sample_usec(Buffer *buffer,
                        const char *name,
                        const MetricLabel *labels,
                        size_t n_labels,
                        uint64_t usec) {
        append_name(buffer, name, labels, n_labels);
        buffer_printf(buffer, "%" PRIu64 ".%06" PRIu64 "\n", usec / USEC_PER_SECOND,
                      usec % USEC_PER_SECOND);
}
