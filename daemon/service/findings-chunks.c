/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: remote memory that the kubelet is to count
 */
#include <stdio.h>

#include "base/quantity.h"
#include "service/finder.h"

/* NULL: nobody knows. */
static const ChunkList *get_list(const Finder *finder) {
        ChunksView *chunks = finder->view->chunks;

        return chunks && !chunks_view_get_wait(chunks)[0] ? chunks_view_get(chunks) : NULL;
}

static const char *set_size(const Finder *finder, uint64_t bytes) {
        char line[QUANTITY_TEXT_MAX + sizeof("chunks: {size: }")], size[QUANTITY_TEXT_MAX];

        (void)snprintf(line, sizeof(line), "chunks: {size: %s}",
                       quantity_format_bytes(bytes, size));
        return finder_set_slugd(finder, "chunks.size", line);
}

static const char *drain(const Finder *finder) {
        return arena_printf(finder->arena, "kubectl drain %s --ignore-daemonsets",
                            finder->view->name);
}

/* What was configured */

static bool get_problem(const Finder *finder, const ChunkList *list, Diag *ret) {
        return chunk_list_get_problem(list, &finder->view->chunks->params.settings, ret);
}

/* Where no size fits, less of it has to be remote. */
static const char *leave_out_last(const Finder *finder, const ChunkList *list) {
        char line[80];

        (void)snprintf(line, sizeof(line), "classify: [{numaNode: %u, locality: excluded}]",
                       list->n_nodes > 0 ? list->nodes[list->n_nodes - 1].node : 0);
        return finder_set_slugd(finder, "classify", line);
}

void find_many_chunks(Finder *finder) {
        const ChunkList *list = get_list(finder);
        Diag problem = {};

        if (!list || list->state != CHUNKS_TOO_MANY || !get_problem(finder, list, &problem))
                return;
        finder_add(finder, arena_strdup(finder->arena, problem.text),
                   list->fitting_bytes > 0 ? set_size(finder, list->fitting_bytes)
                                           : leave_out_last(finder, list));
}

/* The largest chunk that the largest NUMA node holds; 0: none. */
static uint64_t find_size(const ChunkList *list) {
        uint64_t most = 0, bytes = CHUNK_BYTES_MAX;

        for (size_t i = 0; i < list->n_nodes; ++i) {
                const uint64_t sound = bytes_sub_clamped(list->nodes[i].allocatable_bytes,
                                                         list->nodes[i].poisoned_bytes);

                most = sound > most ? sound : most;
        }
        while (bytes >= CHUNK_BYTES_MIN && bytes > most)
                bytes /= 2;
        return bytes >= CHUNK_BYTES_MIN ? bytes : 0;
}

void find_large_chunk(Finder *finder) {
        const ChunkList *list = get_list(finder);
        Diag problem = {};

        if (!list || list->state != CHUNKS_NONE || find_size(list) == 0 ||
            !get_problem(finder, list, &problem))
                return;
        finder_add(finder, arena_strdup(finder->arena, problem.text),
                   set_size(finder, find_size(list)));
}

void find_held_chunks(Finder *finder) {
        const ChunkList *list = get_list(finder);
        Diag problem = {};

        if (list && (list->is_held_back || list->n_foreign > 0) &&
            get_problem(finder, list, &problem))
                finder_add(finder, arena_strdup(finder->arena, problem.text), drain(finder));
}

/* Claims */

/* "pod 'default/db', container 'app'" */
static const char *name_claim(Finder *finder, const LedgerClaim *claim) {
        return finder_check(finder, arena_printf(finder->arena, "pod '%s%s%s', container '%s'",
                                                 claim->namespace_name, claim->pod[0] ? "/" : "",
                                                 claim->pod[0] ? claim->pod : claim->pod_uid,
                                                 claim->container));
}

