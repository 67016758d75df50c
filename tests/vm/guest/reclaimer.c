/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reclaimer FOLDER BYTES STEP: has BYTES of a cgroup reclaimed, STEP at a time, one write to its
 * memory.reclaim after the other and nothing in between. Then "WRITES SHORT USEC" is printed: how
 * many there were, how many of them got less than they asked for, and how long all of them took.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_usec(void) {
        struct timespec now = {};

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

/* Return: 0, or an errno. */
static int reclaim(int fd, uint64_t bytes) {
        char text[32];
        const int n = snprintf(text, sizeof text, "%llu\n", (unsigned long long)bytes);

        return pwrite(fd, text, (size_t)n, 0) < 0 ? errno : 0;
}

int main(int argc, char **argv) {
        uint64_t left = argc == 4 ? strtoull(argv[2], NULL, 10) : 0;
        const uint64_t step = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
        unsigned n_writes = 0, n_short = 0;
        uint64_t begin;
        char path[512];
        int fd, r;

        if (left == 0 || step == 0)
                return EXIT_FAILURE;
        (void)snprintf(path, sizeof path, "%s/memory.reclaim", argv[1]);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0) {
                perror(path);
                return EXIT_FAILURE;
        }
        begin = now_usec();
        while (left > 0) {
                const uint64_t bytes = left < step ? left : step;

                r = reclaim(fd, bytes);
                if (r != 0 && r != EAGAIN) {
                        errno = r;
                        perror(path);
                        return EXIT_FAILURE;
                }
                ++n_writes;
                n_short += r == EAGAIN;
                left -= bytes;
        }
        return printf("%u %u %llu\n", n_writes, n_short, (unsigned long long)(now_usec() - begin)) >
                               0
                       ? EXIT_SUCCESS
                       : EXIT_FAILURE;
}
