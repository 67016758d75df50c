/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ledger/claim.h"

/*
 * A change is small (a container, its pod, init containers that give bytes away), so its lists grow
 * one by one and are searched from the start. A key is put once: the later put takes the place of
 * the earlier.
 */

int ledger_change_put(LedgerChange *change, LedgerClaim *claim) {
        LedgerClaim **puts;

        for (size_t i = 0; i < change->n_puts; ++i)
                if (claim_compare_keys(change->puts[i], claim) == 0) {
                        ledger_claim_free(change->puts[i]);
                        change->puts[i] = claim;
                        return 0;
                }
        puts = change->n_puts < LEDGER_CHANGE_MAX
                       ? reallocarray(change->puts, change->n_puts + 1, sizeof(LedgerClaim *))
                       : NULL;
        if (!puts) {
                ledger_claim_free(claim);
                return change->n_puts < LEDGER_CHANGE_MAX ? -ENOMEM : -E2BIG;
        }
        change->puts = puts;
        change->puts[change->n_puts++] = claim;
        return 0;
}

int ledger_change_drop(LedgerChange *change, const char *pod_uid, const char *container) {
        LedgerKey *drops;

        if (change->n_drops == LEDGER_CHANGE_MAX)
                return -E2BIG;
        drops = reallocarray(change->drops, change->n_drops + 1, sizeof(LedgerKey));
        if (!drops)
                return -ENOMEM;
        change->drops = drops;
        (void)snprintf(drops[change->n_drops].pod_uid, POD_UID_MAX, "%s", pod_uid);
        (void)snprintf(drops[change->n_drops].container, POD_NAME_MAX, "%s", container);
        ++change->n_drops;
        return 0;
}

bool ledger_change_has(const LedgerChange *change, const LedgerClaim *claim) {
        for (size_t i = 0; i < change->n_puts; ++i)
                if (claim_compare_keys(change->puts[i], claim) == 0)
                        return true;
        for (size_t i = 0; i < change->n_drops; ++i)
                if (strcmp(change->drops[i].container, claim->container) == 0 &&
                    strcmp(change->drops[i].pod_uid, claim->pod_uid) == 0)
                        return true;
        return false;
}

void ledger_change_deinit(LedgerChange *change) {
        for (size_t i = 0; i < change->n_puts; ++i)
                ledger_claim_free(change->puts[i]);
        free(change->puts);
        free(change->drops);
        *change = (LedgerChange){};
}
