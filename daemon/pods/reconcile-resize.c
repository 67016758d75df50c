/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pods/reconcile-look.h"

/*
 * Resize in place
 *
 * The kubelet has admitted another request for a container that runs: its claim follows, room or
 * no room, and without moving anything: it shrinks from its last NUMA node on, and grows on its own
 * NUMA nodes by what is free there.
 *
 * Not every difference is a resize. While init containers run they share their bytes with those
 * that come after them, and their claims are smaller than what they have asked for; so a pod is
 * left alone until all of its containers have started, and one that has exited altogether. What an
 * annotation has split is not what was requested, and was said by somebody else than the kubelet.
 */

static bool has_started(const ReportPod *pod) {
        for (size_t i = 0; i < pod->n_containers; ++i)
                if (pod->containers[i].state == REPORT_NOT_STARTED)
                        return false;
        return true;
}

static bool is_annotated(const ReportPod *pod, const char *container) {
        return report_find_annotation(pod, SPLIT_ANNOTATION_CONTAINER, container) ||
               report_find_annotation(pod, SPLIT_ANNOTATION_POD, "");
}

static bool is_plain(const LedgerClaim *claim) {
        return claim->split.local.max == 0 && claim->split.remote.max == 0;
}

static bool is_resizable(const Look *look, const LookItem *item) {
        const LedgerClaim *claim = item_get(item);
        const PodsReport *report = look->inventory->report;

        if (item->is_gone || item->missed || !claim->container[0] || claim->is_within_pod ||
            claim->state != CLAIM_ACTIVE || !item->pod || !item->pod->report ||
            (claim->source != CLAIM_SOURCE_MEMORY_MANAGER &&
             claim->source != CLAIM_SOURCE_DEVICE_PLUGIN))
                return false;
        if (!report->is_settled || !look_could_know(look, item) || !has_started(item->pod->report))
                return false;
        /* the runtime is who tells annotations */
        return is_plain(claim) || (pods_report_has(report, "runtime") &&
                                   !is_annotated(item->pod->report, claim->container));
}

/* Plain memory that may change: what was promised on remote NUMA nodes stays what it is. */
static bool is_flexible(const Look *look, const LedgerClaim *claim, const LedgerBlock *block) {
        return block->page_bytes == 0 &&
               !(claim->split.remote.min > 0 &&
                 nodeset_is_subset(&block->nodes, &look->params->place.remote));
}

static int shrink(Look *look, LookItem *item, uint64_t bytes) {
        for (size_t i = item->now->n_blocks; bytes > 0 && i-- > 0;) {
                LedgerPart *parts;
                int r;

                if (!is_flexible(look, item->now, &item->now->blocks[i]))
                        continue;
                r = look_open_block(look, item, i, &parts);
                if (r)
                        return r;
                for (size_t k = item->now->blocks[i].n_parts; k-- > 0;) {
                        const uint64_t taken = bytes_min(bytes, parts[k].bytes);

                        parts[k].bytes -= taken;
                        bytes -= taken;
                }
                look_close_block(item, i);
        }
        return 0;
}

static uint64_t get_free(const ReconcileParams *params, unsigned node) {
        return bytes_sub_clamped(ledger_room_get(&params->place.room, node, 0),
                                 ledger_get_claimed(params->ledger, node, 0));
}

/* What is free nowhere is on the first one all the same: it was admitted. */
static int grow(Look *look, LookItem *item, size_t i, uint64_t bytes) {
        LedgerPart *parts;
        const int r = look_open_block(look, item, i, &parts);

        if (r)
                return r;
        for (size_t k = 0; k < item->now->blocks[i].n_parts; ++k) {
                const uint64_t added = bytes_min(bytes, get_free(look->params, parts[k].node));

                parts[k].bytes += added;
                bytes -= added;
        }
        parts[0].bytes += bytes;
        look_close_block(item, i);
        return 0;
}

static size_t find_flexible(const Look *look, const LedgerClaim *claim) {
        size_t i = 0;

        while (i < claim->n_blocks && !is_flexible(look, claim, &claim->blocks[i]))
                ++i;
        return i;
}

static uint64_t sum_flexible(const Look *look, const LedgerClaim *claim) {
        uint64_t sum = 0;

        for (size_t i = 0; i < claim->n_blocks; ++i)
                if (is_flexible(look, claim, &claim->blocks[i]))
                        sum = bytes_add_saturated(sum, claim->blocks[i].bytes);
        return sum;
}

static int resize(Look *look, LookItem *item, uint64_t request, uint64_t wanted) {
        const bool is_split = !is_plain(item_get(item));
        const uint64_t before = ledger_claim_get_bytes(item_get(item), 0);
        const size_t first = find_flexible(look, item_get(item));
        char texts[2][BYTES_TEXT_MAX];
        SplitRange *local;
        int r;

        if (first == item_get(item)->n_blocks ||
            (wanted < before && sum_flexible(look, item_get(item)) == 0))
                return 0;
        r = look_edit(look, item);
        if (r == 0)
                r = wanted < before ? shrink(look, item, before - wanted)
                                    : grow(look, item, first, wanted - before);
        if (r)
                return r;
        local = &item->now->split.local;
        if (is_split) {
                local->min = bytes_sub_clamped(request, item->now->split.remote.min);
                local->max = local->max < local->min ? local->min : local->max;
        }
        return look_note(look, item, RECONCILE_RESIZED,
                         arena_printf(look->arena, "from %s to %s, as the kubelet has admitted",
                                      bytes_format(before, texts[0]),
                                      bytes_format(wanted, texts[1])));
}

static int follow(Look *look, LookItem *item) {
        const LedgerClaim *claim = item_get(item);
        const ReportContainer *container = report_pod_find(item->pod->report, claim->container);
        uint64_t request, wanted;

        if (!container || container->state != REPORT_RUNNING || container->request_bytes.value == 0)
                return 0;
        request = container->request_bytes.value;
        wanted = request < claim->split.remote.min ? claim->split.remote.min : request;
        if (wanted > LEDGER_PART_MAX || wanted == ledger_claim_get_bytes(claim, 0))
                return 0;
        return resize(look, item, request, wanted);
}

int look_resize(Look *look) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < look->n_claims; ++i)
                if (is_resizable(look, &look->items[i]))
                        r = follow(look, &look->items[i]);
        return r;
}
