/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The ledger
 *
 * Who holds which bytes of which NUMA node. It knows claimed bytes only, never free ones: free is
 * what a room (the allocatable amounts of a snapshot) has beyond the claims.
 *
 * A claim is a value that does not change: what happens to the ledger is a LedgerChange, a list of
 * claims to put (in the place of those with the same key) and of keys to drop. The same changes are
 * what the log has, one a line, so that loading is applying. Whoever holds a claim holds its bytes;
 * when it goes they come back, and ledger_free() asserts that nothing is claimed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/nodeset.h"
#include "split/chunk.h"
#include "split/pod.h"
#include "split/split.h"

typedef struct Ledger Ledger;

typedef enum ClaimState {
        CLAIM_PENDING,     /* promised; its container was not seen yet */
        CLAIM_ACTIVE,      /* its container exists */
        CLAIM_OBSERVED,    /* holds memory without having asked */
        CLAIM_UNCONFIRMED, /* of before a reboot, and nobody has confirmed it since */
        CLAIM_RELEASING,   /* given up or taken over; counts until its bytes are gone */
        CLAIM_INVALID,     /* its request cannot be met as it was made; the reason says why */
        _CLAIM_STATE_N,
} ClaimState;

typedef enum ClaimSource {
        CLAIM_SOURCE_MEMORY_MANAGER, /* MemoryManagerService, for a container of the kubelet's */
        CLAIM_SOURCE_OPERATOR,       /* slugctl allocate */
        CLAIM_SOURCE_DEVICE_PLUGIN,  /* chunks */
        CLAIM_SOURCE_CHECKPOINT,     /* the kubelet's memory_manager_state */
        CLAIM_SOURCE_OBSERVED,       /* slugd's own eyes: no promise, whatever its state */
        _CLAIM_SOURCE_N,
} ClaimSource;

#define LEDGER_PART_MAX     (UINT64_C(1) << 45) /* bytes of one NUMA node: 32 TiB */
#define LEDGER_CLAIMS_MAX   8192u               /* all of them fit into one answer */
#define LEDGER_BLOCKS_MAX   8u                  /* of one claim */
#define LEDGER_CHUNKS_MAX   4096u               /* of one claim */
#define LEDGER_CHUNK_ID_MAX 64u                 /* with the NUL */
#define LEDGER_REASON_MAX   256u                /* with the NUL */
#define LEDGER_CHANGE_MAX   512u                /* puts, and drops, of one change */

/* Bytes of one NUMA node. */
typedef struct LedgerPart {
        unsigned node;
        uint64_t bytes;
} LedgerPart;

/* Bytes of one kind of page out of one set of NUMA nodes. */
typedef struct LedgerBlock {
        NodeSet nodes;           /* not empty */
        uint64_t page_bytes;     /* 0: plain memory */
        uint64_t bytes;          /* the sum of its parts */
        const LedgerPart *parts; /* by rising node, all of them in @nodes, none of 0 bytes */
        size_t n_parts;
} LedgerBlock;

/* Read-only, owned by the ledger or by a change; one piece of memory. */
typedef struct LedgerClaim {
        const char *pod_uid;
        const char *container;            /* "": the pod as a whole */
        const char *namespace_name, *pod; /* "" when not known */
        QosClass qos;
        ClaimState state;
        ClaimSource source;
        bool is_within_pod; /* a share of the claim of its pod: its blocks are not counted again */
        Split split;        /* {}: plain memory as the kubelet counts it */
        const LedgerBlock *blocks;
        size_t n_blocks;
        const char *const *chunks;
        size_t n_chunks;
        const char *container_id; /* the runtime's, "" until the container exists */
        const char *reason;       /* of one that is invalid, releasing or unconfirmed; or "" */
        uint64_t created_usec;    /* wall clock, for people only */
        uint64_t generation;      /* of the ledger, when it was put; set by ledger_apply() */
} LedgerClaim;

