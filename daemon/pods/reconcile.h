/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reconciling
 *
 * The kubelet is the authority on pods, and what runs is a fact. One pure function turns what the
 * ledger has and what is there into a change of the ledger: claims that are matched with their
 * containers, pods without a claim that are adopted as observed, claims that nobody has any more
 * and that are released. Nothing goes at the first look that misses it.
 *
 * Who is gone is judged by evidence alone. The tree is evidence of absence when it is complete; a
 * report when it is complete and settled, and only for claims that it could have known of.
 */
#include "base/clock.h"
#include "ledger/ledger.h"
#include "pods/inventory.h"

/* What earlier looks have missed. */
typedef struct ReconcileMemory ReconcileMemory;

_must_check_ int reconcile_memory_new(ReconcileMemory **ret);
ReconcileMemory *reconcile_memory_free(ReconcileMemory *memory);
DEFINE_CLEANUP(ReconcileMemory *, reconcile_memory_free);
/* Claims that the look before has missed: the next one lets them go. */
size_t reconcile_memory_get_n_missed(const ReconcileMemory *memory);
bool reconcile_memory_is_missed(const ReconcileMemory *memory,
                                const char *pod_uid,
                                const char *container);

typedef enum ReconcileAct {
        RECONCILE_MATCHED,    /* the claim's container was found: it is active */
        RECONCILE_ADOPTED,    /* a pod without a claim: observed from now on */
        RECONCILE_RESIZED,    /* a claim follows what the kubelet has resized its container to */
        RECONCILE_RENAMED,    /* a claim made for a mirror pod is its static pod's */
        RECONCILE_TAKEN,      /* a chunk of it is another container's now: it is releasing */
        RECONCILE_IDENTIFIED, /* chunks that were claimed have found their container: this one */
        RECONCILE_RELEASED,   /* its container is gone, or has ended */
        RECONCILE_FLAGGED,    /* something does not fit together; @reason */
        _RECONCILE_ACT_N,
} ReconcileAct;

typedef struct ReconcileNote {
        ReconcileAct act;
        LedgerKey key;
        const char *namespace_name, *pod; /* "" when not known; borrowed from ledger or report:
                                             until the change is applied */
        uint64_t bytes;                   /* of plain memory, after it; of a release: before */
        char reason[128];                 /* one sentence, or "" */
} ReconcileNote;

typedef struct ReconcileParams {
        const Ledger *ledger;
        const Inventory *inventory;
        SizePlace place;
        uint64_t now_usec;  /* monotonic */
        uint64_t wall_usec; /* for people, and for the age of what an earlier slugd has claimed */
        /* How long a claim is kept whose pod nobody has seen and no settled report has judged; or
         * whose chunks nobody was named with. */
        uint64_t pending_timeout_usec;
} ReconcileParams;

/* So old is a claim of chunks, by whichever slugd, before a report that names nobody with them
 * counts against it. */
#define RECONCILE_UNSEEN_USEC (60 * USEC_PER_SEC)

/* {} is nothing to do. */
typedef struct ReconcilePlan {
        LedgerChange change; /* to be applied without a check of room: it is what is */
        ReconcileNote *notes;
        size_t n_notes;
        bool is_incomplete; /* LEDGER_CHANGE_MAX was met: apply, and plan again at once */
        bool is_cut;        /* the ledger has no place for all that is held: what is free is not */
} ReconcilePlan;

void reconcile_plan_deinit(ReconcilePlan *plan);
DEFINE_DEINIT(ReconcilePlan, reconcile_plan_deinit);

/*
 * reconcile() - one look
 *
 * @memory: of the look before; brought up to date. One call with a new tree or a new report is one
 *          look; planning again after is_incomplete is the same one (@is_same_look).
 *
 * Return: 0 or -ENOMEM; then neither @memory nor anything else has changed.
 */
_must_check_ int reconcile(const ReconcileParams *params,
                           ReconcileMemory *memory,
                           bool is_same_look,
                           ReconcilePlan *ret);

const char *reconcile_act_name(ReconcileAct act); /* "matched" */
