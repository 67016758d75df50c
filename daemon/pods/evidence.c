/* SPDX-License-Identifier: Apache-2.0 */
#include "pods/evidence.h"

bool evidence_is_final(const PodsReport *report) {
        return report && report->is_settled && pods_report_is_complete(report);
}

bool evidence_is_running(const ReportContainer *container) {
        return container->state == REPORT_CREATED || container->state == REPORT_RUNNING;
}

bool evidence_has_running(const ReportPod *pod) {
        for (size_t i = 0; i < pod->n_containers; ++i)
                if (evidence_is_running(&pod->containers[i]))
                        return true;
        return false;
}

static bool has_state(const ReportPod *pod, ReportState state) {
        for (size_t i = 0; i < pod->n_containers; ++i)
                if (pod->containers[i].state == state)
                        return true;
        return false;
}

/*
 * Nothing of it runs, and nothing of it is to. A pod that the kubelet lists may be about to get a
 * new sandbox, so that its cgroup has a say; a kubelet before 1.34 lists pods that have ended, and
 * their cgroups are gone. One that it does not list is no active pod, whatever is left of it in the
 * kubelet's checkpoint of devices.
 */
static bool is_finished(const PodsReport *report, const ReportPod *pod, const TreePod *tree) {
        if (pod->sandbox == REPORT_SANDBOX_READY || evidence_has_running(pod) ||
            has_state(pod, REPORT_UNKNOWN))
                return false;
        if (pod->is_listed)
                return has_state(pod, REPORT_EXITED) && !(tree && tree->is_populated);
        return has_state(pod, REPORT_EXITED) || pods_report_has(report, "pod-resources");
}

TreeEvidence evidence_of_tree(const Inventory *inventory, const TreePod *pod) {
        if (pod)
                return pod->is_populated ? TREE_POPULATED : TREE_EMPTY;
        return inventory->is_tree_whole ? TREE_ABSENT : TREE_UNKNOWN;
}

ReportEvidence
evidence_of_report(const Inventory *inventory, const ReportPod *pod, const TreePod *tree) {
        const bool is_final = evidence_is_final(inventory->report);

        if (!pod)
                return is_final ? REPORT_SAYS_ABSENT : REPORT_SAYS_NOTHING;
        if (!is_finished(inventory->report, pod, tree))
                return REPORT_SAYS_ACTIVE;
        /* what was not read may be what keeps it alive */
        return is_final ? REPORT_SAYS_FINISHED : REPORT_SAYS_NOTHING;
}
