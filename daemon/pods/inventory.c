/* SPDX-License-Identifier: Apache-2.0 */
#include "pods/inventory.h"

#include <string.h>

#include "pods/evidence.h"

/*
 * Tree and report are sorted by uid, so that one walk through both joins them. The inventory, its
 * pods and their containers are one piece of memory.
 */
typedef struct Piece {
        Inventory inventory; /* first, so that one is the other */
        InventoryPod pods[];
} Piece;

Inventory *inventory_free(Inventory *inventory) {
        free(inventory); /* it begins its Piece */
        return NULL;
}

static bool has_any_running(const PodsReport *report) {
        for (size_t i = 0; report && i < report->n_pods; ++i)
                if (evidence_has_running(&report->pods[i]))
                        return true;
        return false;
}

static size_t count_containers(const PodsTree *tree, const PodsReport *report) {
        size_t n = 0;

        for (size_t i = 0; i < tree->n_pods; ++i)
                n += tree->pods[i].n_containers;
        for (size_t i = 0; report && i < report->n_pods; ++i)
                n += report->pods[i].n_containers;
        return n;
}

/* Containers */

static bool is_same(const TreeContainer *tree, const ReportContainer *report) {
        return (report->id[0] && strcmp(tree->id, report->id) == 0) ||
               (report->cgroup[0] && strcmp(tree->path, report->cgroup) == 0);
}

static const TreeContainer *find_in_tree(const TreePod *pod, const ReportContainer *report) {
        for (size_t i = 0; pod && i < pod->n_containers; ++i)
                if (is_same(&pod->containers[i], report))
                        return &pod->containers[i];
        return NULL;
}

static bool is_named(const InventoryPod *pod, const TreeContainer *tree) {
        for (size_t i = 0; i < pod->n_containers; ++i)
                if (pod->containers[i].tree == tree)
                        return true;
        return false;
}

/* Those that were named first, in the report's order, then the others. */
static void join_containers(InventoryPod *pod) {
        for (size_t i = 0; pod->report && i < pod->report->n_containers; ++i) {
                const ReportContainer *report = &pod->report->containers[i];

                pod->containers[pod->n_containers++] = (InventoryContainer){
                        .tree = find_in_tree(pod->tree, report),
                        .report = report,
                };
        }
        for (size_t i = 0; pod->tree && i < pod->tree->n_containers; ++i) {
                const TreeContainer *tree = &pod->tree->containers[i];

                if (!is_named(pod, tree))
                        pod->containers[pod->n_containers++] = (InventoryContainer){ .tree = tree };
        }
}

/* Pods */

/* Its runtime has started something of it, which cannot be without a cgroup. */
static bool has_started(const ReportPod *pod) {
        for (size_t i = 0; i < pod->n_containers; ++i)
                if (pod->containers[i].state == REPORT_RUNNING)
                        return true;
        return pod->sandbox == REPORT_SANDBOX_READY;
}

static PodPhase get_phase(const Inventory *inventory, const InventoryPod *pod) {
        const TreeEvidence tree = evidence_of_tree(inventory, pod->tree);

        if (tree == TREE_POPULATED)
                return POD_PHASE_RUNNING;
        if (!pod->report)
                return POD_PHASE_UNKNOWN;
        if (evidence_of_report(inventory, pod->report, pod->tree) == REPORT_SAYS_FINISHED)
                return POD_PHASE_FINISHED;
        /* it ran when the report was made, and was gone when the tree was read */
        if (tree == TREE_ABSENT && has_started(pod->report) &&
            inventory->report->usec <= inventory->tree->usec)
                return POD_PHASE_FINISHED;
        return evidence_has_running(pod->report) ? POD_PHASE_RUNNING : POD_PHASE_PENDING;
}

/* The kubelet puts it into the path of the cgroup, which the runtime tells. */
static QosClass get_qos(const InventoryPod *pod) {
        if (pod->tree)
                return pod->tree->qos;
        for (size_t i = 0; i < pod->report->n_containers; ++i) {
                const char *cgroup = pod->report->containers[i].cgroup;

                if (!strstr(cgroup, "kubepods"))
                        continue;
                return strstr(cgroup, "besteffort")  ? QOS_BEST_EFFORT
                       : strstr(cgroup, "burstable") ? QOS_BURSTABLE
                                                     : QOS_GUARANTEED;
        }
        return QOS_UNKNOWN;
}

static int compare_places(const PodsTree *tree, size_t t, const PodsReport *report, size_t r) {
        if (t == tree->n_pods)
                return 1;
        if (!report || r == report->n_pods)
                return -1;
        return strcmp(tree->pods[t].uid, report->pods[r].uid);
}

static void join_pods(Inventory *inventory, InventoryContainer *containers) {
        const PodsTree *tree = inventory->tree;
        const PodsReport *report = inventory->report;
        const size_t n_reported = report ? report->n_pods : 0;

        for (size_t t = 0, r = 0; t < tree->n_pods || r < n_reported;) {
                const int order = compare_places(tree, t, report, r);
                InventoryPod *pod = &inventory->pods[inventory->n_pods++];

                *pod = (InventoryPod){ .containers = containers };
                if (order <= 0)
                        pod->tree = &tree->pods[t++];
                if (order >= 0)
                        pod->report = &report->pods[r++];
                pod->uid = pod->tree ? pod->tree->uid : pod->report->uid;
                join_containers(pod);
                containers += pod->n_containers;
                pod->phase = get_phase(inventory, pod);
                pod->qos = get_qos(pod);
        }
}

int inventory_new(const PodsTree *tree, const PodsReport *report, Inventory **ret) {
        const size_t n_pods = tree->n_pods + (report ? report->n_pods : 0);
        const size_t n_containers = count_containers(tree, report);
        Piece *piece = calloc(1, sizeof(*piece) + n_pods * sizeof(InventoryPod) +
                                         n_containers * sizeof(InventoryContainer));

        if (!piece)
                return -ENOMEM;
        piece->inventory = (Inventory){
                .tree = tree,
                .report = report,
                .pods = piece->pods,
                .is_tree_whole = tree->is_complete &&
                                 !(tree->driver == CGROUP_DRIVER_NONE && has_any_running(report)),
        };
        join_pods(&piece->inventory, (InventoryContainer *)(void *)(piece->pods + n_pods));
        *ret = &piece->inventory;
        return 0;
}

static int compare_uids(const void *a, const void *b) {
        return strcmp(((const InventoryPod *)a)->uid, ((const InventoryPod *)b)->uid);
}

const InventoryPod *inventory_find(const Inventory *inventory, const char *uid) {
        const InventoryPod key = { .uid = uid };

        return bsearch(&key, inventory->pods, inventory->n_pods, sizeof(key), compare_uids);
}

const InventoryContainer *inventory_pod_find(const InventoryPod *pod, const char *container) {
        for (size_t i = 0; i < pod->n_containers; ++i)
                if (pod->containers[i].report &&
                    strcmp(pod->containers[i].report->name, container) == 0)
                        return &pod->containers[i];
        return NULL;
}
