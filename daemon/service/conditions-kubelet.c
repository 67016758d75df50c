/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions of the kubelet: whether slugd reckons with what it was told, and it with what is there
 */
#include "service/condition.h"
#include "service/kubelet-allocatable.h"

Condition condition_tell_kubelet_configuration(Arena *arena, const NodeView *view) {
        if (!view->kubelet_problem[0] && !view->kubelet_file[0])
                return condition_good("FlagsOnly",
                                      arena_printf(arena, "the kubelet, process %u, uses no file",
                                                   view->kubelet_pid));
        if (!view->kubelet_problem[0])
                return condition_good("Read", arena_printf(arena, "%s", view->kubelet_file));
        return condition_bad(view->is_kubelet_file_missing ? "NotFound" : "Invalid",
                             arena_printf(arena,
                                          "%s; the kubelet's defaults stand in; name the file with "
                                          "kubelet.configFile in slugd.yaml",
                                          view->kubelet_problem));
}

/*
 * The kubelet reads the size of the machine once, when it starts. What it saw is known to a slugd
 * that was there, or told by the limit that it wrote to its cgroup.
 */
Condition condition_tell_kubelet_memory(Arena *arena, const NodeView *view) {
        const SysfsHost *host = &view->topology->machine->host;
        const uint64_t total = view->capacity->total_bytes;
        const uint64_t limit = bytes_round_down(view->capacity->kubepods_bytes, view->page_bytes);

        if (view->kubelet_pid == 0)
                return condition_unknown("NoKubelet", "no kubelet runs here");
        if (view->kubelet_seen_bytes.present && view->kubelet_seen_bytes.value != total)
                return condition_bad(
                        "MemoryChanged",
                        arena_printf(arena,
                                     "the kubelet saw %llu bytes when it started, the machine "
                                     "has %llu now; restart the kubelet",
                                     (unsigned long long)view->kubelet_seen_bytes.value,
                                     (unsigned long long)total));
        if (view->has_kubepods_cgroup && host->kubepods_max_bytes.present &&
            host->kubepods_max_bytes.value != limit)
                return condition_bad(
                        "LimitOutdated",
                        arena_printf(arena,
                                     "memory.max of the cgroup %s is %llu, where the kubelet "
                                     "would write %llu today: memory or reservations changed "
                                     "since it started; restart the kubelet",
                                     host->kubepods_cgroup,
                                     (unsigned long long)host->kubepods_max_bytes.value,
                                     (unsigned long long)limit));
        if (view->kubelet_seen_bytes.present || host->kubepods_max_bytes.present)
                return condition_good("Current", "the kubelet has seen the memory that is there");
        return condition_unknown("NotSeen",
                                 "the kubelet was running before slugd came, and no kubepods "
                                 "cgroup tells what it saw");
}

Condition condition_tell_kubelet_allocatable(Arena *arena, const NodeView *view) {
        static const ConditionWord words[_KUBELET_ALLOCATABLE_N] = {
                [KUBELET_ALLOCATABLE_AGREES] = { "Agrees", condition_good },
                [KUBELET_ALLOCATABLE_NOT_STATIC] = { "NotStatic", condition_unknown },
                [KUBELET_ALLOCATABLE_NOT_REPORTED] = { "NotReported", condition_unknown },
                [KUBELET_ALLOCATABLE_DIFFERS] = { "Differs", condition_bad },
        };
        Diag message = {};
        const KubeletAllocatable known =
                kubelet_allocatable_judge(view->pods, view->capacity, &message);

        return condition_tell(&words[known], arena_strdup(arena, message.text));
}
