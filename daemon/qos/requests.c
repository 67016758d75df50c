/* SPDX-License-Identifier: Apache-2.0 */
#include "qos/requests.h"

#include <string.h>

/*
 * The kubelet sums what active pods request: of each the larger of what its ordinary init
 * containers and what its other containers ask for, and its overhead. What is reported of it is
 * what the kubelet has written down, and it writes down neither ordinary init containers nor
 * overhead: a container whose request is not known, beside one whose request is, is such a one and
 * adds nothing. A container that has ended counts all the same: it may be started again, and its
 * pod was admitted with it.
 *
 * A guaranteed pod's limit is its request, and the kubelet writes that sum, with overhead and init
 * containers, to memory.max of the pod's cgroup: where it is more, it is what counts.
 */

static OptU64 sum_containers(const ReportPod *pod) {
        OptU64 sum = {};

        for (size_t i = 0; i < pod->n_containers; ++i)
                if (pod->containers[i].request_bytes.present)
                        sum = opt_u64(bytes_add_saturated(sum.value,
                                                          pod->containers[i].request_bytes.value));
        return sum;
}

static OptU64 get_request(const InventoryPod *pod) {
        const OptU64 limit = pod->tree ? pod->tree->usage.max_bytes : (OptU64){};
        OptU64 request = {};

        if (pod->report)
                request = pod->report->request_bytes.present ? pod->report->request_bytes
                                                             : sum_containers(pod->report);
        if (pod->qos == QOS_GUARANTEED && limit.present && limit.value > request.value)
                return limit;
        return request;
}

/* Problems. The first one is told. */

static const ReportSource *find_source(const PodsReport *report, const char *name) {
        for (size_t i = 0; i < report->n_sources; ++i)
                if (strcmp(report->sources[i].name, name) == 0)
                        return &report->sources[i];
        return NULL;
}

static const ReportSource *find_failed(const PodsReport *report) {
        for (size_t i = 0; i < report->n_sources; ++i)
                if (report->sources[i].state != REPORT_SOURCE_COMPLETE &&
                    report->sources[i].state != REPORT_SOURCE_UNUSED)
                        return &report->sources[i];
        return NULL;
}

static void tell_incomplete(const PodsReport *report, Diag *ret) {
        const ReportSource *failed = find_failed(report);

        diag_set(ret, NULL, 0, 0, "slug-kubelet's report of pods is not complete: %.40s: %s",
                 failed ? failed->name : "sources",
                 failed && failed->problem[0] ? failed->problem : "not read");
}

/* What the walk complains of says what the cgroup is or has: its path goes before that. */
static void tell_unseen(const Inventory *inventory, Diag *ret) {
        const Diag *problem = &inventory->tree->problem;

        diag_set(ret, NULL, 0, 0, "not every pod's cgroup can be seen: %s%s%s", problem->source,
                 problem->source[0] ? " " : "",
                 problem->text[0] ? problem->text
                                  : "pods run without one; set the kubelet's cgroupsPerQOS");
}

/* Of all pods together. False: there is none. */
static bool tell_whole(const Inventory *inventory, Diag *ret) {
        const PodsReport *report = inventory ? inventory->report : NULL;

        if (!inventory)
                diag_set(ret, NULL, 0, 0, "nobody has looked for pods yet");
        else if (!inventory->is_tree_whole)
                tell_unseen(inventory, ret);
        else if (!report)
                diag_set(ret, NULL, 0, 0,
                         "nobody has reported what pods request: start slug-kubelet.service");
        else if (!pods_report_is_complete(report))
                tell_incomplete(report, ret);
        else if (!report->is_settled)
                diag_set(ret, NULL, 0, 0, "slug-kubelet's report of pods is not settled: %s",
                         report->unsettled_reason[0] ? report->unsettled_reason
                                                     : "it will be soon");
        else
                return false;
        return true;
}

static const char *get_cause(const Inventory *inventory, const InventoryPod *pod) {
        const ReportSource *source;

        if (pod->qos == QOS_UNKNOWN)
                return "has no cgroup yet that tells its QoS class";
        if (!pod->report)
                return "is not in slug-kubelet's report yet";
        source = find_source(inventory->report, "allocations");
        if (!source || source->state != REPORT_SOURCE_COMPLETE)
                return "has requests that slug-kubelet cannot read: the source allocations fails";
        return "has requests that the kubelet did not write down: it needs the gate "
               "InPlacePodVerticalScaling";
}

static void tell_pod(const Inventory *inventory, const InventoryPod *pod, Diag *ret) {
        const char *cause = get_cause(inventory, pod);

        if (pod->report && pod->report->name[0])
                diag_set(ret, NULL, 0, 0, "pod %.63s/%.63s %s", pod->report->namespace_name,
                         pod->report->name, cause);
        else
                diag_set(ret, NULL, 0, 0, "pod %.63s %s", pod->uid, cause);
}

/* A cgroup without processes, of a pod that nobody reports, is one that is left over, or one whose
 * pod is about to be reported. */
static bool is_active(const InventoryPod *pod) {
        return pod->phase != POD_PHASE_FINISHED && pod->phase != POD_PHASE_UNKNOWN;
}

/* Return: false when it is not known what @pod adds. */
static bool add(QosRequests *requests, const InventoryPod *pod) {
        const OptU64 request = get_request(pod);

        switch (pod->qos) {
        case QOS_BEST_EFFORT:
                ++requests->n_besteffort;
                return true;
        case QOS_GUARANTEED:
                ++requests->n_guaranteed;
                requests->guaranteed_bytes =
                        bytes_add_saturated(requests->guaranteed_bytes, request.value);
                return request.present;
        case QOS_BURSTABLE:
                ++requests->n_burstable;
                requests->burstable_bytes =
                        bytes_add_saturated(requests->burstable_bytes, request.value);
                return request.present;
        case QOS_UNKNOWN:
        case _QOS_N:
                break;
        }
        return request.present && request.value == 0; /* nothing, whatever its class is */
}

QosRequests qos_requests_sum(const Inventory *inventory) {
        QosRequests requests = {};
        bool is_told = tell_whole(inventory, &requests.problem);

        for (size_t i = 0; inventory && i < inventory->n_pods; ++i) {
                const InventoryPod *pod = &inventory->pods[i];

                if (!is_active(pod) || add(&requests, pod) || is_told)
                        continue;
                tell_pod(inventory, pod, &requests.problem);
                is_told = true;
        }
        requests.is_known = !is_told;
        return requests;
}
