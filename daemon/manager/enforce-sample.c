/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/enforce-sample.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pods/usage.h"

/*
 * Source: Documentation/admin-guide/cgroup-v2.rst of Linux 6.12 for memory.*; mm/vmstat.c,
 * zoneinfo_show_print(), for /proc/zoneinfo: a zone begins with "Node 0, zone Normal", "pages free"
 * and "low" are counts of pages.
 */
#define PRESSURE_USEC (250 * USEC_PER_MSEC)
#define STAT_USEC     USEC_PER_SEC
#define SWAP_USEC     (2 * USEC_PER_SEC)
#define FREE_USEC     (250 * USEC_PER_MSEC)

/* Files */

void enforce_files_close(EnforceFiles *files) {
        (void)fd_close(files->numa_stat_fd);
        (void)fd_close(files->stat_fd);
        (void)fd_close(files->pressure_fd);
        (void)fd_close(files->swap_fd);
        (void)fd_close(files->dir_fd);
        *files = (EnforceFiles)ENFORCE_FILES_NULL;
}

/* One that is not there is none. */
static int open_optional(int dir_fd, const char *file) {
        int fd = -EBADF;

        return cgroup_open_file(dir_fd, file, O_RDONLY, &fd) == 0 ? fd : -EBADF;
}

int enforce_files_open(const CgroupTree *tree, const char *path, EnforceFiles *ret) {
        EnforceFiles files = ENFORCE_FILES_NULL;
        int r;

        *ret = files;
        r = cgroup_open(tree, path, &files.dir_fd);
        if (r == 0)
                r = cgroup_open_file(files.dir_fd, "memory.numa_stat", O_RDONLY,
                                     &files.numa_stat_fd);
        if (r) {
                enforce_files_close(&files);
                return r;
        }
        files.stat_fd = open_optional(files.dir_fd, "memory.stat");
        files.pressure_fd = open_optional(files.dir_fd, "memory.pressure");
        files.swap_fd = open_optional(files.dir_fd, "memory.swap.max");
        *ret = files;
        enforce_files_read_mems(ret);
        return 0;
}

void enforce_files_read_mems(EnforceFiles *files) {
        char text[NODESET_TEXT_MAX];
        size_t n = 0;

        files->knows_mems = files->dir_fd >= 0 &&
                            cgroup_read_file(files->dir_fd, "cpuset.mems.effective", text,
                                             sizeof(text), &n) == 0 &&
                            nodeset_parse(text, n, &files->mems) == 0 &&
                            !nodeset_is_empty(&files->mems);
}

/* All of it, in one read. Return: 0, -ENODEV, -EFBIG, or another errno. */
static int read_again(int fd, char *text, Scan *ret) {
        ssize_t n;

        do
                n = pread(fd, text, ENFORCE_TEXT_MAX, 0);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        if (n == (ssize_t)ENFORCE_TEXT_MAX)
                return -EFBIG;
        *ret = scan_init(text, (size_t)n);
        return 0;
}

static bool is_due(int fd, uint64_t *usec, uint64_t now_usec, uint64_t interval_usec) {
        if (fd < 0 || (*usec && now_usec - *usec < interval_usec))
                return false;
        *usec = now_usec;
        return true;
}

static void read_slow(EnforceFiles *files, const EnforceReading *reading) {
        Scan text;

        if (is_due(files->pressure_fd, &files->pressure_usec, reading->now_usec, PRESSURE_USEC))
                files->slow.pressure_permille =
                        read_again(files->pressure_fd, reading->text, &text) == 0
                                ? usage_parse_pressure(text)
                                : (OptU64){};
        /* "max" is absent: it may swap; a kernel without swap has no such file */
        if (is_due(files->swap_fd, &files->swap_usec, reading->now_usec, SWAP_USEC)) {
                OptU64 max = opt_u64(0);

                if (read_again(files->swap_fd, reading->text, &text) == 0)
                        max = usage_parse_bytes(text);
                files->slow.has_swap = reading->has_swap && (!max.present || max.value > 0);
        }
        if (!files->has_counters &&
            is_due(files->stat_fd, &files->stat_usec, reading->now_usec, STAT_USEC) &&
            read_again(files->stat_fd, reading->text, &text) == 0)
                enforce_usage_parse_stat(text, reading->page_bytes, &files->slow);
}

