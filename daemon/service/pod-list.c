/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pods as messages
 *
 * Every pod that anybody knows of: those of the inventory, and those that only the ledger has,
 * because they were promised memory and were not seen yet, or are gone.
 */
#include <stdlib.h>
#include <string.h>

#include "service/enforce-messages.h"
#include "service/pod-messages.h"

typedef struct Entry {
        const char *uid, *namespace_name, *name;
        const InventoryPod *pod;  /* NULL: it has claims alone */
        const LedgerClaim *claim; /* its first; NULL: it has none */
} Entry;

static Entry get_entry(const Ledger *ledger, const InventoryPod *pod, const char *uid) {
        const LedgerClaim *claim = ledger_next_of_pod(ledger, uid, NULL);
        const ReportPod *report = pod ? pod->report : NULL;

        return (Entry){
                .uid = uid,
                .namespace_name = report  ? report->namespace_name
                                  : claim ? claim->namespace_name
                                          : "",
                .name = report  ? report->name
                        : claim ? claim->pod
                                : "",
                .pod = pod,
                .claim = claim,
        };
}

static bool is_wanted(const Entry *entry, const Slug__V1__ListPodsRequest *request) {
        return (!request->uid[0] || strcmp(request->uid, entry->uid) == 0) &&
               (!request->namespace_[0] ||
                strcmp(request->namespace_, entry->namespace_name) == 0) &&
               (!request->name[0] || strcmp(request->name, entry->name) == 0);
}

static int compare_entries(const void *a, const void *b) {
        const Entry *x = a, *y = b;
        int order = strcmp(x->namespace_name, y->namespace_name);

        if (order == 0)
                order = strcmp(x->name, y->name);
        return order ? order : strcmp(x->uid, y->uid);
}

/* @entries: room for all pods of the inventory and all claims */
static size_t
collect(const PodService *self, const Slug__V1__ListPodsRequest *request, Entry *entries) {
        const Inventory *inventory = self->pods->inventory;
        size_t n = 0;

        for (size_t i = 0; inventory && i < inventory->n_pods; ++i) {
                entries[n] = get_entry(self->ledger, &inventory->pods[i], inventory->pods[i].uid);
                n += is_wanted(&entries[n], request);
        }
        for (const LedgerClaim *claim = ledger_next(self->ledger, NULL); claim;
             claim = ledger_next(self->ledger, claim)) {
                if (ledger_next_of_pod(self->ledger, claim->pod_uid, NULL) != claim ||
                    (inventory && inventory_find(inventory, claim->pod_uid)))
                        continue;
                entries[n] = get_entry(self->ledger, NULL, claim->pod_uid);
                n += is_wanted(&entries[n], request);
        }
        if (n > 0)
                qsort(entries, n, sizeof(*entries), compare_entries);
        return n;
}

/* States */

static bool is_missed(const PodService *self, const Entry *entry) {
        for (const LedgerClaim *claim = entry->claim; claim && self->pods->memory;
             claim = ledger_next_of_pod(self->ledger, entry->uid, claim))
                if (reconcile_memory_is_missed(self->pods->memory, claim->pod_uid,
                                               claim->container))
                        return true;
        return false;
}

static Slug__V1__PodState get_state(const PodService *self, const Entry *entry) {
        if (!entry->pod)
                return is_missed(self, entry) ? SLUG__V1__POD_STATE__POD_STATE_GONE
                                              : SLUG__V1__POD_STATE__POD_STATE_PENDING;
        switch (entry->pod->phase) {
        case POD_PHASE_PENDING:
                return SLUG__V1__POD_STATE__POD_STATE_PENDING;
        case POD_PHASE_RUNNING:
                return SLUG__V1__POD_STATE__POD_STATE_RUNNING;
        case POD_PHASE_FINISHED:
                return SLUG__V1__POD_STATE__POD_STATE_FINISHED;
        case POD_PHASE_UNKNOWN:
                break;
        }
        return SLUG__V1__POD_STATE__POD_STATE_UNSPECIFIED;
}

