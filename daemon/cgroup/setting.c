/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/setting.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"

/*
 * Source: pkg/kubelet/cm of Kubernetes 1.36.3 for the files and the arithmetic, cgroup-v2.rst of
 * Linux 6.12 for what they take.
 */
typedef bool (*WriteText)(const char *value, char text[static CGROUP_SETTING_TEXT_MAX]);

static bool scan_number(const char *value, uint64_t *ret) {
        Scan scan = scan_init(value, strnlen(value, CGROUP_SETTING_TEXT_MAX));

        return scan_u64(&scan, ret) && scan_is_done(&scan);
}

static void format_number(uint64_t number, char text[static CGROUP_SETTING_TEXT_MAX]) {
        (void)snprintf(text, CGROUP_SETTING_TEXT_MAX, "%" PRIu64, number);
}

static bool write_number(const char *value,
                         uint64_t min,
                         uint64_t max,
                         char text[static CGROUP_SETTING_TEXT_MAX]) {
        uint64_t number;

        if (!scan_number(value, &number) || number < min || number > max)
                return false;
        format_number(number, text);
        return true;
}

static bool write_limit(const char *value, char text[static CGROUP_SETTING_TEXT_MAX]) {
        if (strcmp(value, "max") != 0)
                return write_number(value, 0, INT64_MAX, text);
        (void)snprintf(text, CGROUP_SETTING_TEXT_MAX, "max");
        return true;
}

static bool write_count(const char *value, char text[static CGROUP_SETTING_TEXT_MAX]) {
        return write_limit(value, text) && strcmp(text, "0") != 0;
}

static bool write_flag(const char *value, char text[static CGROUP_SETTING_TEXT_MAX]) {
        return write_number(value, 0, 1, text);
}

static bool write_weight(const char *value, char text[static CGROUP_SETTING_TEXT_MAX]) {
        return write_number(value, 1, CGROUP_WEIGHT_MAX, text);
}

bool cgroup_cpu_max_parse(const char *text, size_t n_text, CgroupCpuMax *ret) {
        Scan scan = scan_init(text, n_text);
        CgroupCpuMax parsed = { .quota_usec = CGROUP_MAX };

        if (!scan_literal(&scan, "max") && !scan_u64(&scan, &parsed.quota_usec))
                return false;
        if (!scan_char(&scan, ' ') || !scan_u64(&scan, &parsed.period_usec))
                return false;
        (void)scan_char(&scan, '\n');
        if (!scan_is_done(&scan))
                return false;
        *ret = parsed;
        return true;
}

/* The period has to be there: what it would be without is up to who wrote before. */
static bool write_cpu_max(const char *value, char text[static CGROUP_SETTING_TEXT_MAX]) {
        char quota[24] = "max";
        CgroupCpuMax max;

        if (!cgroup_cpu_max_parse(value, strnlen(value, CGROUP_SETTING_TEXT_MAX), &max))
                return false;
        if (max.period_usec < CGROUP_PERIOD_MIN || max.period_usec > CGROUP_PERIOD_MAX ||
            max.quota_usec < CGROUP_QUOTA_MIN)
                return false;
        if (max.quota_usec != CGROUP_MAX)
                (void)snprintf(quota, sizeof(quota), "%" PRIu64, max.quota_usec);
        (void)snprintf(text, CGROUP_SETTING_TEXT_MAX, "%s %" PRIu64, quota, max.period_usec);
        return true;
}

/* "0-3,8", rising. What is not there is the kernel's to refuse. */
static bool write_cpus(const char *value, char text[static CGROUP_SETTING_TEXT_MAX]) {
        const size_t n = strnlen(value, CGROUP_SETTING_TEXT_MAX);
        Scan scan = scan_init(value, n);
        uint64_t next = 0;

        if (n == CGROUP_SETTING_TEXT_MAX)
                return false;
        do {
                uint64_t first, last;

                if (!scan_u64(&scan, &first))
                        return false;
                last = first;
                if (scan_char(&scan, '-') && !scan_u64(&scan, &last))
                        return false;
                if (first < next || last < first || last > UINT16_MAX)
                        return false;
                next = last + 1;
        } while (scan_char(&scan, ','));
        memcpy(text, value, n + 1);
        return scan_is_done(&scan);
}

