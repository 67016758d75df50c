/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What one look leaves to the next. Inside this folder only.
 */
#include "pods/reconcile.h"

/* Of a claim that was missed, or that waits for its container. */
typedef struct MemoryClaim {
        LedgerKey key;
        unsigned n_missed;   /* looks in a row; at MEMORY_MISSES it goes */
        uint64_t tree_usec;  /* of the tree in which it was missed; 0: by a report */
        bool is_waiting;     /* it is pending, or nobody has named it */
        uint64_t since_usec; /* when it was first seen to be so */
        uint64_t age_usec; /* of the claim then, by the clock on the wall: an earlier slugd may have
                                made it */
} MemoryClaim;

#define MEMORY_MISSES 2u

typedef enum MemoryFlag {
        MEMORY_ORPHAN = 1 << 0,    /* runs, and nobody knows it */
        MEMORY_NOT_TAKEN = 1 << 1, /* there was no room for one more claim */
} MemoryFlag;

/* What was said of a pod, so that it is said once. */
typedef struct MemoryPod {
        char uid[POD_UID_MAX];
        unsigned flags; /* of MemoryFlag */
} MemoryPod;

struct ReconcileMemory {
        MemoryClaim *claims; /* by key */
        size_t n_claims;
        MemoryPod *pods; /* by uid */
        size_t n_pods;
};

const MemoryClaim *
memory_find_claim(const ReconcileMemory *memory, const char *pod_uid, const char *container);
unsigned memory_get_flags(const ReconcileMemory *memory, const char *uid);

/* Both lists are sorted. Return: 0 or -ENOMEM. */
_must_check_ int memory_copy(const MemoryClaim *claims,
                             size_t n_claims,
                             const MemoryPod *pods,
                             size_t n_pods,
                             ReconcileMemory **ret);
/* Cannot fail. */
void memory_swap(ReconcileMemory *a, ReconcileMemory *b);
