/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Keeping chunks
 *
 * Owns the view of chunks, and says when they are others: to the journal, and to whoever watches.
 * Whatever changes the ledger or what is known of pods needs not tell it: it looks for itself at
 * the end of a turn of the loop, once for all that the turn brought.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "manager/settings.h"
#include "manager/snapshot.h"
#include "service/chunk-service.h"

typedef struct ChunksKeeper ChunksKeeper;

typedef struct ChunksKeeperParams {
        sd_event *event;
        const Ledger *ledger; /* borrowed, as are the next two */
        const PodsView *pods;
        ChunkService *service; /* its watchers are told */
} ChunksKeeperParams;

_must_check_ int chunks_keeper_new(const ChunksKeeperParams *params, ChunksKeeper **ret);
ChunksKeeper *chunks_keeper_free(ChunksKeeper *keeper);
DEFINE_CLEANUP(ChunksKeeper *, chunks_keeper_free);

/* Both borrowed until the next ones come. */
void chunks_keeper_set(ChunksKeeper *keeper, const Settings *settings, const Snapshot *snapshot);
/* Stays where it is. */
ChunksView *chunks_keeper_get_view(ChunksKeeper *keeper);
