/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "pods/reconcile-look.h"

/*
 * What chunks are a part of
 *
 * A claim of chunks has the whole request of its container: the chunks where they are, and the rest
 * on local NUMA nodes, once the request is known. Until then what the container holds besides is
 * observed (size.c). What follows is a resize, and reconcile-resize.c's, but for the ceiling of the
 * local part, which is the memory limit's.
 *
 * Chunks that are more than the memory limit, or that have none to be a part of, cannot be met as
 * they were asked for: the claim is invalid and says why. It keeps its bytes, since its container
 * has them, and is what it was when a later report says otherwise.
 *
 * An annotation refines the split as it does for everybody (split.h). The pod's counts when the pod
 * has one container that is known. One that does not fit is told in the same way, and the split is
 * that of the request alone.
 */

typedef struct Fit {
        Look *look;
        LookItem *item;
        const ReportContainer *container;
        LookBytes chunks;
        SplitRequest request;
        bool has_request;
        SplitText annotation;
        Split split;
        Diag problem; /* text "": there is none */
        bool has_split;
} Fit;

/* Whether it can be fitted */

static bool are_readable(const LedgerClaim *claim) {
        ChunkId id;

        for (size_t i = 0; i < claim->n_chunks; ++i)
                if (!chunk_id_parse(claim->chunks[i], &id))
                        return false;
        return claim->n_chunks > 0;
}

static bool has_state(const LedgerClaim *claim) {
        return claim->state == CLAIM_PENDING || claim->state == CLAIM_ACTIVE ||
               claim->state == CLAIM_INVALID || claim->state == CLAIM_UNCONFIRMED;
}

static bool is_fitted(const LookItem *item) {
        const LedgerClaim *claim = item_get(item);

        return claim->source == CLAIM_SOURCE_DEVICE_PLUGIN && !item->is_gone && has_state(claim) &&
               item->pod && item->pod->report && are_readable(claim);
}

/* After a reboot */

/* The kubelet has taken its pods up again, and has given it these chunks. */
static bool is_confirmed(const Look *look, const LookItem *item) {
        const LedgerClaim *claim = item_get(item);
        const LookChunk *chunk = look_find_chunk(look, claim->chunks[0]);

        return claim->state == CLAIM_UNCONFIRMED && item->pod->report->is_listed &&
               look_could_know(look, item) && chunk && chunk->pod == item->pod &&
               strcmp(chunk->container->name, claim->container) == 0;
}

static int confirm(Look *look, LookItem *item) {
        int r;

        if (!is_confirmed(look, item))
                return 0;
        r = look_edit(look, item);
        if (r)
                return r;
        item->now->state = CLAIM_PENDING;
        item->now->reason = "";
        return look_note(look, item, RECONCILE_MATCHED, "the kubelet names it with its chunks");
}

/* What was asked for */

static bool read_annotation(Fit *fit) {
        const ReportPod *pod = fit->item->pod->report;
        const PodAnnotation *found =
                report_find_annotation(pod, SPLIT_ANNOTATION_CONTAINER, fit->container->name);

        if (!found && pod->n_containers == 1)
                found = report_find_annotation(pod, SPLIT_ANNOTATION_POD, "");
        if (!found || split_parse(found->name, found->value, strlen(found->value), &fit->annotation,
                                  &fit->problem) != 0)
                return false;
        fit->request.annotation = &fit->annotation;
        return true;
}

/* A resize may have reached the request and not the limit yet: that is no contradiction. */
static void read_request(Fit *fit) {
        const ReportContainer *container = fit->container;
        const OptU64 limit = container->limit_bytes.present ? container->limit_bytes
                                                            : fit->item->pod->report->limit_bytes;
        SplitRequest *request = &fit->request;

        request->limit_bytes = limit.present ? limit.value : SPLIT_UNLIMITED;
        request->request_bytes = bytes_min(container->request_bytes.value, request->limit_bytes);
        fit->has_request = container->request_bytes.present;
}

