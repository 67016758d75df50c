/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "ledger/checkpoint.h"
#include "ledger/claim.h"
#include "ledger/lifecycle.h"

/*
 * What the kubelet has written down against what the ledger has. Where both speak of the same
 * container the ledger wins, unless it only repeats an earlier checkpoint. What others have added
 * to such a claim (names, the runtime's id, its state) stays; blocks follow the checkpoint.
 *
 * A pod's bytes may be in one claim of the whole pod or in claims of its containers, and the two
 * sides may have chosen differently. The ledger's choice wins there, too.
 *
 * What slugd has only observed of a pod is nobody's choice: it makes way for what was promised.
 */

static bool is_of_others(const LedgerClaim *claim) {
        return claim && claim->source != CLAIM_SOURCE_CHECKPOINT &&
               !ledger_claim_is_observed(claim);
}

static bool is_pod_claimed(const Ledger *ledger, const char *uid) {
        return is_of_others(ledger_find(ledger, uid, ""));
}

/* Whether somebody else holds bytes for a container of the pod by itself. */
static bool is_pod_divided(const Ledger *ledger, const char *uid) {
        for (const LedgerClaim *claim = ledger_next_of_pod(ledger, uid, NULL); claim;
             claim = ledger_next_of_pod(ledger, uid, claim))
                if (is_of_others(claim) && claim->container[0] && !claim->is_within_pod &&
                    claim->n_blocks > 0)
                        return true;
        return false;
}

static bool is_within(const Ledger *ledger, const LedgerClaim *claim) {
        if (!claim->container[0])
                return false;
        return is_pod_claimed(ledger, claim->pod_uid) ||
               (claim->is_within_pod && !is_pod_divided(ledger, claim->pod_uid));
}

static bool is_wanted(const Ledger *ledger, const LedgerClaim *claim) {
        return claim->container[0] || !is_pod_divided(ledger, claim->pod_uid);
}

/* The claim as it is to be, but for its blocks. The checkpoint knows a pod by its uid alone. */
static LedgerClaim get_base(const LedgerClaim *before, const LedgerClaim *claim) {
        LedgerClaim base = *claim;

        if (!before)
                return base;
        if (!ledger_claim_is_observed(before))
                return *before;
        base.namespace_name = before->namespace_name;
        base.pod = before->pod;
        return base;
}

static int plan_put(const Ledger *ledger, const LedgerClaim *claim, LedgerChange *change) {
        _cleanup_(ledger_claim_freep) LedgerClaim *now = NULL;
        const LedgerClaim *before = ledger_find(ledger, claim->pod_uid, claim->container);
        LedgerClaim copy = get_base(before, claim);
        int r;

        if (is_of_others(before) || !is_wanted(ledger, claim))
                return 0;
        copy.blocks = claim->blocks;
        copy.n_blocks = claim->n_blocks;
        copy.is_within_pod = is_within(ledger, claim);
        r = ledger_claim_new(&copy, &now);
        if (r)
                return r;
        if (before && ledger_claim_is_equal(before, now))
                return 0;
        return ledger_change_put(change, TAKE_PTR(now));
}

static int compare(const void *key, const void *item) {
        return claim_compare_keys(key, *(LedgerClaim *const *)item);
}

static const LedgerClaim *find(const Checkpoint *checkpoint, const LedgerClaim *key) {
        LedgerClaim **found = checkpoint->n_claims > 0
                                      ? bsearch(key, checkpoint->claims, checkpoint->n_claims,
                                                sizeof(*found), compare)
                                      : NULL;

        return found ? *found : NULL;
}

static int plan_drop(const Checkpoint *checkpoint,
                     const Ledger *ledger,
                     const LedgerClaim *claim,
                     LedgerChange *change) {
        const LedgerClaim *still;

        if (claim->source != CLAIM_SOURCE_CHECKPOINT)
                return 0;
        still = find(checkpoint, claim);
        if (still && is_wanted(ledger, still))
                return 0;
        return ledger_change_drop(change, claim->pod_uid, claim->container);
}

int checkpoint_plan(const Checkpoint *checkpoint, const Ledger *ledger, LedgerChange *ret) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        int r = 0;

        for (size_t i = 0;
             r == 0 && i < checkpoint->n_claims && change.n_puts < CHECKPOINT_PLAN_MAX; ++i)
                r = plan_put(ledger, checkpoint->claims[i], &change);
        for (const LedgerClaim *claim = ledger_next(ledger, NULL);
             r == 0 && claim && change.n_drops < CHECKPOINT_PLAN_MAX;
             claim = ledger_next(ledger, claim))
                r = plan_drop(checkpoint, ledger, claim, &change);
        if (r == 0)
                r = lifecycle_yield(ledger, &change);
        if (r)
                return error_fold(r);
        *ret = change;
        change = (LedgerChange){};
        return 0;
}