static void add_invalid(Finder *finder, const ChunkList *list, const LedgerClaim *claim) {
        char limit[QUANTITY_TEXT_MAX];

        finder_add(finder,
                   arena_printf(finder->arena, "%s: %s", name_claim(finder, claim), claim->reason),
                   arena_printf(finder->arena, "manifest of %s: resources: {limits: {memory: %s}}",
                                name_claim(finder, claim),
                                quantity_format_bytes(claim->n_chunks * list->bytes, limit)));
}

void find_invalid_chunks(Finder *finder) {
        const Ledger *ledger = finder->view->ledger;
        const ChunkList *list = get_list(finder);

        if (!list || !ledger)
                return;
        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim && !finder->error;
             claim = ledger_next(ledger, claim))
                if (claim->state == CLAIM_INVALID && claim->n_chunks > 0)
                        add_invalid(finder, list, claim);
}

/* Also of memory that is gone: then they are offline, and still somebody's. */
static size_t count_claimed(const ChunkList *list, const ChunksNode *node) {
        size_t n = 0;

        for (size_t i = 0; i < node->n_chunks; ++i)
                n += list->chunks[node->first_chunk + i].holder != NULL;
        return n;
}

/* More chunks are claimed than the NUMA node has sound memory for. */
void find_lost_chunks(Finder *finder) {
        const ChunkList *list = get_list(finder);
        char lost[QUANTITY_TEXT_MAX];

        for (size_t i = 0; list && i < list->n_nodes; ++i) {
                const ChunksNode *node = &list->nodes[i];
                const size_t n_claimed = count_claimed(list, node);
                const uint64_t claimed = n_claimed * list->bytes;
                const uint64_t sound =
                        bytes_sub_clamped(node->allocatable_bytes, node->poisoned_bytes);

                if (claimed <= sound)
                        continue;
                finder_add(finder,
                           arena_printf(finder->arena,
                                        "containers hold %zu chunk%s of NUMA node %u, and %s of "
                                        "their memory is offline, poisoned or not remote any more",
                                        n_claimed, n_claimed == 1 ? "" : "s", node->node,
                                        quantity_format_bytes(claimed - sound, lost)),
                           drain(finder));
        }
}

/* Containers without */

/* A claim that has chunks, of the container or of its pod as a whole. */
static bool has_chunks(const Ledger *ledger, const char *pod_uid, const char *container) {
        const LedgerClaim *own = ledger_find(ledger, pod_uid, container);
        const LedgerClaim *whole = ledger_find(ledger, pod_uid, "");

        return (own && own->n_chunks > 0) || (whole && whole->n_chunks > 0);
}

static bool is_offered(const ChunkList *list, const char *resource) {
        char name[CHUNK_RESOURCE_MAX];

        for (size_t i = 0; i < list->n_resources; ++i)
                if (strcmp(chunk_resource_format(&list->resources[i], name), resource) == 0)
                        return true;
        return false;
}

/* A static pod that the kubelet had before a boot: it is refused when nobody has registered its
 * resource yet, and what is left is the sandbox of before. One whose container only ends has a
 * sandbox that is ready. */
static bool is_refused(const ReportPod *pod, const ReportContainer *container) {
        return pod->is_static && pod->sandbox == REPORT_SANDBOX_NOT_READY &&
               container->state == REPORT_EXITED;
}

static const char *
explain_without(const ChunkList *list, const ReportPod *pod, const ReportContainer *container) {
        if (is_refused(pod, container))
                return "does not run: the kubelet refuses a static pod whose resource is not "
                       "registered yet, as after a boot, and does not try again";
        return is_offered(list, container->requested[0].resource)
                       ? "runs without any: the kubelet admits a static pod that asks for a "
                         "resource which is not registered yet"
                       : "runs without any: this node has no such resource";
}

