/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cgroup uses
 *
 * With 500 pods of two containers each this is some 8,000 files, so nothing is asked that the
 * answers before have told: the folder is open already, a container has no huge pages where its pod
 * has none, and files of page sizes that the kernel does not have are not looked for.
 *
 * Which lines of memory.numa_stat count: the kinds of pages that are disjoint. shmem is in file,
 * the lists (inactive_anon...) are the same pages once more, workingset and pgpromote are counts.
 * vmalloc is left out: only new kernels tell it by NUMA node, and kernel stacks are made of it, so
 * that both together may be more than there is. percpu and sockets are not told by NUMA node. So
 * the sum is less than memory.current, and never more but for what was counted in between.
 */
#include "pods/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A folder's name, a slash, a file's name. */
#define FILE_NAME_MAX 320u

/*
 * One read() and no fstat(), other than root_read_fd(): what is in the file is made as it is read,
 * and comes in one piece when there is room for it. What is no file is nothing that can be read.
 *
 * False: there is none, it cannot be read, or it is too large, which @ret_is_cut says.
 */
static bool read_file(UsageScratch *scratch,
                      int dir_fd,
                      const char *folder,
                      const char *file,
                      Scan *ret,
                      bool *ret_is_cut) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char path[FILE_NAME_MAX];
        ssize_t n;

        (void)snprintf(path, sizeof(path), "%s/%s", folder, file);
        fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
                return false;
        do
                n = read(fd, scratch->text, sizeof(scratch->text));
        while (n < 0 && errno == EINTR);
        if (n == (ssize_t)sizeof(scratch->text))
                *ret_is_cut = true;
        if (n < 0 || n == (ssize_t)sizeof(scratch->text))
                return false;
        *ret = scan_init(scratch->text, (size_t)n);
        return true;
}

OptU64 usage_parse_bytes(Scan text) {
        uint64_t bytes;

        if (!scan_u64(&text, &bytes))
                return (OptU64){};
        (void)scan_char(&text, '\n');
        return scan_is_done(&text) ? opt_u64(bytes) : (OptU64){};
}

OptU64 usage_parse_key(Scan text, const char *key) {
        Scan line;

        while (scan_line(&text, &line)) {
                uint64_t value;

                if (scan_literal(&line, key) && scan_char(&line, ' ') && scan_u64(&line, &value) &&
                    scan_is_done(&line))
                        return opt_u64(value);
        }
        return (OptU64){};
}

/* "some avg10=12.34 avg60=...": percent with two digits behind the point. */
OptU64 usage_parse_pressure(Scan text) {
        Scan line;

        while (scan_line(&text, &line)) {
                uint64_t percent, rest;
                Scan digits;

                if (!scan_literal(&line, "some avg10=") || !scan_u64(&line, &percent) ||
                    !scan_char(&line, '.') || !scan_until(&line, ' ', &digits) ||
                    scan_left(&digits) != 2 || !scan_u64(&digits, &rest) ||
                    !scan_is_done(&digits) || percent > 100)
                        continue;
                return opt_u64(percent * 10 + rest / 10);
        }
        return (OptU64){};
}

/* " N0=4096 N3=0". Without @sums it is looked at only. */
static bool take_nodes(Scan line, uint64_t *sums, NodeSet *nodes) {
        do {
                uint64_t node, bytes;

                if (!scan_literal(&line, " N") || !scan_u64(&line, &node) || node >= NODESET_MAX ||
                    !scan_char(&line, '=') || !scan_u64(&line, &bytes))
                        return false;
                if (sums) {
                        sums[node] = bytes_add_saturated(sums[node], bytes);
                        nodeset_add(nodes, (unsigned)node);
                }
        } while (!scan_is_done(&line));
        return true;
}

static bool is_counted(Scan key) {
        static const char *const keys[] = { "anon",
                                            "file",
                                            "kernel_stack",
                                            "pagetables",
                                            "slab_reclaimable",
                                            "slab_unreclaimable",
                                            "sec_pagetables" };

        for (size_t i = 0; i < ELEMENTSOF(keys); ++i) {
                Scan rest = key;

                if (scan_literal(&rest, keys[i]) && scan_is_done(&rest))
                        return true;
        }
        return false;
}

NodeSet usage_parse_numa_stat(Scan text, uint64_t *sums) {
        NodeSet nodes = {};
        Scan line;

        while (scan_line(&text, &line)) {
                Scan rest = line, key;

                if (!scan_until(&rest, ' ', &key) || !is_counted(key))
                        continue;
                line.cursor = key.end; /* with the blank that every column begins with */
                if (take_nodes(line, NULL, NULL))
                        (void)take_nodes(line, sums, &nodes);
        }
        return nodes;
}

bool usage_parse_page_size(const char *name, uint64_t *ret_page_bytes) {
        static const struct {
                const char *unit;
                uint64_t bytes;
        } units[] = { { "KB", KIB }, { "MB", MIB }, { "GB", GIB } };
        Scan scan = scan_init(name, strlen(name));
        uint64_t n;

        if (!scan_literal(&scan, "hugetlb.") || !scan_u64(&scan, &n) || n == 0)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(units); ++i)
                if (scan_literal(&scan, units[i].unit))
                        return scan_literal(&scan, ".current") && scan_is_done(&scan) &&
                               bytes_mul(n, units[i].bytes, ret_page_bytes) == 0;
        return false;
}

