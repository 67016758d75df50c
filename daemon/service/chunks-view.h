/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Chunks as they are served
 *
 * The list of chunks beside the snapshot that it was made of. A list borrows claims of the ledger,
 * so nobody holds one: whoever wants it asks for it here, and gets one of now. It is made anew only
 * when snapshot, settings or ledger are others than they were.
 */
#include "chunks/chunks.h"
#include "service/pods-view.h"

/* As the kubelet is told by who tells it: slugd only passes these on. */
typedef enum ChunkPreference {
        CHUNK_PREFERENCE_PACK,
        CHUNK_PREFERENCE_SPREAD,
        CHUNK_PREFERENCE_NEAR,
        _CHUNK_PREFERENCE_N,
} ChunkPreference;

typedef struct ChunkAdvice {
        ChunkPreference preference;
        uint64_t grace_usec; /* so long the last list is kept without slugd */
        bool pre_start;
        const char *cdi_device; /* borrowed; "": none */
} ChunkAdvice;

/* {.pods = ...}: there is no snapshot yet. */
typedef struct ChunksView {
        ChunksParams params; /* borrowed; a NULL ledger: nothing was set */
        ChunkAdvice advice;
        const PodsView *pods; /* borrowed; NULL: nobody looks at pods */

        /* Inside only. */
        ChunkList *list;     /* NULL: to be made */
        uint64_t generation; /* of the ledger that it borrows from */
} ChunksView;

/* What the next list is made of. */
void chunks_view_set(ChunksView *view, const ChunksParams *params, const ChunkAdvice *advice);
void chunks_view_deinit(ChunksView *view);

/* Of now; not to be kept beyond the next change of the ledger. NULL: out of memory, or nothing was
 * set. */
const ChunkList *chunks_view_get(ChunksView *view);
/* Why nothing is given: nobody knows yet what pods hold. "" when that is known. */
const char *chunks_view_get_wait(const ChunksView *view);
