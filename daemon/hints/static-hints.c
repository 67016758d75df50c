/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "hints/refusal.h"
#include "hints/static-policy.h"

/*
 * What the Static policy answers the topology manager. A container or pod that holds memory gets
 * what it holds, and nothing (nil) when that is no longer what it asks for. Everybody else gets the
 * sets that hold the request; the narrowest that the machine allows are preferred.
 *
 * Source: k8s.io/kubernetes pkg/kubelet/cm/memorymanager/policy_static.go, read at 1.36.3.
 */

/* Sets that fit, in the order in which they were seen. */
typedef struct Collected {
        uint16_t sets[1u << HINTS_KUBELET_NODES_MAX];
        size_t n_sets;
        unsigned narrowest; /* of sets that hold it on an empty machine; 0: none was seen yet */
} Collected;
_Static_assert(HINTS_KUBELET_NODES_MAX <= 16, "a set fits into 16 bits");

static void collect(uint32_t set, StaticVerdict verdict, void *userdata) {
        Collected *collected = userdata;

        /* narrow sets come first */
        if (verdict != STATIC_TOO_SMALL && collected->narrowest == 0)
                collected->narrowest = (unsigned)__builtin_popcount(set);
        if (verdict == STATIC_FITS)
                collected->sets[collected->n_sets++] = (uint16_t)set;
}

/* @hint: zeroed; hundreds of sets are quicker filled in than copied */
static void fill_hint(const HintsMachine *machine, uint32_t set, unsigned narrowest, Hint *hint) {
        unsigned width = 0;

        for (; set; set &= set - 1, ++width)
                nodeset_add(&hint->nodes, machine->nodes[__builtin_ctz(set)].id);
        hint->is_preferred = width == narrowest;
}

/* One list for each amount; all of them have the same hints. */
static void share_hints(HintsAnswer *answer, const PodAmounts *amounts, size_t n_hints) {
        for (size_t i = 0; n_hints > 0 && i < amounts->n_items; ++i)
                answer->lists[answer->n_lists++] = (HintList){
                        .page_bytes = amounts->items[i].page_bytes,
                        .hints = answer->hints,
                        .n_hints = n_hints,
                };
}

static int calculate(const StaticSets *sets, HintsAnswer *ret) {
        Collected collected = {};
        Hint *hints;

        static_sets_visit(sets, collect, &collected);
        hints = calloc(collected.n_sets + 1, sizeof(*hints));
        if (!hints)
                return -ENOMEM;
        for (size_t i = 0; i < collected.n_sets; ++i)
                fill_hint(sets->machine, collected.sets[i], collected.narrowest, &hints[i]);
        *ret = (HintsAnswer){ .has_opinion = true, .hints = hints };
        share_hints(ret, &sets->amounts, collected.n_sets);
        if (collected.n_sets == 0)
                refusal_tell_static(sets, &ret->lack);
        return 0;
}

static const LedgerBlock *find_block(const LedgerClaim *claim, const PodAmount *amount) {
        for (size_t i = 0; i < claim->n_blocks; ++i)
                if (claim->blocks[i].page_bytes == amount->page_bytes)
                        return claim->blocks[i].bytes == amount->bytes ? &claim->blocks[i] : NULL;
        return NULL;
}

/* What it holds, if that is what it asks for. */
static int regenerate(const LedgerClaim *claim, const PodAmounts *amounts, HintsAnswer *ret) {
        _cleanup_(hints_answer_deinitp) HintsAnswer answer = { .has_opinion = true };

        if (claim->n_blocks != amounts->n_items) {
                *ret = (HintsAnswer){};
                return 0;
        }
        answer.hints = calloc(amounts->n_items + 1, sizeof(*answer.hints));
        if (!answer.hints)
                return -ENOMEM;
        for (size_t i = 0; i < amounts->n_items; ++i) {
                const LedgerBlock *block = find_block(claim, &amounts->items[i]);

                if (!block) {
                        *ret = (HintsAnswer){};
                        return 0;
                }
                answer.hints[i] = (Hint){ .nodes = block->nodes, .is_preferred = true };
                answer.lists[answer.n_lists++] = (HintList){
                        .page_bytes = block->page_bytes,
                        .hints = &answer.hints[i],
                        .n_hints = 1,
                };
        }
        *ret = answer;
        answer = (HintsAnswer){};
        return 0;
}

/* The kubelet has nothing to say about these. */
static bool is_ignored(const HintsContext *context, const Pod *pod) {
        return pod_get_qos(pod) != QOS_GUARANTEED ||
               (!context->with_pod_level && pod_has_resources(pod));
}

int static_hint_container(const HintsContext *context,
                          const Pod *pod,
                          const PodContainer *container,
                          HintsAnswer *ret,
                          Diag *reterr) {
        const LedgerClaim *claim;
        PodAmounts amounts;
        StaticSets sets;
        int r;

        r = static_sets_check(context->machine, reterr);
        if (r)
                return r;
        *ret = (HintsAnswer){};
        /* Amounts that cannot be counted are no opinion, too: the kubelet logs them. */
        if (is_ignored(context, pod) ||
            pod_get_container_amounts(pod, container, context->with_pod_level, &amounts, reterr))
                return 0;
        claim = ledger_find(context->ledger, pod->uid, container->name);
        if (claim)
                return regenerate(claim, &amounts, ret);
        static_sets_init(&sets, context, pod, container, &amounts);
        return calculate(&sets, ret);
}

/* An answer that forbids: every kind of page has a list, and no list has hints. */
static int forbid(const PodAmounts *amounts, const Diag *why, HintsAnswer *ret) {
        *ret = (HintsAnswer){ .has_opinion = true, .lack = *why };
        for (size_t i = 0; i < amounts->n_items; ++i)
                ret->lists[ret->n_lists++] =
                        (HintList){ .page_bytes = amounts->items[i].page_bytes };
        return 0;
}

static const LedgerClaim *find_claim_of_pod(const Ledger *ledger, const Pod *pod) {
        const LedgerClaim *claim = NULL;

        for (size_t i = 0; !claim && i < pod->n_containers; ++i)
                claim = ledger_find(ledger, pod->uid, pod->containers[i].name);
        return claim;
}

int static_hint_pod(const HintsContext *context, const Pod *pod, HintsAnswer *ret, Diag *reterr) {
        const LedgerClaim *claim;
        PodAmounts amounts;
        StaticSets sets;
        int r;

        r = static_sets_check(context->machine, reterr);
        if (r)
                return r;
        *ret = (HintsAnswer){};
        if (is_ignored(context, pod) ||
            pod_get_amounts(pod, context->with_pod_level, &amounts, reterr))
                return 0;
        if (context->with_pod_level && pod_has_resources(pod)) {
                Diag why = {};

                r = static_check_shared(pod, &why);
                if (r < 0)
                        return r;
                if (r)
                        return forbid(&amounts, &why, ret);
        }
        if (amounts.n_items == 0)
                return 0;
        claim = find_claim_of_pod(context->ledger, pod);
        if (claim)
                return regenerate(claim, &amounts, ret);
        static_sets_init(&sets, context, pod, NULL, &amounts);
        return calculate(&sets, ret);
}

int static_hint_amounts(const HintsContext *context,
                        const PodAmounts *amounts,
                        HintsAnswer *ret,
                        Diag *reterr) {
        StaticSets sets;
        int r;

        r = static_sets_check(context->machine, reterr);
        if (r)
                return r;
        static_sets_init(&sets, context, NULL, NULL, amounts);
        return calculate(&sets, ret);
}
