/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What changed from one topology to the next, as sentences
 */
#include <stddef.h>

#include "topology/topology.h"

#define TOPOLOGY_CHANGES_MAX     64u
#define TOPOLOGY_CHANGE_TEXT_MAX 256u

typedef struct TopologyChange {
        OptU64 node;
        char text[TOPOLOGY_CHANGE_TEXT_MAX]; /* reads alone, no full stop */
} TopologyChange;

/* {}: nothing changed. Fixed in size, so that telling a change cannot fail. */
typedef struct TopologyChanges {
        TopologyChange items[TOPOLOGY_CHANGES_MAX];
        size_t n_items;
        size_t n_dropped; /* beyond the cap */
} TopologyChanges;

void topology_list_changes(const Topology *before, const Topology *now, TopologyChanges *ret);
