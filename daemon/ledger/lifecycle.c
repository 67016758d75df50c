/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/lifecycle.h"

#include <errno.h>
#include <string.h>

/*
 * The rules are the kubelet's: AddContainer(), RemoveContainer() and removeStaleState().
 *
 * Source: k8s.io/kubernetes pkg/kubelet/cm/memorymanager/memory_manager.go, read at 1.36.3.
 */

static bool is_dropped(const LedgerChange *change, const LedgerClaim *claim) {
        for (size_t i = 0; i < change->n_drops; ++i)
                if (strcmp(change->drops[i].pod_uid, claim->pod_uid) == 0 &&
                    strcmp(change->drops[i].container, claim->container) == 0)
                        return true;
        return false;
}

/* The pod's own claim, when all shares of it go with this change, or are gone. */
static int drop_whole(const Ledger *ledger, const char *pod_uid, LedgerChange *change) {
        const LedgerClaim *whole = ledger_find(ledger, pod_uid, "");

        if (!whole || ledger_claim_is_observed(whole) || is_dropped(change, whole))
                return 0;
        for (const LedgerClaim *claim = ledger_next_of_pod(ledger, pod_uid, NULL); claim;
             claim = ledger_next_of_pod(ledger, pod_uid, claim))
                if (claim->is_within_pod && !is_dropped(change, claim))
                        return 0;
        return ledger_change_drop(change, pod_uid, "");
}

static int drop(const Ledger *ledger, const LedgerClaim *claim, LedgerChange *change) {
        int r;

        if (ledger_claim_is_observed(claim) || is_dropped(change, claim))
                return 0;
        r = ledger_change_drop(change, claim->pod_uid, claim->container);
        if (r == 0 && claim->is_within_pod)
                r = drop_whole(ledger, claim->pod_uid, change);
        return r;
}

static int give(LedgerChange *change, int r, LedgerChange *ret) {
        if (r) {
                ledger_change_deinit(change);
                return r;
        }
        *ret = *change;
        return 0;
}

int lifecycle_release(const Ledger *ledger,
                      const char *pod_uid,
                      const char *container,
                      LedgerChange *ret) {
        LedgerChange change = {};
        const LedgerClaim *claim;
        int r = 0;

        if (container) {
                claim = ledger_find(ledger, pod_uid, container);
                r = claim ? drop(ledger, claim, &change) : 0;
                return give(&change, r, ret);
        }
        for (claim = ledger_next_of_pod(ledger, pod_uid, NULL); r == 0 && claim;
             claim = ledger_next_of_pod(ledger, pod_uid, claim))
                r = drop(ledger, claim, &change);
        return give(&change, r, ret);
}

/* The claim again, with something else of it; the fields are borrowed until then. */
static int put_copy(const LedgerClaim *copy, LedgerChange *change) {
        LedgerClaim *claim;
        const int r = ledger_claim_new(copy, &claim);

        return r ? r : ledger_change_put(change, claim);
}

/* Init containers come first, so that the first other one ends the search. */
const LedgerClaim *lifecycle_next_init(const Ledger *ledger,
                                       const Pod *pod,
                                       const PodContainer *before,
                                       size_t *place) {
        const LedgerClaim *claim = NULL;

        for (; !claim && *place < pod->n_containers; ++*place) {
                const PodContainer *init = &pod->containers[*place];

                if (!init->is_init || init == before)
                        break;
                if (!init->is_restartable)
                        claim = ledger_find(ledger, pod->uid, init->name);
        }
        return claim;
}

int lifecycle_start(const Ledger *ledger,
                    const Pod *pod,
                    const PodContainer *container,
                    const char *container_id,
                    LedgerChange *ret) {
        const LedgerClaim *claim = ledger_find(ledger, pod->uid, container->name);
        const LedgerClaim *done;
        LedgerChange change = {};
        size_t place = 0;
        int r = 0;

        while (r == 0 && (done = lifecycle_next_init(ledger, pod, container, &place)))
                r = drop(ledger, done, &change);
        if (r == 0 && claim) {
                LedgerClaim copy = *claim;

                copy.state = CLAIM_ACTIVE;
                copy.container_id = container_id;
                copy.reason = "";
                r = put_copy(&copy, &change);
        }
        return give(&change, r, ret);
}

int lifecycle_confirm(const LedgerClaim *claim, LedgerChange *ret) {
        LedgerChange change = {};
        LedgerClaim copy = *claim;

        copy.state = CLAIM_PENDING;
        copy.reason = "";
        return give(&change, put_copy(&copy, &change), ret);
}

static bool can_be_stale(const LedgerClaim *claim) {
        return (claim->source == CLAIM_SOURCE_MEMORY_MANAGER ||
                claim->source == CLAIM_SOURCE_CHECKPOINT) &&
               (claim->state == CLAIM_PENDING || claim->state == CLAIM_ACTIVE ||
                claim->state == CLAIM_UNCONFIRMED);
}

int lifecycle_drop_stale(const Ledger *ledger,
                         LifecycleIsActive is_active,
                         void *userdata,
                         LedgerChange *ret) {
        LedgerChange change = {};
        int r = 0;

        for (const LedgerClaim *claim = ledger_next(ledger, NULL); r == 0 && claim;
             claim = ledger_next(ledger, claim))
                if (claim->container[0] && can_be_stale(claim) &&
                    !is_active(claim->pod_uid, claim->container, userdata))
                        r = drop(ledger, claim, &change);
        /* what does not fit into one change is stale after it, too */
        return give(&change, r == -E2BIG ? 0 : r, ret);
}
