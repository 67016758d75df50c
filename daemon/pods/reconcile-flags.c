/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "pods/reconcile-look.h"

/*
 * What a look cannot do anything about
 *
 * It is said once of each pod, and again only when it has changed meanwhile.
 */

/* Those for which another claim goes, then the largest. */
static int compare_new(const void *a, const void *b) {
        const LookItem *left_item = *(LookItem *const *)a, *right_item = *(LookItem *const *)b;
        const LedgerClaim *left = left_item->now, *right = right_item->now;
        const uint64_t left_total = look_get_total(left), right_total = look_get_total(right);

        if (left_item->is_identified != right_item->is_identified)
                return right_item->is_identified - left_item->is_identified;
        return left_total != right_total ? (left_total < right_total ? 1 : -1)
                                         : strcmp(left->pod_uid, right->pod_uid);
}

static size_t count_places(const Look *look) {
        size_t n = 0;

        for (size_t i = 0; i < look->n_claims; ++i)
                n += look->items[i].before && !look->items[i].is_gone;
        return n < LEDGER_CLAIMS_MAX ? LEDGER_CLAIMS_MAX - n : 0;
}

int look_admit(Look *look) {
        LookItem **items = arena_alloc_array(look->arena, look->n_items, sizeof(LookItem *));
        const size_t n_places = count_places(look);
        size_t n_new = 0;

        if (!items)
                return -ENOMEM;
        for (size_t i = 0; i < look->n_items; ++i)
                if (!look->items[i].before)
                        items[n_new++] = &look->items[i];
        if (n_new <= n_places)
                return 0;
        qsort(items, n_new, sizeof(LookItem *), compare_new);
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
