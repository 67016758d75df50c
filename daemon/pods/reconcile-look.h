/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One look, while it is going on. Inside this folder only.
 *
 * Every claim of the ledger is an item; so is what is to be observed. The steps edit items one
 * after the other, each seeing what those before it have made of them, and the change is written at
 * the end. All that a look makes lies in its arena.
 */
#include "base/arena.h"
#include "pods/evidence.h"
#include "pods/reconcile-memory.h"
#include "pods/reconcile.h"
#include "split/chunk.h"

typedef struct LookNote LookNote;

struct LookNote {
        LookNote *next;
        ReconcileAct act;
        const char *reason;
};

typedef struct LookItem {
        const LedgerClaim *before; /* as the ledger has it; NULL: it is new */
        LedgerClaim *now;          /* as it is to be; NULL: as before */
        const InventoryPod *pod;   /* NULL: nobody has it */
        const char *missed;        /* why it is to go; NULL: it stays */
        uint64_t tree_usec;        /* of the tree that says so; 0: a report does */
        unsigned n_missed;         /* looks in a row */
        bool is_gone;              /* goes with this look */
        bool is_replaced;          /* another item takes its key, or there is no room for it */
        bool gains_chunks;
        bool is_identified;           /* it has chunks of a claim that goes for it */
        LookNote *notes, **last_note; /* in order */
} LookItem;

/* A chunk of the report, and whose it is. */
typedef struct LookChunk {
        const ReportChunk *chunk;
        const InventoryPod *pod;
        const ReportContainer *container;
        size_t place;     /* of its container in the pod */
        bool is_readable; /* its id and its resource agree, and a claim has room for it */
        ChunkId id;
} LookChunk;

/* A chunk of a claim that was promised. */
typedef struct LookHolder {
        const char *chunk;
        LookItem *item;
} LookHolder;

typedef struct LookFlag {
        const InventoryPod *pod;
        const char *reason;
} LookFlag;

typedef struct Look {
        const ReconcileParams *params;
        const Inventory *inventory;
        const ReconcileMemory *memory;
        bool is_same; /* misses are not counted again */
        bool is_cut;  /* the ledger has no place for all of the new items */
        Arena *arena;
        LookItem *items;   /* by key, then those that are to be observed from now on */
        size_t n_claims;   /* by key: of the ledger, and containers that have chunks without one */
        size_t n_items;    /* all of them */
        LookChunk *chunks; /* by id */
        size_t n_chunks;
        LookHolder *holders; /* by id */
        size_t n_holders;
        MemoryPod *pods; /* for the next look, by uid */
        size_t n_pods;
        LookFlag *flags; /* to be said now */
        size_t n_flags;
} Look;

/* Return of all: 0 or -ENOMEM. */
_must_check_ int look_init(Look *look);
_must_check_ int look_note(Look *look, LookItem *item, ReconcileAct act, const char *reason);
/* Makes @item->now, if it is not there yet. */
_must_check_ int look_edit(Look *look, LookItem *item);
/* Its block, with a part for each of its NUMA nodes, to be written to; look_close_block() takes
 * those of no bytes away and sums up. @item is being edited. */
_must_check_ int look_open_block(Look *look, LookItem *item, size_t i, LedgerPart **ret);
void look_close_block(LookItem *item, size_t i);
/* Bytes of plain memory by NUMA node; {}: none. */
typedef struct LookBytes {
        NodeSet nodes;
        uint64_t bytes[NODESET_MAX]; /* of nodes that are not in the set: garbage */
} LookBytes;

/* What has made way for chunks. */
typedef struct LookGiven {
        uint64_t local, remote;
} LookGiven;

void look_bytes_add(LookBytes *to, unsigned node, uint64_t bytes);
void look_bytes_add_chunks(LookBytes *to, const LedgerClaim *claim);
uint64_t look_bytes_sum(const LookBytes *of);
/* Of plain memory, as far as it is there. @item is being edited, as in the next two. */
_must_check_ int look_take_bytes(Look *look, LookItem *item, const LookBytes *bytes);
/* Bytes of chunks, which are a part of what the claim has: of @own, those of its chunks, aside. */
_must_check_ int look_give_bytes(Look *look,
                                 LookItem *item,
                                 const LookBytes *own,
                                 const LookBytes *gained,
                                 LookGiven *ret);
/* All plain memory but that of chunks becomes so much on local NUMA nodes. */
_must_check_ int look_put_local(Look *look, LookItem *item, const LookBytes *own, uint64_t bytes);

/* Counts that the item was missed, or was not. A tree is one witness, however often it is looked
 * at: a report that comes between two trees may be from before the pod was there. */
void look_count(const Look *look, LookItem *item);
extern const char look_no_cgroup[], look_no_process[]; /* reasons that are the tree's */

static inline const LedgerClaim *item_get(const LookItem *item) {
        return item->now ? item->now : item->before;
}

static inline bool item_is_observed(const LookItem *item) {
        return item_get(item)->source == CLAIM_SOURCE_OBSERVED;
}

/* It was promised, and stays. */
static inline bool item_is_promised(const LookItem *item) {
        return !item->is_gone && !item_is_observed(item);
}

/* Of every page size, on all NUMA nodes. */
uint64_t look_get_total(const LedgerClaim *claim);

/* Items that begin at @first and are of one pod. */
size_t look_get_range(const Look *look, size_t first);
/* The first item of the ledger that is of the pod, or where it would be. */
size_t look_find_first(const Look *look, const char *uid);

/* Whether the report could have known what the ledger has now. */
bool look_could_know(const Look *look, const LookItem *item);

/* Sorts items by key. */
void look_sort(Look *look);
/* NULL: nobody has the key. */
LookItem *look_find_item(Look *look, const char *uid, const char *container);

/* The steps, in their order. */
_must_check_ int look_list_chunks(Look *look);
_must_check_ int look_rename(Look *look); /* claims of mirror pods; items are sorted after it */
_must_check_ int look_judge(Look *look);
_must_check_ int look_take_chunks(Look *look);
_must_check_ int look_identify(Look *look); /* new items among those by key after it */
_must_check_ int look_fit(Look *look);      /* what chunks are a part of */
_must_check_ int look_resize(Look *look);
_must_check_ int look_observe(Look *look);

_must_check_ int look_admit(Look *look); /* as many new claims as the ledger takes */
_must_check_ int look_flag(Look *look);

/* Whose a chunk is; NULL: nobody's. */
const LookChunk *look_find_chunk(const Look *look, const char *id);
/* The claim that it was promised in; NULL: none. Good until items move. */
LookHolder *look_find_holder(const Look *look, const char *id);
_must_check_ int look_list_holders(Look *look);
/* NULL: it does not run, or nobody has said its id. @container: "": any of them. */
const ReportContainer *look_find_running(const ReportPod *pod, const char *container);
/* Why a claim that nobody has named is to go, or NULL. */
const char *look_judge_unseen(const Look *look, const LookItem *item);

/* A chunk of the report is the pod's, and no claim that was promised to another pod has it. */
bool look_has_chunk(const InventoryPod *pod, const ReportChunk *chunk, void *look);
/* The observed item has a chunk that is somebody else's. */
bool look_is_lost(const Look *look, const LookItem *item, const char *chunk);
/* Takes what is somebody else's from an observed claim that stays as it is. */
_must_check_ int look_lose_chunks(Look *look, LookItem *item);
