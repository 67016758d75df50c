/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/forker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/error.h"
#include "worker/process.h"
#include "worker/serve.h"
#include "worker/worker.h"

/*
 * It is forked before the loop, holds one socket, allocates nothing and is never busy for longer
 * than a fork takes.
 *
 * The end of its socket is the daemon's death, and then it kills the workers. They would end with
 * their own sockets, but only after the job that they have: a file that is half made would be
 * finished when the next daemon has long made a newer one. It does not take them along when it dies
 * alone.
 *
 * A worker's pid cannot mean another process as long as it is remembered, because exits are taken
 * by reap() alone, which forgets it.
 */

/* The forker's side */

/* A lane has one worker at most: the next is asked for when the one before has ended. */
typedef struct Brood {
        uint64_t capable;           /* bits of lanes whose workers move pages */
        int pids[WORKER_LANES_MAX]; /* 0: none */
} Brood;

static int
make_worker(unsigned lane, bool is_capable, int *ret_socket_fd, int *ret_pidfd, int *ret_pid) {
        int pair[2];
        int pid, pidfd;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        pid = fork();
        if (pid == 0)
                serve(lane, is_capable, pair[1]);
        pidfd = pid < 0 ? -errno : pidfd_open(pid, 0);
        if (pid > 0 && pidfd < 0)
                pidfd = -errno;
        (void)fd_close(pair[1]);
        if (pidfd < 0) {
                /* A worker that was made finds nobody at the other end, and ends. */
                (void)fd_close(pair[0]);
                return pidfd;
        }
        *ret_socket_fd = pair[0];
        *ret_pidfd = pidfd;
        *ret_pid = pid;
        return 0;
}

/* Return: 0, PACKET_E_END, or an errno. */
static int answer_one(Brood *brood, int socket_fd) {
        _cleanup_(packet_fds_deinitp) PacketFds fds = {};
        ForkerAnswer answer = {};
        ForkerRequest request;
        int r;

        r = packet_receive(socket_fd, &request, sizeof(request), &fds, 0);
        if (r)
                return r;
        if (fds.n_items != 0 || request.lane >= WORKER_LANES_MAX)
                return -EBADMSG;
        answer.lane = request.lane;
        r = make_worker(request.lane, brood->capable >> request.lane & 1, &fds.items[0],
                        &fds.items[1], &answer.pid);
        answer.error = r;
        fds.n_items = r < 0 ? 0 : 2;
        brood->pids[request.lane] = answer.pid;
        return packet_send(socket_fd, &answer, sizeof(answer), fds.items, fds.n_items, 0);
}

static void reap(Brood *brood, int signal_fd) {
        struct signalfd_siginfo info;
        int pid;

        /* Several exits can make one signal, so the signal only says "look". */
        while (read(signal_fd, &info, sizeof(info)) > 0)
                continue;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
                for (size_t i = 0; i < ELEMENTSOF(brood->pids); ++i)
                        if (brood->pids[i] == pid)
                                brood->pids[i] = 0;
}

static void kill_all(const Brood *brood) {
        for (size_t i = 0; i < ELEMENTSOF(brood->pids); ++i)
                if (brood->pids[i] > 0)
                        (void)kill(brood->pids[i], SIGKILL);
}

static int work(int socket_fd, uint64_t capable) {
        struct pollfd ready[] = { { .fd = socket_fd, .events = POLLIN },
                                  { .fd = -EBADF, .events = POLLIN } };
        Brood brood = { .capable = capable };
        sigset_t exits;
        int r = 0;

        (void)sigemptyset(&exits);
        (void)sigaddset(&exits, SIGCHLD);
        if (sigprocmask(SIG_BLOCK, &exits, NULL) < 0)
                return -errno;
        ready[1].fd = signalfd(-1, &exits, SFD_CLOEXEC | SFD_NONBLOCK);
        if (ready[1].fd < 0)
                return -errno;
        while (r == 0) {
                if (poll(ready, ELEMENTSOF(ready), -1) < 0 && errno != EINTR)
                        return -errno;
                /* Always, so that the worker before is gone when the next one is there. */
                reap(&brood, ready[1].fd);
                if (ready[0].revents)
                        r = answer_one(&brood, socket_fd);
        }
        if (r == PACKET_E_END)
                kill_all(&brood);
        return error_fold(r);
}

static _Noreturn void be_forker(int socket_fd, uint64_t capable) {
        int r;

        /* The end of the socket tells of the parent's death; one that is stopped is to see it. */
        r = prctl(PR_SET_PDEATHSIG, SIGCONT) < 0 ? -errno : 0;
        if (r == 0)
                r = process_begin("slugd-forker", socket_fd, &socket_fd);
        if (r == 0)
                r = work(socket_fd, capable);
        _exit(r == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* The daemon's side */

int forker_start(uint64_t capable, Forker *ret) {
        int pair[2];
        int pid, pidfd, r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        pid = fork();
        if (pid == 0)
                be_forker(pair[1], capable);
        r = pid < 0 ? -errno : 0;
        (void)fd_close(pair[1]);
        pidfd = pid < 0 ? -EBADF : pidfd_open(pid, 0);
        if (pid > 0 && pidfd < 0)
                r = -errno;
        if (r < 0) {
                (void)fd_close(pair[0]);
                if (pid > 0)
                        (void)waitpid(pid, NULL, 0);
                return r;
        }
        *ret = (Forker){ .socket_fd = pair[0], .pidfd = pidfd, .pid = pid };
        return 0;
}

void forker_kill(Forker *forker) {
        /* In this order, so that it does not take the end of the socket for our death. */
        process_kill(forker->pidfd);
        forker->socket_fd = fd_close(forker->socket_fd);
}

void forker_reap(Forker *forker) {
        /* Of no interest, and nobody else's child. */
        if (forker->pid > 0)
                (void)waitpid(forker->pid, NULL, WNOHANG);
        forker->pidfd = fd_close(forker->pidfd);
        forker->pid = 0;
}

int forker_ask(const Forker *forker, unsigned lane) {
        const ForkerRequest request = { .lane = lane };

        return packet_send(forker->socket_fd, &request, sizeof(request), NULL, 0, MSG_DONTWAIT);
}

int forker_take(const Forker *forker, ForkerAnswer *ret, PacketFds *ret_fds) {
        _cleanup_(packet_fds_deinitp) PacketFds fds = {};
        ForkerAnswer answer;
        int r;

        r = packet_receive(forker->socket_fd, &answer, sizeof(answer), &fds, MSG_DONTWAIT);
        if (r == PACKET_E_NONE)
                return FORKER_E_NONE;
        if (r == -EMFILE) {
                answer.error = r;
                r = 0;
        }
        if (r == PACKET_E_END || r == -EBADMSG)
                return FORKER_E_GONE;
        if (r < 0)
                return r;
        if (answer.error > 0 || fds.n_items != (answer.error == 0 ? 2u : 0u))
                return FORKER_E_GONE;
        *ret = answer;
        *ret_fds = fds;
        fds.n_items = 0;
        return 0;
}
