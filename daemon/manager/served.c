/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/served.h"

#include "metrics/text.h"
#include "service/cgroup-metrics.h"
#include "service/chunk-metrics.h"
#include "service/enforce-metrics.h"
#include "service/metrics-page.h"
#include "service/pods-metrics.h"
#include "service/qos-metrics.h"

/*
 * /healthz is for whoever can connect; /metrics says as much as DescribeNode, so it wants the same
 * role.
 */
#define ROLE_HELP                                                                                  \
        "root may everything, group slug may read; \"roles\" in slugd.yaml(5) says who else"

static void write_healthz(Buffer *buffer, void *userdata _unused_) {
        buffer_append_text(buffer, "ok\n");
}

static void write_workers(const Crew *crew, Buffer *buffer) {
        WorkerState states[_CREW_LANE_N];
        MetricLabel labels[_CREW_LANE_N];

        for (unsigned i = 0; i < _CREW_LANE_N; ++i) {
                states[i] = crew_get_lane(crew, i);
                labels[i] = (MetricLabel){ .name = "lane", .value = crew_lane_name(i) };
        }
        metric_begin(buffer, "slug_worker_stuck", "gauge",
                     "Whether the worker of a lane hangs: 1, or 0.");
        for (unsigned i = 0; i < _CREW_LANE_N; ++i)
                metric_sample(buffer, "slug_worker_stuck", &labels[i], 1, states[i].is_stuck);
        metric_begin(buffer, "slug_worker_restarts_total", "counter", "How often it was replaced.");
        for (unsigned i = 0; i < _CREW_LANE_N; ++i)
                metric_sample(buffer, "slug_worker_restarts_total", &labels[i], 1,
                              states[i].n_restarts);
        metric_begin(buffer, "slug_worker_busy_seconds", "gauge",
                     "How long what it does now takes already.");
        for (unsigned i = 0; i < _CREW_LANE_N; ++i)
                metric_sample_usec(buffer, "slug_worker_busy_seconds", &labels[i], 1,
                                   states[i].busy_usec);
}

static void write_metrics(Buffer *buffer, void *userdata) {
        const Served *served = userdata;

        metrics_page_write(&served->node->view, buffer);
        metric_begin(buffer, "slug_look_duration_seconds", "gauge",
                     "How long the last look at the machine took.");
        metric_sample_usec(buffer, "slug_look_duration_seconds", NULL, 0, served->look_usec);
        if (served->crew)
                write_workers(served->crew, buffer);
        pods_metrics_write(served->pods, buffer);
        if (served->node->view.chunks)
                chunk_metrics_write(served->node->view.chunks, buffer);
        if (served->node->cgroup_events)
                cgroup_metrics_write(served->node->cgroup_events, buffer);
        qos_metrics_write(served->node->view.qos, buffer);
        enforce_metrics_write(served->node->view.enforce, buffer);
        calls_write(&served->calls, buffer);
}

static void observe(const RpcMethod *method, RpcCode code, uint64_t usec, void *userdata) {
        Served *served = userdata;

        calls_note(&served->calls, method->path, rpc_code_name(code), usec);
}

int served_init(Served *served,
                const NodeService *node,
                const MemoryService *memory,
                const PodService *pods,
                const CgroupService *cgroups,
                const ChunkService *chunks,
                const EnforceService *enforce) {
        int r;

        *served = (Served){ .node = node, .pods = pods };
        rpc_health_init(&served->health, &served->table);
        r = rpc_reflection_new(&served->table, rpc_descriptors, n_rpc_descriptors,
                               &served->reflection);
        if (r)
                return r;
        served->services[0] = &node->service;
        served->services[1] = &served->health.service;
        served->services[2] = rpc_reflection_get_service(served->reflection);
        served->services[3] = &memory->service;
        served->services[4] = &pods->service;
        served->services[5] = &cgroups->service;
        served->services[6] = &chunks->service;
        served->services[7] = &enforce->service;
        served->pages[0] = (RpcPage){ .path = "/healthz",
                                      .content_type = "text/plain",
                                      .write = write_healthz };
        served->pages[1] = (RpcPage){ .path = "/metrics",
                                      .content_type = METRICS_CONTENT_TYPE,
                                      .role = RPC_ROLE_READER,
                                      .write = write_metrics,
                                      .userdata = served };
        served->table = (RpcTable){
                .services = served->services,
                .n_services = SERVED_SERVICES_MAX,
                .pages = served->pages,
                .n_pages = SERVED_PAGES_MAX,
                .role_help = ROLE_HELP,
                .observe = observe,
                .observer_userdata = served,
        };
        return 0;
}

void served_deinit(Served *served) {
        served->reflection = rpc_reflection_free(served->reflection);
}
