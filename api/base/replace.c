/* SPDX-License-Identifier: Apache-2.0 */
#include "base/replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

/*
 * The order is everything: the new bytes are on the disk before the name points to them, and the
 * directory is synced before the caller hears that it is done. A crash at any step leaves the old
 * file or the new one under the name; at worst a temporary file with an odd name stays, which
 * nobody reads and which no later call trips over, because each draws a name of its own. Sweeping
 * removes it.
 *
 * The temporary file is private until its bytes are whole; only then does it get the mode the
 * caller wants. The umask has no say. A name that is a symbolic link is replaced itself, not what
 * it leads to.
 */
#define TEMPORARY_TRIES_MAX 16u
#define TEMPORARY_NAME_MAX  32u
#define TEMPORARY_PREFIX    ".slug-"
#define TEMPORARY_SUFFIX    ".tmp"
#define TEMPORARY_DIGITS    16u

static int open_temporary(int dir_fd, char name[static TEMPORARY_NAME_MAX], int *ret_fd) {
        for (unsigned i = 0; i < TEMPORARY_TRIES_MAX; ++i) {
                uint64_t random;
                int fd;

                if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
                        return -EIO;
                (void)snprintf(name, TEMPORARY_NAME_MAX,
                               TEMPORARY_PREFIX "%016" PRIx64 TEMPORARY_SUFFIX, random);
                fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                            0600);
                if (fd >= 0) {
                        *ret_fd = fd;
                        return 0;
                }
                if (errno != EEXIST)
                        return -errno;
        }
        return -EEXIST;
}

int file_write(int fd, const void *data, size_t n_data) {
        const char *rest = data;

        while (n_data > 0) {
                ssize_t n = write(fd, rest, n_data);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EIO;
                rest += n;
                n_data -= (size_t)n;
        }
        return 0;
}

static int fill(int fd, const void *data, size_t n_data, mode_t mode) {
        int r;

        r = file_write(fd, data, n_data);
        if (r < 0)
                return r;
        if (fchmod(fd, mode) < 0)
                return -errno;
        if (fsync(fd) < 0)
                return -errno;
        return 0;
}

/**
 * file_replace() - new content for a file, all or nothing
 * @dir_fd: the directory; may be opened with O_PATH
 * @name:   in it; no slash, not "", "." or ".."
 * @data:   may be NULL when @n_data is 0
 * @mode:   permission bits of the new file, whatever the umask
 *
 * Return: 0, -EINVAL for a bad name, or an errno. Any failure leaves the old file in place and no
 * temporary one, but for the last step: when the directory cannot be synced, the new file is there
 * already and may be gone after a crash.
 */
int file_replace(int dir_fd, const char *name, const void *data, size_t n_data, mode_t mode) {
        _cleanup_(fd_closep) int sync_fd = -EBADF;
        _cleanup_(fd_closep) int fd = -EBADF;
        char temporary[TEMPORARY_NAME_MAX];
        int r;

        if (name[0] == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 ||
            strcmp(name, "..") == 0)
                return -EINVAL;
        /* Opened first: what can be refused is refused before anything is written. */
        sync_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (sync_fd < 0)
                return -errno;
        r = open_temporary(dir_fd, temporary, &fd);
        if (r < 0)
                return r;
        r = fill(fd, data, n_data, mode);
        if (r >= 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
                r = -errno;
        if (r < 0) {
                (void)unlinkat(dir_fd, temporary, 0);
                return r;
        }
        return fsync(sync_fd) < 0 ? -errno : 0;
}

static bool is_temporary(const char *name) {
        const size_t n_prefix = strlen(TEMPORARY_PREFIX);

        return strncmp(name, TEMPORARY_PREFIX, n_prefix) == 0 &&
               strspn(name + n_prefix, "0123456789abcdef") == TEMPORARY_DIGITS &&
               strcmp(name + n_prefix + TEMPORARY_DIGITS, TEMPORARY_SUFFIX) == 0;
}

static void close_dir(DIR **dir) {
        if (*dir)
                (void)closedir(*dir);
}

int file_replace_sweep(int dir_fd) {
        _cleanup_(close_dir) DIR *dir = NULL;
        const struct dirent *entry;
        int fd;

        fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        dir = fdopendir(fd);
        if (!dir) {
                const int error = errno;

                (void)fd_close(fd);
                return -error;
        }
        while ((entry = readdir(dir)))
                if (is_temporary(entry->d_name))
                        (void)unlinkat(fd, entry->d_name, 0);
        return 0;
}
