/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Filling
 *
 * How a block that is known by its NUMA nodes and its size alone lies on them. Inside this folder
 * only.
 */
#include "ledger/ledger.h"

/* {} is a room without anything. */
typedef struct Filling {
        LedgerRoom room; /* borrowed */
        uint64_t *left;  /* of its rows */
} Filling;

/* Return: 0 or -ENOMEM. */
_must_check_ int filling_init(Filling *filling, const LedgerRoom *room);
void filling_deinit(Filling *filling);
DEFINE_DEINIT(Filling, filling_deinit);

/*
 * Both give @block its parts, which lie in @parts: one for each of its NUMA nodes at the most.
 *
 * filling_take(): what is left on each NUMA node, the lowest first, and the rest on the last one.
 * filling_share(): where the pod's own block lies, from the lowest NUMA node on.
 */
void filling_take(Filling *filling, LedgerBlock *block, LedgerPart *parts);
void filling_share(const LedgerClaim *pod, LedgerBlock *block, LedgerPart *parts);
