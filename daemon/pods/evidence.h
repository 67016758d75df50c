/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What tree and report say of a pod, each for itself. Inside this folder only.
 */
#include "pods/inventory.h"

typedef enum TreeEvidence {
        TREE_UNKNOWN, /* the tree cannot tell */
        TREE_ABSENT,
        TREE_EMPTY, /* a cgroup without processes */
        TREE_POPULATED,
} TreeEvidence;

typedef enum ReportEvidence {
        REPORT_SAYS_NOTHING,
        REPORT_SAYS_ABSENT,
        REPORT_SAYS_FINISHED,
        REPORT_SAYS_ACTIVE,
} ReportEvidence;

TreeEvidence evidence_of_tree(const Inventory *inventory, const TreePod *pod); /* NULL: not there */

/* REPORT_SAYS_ABSENT is for what was there when it was made: the caller knows. @pod, @tree: NULL
 * when it is not there. */
ReportEvidence
evidence_of_report(const Inventory *inventory, const ReportPod *pod, const TreePod *tree);

/* A settled report of everything. */
bool evidence_is_final(const PodsReport *report); /* may be NULL */
/* One of its containers is created or runs. */
bool evidence_has_running(const ReportPod *pod);
bool evidence_is_running(const ReportContainer *container);
