/* SPDX-License-Identifier: Apache-2.0 */
#include "service/cgroup-resources.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * Source: toResources() in pkg/kubelet/cm/cgroup_manager_linux.go of Kubernetes 1.36.3, and Set()
 * of fs2 in github.com/opencontainers/cgroups. Other than there, what is absent is left alone: the
 * kubelet sets every size of hugepages that it does not name to 0.
 */
#define UNLIMITED (-1)

typedef struct Reading {
        CgroupResources *resources;
        Diag *reterr;
} Reading;

/* protobuf-c has an optional field as a oneof of one member. */
#define HAS(message, field) ((message)->_##field##_case != 0)

static int add(Reading *reading, const char *file, const char *value) {
        CgroupResources *resources = reading->resources;
        int r;

        for (size_t i = 0; i < resources->n_settings; ++i)
                if (strcmp(resources->settings[i].file, file) == 0) {
                        diag_set(reading->reterr, NULL, 0, 0, "'%.64s' is given twice", file);
                        return CGROUP_SETTING_E_REFUSED;
                }
        if (resources->n_settings == CGROUP_RESOURCES_MAX) {
                diag_set(reading->reterr, NULL, 0, 0, "more than %u files are set at once",
                         CGROUP_RESOURCES_MAX);
                return CGROUP_SETTING_E_REFUSED;
        }
        r = cgroup_setting_make(file, value, &resources->settings[resources->n_settings],
                                reading->reterr);
        resources->n_settings += r == 0;
        return r;
}

/* @name: of the field */
static int
add_limit(Reading *reading, const char *name, const char *file, int64_t limit, int64_t min) {
        char text[24] = "max";

        if (limit != UNLIMITED && limit < min) {
                diag_set(reading->reterr, NULL, 0, 0,
                         "%s takes -1 for no limit, or %" PRId64 " and more, not %" PRId64, name,
                         min, limit);
                return CGROUP_SETTING_E_REFUSED;
        }
        if (limit != UNLIMITED)
                (void)snprintf(text, sizeof(text), "%" PRId64, limit);
        return add(reading, file, text);
}

static int add_shares(Reading *reading, uint64_t shares) {
        char text[24];

        if (shares < CGROUP_SHARES_MIN) {
                diag_set(reading->reterr, NULL, 0, 0,
                         "cpu_shares takes 2 (the least) to 262144 (the most), not %" PRIu64,
                         shares);
                return CGROUP_SETTING_E_REFUSED;
        }
        (void)snprintf(text, sizeof(text), "%" PRIu64, cgroup_weight_of_shares(shares));
        return add(reading, "cpu.weight", text);
}

/* The half that is not given stays. */
static int
add_cpu_max(Reading *reading, const Slug__V1__ResourceConfig *message, const CgroupCpuMax *now) {
        uint64_t period_usec = now->period_usec;
        char quota[24] = "max", text[64];

        if (HAS(message, cpu_period))
                period_usec = message->cpu_period;
        if (HAS(message, cpu_quota)) {
                if (message->cpu_quota != UNLIMITED && message->cpu_quota < 0) {
                        diag_set(reading->reterr, NULL, 0, 0,
                                 "cpu_quota takes -1 for no limit, or microseconds of each period");
                        return CGROUP_SETTING_E_REFUSED;
                }
                if (message->cpu_quota != UNLIMITED)
                        (void)snprintf(quota, sizeof(quota), "%" PRId64, message->cpu_quota);
        } else if (now->quota_usec != CGROUP_MAX) {
                (void)snprintf(quota, sizeof(quota), "%" PRIu64, now->quota_usec);
        }
        (void)snprintf(text, sizeof(text), "%s %" PRIu64, quota, period_usec);
        return add(reading, "cpu.max", text);
}

/* The kernel calls 2097152 bytes "2MB". */
static int add_hugepages(Reading *reading, const Slug__V1__HugePageLimit *limit) {
        static const char *const units[] = { "KB", "MB", "GB" };
        uint64_t number = limit->page_size_bytes / 1024;
        char file[CGROUP_SETTING_FILE_MAX + 24];
        size_t unit = 0;

        while (unit + 1 < ELEMENTSOF(units) && number >= 1024 && number % 1024 == 0) {
                number /= 1024;
                ++unit;
        }
        if (limit->page_size_bytes % 1024 != 0 || number == 0 || number >= 1024 ||
            (number & (number - 1)) != 0) {
                diag_set(reading->reterr, NULL, 0, 0,
                         "there are no huge pages of %" PRIu64 " bytes", limit->page_size_bytes);
                return CGROUP_SETTING_E_REFUSED;
        }
        (void)snprintf(file, sizeof(file), "hugetlb.%" PRIu64 "%s.max", number, units[unit]);
        return add_limit(reading, "limit_bytes", file, limit->limit_bytes, 0);
}

static int read_lists(Reading *reading, const Slug__V1__ResourceConfig *message) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < message->n_huge_page_limit; ++i)
                r = add_hugepages(reading, message->huge_page_limit[i]);
        for (size_t i = 0; r == 0 && i < message->n_unified; ++i)
                r = add(reading, message->unified[i]->file, message->unified[i]->value);
        return r;
}

int cgroup_resources_read(const Slug__V1__ResourceConfig *message,
                          const CgroupCpuMax *now,
                          CgroupResources *ret,
                          Diag *reterr) {
        Reading reading = { .resources = ret, .reterr = reterr };
        int r = 0;

        ret->n_settings = 0;
        if (!message)
                return 0;
        if (HAS(message, pids_limit))
                r = add_limit(&reading, "pids_limit", "pids.max", message->pids_limit, 1);
        if (r == 0 && HAS(message, memory))
                r = add_limit(&reading, "memory", "memory.max", message->memory, 1);
        if (r == 0 && HAS(message, cpu_shares))
                r = add_shares(&reading, message->cpu_shares);
        if (r == 0 && (HAS(message, cpu_quota) || HAS(message, cpu_period)))
                r = add_cpu_max(&reading, message, now);
        if (r == 0 && message->cpu_set[0])
                r = add(&reading, "cpuset.cpus", message->cpu_set);
        return r ? r : read_lists(&reading, message);
}

int64_t cgroup_resources_limit(uint64_t number) {
        if (number == CGROUP_MAX)
                return UNLIMITED;
        return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}
