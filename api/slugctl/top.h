/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the pods of the node use now, in the manner of top(1). */
#include "slug/v1/node.pb-c.h"
#include "slugctl/listed-pod.h"

/* What there is of one locality; absent: not known. */
typedef struct TopTotals {
        OptU64 local_allocatable, local_claimed;
        OptU64 remote_allocatable, remote_claimed;
} TopTotals;

typedef struct TopHead {
        uint64_t now_usec; /* wall clock */
        unsigned interval_sec;
        PodSortKey sort;
        size_t n_pods;
        const char *problem; /* why nothing new is shown, or NULL */
} TopHead;

TopTotals top_get_totals(const Slug__V1__DescribeNodeResponse *node);
/* The first line, and one below it when there is a problem. */
void top_append_head(const TopHead *head, const Style *style, Buffer *buffer);
/* The rest: totals, and pods in the order of the message. */
void top_append(const Slug__V1__ListPodsResponse *response,
                const TopTotals *totals,
                const Style *style,
                Buffer *buffer);
