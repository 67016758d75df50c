/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

/*
 * A file that this kubelet does not have is no gap. The device manager makes its file with the
 * first device that it gives: where there is none, all of it was read. The other one came with
 * Kubernetes 1.33: where there is none, it is not used. Only a folder that is not there is.
 */
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

enum {
        SOURCE_RUNTIME,
        SOURCE_POD_RESOURCES,
        SOURCE_DEVICES,
        SOURCE_ALLOCATIONS,
        SOURCE_MANIFESTS,
};

#define COMPLETE SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_COMPLETE
#define FAILED   SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_FAILED
#define ABSENT   SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_ABSENT
#define UNUSED   SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_UNUSED

/* @endpoint, @problem: copied. Return: 0 or -ENOMEM. */
static int set_source(Report *report,
                      size_t i,
                      Slug__V1__ReportSourceState state,
                      const char *endpoint,
                      const char *problem) {
        static const char *const names[REPORT_SOURCES] = { "runtime", "pod-resources", "devices",
                                                           "allocations", "manifests" };
        Slug__V1__ReportSource *source = &report->sources[i];

        source->name = (char *)names[i];
        source->state = state;
        source->endpoint = arena_strdup(report->arena, endpoint);
        source->problem = arena_strdup(report->arena, problem);
        return source->endpoint && source->problem ? 0 : -ENOMEM;
}

/* What is missing makes a source that has answered one that has failed. */
static int set_asked(Report *report,
                     size_t i,
                     Slug__V1__ReportSourceState state,
                     const Peer *peer,
                     const char *problem,
                     const char *gap) {
        int r;

        if (state != COMPLETE || !gap[0])
                return set_source(report, i, state, peer->path, problem);
        r = set_source(report, i, FAILED, peer->path, gap);
        report->gaps[i] = report->sources[i].problem;
        return r;
}

/* Files */