int enforce_files_read(EnforceFiles *files,
                       const EnforceReading *reading,
                       EnforceUsage *ret,
                       EnforceUsageNodes *ret_nodes) {
        EnforceUsage usage = {};
        Scan text;
        int r;

        if (files->dir_fd < 0)
                return -ENODEV;
        r = read_again(files->numa_stat_fd, reading->text, &text);
        if (r)
                return r;
        if (!enforce_usage_parse(text, reading->local, reading->remote, reading->page_bytes, &usage,
                                 ret_nodes))
                return -EBADMSG;
        files->has_counters = usage.kernel_demoted.present;
        read_slow(files, reading);
        usage.usec = reading->now_usec;
        usage.pressure_permille = files->slow.pressure_permille;
        usage.has_swap = files->slow.has_swap;
        if (!files->has_counters) {
                usage.kernel_demoted = files->slow.kernel_demoted;
                usage.kernel_promoted = files->slow.kernel_promoted;
        }
        *ret = usage;
        return 0;
}

/* What is free */

typedef struct Zone {
        unsigned node;
        bool is_known; /* the node has a place */
        OptU64 free, low;
} Zone;

static void end_zone(Zone *zone, uint64_t page_bytes, EnforceFree *free) {
        uint64_t bytes;

        if (zone->is_known && zone->free.present && zone->low.present &&
            bytes_mul(bytes_sub_clamped(zone->free.value, zone->low.value), page_bytes, &bytes) ==
                    0)
                free->bytes[zone->node] = bytes_add_saturated(free->bytes[zone->node], bytes);
        *zone = (Zone){};
}

static bool begins_zone(Scan line, Zone *zone) {
        uint64_t node;

        if (!scan_literal(&line, "Node ") || !scan_u64(&line, &node) ||
            !scan_literal(&line, ", zone"))
                return false;
        *zone = (Zone){ .node = (unsigned)bytes_min(node, NODESET_MAX - 1),
                        .is_known = node < NODESET_MAX };
        return true;
}

/* "  pages free     3840", "        low      31" */
static OptU64 read_count(Scan line, const char *word, const char *key) {
        uint64_t value;

        (void)scan_spaces(&line);
        if (word && (!scan_literal(&line, word) || !scan_spaces(&line)))
                return (OptU64){};
        if (!scan_literal(&line, key) || !scan_spaces(&line) || !scan_u64(&line, &value) ||
            !scan_is_done(&line))
                return (OptU64){};
        return opt_u64(value);
}

void enforce_parse_zoneinfo(Scan text, uint64_t page_bytes, EnforceFree *ret) {
        Zone zone = {}, next;
        Scan line;

        memset(ret->bytes, 0, sizeof(ret->bytes));
        while (scan_line(&text, &line)) {
                if (begins_zone(line, &next)) {
                        end_zone(&zone, page_bytes, ret);
                        zone = next;
                        continue;
                }
                if (!zone.free.present)
                        zone.free = read_count(line, "pages", "free");
                else if (!zone.low.present)
                        zone.low = read_count(line, NULL, "low");
        }
        end_zone(&zone, page_bytes, ret);
}

/* "Node 0 MemFree:         1234 kB" */
static uint64_t read_mem_free(const Root *root, unsigned node, char *text) {
        char path[64];
        size_t n = 0;
        Scan scan, line;

        (void)snprintf(path, sizeof(path), "sys/devices/system/node/node%u/meminfo", node);
        if (root_read(root, path, text, ENFORCE_TEXT_MAX, &n) != 0)
                return 0;
        scan = scan_init(text, n);
        while (scan_line(&scan, &line)) {
                uint64_t id, kib, bytes;

                if (scan_literal(&line, "Node ") && scan_u64(&line, &id) && scan_spaces(&line) &&
                    scan_literal(&line, "MemFree:") && scan_spaces(&line) &&
                    scan_u64(&line, &kib) && bytes_mul(kib, KIB, &bytes) == 0)
                        return bytes;
        }
        return 0;
}

void enforce_free_read(EnforceFree *free,
                       const Root *root,
                       const NodeSet *nodes,
                       uint64_t page_bytes,
                       uint64_t now_usec,
                       char *text) {
        size_t n = 0;

        if (free->usec && now_usec - free->usec < FREE_USEC)
                return;
        free->usec = now_usec;
        if (root_read(root, "proc/zoneinfo", text, ENFORCE_TEXT_MAX, &n) == 0) {
                enforce_parse_zoneinfo(scan_init(text, n), page_bytes, free);
                return;
        }
        memset(free->bytes, 0, sizeof(free->bytes));
        NODESET_FOREACH (node, nodes)
                free->bytes[node] = read_mem_free(root, node, text);
}

uint64_t enforce_free_sum(const EnforceFree *free, const NodeSet *nodes) {
        uint64_t sum = 0;

        NODESET_FOREACH (node, nodes)
                sum = bytes_add_saturated(sum, free->bytes[node]);
        return sum;
}
