/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "pods/reconcile-look.h"

/*
 * What a look cannot do anything about
 *
 * It is said once of each pod, and again only when it has changed meanwhile.
 */

/* The largest first. */
static int compare_totals(const void *a, const void *b) {
        const LedgerClaim *left = (*(LookItem *const *)a)->now,
                          *right = (*(LookItem *const *)b)->now;
        const uint64_t left_total = look_get_total(left), right_total = look_get_total(right);

        return left_total != right_total ? (left_total < right_total ? 1 : -1)
                                         : strcmp(left->pod_uid, right->pod_uid);
}

static size_t count_places(const Look *look) {
        size_t n = look->n_claims;

        for (size_t i = 0; i < look->n_claims; ++i)
                n -= look->items[i].is_gone;
        return n < LEDGER_CLAIMS_MAX ? LEDGER_CLAIMS_MAX - n : 0;
}

int look_admit(Look *look) {
        const size_t n_new = look->n_items - look->n_claims, n_places = count_places(look);
        LookItem **items;

        if (n_new <= n_places)
                return 0;
        items = arena_alloc_array(look->arena, n_new, sizeof(LookItem *));
        if (!items)
                return -ENOMEM;
        for (size_t i = 0; i < n_new; ++i)
                items[i] = &look->items[look->n_claims + i];
        qsort(items, n_new, sizeof(LookItem *), compare_totals);
        for (size_t i = n_places; i < n_new; ++i)
                items[i]->is_replaced = true;
        look->is_cut = true;
        return 0;
}

/*
 * A pod that runs and that a later report of everything does not know. Once it was said it stays so
 * until somebody knows the pod: a report that is older than the next tree is no reason to begin
 * anew.
 */
static bool is_orphan(const Look *look, const InventoryPod *pod, unsigned before) {
        const PodsReport *report = look->inventory->report;

        if (pod->report || !pod->tree->is_populated)
                return false;
        return (before & MEMORY_ORPHAN) ||
               (evidence_is_final(report) && report->usec > look->inventory->tree->usec);
}

static void
flag(Look *look, const InventoryPod *pod, unsigned flags, MemoryFlag which, const char *reason) {
        if ((flags & which) && !(memory_get_flags(look->memory, pod->uid) & which))
                look->flags[look->n_flags++] = (LookFlag){ .pod = pod, .reason = reason };
}

static void flag_pod(Look *look, const InventoryPod *pod, bool is_left_out) {
        const unsigned before = memory_get_flags(look->memory, pod->uid);
        const unsigned flags = (is_orphan(look, pod, before) ? MEMORY_ORPHAN : 0) |
                               (is_left_out ? MEMORY_NOT_TAKEN : 0);
        MemoryPod *memory;

        if (flags == 0)
                return;
        memory = &look->pods[look->n_pods++];
        (void)snprintf(memory->uid, sizeof(memory->uid), "%s", pod->uid);
        memory->flags = flags;
        flag(look, pod, flags, MEMORY_ORPHAN,
             "its cgroup has processes, and neither the kubelet nor the runtime knows it");
        flag(look, pod, flags, MEMORY_NOT_TAKEN,
             "what it holds is not counted: the ledger has as many claims as it takes");
}

/* New items are in the order of the pods. */
int look_flag(Look *look) {
        const size_t n_pods = look->inventory->n_pods;
        size_t k = look->n_claims;

        look->pods = arena_alloc_array(look->arena, n_pods, sizeof(*look->pods));
        look->flags = arena_alloc_array(look->arena, 2 * n_pods, sizeof(*look->flags));
        if (!look->pods || !look->flags)
                return -ENOMEM;
        for (size_t i = 0; i < n_pods; ++i) {
                const InventoryPod *pod = &look->inventory->pods[i];
                const bool is_new = k < look->n_items && look->items[k].pod == pod;

                flag_pod(look, pod, is_new && look->items[k].is_replaced);
                k += is_new;
        }
        return 0;
}
