/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench SLUGD MACHINE...
 *
 * What an operator pays for slugd, on each machine (a folder for --root): the time from exec to
 * READY, resident memory before and after the requests, and DescribeNode round trips over one
 * keep-alive connection, next to GET /healthz on the same connection, which is HTTP without a
 * message. Both are asked in turn, so that the ratio holds when the machine's speed drifts. For the
 * same reason every start has lstopo-no-graphics after it, where that is installed: it reads the
 * same files once, but no memory blocks, and ends.
 *
 * A benchmark, not a test: it prints, and judges nothing.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STARTS      15u
#define ROUND_TRIPS 2000u
#define ANSWER_MAX  (4u << 20)
#define LSTOPO      "/usr/bin/lstopo-no-graphics"

static char folder[] = "/tmp/slug-bench-XXXXXX";
static char answer[ANSWER_MAX];

static void fail(const char *what) {
        (void)fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
        exit(EXIT_FAILURE);
}

static double now_sec(void) {
        struct timespec t;

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare_doubles(const void *a, const void *b) {
        const double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static struct sockaddr_un get_address(const char *name) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", folder, name);
        return address;
}

/* systemd's side of sd_notify() */
static int open_notify(void) {
        const struct sockaddr_un address = get_address("notify");
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                fail("notify socket");
        return fd;
}

static pid_t start(const char *slugd, const char *machine, int notify_fd, double *ret_sec) {
        const struct sockaddr_un address = get_address("slugd.sock");
        struct pollfd ready = { .fd = notify_fd, .events = POLLIN };
        const double begin = now_sec();
        char text[256];
        pid_t pid = fork();

        if (pid < 0)
                fail("fork");
        if (pid == 0) {
                (void)execl(slugd, slugd, "--root", machine, "--socket", address.sun_path,
                            "--foreground", "--log-level", "err", (char *)NULL);
                fail(slugd);
        }
        if (poll(&ready, 1, 30000) != 1 || recv(notify_fd, text, sizeof(text), 0) < 0)
                fail("waiting for READY");
        *ret_sec = now_sec() - begin;
        return pid;
}

static void stop(pid_t pid, int notify_fd) {
        char text[256];

        (void)kill(pid, SIGTERM);
        if (waitpid(pid, NULL, 0) < 0)
                fail("waitpid");
        while (recv(notify_fd, text, sizeof(text), MSG_DONTWAIT) > 0)
                ;
}

/* Exec to exit on the same machine; 0 when it is not installed or does not like the machine. */
static double run_lstopo(const char *machine) {
        const double begin = now_sec();
        int status;
        pid_t pid;

        if (access(LSTOPO, X_OK) < 0)
                return 0;
        (void)fflush(stdout); /* what is printed already is not the child's to print again */
        pid = fork();
        if (pid < 0)
                fail("fork");
        if (pid == 0) {
                if (!freopen("/dev/null", "we", stdout) || !freopen("/dev/null", "we", stderr) ||
                    setenv("HWLOC_FSROOT", machine, 1) < 0 ||
                    setenv("HWLOC_THISSYSTEM", "0", 1) < 0)
                        _exit(EXIT_FAILURE);
                (void)execl(LSTOPO, LSTOPO, "--of", "console", (char *)NULL);
                _exit(EXIT_FAILURE);
        }
        if (waitpid(pid, &status, 0) < 0)
                fail("waitpid");
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? now_sec() - begin : 0;
}

/* KiB of a line of /proc/PID/status */
static unsigned read_status(pid_t pid, const char *key) {
        char path[64], line[256];
        unsigned kib = 0;
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
        file = fopen(path, "re");
        if (!file)
                fail(path);
        while (fgets(line, sizeof(line), file))
                if (strncmp(line, key, strlen(key)) == 0)
                        kib = (unsigned)strtoul(line + strlen(key), NULL, 10);
        (void)fclose(file);
        return kib;
}

static int open_client(void) {
        const struct sockaddr_un address = get_address("slugd.sock");
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                fail("connect");
        return fd;
}

/* One request, its whole answer; seconds. */
static double ask(int fd, const char *request) {
        const double begin = now_sec();
        size_t n = 0, n_expected = 0;

        if (send(fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
                fail("send");
        while (n_expected == 0 || n < n_expected) {
                const ssize_t n_read = recv(fd, answer + n, sizeof(answer) - 1 - n, 0);
                const char *head, *length;

                if (n_read <= 0)
                        fail("recv");
                n += (size_t)n_read;
                answer[n] = '\0';
                head = strstr(answer, "\r\n\r\n");
                length = strcasestr(answer, "content-length:");
                if (!n_expected && head && length)
                        n_expected = (size_t)(head - answer) + 4 + strtoul(length + 15, NULL, 10);
        }
        if (strncmp(answer, "HTTP/1.1 200", 12) != 0)
                fail("an answer other than 200");
        return now_sec() - begin;
}

static void measure_round_trips(double *describe, double *healthz) {
        static const char describe_request[] =
                "POST /slug.v1.NodeService/DescribeNode HTTP/1.1\r\nHost: slug\r\n"
                "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        static const char healthz_request[] = "GET /healthz HTTP/1.1\r\nHost: slug\r\n\r\n";
        int fd = open_client();

        for (size_t i = 0; i < ROUND_TRIPS; ++i) {
                describe[i] = ask(fd, describe_request);
                healthz[i] = ask(fd, healthz_request);
        }
        (void)close(fd);
        qsort(describe, ROUND_TRIPS, sizeof(*describe), compare_doubles);
        qsort(healthz, ROUND_TRIPS, sizeof(*healthz), compare_doubles);
}

static void measure(const char *slugd, const char *machine, int notify_fd) {
        static double describe[ROUND_TRIPS], healthz[ROUND_TRIPS];
        double ready[STARTS], lstopo[STARTS];
        const char *name = strrchr(machine, '/');
        unsigned anon, rss;
        pid_t pid;

        for (size_t i = 0; i < STARTS; ++i) {
                pid = start(slugd, machine, notify_fd, &ready[i]);
                if (i + 1 < STARTS)
                        stop(pid, notify_fd);
                lstopo[i] = run_lstopo(machine);
        }
        anon = read_status(pid, "RssAnon:");
        rss = read_status(pid, "VmRSS:");
        qsort(ready, STARTS, sizeof(*ready), compare_doubles);
        qsort(lstopo, STARTS, sizeof(*lstopo), compare_doubles);
        measure_round_trips(describe, healthz);
        (void)printf("%-28.28s %7.1f %6.1f %6.1f  %7u %7u  %7u  %8.0f %7.0f %7.0f  %6.2f",
                     name ? name + 1 : machine, ready[STARTS / 2] * 1e3, ready[0] * 1e3,
                     ready[STARTS - 1] * 1e3, anon, rss, read_status(pid, "RssAnon:"),
                     1 / describe[ROUND_TRIPS / 2], describe[ROUND_TRIPS / 2] * 1e6,
                     describe[ROUND_TRIPS * 99 / 100] * 1e6,
                     describe[ROUND_TRIPS / 2] / healthz[ROUND_TRIPS / 2]);
        if (lstopo[0] > 0)
                (void)printf("  %6.1f %6.2f\n", lstopo[STARTS / 2] * 1e3,
                             ready[STARTS / 2] / lstopo[STARTS / 2]);
        else
                (void)printf("  %6s %6s\n", "-", "-");
        stop(pid, notify_fd);
}

int main(int argc, char **argv) {
        int notify_fd;

        if (argc < 3) {
                (void)fprintf(stderr, "usage: bench SLUGD MACHINE...\n");
                return 2;
        }
        if (!mkdtemp(folder))
                fail("mkdtemp");
        notify_fd = open_notify();
        (void)setenv("NOTIFY_SOCKET", get_address("notify").sun_path, 1);
        (void)printf("%u starts, %u round trips, DescribeNode and /healthz in turn on one "
                     "connection\n\n",
                     STARTS, ROUND_TRIPS);
        (void)printf("%-28s %7s %6s %6s  %7s %7s  %7s  %8s %7s %7s  %6s  %6s %6s\n", "", "READY",
                     "min", "max", "RssAnon", "RSS", "RssAnon", "Describe", "p50", "p99", "times",
                     "lstopo", "READY");
        (void)printf("%-28s %7s %6s %6s  %7s %7s  %7s  %8s %7s %7s  %6s  %6s %6s\n", "machine",
                     "ms", "ms", "ms", "KiB", "KiB", "after", "per s", "us", "us", "health", "ms",
                     "times");
        for (int i = 2; i < argc; ++i)
                measure(argv[1], argv[i], notify_fd);
        (void)close(notify_fd);
        (void)unlink(get_address("notify").sun_path);
        (void)rmdir(folder);
        return EXIT_SUCCESS;
}
