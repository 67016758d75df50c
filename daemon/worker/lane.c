/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/lane.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "worker/operation.h"
#include "worker/process.h"

/*
 *             forker answers          missed deadline, odd answer, end of the socket
 *   ASKED ----------------------> UP -----------------------------------------------> DYING
 *     ^                           | it ended by itself                                  | it ended
 *     |  pause is over            v                                                     |
 *   PAUSED <---------------------------------------------------------------------------+
 *
 * The next worker is asked for when the one before is gone, not when it is to go: two workers of
 * one lane never work at the same time, so a job that was given up cannot overtake those behind it.
 * Without a pause PAUSED and ASKED are one step. LOST is where all of it ends without a forker.
 *
 * "Stuck" lies across the states: no worker is up, and for longer than that should take. It is told
 * once, all that waits is refused, and nothing new is taken until a worker is up.
 *
 * A job is taken off the queue before its callback is called, and the state is what it will be, so
 * the callback finds a lane that it can submit to.
 */

static void watch_end(Lane *lane, int *fd) {
        if (*fd < 0)
                return;
        /* By hand, because the forker's copy may still be open for a moment, and closing ours then
         * does not end the watch. */
        (void)epoll_ctl(lane->host->epoll_fd, EPOLL_CTL_DEL, *fd, NULL);
        *fd = fd_close(*fd);
}

