/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of a cgroup say
 *
 * A look at a managed cgroup is 3 system calls (openat2, fstat, close) and 3 a file (openat2, read,
 * close): what a file of one value says comes in one read(), and that it ends there need not be
 * asked. tests/unit/test-cgroup-group.c counts them.
 *
 * A cgroup that goes while it is looked at says so in two ways: a file that is open has no device
 * any more, one that is not is missing, as it would be without its controller. cgroup.events is
 * never missing, so it is read last: when it is there, all before it was of a cgroup that was.
 *
 * Source: Documentation/admin-guide/cgroup-v2.rst, fs/kernfs and fs/seq_file.c of Linux 6.12.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/scan.h"
#include "cgroup/group.h"

#define FILE_TEXT_MAX (CGROUP_VALUE_TEXT_MAX + 2u) /* a newline, and its NUL */

/* Files */

static int read_some(int fd, char *buffer, size_t size, size_t *ret_n) {
        ssize_t n;

        do
                n = read(fd, buffer, size);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return errno == ENODEV ? CGROUP_E_ABSENT : -errno;
        *ret_n = (size_t)n;
        return 0;
}

/* @is_one_value: one read() is all of it. */
static int read_file(int dir_fd,
                     const char *file,
                     bool is_one_value,
                     char *buffer,
                     size_t size,
                     size_t *ret_n) {
        _cleanup_(fd_closep) int fd = -EBADF;
        size_t n = 0, n_more = 0;
        int r;

        r = cgroup_open_file(dir_fd, file, O_RDONLY, &fd);
        if (r)
                return r;
        do {
                r = read_some(fd, buffer + n, size - n, &n_more);
                if (r)
                        return r;
                n += n_more;
        } while (!is_one_value && n_more > 0 && n < size);
        if (n >= size)
                return -EFBIG;
        buffer[n] = '\0';
        *ret_n = n;
        return 0;
}

int cgroup_read_file(int dir_fd, const char *file, char *buffer, size_t size, size_t *ret_n) {
        return read_file(dir_fd, file, false, buffer, size, ret_n);
}

/* Text that is too long for a value is none; what is no file has none. */
static int
read_value(int dir_fd, const char *file, char buffer[static FILE_TEXT_MAX], size_t *ret_n) {
        const int r = read_file(dir_fd, file, true, buffer, FILE_TEXT_MAX, ret_n);

        return r == -EFBIG || r == -EISDIR || r == -EAGAIN ? CGROUP_E_INVALID : r;
}

int cgroup_read_knob(int dir_fd, CgroupKnob knob, CgroupValue *ret) {
        char text[FILE_TEXT_MAX];
        size_t n;
        int r;

        r = read_value(dir_fd, cgroup_knob_file(knob), text, &n);
        if (r)
                return r;
        return cgroup_value_parse(knob, text, n, ret) ? CGROUP_E_INVALID : 0;
}

int cgroup_read_u64(int dir_fd, const char *file, uint64_t *ret) {
        char text[FILE_TEXT_MAX];
        uint64_t number;
        size_t n;
        Scan scan;
        int r;

        r = read_value(dir_fd, file, text, &n);
        if (r)
                return r;
        scan = scan_init(text, n);
        if (scan_literal(&scan, "max"))
                number = CGROUP_MAX;
        else if (!scan_u64(&scan, &number))
                return CGROUP_E_INVALID;
        (void)scan_char(&scan, '\n');
        if (!scan_is_done(&scan))
                return CGROUP_E_INVALID;
        *ret = number;
        return 0;
}

static int read_populated(int dir_fd, bool *ret) {
        char text[FILE_TEXT_MAX];
        Scan scan, line;
        uint64_t number;
        size_t n;
        int r;

        r = read_value(dir_fd, "cgroup.events", text, &n);
        if (r)
                return r;
        scan = scan_init(text, n);
        while (scan_line(&scan, &line))
                if (scan_literal(&line, "populated ")) {
                        if (!scan_u64(&line, &number) || !scan_is_done(&line))
                                return CGROUP_E_INVALID;
                        *ret = number > 0;
                        return 0;
                }
        return CGROUP_E_INVALID;
}

/* A managed cgroup */

/* Return: false when there is another one there, or none. */
static bool is_still_there(const CgroupTree *tree, const char *path, uint64_t inode) {
        _cleanup_(fd_closep) int fd = -EBADF;

        return cgroup_open_same(tree, path, inode, &fd) == 0;
}

static int read_values(int dir_fd, unsigned knobs, CgroupState *state) {
        int r;

        for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob) {
                if (!(knobs & 1u << knob))
                        continue;
                r = cgroup_read_knob(dir_fd, knob, &state->values[knob]);
                if (r < 0)
                        return r;
                state->has[knob] = r == 0;
        }
        r = cgroup_read_u64(dir_fd, "memory.current", &state->current_bytes.value);
        if (r < 0)
                return r;
        state->current_bytes.present = r == 0;
        return 0;
}

int cgroup_read_state(const CgroupTree *tree, const char *path, unsigned knobs, CgroupState *ret) {
        _cleanup_(fd_closep) int fd = -EBADF;
        CgroupState state = { .is_there = true };
        struct stat stat;
        int r;

        *ret = (CgroupState){};
        r = cgroup_open(tree, path, &fd);
        if (r)
                return r == CGROUP_E_ABSENT ? 0 : r == CGROUP_E_INVALID ? -EINVAL : r;
        if (fstat(fd, &stat) < 0)
                return -errno;
        state.inode = stat.st_ino;
        r = read_values(fd, knobs, &state);
        if (r == 0)
                r = read_populated(fd, &state.is_populated);
        if (r < 0)
                return r;
        /* The root has none, nor has a tree of files that somebody made: it is asked for again. */
        if (r != CGROUP_E_ABSENT || is_still_there(tree, path, state.inode))
                *ret = state;
        return 0;
}
