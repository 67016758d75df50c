/* SPDX-License-Identifier: Apache-2.0 */
/*
 * numawatch FOLDER TIMES-A-SECOND NODE[,NODE...]: memory.numa_stat of a cgroup, until it is gone or
 * this is killed. A line each time, with CLOCK_MONOTONIC in microseconds, and bytes:
 *
 *     USEC,LOCAL,ELSEWHERE,LOCAL-FILE,ELSEWHERE-FILE,SWAPPED
 *
 * Anonymous memory and page cache; local is what lies on those NUMA nodes, file what of it is page
 * cache.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct Bytes {
        uint64_t local, elsewhere;
} Bytes;

/* @mask: of local NUMA nodes. Adds what the line of @name ("anon") says. */
static void add(const char *text, const char *name, uint64_t mask, Bytes *sum) {
        const size_t n_name = strlen(name);
        const char *line = text;

        while (line && !(strncmp(line, name, n_name) == 0 && line[n_name] == ' ')) {
                line = strchr(line, '\n');
                line = line ? line + 1 : NULL;
        }
        for (const char *at = line ? line + n_name : NULL; at && *at == ' ';) {
                char *end = NULL;
                const unsigned long node = strtoul(at + 2, &end, 10);
                const uint64_t bytes = strtoull(end + 1, &end, 10);

                *(node < 64 && (mask >> node & 1) ? &sum->local : &sum->elsewhere) += bytes;
                at = end;
        }
}

/* Return: how many bytes, 0 when it is gone. */
static size_t read_all(int fd, char *buffer, size_t n_buffer) {
        const ssize_t n = pread(fd, buffer, n_buffer - 1, 0);

        buffer[n > 0 ? n : 0] = '\0';
        return n > 0 ? (size_t)n : 0;
}

static int open_in(const char *folder, const char *name) {
        char path[512];

        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        return open(path, O_RDONLY | O_CLOEXEC);
}

static uint64_t read_mask(const char *text) {
        uint64_t mask = 0;
        char *end = NULL;

        do {
                mask |= (uint64_t)1 << (strtoul(text, &end, 10) & 63);
                text = end + 1;
        } while (*end == ',');
        return mask;
}

int main(int argc, char **argv) {
        const int fd = argc == 4 ? open_in(argv[1], "memory.numa_stat") : -1;
        const int swap_fd = argc == 4 ? open_in(argv[1], "memory.swap.current") : -1;
        const unsigned long hertz = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
        const uint64_t mask = argc == 4 ? read_mask(argv[3]) : 0;
        struct timespec next = {};
        static char text[16384];
        char swap[32];

        if (fd < 0 || hertz < 1 || hertz > 1000)
                return EXIT_FAILURE;
        (void)setvbuf(stdout, NULL, _IOLBF, 0);
        (void)clock_gettime(CLOCK_MONOTONIC, &next);
        while (read_all(fd, text, sizeof text) > 0) {
                Bytes all = {}, file = {};
                struct timespec now = {};

                (void)clock_gettime(CLOCK_MONOTONIC, &now);
                add(text, "file", mask, &file);
                all = file;
                add(text, "anon", mask, &all);
                (void)(swap_fd < 0 ? 0 : read_all(swap_fd, swap, sizeof swap));
                (void)printf("%llu,%llu,%llu,%llu,%llu,%llu\n",
                             (unsigned long long)now.tv_sec * 1000000u +
                                     (unsigned)now.tv_nsec / 1000u,
                             (unsigned long long)all.local, (unsigned long long)all.elsewhere,
                             (unsigned long long)file.local, (unsigned long long)file.elsewhere,
                             swap_fd < 0 ? 0 : strtoull(swap, NULL, 10));
                next.tv_nsec += (long)(1000000000u / hertz);
                if (next.tv_nsec >= 1000000000)
                        ++next.tv_sec, next.tv_nsec -= 1000000000;
                (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
        }
        return EXIT_SUCCESS;
}
