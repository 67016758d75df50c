/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The snapshot
 *
 * What one generation is made of: the topology and the amounts of one look at the machine under
 * one set of settings. It is built beside the one that is served, and swapped as a whole.
 */
#include "base/cleanup.h"
#include "hints/machine.h"
#include "manager/settings.h"

typedef struct Snapshot {
        Topology *topology;
        Capacity *capacity;
        HintsMachine *machine;
} Snapshot;

/* @machine: taken, also on failure. Return: 0 or -ENOMEM. */
_must_check_ int
snapshot_build(const Settings *settings, SysfsMachine *machine, uint64_t generation, Snapshot *ret);
void snapshot_deinit(Snapshot *snapshot);
DEFINE_DEINIT(Snapshot, snapshot_deinit);
