/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"

/*
 * A child is a copy of a process that had other plans. Descriptors are the part that hurts: a copy
 * of a socket's other end keeps the socket from ever ending, and a copy of slugd's stdout keeps
 * those waiting who read it to its end. stderr stays, for what a sanitizer or an abort has to say.
 *
 * A service manager sends SIGTERM to all processes of a service, a terminal sends SIGINT; neither
 * is for a child. Over the limit of file sizes there is to be an error, not a death.
 */
#define SOCKET_FD 3

static int reset_signals(void) {
        static const struct {
                int number;
                void (*handler)(int);
        } rows[] = {
                { SIGHUP, SIG_IGN },  { SIGINT, SIG_IGN },  { SIGQUIT, SIG_IGN },
                { SIGTERM, SIG_IGN }, { SIGPIPE, SIG_IGN }, { SIGXFSZ, SIG_IGN },
                { SIGCHLD, SIG_DFL }, { SIGALRM, SIG_DFL }, { SIGUSR1, SIG_DFL },
                { SIGUSR2, SIG_DFL },
        };
        sigset_t none;

        for (size_t i = 0; i < ELEMENTSOF(rows); ++i) {
                struct sigaction action = { .sa_handler = rows[i].handler };

                if (sigaction(rows[i].number, &action, NULL) < 0)
                        return -errno;
        }
        (void)sigemptyset(&none);
        return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? -errno : 0;
}

static int leave_descriptors(int socket_fd) {
        int null_fd;

        if (socket_fd <= STDERR_FILENO)
                return -EINVAL;
        if (socket_fd != SOCKET_FD && dup3(socket_fd, SOCKET_FD, O_CLOEXEC) < 0)
                return -errno;
        if (close_range(SOCKET_FD + 1, ~0u, 0) < 0)
                return -errno;
        null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null_fd < 0)
                return -errno;
        if (dup2(null_fd, STDIN_FILENO) < 0 || dup2(null_fd, STDOUT_FILENO) < 0)
                return -errno;
        if (null_fd > SOCKET_FD)
                (void)fd_close(null_fd);
        return 0;
}

int process_begin(const char *name, int socket_fd, int *ret_socket_fd) {
        int r;

        r = reset_signals();
        if (r < 0)
                return r;
        r = leave_descriptors(socket_fd);
        if (r < 0)
                return r;
        if (prctl(PR_SET_NAME, name) < 0)
                return -errno;
        *ret_socket_fd = SOCKET_FD;
        return 0;
}

/* It may fail: when the process has ended there is nothing to do, and when the system does not let
 * us there is nothing we can do. Either way its end, or that it does not come, is seen. */
void process_kill(int pidfd) {
        if (pidfd >= 0)
                (void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
}

static bool poll_end(int pidfd, int timeout_msec) {
        struct pollfd end = { .fd = pidfd, .events = POLLIN };

        return poll(&end, 1, timeout_msec) > 0;
}

bool process_has_ended(int pidfd) {
        return poll_end(pidfd, 0);
}

bool process_await_end(int pidfd, uint64_t until_usec) {
        bool has_ended = poll_end(pidfd, 0);

        while (!has_ended) {
                uint64_t now_usec = clock_now_usec(&clock_monotonic);
                uint64_t left_msec;

                if (now_usec >= until_usec)
                        return false;
                left_msec = (until_usec - now_usec) / USEC_PER_MSEC + 1;
                has_ended = poll_end(pidfd, left_msec < INT_MAX ? (int)left_msec : INT_MAX);
        }
        return true;
}
