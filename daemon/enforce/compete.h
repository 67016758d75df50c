/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who goes first
 *
 * When more containers have a step to make than the node may move at a time, or than there is room
 * for in local memory. Pure.
 */
#include <stddef.h>

#include "enforce/enforce.h"

typedef struct EnforceContender {
        EnforceAction action; /* of its decision; LEAVE: it does not take part */
        uint64_t wanted;      /* bytes above its ceiling, or below what it was promised */
        uint64_t promised;    /* of which: local.max, or local.min */
        uint64_t since_usec;  /* since when it waits, monotonic */
} EnforceContender;

/*
 * enforce_compete() - which of them goes next
 *
 * The one that misses most of what is its own. A step down counts as if all were missing besides,
 * since it makes room for steps up. Waiting counts, too: ten seconds are as much as missing
 * everything, so that nobody waits for ever. Of equals, who waits for longer, then the first.
 *
 * Return: an index, or @n_contenders when none takes part.
 */
size_t enforce_compete(const EnforceContender *contenders, size_t n_contenders, uint64_t now_usec);
