/* SPDX-License-Identifier: Apache-2.0 */
#include "pods/reconcile-look.h"

/*
 * Claims of chunks that nobody has named
 *
 * The kubelet asks for chunks while it admits a pod, and may refuse the pod after that; nobody says
 * so. Its chunks go back to being nobody's when
 *
 *      a whole, settled report with the kubelet's word in it, which could know of the claim and
 *      came RECONCILE_UNSEEN_USEC after the claim was seen first, names nobody with any of them
 *      (of before a reboot: at once, since the kubelet has nothing under way then), or
 *      nobody was named for the time that a pending claim has,
 *
 * at two looks in a row, as everywhere. A kubelet that has a pod whose sandbox waits for a volume
 * names it all that time.
 */

static bool is_named(const Look *look, const LedgerClaim *claim) {
        for (size_t i = 0; i < claim->n_chunks; ++i) {
                const LookChunk *chunk = look_find_chunk(look, claim->chunks[i]);

                if (chunk && chunk->is_readable)
                        return true;
        }
        return false;
}

static uint64_t get_age(const Look *look, const LedgerClaim *claim, uint64_t usec) {
        const MemoryClaim *memory =
                memory_find_claim(look->memory, claim->pod_uid, claim->container);

        return memory && memory->is_waiting ? bytes_sub_clamped(usec, memory->since_usec) : 0;
}

const char *look_judge_unseen(const Look *look, const LookItem *item) {
        const LedgerClaim *claim = item_get(item);
        const PodsReport *report = look->inventory->report;

        if (look_could_know(look, item)) {
                if (is_named(look, claim))
                        return NULL;
                if (evidence_is_final(report) && pods_report_has(report, "pod-resources") &&
                    (claim->state == CLAIM_UNCONFIRMED ||
                     get_age(look, claim, report->usec) >= RECONCILE_UNSEEN_USEC))
                        return "the kubelet names nobody with its chunks";
        }
        return get_age(look, claim, look->params->now_usec) >= look->params->pending_timeout_usec
                       ? "nobody was named with its chunks in time"
                       : NULL;
}
