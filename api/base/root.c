/* SPDX-License-Identifier: Apache-2.0 */
#include "base/root.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

/*
 * One code path for the live machine and for a captured one: the live machine is the root "/".
 *
 * The kernel does the work where it can: openat2() with RESOLVE_IN_ROOT treats the root's directory
 * as "/" for absolute links and for "..", and RESOLVE_NO_MAGICLINKS refuses the links of procfs
 * that jump to an object instead of naming a path. Where it cannot (a seccomp filter that does not
 * know the call, a kernel before 5.6) the same is done here, step by step: every directory on the
 * way is held open without following links, ".." goes back to the one held before it, a link's text
 * is put in front of what is left of the path. The answers are the same, and the tests ask both
 * ways; only a path through more than WALK_DEPTH_MAX directories is refused (-ENAMETOOLONG) by the
 * second.
 *
 * Opening for reading never blocks: a FIFO or a terminal in a captured tree must not hang the
 * daemon. Opening for writing is left as the caller says, because O_NONBLOCK changes what cgroup
 * files do on write.
 *
 * Absent is news, not an error: sysfs files come and go with their devices, also between open and
 * read. Nothing here looks at what a file says.
 *
 * Source: openat2(2), path_resolution(7); the limit of 40 links is the kernel's MAXSYMLINKS.
 */
#define WALK_LINKS_MAX 40u
#define WALK_DEPTH_MAX 256u
/*
 * openat2() says -EAGAIN when something was renamed or mounted anywhere while it resolved ".."; it
 * takes microseconds.
 */
#define OPEN_RETRIES_MAX 64u

static int open_by_kernel(int fd, const char *path, int flags, int *ret_fd) {
        struct open_how how = {
                .flags = (uint64_t)flags,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };

        for (unsigned i = 0;; ++i) {
                long n = syscall(SYS_openat2, fd, path, &how, sizeof(how));

                if (n >= 0) {
                        *ret_fd = (int)n;
                        return 0;
                }
                if ((errno != EAGAIN && errno != EINTR) || i == OPEN_RETRIES_MAX)
                        return -errno;
        }
}

/* A path being resolved: the directories on the way, and what is left to go. */
typedef struct Walk {
        int fds[WALK_DEPTH_MAX]; /* [0] is the root's, borrowed */
        unsigned n_fds;
        unsigned n_links;
        char *todo; /* in buffer, filled from its end: a link's text goes in front */
        char buffer[2 * PATH_MAX];
} Walk;

static void walk_back(Walk *walk, unsigned n_fds) {
        while (walk->n_fds > n_fds)
                (void)fd_close(walk->fds[--walk->n_fds]);
}

static void walk_deinit(Walk *walk) {
        walk_back(walk, 1);
}
DEFINE_DEINIT(Walk, walk_deinit);

static int walk_put_in_front(Walk *walk, const char *text, size_t n_text) {
        if (n_text > (size_t)(walk->todo - walk->buffer))
                return -ENAMETOOLONG;
        walk->todo -= n_text;
        memcpy(walk->todo, text, n_text);
        return 0;
}

/*
 * Ordinary links on procfs are relative ("self", "net", "mounts"). Those that jump read as an
 * absolute path or as "type:[inode]", and their text may not even be where they lead.
 */
static bool is_magic(int fd, const char *text) {
        struct statfs statfs;

        if (text[0] != '/' && !strchr(text, ':'))
                return false;
        return fstatfs(fd, &statfs) == 0 && statfs.f_type == PROC_SUPER_MAGIC;
}

static int walk_follow(Walk *walk, int fd) {
        char text[PATH_MAX];
        ssize_t n;

        if (++walk->n_links > WALK_LINKS_MAX)
                return -ELOOP;
        n = readlinkat(fd, "", text, sizeof(text));
        if (n < 0)
                return -errno;
        if ((size_t)n >= sizeof(text))
                return -ENAMETOOLONG;
        text[n] = '\0';
        if (is_magic(fd, text))
                return -ELOOP;
        if (text[0] == '/')
                walk_back(walk, 1);
        return walk_put_in_front(walk, text, (size_t)n);
}

static int walk_enter(Walk *walk, int *fd) {
        if (walk->n_fds == WALK_DEPTH_MAX)
                return -ENAMETOOLONG;
        walk->fds[walk->n_fds++] = TAKE_FD(*fd);
        return 0;
}

