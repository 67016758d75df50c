/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A lane: one worker, and the jobs that wait for it
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "worker/forker.h"
#include "worker/job.h"
#include "worker/packet.h"
#include "worker/worker.h"

/* What is not gone so long after SIGKILL, or not made so long after the end of the one before, is
 * not just slow. */
#define WORKER_GRACE_USEC UINT64_C(1000000)
/* A worker that dies younger than this, and not by our hand, may do so again at once. The next one
 * has to wait; each time twice as long, up to the maximum. */
#define WORKER_YOUNG_USEC     UINT64_C(1000000)
#define WORKER_PAUSE_MIN_USEC UINT64_C(10000)
#define WORKER_PAUSE_MAX_USEC UINT64_C(1000000)
#define LANE_NEVER            UINT64_MAX

typedef enum LaneState {
        LANE_LOST,   /* no worker, and none will come */
        LANE_PAUSED, /* no worker; the next one is asked for when the pause is over */
        LANE_ASKED,  /* no worker yet */
        LANE_UP,     /* has a worker */
        LANE_DYING,  /* has one that is to go, and was told so by SIGKILL */
} LaneState;

/* What all lanes share. */
typedef struct LaneHost {
        int epoll_fd; /* the descriptors of all workers are in it */
        Forker forker;
        WorkerObserver observer;
        void *observer_userdata;
} LaneHost;

typedef struct Lane {
        LaneHost *host;
        unsigned index;
        LaneState state;
        bool is_stuck;
        bool is_busy; /* the worker has the first of the jobs */
        int socket_fd, pidfd;
        int pid;                     /* 0: no process */
        Job *jobs[WORKER_QUEUE_MAX]; /* a ring */
        size_t first, n_jobs;
        uint64_t last_id;
        uint64_t born_usec;     /* of the worker */
        uint64_t begun_usec;    /* of the job */
        uint64_t due_usec;      /* UP and busy: the deadline; PAUSED: the end of the pause */
        uint64_t stuck_at_usec; /* unless it is UP by then */
        unsigned n_young_deaths;
        uint64_t n_workers; /* so far */
} Lane;

void lane_init(Lane *lane, LaneHost *host, unsigned index);
/* Waits for nothing, calls nobody, keeps the pidfd. */
void lane_kill(Lane *lane);
void lane_deinit(Lane *lane);

/* Asks for a worker, now or after a pause. */
void lane_raise(Lane *lane, uint64_t now_usec);
/* What the forker said: the worker of @fds (taken), or none. False: it was not asked. */
bool lane_adopt(Lane *lane, const ForkerAnswer *answer, PacketFds *fds, uint64_t now_usec);
/* There is no forker any more. */
void lane_orphan(Lane *lane, uint64_t now_usec);

/* Whether a job would be taken. Return: 0, -EBUSY, or -ENOBUFS. */
_must_check_ int lane_check_room(const Lane *lane);
/* @job: taken with 0; there has to be room. Return: 0 or an errno. */
_must_check_ int lane_submit(Lane *lane, Job *job, uint64_t now_usec);
/* Nobody is told of jobs with @userdata. */
void lane_disown(Lane *lane, const void *userdata);
/* Answers, ends and deadlines. Callbacks are called from here, and may submit. */
void lane_dispatch(Lane *lane, uint64_t now_usec);
/* When lane_dispatch() is to be called though nothing came; LANE_NEVER: no need. */
uint64_t lane_get_due(const Lane *lane);
WorkerState lane_get_state(const Lane *lane, uint64_t now_usec);
