/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pods as they are served
 *
 * The last look at them, borrowed from whoever looks. It stays where it is, and what it points to
 * is replaced as a whole.
 */
#include "base/clock.h"
#include "pods/growth.h"
#include "pods/inventory.h"
#include "pods/reconcile.h"

/* slug-kubelet says at least once a minute what there is. */
#define PODS_REPORT_OLD_USEC (180 * USEC_PER_SEC)

typedef struct PodsView {
        const Inventory *inventory; /* NULL: nobody has looked yet; so with the next two */
        const PodsGrowth *growth;
        const ReconcileMemory *memory;
        const char *problem; /* why pods' memory is not all in the ledger, "" when it is */
        uint64_t look_usec;  /* that the last look took */
        Clock clock;         /* that the tree and the report have their time of */
} PodsView;

/* How well pods are known. */
typedef enum PodsKnown {
        PODS_REPORTED,
        PODS_UNSEEN, /* nobody has looked */
        PODS_CGROUPS_ONLY,
        PODS_UNSETTLED,
        PODS_REPORT_OLD,
        PODS_SOURCE_FAILED,
        PODS_SOURCE_ABSENT,
        PODS_CGROUPS_UNREADABLE,
        PODS_UNRECORDED,
        _PODS_KNOWN_N,
} PodsKnown;

/* @ret_message: a sentence with the mend in it. The same state has the same sentence. */
PodsKnown pods_view_judge(const PodsView *view, Diag *ret_message);
/* Microseconds since @usec of its clock. */
uint64_t pods_view_get_age(const PodsView *view, uint64_t usec);