static Slug__V1__ReportedContainerState encode_state(ReportState state) {
        switch (state) {
        case REPORT_CREATED:
                return SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_CREATED;
        case REPORT_RUNNING:
                return SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_RUNNING;
        case REPORT_EXITED:
                return SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_EXITED;
        case REPORT_UNKNOWN:
                return SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_UNKNOWN;
        case REPORT_NOT_STARTED:
        case _REPORT_STATE_N:
                break;
        }
        return SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_UNSPECIFIED;
}

/* Containers */

/* The kubelet's word on its chunks, or else the ledger's. */
static int build_chunks(Arena *arena,
                        const ReportContainer *report,
                        const LedgerClaim *claim,
                        Slug__V1__ListedContainer *message) {
        const size_t n = report && report->n_chunks ? report->n_chunks
                         : claim                    ? claim->n_chunks
                                                    : 0;

        message->chunks = arena_alloc_array(arena, n + 1, sizeof(*message->chunks));
        if (!message->chunks)
                return -ENOMEM;
        message->n_chunks = n;
        for (size_t i = 0; i < n; ++i)
                message->chunks[i] = (char *)(report && report->n_chunks ? report->chunks[i].id
                                                                         : claim->chunks[i]);
        return 0;
}

static void fill_reported(const ReportContainer *report, Slug__V1__ListedContainer *message) {
        message->name = (char *)report->name;
        message->id = (char *)report->id;
        message->cgroup = (char *)report->cgroup;
        message->state = encode_state(report->state);
        message_set(&message->base, "request_bytes", report->request_bytes);
        message_set(&message->base, "limit_bytes", report->limit_bytes);
}

/* While nobody has told its name, it goes by its id. */
static int build_enforcement(Arena *arena,
                             const PodService *self,
                             const char *uid,
                             Slug__V1__ListedContainer *message) {
        const EnforcedContainer *container = NULL;

        if (!self->enforce)
                return 0;
        if (message->name[0])
                container = enforce_view_find(self->enforce, uid, message->name);
        else if (message->id[0])
                container = enforce_find_id(self->enforce, message->id);
        return container ? enforce_build_container(arena, self->enforce, container,
                                                   &message->enforcement)
                         : 0;
}

static int build_container(Arena *arena,
                           const PodService *self,
                           const char *uid,
                           const InventoryContainer *container,
                           Slug__V1__ListedContainer *message) {
        const TreeContainer *tree = container->tree;
        const LedgerClaim *claim = NULL;
        int r;

        if (container->report) {
                fill_reported(container->report, message);
                claim = ledger_find(self->ledger, uid, container->report->name);
        }
        if (tree) {
                message->id = (char *)tree->id;
                message->cgroup = (char *)tree->path;
                r = pod_build_usage(arena, self->machine, &tree->usage, NULL, &message->usage);
                if (r)
                        return r;
        }
        r = build_enforcement(arena, self, uid, message);
        return r ? r : build_chunks(arena, container->report, claim, message);
}

static int build_containers(Arena *arena,
                            const PodService *self,
                            const InventoryPod *pod,
                            Slug__V1__ListedPod *message) {
        int r = 0;

        message->containers = MESSAGE_LIST(arena, pod->n_containers, Slug__V1__ListedContainer,
                                           SLUG__V1__LISTED_CONTAINER__INIT);
        if (!message->containers)
                return -ENOMEM;
        message->n_containers = pod->n_containers;
        for (size_t i = 0; r == 0 && i < pod->n_containers; ++i)
                r = build_container(arena, self, pod->uid, &pod->containers[i],
                                    message->containers[i]);
        return r;
}

/* Pods */

