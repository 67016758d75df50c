/* SPDX-License-Identifier: Apache-2.0 */
#include "split/pod.h"

#include "split/pod-quantity.h"

/*
 * QoS classes
 *
 * Only CPU and memory count, and only quantities above 0. Nothing of either: BestEffort. Guaranteed
 * takes limits of both in every container, init containers included, and sums of requests and of
 * limits that are equal. All else is Burstable. Where a pod has resources of its own they alone are
 * looked at. A request that is left out is none here: it is the API server that sets it to the
 * limit, before a kubelet sees the pod.
 *
 * Source: GetPodQOS() and ComputePodQOS() in pkg/apis/core/v1/helper/qos, read at 1.36.3, with the
 * gate PodLevelResources on, as it is there by default.
 */
enum {
        KIND_CPU,
        KIND_MEMORY,
        _KIND_N,
};

typedef struct QosSums {
        PodNanos requests[_KIND_N]; /* 0: none */
        PodNanos limits[_KIND_N];
        bool is_some_unlimited;
} QosSums;

static const char *const kind_names[_KIND_N] = { "cpu", "memory" };

static void add_resources(QosSums *sums, const PodResources *resources) {
        for (unsigned kind = 0; kind < _KIND_N; ++kind) {
                const PodNanos limit = pod_quantities_get_nanos(
                        resources->limits, resources->n_limits, kind_names[kind]);

                sums->requests[kind] += pod_quantities_get_nanos(
                        resources->requests, resources->n_requests, kind_names[kind]);
                sums->limits[kind] += limit;
                if (limit == 0)
                        sums->is_some_unlimited = true;
        }
}

static QosClass classify(const QosSums *sums) {
        bool is_equal = true, is_any = false;

        for (unsigned kind = 0; kind < _KIND_N; ++kind) {
                is_any = is_any || sums->requests[kind] > 0 || sums->limits[kind] > 0;
                is_equal = is_equal && sums->requests[kind] == sums->limits[kind];
        }
        if (!is_any)
                return QOS_BEST_EFFORT;
        return is_equal && !sums->is_some_unlimited ? QOS_GUARANTEED : QOS_BURSTABLE;
}

QosClass pod_get_qos(const Pod *pod) {
        QosSums sums = {};

        if (pod->qos != QOS_UNKNOWN)
                return pod->qos;
        if (pod->resources.n_requests > 0 || pod->resources.n_limits > 0)
                add_resources(&sums, &pod->resources);
        else
                for (size_t i = 0; i < pod->n_containers; ++i)
                        add_resources(&sums, &pod->containers[i].resources);
        return classify(&sums);
}
