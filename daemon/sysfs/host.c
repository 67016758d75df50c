/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host as a whole: /proc/meminfo, the kernel, cgroups, and the switches that move memory
 *
 * MemTotal of /proc/meminfo is the number that the kubelet calls the node's memory capacity; it is
 * kept apart from the sum of the NUMA nodes, because the two can differ.
 */
#include <stdio.h>
#include <string.h>

#include "sysfs/read.h"

#define MEMINFO_MAX    16384u
#define OS_RELEASE_MAX 16384u

/* A kernel without swap has no such line, and that is nothing to complain about. */
static OptU64 find_swap(const AttrReader *reader, Scan text) {
        Scan rest = text, line;

        while (scan_line(&rest, &line))
                if (scan_literal(&line, "SwapTotal:"))
                        return attr_find_kib(reader, "proc/meminfo", text, "SwapTotal:");
        return (OptU64){};
}

static void read_meminfo(const AttrReader *reader, SysfsHost *host) {
        char text[MEMINFO_MAX];
        size_t n;

        if (!attr_read_text(reader, "proc/meminfo", text, sizeof(text), &n))
                return;
        host->memory_bytes = attr_find_kib(reader, "proc/meminfo", scan_init(text, n), "MemTotal:");
        host->swap_bytes = find_swap(reader, scan_init(text, n));
}

/* "Linux version 6.12.1-amd64 (someone@somewhere) ...", for captures without sysctl files. */
static void read_kernel_version(const AttrReader *reader, SysfsHost *host) {
        char text[ATTR_TEXT_MAX];
        Scan scan, version;
        size_t n;

        if (attr_read_word(reader, "proc/sys/kernel/osrelease", host->kernel_version,
                           sizeof(host->kernel_version)))
                return;
        if (!attr_read_text(reader, "proc/version", text, sizeof(text), &n))
                return;
        scan = scan_init(text, n);
        if (scan_literal(&scan, "Linux version ") && scan_until(&scan, ' ', &version) &&
            scan_left(&version) < sizeof(host->kernel_version))
                memcpy(host->kernel_version, version.cursor, scan_left(&version));
}

/* PRETTY_NAME="Debian GNU/Linux 13 (trixie)" */
static void read_os_image(const AttrReader *reader, SysfsHost *host) {
        static const char *const files[] = { "etc/os-release", "usr/lib/os-release" };
        char text[OS_RELEASE_MAX];
        Scan scan, line, value;
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(files); ++i) {
                if (!attr_read_text(reader, files[i], text, sizeof(text), &n))
                        continue;
                scan = scan_init(text, n);
                while (scan_line(&scan, &line)) {
                        if (!scan_literal(&line, "PRETTY_NAME=\"") ||
                            !scan_until(&line, '"', &value) ||
                            scan_left(&value) >= sizeof(host->os_image))
                                continue;
                        for (size_t c = 0; c < scan_left(&value); ++c)
                                host->os_image[c] = value.cursor[c] >= ' ' && value.cursor[c] <= '~'
                                                            ? value.cursor[c]
                                                            : '?';
                        return;
                }
        }
}

/*
 * Version 2 has its controllers file at the mount point. A v1 hierarchy has one folder per
 * controller; with a v2 tree beside them (systemd's "unified") the layout is called hybrid.
 */
static void read_cgroup(const AttrReader *reader, SysfsHost *host) {
        const char *version = "";

        if (attr_read_word(reader, "sys/fs/cgroup/cgroup.controllers", host->cgroup_controllers,
                           sizeof(host->cgroup_controllers)))
                version = "v2";
        else if (root_exists(reader->root, "sys/fs/cgroup/memory"))
                version = root_exists(reader->root, "sys/fs/cgroup/unified/cgroup.controllers")
                                  ? "hybrid"
                                  : "v1";
        (void)snprintf(host->cgroup_version, sizeof(host->cgroup_version), "%s", version);
}

/*
 * The limit that the kubelet wrote when it started, under whichever driver. Below a cgroupRoot of
 * its own it is not looked for.
 */
static void read_kubepods(const AttrReader *reader, SysfsHost *host) {
        static const char *const cgroups[] = { "kubepods.slice", "kubepods" };
        char path[ATTR_PATH_MAX], text[24];

        for (size_t i = 0; i < ELEMENTSOF(cgroups); ++i) {
                (void)attr_path(path, "sys/fs/cgroup/%s/memory.max", cgroups[i]);
                if (!attr_read_word(reader, path, text, sizeof(text)))
                        continue;
                (void)snprintf(host->kubepods_cgroup, sizeof(host->kubepods_cgroup), "%s",
                               cgroups[i]);
                if (strcmp(text, "max") != 0)
                        host->kubepods_max_bytes = attr_read_u64(reader, path);
                return;
        }
}

int sysfs_read_host(const AttrReader *reader, SysfsMachine *machine) {
        SysfsHost *host = &machine->host;

        read_meminfo(reader, host);
        read_kernel_version(reader, host);
        read_os_image(reader, host);
        read_cgroup(reader, host);
        read_kubepods(reader, host);
        (void)attr_read_word(reader, "proc/sys/kernel/hostname", host->host_name,
                             sizeof(host->host_name));
        host->is_demotion_enabled = attr_read_bool(reader, "sys/kernel/mm/numa/demotion_enabled");
        host->numa_balancing = attr_read_u64(reader, "proc/sys/kernel/numa_balancing");
        host->block_bytes = attr_read_hex(reader, SYSFS_BLOCK_DIR "/block_size_bytes");
        (void)attr_read_word(reader, SYSFS_BLOCK_DIR "/auto_online_blocks",
                             host->auto_online_blocks, sizeof(host->auto_online_blocks));
        return 0;
}