/* Of those that have not ended, when all of them have told it; of all, while none runs. */
static OptU64 sum_requests(const ReportPod *report) {
        OptU64 sum = opt_u64(0);
        bool has_ended = true;

        if (report->request_bytes.present)
                return report->request_bytes;
        for (size_t i = 0; i < report->n_containers; ++i)
                has_ended &= report->containers[i].state == REPORT_EXITED;
        for (size_t i = 0; i < report->n_containers; ++i) {
                const ReportContainer *container = &report->containers[i];

                if (container->state == REPORT_EXITED && !has_ended)
                        continue;
                if (!container->request_bytes.present)
                        return (OptU64){};
                sum.value = bytes_add_saturated(sum.value, container->request_bytes.value);
        }
        return sum;
}

static int build_annotations(Arena *arena, const ReportPod *report, Slug__V1__ListedPod *message) {
        message->annotations =
                MESSAGE_LIST(arena, report->n_annotations, Slug__V1__ListedPod__AnnotationsEntry,
                             SLUG__V1__LISTED_POD__ANNOTATIONS_ENTRY__INIT);
        if (!message->annotations)
                return -ENOMEM;
        message->n_annotations = report->n_annotations;
        for (size_t i = 0; i < report->n_annotations; ++i) {
                message->annotations[i]->key = (char *)report->annotations[i].name;
                message->annotations[i]->value = (char *)report->annotations[i].value;
        }
        return 0;
}

/* The limit of its cgroup is in force, whatever was asked for. */
static int fill_reported_pod(Arena *arena, const ReportPod *report, Slug__V1__ListedPod *message) {
        message->is_static = report->is_static;
        message->seen_by_runtime = report->sandbox != REPORT_SANDBOX_NONE;
        message->listed_by_kubelet = report->is_listed;
        for (size_t i = 0; i < report->n_containers; ++i)
                message->seen_by_runtime |= report->containers[i].id[0] != '\0';
        message_set(&message->base, "request_bytes", sum_requests(report));
        message_set(&message->base, "limit_bytes", report->limit_bytes);
        return build_annotations(arena, report, message);
}

static int fill_seen_pod(Arena *arena,
                         const PodService *self,
                         const TreePod *tree,
                         Slug__V1__ListedPod *message) {
        const size_t place = (size_t)(tree - self->pods->inventory->tree->pods);

        message->seen_in_cgroups = true;
        message->cgroup = (char *)tree->path;
        message_set(&message->base, "limit_bytes", tree->usage.max_bytes);
        return pod_build_usage(arena, self->machine, &tree->usage,
                               self->pods->growth ? &self->pods->growth[place] : NULL,
                               &message->usage);
}

static int
build_claims(Arena *arena, const Ledger *ledger, const Entry *entry, Slug__V1__ListedPod *message) {
        size_t n = 0;

        for (const LedgerClaim *claim = entry->claim; claim;
             claim = ledger_next_of_pod(ledger, entry->uid, claim))
                ++n;
        message->claims = arena_alloc_array(arena, n + 1, sizeof(*message->claims));
        if (!message->claims)
                return -ENOMEM;
        for (const LedgerClaim *claim = entry->claim; claim;
             claim = ledger_next_of_pod(ledger, entry->uid, claim)) {
                int r = memory_build_claim(arena, claim, &message->claims[message->n_claims]);

                if (r)
                        return r;
                ++message->n_claims;
        }
        return 0;
}

static int fill_inventory(Arena *arena,
                          const PodService *self,
                          const InventoryPod *pod,
                          Slug__V1__ListedPod *message) {
        int r = 0;

        message->qos_class = memory_encode_qos(pod->qos);
        if (pod->report)
                r = fill_reported_pod(arena, pod->report, message);
        if (r == 0 && pod->tree)
                r = fill_seen_pod(arena, self, pod->tree, message);
        return r ? r : build_containers(arena, self, pod, message);
}

static int
build_pod(Arena *arena, const PodService *self, const Entry *entry, Slug__V1__ListedPod *message) {
        int r = 0;

        message->uid = (char *)entry->uid;
        message->namespace_ = (char *)entry->namespace_name;
        message->name = (char *)entry->name;
        message->state = get_state(self, entry);
        if (entry->pod)
                r = fill_inventory(arena, self, entry->pod, message);
        else
                message->qos_class = memory_encode_qos(entry->claim->qos);
        if (r == 0)
                r = build_claims(arena, self->ledger, entry, message);
        if (r == 0)
                r = pod_build_size(arena, self->ledger, entry->uid, entry->pod, message);
        return r ? r : pod_build_notes(arena, self, entry->uid, entry->pod, message);
}