static int open_at(int dir_fd, const char *name, int flags, int *ret_fd) {
        int fd = openat(dir_fd, name, flags | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

/*
 * One name of the path. Opens the file asked for when it is the last one, and otherwise leaves
 * @ret_fd below 0.
 */
static int walk_step(Walk *walk, const char *name, int flags, int *ret_fd) {
        _cleanup_(fd_closep) int fd = -EBADF;
        int dir_fd = walk->fds[walk->n_fds - 1];
        bool is_last = walk->todo[0] == '\0';
        struct stat stat;
        int r;

        if (strcmp(name, ".") == 0)
                return 0;
        if (strcmp(name, "..") == 0) {
                if (walk->n_fds > 1)
                        walk_back(walk, walk->n_fds - 1);
                return 0;
        }
        r = open_at(dir_fd, name, O_PATH | O_NOFOLLOW, &fd);
        if (r < 0)
                return r;
        if (fstat(fd, &stat) < 0)
                return -errno;
        if (S_ISLNK(stat.st_mode) && !(is_last && flags & O_NOFOLLOW))
                return walk_follow(walk, fd);
        if (is_last)
                return open_at(dir_fd, name, flags | O_NOFOLLOW, ret_fd);
        if (!S_ISDIR(stat.st_mode))
                return -ENOTDIR;
        return walk_enter(walk, &fd);
}

static int open_by_walking(int root_fd, const char *path, int flags, int *ret_fd) {
        _cleanup_(walk_deinitp) Walk walk = { .fds = { root_fd }, .n_fds = 1 };
        size_t n_path = strlen(path);
        int fd = -EBADF, r;

        if (n_path == 0)
                return -ENOENT;
        if (n_path >= PATH_MAX)
                return -ENAMETOOLONG;
        walk.todo = walk.buffer + sizeof(walk.buffer) - 1;
        r = walk_put_in_front(&walk, path, n_path);
        if (r < 0)
                return r;

        while (fd < 0) {
                char name[NAME_MAX + 1];
                size_t n_name;

                walk.todo += strspn(walk.todo, "/");
                n_name = strcspn(walk.todo, "/");
                if (n_name == 0) /* the path ended in a directory: "/", "a/", "a/.." */
                        return open_at(walk.fds[walk.n_fds - 1], ".", flags, ret_fd);
                if (n_name > NAME_MAX)
                        return -ENAMETOOLONG;
                memcpy(name, walk.todo, n_name);
                name[n_name] = '\0';
                walk.todo += n_name;
                r = walk_step(&walk, name, flags, &fd);
                if (r < 0)
                        return r;
        }
        *ret_fd = fd;
        return 0;
}

/**
 * root_init() - open the directory that stands for "/"
 * @path: a directory, resolved as the process sees it
 *
 * The directory is held by O_PATH: it needs no permission to list it, and Root.fd is good for *at()
 * calls only.
 *
 * Return: 0 or an errno, -ENOTDIR included; @root is untouched then.
 */
int root_init(Root *root, const char *path) {
        _cleanup_(fd_closep) int fd = -EBADF;
        _cleanup_(fd_closep) int probe_fd = -EBADF;
        _cleanup_(freep) char *copy = NULL;
        struct stat here, host;
        int r;

        r = open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY, &fd);
        if (r < 0)
                return r;
        if (fstat(fd, &here) < 0 || stat("/", &host) < 0)
                return -errno;
        copy = strdup(path);
        if (!copy)
                return -ENOMEM;
        /*
         * A seccomp filter that does not know the call answers EPERM, a kernel that does not,
         * ENOSYS.
         */
        r = open_by_kernel(fd, ".", O_PATH | O_CLOEXEC, &probe_fd);
        if (r < 0 && r != -ENOSYS && r != -EPERM)
                return r;
        *root = (Root){
                .fd = TAKE_FD(fd),
                .path = TAKE_PTR(copy),
                .is_host = here.st_dev == host.st_dev && here.st_ino == host.st_ino,
                .walk_itself = r < 0,
        };
        return 0;
}

void root_deinit(Root *root) {
        (void)fd_close(root->fd);
        free(root->path);
        *root = (Root)ROOT_NULL;
}

/* Expected of files that others own. */
static int fold_absent(int r) {
        return r == -ENOENT || r == -ENOTDIR ? ROOT_E_ABSENT : r;
}

/*
 * What reading says when the thing behind the file is gone: the device of a sysfs attribute or the
 * cgroup (ENODEV, ENXIO), the process of a procfs file (ESRCH).
 */
static int fold_vanished(int r) {
        return r == -ENODEV || r == -ENXIO || r == -ESRCH ? ROOT_E_ABSENT : fold_absent(r);
}

/**
 * root_open() - open a file below the root
 * @path:  a leading slash makes no difference; "/" is the root itself, "" is absent
 * @flags: as for open(); never creates; O_CLOEXEC always comes on top, O_NONBLOCK when opening for
 *         reading only
 *
 * Return: 0, ROOT_E_ABSENT, or an errno: -ELOOP for more than 40 links or one that jumps (procfs),
 * -ENXIO for a socket.
 */
int root_open(const Root *root, const char *path, int flags, int *ret_fd) {
        assert(!(flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))));

        flags |= O_CLOEXEC;
        /* openat2() refuses flags that mean nothing together with O_PATH. */
        if (!(flags & O_PATH) && (flags & O_ACCMODE) == O_RDONLY)
                flags |= O_NONBLOCK;
        return fold_absent(root->walk_itself ? open_by_walking(root->fd, path, flags, ret_fd)
                                             : open_by_kernel(root->fd, path, flags, ret_fd));
}

