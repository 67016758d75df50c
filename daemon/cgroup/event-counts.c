/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/event-counts.h"

#include "base/scan.h"

static const char *const names[_CGROUP_EVENT_KIND_N] = {
        [CGROUP_EVENT_LOW] = "low",
        [CGROUP_EVENT_HIGH] = "high",
        [CGROUP_EVENT_MAX] = "max",
        [CGROUP_EVENT_OOM] = "oom",
        [CGROUP_EVENT_OOM_KILL] = "oom_kill",
        [CGROUP_EVENT_OOM_GROUP_KILL] = "oom_group_kill",
        [CGROUP_EVENT_POPULATED] = "populated",
        [CGROUP_EVENT_EMPTY] = "empty",
        [CGROUP_EVENT_PRESSURE] = "pressure",
};

const char *cgroup_event_kind_name(CgroupEventKind kind) {
        return kind < _CGROUP_EVENT_KIND_N ? names[kind] : "";
}

/* "KEY NUMBER". @ret_key: what is left of it tells the key's end, too. */
static bool scan_pair(Scan *line, Scan *ret_key, uint64_t *ret) {
        return scan_until(line, ' ', ret_key) && !scan_is_done(ret_key) && scan_u64(line, ret) &&
               scan_is_done(line);
}

static bool is_key(Scan key, const char *name) {
        return scan_literal(&key, name) && scan_is_done(&key);
}

int cgroup_event_counts_parse_memory(CgroupEventCounts *counts, const char *text, size_t n_text) {
        CgroupEventCounts parsed = *counts;
        Scan scan = scan_init(text, n_text), line, key;
        uint64_t number;

        while (scan_line(&scan, &line)) {
                if (!scan_pair(&line, &key, &number))
                        return CGROUP_EVENT_E_MALFORMED;
                for (unsigned i = 0; i < _CGROUP_EVENT_COUNTERS_N; ++i)
                        if (is_key(key, names[i]))
                                parsed.totals[i] = number;
        }
        *counts = parsed;
        return 0;
}

int cgroup_event_counts_parse_cgroup(CgroupEventCounts *counts, const char *text, size_t n_text) {
        CgroupEventCounts parsed = *counts;
        Scan scan = scan_init(text, n_text), line, key;
        uint64_t number;

        while (scan_line(&scan, &line)) {
                if (!scan_pair(&line, &key, &number))
                        return CGROUP_EVENT_E_MALFORMED;
                if (is_key(key, "populated"))
                        parsed.is_populated = number != 0;
        }
        *counts = parsed;
        return 0;
}

size_t cgroup_event_counts_compare(const CgroupEventCounts *before,
                                   const CgroupEventCounts *now,
                                   unsigned tag,
                                   CgroupEvent events[static _CGROUP_EVENT_KIND_N]) {
        size_t n = 0;

        for (unsigned i = 0; i < _CGROUP_EVENT_COUNTERS_N; ++i) {
                const uint64_t then = before->totals[i], total = now->totals[i];

                if (total == then || total == 0)
                        continue;
                events[n++] = (CgroupEvent){
                        .tag = tag,
                        .kind = (CgroupEventKind)i,
                        .count = total > then ? total - then : total,
                        .total = total,
                };
        }
        if (before->is_populated != now->is_populated)
                events[n++] = (CgroupEvent){
                        .tag = tag,
                        .kind = now->is_populated ? CGROUP_EVENT_POPULATED : CGROUP_EVENT_EMPTY,
                        .count = 1,
                };
        return n;
}
