/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What of a container is where
 *
 * Text of the kernel's files into usage: memory.numa_stat, memory.stat, memory.pressure. Pure;
 * whoever has the files open is above.
 */
#include "base/scan.h"
#include "enforce/enforce.h"

#define ENFORCE_USAGE_NODES_MAX 64u

typedef struct EnforceNodeBytes {
        unsigned node;
        uint64_t bytes; /* anon and file */
} EnforceNodeBytes;

typedef struct EnforceUsageNodes {
        EnforceNodeBytes items[ENFORCE_USAGE_NODES_MAX]; /* by rising id, none of 0 bytes */
        size_t n_items;
} EnforceUsageNodes;

/* @local, @remote: NUMA nodes. @ret_nodes may be NULL. False: garbage, or no such lines. The counters
 * pgdemote_* and pgpromote_success are taken from it where they stand there (7.x). */
bool enforce_usage_parse(Scan numa_stat,
                         const NodeSet *local,
                         const NodeSet *remote,
                         uint64_t page_bytes,
                         EnforceUsage *ret,
                         EnforceUsageNodes *ret_nodes);
/* Kernels before 7.x have these of the whole cgroup in memory.stat, or not at all. */
void enforce_usage_parse_stat(Scan memory_stat, uint64_t page_bytes, EnforceUsage *usage);
