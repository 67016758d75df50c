/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/private-daemon.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Between slugctl and the daemon stands a keeper: a child that does nothing but wait for one of the
 * two to go, ends the daemon by its id, and removes the folder. It knows of slugctl's end by a
 * pipe, so that a slugctl that was killed leaves nothing behind either, and no signal handler is
 * needed. Signals from the terminal are not for it.
 *
 * The daemon says that it is ready as it says so to systemd: by a datagram to $NOTIFY_SOCKET. A
 * second pipe, whose only writer is the daemon, tells when it has ended instead. What it said is in
 * a file of the folder, and its last line is shown then.
 */
#define FOLDER_TEMPLATE "slugctl-XXXXXX"
#define SOCKET_FILE     "slugd.sock"
#define NOTIFY_FILE     "notify"
#define LOG_FILE        "slugd.log"
#define END_MSEC        10000 /* for the daemon to end by itself */
#define READY_MSEC      60000
#define LOG_TAIL_MAX    4096u

static int fail(Diag *reterr, const char *text, int error) {
        diag_set(reterr, NULL, 0, 0, "cannot start a slugd: %s%s%s", text, error ? ": " : "",
                 error ? strerror(error) : "");
        return PRIVATE_DAEMON_E_FAILED;
}

/* Which program */

/* A file beside slugctl itself, as installed or as built. */
static bool find_beside(const char *relative, char path[static PATH_MAX]) {
        char self[PATH_MAX];
        const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        char *slash;
        int length;

        if (n <= 0)
                return false;
        self[n] = '\0';
        slash = strrchr(self, '/');
        if (!slash)
                return false;
        *slash = '\0';
        length = snprintf(path, PATH_MAX, "%s/%s", self, relative);
        return length > 0 && length < PATH_MAX && access(path, X_OK) == 0;
}

/* @path: gets a path, or a name that is looked for in $PATH. */
static void find_program(char path[static PATH_MAX]) {
        const char *named = getenv("SLUGD");

        if (named && *named)
                (void)snprintf(path, PATH_MAX, "%s", named);
        else if (!find_beside("slugd", path) && !find_beside("../sbin/slugd", path))
                (void)snprintf(path, PATH_MAX, "%s",
                               access(SLUG_SBINDIR "/slugd", X_OK) == 0 ? SLUG_SBINDIR "/slugd"
                                                                        : "slugd");
}

/* The folder */

static int make_folder(PrivateDaemon *self, Diag *reterr) {
        const char *above = getenv("TMPDIR");
        int n;

        n = snprintf(self->folder, sizeof(self->folder), "%s/" FOLDER_TEMPLATE,
                     above && *above ? above : "/tmp");
        if (n < 0 || (size_t)n >= sizeof(self->folder)) {
                self->folder[0] = '\0';
                return fail(reterr, "the path of $TMPDIR is too long for a socket", 0);
        }
        if (!mkdtemp(self->folder)) {
                self->folder[0] = '\0';
                return fail(reterr, "no temporary folder", errno);
        }
        (void)snprintf(self->socket, sizeof(self->socket), "%s/" SOCKET_FILE, self->folder);
        return 0;
}

static void remove_folder(const PrivateDaemon *self) {
        static const char *const files[] = { SOCKET_FILE, NOTIFY_FILE, LOG_FILE };

        for (size_t i = 0; i < ELEMENTSOF(files); ++i) {
                char path[PATH_MAX];

                (void)snprintf(path, sizeof(path), "%s/%s", self->folder, files[i]);
                (void)unlink(path);
        }
        (void)rmdir(self->folder);
}

static int open_notify(const PrivateDaemon *self, int *ret_fd) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_(fd_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/" NOTIFY_FILE, self->folder);
        if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* The daemon: of what follows nothing comes back. */

static void redirect(const PrivateDaemon *self) {
        char path[PATH_MAX];
        int fd;

        (void)snprintf(path, sizeof(path), "%s/" LOG_FILE, self->folder);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd >= 0) {
                (void)dup2(fd, STDOUT_FILENO);
                (void)dup2(fd, STDERR_FILENO);
        }
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
                (void)dup2(fd, STDIN_FILENO);
}

static void run_daemon(const PrivateDaemon *self, const char *root, int alive_fd) {
        char program[PATH_MAX], notify[PATH_MAX];
        sigset_t none;

        redirect(self);
        find_program(program);
        (void)snprintf(notify, sizeof(notify), "%s/" NOTIFY_FILE, self->folder);
        (void)setenv("NOTIFY_SOCKET", notify, 1);
        (void)unsetenv("LISTEN_PID"); /* sockets, too, are somebody else's */
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)signal(SIGPIPE, SIG_DFL);
        (void)fcntl(alive_fd, F_SETFD, 0); /* it stays open until the daemon has ended */
        (void)execlp(program, "slugd", "--root", root, "--socket", self->socket, "--foreground",
                     (char *)NULL);
        (void)fprintf(stderr, "%s: %s\n", program, strerror(errno));
        _exit(EXIT_FAILURE);
}

