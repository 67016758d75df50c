/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the journal is told of a look at pods
 */
#include "pods/reconcile.h"

#define PODS_FLAGS_MAX 64u

/* What was warned of at a look, so that the next one says only what is new. {}: nothing. */
typedef struct PodsFlags {
        struct {
                LedgerKey key;
                char reason[sizeof(((ReconcileNote *)NULL)->reason)];
        } items[PODS_FLAGS_MAX];
        size_t n_items;
} PodsFlags;

/*
 * @is_first: of this slugd: what is usual then is only summed up
 * @before, @now: of the look before and of this one, which is added to
 */
void pods_announce_notes(const ReconcileNote *notes,
                         size_t n_notes,
                         bool is_first,
                         const PodsFlags *before,
                         PodsFlags *now);
void pods_announce_first(const Inventory *inventory, size_t n_adopted);
/* @problem: "" when there is none any more. */
void pods_announce_problem(const char *problem);
/* @before: NULL when there was none. Says nothing when it is from the same and as settled. */
void pods_announce_report(const PodsReport *before, const PodsReport *now);
