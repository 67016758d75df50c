/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Announcing
 *
 * What the journal and the history are told of a new snapshot and of new settings.
 */
#include "base/error.h"
#include "manager/settings.h"
#include "manager/snapshot.h"
#include "service/history.h"
#include "topology/changes.h"

/* @before: NULL at the start. Says what was not said of @before. */
void announce_diagnostics(const SysfsMachine *before, const SysfsMachine *now);
/* The new sums; to the service manager, too. */
void announce_snapshot(const Snapshot *snapshot);
void announce_start(const Snapshot *snapshot, uint64_t now_usec, History *history);
void announce_changes(uint64_t generation,
                      const TopologyChanges *changes,
                      uint64_t now_usec,
                      History *history);

/* Settings */
void announce_kubelet_problem(const Config *config);
void announce_kubelet(const KubeletProcess *process);
void announce_reload(uint64_t generation,
                     const Settings *before,
                     const Settings *now,
                     uint64_t now_usec,
                     History *history);
void announce_refused_reload(const Diag *diag);
