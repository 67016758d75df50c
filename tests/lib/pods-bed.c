/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pods-bed.h"

#include <stdio.h>
#include <string.h>

#define CHUNKS 64u

static void must(bool is_true, const char *what) {
        if (is_true)
                return;
        (void)fprintf(stderr, "test bed: %s\n", what);
        abort();
}

static void *make(size_t n, size_t size) {
        void *memory = calloc(n, size);

        must(memory, "no memory");
        return memory;
}

static void forget_tree(PodsTree *tree) {
        for (size_t i = 0; i < tree->n_pods; ++i) {
                free(tree->pods[i].containers);
                free(tree->pods[i].usage.nodes);
        }
        free(tree->pods);
        *tree = (PodsTree){};
}

static void forget_report(PodsReport *report) {
        for (size_t i = 0; i < report->n_pods; ++i) {
                for (size_t k = 0; k < report->pods[i].n_containers; ++k)
                        free(report->pods[i].containers[k].chunks);
                free(report->pods[i].containers);
        }
        free(report->pods);
        free(report->sources);
        *report = (PodsReport){};
}

void pods_bed_new_tree(PodsBed *bed) {
        bed->inventory = inventory_free(bed->inventory);
        forget_tree(&bed->tree);
        bed->tree = (PodsTree){
                .driver = CGROUP_DRIVER_SYSTEMD,
                .is_complete = true,
                .pods = make(PODS_MAX, sizeof(TreePod)),
                .usec = ++bed->now_usec,
        };
}

void pods_bed_no_report(PodsBed *bed) {
        bed->inventory = inventory_free(bed->inventory);
        bed->checked = pods_report_free(bed->checked);
        forget_report(&bed->report);
        bed->has_report = false;
}

void pods_bed_new_report(PodsBed *bed) {
        static const char *const sources[] = { "runtime", "pod-resources", "devices",
                                               "allocations" };

        pods_bed_no_report(bed);
        bed->has_report = true;
        bed->report = (PodsReport){
                .reporter = "reporter",
                .sequence = ++bed->sequence,
                .ledger_generation = UINT64_MAX,
                .is_settled = true,
                .unsettled_reason = "",
                .sources = make(REPORT_SOURCES_MAX, sizeof(ReportSource)),
                .pods = make(PODS_MAX, sizeof(ReportPod)),
                .usec = ++bed->now_usec,
        };
        for (size_t i = 0; i < ELEMENTSOF(sources); ++i)
                pods_bed_source(bed, sources[i], REPORT_SOURCE_COMPLETE);
}

void pods_bed_deinit(PodsBed *bed) {
        pods_bed_no_report(bed);
        forget_tree(&bed->tree);
}

void pods_bed_source(PodsBed *bed, const char *name, ReportSourceState state) {
        ReportSource *source = bed->report.sources;

        while (source < bed->report.sources + bed->report.n_sources &&
               strcmp(source->name, name) != 0)
                ++source;
        must(source < bed->report.sources + REPORT_SOURCES_MAX, "too many sources");
        if (source == bed->report.sources + bed->report.n_sources)
                ++bed->report.n_sources;
        *source = (ReportSource){
                .name = name,
                .state = state,
                .endpoint = "",
                .version = "",
                .problem = "",
        };
}

TreePod *pods_bed_cgroup(PodsBed *bed, const char *uid, bool is_populated) {
        TreePod *pod = &bed->tree.pods[bed->tree.n_pods++];

        must(bed->tree.n_pods <= PODS_MAX, "too many pods");
        *pod = (TreePod){
                .qos = QOS_BURSTABLE,
                .is_populated = is_populated,
                .containers = make(PODS_BED_CONTAINERS, sizeof(TreeContainer)),
                .usage.nodes = make(PODS_USAGE_NODES, sizeof(PodsNodeBytes)),
        };
        (void)snprintf(pod->uid, sizeof(pod->uid), "%s", uid);
        (void)snprintf(pod->path, sizeof(pod->path), "kubepods/pod%s", uid);
        return pod;
}

TreeContainer *pods_bed_leaf(TreePod *pod, const char *id, uint64_t usage_bytes) {
        TreeContainer *container = &pod->containers[pod->n_containers++];

        must(pod->n_containers <= PODS_BED_CONTAINERS, "too many containers");
        *container = (TreeContainer){
                .is_populated = pod->is_populated,
                .usage.bytes = opt_u64(usage_bytes),
        };
        (void)snprintf(container->id, sizeof(container->id), "%s", id);
        (void)snprintf(container->path, sizeof(container->path), "kubepods/%s", id);
        return container;
}

void pods_bed_use(TreePod *pod, unsigned node, uint64_t bytes) {
        must(pod->usage.n_nodes < PODS_USAGE_NODES, "too many NUMA nodes");
        pod->usage.nodes[pod->usage.n_nodes++] = (PodsNodeBytes){ node, bytes };
        pod->usage.bytes = opt_u64(pod->usage.bytes.value + bytes);
}

ReportPod *pods_bed_pod(PodsBed *bed, const char *uid) {
        ReportPod *pod = &bed->report.pods[bed->report.n_pods++];

        must(bed->has_report && bed->report.n_pods <= PODS_MAX, "too many pods");
        *pod = (ReportPod){
                .uid = uid,
                .namespace_name = "default",
                .name = uid,
                .sandbox = REPORT_SANDBOX_READY,
                .is_listed = true,
                .containers = make(PODS_BED_CONTAINERS, sizeof(ReportContainer)),
        };
        return pod;
}

ReportContainer *
pods_bed_container(ReportPod *pod, const char *name, const char *id, ReportState state) {
        ReportContainer *container = &pod->containers[pod->n_containers++];

        must(pod->n_containers <= PODS_BED_CONTAINERS, "too many containers");
        *container = (ReportContainer){
                .name = name,
                .id = id,
                .cgroup = "",
                .state = state,
                .chunks = make(CHUNKS, sizeof(ReportChunk)),
        };
        return container;
}

void pods_bed_chunk(ReportContainer *container, const char *id, uint64_t bytes) {
        must(container->n_chunks < CHUNKS, "too many chunks");
        container->chunks[container->n_chunks++] = (ReportChunk){ id, bytes };
}

static int compare_uids(const void *a, const void *b) {
        return strcmp(((const TreePod *)a)->uid, ((const TreePod *)b)->uid);
}

const Inventory *pods_bed_join(PodsBed *bed) {
        Diag diag = {};

        bed->inventory = inventory_free(bed->inventory);
        bed->checked = pods_report_free(bed->checked);
        qsort(bed->tree.pods, bed->tree.n_pods, sizeof(TreePod), compare_uids);
        if (bed->has_report && pods_report_new(&bed->report, &bed->checked, &diag) != 0)
                must(false, diag.text);
        must(inventory_new(&bed->tree, bed->checked, &bed->inventory) == 0, "no inventory");
        return bed->inventory;
}
