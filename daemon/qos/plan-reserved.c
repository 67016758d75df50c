/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "qos/plan-rows.h"

/*
 * The reserved cgroups, as the kubelet would write them if enforceNodeAllocatable named them: what
 * is reserved is both the limit and, with MemoryQoS, what is kept for them.
 */

typedef struct Reserved {
        const char *setting;   /* of the kubelet */
        const char *enforced;  /* its word in enforceNodeAllocatable */
        const char *path_name; /* where the kubelet is told of the cgroup */
        uint64_t bytes;
        bool is_enforced;
} Reserved;

static Reserved get_reserved(const QosInput *input, QosLevel level) {
        const QosKubelet *kubelet = &input->params->kubelet;

        if (level == QOS_LEVEL_SYSTEM_RESERVED)
                return (Reserved){ "systemReserved", "system-reserved", "systemReservedCgroup",
                                   kubelet->system_reserved_bytes,
                                   kubelet->enforces_system_reserved };
        return (Reserved){ "kubeReserved", "kube-reserved", "kubeReservedCgroup",
                           kubelet->kube_reserved_bytes, kubelet->enforces_kube_reserved };
}

/* @limit: what the value may be at the most. */
static void plan_row(Planner *planner,
                     QosRow *row,
                     const Reserved *reserved,
                     QosManage manage,
                     uint64_t limit) {
        if (reserved->is_enforced) {
                row_leave(row, QOS_OWNER_KUBELET,
                          "the kubelet writes it when it starts: its enforceNodeAllocatable names "
                          "%s",
                          reserved->enforced);
        } else if (!planner_manages(planner, manage)) {
                row_leave_unmanaged(row, manage);
        } else if (!planner->input->places->items[row->level].path[0]) {
                row_hold_back(row, "the kubelet's %s is no path of a cgroup", reserved->path_name);
        } else if (reserved->bytes < planner->page_bytes) {
                row_hold_back(row, "the kubelet's %s has no memory", reserved->setting);
        } else {
                row_say(row, "%s has %" PRIu64 " bytes of memory", reserved->setting,
                        reserved->bytes);
                if (reserved->bytes > limit)
                        row_say(row, "; no more than its memory.max, %" PRIu64, limit);
                row_set_bytes(row, bytes_min(reserved->bytes, limit), planner->page_bytes);
        }
}

void plan_reserved_level(Planner *planner, QosLevel level) {
        const Reserved reserved = get_reserved(planner->input, level);

        plan_row(planner, planner_add(planner, level, CGROUP_MEMORY_MAX), &reserved,
                 QOS_MANAGE_RESERVED_MEMORY_MAX, CGROUP_MAX);
        plan_row(planner, planner_add(planner, level, CGROUP_MEMORY_MIN), &reserved,
                 QOS_MANAGE_RESERVED_MEMORY_MIN, planner_get_limit(planner, level));
}
