/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which memory of a process is its container's
 *
 * From /proc/PID/maps and /proc/PID/mountinfo, whose text is half the kernel's and half that of
 * whoever names files. Pure.
 *
 * Anonymous mappings are, and memory that is shared on purpose (memfd, SysV, /dev/shm, a tmpfs).
 * Mappings of files are not: the page cache of a library is everybody's. A private one has
 * anonymous pages where it was written to, and they stay with it: nobody but its user is told which
 * these are. Huge pages of hugetlb come from a pool that somebody placed, and stay there.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/scan.h"

#define PAGES_DEVICES_MAX 1024u
#define PAGES_RANGES_MAX  131072u /* twice what vm.max_map_count is */

/* Devices of file systems, as pages_device() makes them. Those beyond the cap are like others. */
typedef struct PagesMounts {
        uint64_t shmem; /* of the kernel's own tmpfs, which nobody has mounted */
        uint64_t tmpfs[PAGES_DEVICES_MAX];
        size_t n_tmpfs;
} PagesMounts;

typedef struct PagesRange {
        uint64_t start, end; /* multiples of the page size; end is at most INT64_MAX */
} PagesRange;

typedef struct PagesRanges {
        PagesRange *items; /* rising, as the kernel tells them */
        size_t n_items, n_allocated;
        uint64_t bytes; /* of all of them */
} PagesRanges;

void pages_ranges_deinit(PagesRanges *ranges);
DEFINE_DEINIT(PagesRanges, pages_ranges_deinit);

static inline uint64_t pages_device(uint64_t major, uint64_t minor) {
        return major << 32 | minor;
}

/* A line of mountinfo, without its newline. What is no such line, or another file system, is
 * passed over. */
void pages_mounts_add(PagesMounts *mounts, Scan line);
/* A line of maps. Return: 0, also when there is nothing to move in it, -E2BIG, or -ENOMEM. */
_must_check_ int
pages_ranges_add(PagesRanges *ranges, const PagesMounts *mounts, Scan line, uint64_t page_size);
