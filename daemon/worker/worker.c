/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "base/clock.h"
#include "worker/forker.h"
#include "worker/job.h"
#include "worker/lane.h"
#include "worker/process.h"

/*
 * The lanes, the forker, and one descriptor to wait for all of them.
 *
 * That descriptor only says "look": each look asks all of them, 21 descriptors at most, and waits
 * for none. So nothing depends on which event came first, and no event is of a descriptor that
 * meanwhile means something else. The timer is set at the end of each look, which also makes it
 * quiet.
 *
 * The order of a look: workers that were made, then of each lane its answer, its end, its deadline.
 * An answer that came in time is taken though the loop comes late.
 */
struct Workers {
        LaneHost host;
        int timer_fd;
        unsigned n_lanes; /* that are initialised */
        Lane lanes[WORKER_LANES_MAX];
};

static uint64_t now(void) {
        return clock_now_usec(&clock_monotonic);
}

static int watch(Workers *workers, int fd) {
        struct epoll_event event = { .events = EPOLLIN };

        return epoll_ctl(workers->host.epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Of a good descriptor and a good time it cannot fail. */
static void arm(Workers *workers) {
        struct itimerspec spec = {}; /* zero: no time */
        uint64_t due_usec = LANE_NEVER;

        for (unsigned i = 0; i < workers->n_lanes; ++i) {
                uint64_t lane_usec = lane_get_due(&workers->lanes[i]);

                if (lane_usec < due_usec)
                        due_usec = lane_usec;
        }
        if (due_usec != LANE_NEVER) {
                spec.it_value.tv_sec = (time_t)(due_usec / USEC_PER_SEC);
                spec.it_value.tv_nsec = (long)(due_usec % USEC_PER_SEC) * 1000;
        }
        (void)timerfd_settime(workers->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* The forker */

static void lose_forker(Workers *workers, uint64_t now_usec) {
        if (!forker_is_there(&workers->host.forker))
                return;
        forker_kill(&workers->host.forker);
        for (unsigned i = 0; i < workers->n_lanes; ++i)
                lane_orphan(&workers->lanes[i], now_usec);
}

/* One answer. Return: 0, FORKER_E_*, or an errno. */
static int take_worker(Workers *workers, int *ret_error, uint64_t now_usec) {
        _cleanup_(packet_fds_deinitp) PacketFds fds = {};
        ForkerAnswer answer;
        int r;

        r = forker_take(&workers->host.forker, &answer, &fds);
        if (r)
                return r;
        if (answer.lane >= workers->n_lanes ||
            !lane_adopt(&workers->lanes[answer.lane], &answer, &fds, now_usec))
                return FORKER_E_GONE;
        *ret_error = answer.error;
        return 0;
}

static int take_workers(Workers *workers, uint64_t now_usec) {
        Forker *forker = &workers->host.forker;
        bool has_ended = forker->pidfd >= 0 && process_has_ended(forker->pidfd);
        int error, r = 0;

        while (r == 0 && forker_is_there(forker))
                r = take_worker(workers, &error, now_usec);
        if (r == FORKER_E_GONE || has_ended)
                lose_forker(workers, now_usec);
        if (has_ended)
                forker_reap(forker);
        return r < 0 ? r : 0;
}

/* Making and ending */

static int open_descriptors(Workers *workers) {
        int r;

        workers->host.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (workers->host.epoll_fd < 0)
                return -errno;
        workers->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (workers->timer_fd < 0)
                return -errno;
        r = watch(workers, workers->timer_fd);
        if (r < 0)
                return r;
        r = watch(workers, workers->host.forker.socket_fd);
        if (r < 0)
                return r;
        return watch(workers, workers->host.forker.pidfd);
}

static bool are_up(const Workers *workers) {
        for (unsigned i = 0; i < workers->n_lanes; ++i)
                if (workers->lanes[i].state != LANE_UP)
                        return false;
        return true;
}

/* This once it is waited for: what cannot be made at the start is an error of the start. */
static int await_workers(Workers *workers) {
        struct pollfd ready = { .fd = workers->host.forker.socket_fd, .events = POLLIN };

        while (!are_up(workers)) {
                int error = 0;
                int r = poll(&ready, 1, WORKER_GRACE_USEC / USEC_PER_MSEC);

                if (r < 0 && errno != EINTR)
                        return -errno;
                if (r == 0)
                        return -ETIMEDOUT;
                r = take_worker(workers, &error, now());
                if (r == FORKER_E_GONE)
                        return -ECONNRESET;
                if (r < 0 || error < 0)
                        return r < 0 ? r : error;
        }
        return 0;
}

int workers_new(unsigned n_lanes, uint64_t capable, Workers **ret) {
        _cleanup_(workers_freep) Workers *self = NULL;
        int r;

        if (n_lanes == 0 || n_lanes > WORKER_LANES_MAX)
                return -EINVAL;
        self = calloc(1, sizeof(*self));
        if (!self)
                return -ENOMEM;
        self->host = (LaneHost){ .epoll_fd = -EBADF, .forker = FORKER_NONE };
        self->timer_fd = -EBADF;
        /* First, while there is least to copy. */
        r = forker_start(capable, &self->host.forker);
        if (r < 0)
                return r;
        r = open_descriptors(self);
        if (r < 0)
                return r;
        while (self->n_lanes < n_lanes) {
                Lane *lane = &self->lanes[self->n_lanes];

                lane_init(lane, &self->host, self->n_lanes++);
                lane_raise(lane, now());
        }
        r = await_workers(self);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(self);
        return 0;
}

/* All are killed before the first is waited for. The forker goes last, so that it takes the exits
 * of the workers. One that is known to be stuck is not waited for. */
static void end_processes(Workers *workers) {
        uint64_t until_usec = now() + WORKER_GRACE_USEC;
        Forker *forker = &workers->host.forker;

        for (unsigned i = 0; i < workers->n_lanes; ++i)
                lane_kill(&workers->lanes[i]);
        for (unsigned i = 0; i < workers->n_lanes; ++i) {
                const Lane *lane = &workers->lanes[i];

                if (lane->pidfd >= 0 && !lane->is_stuck)
                        (void)process_await_end(lane->pidfd, until_usec);
        }
        forker_kill(forker);
        if (forker->pidfd >= 0)
                (void)process_await_end(forker->pidfd, until_usec);
        forker_reap(forker);
}

Workers *workers_free(Workers *workers) {
        if (!workers)
                return NULL;
        end_processes(workers);
        for (unsigned i = 0; i < workers->n_lanes; ++i)
                lane_deinit(&workers->lanes[i]);
        (void)fd_close(workers->timer_fd);
        (void)fd_close(workers->host.epoll_fd);
        free(workers);
        return NULL;
}

/* Using */

void workers_observe(Workers *workers, WorkerObserver observer, void *userdata) {
        workers->host.observer = observer;
        workers->host.observer_userdata = userdata;
}

int workers_get_fd(const Workers *workers) {
        return workers->host.epoll_fd;
}

int workers_dispatch(Workers *workers) {
        uint64_t now_usec = now();
        int r;

        r = take_workers(workers, now_usec);
        for (unsigned i = 0; i < workers->n_lanes; ++i)
                lane_dispatch(&workers->lanes[i], now_usec);
        arm(workers);
        return r;
}

int worker_submit(Workers *workers,
                  unsigned lane,
                  const WorkerJob *job,
                  WorkerDone done,
                  void *userdata) {
        _cleanup_(job_freep) Job *owned = NULL;
        int r;

        if (lane >= workers->n_lanes)
                return -EINVAL;
        r = lane_check_room(&workers->lanes[lane]);
        if (r < 0)
                return r;
        r = job_new(job, done, userdata, &owned);
        if (r < 0)
                return r;
        r = lane_submit(&workers->lanes[lane], owned, now());
        if (r < 0)
                return r;
        TAKE_PTR(owned);
        arm(workers);
        return 0;
}

void worker_disown(Workers *workers, const void *userdata) {
        for (unsigned i = 0; i < workers->n_lanes; ++i)
                lane_disown(&workers->lanes[i], userdata);
}

WorkerState worker_get_state(const Workers *workers, unsigned lane) {
        if (lane >= workers->n_lanes)
                return (WorkerState){};
        return lane_get_state(&workers->lanes[lane], now());
}
