/* SPDX-License-Identifier: Apache-2.0 */
#include "service/chunk-metrics.h"

#include <stdio.h>

#include "metrics/text.h"

static void write_counts(const ChunkList *list, Buffer *buffer) {
        char id[16];

        metric_begin(buffer, "slug_chunks", "gauge",
                     "Chunks of remote memory, by NUMA node and state.");
        for (size_t i = 0; i < list->n_nodes; ++i)
                for (unsigned state = 0; state < _CHUNK_STATE_N; ++state) {
                        const MetricLabel labels[] = {
                                { "numa_node", id },
                                { "state", chunk_state_name((ChunkState)state) },
                        };

                        (void)snprintf(id, sizeof(id), "%u", list->nodes[i].node);
                        metric_sample(buffer, "slug_chunks", labels, ELEMENTSOF(labels),
                                      list->nodes[i].counts[state]);
                }
}

static void write_remainders(const ChunkList *list, Buffer *buffer) {
        char id[16];

        metric_begin(buffer, "slug_chunk_remainder_bytes", "gauge",
                     "Remote memory of a NUMA node that fills no chunk.");
        for (size_t i = 0; i < list->n_nodes; ++i) {
                (void)snprintf(id, sizeof(id), "%u", list->nodes[i].node);
                metric_sample(buffer, "slug_chunk_remainder_bytes",
                              &(const MetricLabel){ "numa_node", id }, 1,
                              list->nodes[i].remainder_bytes);
        }
}

/* What nobody knows yet is not counted. */
void chunk_metrics_write(ChunksView *view, Buffer *buffer) {
        const ChunkList *list = chunks_view_get(view);

        if (!list)
                return;
        metric_single(buffer, "slug_chunk_size_bytes", "gauge", "The size of a chunk, in force.",
                      list->bytes);
        write_remainders(list, buffer);
        if (!chunks_view_get_wait(view)[0])
                write_counts(list, buffer);
}
