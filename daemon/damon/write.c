/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "damon/damon.h"

int damon_write(int fd, const char *value) {
        const ssize_t n = pwrite(fd, value, strlen(value), 0);

        if (n < 0)
                return -errno;
        return (size_t)n == strlen(value) ? 0 : -EIO;
}
