/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Chunks
 *
 * Names of chunks and of the extended resources that count them. A name tells all there is to know:
 * how large a chunk is, of which NUMA node, and under which resource it is counted, so that an id
 * that comes back after a restart, from the kubelet or from the ledger, needs no table.
 *
 *   resource                              its chunks
 *   sluglab.io/remote-memory-1gi          1gi-n2-0017         of all remote NUMA nodes
 *   sluglab.io/remote-memory-1gi-numa2    1gi-numa2-0017      of one
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define CHUNK_BYTES_MIN    (UINT64_C(64) << 20)
#define CHUNK_BYTES_MAX    (UINT64_C(16) << 30)
#define CHUNK_INDEX_MAX    999999u
#define CHUNK_ID_MAX       40u /* with the NUL */
#define CHUNK_RESOURCE_MAX 64u

/*
 * Chunks of one node, with all of its NUMA nodes. The kubelet takes 4 MiB in one message and drops
 * the resource when it gets more. A device is at most 40 bytes of id and 60 of the rest, with the
 * NUMA nodes of its topology: a fifth of that.
 */
#define CHUNK_LIST_MAX 8192u

/* The pod of a claim whose container nobody has named: this, and a number of its own. */
#define CHUNK_UNSEEN_PREFIX "unseen-"

/* "sluglab.io/remote-memory-" and the chunk size in lower case, "1gi". */
#define CHUNK_RESOURCE_PREFIX "sluglab.io/remote-memory-"

typedef struct ChunkResourceName {
        uint64_t bytes; /* of a chunk; a power of two, CHUNK_BYTES_MIN..CHUNK_BYTES_MAX */
        OptU64 node;    /* a NUMA node of its own; absent: all of them */
} ChunkResourceName;

typedef struct ChunkId {
        ChunkResourceName resource;
        unsigned node;  /* NUMA node; that of the resource, if it has one */
        unsigned index; /* from 0, within its NUMA node */
} ChunkId;

/* A chunk's size that can be configured. */
bool chunk_bytes_is_valid(uint64_t bytes);

/* One spelling each, so that two names are never the same thing. False: it is not one of ours. */
bool chunk_resource_parse(const char *text, ChunkResourceName *ret);
bool chunk_id_parse(const char *text, ChunkId *ret);
const char *chunk_resource_format(const ChunkResourceName *name,
                                  char buffer[static CHUNK_RESOURCE_MAX]);
const char *chunk_id_format(const ChunkId *id, char buffer[static CHUNK_ID_MAX]);

/* By NUMA node, then index; as strcmp(). */
int chunk_id_compare(const ChunkId *a, const ChunkId *b);
bool chunk_resource_is_equal(const ChunkResourceName *a, const ChunkResourceName *b);
/* Counted under the same resource, or under its twin of another NUMA node. */
bool chunk_resource_is_alike(const ChunkResourceName *a, const ChunkResourceName *b);