/* Copies all of @from (its generation aside). Return: 0, -EINVAL when it breaks a rule of the types
 * above (a caller's bug, or a damaged log), or -ENOMEM. */
_must_check_ int ledger_claim_new(const LedgerClaim *from, LedgerClaim **ret);
LedgerClaim *ledger_claim_free(LedgerClaim *claim);
DEFINE_CLEANUP(LedgerClaim *, ledger_claim_free);
bool ledger_claim_is_equal(const LedgerClaim *a, const LedgerClaim *b); /* generations aside */
/* Of that page size, on all NUMA nodes. */
uint64_t ledger_claim_get_bytes(const LedgerClaim *claim, uint64_t page_bytes);
bool ledger_claim_has_chunk(const LedgerClaim *claim, const char *chunk);
/* It is what slugd saw of a pod, and no promise. Its bytes are not free, and that is all. */
bool ledger_claim_is_observed(const LedgerClaim *claim);
NodeSet ledger_claim_get_nodes(const LedgerClaim *claim);
/*
 * It is of chunks, and nobody has named its container: the kubelet asks for devices without saying
 * for whom. Until that is seen its pod_uid is CHUNK_UNSEEN_PREFIX and a number that no other
 * claim has.
 */
bool ledger_claim_is_unseen(const LedgerClaim *claim);

const char *claim_state_name(ClaimState state);    /* "pending" */
const char *claim_source_name(ClaimSource source); /* "memory-manager" */
bool claim_state_parse(const char *text, ClaimState *ret);
bool claim_source_parse(const char *text, ClaimSource *ret);

/* Changes */

typedef struct LedgerKey {
        char pod_uid[POD_UID_MAX];
        char container[POD_NAME_MAX];
} LedgerKey;

/* {} changes nothing. */
typedef struct LedgerChange {
        LedgerClaim **puts; /* owned */
        size_t n_puts;
        LedgerKey *drops;
        size_t n_drops;
} LedgerChange;

/* @claim: taken, also on failure. Return: 0, -E2BIG or -ENOMEM. */
_must_check_ int ledger_change_put(LedgerChange *change, LedgerClaim *claim);
_must_check_ int
ledger_change_drop(LedgerChange *change, const char *pod_uid, const char *container);
/* Whether it puts or drops the key of @claim. */
bool ledger_change_has(const LedgerChange *change, const LedgerClaim *claim);
void ledger_change_deinit(LedgerChange *change);
DEFINE_DEINIT(LedgerChange, ledger_change_deinit);

/* What pods may be promised: of a snapshot. By rising node and page size; not listed: nothing. */
typedef struct LedgerRoomRow {
        unsigned node;
        uint64_t page_bytes; /* 0: plain memory */
        uint64_t bytes;
} LedgerRoomRow;

typedef struct LedgerRoom {
        const LedgerRoomRow *rows;
        size_t n_rows;
} LedgerRoom;

/* 0 when it is not listed. */
uint64_t ledger_room_get(const LedgerRoom *room, unsigned node, uint64_t page_bytes);

/* What a claim lacks. */
typedef struct LedgerLack {
        unsigned node;
        uint64_t page_bytes;
        uint64_t bytes; /* that are missing */
        uint64_t free_bytes;
} LedgerLack;

enum {
        _LEDGER_E_SUCCESS,
        LEDGER_E_NO_SPACE, /* a put adds bytes to a NUMA node that has not so many free */
        LEDGER_E_FULL,     /* LEDGER_CLAIMS_MAX */
};

_must_check_ int ledger_new(Ledger **ret);
/* Forgets every claim, which gives its bytes back, and asserts that none are left. */
Ledger *ledger_free(Ledger *ledger);
DEFINE_CLEANUP(Ledger *, ledger_free);