static void add_without(Finder *finder,
                        const ChunkList *list,
                        const ReportPod *pod,
                        const ReportContainer *container) {
        const ReportRequested *requested = &container->requested[0];

        finder_add(finder,
                   arena_printf(finder->arena,
                                "pod '%s/%s', container '%s' asks for %llu of %s and %s",
                                pod->namespace_name, pod->name, container->name,
                                (unsigned long long)requested->n, requested->resource,
                                explain_without(list, pod, container)),
                   pod->is_static ? arena_printf(finder->arena,
                                                 "move the manifest of static pod '%s' out of the "
                                                 "kubelet's staticPodPath, and back",
                                                 pod->name)
                                  : arena_printf(finder->arena, "kubectl delete pod -n %s %s",
                                                 pod->namespace_name, pod->name));
}

/* What it asks for it has not, whoever may say so. */
static bool
is_without(const Finder *finder, const ReportPod *pod, const ReportContainer *container) {
        return container->n_requested > 0 && container->n_chunks == 0 &&
               (container->state == REPORT_RUNNING || is_refused(pod, container)) &&
               !has_chunks(finder->view->ledger, pod->uid, container->name);
}

/* Told only when all pods are known: before that the report may have been made under a ledger in
 * which the claim was not there yet. NULL: they are not. */
static const PodsReport *get_settled_report(const Finder *finder) {
        const PodsView *pods = finder->view->pods;
        const PodsReport *report = pods && pods->inventory ? pods->inventory->report : NULL;

        return report && report->is_settled && finder->view->ledger ? report : NULL;
}

void find_chunkless(Finder *finder) {
        const PodsReport *report = get_settled_report(finder);
        const ChunkList *list = get_list(finder);

        if (!list || !report)
                return;
        for (size_t i = 0; i < report->n_pods; ++i)
                for (size_t k = 0; k < report->pods[i].n_containers; ++k) {
                        const ReportContainer *container = &report->pods[i].containers[k];

                        if (is_without(finder, &report->pods[i], container))
                                add_without(finder, list, &report->pods[i], container);
                }
}

/* Static pods that are not there */

/* "4 of A and 1 of B" */
static const char *list_requested(Finder *finder, const ReportMissing *missing) {
        const char *text = "";

        for (size_t i = 0; i < missing->n_requested && !finder->error; ++i)
                text = finder_check(finder,
                                    arena_printf(finder->arena, "%s%s%llu of %s", text,
                                                 i > 0 ? " and " : "",
                                                 (unsigned long long)missing->requested[i].n,
                                                 missing->requested[i].resource));
        return text;
}

/* The first resource that this node does not have; NULL: it has all of them. */
static const char *find_unknown(const ChunkList *list, const ReportMissing *missing) {
        for (size_t i = 0; i < missing->n_requested; ++i)
                if (!is_offered(list, missing->requested[i].resource))
                        return missing->requested[i].resource;
        return NULL;
}

/* Where the resource is not there at all another try is refused, too. A manifest that is only
 * touched is none: the kubelet sees the same pod in it. */
static void add_missing(Finder *finder, const ChunkList *list, const ReportMissing *missing) {
        const char *unknown = find_unknown(list, missing);

        finder_add(finder,
                   arena_printf(finder->arena,
                                "the manifest of static pod '%s/%s' asks for %s, and the kubelet "
                                "has no such pod: %s",
                                missing->namespace_name, missing->name,
                                list_requested(finder, missing),
                                unknown ? "this node has no such resource"
                                        : "it refuses one whose chunks are not registered yet, as "
                                          "after a boot, or not free, and does not try again"),
                   unknown ? arena_printf(finder->arena, "%s: resources without %s", missing->file,
                                          unknown)
                           : arena_printf(finder->arena,
                                          "move %s out of the kubelet's staticPodPath, and back",
                                          missing->file));
}

void find_missing(Finder *finder) {
        const PodsReport *report = get_settled_report(finder);
        const ChunkList *list = get_list(finder);

        for (size_t i = 0; list && report && i < report->n_missing && !finder->error; ++i)
                add_missing(finder, list, &report->missing[i]);
}
