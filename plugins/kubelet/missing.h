/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Static pods that stay away
 *
 * A manifest that has just been put there has no pod yet, and one that was written anew has none
 * for a moment: a kubelet looks into its folder every 20 seconds when nothing wakes it. So one is
 * told when kubelet and runtime are settled, and all their complete answers over the settle time
 * have missed its pod. Pure, as settle.h.
 */
#include "kubelet/collect.h"
#include "kubelet/settle.h"

typedef struct MissingRow {
        uint64_t key; /* of the manifest and what it asks for */
        uint64_t since_usec;
} MissingRow;

/* {}: nothing was missing. */
typedef struct Missing {
        MissingRow rows[COLLECT_MISSING_MAX];
        size_t n_rows;
} Missing;

/*
 * missing_look() - take what one round has missed
 *
 * @settle: which has had its look at the round already. @usec: when it began. @items, @n: what it
 * has missed; of it stays what is to be told. Return: how many.
 */
size_t missing_look(Missing *missing,
                    const Settle *settle,
                    uint64_t usec,
                    Slug__V1__MissingStaticPod **items,
                    size_t n);
