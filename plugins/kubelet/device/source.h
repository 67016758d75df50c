/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slugd's list of chunks
 *
 * Watched for as long as it takes: the newest list that can be told, and for how long it counts.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "kubelet/device/grace.h"
#include "rpc/client.h"
#include "slug/v1/chunk.pb-c.h"

typedef struct ChunkSource ChunkSource;

typedef struct ChunkSourceParams {
        sd_event *event;
        RpcClient *client;               /* of slugd; borrowed */
        void (*changed)(void *userdata); /* there is another list, or another state of it */
        void *userdata;
} ChunkSourceParams;

_must_check_ int chunk_source_new(const ChunkSourceParams *params, ChunkSource **ret);
/* Before its client. */
ChunkSource *chunk_source_free(ChunkSource *source);
DEFINE_CLEANUP(ChunkSource *, chunk_source_free);

/* Checked; valid until the loop turns. NULL: there never was one. */
const Slug__V1__ChunkList *chunk_source_get_list(const ChunkSource *source);
GraceState chunk_source_get_state(const ChunkSource *source);