/*
 * ledger_apply() - the only way in which a ledger changes
 *
 * @change:      its claims are taken when it succeeds, and it is {} then
 * @room:        NULL: bytes are not checked (what is loaded or observed is a fact)
 * @ret_undone:  NULL, or {}: set to the change that takes this one back
 * @reterr_lack: NULL, or set on LEDGER_E_NO_SPACE
 *
 * All or nothing. Only NUMA nodes where the change adds bytes are checked, so that one that is
 * over-committed still takes back. Dropping what is not there is nothing.
 *
 * Return: 0, LEDGER_E_NO_SPACE, LEDGER_E_FULL, or -ENOMEM.
 */
_must_check_ int ledger_apply(Ledger *ledger,
                              LedgerChange *change,
                              const LedgerRoom *room,
                              LedgerChange *ret_undone,
                              LedgerLack *reterr_lack);

/*
 * ledger_disregard() - as if a pod's observed bytes were not there
 *
 * What a pod holds already must not stand in the way of its own request. Until ledger_regard() its
 * observed claim (@pod_uid, "") is met by no question below and counted in none. Nothing changes:
 * the generation stays, and ledger_apply() must not be called in between.
 *
 *   _cleanup_(ledger_regardp) Ledger *disregarding = ledger_disregard(ledger, pod->uid);
 *
 * @pod_uid: NULL: of no pod
 *
 * Return: @ledger, for ledger_regard(); NULL when there is nothing to disregard.
 */
_must_check_ Ledger *ledger_disregard(Ledger *ledger, const char *pod_uid);
Ledger *ledger_regard(Ledger *ledger);
DEFINE_CLEANUP(Ledger *, ledger_regard);

/* Asking */

uint64_t ledger_get_generation(const Ledger *ledger); /* rises with every change; starts at 0 */
size_t ledger_get_n_claims(const Ledger *ledger);
const LedgerClaim *ledger_find(const Ledger *ledger, const char *pod_uid, const char *container);
/* What is observed of a pod as a whole; NULL: nothing. */
const LedgerClaim *ledger_find_observed(const Ledger *ledger, const char *pod_uid);
const LedgerClaim *ledger_find_chunk(const Ledger *ledger, const char *chunk);
const LedgerClaim *ledger_find_container_id(const Ledger *ledger, const char *container_id);
/* In the order in which their keys were put first; NULL begins, and ends. */
const LedgerClaim *ledger_next(const Ledger *ledger, const LedgerClaim *claim);
/* By the name of the container, the pod's own first; without a walk through all of the ledger. */
const LedgerClaim *
ledger_next_of_pod(const Ledger *ledger, const char *pod_uid, const LedgerClaim *claim);
/* On a NUMA node, of one page size. O(1) in the number of claims, as are the next three. */
uint64_t ledger_get_claimed(const Ledger *ledger, unsigned node, uint64_t page_bytes);
/* How much of that is observed. */
uint64_t ledger_get_observed(const Ledger *ledger, unsigned node, uint64_t page_bytes);
/* How many blocks of promises lie on the NUMA node (the kubelet's numberOfAssignments), and the set
 * of the last of them (its cells); {} when there are none. Claims of chunks are left out: the
 * kubelet's memory manager does not know them. */
unsigned ledger_get_n_blocks(const Ledger *ledger, unsigned node);
NodeSet ledger_get_group(const Ledger *ledger, unsigned node);
NodeSet ledger_get_nodes(const Ledger *ledger); /* those with claimed bytes */

/* A key that was dropped, and the generation that did it. */
typedef struct LedgerDropped {
        LedgerKey key;
        uint64_t generation;
} LedgerDropped;

/* Those dropped after @generation, oldest first; *ret_n of them, borrowed until the next change.
 * False: older ones are forgotten, so that a caller has to read everything. */
bool ledger_list_dropped(const Ledger *ledger,
                         uint64_t generation,
                         const LedgerDropped **ret,
                         size_t *ret_n);

/* Recounts everything from the claims and compares: false is a bug. For tests, and verify. */
bool ledger_check(const Ledger *ledger);
