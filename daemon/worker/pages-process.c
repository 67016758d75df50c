/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/pages-process.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LINE_BUFFER 16384u              /* a path has 4 KiB, escaped four times as many */
#define TEXT_MAX    (64u * 1024 * 1024) /* of maps, or of mountinfo */

typedef struct Lines {
        int fd;
        char text[LINE_BUFFER];
        size_t start, end; /* of what is not taken yet */
        size_t n_read;
        bool is_done;
        bool is_cut; /* what follows belongs to a line that was too long */
} Lines;

static int fill(Lines *lines) {
        ssize_t n;

        memmove(lines->text, lines->text + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->start = 0;
        if (lines->end == LINE_BUFFER) {
                lines->end = 0;
                lines->is_cut = true;
        }
        do
                n = read(lines->fd, lines->text + lines->end, LINE_BUFFER - lines->end);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        lines->n_read += (size_t)n;
        lines->is_done = n == 0 || lines->n_read > TEXT_MAX;
        lines->end += (size_t)n;
        return 0;
}

/* The next one that is whole, without its newline. Return: 1, 0 at the end, or an errno. */
static int take_line(Lines *lines, Scan *ret) {
        while (!lines->is_done) {
                const char *begin = lines->text + lines->start;
                const char *newline = memchr(begin, '\n', lines->end - lines->start);
                int r;

                if (!newline) {
                        r = fill(lines);
                        if (r < 0)
                                return r;
                        continue;
                }
                lines->start += (size_t)(newline - begin) + 1;
                if (!lines->is_cut) {
                        *ret = scan_init(begin, (size_t)(newline - begin));
                        return 1;
                }
                lines->is_cut = false;
        }
        return 0;
}

static int open_in(int dir_fd, const char *name, int *ret_fd) {
        const int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        *ret_fd = fd;
        return 0;
}

static int read_mounts(int dir_fd, PagesMounts *mounts) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Lines lines = {};
        Scan line;
        int r;

        mounts->n_tmpfs = 0;
        r = open_in(dir_fd, "mountinfo", &fd);
        if (r < 0)
                return r;
        lines.fd = fd;
        while ((r = take_line(&lines, &line)) > 0)
                pages_mounts_add(mounts, line);
        return r;
}

static int read_ranges(int dir_fd, const PagesMounts *mounts, PagesRanges *ranges) {
        const uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
        _cleanup_(fd_closep) int fd = -EBADF;
        Lines lines = {};
        Scan line;
        int r;

        r = open_in(dir_fd, "maps", &fd);
        if (r < 0)
                return r;
        lines.fd = fd;
        while ((r = take_line(&lines, &line)) > 0) {
                r = pages_ranges_add(ranges, mounts, line, page_size);
                if (r < 0)
                        break;
        }
        return r == -E2BIG ? 0 : r; /* the rest stays where it is */
}

void pages_process_deinit(PagesProcess *process) {
        pages_ranges_deinit(&process->ranges);
        process->dir_fd = fd_close(process->dir_fd);
}

int pages_process_open(uint32_t pid, PagesMounts *mounts, PagesProcess *ret) {
        _cleanup_(pages_process_deinitp) PagesProcess process = PAGES_PROCESS_NULL;
        char path[32];
        int r;

        (void)snprintf(path, sizeof(path), "/proc/%u", (unsigned)pid);
        process.pid = (int)pid;
        process.dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (process.dir_fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        r = read_mounts(process.dir_fd, mounts);
        if (r == 0)
                r = read_ranges(process.dir_fd, mounts, &process.ranges);
        if (r < 0)
                return r;
        *ret = process;
        process = (PagesProcess)PAGES_PROCESS_NULL;
        return 0;
}

/* Its number is free for others as soon as nobody waits for it any more, and a moment later theirs:
 * what is asked of its folder right before is as near as one can come. */
static bool is_there(const PagesProcess *process) {
        return faccessat(process->dir_fd, "maps", F_OK, 0) == 0;
}

int pages_process_move(const PagesProcess *process,
                       void **addresses,
                       size_t n_addresses,
                       const int *nodes,
                       int *statuses,
                       int flags) {
        if (!is_there(process))
                return -ESRCH;
        if (syscall(SYS_move_pages, process->pid, n_addresses, addresses, nodes, statuses, flags) <
            0)
                return -errno;
        return 0; /* above 0: so many did not move, and their statuses say why */
}

int pages_shmem_device(uint64_t *ret) {
        _cleanup_(fd_closep) int fd = memfd_create("slug", MFD_CLOEXEC);
        struct stat stat;

        if (fd < 0 || fstat(fd, &stat) < 0)
                return -errno;
        *ret = pages_device(major(stat.st_dev), minor(stat.st_dev));
        return 0;
}