/* The keeper */

static void end_daemon(pid_t pid, int pid_fd) {
        struct pollfd end = { .fd = pid_fd, .events = POLLIN };

        (void)kill(pid, SIGTERM);
        if (pid_fd >= 0 && poll(&end, 1, END_MSEC) <= 0)
                (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
}

static void run_keeper(const PrivateDaemon *self, const char *root, int leash_fd, int alive_fd) {
        struct pollfd events[2] = { { .fd = leash_fd, .events = POLLIN }, { .events = POLLIN } };
        sigset_t all;
        pid_t pid;

        (void)sigfillset(&all);
        (void)sigprocmask(SIG_SETMASK, &all, NULL);
        pid = fork();
        if (pid == 0)
                run_daemon(self, root, alive_fd);
        (void)close(alive_fd);
        if (pid > 0) {
                events[1].fd = pidfd_open(pid, 0);
                (void)poll(events, ELEMENTSOF(events), -1);
                end_daemon(pid, events[1].fd);
        }
        /* slugctl may want to read what the daemon said before it ended */
        (void)poll(events, 1, -1);
        remove_folder(self);
        _exit(EXIT_SUCCESS);
}

static int start_keeper(PrivateDaemon *self, const char *root, int *ret_alive_fd) {
        int leash[2], alive[2];
        pid_t pid;

        if (pipe2(leash, O_CLOEXEC) < 0)
                return -errno;
        if (pipe2(alive, O_CLOEXEC) < 0) {
                const int error = errno;

                (void)close(leash[0]);
                (void)close(leash[1]);
                return -error;
        }
        pid = fork();
        if (pid == 0) {
                (void)close(leash[1]);
                (void)close(alive[0]);
                run_keeper(self, root, leash[0], alive[1]);
        }
        (void)close(leash[0]);
        (void)close(alive[1]);
        self->leash_fd = leash[1];
        *ret_alive_fd = alive[0];
        if (pid < 0)
                return -errno;
        self->keeper = pid;
        return 0;
}

/* slugctl */

/* What the daemon said last, without what stands before its text. */
static int tell_end(const PrivateDaemon *self, Diag *reterr) {
        char path[PATH_MAX], text[LOG_TAIL_MAX + 1] = "";
        _cleanup_(fd_closep) int fd = -EBADF;
        const char *line;
        ssize_t n;

        (void)snprintf(path, sizeof(path), "%s/" LOG_FILE, self->folder);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
                const off_t size = lseek(fd, 0, SEEK_END);

                n = pread(fd, text, LOG_TAIL_MAX,
                          size > (off_t)LOG_TAIL_MAX ? size - (off_t)LOG_TAIL_MAX : 0);
                text[n > 0 ? n : 0] = '\0';
        }
        while (text[0] && text[strlen(text) - 1] == '\n')
                text[strlen(text) - 1] = '\0';
        line = strrchr(text, '\n');
        line = line ? line + 1 : text;
        return fail(reterr, line[0] ? line : "it ended without a word", 0);
}

static int wait_ready(const PrivateDaemon *self, int notify_fd, int alive_fd, Diag *reterr) {
        struct pollfd events[2] = { { .fd = notify_fd, .events = POLLIN },
                                    { .fd = alive_fd, .events = POLLIN } };

        for (;;) {
                const int n = poll(events, ELEMENTSOF(events), READY_MSEC);
                char text[1024];
                ssize_t n_text;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return fail(reterr, "it does not get ready", 0);
                if (!(events[0].revents & POLLIN))
                        return tell_end(self, reterr);
                n_text = recv(notify_fd, text, sizeof(text) - 1, MSG_DONTWAIT);
                if (n_text <= 0)
                        continue;
                text[n_text] = '\0';
                if (strstr(text, "READY=1"))
                        return 0;
        }
}

int private_daemon_start(PrivateDaemon *self, const char *root, Diag *reterr) {
        _cleanup_(fd_closep) int notify_fd = -EBADF, alive_fd = -EBADF;
        int r;

        r = make_folder(self, reterr);
        if (r == 0)
                r = open_notify(self, &notify_fd);
        if (r == 0)
                r = start_keeper(self, root, &alive_fd);
        if (r == 0)
                r = wait_ready(self, notify_fd, alive_fd, reterr);
        if (r)
                private_daemon_stop(self);
        return r;
}

void private_daemon_stop(PrivateDaemon *self) {
        self->leash_fd = fd_close(self->leash_fd);
        if (self->keeper > 0)
                (void)waitpid(self->keeper, NULL, 0);
        else if (self->folder[0])
                remove_folder(self);
        *self = PRIVATE_DAEMON_NULL;
}