static void read_chunks(Fit *fit) {
        const LedgerClaim *claim = item_get(fit->item);
        bool is_uniform = true;
        ChunkId first = {}, id;

        for (size_t i = 0; i < claim->n_chunks; ++i) {
                if (!chunk_id_parse(claim->chunks[i], &id))
                        continue;
                look_bytes_add(&fit->chunks, id.node, id.resource.bytes);
                first = i == 0 ? id : first;
                is_uniform = is_uniform && id.resource.bytes == first.resource.bytes;
        }
        fit->request.n_chunks = is_uniform ? claim->n_chunks : 1;
        fit->request.chunk_bytes = is_uniform ? first.resource.bytes : look_bytes_sum(&fit->chunks);
}

static void resolve(Fit *fit) {
        Diag ignored;

        read_request(fit);
        read_chunks(fit);
        (void)read_annotation(fit);
        if (fit->problem.text[0] == '\0')
                fit->has_split = split_resolve(&fit->request, &fit->split, &fit->problem) == 0;
        if (fit->has_split)
                return;
        fit->request.annotation = NULL;
        fit->has_split = split_resolve(&fit->request, &fit->split, &ignored) == 0;
        if (!fit->has_split)
                fit->problem = ignored;
}

/* State */

static const char *copy_problem(const Fit *fit) {
        return arena_printf(fit->look->arena, "%.*s", (int)LEDGER_REASON_MAX - 1,
                            fit->problem.text);
}

static int set_invalid(const Fit *fit) {
        const LedgerClaim *claim = item_get(fit->item);
        const char *reason = copy_problem(fit);
        int r;

        if (!reason)
                return -ENOMEM;
        if (claim->state == CLAIM_INVALID && strcmp(claim->reason, reason) == 0)
                return 0;
        r = look_edit(fit->look, fit->item);
        if (r)
                return r;
        fit->item->now->state = CLAIM_INVALID;
        fit->item->now->reason = reason;
        return look_note(fit->look, fit->item, RECONCILE_FLAGGED, reason);
}

static int set_valid(const Fit *fit) {
        const ReportContainer *running =
                look_find_running(fit->item->pod->report, fit->container->name);
        int r;

        if (item_get(fit->item)->state != CLAIM_INVALID)
                return 0;
        r = look_edit(fit->look, fit->item);
        if (r)
                return r;
        fit->item->now->state = running ? CLAIM_ACTIVE : CLAIM_PENDING;
        fit->item->now->container_id = running ? running->id : "";
        fit->item->now->reason = "";
        return look_note(fit->look, fit->item, RECONCILE_MATCHED, "it can be met now");
}

/* Split and local part */

static bool is_open(const LedgerClaim *claim) {
        return claim->split.local.min == 0;
}

static uint64_t get_rest(const Fit *fit) {
        return bytes_sub_clamped(ledger_claim_get_bytes(item_get(fit->item), 0),
                                 look_bytes_sum(&fit->chunks));
}

static int fit_split(const Fit *fit) {
        const LedgerClaim *claim = item_get(fit->item);
        const bool is_set = fit->has_request && (fit->request.annotation || is_open(claim));
        Split split = fit->split;
        int r;

        if (!is_set) {
                split.local.min = claim->split.local.min;
                split.local.max =
                        split.local.max < split.local.min ? split.local.min : split.local.max;
        }
        if (split_is_equal(&split, &claim->split) && (!is_set || get_rest(fit) == split.local.min))
                return 0;
        r = look_edit(fit->look, fit->item);
        if (r)
                return r;
        if (is_set && get_rest(fit) != split.local.min) {
                r = look_put_local(fit->look, fit->item, &fit->chunks,
                                   bytes_min(split.local.min, LEDGER_PART_MAX));
                if (r)
                        return r;
        }
        fit->item->now->split = split;
        return 0;
}

static int fit_item(Look *look, LookItem *item) {
        Fit fit = { .look = look, .item = item };
        int r;

        r = confirm(look, item);
        if (r || item_get(item)->state == CLAIM_UNCONFIRMED)
                return r;
        fit.container = report_pod_find(item->pod->report, item_get(item)->container);
        if (!fit.container || !fit.container->knows_limit)
                return 0;
        resolve(&fit);
        r = fit.problem.text[0] ? set_invalid(&fit) : set_valid(&fit);
        return r || !fit.has_split ? r : fit_split(&fit);
}

int look_fit(Look *look) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < look->n_claims; ++i)
                if (is_fitted(&look->items[i]))
                        r = fit_item(look, &look->items[i]);
        return r;
}
