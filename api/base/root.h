/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A root below which files are read
 *
 * Everything slugd reads (/sys, /proc, /etc, /var) is read below one directory, so that a captured
 * machine can stand in for the live one. Links are resolved inside that directory, absolute ones
 * and ".." included; none leads out.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/cleanup.h"

typedef struct Root {
        int fd;
        char *path;       /* as given, for messages */
        bool is_host;     /* it is "/" */
        bool walk_itself; /* no openat2() here, or the caller wants the fallback */
} Root;

#define ROOT_NULL                                                                                  \
        { .fd = -EBADF }

enum {
        _ROOT_E_SUCCESS,
        ROOT_E_ABSENT,    /* no such file, or a part of its path is no directory */
        ROOT_E_TOO_LARGE, /* more than the caller's cap */
};

_must_check_ int root_init(Root *root, const char *path);
void root_deinit(Root *root);
DEFINE_DEINIT(Root, root_deinit);

/* @path: from the root, a leading slash makes no difference. All return 0, ROOT_E_*, or an errno.
 */
_must_check_ int root_open(const Root *root, const char *path, int flags, int *ret_fd);
_must_check_ int
root_read(const Root *root, const char *path, char *buffer, size_t size, size_t *ret_n);
/* The same for a file that is open already, whoever named it. */
_must_check_ int root_read_fd(int fd, char *buffer, size_t size, size_t *ret_n);
_must_check_ int root_read_link(const Root *root, const char *path, char *buffer, size_t size);
_must_check_ int root_open_dir(const Root *root, const char *path, DIR **ret);
bool root_exists(const Root *root, const char *path);

static inline void dir_closep(DIR **dir) {
        if (*dir)
                (void)closedir(*dir);
}
