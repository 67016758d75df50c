/* SPDX-License-Identifier: Apache-2.0 */
#include "service/enforce-metrics.h"

#include "metrics/text.h"

/* Sums */

static void write_counts(const EnforceView *view, Buffer *buffer) {
        uint64_t counts[_ENFORCE_BACKEND_N][_ENFORCE_STATUS_N] = {};

        for (size_t i = 0; i < view->n_containers; ++i)
                ++counts[view->containers[i]->target.backend][view->containers[i]->status];
        metric_begin(
                buffer, "slug_enforced_containers", "gauge",
                "Containers that were promised a split, by what holds it and whether it does.");
        for (unsigned backend = 0; backend < _ENFORCE_BACKEND_N; ++backend)
                for (unsigned status = 0; status < _ENFORCE_STATUS_N; ++status) {
                        const MetricLabel labels[] = {
                                { "backend", enforce_backend_name((EnforceBackend)backend) },
                                { "state", enforce_status_name((EnforceStatus)status) },
                        };

                        metric_sample(buffer, "slug_enforced_containers", labels,
                                      ELEMENTSOF(labels), counts[backend][status]);
                }
}

static void write_backends(const EnforceView *view, Buffer *buffer) {
        metric_begin(buffer, "slug_enforcement_backend_usable", "gauge",
                     "Whether bytes can be moved in this way here: 1, or 0.");
        for (unsigned i = 0; i < _ENFORCE_BACKEND_N; ++i)
                metric_sample(
                        buffer, "slug_enforcement_backend_usable",
                        &(const MetricLabel){ "backend", enforce_backend_name((EnforceBackend)i) },
                        1, view->backends[i].is_usable);
}

/* By two labels, with a value. */
static void write_pair(Buffer *buffer,
                       const char *name,
                       const char *label,
                       const char *value,
                       uint64_t number) {
        const MetricLabel labels[] = { { "by", "slugd" }, { label, value } };

        metric_sample(buffer, name, labels, ELEMENTSOF(labels), number);
}

static void write_moved(const EnforceView *view, Buffer *buffer) {
        metric_begin(buffer, "slug_moved_bytes_total", "counter",
                     "Memory that was moved to remote memory (down) and to local memory (up).");
        write_pair(buffer, "slug_moved_bytes_total", "direction", "down", view->demoted);
        write_pair(buffer, "slug_moved_bytes_total", "direction", "up", view->promoted);
}

static void write_steps(const EnforceView *view, Buffer *buffer) {
        const struct {
                const char *result;
                uint64_t n;
        } rows[] = {
                { "done", bytes_sub_clamped(view->n_steps, view->n_failed_steps) },
                { "failed", view->n_failed_steps },
        };

        metric_begin(buffer, "slug_enforcement_steps_total", "counter",
                     "Steps in which slugd has moved memory, by what became of them.");
        for (size_t i = 0; i < ELEMENTSOF(rows); ++i)
                metric_sample(buffer, "slug_enforcement_steps_total",
                              &(const MetricLabel){ "result", rows[i].result }, 1, rows[i].n);
        metric_single(buffer, "slug_enforcement_samples_total", "counter",
                      "Times that the usage of a container with a split was read.",
                      view->n_samples);
}

/* A value is a word as often as a number: what counts is whether it is the one that is wanted. */
static void write_settings(const EnforceView *view, Buffer *buffer) {
        metric_begin(buffer, "slug_machine_setting", "gauge",
                     "A setting that decides where memory is: 1, or 0 when it is not as slugd.yaml "
                     "wants it; wanted is \"\" when it says nothing of it.");
        for (size_t i = 0; i < view->n_settings; ++i) {
                const EnforceSetting *setting = &view->settings[i];
                const MetricLabel labels[] = { { "setting", setting->name },
                                               { "value", setting->value },
                                               { "wanted", setting->wanted } };

                metric_sample(buffer, "slug_machine_setting", labels, ELEMENTSOF(labels),
                              enforce_setting_is_right(setting));
        }
}

/* Containers */

static void write_bytes(const EnforcedContainer *container,
                        const char *locality,
                        const char *what,
                        uint64_t bytes,
                        Buffer *buffer) {
        /* a pod that is made anew has the name of the one before */
        const MetricLabel labels[] = {
                { "namespace", container->namespace_name },
                { "pod", container->pod },
                { "uid", container->pod_uid },
                { "container", container->container },
                { "locality", locality },
                { "what", what },
        };

        metric_sample(buffer, "slug_enforced_bytes", labels, ELEMENTSOF(labels), bytes);
}

static void write_locality(const EnforcedContainer *container,
                           const char *locality,
                           const SplitRange *range,
                           uint64_t achieved,
                           Buffer *buffer) {
        write_bytes(container, locality, "promised", range->min, buffer);
        if (range->max != SPLIT_UNLIMITED)
                write_bytes(container, locality, "ceiling", range->max, buffer);
        if (container->memory.has_last)
                write_bytes(container, locality, "achieved", achieved, buffer);
}

static void write_containers(const EnforceView *view, Buffer *buffer) {
        const size_t n = (size_t)bytes_min(view->n_containers, ENFORCE_METRICS_CONTAINERS);

        metric_begin(buffer, "slug_enforced_bytes", "gauge",
                     "Memory of a container by locality: promised, allowed (missing when there is "
                     "no ceiling), and as it is.");
        for (size_t i = 0; i < n; ++i) {
                const EnforcedContainer *container = view->containers[i];
                const Split *split = &container->target.split;

                write_locality(container, "local", &split->local, container->memory.last.local,
                               buffer);
                write_locality(container, "remote", &split->remote, container->memory.last.remote,
                               buffer);
        }
        metric_single(buffer, "slug_enforced_containers_left_out", "gauge",
                      "Containers with a split that slug_enforced_bytes does not have.",
                      view->n_containers - n);
}

void enforce_metrics_write(const EnforceView *view, Buffer *buffer) {
        if (!view)
                return;
        write_counts(view, buffer);
        write_backends(view, buffer);
        write_moved(view, buffer);
        write_steps(view, buffer);
        write_settings(view, buffer);
        write_containers(view, buffer);
}
