/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pods for tests: a cgroup tree and a report that are made of a few lines. Whatever fails here is a
 * broken test bed and aborts.
 */
#include "pods/inventory.h"

#define PODS_BED_CONTAINERS 8u /* of one pod */

/* {} is nothing. What is in tree and report may be changed until it is joined. */
typedef struct PodsBed {
        PodsTree tree;
        PodsReport report;
        bool has_report;
        PodsReport *checked;
        Inventory *inventory;
        uint64_t now_usec; /* rises with every tree and report */
        uint64_t sequence;
} PodsBed;

/* A new tree, empty and complete; a new report, empty, settled, of all sources, which knows of
 * every claim. */
void pods_bed_new_tree(PodsBed *bed);
void pods_bed_new_report(PodsBed *bed);
void pods_bed_no_report(PodsBed *bed);
void pods_bed_deinit(PodsBed *bed);

/* Texts are borrowed; those of the tree are copied. */
TreePod *pods_bed_cgroup(PodsBed *bed, const char *uid, bool is_populated);
TreeContainer *pods_bed_leaf(TreePod *pod, const char *id, uint64_t usage_bytes);
/* Bytes of a NUMA node, of a pod. */
void pods_bed_use(TreePod *pod, unsigned node, uint64_t bytes);
/* Listed, with a sandbox, in "default", named as its uid. */
ReportPod *pods_bed_pod(PodsBed *bed, const char *uid);
ReportContainer *
pods_bed_container(ReportPod *pod, const char *name, const char *id, ReportState state);
void pods_bed_chunk(ReportContainer *container, const char *id, uint64_t bytes);
void pods_bed_source(PodsBed *bed, const char *name, ReportSourceState state);

/* Tree and report as they are now. Borrowed until the next one. */
const Inventory *pods_bed_join(PodsBed *bed);
