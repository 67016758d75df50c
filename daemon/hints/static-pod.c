/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hints/refusal.h"
#include "hints/shares.h"
#include "hints/static-policy.h"

/*
 * Pods with pod-level resources: one set of NUMA nodes for the pod as a whole. The pod's claim
 * holds the bytes; its containers have claims within it, which say who may use what of it: those
 * whose requests equal their limits have bytes of their own, the others share the rest.
 *
 * Source: AllocatePod() in k8s.io/kubernetes pkg/kubelet/cm/memorymanager/policy_static.go, read at
 * 1.36.3.
 */

/* Bytes for each amount of the pod, in its order. */
typedef struct Pool {
        uint64_t bytes[STATIC_AMOUNTS_MAX];
} Pool;

static size_t find_amount(const PodAmounts *amounts, uint64_t page_bytes) {
        size_t i = 0;

        while (i < amounts->n_items && amounts->items[i].page_bytes != page_bytes)
                ++i;
        return i;
}

static void pool_add(Pool *pool, const PodAmounts *total, const PodAmounts *amounts) {
        for (size_t i = 0; i < amounts->n_items; ++i) {
                const size_t k = find_amount(total, amounts->items[i].page_bytes);

                if (k < total->n_items)
                        pool->bytes[k] =
                                bytes_add_saturated(pool->bytes[k], amounts->items[i].bytes);
        }
}

/* One of the pod's amounts that @used leaves nothing of; NULL: there is none. */
static const PodAmount *find_used_up(const PodAmounts *total, const Pool *used) {
        for (size_t i = 0; i < total->n_items; ++i)
                if (used->bytes[i] >= total->items[i].bytes)
                        return &total->items[i];
        return NULL;
}

static int refuse_shared(const Pod *pod, const char *who, const PodAmount *amount, Diag *reterr) {
        char resource[POD_RESOURCE_NAME_MAX];

        diag_set(reterr, NULL, 0, 0,
                 "pod '%s': containers with memory of their own use up all of the pod's %s, and "
                 "nothing is left for %s",
                 pod->name ? pod->name : "", pod_format_resource(amount->page_bytes, resource),
                 who);
        return HINTS_E_REFUSED;
}

/* Walks the containers in their order, because an init container meets only the sidecars that
 * started before it. */
int static_check_shared(const Pod *pod, Diag *reterr) {
        PodAmounts total, amounts;
        Pool lasting = {}; /* used for as long as the pod runs */
        bool has_sharing = false;
        int r;

        r = pod_get_amounts(pod, true, &total, reterr);
        for (size_t i = 0; r == 0 && i < pod->n_containers; ++i) {
                const PodContainer *container = &pod->containers[i];
                const bool is_passing = container->is_init && !container->is_restartable;
                const PodAmount *gone = find_used_up(&total, &lasting);

                r = pod_get_container_amounts(pod, container, true, &amounts, reterr);
                if (r)
                        break;
                if (is_passing && amounts.n_items == 0 && gone)
                        return refuse_shared(pod, "its init containers", gone, reterr);
                has_sharing |= !is_passing && amounts.n_items == 0;
                if (!is_passing)
                        pool_add(&lasting, &total, &amounts);
        }
        if (r)
                return r < 0 ? r : HINTS_E_REFUSED;
        if (has_sharing && find_used_up(&total, &lasting))
                return refuse_shared(pod, "the containers that share the rest",
                                     find_used_up(&total, &lasting), reterr);
        return 0;
}

/* The block of an amount, filled from the lowest NUMA node on, out of @free or out of what the pod
 * has. */
static int
add_block(Shares *shares, const StaticSets *sets, uint32_t set, size_t amount, uint64_t bytes) {
        const NodeSet nodes = static_sets_decode(sets, set);
        int r;

        r = shares_begin(shares, &nodes, sets->amounts.items[amount].page_bytes);
        for (uint32_t rest = set; r == 0 && bytes > 0 && rest; rest &= rest - 1) {
                const size_t place = (size_t)__builtin_ctz(rest);
                const uint64_t part = bytes_min(bytes, sets->free[place][amount]);

                r = shares_add(shares, sets->machine->nodes[place].id, part);
                bytes -= part;
        }
        return r;
}

typedef struct Division {
        const HintsContext *context;
        const HintsClaimant *claimant;
        const StaticSets *sets; /* of the pod's amounts */
        uint32_t set;
        Pool sidecars; /* taken by sidecars so far */
        Pool rest;     /* for the containers that share */
} Division;

