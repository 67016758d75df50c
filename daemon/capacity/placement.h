/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Placing the reservation on NUMA nodes. Inside this folder only.
 */
#include "capacity/capacity.h"

/* Fills reserved_bytes of the nodes, and the capacity's placed, unplaced and remote_placed. */
void capacity_place(Capacity *capacity, const CapacityParams *params);
