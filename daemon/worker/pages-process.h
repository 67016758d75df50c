/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The pages of a process: where they are, and moving them
 *
 * A process is known by its folder in /proc, which stays its own when its number is another one's.
 * Of its files only those are read that everybody may open: pagemap is its user's alone, and a root
 * that may look into every process would need CAP_DAC_READ_SEARCH for it, by which it could read
 * every file.
 */
#include <stddef.h>
#include <stdint.h>

#include "worker/pages-maps.h"

typedef struct PagesProcess {
        int pid;
        int dir_fd;
        PagesRanges ranges;
} PagesProcess;

#define PAGES_PROCESS_NULL                                                                         \
        { .dir_fd = -EBADF }

/*
 * @mounts: room for the tables of that process; shmem is to be set
 *
 * Return: 0, -ESRCH when it is gone, -EACCES or -EPERM when it may not be looked into, or another
 * errno.
 */
_must_check_ int pages_process_open(uint32_t pid, PagesMounts *mounts, PagesProcess *ret);
void pages_process_deinit(PagesProcess *process);
DEFINE_DEINIT(PagesProcess, pages_process_deinit);

/* move_pages(2). @nodes: NULL asks where they are; that of a page that is not there is below 0.
 * Return: 0, -ESRCH, or another errno: of @statuses only those that were written to mean something,
 * with an error, too. */
_must_check_ int pages_process_move(const PagesProcess *process,
                                    void **addresses,
                                    size_t n_addresses,
                                    const int *nodes,
                                    int *statuses,
                                    int flags);
/* The device of memfds, of SysV's shared memory and of anonymous memory that is shared. Return: 0
 * or an errno. */
_must_check_ int pages_shmem_device(uint64_t *ret);
