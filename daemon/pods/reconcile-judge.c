/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pods/reconcile-look.h"

/*
 * Who is gone, and who is there
 *
 * Claims that were promised. Each is judged by what the tree and the report say of its pod: a
 * cgroup with processes holds everything; a pod without a cgroup holds nothing that was ever
 * active; in between, and for what has not started yet, the report decides.
 *
 * Containers of a living pod are not judged one by one: one that has exited is started again (a
 * CrashLoopBackOff keeps its bytes), and a regular init container's claim goes with the start of
 * the next container, as the kubelet tells it. One that is left over is no reason to guess: the
 * kubelet runs init containers again when the sandbox is made anew.
 */

/* Static pods */

static int compare_names(const void *a, const void *b) {
        const ReportPod *left = *(const ReportPod *const *)a;
        const ReportPod *right = *(const ReportPod *const *)b;
        const int by_namespace = strcmp(left->namespace_name, right->namespace_name);

        return by_namespace ? by_namespace : strcmp(left->name, right->name);
}

static int list_static(const Look *look, const ReportPod ***ret, size_t *ret_n) {
        const PodsReport *report = look->inventory->report;
        const ReportPod **pods =
                arena_alloc_array(look->arena, report ? report->n_pods : 0, sizeof(ReportPod *));
        size_t n = 0;

        if (!pods)
                return -ENOMEM;
        for (size_t i = 0; report && i < report->n_pods; ++i)
                if (report->pods[i].is_static && report->pods[i].name[0])
                        pods[n++] = &report->pods[i];
        qsort(pods, n, sizeof(ReportPod *), compare_names);
        *ret = pods;
        *ret_n = n;
        return 0;
}

static const ReportPod *
find_static(const ReportPod *const *pods, size_t n_pods, const LedgerClaim *claim) {
        const ReportPod named = { .namespace_name = claim->namespace_name, .name = claim->pod };
        const ReportPod *const key = &named;
        const ReportPod *const *found =
                n_pods > 0 && claim->pod[0]
                        ? bsearch(&key, pods, n_pods, sizeof(ReportPod *), compare_names)
                        : NULL;

        return found ? *found : NULL;
}

/* Somebody has the key already, or is about to; what was only observed makes way. Mirror pods come
 * rarely, so that a walk through those before this one is enough. */
static bool is_taken(const Look *look, const LookItem *item, const char *uid) {
        const LedgerClaim *there = ledger_find(look->params->ledger, uid, item->before->container);

        if (there && there->source != CLAIM_SOURCE_OBSERVED)
                return true;
        for (const LookItem *other = look->items; other < item; ++other)
                if (other->now && strcmp(other->now->pod_uid, uid) == 0 &&
                    strcmp(other->now->container, item->before->container) == 0)
                        return true;
        return false;
}

static int rename_item(Look *look, LookItem *item, const ReportPod *pod) {
        int r;

        r = look_edit(look, item);
        if (r == 0)
                r = look_note(look, item, RECONCILE_RENAMED,
                              arena_printf(look->arena, "was made for its mirror pod %s",
                                           item->before->pod_uid));
        if (r == 0)
                item->now->pod_uid = pod->uid;
        return r;
}

static bool can_be_renamed(const Look *look, const LedgerClaim *claim) {
        return claim->source != CLAIM_SOURCE_OBSERVED && claim->source != CLAIM_SOURCE_OPERATOR &&
               !inventory_find(look->inventory, claim->pod_uid);
}

static int compare_items(const void *a, const void *b) {
        const LedgerClaim *left = item_get(a), *right = item_get(b);
        const int by_pod = strcmp(left->pod_uid, right->pod_uid);

        return by_pod ? by_pod : strcmp(left->container, right->container);
}

void look_sort(Look *look) {
        qsort(look->items, look->n_claims, sizeof(*look->items), compare_items);
}

static void mark_replaced(Look *look) {
        for (size_t i = 1; i < look->n_claims; ++i) {
                LookItem *a = &look->items[i - 1], *b = &look->items[i];

                if (compare_items(a, b) == 0)
                        (item_is_observed(a) ? a : b)->is_replaced = true;
        }
}

int look_rename(Look *look) {
        const ReportPod **pods;
        size_t n_pods;
        int r;

        r = list_static(look, &pods, &n_pods);
        for (size_t i = 0; r == 0 && n_pods > 0 && i < look->n_claims; ++i) {
                LookItem *item = &look->items[i];
                const ReportPod *pod = find_static(pods, n_pods, item->before);

                if (pod && can_be_renamed(look, item->before) && !is_taken(look, item, pod->uid))
                        r = rename_item(look, item, pod);
        }
        if (r)
                return r;
        look_sort(look);
        mark_replaced(look);
        return 0;
}

/* Evidence */

