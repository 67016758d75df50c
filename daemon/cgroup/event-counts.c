/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/event-counts.h"

#include <string.h>

#include "base/bytes.h"
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

/* @counters: untouched after a failure */
static int
parse_counters(const char *text, size_t n_text, uint64_t counters[_CGROUP_EVENT_COUNTERS_N]) {
        uint64_t parsed[_CGROUP_EVENT_COUNTERS_N];
        Scan scan = scan_init(text, n_text), line, key;
        uint64_t number;

        memcpy(parsed, counters, sizeof(parsed));
        while (scan_line(&scan, &line)) {
                if (!scan_pair(&line, &key, &number))
                        return CGROUP_EVENT_E_MALFORMED;
                for (unsigned i = 0; i < _CGROUP_EVENT_COUNTERS_N; ++i)
                        if (is_key(key, names[i]))
                                parsed[i] = number;
        }
        memcpy(counters, parsed, sizeof(parsed));
        return 0;
}

int cgroup_event_counts_parse_memory(CgroupEventCounts *counts, const char *text, size_t n_text) {
        return parse_counters(text, n_text, counts->totals);
}

int cgroup_event_counts_parse_own(CgroupEventCounts *counts, const char *text, size_t n_text) {
        const int r = parse_counters(text, n_text, counts->own);

        counts->has_own |= r == 0;
        return r;
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

static uint64_t get_rise(uint64_t before, uint64_t now) {
        return now >= before ? now - before : now;
}

size_t cgroup_event_counts_compare(const CgroupEventCounts *before,
                                   const CgroupEventCounts *now,
                                   unsigned tag,
                                   CgroupEvent events[static _CGROUP_EVENT_KIND_N]) {
        size_t n = 0;

        for (unsigned i = 0; i < _CGROUP_EVENT_COUNTERS_N; ++i) {
                const uint64_t count = get_rise(before->totals[i], now->totals[i]);
                const uint64_t own = get_rise(before->own[i], now->own[i]);

                if (count == 0)
                        continue;
                events[n++] = (CgroupEvent){
                        .tag = tag,
                        .kind = (CgroupEventKind)i,
                        .count = count,
                        .own = now->has_own ? bytes_min(own, count) : count,
                        .total = now->totals[i],
                };
        }
        if (before->is_populated != now->is_populated)
                events[n++] = (CgroupEvent){
                        .tag = tag,
                        .kind = now->is_populated ? CGROUP_EVENT_POPULATED : CGROUP_EVENT_EMPTY,
                        .count = 1,
                        .own = 1,
                };
        return n;
}