/* The report */

static Slug__V1__ReportSourceState encode_source_state(ReportSourceState state) {
        switch (state) {
        case REPORT_SOURCE_COMPLETE:
                return SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_COMPLETE;
        case REPORT_SOURCE_FAILED:
                return SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_FAILED;
        case REPORT_SOURCE_ABSENT:
                return SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_ABSENT;
        case REPORT_SOURCE_UNUSED:
                return SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_UNUSED;
        case _REPORT_SOURCE_STATE_N:
                break;
        }
        return SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_UNSPECIFIED;
}

static int build_status(Arena *arena, const PodsView *view, Slug__V1__ReportStatus **ret) {
        const PodsReport *report = view->inventory ? view->inventory->report : NULL;
        const size_t n_sources = report ? report->n_sources : 0;
        Slug__V1__ReportStatus **list =
                MESSAGE_LIST(arena, 1, Slug__V1__ReportStatus, SLUG__V1__REPORT_STATUS__INIT);
        Slug__V1__ReportStatus *message;

        if (!list)
                return -ENOMEM;
        *ret = message = list[0];
        message->sources = MESSAGE_LIST(arena, n_sources, Slug__V1__ReportSource,
                                        SLUG__V1__REPORT_SOURCE__INIT);
        if (!message->sources)
                return -ENOMEM;
        message->n_sources = n_sources;
        if (!report)
                return 0;
        message->has_report = true;
        message->age_usec = pods_view_get_age(view, report->usec);
        message->settled = report->is_settled;
        message->unsettled_reason = (char *)report->unsettled_reason;
        for (size_t i = 0; i < n_sources; ++i) {
                message->sources[i]->name = (char *)report->sources[i].name;
                message->sources[i]->state = encode_source_state(report->sources[i].state);
                message->sources[i]->endpoint = (char *)report->sources[i].endpoint;
                message->sources[i]->version = (char *)report->sources[i].version;
                message->sources[i]->problem = (char *)report->sources[i].problem;
        }
        return 0;
}

static int fill_look(Arena *arena, const PodsView *view, Slug__V1__ListPodsResponse *ret) {
        char problem[DIAG_FORMATTED_MAX];

        if (view->inventory) {
                const PodsTree *tree = view->inventory->tree;

                ret->age_usec = pods_view_get_age(view, tree->usec);
                ret->cgroup_problem = arena_strdup(arena, diag_format(&tree->problem, problem));
                if (!ret->cgroup_problem)
                        return -ENOMEM;
                ret->cgroup_driver = (char *)cgroup_driver_name(tree->driver);
                ret->left_out_count = tree->n_left_out;
        }
        return build_status(arena, view, &ret->report);
}

int pod_build_list(Arena *arena,
                   const PodService *service,
                   const Slug__V1__ListPodsRequest *request,
                   Slug__V1__ListPodsResponse *ret) {
        const Inventory *inventory = service->pods->inventory;
        const size_t n_max =
                (inventory ? inventory->n_pods : 0) + ledger_get_n_claims(service->ledger);
        Entry *entries = arena_alloc_array(arena, n_max + 1, sizeof(*entries));
        size_t n;
        int r;

        if (!entries)
                return -ENOMEM;
        n = collect(service, request, entries);
        ret->pods = MESSAGE_LIST(arena, n, Slug__V1__ListedPod, SLUG__V1__LISTED_POD__INIT);
        if (!ret->pods)
                return -ENOMEM;
        ret->n_pods = n;
        ret->ledger_generation = ledger_get_generation(service->ledger);
        r = fill_look(arena, service->pods, ret);
        for (size_t i = 0; r == 0 && i < n; ++i)
                r = build_pod(arena, service, &entries[i], ret->pods[i]);
        return r;
}
