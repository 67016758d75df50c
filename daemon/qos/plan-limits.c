/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "qos/plan-rows.h"

/*
 * The kubelet's qosReserved (pkg/kubelet/cm/qos_container_manager_linux.go, setMemoryReserve, read
 * at 1.36.3), with results that are clamped:
 *
 *   A                     = capacity - systemReserved - kubeReserved
 *   burstable.memory.max  = A - guaranteed requests * X / 100
 *   besteffort.memory.max = burstable.memory.max - burstable requests * X / 100
 *
 * The kubelet would pass 0 or less on, which is "not written" to its library and "no limit" at -1.
 * Here a limit is never below QOS_LIMIT_MIN_BYTES: with less, no pod of that class could as much as
 * start its sandbox, and what kills it would not be told to anybody. It is also as low as a limit
 * can get, since none is brought nearer to usage than that.
 */
typedef struct Formula {
        uint64_t allocatable; /* A */
        unsigned percent;
        uint64_t guaranteed, burstable; /* what is kept for them */
        uint64_t burstable_limit, besteffort_limit;
} Formula;

static Formula calculate(const QosInput *input) {
        const QosKubelet *kubelet = &input->params->kubelet;
        const unsigned percent =
                input->params->reserved_percent < 100 ? input->params->reserved_percent : 100;
        Formula formula = { .percent = percent };

        formula.allocatable = bytes_sub_clamped(
                bytes_sub_clamped(input->capacity->total_bytes, kubelet->system_reserved_bytes),
                kubelet->kube_reserved_bytes);
        formula.guaranteed = bytes_share(input->requests->guaranteed_bytes, percent, 100);
        formula.burstable = bytes_share(input->requests->burstable_bytes, percent, 100);
        formula.burstable_limit = bytes_sub_clamped(formula.allocatable, formula.guaranteed);
        formula.besteffort_limit = bytes_sub_clamped(formula.burstable_limit, formula.burstable);
        return formula;
}

static void explain(QosRow *row, const QosInput *input, const Formula *formula) {
        if (row->level == QOS_LEVEL_BURSTABLE)
                row_say(row,
                        "capacity %" PRIu64 " - systemReserved %" PRIu64 " - kubeReserved %" PRIu64
                        " - %u%% (qos.reserved.memory) of %" PRIu64
                        " requested by guaranteed pods = %" PRIu64,
                        input->capacity->total_bytes, input->params->kubelet.system_reserved_bytes,
                        input->params->kubelet.kube_reserved_bytes, formula->percent,
                        input->requests->guaranteed_bytes, formula->burstable_limit);
        else
                row_say(row,
                        "%" PRIu64 " for burstable and besteffort - %u%% (qos.reserved.memory) of "
                        "%" PRIu64 " requested by burstable pods = %" PRIu64,
                        formula->burstable_limit, formula->percent,
                        input->requests->burstable_bytes, formula->besteffort_limit);
}

static void set_limit(Planner *planner, QosRow *row, const Formula *formula) {
        const uint64_t above = planner_get_limit(planner, QOS_LEVEL_KUBEPODS);
        const uint64_t wanted = row->level == QOS_LEVEL_BURSTABLE ? formula->burstable_limit
                                                                  : formula->besteffort_limit;
        uint64_t limit = wanted;

        explain(row, planner->input, formula);
        if (limit < QOS_LIMIT_MIN_BYTES) {
                limit = bytes_min(QOS_LIMIT_MIN_BYTES, formula->allocatable);
                row_say(row, "; raised to %" PRIu64 ", so that a pod can start", limit);
        }
        if (limit > above) {
                limit = above;
                row_say(row, "; no more than kubepods has, %" PRIu64, above);
        }
        if (limit < planner->page_bytes)
                row_hold_back(row,
                              "the limit would be %" PRIu64 " bytes, which kills every pod: "
                              "kubepods has %" PRIu64 ", capacity less reservations are %" PRIu64,
                              limit, above, formula->allocatable);
        else
                row_set_bytes(row, limit, planner->page_bytes);
}

static void plan_pods(Planner *planner, QosRow *row) {
        const QosInput *input = planner->input;
        Formula formula;

        if (input->params->kubelet.writes_qos_reserved) {
                row_leave(row, QOS_OWNER_KUBELET,
                          "the kubelet writes it every minute: its gate QOSReserved is on, and its "
                          "qosReserved has memory");
                return;
        }
        if (!planner_manages(planner, QOS_MANAGE_MEMORY_MAX)) {
                row_leave_unmanaged(row, QOS_MANAGE_MEMORY_MAX);
                return;
        }
        if (!input->params->has_reserved_percent) {
                row_hold_back(row, "qos.reserved.memory is not set");
                return;
        }
        if (!input->requests->is_known) {
                row_hold_back(row, "%s", input->requests->problem.text);
                return;
        }
        formula = calculate(input);
        if (formula.allocatable == 0)
                row_hold_back(row,
                              "systemReserved and kubeReserved leave nothing of a capacity of "
                              "%" PRIu64 " bytes",
                              input->capacity->total_bytes);
        else
                set_limit(planner, row, &formula);
}

void plan_limit(Planner *planner, QosLevel level) {
        QosRow *row = planner_add(planner, level, CGROUP_MEMORY_MAX);

        if (level == QOS_LEVEL_KUBEPODS)
                row_leave(row, QOS_OWNER_KUBELET,
                          "the kubelet writes it when it starts; of what the node has now it would "
                          "be %" PRIu64,
                          planner->input->capacity->kubepods_bytes);
        else
                plan_pods(planner, row);
}
