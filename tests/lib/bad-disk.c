/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that does as it is told
 *
 * Preloaded into slugd, it stands before fsync() and fdatasync() of the workers; the daemon itself
 * is left alone. What is to happen is said by files in the folder that $BAD_DISK names:
 *
 *   fail   a number: the error that a sync ends with
 *   hold   a FIFO: a sync waits until somebody has opened it for writing and closed it again. Who
 *          opens it waits in turn until a worker is there, so that both know of each other
 *
 * Each is looked at once at each sync, "hold" first.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define WORKER_NAME "slugd-worker"

static int open_told(const char *name) {
        const char *folder = getenv("BAD_DISK");
        char path[4096];

        if (!folder)
                return -1;
        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        return open(path, O_RDONLY | O_CLOEXEC);
}

/* What the file has, to its end. */
static int read_told(const char *name) {
        char text[16] = "", rest[16];
        int fd = open_told(name);
        ssize_t n;

        if (fd < 0)
                return 0;
        n = read(fd, text, sizeof(text) - 1);
        while (n > 0)
                n = read(fd, rest, sizeof(rest));
        (void)close(fd);
        return (int)strtol(text, NULL, 10);
}

static int sync_as_told(const char *function, int fd) {
        int (*next)(int) = NULL;
        char process[16] = "";
        int error;

        *(void **)&next = dlsym(RTLD_NEXT, function);
        (void)prctl(PR_GET_NAME, process);
        if (strncmp(process, WORKER_NAME, strlen(WORKER_NAME)) != 0)
                return next(fd);
        (void)read_told("hold");
        error = read_told("fail");
        if (error > 0) {
                errno = error;
                return -1;
        }
        return next(fd);
}

int fsync(int fd) {
        return sync_as_told("fsync", fd);
}

int fdatasync(int fd) {
        return sync_as_told("fdatasync", fd);
}
