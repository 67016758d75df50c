/* SPDX-License-Identifier: Apache-2.0 */
#include "service/findings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "service/finder.h"

/*
 * One type has one severity, so that the order of the table is the order of the answer, and the
 * metric of each is a row that is always there.
 */
static const struct {
        const char *type;
        FindingSeverity severity;
        void (*find)(Finder *finder);
} kinds[] = {
        { "ReservedMemorySum", FINDING_ERROR, find_reserved_memory },
        { "TooManyNumaNodes", FINDING_ERROR, find_too_many_nodes },
        { "SwapOn", FINDING_ERROR, find_swap_refused },
        { "LimitsNeedCgroupV2", FINDING_ERROR, find_no_cgroup2 },
        { "LimitRefused", FINDING_ERROR, find_refused },
        { "LimitsNotWritten", FINDING_WARNING, find_nothing_written },
        { "NodeLimitsNotSet", FINDING_WARNING, find_node_limits },
        { "LimitContended", FINDING_WARNING, find_contended },
        { "KubeletOwnsKnob", FINDING_WARNING, find_owned_knobs },
        { "KubeletMayOwnKnob", FINDING_WARNING, find_unclear_knobs },
        { "CpulessNumaNode", FINDING_WARNING, find_cpuless_refusals },
        { "DemotionIgnoresMask", FINDING_WARNING, find_demotion_through_masks },
        { "BalancingIgnoresLimit", FINDING_WARNING, find_balancing_over_limits },
        { "RemoteMemoryUnmovable", FINDING_WARNING, find_unmovable },
        { "ChunkMemoryLost", FINDING_WARNING, find_lost_chunks },
        { "PodWithoutChunks", FINDING_WARNING, find_chunkless },
        { "SplitNotHeld", FINDING_WARNING, find_broken_splits },
        { "NoBackend", FINDING_WARNING, find_no_backend },
        { "EnforcementForcedUnusable", FINDING_WARNING, find_forced_unusable },
        { "DamonTaken", FINDING_WARNING, find_damon_taken },
        { "ContainerUnmanaged", FINDING_WARNING, find_unmanaged },
        { "NumaBalancingOn", FINDING_WARNING, find_balancing_over_splits },
        { "MachineSettingNotSet", FINDING_WARNING, find_unset_settings },
        { "StaticPodMissing", FINDING_WARNING, find_missing },
        { "ChunksInvalid", FINDING_WARNING, find_invalid_chunks },
        { "ChunksTooMany", FINDING_WARNING, find_many_chunks },
        { "ChunksHeldBack", FINDING_WARNING, find_held_chunks },
        { "LimitPending", FINDING_NOTE, find_pending },
        { "ChunkTooLarge", FINDING_NOTE, find_large_chunk },
        { "PodsPinnedToRemote", FINDING_NOTE, find_cpuless_pins },
        { "DemotionUnprotected", FINDING_NOTE, find_demotion_unprotected },
        { "DemotionDisabled", FINDING_NOTE, find_demotion_disabled },
        { "BalancingMovesMemory", FINDING_NOTE, find_balancing },
        { "SwapBelowRemote", FINDING_NOTE, find_swap_below },
};

size_t finding_type_count(void) {
        return ELEMENTSOF(kinds);
}

const char *finding_type_name(size_t index, FindingSeverity *ret_severity) {
        *ret_severity = kinds[index].severity;
        return kinds[index].type;
}

const char *finding_severity_name(FindingSeverity severity) {
        static const char *const names[_FINDING_SEVERITY_N] = {
                [FINDING_NOTE] = "note",
                [FINDING_WARNING] = "warning",
                [FINDING_ERROR] = "error",
        };

        return names[severity];
}

int findings_build(Arena *arena, const NodeView *view, Findings *ret) {
        Finder finder = { .view = view, .arena = arena, .findings = ret };

        *ret = (Findings){};
        for (size_t i = 0; i < ELEMENTSOF(kinds) && !finder.error; ++i) {
                finder.type = kinds[i].type;
                finder.severity = kinds[i].severity;
                kinds[i].find(&finder);
        }
        return finder.error;
}

