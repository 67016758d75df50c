/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/*
 * Read piece by piece, because what stands behind a name may be a pipe. The text ends in a NUL that
 * does not count.
 */
#define READ_SIZE 65536u

static int complain(Diag *reterr, const char *source, const char *what, int error) {
        diag_set(reterr, source, 0, 0, "%s: %s", what, strerror(error));
        return INPUT_E_UNREADABLE;
}

static int read_fd(int fd, const char *source, size_t max, Buffer *ret, Diag *reterr) {
        ssize_t n;

        ret->max = max + READ_SIZE;
        do {
                char *place = buffer_extend(ret, READ_SIZE);

                if (!place)
                        break;
                do
                        n = read(fd, place, READ_SIZE);
                while (n < 0 && errno == EINTR);
                if (n < 0)
                        return complain(reterr, source, "cannot be read", errno);
                ret->n_data -= READ_SIZE - (size_t)n;
        } while (n > 0);
        if (ret->error && ret->error != -E2BIG)
                return ret->error;
        if (ret->error || ret->n_data > max) {
                diag_set(reterr, source, 0, 0, "larger than %zu MiB", max / (1024 * 1024));
                return INPUT_E_TOO_LARGE;
        }
        if (ret->n_data > 0)
                ret->data[ret->n_data] = '\0';
        return 0;
}

int input_read(const char *file, size_t max, const char **ret_source, Buffer *ret, Diag *reterr) {
        _cleanup_(fd_closep) int fd = -EBADF;

        if (strcmp(file, "-") == 0) {
                *ret_source = "standard input";
                return read_fd(STDIN_FILENO, *ret_source, max, ret, reterr);
        }
        *ret_source = file;
        fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        return fd < 0 ? complain(reterr, file, "cannot be opened", errno)
                      : read_fd(fd, file, max, ret, reterr);
}
