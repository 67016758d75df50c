/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Announcing
 *
 * What the journal is told of a new snapshot.
 */
#include "capacity/capacity.h"
#include "topology/topology.h"

/* @before: NULL at the start. Says what was not said of @before. */
void announce_diagnostics(const SysfsMachine *before, const SysfsMachine *now);
void announce_topology(const Topology *topology, const Capacity *capacity);
