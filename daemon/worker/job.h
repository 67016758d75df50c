/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A job that waits or is being done: all that the worker gets, and who is to be told
 */
#include "base/cleanup.h"
#include "worker/packet.h"
#include "worker/worker.h"

enum {
        JOB_FD_TARGET, /* what to work on: a duplicate of the caller's */
        JOB_FD_DATA,   /* a sealed memfd */
        _JOB_FD_N,
};

typedef struct Job {
        WorkerRequest request;
        int fds[_JOB_FD_N]; /* -EBADF: none */
        uint64_t deadline_usec;
        WorkerDone done; /* NULL: nobody is told */
        void *userdata;
} Job;

/* Copies all that @job borrows. Return: 0, -EINVAL, or an errno. */
_must_check_ int job_new(const WorkerJob *job, WorkerDone done, void *userdata, Job **ret);
Job *job_free(Job *job);
DEFINE_CLEANUP(Job *, job_free);