typedef struct Case {
        Look *look;
        LookItem *item;
        TreeEvidence tree;
        ReportEvidence report; /* of this claim: a report that could not know of it says nothing
                                  that is against it */
        bool is_outdated;      /* the report is older than a tree in which the pod is not */
} Case;

/* Without any kubepods, and before anybody has reported, pods may be where nobody looks: a kubelet
 * with cgroupsPerQOS: false, or a cgroupRoot that slugd was not told. Somebody has asked for these
 * claims, so they are not gone for not being seen there. */
static TreeEvidence get_tree_evidence(const Inventory *inventory, const InventoryPod *pod) {
        const TreeEvidence evidence = evidence_of_tree(inventory, pod ? pod->tree : NULL);

        if (evidence == TREE_ABSENT && inventory->tree->driver == CGROUP_DRIVER_NONE &&
            !inventory->report)
                return TREE_UNKNOWN;
        return evidence;
}

static Case case_of(Look *look, LookItem *item) {
        const Inventory *inventory = look->inventory;
        const InventoryPod *pod = item->pod;
        Case result = {
                .look = look,
                .item = item,
                .tree = get_tree_evidence(inventory, pod),
                .report = evidence_of_report(inventory, pod ? pod->report : NULL,
                                             pod ? pod->tree : NULL),
        };

        if (result.report != REPORT_SAYS_ACTIVE && !look_could_know(look, item))
                result.report = REPORT_SAYS_NOTHING;
        result.is_outdated = result.tree == TREE_ABSENT && inventory->report &&
                             inventory->report->usec <= inventory->tree->usec;
        return result;
}

static const char *get_reported_reason(ReportEvidence report) {
        return report == REPORT_SAYS_FINISHED ? "its pod has ended"
               : report == REPORT_SAYS_ABSENT ? "neither the kubelet nor the runtime has its pod"
                                              : NULL;
}

/* Why it is to go, or NULL. */
static const char *judge_active(const Case *c) {
        const InventoryPod *pod = c->item->pod;

        if (c->tree == TREE_POPULATED)
                return NULL;
        if (c->tree != TREE_ABSENT)
                return get_reported_reason(c->report);
        if (!c->is_outdated && pod && pod->report && evidence_has_running(pod->report))
                return NULL;
        return look_no_cgroup;
}

/* The report has seen it run, and the tree does not have it any more. */
static bool has_run(const Case *c) {
        return c->is_outdated && c->item->pod && c->item->pod->phase == POD_PHASE_FINISHED &&
               look_could_know(c->look, c->item);
}

static bool has_timed_out(const Case *c) {
        const ReconcileParams *params = c->look->params;
        const LedgerClaim *claim = item_get(c->item);
        const MemoryClaim *memory =
                memory_find_claim(c->look->memory, claim->pod_uid, claim->container);

        return memory && memory->is_waiting &&
               bytes_sub_clamped(params->now_usec, memory->since_usec) >=
                       params->pending_timeout_usec;
}

/*
 * Before its first container is there the kubelet alone knows of a pod: while it waits for a volume
 * or an image the runtime has nothing of it. So the runtime's word that it has no such pod says
 * nothing here.
 */
static const char *judge_pending(const Case *c) {
        if (c->tree == TREE_POPULATED)
                return NULL;
        if (c->report == REPORT_SAYS_FINISHED)
                return get_reported_reason(c->report);
        if (has_run(c))
                return look_no_cgroup;
        if (c->tree == TREE_EMPTY || c->report == REPORT_SAYS_ACTIVE)
                return NULL;
        if (c->report == REPORT_SAYS_ABSENT &&
            pods_report_has(c->look->inventory->report, "pod-resources"))
                return get_reported_reason(c->report);
        return has_timed_out(c)
                       ? "its pod was not seen in time, and no settled report has judged it"
                       : NULL;
}

/* After a reboot there is no cgroup of anybody, and the runtime has the exited containers of
 * before: that is no evidence while the kubelet has the pod, since it may be about to start it. */
static const char *judge_unconfirmed(const Case *c) {
        const InventoryPod *pod = c->item->pod;

        if (c->tree == TREE_POPULATED || (pod && pod->report && pod->report->is_listed) ||
            (c->tree == TREE_EMPTY && c->report != REPORT_SAYS_FINISHED))
                return NULL;
        return get_reported_reason(c->report);
}

static const char *judge_releasing(const Case *c) {
        if (c->tree == TREE_POPULATED)
                return NULL;
        return c->tree == TREE_UNKNOWN ? get_reported_reason(c->report)
               : c->tree == TREE_EMPTY ? look_no_process
                                       : look_no_cgroup;
}

static const char *judge(const Case *c) {
        if (ledger_claim_is_unseen(item_get(c->item)))
                return look_judge_unseen(c->look, c->item);
        switch (item_get(c->item)->state) {
        case CLAIM_PENDING:
                return judge_pending(c);
        case CLAIM_UNCONFIRMED:
                return judge_unconfirmed(c);
        case CLAIM_RELEASING:
                return judge_releasing(c);
        case CLAIM_INVALID:
                /* its container may wait for ever; that it has not started is no wonder */
                return c->report == REPORT_SAYS_ACTIVE && !has_run(c) ? NULL : judge_active(c);
        default:
                return judge_active(c);
        }
}

