/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making files below a folder
 *
 * Every part of a path is opened on its own, relative to the one before it and without following
 * links, and made when it is missing. So a description can make a link that leads anywhere, as the
 * damaged machines do, and still nothing is ever written through it.
 *
 * A thing is made once: writing it again is the description's mistake, and is reported as such.
 */
#include "lib/tree-write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COPY_BYTES (64u * 1024)

static int write_all(int fd, const char *data, size_t n_data) {
        while (n_data > 0) {
                ssize_t n = write(fd, data, n_data);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                data += n;
                n_data -= (size_t)n;
        }
        return 0;
}

/* Takes one part off the path; false when it is empty, "." or "..". */
static bool take_part(const char **path, char part[static NAME_MAX + 1]) {
        const char *end = strchrnul(*path, '/');
        const size_t n = (size_t)(end - *path);

        if (n == 0 || n > NAME_MAX)
                return false;
        memcpy(part, *path, n);
        part[n] = '\0';
        *path = end;
        return strcmp(part, ".") != 0 && strcmp(part, "..") != 0;
}

static int enter(int dir_fd, const char *name, int *ret_fd) {
        const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        int fd = openat(dir_fd, name, flags);

        if (fd < 0 && errno == ENOENT && mkdirat(dir_fd, name, 0755) == 0)
                fd = openat(dir_fd, name, flags);
        /* A link or a file stands where a folder is wanted. */
        if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
                return TREE_WRITE_E_LEAVES;
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

/* Opens, or makes, the folder that @path lies in; @ret_name is the last part. */
static int
open_parent(int root_fd, const char *path, int *ret_fd, char ret_name[static NAME_MAX + 1]) {
        _cleanup_(fd_closep) int fd = openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        for (;;) {
                int next = -EBADF, r;

                if (!take_part(&path, ret_name))
                        return TREE_WRITE_E_LEAVES;
                if (*path == '\0')
                        break;
                ++path;
                r = enter(fd, ret_name, &next);
                if (r)
                        return r;
                (void)fd_close(fd);
                fd = next;
        }
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int tree_write_dir(int root_fd, const char *path) {
        _cleanup_(fd_closep) int parent_fd = -EBADF, fd = -EBADF;
        char name[NAME_MAX + 1];
        int r;

        r = open_parent(root_fd, path, &parent_fd, name);
        if (r)
                return r;
        return enter(parent_fd, name, &fd);
}

int tree_write_link(int root_fd, const char *path, const char *target) {
        _cleanup_(fd_closep) int parent_fd = -EBADF;
        char name[NAME_MAX + 1];
        int r;

        r = open_parent(root_fd, path, &parent_fd, name);
        if (r)
                return r;
        if (symlinkat(target, parent_fd, name) < 0)
                return errno == EEXIST ? TREE_WRITE_E_EXISTS : -errno;
        return 0;
}

/* Small pieces are gathered, so that ten million times one byte are not ten million writes. */
static int write_repeated(int fd, const char *data, size_t n_data, size_t n_times) {
        const size_t n_gathered = n_data > 0 && n_data < COPY_BYTES ? COPY_BYTES / n_data : 1;
        _cleanup_(freep) char *gathered = NULL;
        int r = 0;

        if (n_times == 1 || n_data == 0)
                return write_all(fd, data, n_data);
        gathered = malloc(n_gathered * n_data);
        if (!gathered)
                return -ENOMEM;
        for (size_t i = 0; i < n_gathered; ++i)
                memcpy(gathered + i * n_data, data, n_data);
        while (n_times > 0 && r == 0) {
                const size_t n = n_times < n_gathered ? n_times : n_gathered;

                r = write_all(fd, gathered, n * n_data);
                n_times -= n;
        }
        return r;
}

int tree_write_file(int root_fd,
                    const char *path,
                    const char *data,
                    size_t n_data,
                    size_t n_times) {
        _cleanup_(fd_closep) int parent_fd = -EBADF, fd = -EBADF;
        char name[NAME_MAX + 1];
        int r;

        r = open_parent(root_fd, path, &parent_fd, name);
        if (r)
                return r;
        fd = openat(parent_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (fd < 0)
                return errno == EEXIST ? TREE_WRITE_E_EXISTS : -errno;
        return write_repeated(fd, data, n_data, n_times);
}

void tree_link_text(const char *path, const char *target, char buffer[static TREE_PATH_MAX * 3]) {
        const char *p = path, *t = target;
        size_t n = 0;

        /* What both have in common needs no way up; the last part of @path is the link itself. */
        for (;;) {
                const char *p_end = strchr(p, '/'), *t_end = strchr(t, '/');
                const size_t n_part = p_end ? (size_t)(p_end - p) : 0;

                if (!p_end || !t_end || (size_t)(t_end - t) != n_part || memcmp(p, t, n_part) != 0)
                        break;
                p = p_end + 1;
                t = t_end + 1;
        }
        buffer[0] = '\0';
        for (p = strchr(p, '/'); p && n + 3 < TREE_PATH_MAX * 2; p = strchr(p + 1, '/'))
                n += (size_t)snprintf(buffer + n, TREE_PATH_MAX * 3 - n, "../");
        (void)snprintf(buffer + n, TREE_PATH_MAX * 3 - n, "%s", t);
}
