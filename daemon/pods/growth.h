/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What pods have grown by between two looks
 */
#include "pods/tree.h"

/* Of the pod at the same place of the tree. */
typedef struct PodsGrowth {
        int64_t bytes_per_second;
        bool is_known; /* it was there before, and its memory could be read both times */
} PodsGrowth;

/* @before: NULL: the first look. @ret: now->n_pods of them, to be freed. Return: 0 or -ENOMEM. */
_must_check_ int pods_growth_new(const PodsTree *before, const PodsTree *now, PodsGrowth **ret);
