/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The Kubernetes node for people, in the manner of `kubectl describe node`. */
#include "slug/v1/node.pb-c.h"
#include "slugctl/output.h"

void describe_node_append(const Slug__V1__DescribeNodeResponse *response,
                          const Style *style,
                          Buffer *buffer);
/* Its part of what is claimed, as kubectl has it. */
void allocated_resources_append(const Slug__V1__DescribeNodeResponse *response,
                                const Style *style,
                                Buffer *buffer);
/* Its part of one row per NUMA node. */
void described_numa_nodes_append(Slug__V1__DescribedNumaNode *const *described,
                                 size_t n_described,
                                 const Style *style,
                                 Buffer *buffer);