/* @pool: of the pod's amounts; those of 0 bytes get no block. */
static int
put_share(const Division *division, const char *container, const Pool *pool, LedgerChange *change) {
        _cleanup_(shares_deinitp) Shares shares = {};
        LedgerClaim as = shares_describe(division->claimant, container);
        int r = 0;

        as.is_within_pod = container[0] != '\0';
        shares_init(&shares, division->context->ledger, NULL);
        for (size_t i = 0; r == 0 && i < division->sets->amounts.n_items; ++i)
                if (pool->bytes[i] > 0 || !as.is_within_pod)
                        r = add_block(&shares, division->sets, division->set, i, pool->bytes[i]);
        return r ? r : shares_put_claim(shares.blocks, shares.n_blocks, &as, change);
}

/* What a container has: its own, or (an init container) all that sidecars before it have left. */
static int divide_init(Division *division, const PodContainer *init, LedgerChange *change) {
        const PodAmounts *total = &division->sets->amounts;
        PodAmounts amounts;
        Pool pool = {};
        Diag diag;
        int r;

        r = pod_get_container_amounts(division->claimant->pod, init, true, &amounts, &diag);
        if (r)
                return error_fold(r); /* it was counted before */
        if (amounts.n_items == 0 && init->is_restartable)
                return 0; /* it shares */
        pool_add(&pool, total, &amounts);
        if (init->is_restartable)
                pool_add(&division->sidecars, total, &amounts);
        for (size_t i = 0; amounts.n_items == 0 && i < total->n_items; ++i)
                pool.bytes[i] =
                        bytes_sub_clamped(total->items[i].bytes, division->sidecars.bytes[i]);
        return put_share(division, init->name, &pool, change);
}

static int divide_app(Division *division, const PodContainer *container, LedgerChange *change) {
        PodAmounts amounts;
        Pool pool = {};
        Diag diag;
        int r;

        r = pod_get_container_amounts(division->claimant->pod, container, true, &amounts, &diag);
        if (r)
                return error_fold(r);
        if (amounts.n_items == 0)
                return 0;
        pool_add(&pool, &division->sets->amounts, &amounts);
        for (size_t i = 0; i < division->sets->amounts.n_items; ++i)
                division->rest.bytes[i] = bytes_sub_clamped(division->rest.bytes[i], pool.bytes[i]);
        return put_share(division, container->name, &pool, change);
}

static bool is_put(const LedgerChange *change, const char *container) {
        for (size_t i = 0; i < change->n_puts; ++i)
                if (strcmp(change->puts[i]->container, container) == 0)
                        return true;
        return false;
}

static int divide(Division *division, LedgerChange *change) {
        const PodAmounts *total = &division->sets->amounts;
        const Pod *pod = division->claimant->pod;
        Pool all = {};
        int r;

        for (size_t i = 0; i < total->n_items; ++i)
                all.bytes[i] = total->items[i].bytes;
        r = put_share(division, "", &all, change);
        for (size_t i = 0; r == 0 && i < pod->n_containers; ++i)
                if (pod->containers[i].is_init)
                        r = divide_init(division, &pod->containers[i], change);
        for (size_t i = 0; i < total->n_items; ++i)
                division->rest.bytes[i] =
                        bytes_sub_clamped(total->items[i].bytes, division->sidecars.bytes[i]);
        for (size_t i = 0; r == 0 && i < pod->n_containers; ++i)
                if (!pod->containers[i].is_init)
                        r = divide_app(division, &pod->containers[i], change);
        for (size_t i = 0; r == 0 && i < pod->n_containers; ++i)
                if (!is_put(change, pod->containers[i].name))
                        r = put_share(division, pod->containers[i].name, &division->rest, change);
        return r;
}

int static_allocate_pod(const HintsContext *context,
                        const HintsClaimant *claimant,
                        LedgerChange *ret,
                        Diag *reterr) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        Division division = { .context = context, .claimant = claimant };
        PodAmounts amounts;
        StaticSets sets;
        int r;

        r = static_sets_check(context->machine, reterr);
        if (r)
                return r;
        if (pod_get_qos(claimant->pod) != QOS_GUARANTEED)
                return HINTS_E_NONE;
        if (ledger_find(context->ledger, claimant->pod->uid, ""))
                return 0;
        r = pod_get_amounts(claimant->pod, context->with_pod_level, &amounts, reterr);
        if (r)
                return r < 0 ? r : HINTS_E_NONE; /* the kubelet logs it and lets the pod pass */
        r = static_check_shared(claimant->pod, reterr);
        if (r)
                return r;
        static_sets_init(&sets, context, NULL, NULL, &amounts);
        r = static_choose(&sets, claimant->affinity, &division.set, reterr);
        if (r)
                return r;
        division.sets = &sets;
        r = divide(&division, &change);
        if (r)
                return r;
        *ret = change;
        change = (LedgerChange){};
        return 0;
}
