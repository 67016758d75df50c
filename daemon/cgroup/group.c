/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cgroup v2 folder
 *
 * The kernel keeps a path below the cgroup root: openat2() with RESOLVE_BENEATH, no links, no other
 * mount. Where it cannot (a seccomp filter that does not know the call, a kernel before 5.6), every
 * folder on the way is opened by itself without following a link, and its device compared.
 *
 * Source: openat2(2), fs/kernfs of Linux 6.12.
 */
#include "cgroup/group.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

/* Opening */

/* ENODEV: it goes just now. ENXIO: no file, but a socket, or a FIFO that nobody reads. */
static int fold_open(int r) {
        if (r == -ENOENT || r == -ENOTDIR || r == -ENODEV)
                return CGROUP_E_ABSENT;
        if (r == -ELOOP || r == -EXDEV || r == -ENAMETOOLONG || r == -ENXIO || r == -EISDIR)
                return CGROUP_E_INVALID;
        return r;
}

/* Where a folder was asked for, a link is none; openat2() says that it is a link. */
static int explain(int dir_fd, const char *name, int error) {
        struct stat stat;

        if (error == ENOTDIR && fstatat(dir_fd, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISLNK(stat.st_mode))
                return -ELOOP;
        return -error;
}

/* One name; @dir_fd may be of O_PATH. What is of another file system is -EXDEV. */
static int step(int dir_fd, const char *name, int flags, int *ret_fd) {
        _cleanup_(fd_closep) int fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC);
        struct stat dir, stat;

        if (fd < 0)
                return explain(dir_fd, name, errno);
        if (fstat(dir_fd, &dir) < 0 || fstat(fd, &stat) < 0)
                return -errno;
        if (dir.st_dev != stat.st_dev)
                return -EXDEV;
        /* With O_PATH a link is opened itself. */
        if (S_ISLNK(stat.st_mode))
                return -ELOOP;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* @path: checked, not "". */
static int open_by_walking(int dir_fd, const char *path, int flags, int *ret_fd) {
        _cleanup_(fd_closep) int held_fd = -EBADF;

        for (;;) {
                const size_t n = strcspn(path, "/");
                const bool is_last = path[n] == '\0';
                char name[CGROUP_COMPONENT_MAX];
                int fd, r;

                (void)snprintf(name, sizeof(name), "%.*s", (int)n, path);
                r = step(held_fd < 0 ? dir_fd : held_fd, name,
                         is_last ? flags : O_PATH | O_DIRECTORY, &fd);
                if (r)
                        return r;
                if (is_last) {
                        *ret_fd = fd;
                        return 0;
                }
                (void)fd_close(held_fd);
                held_fd = fd;
                path += n + 1;
        }
}

static int open_beneath(int dir_fd, const char *path, int flags, int *ret_fd) {
        struct open_how how = {
                .flags = (uint64_t)(flags | O_CLOEXEC),
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
        };
        const long n = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));

        if (n >= 0) {
                *ret_fd = (int)n;
                return 0;
        }
        /* EPERM may be the file's own; then the walk gets it again. */
        if (errno == ENOSYS || errno == EPERM)
                return open_by_walking(dir_fd, path, flags, ret_fd);
        return -errno;
}

int cgroup_open(const CgroupTree *tree, const char *path, int *ret_fd) {
        if (path[0] == '\0')
                path = ".";
        else if (!cgroup_path_is_plain(path))
                return CGROUP_E_INVALID;
        if (tree->fd < 0)
                return CGROUP_E_ABSENT;
        return fold_open(open_beneath(tree->fd, path, O_RDONLY | O_DIRECTORY, ret_fd));
}

int cgroup_open_same(const CgroupTree *tree, const char *path, uint64_t inode, int *ret_fd) {
        _cleanup_(fd_closep) int fd = -EBADF;
        struct stat stat;
        int r;

        r = cgroup_open(tree, path, &fd);
        if (r)
                return r;
        if (fstat(fd, &stat) < 0)
                return -errno;
        if (stat.st_ino != inode)
                return -ESTALE;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* A file to be written is none that makes its opener wait, and its flags are the caller's again: on
 * a file of the kernel's O_NONBLOCK changes what a write does. */
static int prepare_for_writing(int fd) {
        struct stat stat;
        int flags;

        if (fstat(fd, &stat) < 0)
                return -errno;
        if (!S_ISREG(stat.st_mode))
                return CGROUP_E_INVALID;
        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
                return -errno;
        return 0;
}

int cgroup_open_file(int dir_fd, const char *file, int flags, int *ret_fd) {
        _cleanup_(fd_closep) int fd = -EBADF;
        int r;

        if (strchr(file, '/') || !cgroup_path_is_plain(file))
                return CGROUP_E_INVALID;
        r = fold_open(open_beneath(dir_fd, file,
                                   flags & O_PATH ? flags : flags | O_NONBLOCK | O_NOCTTY, &fd));
        if (r)
                return r;
        if (!(flags & O_PATH) && (flags & O_ACCMODE) != O_RDONLY) {
                r = prepare_for_writing(fd);
                if (r)
                        return r;
        }
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* The file system */

static bool has_file(int dir_fd, const char *file) {
        _cleanup_(fd_closep) int fd = -EBADF;

        return cgroup_open_file(dir_fd, file, O_PATH, &fd) == 0;
}

int cgroup_tree_open(const Root *root, CgroupTree *ret) {
        _cleanup_(fd_closep) int fd = -EBADF;
        struct statfs statfs;
        int r;

        *ret = (CgroupTree)CGROUP_TREE_NULL;
        ret->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
        r = root_open(root, CGROUP_DIR, O_PATH | O_DIRECTORY, &fd);
        if (r)
                return r == ROOT_E_ABSENT ? 0 : r;
        if (fstatfs(fd, &statfs) < 0)
                return -errno;
        ret->is_v2 = has_file(fd, "cgroup.controllers");
        ret->is_unified = statfs.f_type == CGROUP2_SUPER_MAGIC;
        ret->fd = TAKE_FD(fd);
        return 0;
}

void cgroup_tree_deinit(CgroupTree *tree) {
        (void)fd_close(tree->fd);
        *tree = (CgroupTree)CGROUP_TREE_NULL;
}

/* Which driver */

/* What cannot be looked at is not there. */
static CgroupState
find_kubepods(const CgroupTree *tree, const CgroupName *name, CgroupDriver driver) {
        char path[CGROUP_PATH_MAX];
        CgroupState state;

        if (cgroup_name_format(name, driver, path) || cgroup_read_state(tree, path, 0, &state))
                return (CgroupState){};
        return state;
}

CgroupDriver cgroup_detect_driver(const CgroupTree *tree, const char *cgroup_root) {
        CgroupState by_systemd, by_cgroupfs;
        CgroupName name;

        if (!tree->is_v2 || cgroup_name_make_kubepods(cgroup_root, &name))
                return CGROUP_DRIVER_NONE;
        by_systemd = find_kubepods(tree, &name, CGROUP_DRIVER_SYSTEMD);
        by_cgroupfs = find_kubepods(tree, &name, CGROUP_DRIVER_CGROUPFS);
        if (by_systemd.is_there && by_cgroupfs.is_there)
                return by_cgroupfs.is_populated && !by_systemd.is_populated ? CGROUP_DRIVER_CGROUPFS
                                                                            : CGROUP_DRIVER_SYSTEMD;
        if (by_systemd.is_there)
                return CGROUP_DRIVER_SYSTEMD;
        return by_cgroupfs.is_there ? CGROUP_DRIVER_CGROUPFS : CGROUP_DRIVER_NONE;
}
