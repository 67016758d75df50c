/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Chunks as messages. Inside this folder only. Everything is allocated from the arena; -ENOMEM when
 * it is full.
 */
#include "base/arena.h"
#include "service/chunks-view.h"
#include "service/messages.h"
#include "slug/v1/chunk.pb-c.h"

_must_check_ int chunk_build_list(Arena *arena, ChunksView *view, Slug__V1__ChunkList **ret);
_must_check_ int chunk_build_response(Arena *arena,
                                      const LedgerClaim *claim,
                                      const ChunksGrant *grant,
                                      Slug__V1__AllocateChunksResponse **ret);
