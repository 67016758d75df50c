/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "qos/plan-rows.h"

/*
 * The class levels of KEP-2570's TieredReservation, where the kubelet's own MemoryQoS is off: what
 * guaranteed and burstable pods request is kept for kubepods as a whole (memory.min), what
 * burstable pods request is kept for them as long as possible (memory.low). A protection above the
 * limit of its cgroup, or of what contains it, would promise what cannot be.
 */

static bool is_kubelets(QosRow *row, QosGate gate) {
        switch (gate) {
        case QOS_GATE_OFF:
                return false;
        case QOS_GATE_ON:
                row_leave(row, QOS_OWNER_KUBELET,
                          "the kubelet writes it every minute: its gate MemoryQoS is on");
                return true;
        case QOS_GATE_UNKNOWN:
                break;
        }
        row_leave(row, QOS_OWNER_KUBELET,
                  "MemoryQoS is on by default since Kubernetes 1.37, and then the kubelet writes "
                  "it; kubelet.featureGates.MemoryQoS: false in slugd.yaml gives it to slugd");
        return true;
}

static void set_protection(Planner *planner, QosRow *row) {
        const QosRequests *requests = planner->input->requests;
        const uint64_t limit = planner_get_limit(planner, row->level);
        uint64_t wanted = requests->burstable_bytes;

        if (row->level == QOS_LEVEL_KUBEPODS) {
                wanted = bytes_add_saturated(wanted, requests->guaranteed_bytes);
                row_say(row,
                        "%" PRIu64 " requested by guaranteed pods + %" PRIu64
                        " requested by burstable pods = %" PRIu64,
                        requests->guaranteed_bytes, requests->burstable_bytes, wanted);
        } else {
                row_say(row, "%" PRIu64 " requested by burstable pods", wanted);
        }
        if (wanted > limit)
                row_say(row, "; no more than %s has, %" PRIu64, qos_level_name(row->level), limit);
        row_set_bytes(row, bytes_min(wanted, limit), planner->page_bytes);
}

void plan_protection(Planner *planner, QosLevel level) {
        const bool is_whole = level == QOS_LEVEL_KUBEPODS;
        const QosManage manage = is_whole ? QOS_MANAGE_MEMORY_MIN : QOS_MANAGE_MEMORY_LOW;
        QosRow *row = planner_add(planner, level, is_whole ? CGROUP_MEMORY_MIN : CGROUP_MEMORY_LOW);

        if (is_kubelets(row, planner->input->params->kubelet.memory_qos))
                return;
        if (!planner_manages(planner, manage))
                row_leave_unmanaged(row, manage);
        else if (!planner->input->requests->is_known)
                row_hold_back(row, "%s", planner->input->requests->problem.text);
        else
                set_protection(planner, row);
}
