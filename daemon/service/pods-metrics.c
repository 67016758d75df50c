/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pods-metrics.h"

#include <string.h>

#include "metrics/text.h"

typedef enum Where {
        WHERE_LOCAL,
        WHERE_REMOTE,
        WHERE_OTHER,
        WHERE_UNCOUNTED, /* what the kernel counts on no NUMA node */
        _WHERE_N,
} Where;

static const char *const where_names[_WHERE_N] = {
        [WHERE_LOCAL] = "local",
        [WHERE_REMOTE] = "remote",
        [WHERE_OTHER] = "other",
        [WHERE_UNCOUNTED] = "uncounted",
};

static const char *name_qos(QosClass qos) {
        return qos == QOS_UNKNOWN ? "unknown" : qos_class_name(qos);
}

static void
sum_usage(const HintsMachine *machine, const PodsUsage *usage, uint64_t sums[static _WHERE_N]) {
        uint64_t counted = 0;

        for (size_t i = 0; i < usage->n_nodes; ++i) {
                const HintsNode *node = hints_machine_find(machine, usage->nodes[i].node);
                Where where = WHERE_OTHER;

                if (node && node->locality == LOCALITY_LOCAL)
                        where = WHERE_LOCAL;
                else if (node && node->locality == LOCALITY_REMOTE)
                        where = WHERE_REMOTE;
                sums[where] = bytes_add_saturated(sums[where], usage->nodes[i].bytes);
                counted = bytes_add_saturated(counted, usage->nodes[i].bytes);
        }
        sums[WHERE_UNCOUNTED] = bytes_add_saturated(sums[WHERE_UNCOUNTED],
                                                    bytes_sub_clamped(usage->bytes.value, counted));
}

/* Sums */

static void write_counts(const Inventory *inventory, Buffer *buffer) {
        static const char *const phases[] = {
                [POD_PHASE_PENDING] = "pending",
                [POD_PHASE_RUNNING] = "running",
                [POD_PHASE_FINISHED] = "finished",
                [POD_PHASE_UNKNOWN] = "unknown",
        };
        uint64_t counts[_QOS_N][ELEMENTSOF(phases)] = {};

        for (size_t i = 0; i < inventory->n_pods; ++i)
                ++counts[inventory->pods[i].qos][inventory->pods[i].phase];
        metric_begin(buffer, "slug_pods", "gauge", "Pods of this node, by QoS class and state.");
        for (unsigned qos = 0; qos < _QOS_N; ++qos)
                for (unsigned phase = 0; phase < ELEMENTSOF(phases); ++phase) {
                        const MetricLabel labels[] = { { "qos_class", name_qos((QosClass)qos) },
                                                       { "state", phases[phase] } };

                        metric_sample(buffer, "slug_pods", labels, ELEMENTSOF(labels),
                                      counts[qos][phase]);
                }
}

static void write_observed(const PodService *service, Buffer *buffer) {
        uint64_t n = 0;

        for (const LedgerClaim *claim = ledger_next(service->ledger, NULL); claim;
             claim = ledger_next(service->ledger, claim))
                n += claim->source == CLAIM_SOURCE_OBSERVED;
        metric_single(buffer, "slug_pod_observed_pods", "gauge",
                      "Pods that hold memory without having asked for it.", n);
}

static void write_usage(const PodService *service, Buffer *buffer) {
        const Inventory *inventory = service->pods->inventory;
        uint64_t sums[_QOS_N][_WHERE_N] = {};

        for (size_t i = 0; i < inventory->n_pods; ++i)
                if (inventory->pods[i].tree)
                        sum_usage(service->machine, &inventory->pods[i].tree->usage,
                                  sums[inventory->pods[i].qos]);
        metric_begin(buffer, "slug_pods_usage_bytes", "gauge",
                     "Memory that pods use, by QoS class and where it lies.");
        for (unsigned qos = 0; qos < _QOS_N; ++qos)
                for (unsigned where = 0; where < _WHERE_N; ++where) {
                        const MetricLabel labels[] = { { "qos_class", name_qos((QosClass)qos) },
                                                       { "locality", where_names[where] } };

                        metric_sample(buffer, "slug_pods_usage_bytes", labels, ELEMENTSOF(labels),
                                      sums[qos][where]);
                }
}

/* The largest */

/* @top: by falling usage, and by uid among equals; room for PODS_METRICS_TOP. */
static size_t find_top(const Inventory *inventory, const InventoryPod **top) {
        size_t n = 0;

        for (size_t i = 0; i < inventory->n_pods; ++i) {
                const InventoryPod *pod = &inventory->pods[i];
                size_t place = n;

                if (!pod->tree)
                        continue;
                while (place > 0 &&
                       top[place - 1]->tree->usage.bytes.value < pod->tree->usage.bytes.value)
                        --place;
                if (place == PODS_METRICS_TOP)
                        continue;
                n += n < PODS_METRICS_TOP;
                memmove(top + place + 1, top + place, (n - place - 1) * sizeof(*top));
                top[place] = pod;
        }
        return n;
}

static void write_top(const PodService *service, Buffer *buffer) {
        const InventoryPod *top[PODS_METRICS_TOP];
        const size_t n = find_top(service->pods->inventory, top);

        metric_begin(buffer, "slug_pod_memory_bytes", "gauge",
                     "Memory of the 20 pods that use most, by where it lies.");
        for (size_t i = 0; i < n; ++i) {
                const ReportPod *report = top[i]->report;
                uint64_t sums[_WHERE_N] = {};

                sum_usage(service->machine, &top[i]->tree->usage, sums);
                for (unsigned where = 0; where < _WHERE_N; ++where) {
                        const MetricLabel labels[] = {
                                { "namespace", report ? report->namespace_name : "" },
                                { "pod", report ? report->name : "" },
                                { "uid", top[i]->uid },
                                { "locality", where_names[where] },
                        };

                        metric_sample(buffer, "slug_pod_memory_bytes", labels, ELEMENTSOF(labels),
                                      sums[where]);
                }
        }
}

/* The look, and the report */

static void write_report(const PodsView *view, Buffer *buffer) {
        const PodsReport *report = view->inventory->report;

        metric_single(buffer, "slug_report_settled", "gauge",
                      "Whether slug-kubelet has said that it knows all pods: 1, or 0.",
                      report && report->is_settled);
        if (!report)
                return;
        metric_begin(buffer, "slug_report_age_seconds", "gauge",
                     "How long ago slug-kubelet has reported; missing while it never did.");
        metric_sample_usec(buffer, "slug_report_age_seconds", NULL, 0,
                           pods_view_get_age(view, report->usec));
}

void pods_metrics_write(const PodService *service, Buffer *buffer) {
        const PodsView *view = service->pods;

        if (!view->inventory)
                return;
        write_counts(view->inventory, buffer);
        write_observed(service, buffer);
        write_usage(service, buffer);
        write_top(service, buffer);
        metric_begin(buffer, "slug_pods_look_duration_seconds", "gauge",
                     "How long the last look at pods took.");
        metric_sample_usec(buffer, "slug_pods_look_duration_seconds", NULL, 0, view->look_usec);
        write_report(view, buffer);
}
