/* SPDX-License-Identifier: Apache-2.0 */
#include "pods/reconcile-look.h"

/*
 * Claims of chunks that nobody has named
 *
 * The kubelet asks for chunks while it admits a pod, and may refuse the pod after that; nobody says
 * so. Its chunks go back to being nobody's when
 *
 *      a whole, settled report with the kubelet's word in it, which could know of the claim and
 *      came RECONCILE_UNSEEN_USEC after the claim was made, names nobody with any of them
 *      (of before a reboot: at once, since the kubelet has nothing under way then), or
 *      nobody was named for the time that a pending claim has,
 *
 * at two looks in a row, as everywhere. A kubelet that has a pod whose sandbox waits for a volume
 * names it all that time.
 *
 * The first begins when the claim was made, by whichever slugd: one that is killed may have lost
 * that the claim found its container, which may have left since, and slugds that end soon, one
 * after the other, must not keep the chunks. The second has no evidence, and begins with this
 * slugd: whoever could name the claim has to be heard first.
 */

static bool is_named(const Look *look, const LedgerClaim *claim) {
        for (size_t i = 0; i < claim->n_chunks; ++i) {
                const LookChunk *chunk = look_find_chunk(look, claim->chunks[i]);

                if (chunk && chunk->is_readable)
                        return true;
        }
        return false;
}

static const MemoryClaim *find_waiting(const Look *look, const LedgerClaim *claim) {
        const MemoryClaim *memory =
                memory_find_claim(look->memory, claim->pod_uid, claim->container);

        return memory && memory->is_waiting ? memory : NULL;
}

/* How old it was at @usec. */
static uint64_t get_age(const MemoryClaim *memory, uint64_t usec) {
        return bytes_sub_clamped(bytes_add_saturated(usec, memory->age_usec), memory->since_usec);
}

static bool is_old_enough(const Look *look, const LedgerClaim *claim) {
        const MemoryClaim *memory = find_waiting(look, claim);

        return claim->state == CLAIM_UNCONFIRMED ||
               (memory && get_age(memory, look->inventory->report->usec) >= RECONCILE_UNSEEN_USEC);
}

static bool has_timed_out(const Look *look, const LedgerClaim *claim) {
        const MemoryClaim *memory = find_waiting(look, claim);

        return memory && bytes_sub_clamped(look->params->now_usec, memory->since_usec) >=
                                 look->params->pending_timeout_usec;
}

const char *look_judge_unseen(const Look *look, const LookItem *item) {
        const LedgerClaim *claim = item_get(item);
        const PodsReport *report = look->inventory->report;

        if (look_could_know(look, item)) {
                if (is_named(look, claim))
                        return NULL;
                if (evidence_is_final(report) && pods_report_has(report, "pod-resources") &&
                    is_old_enough(look, claim))
                        return "the kubelet names nobody with its chunks";
        }
        return has_timed_out(look, claim) ? "nobody was named with its chunks in time" : NULL;
}
