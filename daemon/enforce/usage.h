/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What of a container is where
 *
 * Text of the kernel's files into usage: memory.numa_stat and memory.stat. Pure; whoever has the
 * files open is above.
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

/*
 * enforce_usage_parse() - memory.numa_stat into bytes by locality
 *
 * @local, @remote: NUMA nodes; what is on neither is other
 * @page_bytes: of the kernel; it counts pages in pgdemote_* and pgpromote_success
 * @ret: when it was read, its pressure and its swap are left as they are
 * @ret_nodes: may be NULL. With bytes on more NUMA nodes than fit, the first ones
 *
 * The counters are there on kernels that tell them by NUMA node (7.x): what left local nodes, and
 * what came to them. Otherwise they become absent.
 *
 * Return: false for garbage, or when a line "anon" or "file" is missing: nothing is changed
 */
bool enforce_usage_parse(Scan numa_stat,
                         const NodeSet *local,
                         const NodeSet *remote,
                         uint64_t page_bytes,
                         EnforceUsage *ret,
                         EnforceUsageNodes *ret_nodes);
/* Kernels before 7.x have these of the whole cgroup in memory.stat, or not at all. Only what is
 * absent is taken from it. */
void enforce_usage_parse_stat(Scan memory_stat, uint64_t page_bytes, EnforceUsage *usage);
