/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/pids.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/root.h"
#include "base/scan.h"

/*
 * Folders are walked by a stack of those that are open, one of each depth, so that the call stack
 * and the number of descriptors have a cap.
 */
#define FILE_MAX  (512u * 1024) /* bytes of one cgroup.procs */
#define DEPTH_MAX 64u
/* A folder of plain files may hold a pipe. */
#define OPEN_FLAGS (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

typedef struct Walk {
        Pids pids;
        size_t n_allocated;
        size_t n_folders;
        char *text; /* FILE_MAX */
} Walk;

void pids_deinit(Pids *pids) {
        free(pids->items);
        *pids = (Pids){};
}

static void walk_deinit(Walk *walk) {
        pids_deinit(&walk->pids);
        free(walk->text);
}
DEFINE_DEINIT(Walk, walk_deinit);

static int add(Walk *walk, uint32_t pid) {
        Pids *pids = &walk->pids;

        if (pids->n_items == PIDS_MAX)
                return -E2BIG;
        if (pids->n_items == walk->n_allocated) {
                const size_t n = walk->n_allocated ? walk->n_allocated * 2 : 64;
                uint32_t *items = reallocarray(pids->items, n, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                pids->items = items;
                walk->n_allocated = n;
        }
        pids->items[pids->n_items++] = pid;
        return 0;
}

/* 0 is a process of another namespace. A cgroup of threads has no list of processes (EOPNOTSUPP);
 * they are in the one above. */
static int read_processes(Walk *walk, int dir_fd) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Scan scan, line;
        size_t n;
        int r;

        fd = openat(dir_fd, "cgroup.procs", O_RDONLY | OPEN_FLAGS);
        if (fd < 0)
                return 0;
        r = root_read_fd(fd, walk->text, FILE_MAX, &n);
        if (r == ROOT_E_TOO_LARGE)
                return -E2BIG;
        if (r)
                return r == -ENOMEM ? r : 0;
        scan = scan_init(walk->text, n);
        while (scan_line(&scan, &line)) {
                uint64_t pid;

                if (!scan_u64(&line, &pid) || !scan_is_done(&line) || pid == 0 || pid > INT32_MAX)
                        continue;
                r = add(walk, (uint32_t)pid);
                if (r)
                        return r;
        }
        return 0;
}

static DIR *open_list(int dir_fd) {
        const int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);

        if (!dir)
                (void)fd_close(fd);
        return dir;
}

static int open_child(DIR *dir, int *ret_fd) {
        const struct dirent *entry;

        while ((entry = readdir(dir))) {
                if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
                    strcmp(entry->d_name, "..") == 0)
                        continue;
                *ret_fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | OPEN_FLAGS);
                if (*ret_fd >= 0)
                        return 0;
        }
        return -ENOENT;
}

/* One more level. What cannot be listed has nothing below it. */
static int enter(Walk *walk, int dir_fd, DIR **ret) {
        int r;

        if (walk->n_folders++ == PIDS_FOLDERS_MAX)
                return -E2BIG;
        r = read_processes(walk, dir_fd);
        if (r == 0)
                *ret = open_list(dir_fd);
        return r;
}

static int walk_through(Walk *walk, int dir_fd) {
        DIR *stack[DEPTH_MAX] = {};
        size_t depth = 0;
        int r;

        r = enter(walk, dir_fd, &stack[0]);
        for (;;) {
                _cleanup_(fd_closep) int fd = -EBADF;

                if (r == 0 && stack[depth] && open_child(stack[depth], &fd) == 0) {
                        if (depth + 1 == DEPTH_MAX)
                                r = -E2BIG;
                        else
                                r = enter(walk, fd, &stack[++depth]);
                        continue;
                }
                dir_closep(&stack[depth]);
                stack[depth] = NULL;
                if (depth-- == 0)
                        return r;
        }
}

static int compare(const void *a, const void *b) {
        const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

        return (left > right) - (left < right);
}

static void sort(Pids *pids) {
        size_t n = 0;

        if (pids->n_items == 0)
                return;
        qsort(pids->items, pids->n_items, sizeof(*pids->items), compare);
        for (size_t i = 1; i < pids->n_items; ++i)
                if (pids->items[i] != pids->items[n])
                        pids->items[++n] = pids->items[i];
        pids->n_items = n + 1;
}

int pids_read(int dir_fd, Pids *ret) {
        _cleanup_(walk_deinitp) Walk walk = { .text = malloc(FILE_MAX) };
        int r;

        if (!walk.text)
                return -ENOMEM;
        r = walk_through(&walk, dir_fd);
        if (r)
                return r;
        sort(&walk.pids);
        *ret = walk.pids;
        walk.pids = (Pids){};
        return 0;
}
