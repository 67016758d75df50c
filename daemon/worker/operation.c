/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/operation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/replace.h"
#include "worker/pages.h"
#include "worker/patience.h"
#include "worker/worker.h"

/*
 * The part that can block. It runs in a worker, knows nothing of lanes and deadlines, and is done
 * when the disk has it, or the kernel what is set. What the system says is passed on as it is.
 */
#define REPLACED_MODE 0600
#define FOLDER_MODE   0755

static int write_whole_at(int fd, const void *data, size_t n_data, uint64_t offset) {
        const char *rest = data;

        while (n_data > 0) {
                ssize_t n = pwrite(fd, rest, n_data, (off_t)offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EIO;
                rest += n;
                n_data -= (size_t)n;
                offset += (uint64_t)n;
        }
        return 0;
}

/* The data may end at the largest offset there is. */
static int append_validate(const WorkerRequest *request) {
        if (request->name[0] != '\0' || request->offset > (uint64_t)INT64_MAX - request->n_data)
                return -EINVAL;
        return 0;
}

/* One that was removed is written as any other, and nobody will ever read it. */
static int check_is_there(int fd) {
        struct stat stat;

        if (fstat(fd, &stat) < 0)
                return -errno;
        return stat.st_nlink > 0 ? 0 : -ENOENT;
}

/* With O_APPEND pwrite() takes no offset, and what is cut off would be what was written. */
static int check_takes_offset(int fd) {
        const int flags = fcntl(fd, F_GETFL);

        if (flags < 0)
                return -errno;
        return flags & O_APPEND ? -EINVAL : 0;
}

static int cut_off(int fd, uint64_t size) {
        int r;

        do
                r = ftruncate(fd, (off_t)size);
        while (r < 0 && errno == EINTR);
        return r < 0 ? -errno : 0;
}

static int append_run(const OperationInput *input, int *ret_fd _unused_) {
        int r;

        r = check_takes_offset(input->fd);
        if (r < 0)
                return r;
        r = write_whole_at(input->fd, input->data, input->n_data, input->offset);
        if (r < 0)
                return r;
        r = cut_off(input->fd, input->offset + input->n_data);
        if (r < 0)
                return r;
        if (fdatasync(input->fd) < 0)
                return -errno;
        return check_is_there(input->fd);
}

static bool is_plain(const char *name) {
        return name[0] != '\0' && !strchr(name, '/') && strcmp(name, ".") != 0 &&
               strcmp(name, "..") != 0;
}

static int replace_validate(const WorkerRequest *request) {
        return is_plain(request->name) && request->offset == 0 ? 0 : -EINVAL;
}

static int replace_run(const OperationInput *input, int *ret_fd) {
        int fd, r;

        r = file_replace(input->fd, input->name, input->data, input->n_data, REPLACED_MODE);
        if (r < 0)
                return r;
        fd = openat(input->fd, input->name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

static int set_validate(const WorkerRequest *request) {
        if (request->name[0] != '\0' || request->offset != 0 || request->n_data == 0 ||
            request->n_data > WORKER_SET_MAX)
                return -EINVAL;
        return 0;
}

static int write_once(const OperationInput *input) {
        const ssize_t n = pwrite(input->fd, input->data, input->n_data, 0);

        if (n < 0)
                return -errno;
        return (size_t)n == input->n_data ? 0 : -EIO;
}

/*
 * One write and nothing more: the kernel takes each for a value of its own, and has done what it
 * could when it says EINTR. Its files are 0 bytes long, however much they say; so what is longer
 * than what was written is another file, and only that is cut off. A file of the kernel's would
 * tell its watchers of a second change.
 */
static int set_run(const OperationInput *input, int *ret_fd _unused_) {
        struct stat stat;
        int r;

        r = check_takes_offset(input->fd);
        if (r < 0)
                return r;
        r = patience_begin(input->patience_usec);
        if (r < 0)
                return r;
        r = write_once(input);
        patience_end();
        if (r < 0)
                return r;
        if (fstat(input->fd, &stat) < 0)
                return -errno;
        if (!S_ISREG(stat.st_mode) || (uint64_t)stat.st_size <= input->n_data)
                return 0;
        return cut_off(input->fd, input->n_data);
}

static int folder_validate(const WorkerRequest *request) {
        return is_plain(request->name) && request->offset == 0 && request->n_data == 0 ? 0
                                                                                       : -EINVAL;
}

static int make_folder_run(const OperationInput *input, int *ret_fd _unused_) {
        return mkdirat(input->fd, input->name, FOLDER_MODE) < 0 ? -errno : 0;
}

static int remove_folder_run(const OperationInput *input, int *ret_fd _unused_) {
        return unlinkat(input->fd, input->name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int move_pages_validate(const WorkerRequest *request) {
        return request->name[0] == '\0' && request->offset == 0 &&
                               request->n_data == sizeof(PagesRequest)
                       ? 0
                       : -EINVAL;
}

static int move_pages_run(const OperationInput *input, int *ret_fd _unused_) {
        PagesRequest request;

        memcpy(&request, input->data, sizeof(request));
        return pages_move(input->fd, &request);
}

static const Operation operations[_WORKER_OP_N] = {
        [WORKER_OP_APPEND] = { .validate = append_validate, .run = append_run },
        [WORKER_OP_REPLACE] = { .gives_fd = true,
                                .validate = replace_validate,
                                .run = replace_run },
        [WORKER_OP_SET] = { .validate = set_validate, .run = set_run },
        [WORKER_OP_MAKE_FOLDER] = { .validate = folder_validate, .run = make_folder_run },
        [WORKER_OP_MOVE_PAGES] = { .validate = move_pages_validate, .run = move_pages_run },
        [WORKER_OP_REMOVE_FOLDER] = { .validate = folder_validate, .run = remove_folder_run },
};

const Operation *operation_find(uint32_t op) {
        return op < ELEMENTSOF(operations) ? &operations[op] : NULL;
}

int operation_check(const WorkerRequest *request) {
        const Operation *operation = operation_find(request->op);

        if (!operation || request->n_data > WORKER_DATA_MAX)
                return -EINVAL;
        if (request->patience_usec > PATIENCE_MAX_USEC ||
            (request->patience_usec > 0 && request->op != WORKER_OP_SET))
                return -EINVAL;
        if (!memchr(request->name, '\0', sizeof(request->name)))
                return -EINVAL;
        return operation->validate(request);
}
