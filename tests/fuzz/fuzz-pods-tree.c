/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of cgroups and the text of their files, with anything in them. The first byte says what the
 * rest is.
 */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pods/names.h"
#include "pods/usage.h"

#define TEXT_MAX 4096u

static void must(bool is_true) {
        if (!is_true)
                abort();
}

/* A pod's name is made of its uid again. */
static void try_name(CgroupDriver driver, const char *name) {
        const PodsName parsed = pods_name_parse(driver, name);
        char path[PODS_PATH_MAX], component[POD_UID_MAX + 3];
        CgroupName cgroup;
        PodsName again;

        must((parsed.kind == PODS_NAME_POD) == (parsed.uid[0] != '\0'));
        must((parsed.kind == PODS_NAME_QOS) == (parsed.qos != QOS_UNKNOWN));
        if (parsed.kind != PODS_NAME_POD)
                return;
        must(cgroup_name_make_kubepods("/a-b", &cgroup) == 0);
        (void)snprintf(component, sizeof(component), "pod%s", parsed.uid);
        must(cgroup_name_append(&cgroup, component) == 0);
        must(cgroup_name_format(&cgroup, driver, path) == 0);
        again = pods_name_parse(driver, strrchr(path, '/') + 1);
        must(again.kind == PODS_NAME_POD && strcmp(again.uid, parsed.uid) == 0);
}

static void try_systemd_name(const char *text, size_t n _unused_) {
        try_name(CGROUP_DRIVER_SYSTEMD, text);
}

static void try_cgroupfs_name(const char *text, size_t n _unused_) {
        try_name(CGROUP_DRIVER_CGROUPFS, text);
}

/* An id is a name that is an id. */
static void try_container(const char *text, size_t n _unused_) {
        char id[PODS_ID_MAX], name[PODS_ID_MAX + 16], again[PODS_ID_MAX];

        if (!pods_name_parse_container(text, id)) {
                must(id[0] == '\0');
                return;
        }
        (void)snprintf(name, sizeof(name), "docker-%s.scope", id);
        must(pods_name_parse_container(name, again) && strcmp(id, again) == 0);
}

/* Where it leads there is no way out. */
static void try_cgroup_root(const char *text, size_t n _unused_) {
        static const CgroupDriver drivers[] = { CGROUP_DRIVER_SYSTEMD, CGROUP_DRIVER_CGROUPFS };

        for (size_t i = 0; i < ELEMENTSOF(drivers); ++i) {
                char path[PODS_PATH_MAX] = "";
                CgroupName name;

                if (cgroup_name_make_kubepods(text, &name) ||
                    cgroup_name_format(&name, drivers[i], path))
                        must(path[0] == '\0');
                else
                        must(path[0] != '/' && strncmp(path, "../", 3) != 0 &&
                             !strstr(path, "/../"));
        }
}

/* What is not in the set has no bytes. */
static void try_numa_stat(const char *text, size_t n) {
        static uint64_t sums[NODESET_MAX];
        const NodeSet nodes = usage_parse_numa_stat(scan_init(text, n), sums);

        for (unsigned node = 0; node < NODESET_MAX; ++node)
                must(nodeset_contains(&nodes, node) || sums[node] == 0);
        memset(sums, 0, sizeof(sums));
}

static void try_pressure(const char *text, size_t n) {
        must(usage_parse_pressure(scan_init(text, n)).value <= 1009);
}

static void try_events(const char *text, size_t n) {
        (void)usage_parse_key(scan_init(text, n), "oom_kill");
        (void)usage_parse_key(scan_init(text, n), "populated");
}

static void try_bytes(const char *text, size_t n) {
        const OptU64 bytes = usage_parse_bytes(scan_init(text, n));
        char again[32];

        if (!bytes.present)
                return;
        n = (size_t)snprintf(again, sizeof(again), "%llu\n", (unsigned long long)bytes.value);
        must(opt_u64_equal(usage_parse_bytes(scan_init(again, n)), bytes));
}

static void try_page_size(const char *text, size_t n _unused_) {
        uint64_t page_bytes = 0;

        if (usage_parse_page_size(text, &page_bytes))
                must(page_bytes > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static void (*const kinds[])(const char *, size_t) = {
                try_systemd_name, try_cgroupfs_name, try_container, try_cgroup_root, try_numa_stat,
                try_pressure,     try_events,        try_bytes,     try_page_size,
        };
        char text[TEXT_MAX];

        if (size < 1 || size > sizeof(text))
                return 0;
        memcpy(text, data + 1, size - 1);
        text[size - 1] = '\0';
        kinds[data[0] % ELEMENTSOF(kinds)](text, size - 1);
        return 0;
}