static bool write_nodes(const char *value, char text[static CGROUP_SETTING_TEXT_MAX]) {
        char formatted[CGROUP_VALUE_TEXT_MAX];
        CgroupValue nodes;

        if (cgroup_value_parse(CGROUP_CPUSET_MEMS, value, strnlen(value, CGROUP_SETTING_TEXT_MAX),
                               &nodes))
                return false;
        return snprintf(text, CGROUP_SETTING_TEXT_MAX, "%s",
                        cgroup_value_format(CGROUP_CPUSET_MEMS, &nodes, formatted)) <
               (int)CGROUP_SETTING_TEXT_MAX;
}

static const struct {
        const char *file;
        WriteText write;
        const char *expected;
} files[] = {
        { "memory.max", write_limit, "bytes, or max" },
        { "memory.high", write_limit, "bytes, or max" },
        { "memory.low", write_limit, "bytes, or max" },
        { "memory.min", write_limit, "bytes, or max" },
        { "memory.swap.max", write_limit, "bytes, or max" },
        { "memory.oom.group", write_flag, "0 or 1" },
        { "cpu.weight", write_weight, "1 to 10000" },
        { "cpu.max", write_cpu_max,
          "microseconds of 1000 or more, or max, and a period of 1000 to 1000000" },
        { "pids.max", write_count, "1 or more, or max" },
        { "cpuset.cpus", write_cpus, "a list such as 0-3,8" },
        { "cpuset.mems", write_nodes, "a list such as 0-1" },
};

/* "hugetlb.2MB.max" */
static bool is_hugetlb(const char *file) {
        Scan scan = scan_init(file, strnlen(file, CGROUP_SETTING_FILE_MAX));
        uint64_t size;

        return scan_literal(&scan, "hugetlb.") && !scan_char(&scan, '0') &&
               scan_u64(&scan, &size) && size < 1024 && (size & (size - 1)) == 0 &&
               (scan_literal(&scan, "KB") || scan_literal(&scan, "MB") ||
                scan_literal(&scan, "GB")) &&
               scan_literal(&scan, ".max") && scan_is_done(&scan);
}

static WriteText find_file(const char *file, const char **ret_expected) {
        for (size_t i = 0; i < ELEMENTSOF(files); ++i)
                if (strcmp(files[i].file, file) == 0) {
                        *ret_expected = files[i].expected;
                        return files[i].write;
                }
        *ret_expected = "bytes, or max";
        return is_hugetlb(file) ? write_limit : NULL;
}

int cgroup_setting_make(const char *file, const char *value, CgroupSetting *ret, Diag *reterr) {
        const char *expected;
        const WriteText write = find_file(file, &expected);
        CgroupSetting setting = {};

        if (!write) {
                diag_set(reterr, NULL, 0, 0,
                         "'%.64s' is no file that is set here; there are memory.max, .high, .low, "
                         ".min, .swap.max and .oom.group, cpu.weight, cpu.max, pids.max, "
                         "cpuset.cpus, cpuset.mems and hugetlb.SIZE.max",
                         file);
                return CGROUP_SETTING_E_REFUSED;
        }
        (void)snprintf(setting.file, sizeof(setting.file), "%s", file);
        if (!write(value, setting.text)) {
                diag_set(reterr, NULL, 0, 0, "'%s' takes %s, not '%.64s'", file, expected, value);
                return CGROUP_SETTING_E_REFUSED;
        }
        setting.is_knob = cgroup_knob_find(file, &setting.knob) &&
                          cgroup_value_parse(setting.knob, setting.text, strlen(setting.text),
                                             &setting.value) == 0;
        *ret = setting;
        return 0;
}

/* The kubelet's arithmetic */

uint64_t cgroup_weight_of_shares(uint64_t shares) {
        if (shares >= CGROUP_SHARES_MAX)
                return CGROUP_WEIGHT_MAX;
        return 1 + (shares - CGROUP_SHARES_MIN) * (CGROUP_WEIGHT_MAX - 1) /
                           (CGROUP_SHARES_MAX - CGROUP_SHARES_MIN);
}

uint64_t cgroup_shares_of_weight(uint64_t weight) {
        return (weight - 1) * (CGROUP_SHARES_MAX - CGROUP_SHARES_MIN) / (CGROUP_WEIGHT_MAX - 1) +
               CGROUP_SHARES_MIN;
}
