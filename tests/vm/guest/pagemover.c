/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pagemover FOLDER MIB SEED FROM TO[:MIB]...: one step of daemon/worker/pages.c, as a worker does
 * it, for the cgroup whose folder that is. Then "ERROR MILLISECONDS" is printed: an errno below 0,
 * or 0.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "worker/pages.h"

#define MIB UINT64_C(1048576)

static PagesTarget read_target(const char *text) {
        char *end;
        PagesTarget target = { .bytes = UINT64_MAX };

        target.node = (uint32_t)strtoul(text, &end, 10);
        if (*end == ':')
                target.bytes = strtoull(end + 1, &end, 10) * MIB;
        return target;
}

int main(int argc, char **argv) {
        PagesRequest request = {};
        uint64_t begin;
        int fd, r;

        if (argc < 6 || argc > 5 + (int)PAGES_TARGETS_MAX)
                return EXIT_FAILURE;
        fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
                perror(argv[1]);
                return EXIT_FAILURE;
        }
        request.bytes = strtoull(argv[2], NULL, 10) * MIB;
        request.seed = strtoull(argv[3], NULL, 10);
        nodeset_add(&request.from, (unsigned)strtoul(argv[4], NULL, 10));
        for (int i = 5; i < argc; ++i)
                request.targets[request.n_targets++] = read_target(argv[i]);
        begin = clock_now_usec(&clock_monotonic);
        r = pages_move(fd, &request);
        return printf("%d %llu\n", r,
                      (unsigned long long)(clock_now_usec(&clock_monotonic) - begin) / 1000) > 0
                       ? EXIT_SUCCESS
                       : EXIT_FAILURE;
}
