/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Chunks
 *
 * The remote memory of a snapshot in pieces of one size, with who has them: what the kubelet is to
 * count. Pure: a machine, amounts, and a ledger go in, a list or a change of the ledger comes out.
 * "node" is a NUMA node.
 *
 * A chunk is a number and no address: of a NUMA node with room for n chunks there are the first n.
 * Those that are claimed stay, whatever becomes of their memory. When bytes are missing, because
 * other claims have them or memory is offline or poisoned, as many of those that nobody has are not
 * to be given, the highest numbers first.
 */
#include "base/error.h"
#include "capacity/capacity.h"
#include "hints/machine.h"
#include "ledger/ledger.h"
#include "split/chunk.h"
#include "topology/topology.h"

#define CHUNKS_TOPOLOGY_MAX 16u /* NUMA nodes that one chunk is said to be near to */

typedef enum ChunksTopology {
        CHUNKS_TOPOLOGY_AUTO,    /* nearest; none under the kubelet's policy "restricted" */
        CHUNKS_TOPOLOGY_NEAREST, /* the NUMA nodes with CPUs that are nearest */
        CHUNKS_TOPOLOGY_ALL_CPU_NODES,
        CHUNKS_TOPOLOGY_NONE,
        _CHUNKS_TOPOLOGY_N,
} ChunksTopology;

typedef enum ChunkState {
        CHUNK_FREE,
        CHUNK_CLAIMED,
        CHUNK_SHORT,   /* other claims have its memory */
        CHUNK_OFFLINE, /* its memory is offline, poisoned, or not remote any more */
        _CHUNK_STATE_N,
} ChunkState;

/* What the kubelet is told of it. */
static inline bool chunk_state_is_healthy(ChunkState state) {
        return state == CHUNK_FREE || state == CHUNK_CLAIMED;
}

typedef struct Chunk {
        ChunkId id;
        ChunkState state;
        const LedgerKey *holder;  /* of the claim that has it; NULL: nobody's */
        const LedgerClaim *claim; /* the same, borrowed from the ledger: until that changes */
} Chunk;

/* A NUMA node that has chunks, or remote memory. */
typedef struct ChunksNode {
        unsigned node;
        uint64_t allocatable_bytes;
        uint64_t poisoned_bytes;  /* of them */
        uint64_t remainder_bytes; /* of what is allocatable and sound: fills no chunk */
        uint32_t counts[_CHUNK_STATE_N];
        size_t first_chunk, n_chunks; /* of the list */
        NodeSet topology;             /* that the kubelet is told; {}: nothing */
} ChunksNode;

typedef enum ChunksState {
        CHUNKS_ADVERTISED,
        CHUNKS_NONE,     /* no remote memory, or less than a chunk of it */
        CHUNKS_TOO_MANY, /* more than CHUNK_LIST_MAX; only those that are claimed are listed */
} ChunksState;

typedef struct ChunksSettings {
        uint64_t bytes;
        bool is_per_node; /* a resource for each NUMA node instead of one for all */
        ChunksTopology topology;
        bool is_restricted; /* the kubelet's topologyManagerPolicy is "restricted" */
} ChunksSettings;

typedef struct ChunksParams {
        const Topology *topology;
        const Capacity *capacity;
        const HintsMachine *machine;
        const Ledger *ledger;
        ChunksSettings settings;
} ChunksParams;

/* Read-only. */
typedef struct ChunkList {
        ChunksState state;
        /*
         * The size and the kind of resource in force. Claims hold chunks by name, so both stay what
         * they are while there are any: a configuration that says otherwise waits, and the kubelet
         * never has two resources of the same bytes.
         */
        uint64_t bytes;
        bool is_per_node;
        bool is_held_back;        /* the settings say otherwise */
        size_t n_foreign;         /* chunks that claims have of another size or kind: not listed */
        uint64_t fitting_bytes;   /* TOO_MANY: the smallest size that fits; 0: none does */
        ChunksTopology in_effect; /* never AUTO */
        ChunkResourceName *resources; /* by NUMA node */
        size_t n_resources;
        ChunksNode *nodes; /* by rising id */
        size_t n_nodes;
        Chunk *chunks; /* by NUMA node and index */
        size_t n_chunks;
        LedgerKey *holders; /* of all chunks that are claimed */
        size_t n_holders;
} ChunkList;

/* Borrows claims of the ledger and nothing else, and of them needs only Chunk.claim: all else is
 * good when the ledger has changed. Return: 0 or -ENOMEM. */
_must_check_ int chunk_list_new(const ChunksParams *params, ChunkList **ret);
ChunkList *chunk_list_free(ChunkList *list);
DEFINE_CLEANUP(ChunkList *, chunk_list_free);

/* NULL: it is not in the list. */
const Chunk *chunk_list_find(const ChunkList *list, const ChunkId *id);
const ChunksNode *chunk_list_find_node(const ChunkList *list, unsigned node);
/* Why the list is not as it was configured, or is empty, with the mend. False: all is well. */
bool chunk_list_get_problem(const ChunkList *list, const ChunksSettings *settings, Diag *ret);

const char *chunks_topology_name(ChunksTopology topology); /* "all-cpu-nodes" */
const char *chunk_state_name(ChunkState state);            /* "short" */

/* Allocating */

enum {
        _CHUNKS_E_SUCCESS,
        CHUNKS_E_INVALID, /* no ids, one twice, one that is no chunk's name, of another resource */
        CHUNKS_E_UNKNOWN, /* there is no such chunk now */
        CHUNKS_E_UNHEALTHY, /* it is short or offline */
};

typedef struct ChunksRequest {
        const char *resource;
        const char *const *ids;
        size_t n_ids;
        uint64_t now_usec; /* wall clock */
} ChunksRequest;

typedef struct ChunksGrant {
        char claim[CHUNK_ID_MAX];  /* the claim's id for people: its first chunk */
        char pod_uid[POD_UID_MAX]; /* the key of the claim until its container is seen */
        size_t n_taken;            /* chunks that other claims had */
} ChunksGrant;

/*
 * chunks_allocate() - the change that claims chunks for a container that is not known yet
 *
 * What other claims have of them moves with its bytes: they turn "releasing" with the rest, or go
 * when nothing is left. Room is ledger_apply()'s to check.
 *
 * Return: 0, CHUNKS_E_*, -E2BIG or -ENOMEM; @reterr: set on CHUNKS_E_*
 */
_must_check_ int chunks_allocate(const ChunkList *list,
                                 const Ledger *ledger,
                                 const ChunksRequest *request,
                                 LedgerChange *ret,
                                 ChunksGrant *ret_grant,
                                 Diag *reterr);
