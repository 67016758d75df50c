/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading what of a container is where
 *
 * Its files are opened once and read again and again from their beginning: a sample of a container
 * is one read, and now and then two more. So are the machine's: how much is free on NUMA nodes.
 */
#include "base/clock.h"
#include "base/root.h"
#include "cgroup/group.h"
#include "enforce/enforce.h"
#include "enforce/usage.h"

/* As large as the file of a machine with 256 NUMA nodes. */
#define ENFORCE_TEXT_MAX (UINT32_C(256) * 1024)

typedef struct EnforceFiles {
        int dir_fd; /* the cgroup's folder; below 0: it is not there */
        int numa_stat_fd, stat_fd, pressure_fd, swap_fd;
        uint64_t stat_usec, pressure_usec, swap_usec; /* when each was read last; 0: not yet */
        bool has_counters; /* memory.numa_stat tells what the kernel has moved */
        EnforceUsage slow; /* of what is not read each time */
        NodeSet mems;      /* cpuset.mems.effective */
        bool knows_mems;   /* there is such a file, and it has some */
} EnforceFiles;

#define ENFORCE_FILES_NULL                                                                         \
        {                                                                                          \
                .dir_fd = -EBADF, .numa_stat_fd = -EBADF, .stat_fd = -EBADF,                       \
                .pressure_fd = -EBADF, .swap_fd = -EBADF                                           \
        }

/* Return: 0, CGROUP_E_*, or an errno; with anything but 0 @ret is ENFORCE_FILES_NULL. */
_must_check_ int enforce_files_open(const CgroupTree *tree, const char *path, EnforceFiles *ret);
void enforce_files_close(EnforceFiles *files);
/* cpuset.mems, which may be another one by now. */
void enforce_files_read_mems(EnforceFiles *files);

/* What is needed for a sample. */
typedef struct EnforceReading {
        char *text; /* ENFORCE_TEXT_MAX bytes of room */
        const NodeSet *local, *remote;
        uint64_t page_bytes;
        bool has_swap; /* the machine has */
        uint64_t now_usec;
} EnforceReading;

/* Return: 0, -ENODEV (it is gone), -EBADMSG (garbage), or another errno. */
_must_check_ int enforce_files_read(EnforceFiles *files,
                                    const EnforceReading *reading,
                                    EnforceUsage *ret,
                                    EnforceUsageNodes *ret_nodes);

/* What NUMA nodes have free above the kernel's low watermarks: bytes. */
typedef struct EnforceFree {
        uint64_t bytes[NODESET_MAX];
        uint64_t usec; /* when it was read; 0: never */
} EnforceFree;

/* From /proc/zoneinfo; a node that it does not tell has nothing free. Pure. */
void enforce_parse_zoneinfo(Scan text, uint64_t page_bytes, EnforceFree *ret);
/* Again, when it is older than a quarter of a second. Where it cannot be read, what is free of
 * meminfo of the nodes counts. @text: ENFORCE_TEXT_MAX bytes of room. */
void enforce_free_read(EnforceFree *free,
                       const Root *root,
                       const NodeSet *nodes,
                       uint64_t page_bytes,
                       uint64_t now_usec,
                       char *text);
uint64_t enforce_free_sum(const EnforceFree *free, const NodeSet *nodes);
