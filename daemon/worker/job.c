/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/replace.h"
#include "worker/operation.h"

/*
 * A job owns everything from the moment that it is submitted, so that nothing but the worker can
 * fail it later and its caller is free to go on. The data is copied once, into memory that both
 * processes map; the seals are the worker's reason to believe that it stays as it is.
 */

/* Linux 6.3, not in the headers of Debian 12. Where vm.memfd_noexec is 2 no other memfd is made;
 * a kernel that does not know the flag says EINVAL. */
#ifndef MFD_NOEXEC_SEAL
#        define MFD_NOEXEC_SEAL 0x0008u
#endif

static int new_memfd(void) {
        int fd = memfd_create("slugd-job", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

        if (fd < 0 && errno == EINVAL)
                fd = memfd_create("slugd-job", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        return fd < 0 ? -errno : fd;
}

static int seal_data(const void *data, size_t n_data, int *ret_fd) {
        _cleanup_(fd_closep) int fd = new_memfd();
        int r;

        if (fd < 0)
                return fd;
        r = file_write(fd, data, n_data);
        if (r < 0)
                return r;
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int fill_request(const WorkerJob *job, WorkerRequest *request) {
        size_t n_name = job->name ? strlen(job->name) : 0;

        if (job->deadline_usec == 0 || n_name >= sizeof(request->name))
                return -EINVAL;
        *request = (WorkerRequest){
                .op = job->op,
                .offset = job->offset,
                .n_data = job->n_data,
                .patience_usec = job->patience_usec,
        };
        if (n_name > 0)
                memcpy(request->name, job->name, n_name);
        return operation_check(request);
}

int job_new(const WorkerJob *job, WorkerDone done, void *userdata, Job **ret) {
        _cleanup_(job_freep) Job *self = calloc(1, sizeof(*self));
        int r;

        if (!self)
                return -ENOMEM;
        self->fds[JOB_FD_TARGET] = self->fds[JOB_FD_DATA] = -EBADF;
        self->deadline_usec = job->deadline_usec;
        self->done = done;
        self->userdata = userdata;
        r = fill_request(job, &self->request);
        if (r < 0)
                return r;
        self->fds[JOB_FD_TARGET] = fcntl(job->fd, F_DUPFD_CLOEXEC, 0);
        if (self->fds[JOB_FD_TARGET] < 0)
                return -errno;
        r = seal_data(job->data, job->n_data, &self->fds[JOB_FD_DATA]);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(self);
        return 0;
}

Job *job_free(Job *job) {
        if (!job)
                return NULL;
        for (size_t i = 0; i < _JOB_FD_N; ++i)
                (void)fd_close(job->fds[i]);
        free(job);
        return NULL;
}
