/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel DIR CONTAINERS GROWING SECONDS
 *
 * Plays the kernel's part before a slugd with --root DIR --fake-tree: makes cgroups of containers,
 * each a pod's only one, says "ready", and waits for a line. Then the first GROWING of them get 20
 * MiB of local memory more each second, for so long, and what is written to their memory.reclaim is
 * moved. Says how many bytes that were, and by how much the fullest was over 200 MiB.
 *
 * A benchmark's, not a test's: it prints, and judges nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "bench/pods/bed.h"

#define CONTAINERS_MAX 1024u
#define LOCAL_BYTES    (190 * MIB)
#define CEILING_BYTES  (200 * MIB)
#define RATE_BYTES     (20 * MIB) /* a second */
#define TICK_USEC      10000u

typedef struct Container {
        int numa_stat_fd, reclaim_fd;
        uint64_t local, remote;
} Container;

static Container containers[CONTAINERS_MAX];
static int watch_fd; /* of their memory.reclaim; the first watch is 1 */
static uint64_t moved, over;

/* Which files bed_make_tree() leaves out. */
static void make_files(const char *folder) {
        bed_write_file(folder, "memory.reclaim", "");
        bed_write_file(folder, "memory.high", "max\n");
        bed_write_file(folder, "memory.swap.max", "0\n");
        bed_write_file(folder, "memory.stat", "anon 0\nfile 0\npgdemote_direct 0\n");
        bed_write_file(folder, "cpuset.mems.effective", "0-3\n");
}

static int open_in(const char *folder, const char *name) {
        char path[1024];
        int fd;

        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
                bed_fail(path, -errno);
        return fd;
}

/* The lines that count, in place of those that are there: as long as they are, so that a reader
 * never sees half a file. */
static void write_usage(const Container *container) {
        char text[160];
        const int n = snprintf(text, sizeof(text),
                               "anon N0=%010" PRIu64 " N1=0 N2=%010" PRIu64 " N3=0\n"
                               "file N0=0000000000 N1=0 N2=0 N3=0\n",
                               container->local, container->remote);

        if (pwrite(container->numa_stat_fd, text, (size_t)n, 0) != n)
                bed_fail("memory.numa_stat", -errno);
}

static uint64_t now_usec(void) {
        struct timespec now = {};

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

/* What somebody wants to have reclaimed is on a slower NUMA node at once. */
static void reclaim(Container *container) {
        char text[32] = {};
        uint64_t n_bytes;

        if (pread(container->reclaim_fd, text, sizeof(text) - 1, 0) <= 0)
                return;
        if (ftruncate(container->reclaim_fd, 0) < 0)
                bed_fail("memory.reclaim", -errno);
        n_bytes = bytes_min(strtoull(text, NULL, 10), container->local);
        container->local -= n_bytes;
        container->remote += n_bytes;
        moved += n_bytes;
        write_usage(container);
}

static void watch_reclaim(const char *folder, unsigned index) {
        char path[1100];

        (void)snprintf(path, sizeof(path), "%s/memory.reclaim", folder);
        if (inotify_add_watch(watch_fd, path, IN_MODIFY) != (int)index + 1)
                bed_fail(path, -errno);
}

/* A kernel has moved them by the time that write() returns. This one cannot, but it hurries. */
static void reclaim_until(uint64_t usec) {
        struct inotify_event events[64];
        struct pollfd poll_fd = { .fd = watch_fd, .events = POLLIN };

        for (;;) {
                const uint64_t now = now_usec();
                ssize_t n;

                if (now >= usec || poll(&poll_fd, 1, (int)((usec - now) / 1000u) + 1) <= 0)
                        return;
                n = read(watch_fd, events, sizeof(events));
                for (ssize_t i = 0; i < n / (ssize_t)sizeof(*events); ++i)
                        reclaim(&containers[events[i].wd - 1]);
        }
}

static void make_containers(const char *dir, unsigned n) {
        char folder[1024];

        bed_make_tree(dir, n);
        for (unsigned i = 0; i < n; ++i) {
                (void)snprintf(folder, sizeof(folder),
                               "%s/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/"
                               "kubepods-burstable-pod00000000_0000_4000_8000_%012x.slice/"
                               "cri-containerd-%056x%08x.scope",
                               dir, i, 0, i);
                make_files(folder);
                containers[i] = (Container){ .numa_stat_fd = open_in(folder, "memory.numa_stat"),
                                             .reclaim_fd = open_in(folder, "memory.reclaim"),
                                             .local = LOCAL_BYTES };
                if (ftruncate(containers[i].numa_stat_fd, 0) < 0)
                        bed_fail("memory.numa_stat", -errno);
                write_usage(&containers[i]);
                watch_reclaim(folder, i);
        }
}

static void play(unsigned n_growing, unsigned n_seconds) {
        const uint64_t start = now_usec();

        for (uint64_t i = 1; i <= n_seconds * UINT64_C(1000000) / TICK_USEC; ++i) {
                for (unsigned c = 0; c < n_growing; ++c) {
                        containers[c].local += RATE_BYTES / (1000000u / TICK_USEC);
                        if (containers[c].local > CEILING_BYTES + over)
                                over = containers[c].local - CEILING_BYTES;
                        write_usage(&containers[c]);
                }
                reclaim_until(start + i * TICK_USEC);
        }
        (void)printf("%" PRIu64 " %" PRIu64 "\n", moved, over);
}

int main(int argc, char **argv) {
        const unsigned n = argc == 5 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
        const unsigned n_growing = argc == 5 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
        char line[16];

        if (n < 1 || n > CONTAINERS_MAX || n_growing > n) {
                (void)fputs("kernel DIR CONTAINERS GROWING SECONDS\n", stderr);
                return EXIT_FAILURE;
        }
        watch_fd = inotify_init1(IN_CLOEXEC);
        if (watch_fd < 0)
                bed_fail("inotify", -errno);
        make_containers(argv[1], n);
        (void)puts("ready");
        (void)fflush(stdout);
        if (!fgets(line, sizeof(line), stdin))
                return EXIT_FAILURE;
        play(n_growing, (unsigned)strtoul(argv[4], NULL, 10));
        return EXIT_SUCCESS;
}
