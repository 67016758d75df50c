/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The Kubernetes node for people, in the manner of `kubectl describe node`. */
#include "slug/v1/chunk.pb-c.h"
#include "slug/v1/node.pb-c.h"
#include "slug/v1/pod.pb-c.h"
#include "slugctl/output.h"

/* What is asked for beside the description. NULL: this slugd knows of none, and nothing is said of
 * them. */
typedef struct DescribedParts {
        const Slug__V1__ListPodsResponse *pods;
        const Slug__V1__ChunkList *chunks;
} DescribedParts;

void describe_node_append(const Slug__V1__DescribeNodeResponse *response,
                          const DescribedParts *parts,
                          const Style *style,
                          Buffer *buffer);
/* Its part of what is claimed, as kubectl has it. */
void allocated_resources_append(const Slug__V1__DescribeNodeResponse *response,
                                const Style *style,
                                Buffer *buffer);
/* Its part of the limits that slugd sets; nothing for NULL. */
void described_limits_append(const Slug__V1__LimitCounts *limits,
                             const Style *style,
                             Buffer *buffer);
/* Its part of the pods, as kubectl has it; shares are of so many bytes. */
void described_pods_append(const Slug__V1__ListPodsResponse *response,
                           uint64_t allocatable_bytes,
                           const Style *style,
                           Buffer *buffer);
/* "512Mi (12%)" */
void table_add_share(Table *table, uint64_t bytes, uint64_t allocatable);
/* Its part of one row per NUMA node. */
void described_numa_nodes_append(Slug__V1__DescribedNumaNode *const *described,
                                 size_t n_described,
                                 const Style *style,
                                 Buffer *buffer);
