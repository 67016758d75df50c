/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Workers
 *
 * Processes that do what can block: forked before the event loop starts, each with one SEQPACKET
 * pair to the daemon. A lane is a worker and what waits for it: one job at a time, in order. A job
 * is a typed request with its file descriptors; its answer is an errno and, of some, a descriptor.
 * A job that misses its deadline costs the worker its life (SIGKILL) and another one is made; a
 * worker that SIGKILL does not end, because it is stuck in the kernel, makes its lane stuck: that
 * is told, jobs are refused with -EBUSY at once, and the lane comes back when the process is gone.
 *
 * The daemon's loop never waits for a worker. "lane" is a number from 0.
 *
 * New workers are made by a process that was forked before the loop and does nothing else, so that
 * no fork copies the daemon as it has become (no ledger, no sockets) and none of its locks. A lane
 * that needs a worker when that process has died is stuck for good; the others go on.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

typedef struct Workers Workers;

#define WORKER_LANES_MAX 8u
#define WORKER_QUEUE_MAX 64u /* jobs that wait in one lane */
#define WORKER_DATA_MAX  (64u * 1024 * 1024)
#define WORKER_SET_MAX   4096u /* bytes, of WORKER_OP_SET */

typedef enum WorkerOp {
        /* Writes @data at @offset of @fd, cuts the file off behind it, and syncs it. -ENOENT: the
         * file has no name any more. */
        WORKER_OP_APPEND,
        /* Makes @data the content of file @name in directory @fd, atomically (base/replace.h), and
         * gives a descriptor of the new file, open for writing. */
        WORKER_OP_REPLACE,
        /* Writes @data in one write() at the beginning of @fd, a file of the kernel's that is open
         * for writing: 1 to WORKER_SET_MAX bytes. What it makes of it is told by reading. A file
         * that keeps what is written is cut off behind it, and nothing is synced. */
        WORKER_OP_SET,
        /* Makes folder @name in directory @fd; -EEXIST: there is something of that name. */
        WORKER_OP_MAKE_FOLDER,
        /* Removes folder @name, which the system takes for empty, from directory @fd. */
        WORKER_OP_REMOVE_FOLDER,
        /* Moves pages of the cgroup @fd: @data is a PagesRequest (worker/pages.h). */
        WORKER_OP_MOVE_PAGES,
        _WORKER_OP_N,
} WorkerOp;

typedef struct WorkerJob {
        WorkerOp op;
        int fd;                 /* borrowed until worker_submit() returns */
        const char *name;       /* REPLACE and of folders: a plain name, at most 255 bytes */
        const void *data;       /* borrowed until worker_submit() returns */
        size_t n_data;          /* at most WORKER_DATA_MAX */
        uint64_t offset;        /* APPEND */
        uint64_t deadline_usec; /* from the moment that the worker has it; not 0 */
        uint64_t patience_usec; /* SET: after so long the write is interrupted, and is -EINTR where
                                 * the kernel heeds that; 0: never. The worker lives on */
} WorkerJob;

/*
 * @error: 0, or an errno below 0: what the system said; -ETIMEDOUT: the deadline passed, and
 * whether it was done is not known; -ECONNRESET: the worker died, same; -EBUSY: the lane is stuck.
 * @fd: taken by the callee; -EBADF when there is none.
 */
typedef void (*WorkerDone)(int error, int fd, void *userdata);

typedef struct WorkerState {
        bool is_stuck;       /* there is no worker to work, and there should be one by now */
        uint64_t n_restarts; /* since the start */
        size_t n_waiting;    /* jobs, the one that is being done included */
        uint64_t busy_usec;  /* how long the job of now takes already; 0: none */
        int pid;             /* 0: no process. Stuck, it tells a process that SIGKILL did not end
                              * from one that could not be made */
} WorkerState;

/* How a lane became stuck and came back; called from workers_dispatch(). */
typedef void (*WorkerObserver)(unsigned lane, const WorkerState *state, void *userdata);

/* Forks. To be called while the process has one thread and before the loop. @n_lanes: 1..8.
 * @capable: bits of lanes whose workers keep what moving pages takes (worker/capabilities.h), if
 * the caller has it; others drop it. Return: 0 or an errno. */
_must_check_ int workers_new(unsigned n_lanes, uint64_t capable, Workers **ret);
/* Ends the processes, and waits for their end, a second at most and not for one that is stuck, so
 * that nothing is written any more. No callback is called. Not to be called from a callback. */
Workers *workers_free(Workers *workers);
DEFINE_CLEANUP(Workers *, workers_free);

void workers_observe(Workers *workers, WorkerObserver observer, void *userdata);

/* The loop is the caller's: it waits for this descriptor (level-triggered, readable; an epoll
 * descriptor of the workers' own, deadlines included), then calls workers_dispatch(). */
int workers_get_fd(const Workers *workers);
/* Takes answers and deadlines and calls what waits for them. Return: 0 or an errno. */
_must_check_ int workers_dispatch(Workers *workers);

/* @done: called from workers_dispatch(), never from here. Return: 0, -EBUSY (lane stuck),
 * -ENOBUFS (too many wait), or another errno; then @done is not called. */
_must_check_ int worker_submit(Workers *workers,
                               unsigned lane,
                               const WorkerJob *job,
                               WorkerDone done,
                               void *userdata);
/* Jobs with @userdata are done as they were asked for, and nobody is told. */
void worker_disown(Workers *workers, const void *userdata);
WorkerState worker_get_state(const Workers *workers, unsigned lane);
