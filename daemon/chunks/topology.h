/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which NUMA nodes the kubelet is told that a chunk is near to. Inside this folder only.
 */
#include "chunks/chunks.h"

/* What a setting comes to: never AUTO. */
ChunksTopology chunks_topology_get(const ChunksSettings *settings);
/* For the chunks of @node; {}: nothing is told. */
NodeSet chunks_topology_find(const HintsMachine *machine, ChunksTopology in_effect, unsigned node);
