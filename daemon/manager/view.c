/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/view.h"

#include <ctype.h>
#include <stdio.h>

/* Every value is looked up where it lives; nothing is computed here. */

/* As the kubelet names its node: the host name in lower case, unless it was told another, or the
 * configuration names it. */
static void set_name(const Settings *settings, const Snapshot *snapshot, ViewTexts *texts) {
        const char *host_name = snapshot->topology->machine->host.host_name;
        size_t n = 0;

        if (settings->config->node_name[0])
                host_name = settings->config->node_name;
        else if (settings->config->kubelet.host_name[0])
                host_name = settings->config->kubelet.host_name;
        for (; host_name[n] && n < sizeof(texts->name) - 1; ++n)
                texts->name[n] = (char)tolower((unsigned char)host_name[n]);
        texts->name[n] = '\0';
}

static NodeSetting translate_setting(const ConfigBytes *from,
                                     char source[static CONFIG_SOURCE_TEXT_MAX]) {
        return (NodeSetting){
                .bytes = from->bytes,
                .setting = from->setting,
                .source = config_source_format(&from->source, source),
        };
}

static const char *format_placement_source(const Config *config,
                                           char buffer[static CONFIG_SOURCE_TEXT_MAX]) {
        return config_source_format(config->kubelet.n_reserved_memory > 0
                                            ? &config->kubelet.reserved_memory_source
                                            : &config->placement_source,
                                    buffer);
}

static const char *format_problem(const Diag *problem, char buffer[static DIAG_FORMATTED_MAX]) {
        return problem->text[0] ? diag_format(problem, buffer) : "";
}

static NodeKubelet translate_kubelet(const Settings *settings) {
        const KubeletConfig *kubelet = &settings->config->kubelet;

        return (NodeKubelet){
                .topology_policy = kubelet->topology_policy,
                .max_numa_nodes = kubelet->max_numa_nodes,
                .cpu_policy = kubelet->cpu_policy,
                .fails_on_swap = kubelet->fails_on_swap,
                .swap_behavior = kubelet->swap_behavior,
                .system_reserved_cgroup = kubelet->system_reserved_cgroup,
                .kube_reserved_cgroup = kubelet->kube_reserved_cgroup,
                .reserved_memory = settings->reserved_memory,
                .n_reserved_memory = kubelet->n_reserved_memory,
        };
}

NodeView view_build(const ViewParams *params, ViewTexts *texts) {
        const Snapshot *snapshot = params->snapshot;
        const Config *config = params->settings->config;
        const KubeletConfig *kubelet = &config->kubelet;

        set_name(params->settings, snapshot, texts);
        return (NodeView){
                .name = texts->name,
                .root = params->root,
                .topology = snapshot->topology,
                .capacity = snapshot->capacity,
                .ledger = store_get_ledger(params->store),
                .journal = store_get_journal(params->store),
                .pods = params->pods,
                .chunks = params->chunks,
                .qos = params->qos,
                .enforce = params->enforce,
                .qos_params = &params->settings->qos,
                .ledger_problem = store_get_problem(params->store),
                .history = params->history,
                .start_time_usec = params->start_time_usec,
                .reload_problem = format_problem(params->reload_problem, texts->reload_problem),
                .system_reserved =
                        translate_setting(&kubelet->system_reserved, texts->system_reserved),
                .kube_reserved = translate_setting(&kubelet->kube_reserved, texts->kube_reserved),
                .eviction = { .setting = kubelet->eviction_hard.setting,
                              .source = config_source_format(&kubelet->eviction_hard.source,
                                                             texts->eviction) },
                .placement_source = format_placement_source(config, texts->placement),
                .rules = params->settings->rules,
                .n_rules = config->n_rules,
                .settings = params->settings->entries,
                .n_settings = params->settings->list.n_items,
                .files = params->settings->files,
                .n_files = config->files.n_items,
                .page_bytes = params->settings->capacity.page_bytes,
                .kubelet_pid = kubelet->process.pid,
                .kubelet_start_ticks = kubelet->process.start_ticks,
                .kubelet_seen_bytes = params->kubelet_seen_bytes,
                .kubelet_file = kubelet->file,
                .kubelet_problem = format_problem(&config->kubelet_problem, texts->kubelet_problem),
                .is_kubelet_file_missing = config->is_kubelet_file_missing,
                .has_kubepods_cgroup = kubelet->cgroups_per_qos,
                .is_static_memory_policy = kubelet->static_memory_policy,
                .kubelet = translate_kubelet(params->settings),
        };
}
