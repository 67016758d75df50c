/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a cgroup uses
 *
 * The files of one cgroup into values. What is missing is absent; so is what is garbage. Inside
 * this folder only.
 */
#include "base/nodeset.h"
#include "base/scan.h"
#include "pods/tree.h"

/* Of memory.numa_stat: 50 lines of 5200 bytes, which is 256 NUMA nodes with much memory. */
#define USAGE_FILE_MAX (UINT32_C(256) * 1024)

/* Room that is used for one cgroup after another. */
typedef struct UsageScratch {
        char text[USAGE_FILE_MAX];
        uint64_t sums[NODESET_MAX]; /* all 0 in between */
} UsageScratch;

/* Of which cgroup, and what of it. */
typedef struct UsageParams {
        int dir_fd;
        const char *folder;         /* in there; "." for itself */
        const PodsUsage *of_pod;    /* NULL: it is a pod */
        const uint64_t *page_sizes; /* that there are */
        size_t n_page_sizes;
} UsageParams;

/* Whether it has processes. Absent: cannot be said, or the cgroup is gone. */
OptU64 usage_read_populated(UsageScratch *scratch, int dir_fd, const char *folder);

/*
 * @ret_is_cut: a cap was met; what is over it is left out
 * Return: 0 or -ENOMEM, and then nothing is owned
 */
_must_check_ int
usage_read(UsageScratch *scratch, const UsageParams *params, PodsUsage *ret, bool *ret_is_cut);
void usage_deinit(PodsUsage *usage);

/* Text */
OptU64 usage_parse_bytes(Scan text);                /* absent for "max", too */
OptU64 usage_parse_key(Scan text, const char *key); /* of lines "KEY NUMBER" */
OptU64 usage_parse_pressure(Scan text);             /* some avg10, in permille */
/* Adds to @sums, which has NODESET_MAX of them, and says which ones. */
NodeSet usage_parse_numa_stat(Scan text, uint64_t *sums);
/* A file's name, "hugetlb.2MB.current". */
bool usage_parse_page_size(const char *name, uint64_t *ret_page_bytes);
