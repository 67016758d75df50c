/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/announce.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/bytes.h"
#include "base/log.h"

/*
 * What is said once stays said: a diagnostic is logged when it is new, a topology when it differs.
 * A machine that changes all over fills neither the journal nor the history: the comparison has a
 * cap, and how much is beyond it is one more line.
 */

static bool was_known(const DiagList *before, const Diag *diag) {
        for (size_t i = 0; before && i < before->n_items; ++i)
                if (strcmp(before->items[i].source, diag->source) == 0 &&
                    strcmp(before->items[i].text, diag->text) == 0)
                        return true;
        return false;
}

void announce_diagnostics(const SysfsMachine *before, const SysfsMachine *now) {
        for (size_t i = 0; i < now->diagnostics.n_items; ++i) {
                const Diag *diag = &now->diagnostics.items[i];

                if (was_known(before ? &before->diagnostics : NULL, diag))
                        continue;
                log_event(LOG_WARNING, SLUG_MESSAGE_TOPOLOGY_DIAGNOSTIC,
                          LOG_WITH({ .name = "SLUG_FILE", .text = diag->source }), "/%s %s",
                          diag->source, diag->text);
        }
}

void announce_snapshot(const Snapshot *snapshot) {
        const Topology *topology = snapshot->topology;
        const MemorySum *sum = &snapshot->capacity->capacity;
        char local[BYTES_TEXT_MAX], remote[BYTES_TEXT_MAX], text[160];

        (void)snprintf(text, sizeof(text), "%zu NUMA node%s, %s local, %s remote",
                       topology->n_nodes, topology->n_nodes == 1 ? "" : "s",
                       bytes_format(sum->local_bytes, local),
                       bytes_format(sum->remote_bytes, remote));
        log_event(LOG_NOTICE, SLUG_MESSAGE_TOPOLOGY_CHANGED,
                  LOG_WITH({ .name = "SLUG_GENERATION", .number = topology->generation },
                           { .name = "SLUG_NODE_COUNT", .number = topology->n_nodes },
                           { .name = "SLUG_LOCAL_BYTES", .number = sum->local_bytes },
                           { .name = "SLUG_REMOTE_BYTES", .number = sum->remote_bytes }),
                  "Topology generation %llu: %s", (unsigned long long)topology->generation, text);
        (void)sd_notifyf(0, "STATUS=Generation %llu: %s", (unsigned long long)topology->generation,
                         text);
}

void announce_start(const Snapshot *snapshot, uint64_t now_usec, History *history) {
        char text[HISTORY_TEXT_MAX];

        (void)snprintf(text, sizeof(text), "slugd %s started and found %zu NUMA node%s",
                       PACKAGE_VERSION, snapshot->topology->n_nodes,
                       snapshot->topology->n_nodes == 1 ? "" : "s");
        history_add(history, snapshot->topology->generation, now_usec, (OptU64){}, text);
}

static void announce_change(uint64_t generation, const TopologyChange *change) {
        const LogField with_node[] = {
                { .name = "SLUG_GENERATION", .number = generation },
                { .name = "SLUG_NODE", .number = change->node.value },
        };

        /* the generation alone, where it is about no NUMA node */
        log_event(LOG_NOTICE, SLUG_MESSAGE_MEMORY_CHANGED, with_node,
                  change->node.present ? ELEMENTSOF(with_node) : 1, "%s", change->text);
}

void announce_changes(uint64_t generation,
                      const TopologyChanges *changes,
                      uint64_t now_usec,
                      History *history) {
        TopologyChange more = {};

        for (size_t i = 0; i < changes->n_items; ++i) {
                announce_change(generation, &changes->items[i]);
                history_add(history, generation, now_usec, changes->items[i].node,
                            changes->items[i].text);
        }
        if (changes->n_dropped == 0)
                return;
        (void)snprintf(more.text, sizeof(more.text), "and %zu more changes", changes->n_dropped);
        announce_change(generation, &more);
        history_add(history, generation, now_usec, more.node, more.text);
}