/* Reads until the end of the file or until @buffer is full. */
static int read_whole(int fd, char *buffer, size_t size, size_t *ret_n) {
        size_t n = 0;

        while (n < size) {
                ssize_t n_read = read(fd, buffer + n, size - n);

                if (n_read < 0 && errno == EINTR)
                        continue;
                if (n_read < 0)
                        return -errno;
                if (n_read == 0)
                        break;
                n += (size_t)n_read;
        }
        *ret_n = n;
        return 0;
}

/**
 * root_read_fd() - a whole file that is open, or nothing
 * @fd:     borrowed; its offset moves
 * @buffer: ends in NUL afterwards; what a file that was too large or failed left in it means
 *          nothing
 * @size:   room in @buffer, NUL included
 * @ret_n:  length without the NUL; the file may hold NULs of its own
 *
 * Return: 0, ROOT_E_ABSENT when the device, cgroup or process behind it is gone, ROOT_E_TOO_LARGE
 * for @size bytes or more, -EISDIR, -EINVAL for anything else that is no regular file, or an errno.
 */
int root_read_fd(int fd, char *buffer, size_t size, size_t *ret_n) {
        struct stat stat;
        size_t n = 0;
        int r;

        if (fstat(fd, &stat) < 0)
                return -errno;
        if (!S_ISREG(stat.st_mode))
                return S_ISDIR(stat.st_mode) ? -EISDIR : -EINVAL;
        r = read_whole(fd, buffer, size, &n);
        if (r < 0)
                return fold_vanished(r);
        if (n >= size)
                return ROOT_E_TOO_LARGE;
        buffer[n] = '\0';
        *ret_n = n;
        return 0;
}

/**
 * root_read() - a whole file below the root, or nothing
 *
 * Return: as root_read_fd(), and ROOT_E_ABSENT when there is no such file.
 */
int root_read(const Root *root, const char *path, char *buffer, size_t size, size_t *ret_n) {
        _cleanup_(fd_closep) int fd = -EBADF;
        int r;

        r = root_open(root, path, O_RDONLY | O_NOCTTY, &fd);
        if (r == -ENXIO) /* a socket, or a device without a driver */
                return -EINVAL;
        if (r != 0)
                return fold_vanished(r);
        return root_read_fd(fd, buffer, size, ret_n);
}

/**
 * root_read_link() - where a link says it leads, without going there
 * @path: links before the last name are followed
 *
 * Return: 0, ROOT_E_ABSENT, ROOT_E_TOO_LARGE for @size bytes or more, -EINVAL when it is no link,
 * or an errno.
 */
int root_read_link(const Root *root, const char *path, char *buffer, size_t size) {
        _cleanup_(fd_closep) int fd = -EBADF;
        struct stat stat;
        ssize_t n;
        int r;

        r = root_open(root, path, O_PATH | O_NOFOLLOW, &fd);
        if (r != 0)
                return r;
        if (fstat(fd, &stat) < 0)
                return -errno;
        if (!S_ISLNK(stat.st_mode))
                return -EINVAL;
        if (size == 0)
                return ROOT_E_TOO_LARGE;
        n = readlinkat(fd, "", buffer, size);
        if (n < 0)
                return fold_vanished(-errno);
        if ((size_t)n >= size)
                return ROOT_E_TOO_LARGE;
        buffer[n] = '\0';
        return 0;
}

/*
 * @ret: owned by the caller, see dir_closep(). A file that is no directory is absent as a
 * directory.
 */
int root_open_dir(const Root *root, const char *path, DIR **ret) {
        _cleanup_(fd_closep) int fd = -EBADF;
        DIR *dir;
        int r;

        r = root_open(root, path, O_RDONLY | O_DIRECTORY, &fd);
        if (r != 0)
                return r;
        dir = fdopendir(fd);
        if (!dir)
                return -errno;
        (void)TAKE_FD(fd); /* the stream's from here on */
        *ret = dir;
        return 0;
}

/*
 * Links are followed: one that dangles does not exist. What cannot be looked at does not exist for
 * us either.
 */
bool root_exists(const Root *root, const char *path) {
        _cleanup_(fd_closep) int fd = -EBADF;

        return root_open(root, path, O_PATH, &fd) == 0;
}