/* Matching */

/* A pod as a whole is there with any of them. */
const ReportContainer *look_find_running(const ReportPod *pod, const char *container) {
        for (size_t i = 0; i < pod->n_containers; ++i) {
                const ReportContainer *found = &pod->containers[i];

                if ((!container[0] || strcmp(found->name, container) == 0) &&
                    evidence_is_running(found) && found->id[0])
                        return found;
        }
        return NULL;
}

static int make_active(Look *look, LookItem *item, const char *id) {
        const LedgerClaim *claim = item_get(item);
        const bool was_active = claim->state == CLAIM_ACTIVE;
        int r;

        if (was_active && strcmp(claim->container_id, id) == 0)
                return 0;
        /* A report from before the kubelet said which container it is knows less than the claim. */
        if (was_active && !look_could_know(look, item))
                return 0;
        r = look_edit(look, item);
        if (r)
                return r;
        item->now->state = CLAIM_ACTIVE;
        item->now->container_id = id;
        item->now->reason = "";
        /* that a container was restarted is no news of the ledger */
        return was_active ? 0 : look_note(look, item, RECONCILE_MATCHED, "");
}

static int match(const Case *c) {
        const LedgerClaim *claim = item_get(c->item);
        const InventoryPod *pod = c->item->pod;
        const ReportContainer *container;

        if ((claim->state != CLAIM_PENDING && claim->state != CLAIM_ACTIVE &&
             claim->state != CLAIM_UNCONFIRMED) ||
            !pod || !pod->report || c->is_outdated)
                return 0;
        container = look_find_running(pod->report, claim->container);
        return container ? make_active(c->look, c->item, claim->container[0] ? container->id : "")
                         : 0;
}

/* Whoever knows a pod by its uid alone gets its names from those who know them. */
static int add_names(Look *look, LookItem *item) {
        const InventoryPod *pod = item->pod;
        int r;

        if (item_get(item)->pod[0] || !pod || !pod->report || !pod->report->name[0])
                return 0;
        r = look_edit(look, item);
        if (r)
                return r;
        item->now->namespace_name = pod->report->namespace_name;
        item->now->pod = pod->report->name;
        return 0;
}

/* Pods */

static bool is_judged(const LookItem *item) {
        const LedgerClaim *claim = item_get(item);

        return claim->source != CLAIM_SOURCE_OBSERVED && claim->source != CLAIM_SOURCE_OPERATOR;
}

static bool is_share(const LookItem *item) {
        return item_get(item)->is_within_pod && item_get(item)->container[0];
}

/* The claim of a pod as a whole has the bytes of all shares of it: it goes with the last of them,
 * and not before. */
static void judge_whole(LookItem *items, size_t n_items) {
        LookItem *whole = NULL;
        bool has_shares = false, is_gone = true;

        for (size_t i = 0; i < n_items; ++i) {
                if (is_judged(&items[i]) && !item_get(&items[i])->container[0])
                        whole = &items[i];
                if (!is_share(&items[i]))
                        continue;
                has_shares = true;
                is_gone = is_gone && items[i].is_gone;
        }
        if (!whole || !has_shares)
                return;
        whole->is_gone = is_gone;
        for (size_t i = 0; i < n_items; ++i)
                if (is_share(&items[i]) && (is_gone || !items[i].is_gone)) {
                        whole->missed = items[i].missed;
                        whole->n_missed = items[i].n_missed;
                        whole->tree_usec = items[i].tree_usec;
                        if (!whole->missed)
                                return;
                }
}

static int judge_range(Look *look, LookItem *items, size_t n_items) {
        const InventoryPod *pod = inventory_find(look->inventory, item_get(&items[0])->pod_uid);
        int r = 0;

        for (size_t i = 0; r == 0 && i < n_items; ++i) {
                Case c;

                items[i].pod = pod;
                if (!is_judged(&items[i]))
                        continue;
                c = case_of(look, &items[i]);
                r = match(&c);
                if (r == 0)
                        r = add_names(look, &items[i]);
                items[i].missed = judge(&c);
                look_count(look, &items[i]);
        }
        judge_whole(items, n_items);
        for (size_t i = 0; r == 0 && i < n_items; ++i)
                if (items[i].is_gone && is_judged(&items[i]))
                        r = look_note(look, &items[i], RECONCILE_RELEASED, items[i].missed);
        return r;
}

int look_judge(Look *look) {
        size_t n;
        int r = 0;

        for (size_t i = 0; r == 0 && i < look->n_claims; i += n) {
                n = look_get_range(look, i);
                r = judge_range(look, &look->items[i], n);
        }
        return r;
}