void finder_add(Finder *finder, const char *message, const char *fix) {
        Findings *findings = finder->findings;

        if (!message || !fix) {
                finder->error = -ENOMEM;
                return;
        }
        if (findings->n_items == FINDINGS_MAX) {
                ++findings->n_dropped;
                return;
        }
        findings->items[findings->n_items++] = (Finding){
                .type = finder->type,
                .severity = finder->severity,
                .message = message,
                .fix = fix,
        };
}

const char *finder_check(Finder *finder, const char *text) {
        if (!text)
                finder->error = -ENOMEM;
        return text ? text : "";
}

bool finder_has_kubelet(const Finder *finder) {
        const NodeView *view = finder->view;

        return view->kubelet_pid != 0 || (view->kubelet_problem && !view->kubelet_problem[0]);
}

unsigned finder_get_manage(const Finder *finder) {
        return finder->view->qos_params ? finder->view->qos_params->manage : 0;
}

static const NodeConfigEntry *find_entry(const NodeView *view, const char *key) {
        for (size_t i = 0; i < view->n_settings; ++i)
                if (strcmp(view->settings[i].key, key) == 0)
                        return &view->settings[i];
        return NULL;
}

const char *finder_get_setting(const Finder *finder, const char *key) {
        const NodeConfigEntry *entry = find_entry(finder->view, key);

        return entry ? entry->value : NULL;
}

/* Where a setting comes from; NULL: it is not listed. */
static const char *find_source(const NodeView *view, const char *key) {
        const NodeConfigEntry *entry = find_entry(view, key);

        return entry ? entry->source : NULL;
}

/* Of "FILE:LINE" the length of FILE; 0 for anything else. */
static size_t span_file(const char *source) {
        const char *colon = source ? strrchr(source, ':') : NULL;

        return colon && source[0] == '/' ? (size_t)(colon - source) : 0;
}

const char *finder_set_kubelet(const Finder *finder, const char *key, const char *line) {
        const NodeView *view = finder->view;
        const char *source = find_source(view, key);
        const char *file = view->kubelet_file && view->kubelet_file[0] ? view->kubelet_file
                                                                       : "KubeletConfiguration";

        if (span_file(source))
                return arena_printf(finder->arena, "%.*s: %s", (int)span_file(source), source,
                                    line);
        if (source && strncmp(source, "kubelet flag ", strlen("kubelet flag ")) == 0)
                return arena_printf(finder->arena, "%s: %s (and without the %s)", file, line,
                                    source);
        return arena_printf(finder->arena, "%s: %s", file, line);
}

const char *finder_set_slugd(const Finder *finder, const char *key, const char *line) {
        const char *source = find_source(finder->view, key);

        if (span_file(source))
                return arena_printf(finder->arena, "%.*s: %s", (int)span_file(source), source,
                                    line);
        return arena_printf(finder->arena, "slugd.yaml: %s", line);
}

const char *finder_set_manage(const Finder *finder, unsigned without, unsigned with) {
        const unsigned manage = (finder_get_manage(finder) & ~without) | with;
        char list[160] = "", line[sizeof(list) + sizeof("qos: {manage: []}")];

        for (unsigned i = 0; i < QOS_MANAGE_BITS; ++i) {
                const size_t n = strlen(list);

                if (manage & 1u << i) /* all words fit */
                        (void)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "",
                                       qos_manage_name((QosManage)(1u << i)));
        }
        (void)snprintf(line, sizeof(line), "qos: {manage: [%s]}", list);
        return finder_set_slugd(finder, "qos.manage", line);
}

const char *finder_name_nodes(Finder *finder, const NodeSet *nodes) {
        char text[NODESET_TEXT_MAX];

        return finder_check(finder, arena_printf(finder->arena, "NUMA node%s %s",
                                                 nodeset_count(nodes) == 1 ? "" : "s",
                                                 nodeset_format(nodes, text)));
}