static int watch(const Lane *lane, int fd) {
        struct epoll_event event = { .events = EPOLLIN };

        return epoll_ctl(lane->host->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void lane_init(Lane *lane, LaneHost *host, unsigned index) {
        *lane = (Lane){
                .host = host,
                .index = index,
                .socket_fd = -EBADF,
                .pidfd = -EBADF,
                .due_usec = LANE_NEVER,
                .stuck_at_usec = LANE_NEVER,
        };
}

void lane_kill(Lane *lane) {
        watch_end(lane, &lane->socket_fd);
        process_kill(lane->pidfd);
}

/* The first job leaves the queue. */
static Job *shift(Lane *lane) {
        Job *job = lane->jobs[lane->first];

        lane->jobs[lane->first] = NULL;
        lane->first = (lane->first + 1) % WORKER_QUEUE_MAX;
        --lane->n_jobs;
        lane->is_busy = false;
        return job;
}

void lane_deinit(Lane *lane) {
        while (lane->n_jobs > 0)
                job_free(shift(lane));
        watch_end(lane, &lane->socket_fd);
        watch_end(lane, &lane->pidfd);
}

/* @fd: taken. */
static void finish(Lane *lane, int error, int fd) {
        Job *job = shift(lane);
        WorkerDone done = job->done;
        void *userdata = job->userdata;

        job_free(job);
        if (done)
                done(error, fd, userdata);
        else
                (void)fd_close(fd);
}

static void note_young_death(Lane *lane) {
        if (lane->n_young_deaths < UINT_MAX)
                ++lane->n_young_deaths;
}

static void tell(const Lane *lane, uint64_t now_usec) {
        WorkerState state = lane_get_state(lane, now_usec);

        if (lane->host->observer)
                lane->host->observer(lane->index, &state, lane->host->observer_userdata);
}

static void become_stuck(Lane *lane, uint64_t now_usec) {
        lane->stuck_at_usec = LANE_NEVER;
        if (lane->is_stuck)
                return;
        lane->is_stuck = true;
        tell(lane, now_usec);
        /* Nothing is added meanwhile: a stuck lane takes no jobs. */
        while (lane->n_jobs > 0)
                finish(lane, -EBUSY, -EBADF);
}

/* Brings the worker's end about. @error: what its job is told; -ETIMEDOUT: it did no wrong. */
static void condemn(Lane *lane, int error, uint64_t now_usec) {
        lane_kill(lane);
        lane->state = LANE_DYING;
        lane->due_usec = LANE_NEVER;
        lane->stuck_at_usec = now_usec + WORKER_GRACE_USEC;
        if (error == -ETIMEDOUT || now_usec - lane->born_usec >= WORKER_YOUNG_USEC)
                lane->n_young_deaths = 0;
        else
                note_young_death(lane);
        if (lane->is_busy)
                finish(lane, error, -EBADF);
}

/* Raising */

static uint64_t pause_of(unsigned n_young_deaths) {
        uint64_t pause_usec = WORKER_PAUSE_MIN_USEC;

        if (n_young_deaths == 0)
                return 0;
        while (--n_young_deaths > 0 && pause_usec < WORKER_PAUSE_MAX_USEC)
                pause_usec *= 2;
        return pause_usec < WORKER_PAUSE_MAX_USEC ? pause_usec : WORKER_PAUSE_MAX_USEC;
}

static void ask(Lane *lane, uint64_t now_usec) {
        lane->due_usec = LANE_NEVER;
        if (forker_ask(&lane->host->forker, lane->index) == 0) {
                lane->state = LANE_ASKED;
                return;
        }
        /* When it is the forker's end that is seen here, lane_orphan() follows. */
        note_young_death(lane);
        lane->state = LANE_PAUSED;
        lane->due_usec = now_usec + pause_of(lane->n_young_deaths);
}

void lane_raise(Lane *lane, uint64_t now_usec) {
        uint64_t pause_usec = pause_of(lane->n_young_deaths);

        if (!forker_is_there(&lane->host->forker)) {
                lane->state = LANE_LOST;
                become_stuck(lane, now_usec);
                return;
        }
        if (!lane->is_stuck)
                lane->stuck_at_usec = now_usec + pause_usec + WORKER_GRACE_USEC;
        if (pause_usec == 0) {
                ask(lane, now_usec);
                return;
        }
        lane->state = LANE_PAUSED;
        lane->due_usec = now_usec + pause_usec;
}

/* Both are watched or none. */
static int watch_both(Lane *lane, const PacketFds *fds) {
        int r;

        r = watch(lane, fds->items[0]);
        if (r < 0)
                return r;
        r = watch(lane, fds->items[1]);
        if (r < 0)
                (void)epoll_ctl(lane->host->epoll_fd, EPOLL_CTL_DEL, fds->items[0], NULL);
        return r;
}

bool lane_adopt(Lane *lane, const ForkerAnswer *answer, PacketFds *fds, uint64_t now_usec) {
        if (lane->state != LANE_ASKED)
                return false;
        if (answer->error < 0 || watch_both(lane, fds) < 0) {
                /* A worker that was made ends with its socket, which the caller closes. */
                note_young_death(lane);
                lane->state = LANE_PAUSED;
                lane->due_usec = now_usec + pause_of(lane->n_young_deaths);
                return true;
        }
        lane->socket_fd = fds->items[0];
        lane->pidfd = fds->items[1];
        fds->n_items = 0;
        lane->pid = answer->pid;
        lane->state = LANE_UP;
        lane->born_usec = now_usec;
        lane->due_usec = lane->stuck_at_usec = LANE_NEVER;
        ++lane->n_workers;
        if (lane->is_stuck) {
                lane->is_stuck = false;
                tell(lane, now_usec);
        }
        return true;
}

void lane_orphan(Lane *lane, uint64_t now_usec) {
        if (lane->state != LANE_PAUSED && lane->state != LANE_ASKED)
                return;
        lane->state = LANE_LOST;
        lane->due_usec = LANE_NEVER;
        become_stuck(lane, now_usec);
}

/* Jobs */

/* Hands the first job to the worker. A worker that is not there to take it is no failure: its end
 * will be seen, and the job waits for the next one. */
static int begin(Lane *lane, uint64_t now_usec) {
        Job *job = lane->jobs[lane->first];
        int r;

        job->request.id = ++lane->last_id;
        r = packet_send(lane->socket_fd, &job->request, sizeof(job->request), job->fds, _JOB_FD_N,
                        MSG_DONTWAIT);
        if (r == -EPIPE || r == -ECONNRESET)
                return 0;
        if (r < 0)
                return r;
        lane->is_busy = true;
        lane->begun_usec = now_usec;
        lane->due_usec = bytes_add_saturated(now_usec, job->deadline_usec);
        return 0;
}

/* After a callback the queue may be another one; after a failure the next in it has its turn. */
static void begin_next(Lane *lane, uint64_t now_usec) {
        while (lane->state == LANE_UP && !lane->is_busy && lane->n_jobs > 0) {
                int r = begin(lane, now_usec);

                if (r == 0)
                        return;
                finish(lane, r, -EBADF);
        }
}

int lane_check_room(const Lane *lane) {
        if (lane->is_stuck)
                return -EBUSY;
        return lane->n_jobs < WORKER_QUEUE_MAX ? 0 : -ENOBUFS;
}

void lane_disown(Lane *lane, const void *userdata) {
        for (size_t i = 0; i < lane->n_jobs; ++i) {
                Job *job = lane->jobs[(lane->first + i) % WORKER_QUEUE_MAX];

                if (job->userdata == userdata)
                        job->done = NULL;
        }
}

int lane_submit(Lane *lane, Job *job, uint64_t now_usec) {
        size_t last = (lane->first + lane->n_jobs) % WORKER_QUEUE_MAX;
        int r;

        lane->jobs[last] = job;
        ++lane->n_jobs;
        if (lane->n_jobs > 1 || lane->state != LANE_UP)
                return 0;
        r = begin(lane, now_usec);
        if (r < 0)
                (void)shift(lane);
        return r;
}

static bool is_plausible(const Lane *lane, const WorkerAnswer *answer, const PacketFds *fds) {
        const Operation *operation;

        if (!lane->is_busy || answer->id != lane->last_id || answer->error > 0)
                return false;
        operation = operation_find(lane->jobs[lane->first]->request.op);
        return fds->n_items == (operation->gives_fd && answer->error == 0 ? 1u : 0u);
}

/* At most one: a worker has one job at a time. */
static void take_answer(Lane *lane, uint64_t now_usec) {
        _cleanup_(packet_fds_deinitp) PacketFds fds = {};
        WorkerAnswer answer;
        int r, fd;

        r = packet_receive(lane->socket_fd, &answer, sizeof(answer), &fds, MSG_DONTWAIT);
        if (r == PACKET_E_NONE)
                return;
        if (r == -EMFILE) {
                answer.error = r;
                r = 0;
        }
        if (r || !is_plausible(lane, &answer, &fds)) {
                condemn(lane, -ECONNRESET, now_usec);
                return;
        }
        fd = fds.n_items > 0 ? fds.items[0] : -EBADF;
        fds.n_items = 0;
        lane->due_usec = LANE_NEVER;
        finish(lane, answer.error, fd);
}

/* Dispatching */

static void on_end(Lane *lane, uint64_t now_usec) {
        if (lane->state == LANE_UP)
                condemn(lane, -ECONNRESET, now_usec);
        watch_end(lane, &lane->pidfd);
        lane->pid = 0;
        lane_raise(lane, now_usec);
}

void lane_dispatch(Lane *lane, uint64_t now_usec) {
        /* Asked first, so that what the worker said before its end is still heard. */
        bool has_ended = lane->pidfd >= 0 && process_has_ended(lane->pidfd);

        if (lane->state == LANE_UP)
                take_answer(lane, now_usec);
        if (has_ended)
                on_end(lane, now_usec);
        if (lane->state == LANE_UP && now_usec >= lane->due_usec)
                condemn(lane, -ETIMEDOUT, now_usec);
        if (lane->state == LANE_PAUSED && now_usec >= lane->due_usec)
                ask(lane, now_usec);
        if (now_usec >= lane->stuck_at_usec)
                become_stuck(lane, now_usec);
        begin_next(lane, now_usec);
}

uint64_t lane_get_due(const Lane *lane) {
        return lane->due_usec < lane->stuck_at_usec ? lane->due_usec : lane->stuck_at_usec;
}

WorkerState lane_get_state(const Lane *lane, uint64_t now_usec) {
        return (WorkerState){
                .is_stuck = lane->is_stuck,
                .n_restarts = lane->n_workers > 0 ? lane->n_workers - 1 : 0,
                .n_waiting = lane->n_jobs,
                .busy_usec = lane->is_busy ? now_usec - lane->begun_usec : 0,
                .pid = lane->pid,
        };
}