static int set_file(Report *report,
                    size_t i,
                    Slug__V1__ReportSourceState absent_state,
                    const char *dir,
                    const char *name,
                    int r,
                    const Diag *diag) {
        char path[ENDPOINT_MAX + 64], text[DIAG_FORMATTED_MAX];

        (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
        if (r == 0)
                return set_source(report, i, COMPLETE, path, "");
        if (r == DEVICES_E_ABSENT)
                return set_source(report, i, absent_state, path,
                                  absent_state == UNUSED ? "this kubelet keeps no such file" : "");
        r = set_source(report, i, FAILED, path,
                       diag->text[0] ? diag_format(diag, text) : strerror(r < 0 ? -r : EBADMSG));
        report->gaps[i] = report->sources[i].problem;
        return r;
}

static int read_files(Report *report, const ReportParams *params) {
        const char *dir = params->endpoints->kubelet_dir;
        Diag diag = {};
        int r;

        if (!params->kubelet || dir[0] == '\0') {
                const Slug__V1__ReportSourceState state = params->kubelet ? ABSENT : UNUSED;

                r = set_source(report, SOURCE_DEVICES, state, "", "");
                return r ? r : set_source(report, SOURCE_ALLOCATIONS, state, "", "");
        }
        r = devices_read(params->root, &report->devices, &diag);
        if (r == -ENOMEM)
                return r;
        r = set_file(report, SOURCE_DEVICES, COMPLETE, DEVICES_DIR, DEVICES_NAME, r, &diag);
        if (r)
                return r;
        diag = (Diag){};
        r = allocations_read(params->root, dir, &report->allocations, &diag);
        if (r == -ENOMEM)
                return r;
        return set_file(report, SOURCE_ALLOCATIONS, UNUSED, dir, ALLOCATIONS_NAME, r, &diag);
}

/* What is said of it; "" when all of it was read. @r: of manifests_read(). */
static void
describe_manifests(const Manifests *manifests, int r, char text[static DIAG_FORMATTED_MAX]) {
        size_t n;

        text[0] = '\0';
        if (r) {
                (void)snprintf(text, DIAG_FORMATTED_MAX, "%s",
                               r > 0 ? "there is no such folder" : strerror(-r));
                return;
        }
        if (manifests->n_problems == 0)
                return;
        n = strlen(diag_format(&manifests->problem, text));
        if (manifests->n_problems > 1)
                (void)snprintf(text + n, DIAG_FORMATTED_MAX - n, "; and %zu more",
                               manifests->n_problems - 1);
}

static int read_manifests(Report *report, const ReportParams *params) {
        char text[DIAG_FORMATTED_MAX];
        int r, s;

        if (!params->manifests)
                return set_source(report, SOURCE_MANIFESTS, UNUSED, "", "");
        r = manifests_read(params->root, params->manifests, &report->manifests);
        if (r == -ENOMEM)
                return r;
        describe_manifests(report->manifests, r, text);
        s = set_source(report, SOURCE_MANIFESTS,
                       r > 0     ? ABSENT
                       : text[0] ? FAILED
                                 : COMPLETE,
                       params->manifests, text);
        report->gaps[SOURCE_MANIFESTS] = report->sources[SOURCE_MANIFESTS].problem;
        return s;
}

/* Sources */

static int set_sources(Report *report, const ReportParams *params, const Collected *collected) {
        const RuntimeLook *runtime = runtime_get_look(params->runtime);
        const PodResourcesLook *kubelet;
        int r;

        r = set_asked(report, SOURCE_RUNTIME, runtime->state, runtime_get_peer(params->runtime),
                      runtime->problem, collected->runtime_problem);
        if (r)
                return r;
        report->sources[SOURCE_RUNTIME].version = arena_strdup(report->arena, runtime->version);
        if (!report->sources[SOURCE_RUNTIME].version)
                return -ENOMEM;
        if (!params->kubelet)
                return set_source(report, SOURCE_POD_RESOURCES, UNUSED, "", "");
        kubelet = pod_resources_get_look(params->kubelet);
        return set_asked(report, SOURCE_POD_RESOURCES, kubelet->state,
                         pod_resources_get_peer(params->kubelet), kubelet->problem,
                         collected->kubelet_problem);
}

static bool is_complete(const Report *report) {
        for (size_t i = 0; i < REPORT_SOURCES; ++i)
                if (report->sources[i].state != COMPLETE && report->sources[i].state != UNUSED)
                        return false;
        return true;
}

static void look_whether_settled(Report *report,
                                 const ReportParams *params,
                                 const Collected *collected,
                                 Settle *settle) {
        SettleLook look = {
                .usec = params->usec,
                .runtime = { .is_complete = report->sources[SOURCE_RUNTIME].state == COMPLETE,
                             .generation = runtime_get_peer(params->runtime)->n_connections },
                .fingerprint = collected->fingerprint,
                .ready_unlisted = collected->ready_unlisted,
                .lists_none = collected->lists_none,
                .lists_static_alone = collected->lists_static_alone,
        };

        if (params->kubelet)
                look.kubelet = (SettlePeer){
                        .is_complete = report->sources[SOURCE_POD_RESOURCES].state == COMPLETE,
                        .generation = pod_resources_get_peer(params->kubelet)->n_connections,
                };
        settle_look(settle, &look);
        report->message.settled = settle->is_settled;
        report->message.unsettled_reason = settle->reason;
}

static void read_boot_id(const Root *root, char boot_id[static 64]) {
        size_t n;

        if (root_read(root, BOOT_ID, boot_id, 64, &n) || n == 0)
                n = 0;
        boot_id[n] = '\0';
        boot_id[strcspn(boot_id, "\n")] = '\0';
}

static void fill_message(Report *report, const Collected *collected) {
        Slug__V1__ReportPodsRequest *message = &report->message;

        message->boot_id = report->boot_id;
        message->n_sources = REPORT_SOURCES;
        message->sources = report->source_list;
        message->n_pods = collected->n_pods;
        message->pods = collected->pods;
        message->has_kubelet_allocatable = collected->has_allocatable;
        message->n_kubelet_allocatable = collected->n_allocatable;
        message->kubelet_allocatable = collected->allocatable;
}

static int fill(Report *report, const ReportParams *params, Settle *settle, Missing *missing) {
        const RuntimeLook *runtime = runtime_get_look(params->runtime);
        const PodResourcesLook *kubelet =
                params->kubelet ? pod_resources_get_look(params->kubelet) : NULL;
        Collected collected;
        int r;

        r = read_files(report, params);
        if (r)
                return r;
        r = read_manifests(report, params);
        if (r)
                return r;
        r = collect(report->arena,
                    &(const CollectInput){
                            .sandboxes = runtime->sandboxes,
                            .containers = runtime->containers,
                            .details = runtime_get_details(params->runtime),
                            .listed = kubelet ? kubelet->listed : NULL,
                            .allocatable = kubelet ? kubelet->allocatable : NULL,
                            .allocations = report->allocations,
                            .manifests = report->manifests,
                            .devices = report->devices,
                    },
                    &collected);
        if (r)
                return r;
        r = set_sources(report, params, &collected);
        if (r)
                return r;

        /* Nothing below can fail. */
        look_whether_settled(report, params, &collected, settle);
        report->message.n_missing_static_pods =
                missing_look(missing, settle, params->usec, collected.missing, collected.n_missing);
        report->message.missing_static_pods = collected.missing;
        read_boot_id(params->root, report->boot_id);
        report->is_complete = is_complete(report);
        report->n_foreign = collected.n_foreign;
        report->message.ledger_generation = params->ledger_generation;
        fill_message(report, &collected);
        return 0;
}

int report_new(const ReportParams *params, Settle *settle, Missing *missing, Report **ret) {
        _cleanup_(report_freep) Report *report = calloc(1, sizeof(*report));
        int r;

        if (!report)
                return -ENOMEM;
        slug__v1__report_pods_request__init(&report->message);
        for (size_t i = 0; i < REPORT_SOURCES; ++i) {
                slug__v1__report_source__init(&report->sources[i]);
                report->source_list[i] = &report->sources[i];
                report->gaps[i] = "";
        }
        r = arena_new(COLLECT_ARENA_MAX, &report->arena);
        if (r)
                return r;
        r = fill(report, params, settle, missing);
        if (r)
                return r;
        *ret = TAKE_PTR(report);
        return 0;
}

Report *report_free(Report *report) {
        if (!report)
                return NULL;
        allocations_free(report->allocations);
        manifests_free(report->manifests);
        devices_free(report->devices);
        arena_free(report->arena);
        free(report);
        return NULL;
}
