/* SPDX-License-Identifier: Apache-2.0 */
#include "base/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

/*
 * The size that the file has when it is opened is what is allocated, not the cap. One that grows
 * meanwhile reads as too large; the files that are read like this are replaced, or are ours.
 */
int whole_read(const Root *root, const char *path, size_t max, char **ret, size_t *ret_n) {
        _cleanup_(fd_closep) int fd = -EBADF;
        _cleanup_(freep) char *text = NULL;
        struct stat stat;
        size_t size;
        int r;

        r = root_open(root, path, O_RDONLY | O_NOCTTY, &fd);
        if (r)
                return r == -ENXIO ? -EINVAL : r;
        if (fstat(fd, &stat) < 0)
                return -errno;
        if (!S_ISREG(stat.st_mode))
                return S_ISDIR(stat.st_mode) ? -EISDIR : -EINVAL;
        if ((uint64_t)stat.st_size > max)
                return ROOT_E_TOO_LARGE;
        size = (size_t)stat.st_size + 1;
        text = malloc(size);
        if (!text)
                return -ENOMEM;
        r = root_read_fd(fd, text, size, ret_n);
        if (r)
                return r;
        *ret = TAKE_PTR(text);
        return 0;
}