void announce_kubelet_problem(const Config *config) {
        char text[DIAG_FORMATTED_MAX];

        if (!config->has_kubelet_problem)
                return;
        log_event(LOG_WARNING, SLUG_MESSAGE_KUBELET_CONFIG,
                  LOG_WITH({ .name = "SLUG_FILE", .text = config->kubelet.file }),
                  "%s, using the kubelet's defaults", diag_format(&config->kubelet_problem, text));
}

/* What was said of the settings before is not said again. */
static bool has_new_problem(const Config *before, const Config *now) {
        return !before->has_kubelet_problem ||
               strcmp(before->kubelet_problem.text, now->kubelet_problem.text) != 0 ||
               strcmp(before->kubelet_problem.source, now->kubelet_problem.source) != 0;
}

void announce_kubelet(const KubeletProcess *process) {
        if (process->pid)
                log_event(LOG_NOTICE, SLUG_MESSAGE_KUBELET_RESTARTED,
                          LOG_WITH({ .name = "SLUG_PID", .number = process->pid }),
                          "The kubelet is process %u now", process->pid);
        else
                log_event(LOG_NOTICE, SLUG_MESSAGE_KUBELET_RESTARTED, LOG_PLAIN,
                          "No kubelet runs any more");
}

typedef struct Reload {
        uint64_t generation;
        uint64_t now_usec;
        History *history;
} Reload;

_printf_(2, 3) static void announce_setting(const Reload *reload, const char *format, ...) {
        char text[HISTORY_TEXT_MAX];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        log_event(LOG_NOTICE, SLUG_MESSAGE_SETTING_CHANGED,
                  LOG_WITH({ .name = "SLUG_GENERATION", .number = reload->generation }), "%s",
                  text);
        history_add(reload->history, reload->generation, reload->now_usec, (OptU64){}, text);
}

static const char *or_nothing(const char *value) {
        return value[0] ? value : "nothing";
}

static void announce_settings(const Reload *reload, const Settings *before, const Settings *now) {
        for (size_t i = 0; i < now->list.n_items; ++i) {
                const ConfigSetting *setting = &now->list.items[i];
                const ConfigSetting *old = config_settings_find(&before->list, setting->key);

                if (!old)
                        announce_setting(reload, "%s is %s (%s), was not there", setting->key,
                                         or_nothing(setting->value), setting->source);
                else if (!config_setting_is_equal(old, setting))
                        announce_setting(reload, "%s is %s (%s), was %s (%s)", setting->key,
                                         or_nothing(setting->value), setting->source,
                                         or_nothing(old->value), old->source);
        }
        for (size_t i = 0; i < before->list.n_items; ++i)
                if (!config_settings_find(&now->list, before->list.items[i].key))
                        announce_setting(reload, "%s is no longer there, was %s (%s)",
                                         before->list.items[i].key, before->list.items[i].value,
                                         before->list.items[i].source);
}

void announce_reload(uint64_t generation,
                     const Settings *before,
                     const Settings *now,
                     uint64_t now_usec,
                     History *history) {
        const Reload reload = { generation, now_usec, history };

        log_event(LOG_NOTICE, SLUG_MESSAGE_RELOADED,
                  LOG_WITH({ .name = "SLUG_GENERATION", .number = generation }),
                  "The configuration was read again");
        announce_settings(&reload, before, now);
        if (has_new_problem(before->config, now->config))
                announce_kubelet_problem(now->config);
        if (strcmp(before->config->socket, now->config->socket) != 0)
                announce_setting(&reload, "the new socket takes effect when slugd is restarted");
}

void announce_refused_reload(const Diag *diag) {
        char text[DIAG_FORMATTED_MAX];

        log_event(LOG_ERR, SLUG_MESSAGE_RELOAD_REFUSED,
                  LOG_WITH({ .name = "SLUG_FILE", .text = diag->source },
                           { .name = "SLUG_LINE", .number = diag->line }),
                  "%s, keeping the configuration of before", diag_format(diag, text));
}