OptU64 usage_read_populated(UsageScratch *scratch, int dir_fd, const char *folder) {
        bool is_cut = false;
        Scan text;

        if (!read_file(scratch, dir_fd, folder, "cgroup.events", &text, &is_cut))
                return (OptU64){};
        return usage_parse_key(text, "populated");
}

static OptU64
read_bytes(UsageScratch *scratch, const UsageParams *params, const char *file, bool *ret_is_cut) {
        Scan text;

        if (!read_file(scratch, params->dir_fd, params->folder, file, &text, ret_is_cut))
                return (OptU64){};
        return usage_parse_bytes(text);
}

/* The sums that are not 0, which are 0 afterwards. */
static int collect(uint64_t *sums, const NodeSet *nodes, PodsUsage *usage, bool *ret_is_cut) {
        PodsNodeBytes found[PODS_USAGE_NODES];
        size_t n_found = 0;

        NODESET_FOREACH (node, nodes) {
                const uint64_t bytes = sums[node];

                sums[node] = 0;
                if (bytes == 0)
                        continue;
                if (n_found == ELEMENTSOF(found)) {
                        *ret_is_cut = true;
                        continue;
                }
                found[n_found++] = (PodsNodeBytes){ .node = node, .bytes = bytes };
        }
        if (n_found == 0)
                return 0;
        usage->nodes = reallocarray(NULL, n_found, sizeof(*found));
        if (!usage->nodes)
                return -ENOMEM;
        memcpy(usage->nodes, found, n_found * sizeof(*found));
        usage->n_nodes = n_found;
        return 0;
}

static int
read_nodes(UsageScratch *scratch, const UsageParams *params, PodsUsage *usage, bool *ret_is_cut) {
        NodeSet nodes;
        Scan text;

        if (!read_file(scratch, params->dir_fd, params->folder, "memory.numa_stat", &text,
                       ret_is_cut))
                return 0;
        nodes = usage_parse_numa_stat(text, scratch->sums);
        return collect(scratch->sums, &nodes, usage, ret_is_cut);
}

/* What only a pod is asked for. */
static void
read_stalls(UsageScratch *scratch, const UsageParams *params, PodsUsage *usage, bool *ret_is_cut) {
        Scan text;

        if (read_file(scratch, params->dir_fd, params->folder, "memory.pressure", &text,
                      ret_is_cut))
                usage->pressure_permille = usage_parse_pressure(text);
        if (read_file(scratch, params->dir_fd, params->folder, "memory.events", &text, ret_is_cut))
                usage->oom_kills = usage_parse_key(text, "oom_kill").value;
}

/* A container has none where all of its pod has none. */
static bool may_have_pages(const PodsUsage *of_pod, uint64_t page_bytes) {
        for (size_t i = 0; of_pod && i < of_pod->n_hugepages; ++i)
                if (of_pod->hugepages[i].page_bytes == page_bytes)
                        return of_pod->hugepages[i].bytes > 0;
        return !of_pod;
}

/* "2MB", as the kernel names the size in its files. */
static const char *format_page_size(uint64_t page_bytes, char buffer[static 32]) {
        const bool is_gib = page_bytes >= GIB, is_mib = page_bytes >= MIB;

        (void)snprintf(buffer, 32, "%" PRIu64 "%s",
                       page_bytes / (is_gib   ? GIB
                                     : is_mib ? MIB
                                              : KIB),
                       is_gib   ? "GB"
                       : is_mib ? "MB"
                                : "KB");
        return buffer;
}

static void read_hugepages(UsageScratch *scratch,
                           const UsageParams *params,
                           PodsUsage *usage,
                           bool *ret_is_cut) {
        for (size_t i = 0; i < params->n_page_sizes; ++i) {
                const uint64_t page_bytes = params->page_sizes[i];
                OptU64 bytes = opt_u64(0);
                char file[64], size[32];

                (void)snprintf(file, sizeof(file), "hugetlb.%s.current",
                               format_page_size(page_bytes, size));
                if (may_have_pages(params->of_pod, page_bytes))
                        bytes = read_bytes(scratch, params, file, ret_is_cut);
                if (bytes.present)
                        usage->hugepages[usage->n_hugepages++] =
                                (PodsHugepages){ .page_bytes = page_bytes, .bytes = bytes.value };
        }
}

int usage_read(UsageScratch *scratch, const UsageParams *params, PodsUsage *ret, bool *ret_is_cut) {
        PodsUsage usage = {};
        int r;

        usage.bytes = read_bytes(scratch, params, "memory.current", ret_is_cut);
        if (usage.bytes.present) {
                usage.max_bytes = read_bytes(scratch, params, "memory.max", ret_is_cut);
                r = read_nodes(scratch, params, &usage, ret_is_cut);
                if (r)
                        return r;
                if (!params->of_pod)
                        read_stalls(scratch, params, &usage, ret_is_cut);
        }
        read_hugepages(scratch, params, &usage, ret_is_cut);
        *ret = usage;
        return 0;
}

void usage_deinit(PodsUsage *usage) {
        free(usage->nodes);
        *usage = (PodsUsage){};
}
