/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims SLUGD ROOT
 *
 * What a claim costs that is kept: Allocate and RemoveContainer on the socket of a real slugd whose
 * ledger is below ROOT, by one caller and by many at a time, next to what the disk itself takes for
 * as many bytes: a plain write and fdatasync in the same folder. Everything is measured in every
 * round, so that it can be compared when the speed of the disk drifts. Then the same for an answer
 * that needs no disk, and the memory of slugd with many claims.
 *
 * A call waits for one sync, its own; of many callers at a time most find one under way, and wait
 * for that one, too. Many callers also wait for each other, for this program and slugd have a
 * thread each: what that alone takes is seen in hints, which as many ask for.
 *
 * A benchmark, not a test: it prints, and judges nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "bench/memory/callers.h"
#include "bench/memory/numbers.h"

#define ROUNDS       20u
#define SYNCS        50u /* of a round */
#define CLAIMS       50u /* of a round, one caller */
#define CLAIMS_EACH  5u  /* of a round, many callers */
#define HINTS        200u
#define KEPT_CLAIMS  1000u
#define LEDGER       "var/lib/slug/ledger.log"
#define SYNCED       "var/lib/slug/bench"
#define CHILDREN_MAX 16u

static int root_fd;

static void fail(const char *what) {
        (void)fprintf(stderr, "claims: %s: %s\n", what, strerror(errno));
        exit(EXIT_FAILURE);
}

static pid_t start(const char *slugd, const char *root, const char *socket_path) {
        pid_t pid = fork();

        if (pid < 0)
                fail("fork");
        if (pid == 0) {
                /* whatever becomes of this program */
                (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
                (void)execl(slugd, slugd, "--root", root, "--socket", socket_path, "--foreground",
                            "--log-level", "err", (char *)NULL);
                fail(slugd);
        }
        return pid;
}

/* The disk */

static uint64_t get_ledger_bytes(void) {
        struct stat about;

        if (fstatat(root_fd, LEDGER, &about, 0) < 0)
                fail(LEDGER);
        return (uint64_t)about.st_size;
}

/* What one claim adds to the ledger. */
static size_t measure_line(Callers *callers) {
        const uint64_t before = get_ledger_bytes();

        callers_keep_claims(callers, 1);
        return (size_t)(get_ledger_bytes() - before);
}

/* A file that grows, as the ledger does. */
static void sync_lines(size_t n_bytes, Times *times) {
        const int fd = openat(root_fd, SYNCED, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        char *data = calloc(1, n_bytes);

        if (fd < 0 || !data)
                fail(SYNCED);
        for (size_t i = 0; i < SYNCS; ++i) {
                const double begin = numbers_now();

                if (write(fd, data, n_bytes) != (ssize_t)n_bytes || fdatasync(fd) < 0)
                        fail(SYNCED);
                times->seconds[times->n++] = numbers_now() - begin;
        }
        free(data);
        (void)close(fd);
        (void)unlinkat(root_fd, SYNCED, 0);
}

/* Memory */

/* KiB of anonymous memory */
static unsigned read_anon(pid_t pid) {
        char path[64], line[256];
        unsigned kib = 0;
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
        file = fopen(path, "re");
        if (!file)
                fail(path);
        while (fgets(line, sizeof(line), file))
                if (strncmp(line, "RssAnon:", 8) == 0)
                        kib = (unsigned)strtoul(line + 8, NULL, 10);
        (void)fclose(file);
        return kib;
}

static void tell_children(pid_t pid, unsigned depth) {
        char path[64], line[256] = "";
        char *rest = line;
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
        file = fopen(path, "re");
        if (!file)
                return; /* a kernel without it */
        if (!fgets(line, sizeof(line), file))
                line[0] = '\0';
        (void)fclose(file);
        for (pid_t child; (child = (pid_t)strtol(rest, &rest, 10)) > 0;) {
                (void)printf(", %u", read_anon(child));
                if (depth < CHILDREN_MAX)
                        tell_children(child, depth + 1);
        }
}

/* All */

typedef enum Row {
        ROW_SYNC_LINE,
        ROW_ALLOCATE,
        ROW_RELEASE,
        ROW_SYNC_LINES,
        ROW_ALLOCATE_MANY,
        ROW_RELEASE_MANY,
        ROW_HINTS,
        ROW_HINTS_CLAIMS,
        ROW_HINTS_MANY,
        _ROW_N,
} Row;

static const struct {
        const char *name;
        unsigned n_times; /* of a round */
        Row sync;         /* what it waits for */
        unsigned n_syncs;
} rows[_ROW_N] = {
        [ROW_SYNC_LINE] = { "write and fdatasync, a line", SYNCS, ROW_SYNC_LINE, 0 },
        [ROW_ALLOCATE] = { "Allocate, 1 caller", CLAIMS, ROW_SYNC_LINE, 1 },
        [ROW_RELEASE] = { "RemoveContainer, 1 caller", CLAIMS, ROW_SYNC_LINE, 1 },
        [ROW_SYNC_LINES] = { "write and fdatasync, 64 lines", SYNCS, ROW_SYNC_LINE, 0 },
        [ROW_ALLOCATE_MANY] = { "Allocate, 64 callers", CLAIMS_EACH *CALLERS_MAX, ROW_SYNC_LINES,
                                2 },
        [ROW_RELEASE_MANY] = { "RemoveContainer, 64 callers", CLAIMS_EACH *CALLERS_MAX,
                               ROW_SYNC_LINES, 2 },
        [ROW_HINTS] = { "GetTopologyHints, 1 claim", HINTS, ROW_HINTS, 0 },
        [ROW_HINTS_CLAIMS] = { "GetTopologyHints, 1001 claims", HINTS, ROW_HINTS, 0 },
        [ROW_HINTS_MANY] = { "GetTopologyHints, 64 callers", CLAIMS_EACH *CALLERS_MAX, ROW_HINTS,
                             0 },
};

static Times times[_ROW_N];

static void measure(Callers *one, Callers *many, size_t n_line) {
        for (unsigned round = 0; round < ROUNDS; ++round) {
                sync_lines(n_line, &times[ROW_SYNC_LINE]);
                callers_claim(one, CLAIMS, &times[ROW_ALLOCATE], &times[ROW_RELEASE]);
                sync_lines(n_line * CALLERS_MAX, &times[ROW_SYNC_LINES]);
                callers_claim(many, CLAIMS_EACH, &times[ROW_ALLOCATE_MANY],
                              &times[ROW_RELEASE_MANY]);
                callers_ask_hints(one, HINTS, &times[ROW_HINTS]);
                callers_ask_hints(many, CLAIMS_EACH, &times[ROW_HINTS_MANY]);
        }
}

static double get_usec(Row row, double part) {
        return numbers_get(times[row].seconds, times[row].n, part) * 1e6;
}

static void tell(void) {
        (void)printf("\n%-32s%9s%9s%9s  %s\n", "microseconds", "p50", "p99", "max",
                     "p99 beyond that of the syncs it waits for");
        for (unsigned row = 0; row < _ROW_N; ++row) {
                (void)printf("%-32s%9.0f%9.0f%9.0f", rows[row].name, get_usec((Row)row, 0.5),
                             get_usec((Row)row, 0.99), get_usec((Row)row, 1));
                if (rows[row].n_syncs > 0)
                        (void)printf("  %.0f (%u)",
                                     get_usec((Row)row, 0.99) -
                                             rows[row].n_syncs * get_usec(rows[row].sync, 0.99),
                                     rows[row].n_syncs);
                (void)printf("\n");
        }
}

static void tell_memory(pid_t pid, unsigned kib_before) {
        (void)printf("\nRssAnon, KiB: %u at first, %u with %u claims; its processes", kib_before,
                     read_anon(pid), KEPT_CLAIMS + 1);
        tell_children(pid, 0);
        (void)printf("\n");
}

int main(int argc, char **argv) {
        char socket_path[] = "/tmp/slug-bench-XXXXXX/slugd.sock";
        char *slash = strrchr(socket_path, '/');
        Callers *one, *many;
        unsigned kib;
        size_t n_line;
        pid_t pid;

        if (argc != 3) {
                (void)fprintf(stderr, "usage: claims SLUGD ROOT\n");
                return 2;
        }
        root_fd = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root_fd < 0)
                fail(argv[2]);
        *slash = '\0';
        if (!mkdtemp(socket_path))
                fail("mkdtemp");
        *slash = '/';
        for (unsigned row = 0; row < _ROW_N; ++row)
                times_init(&times[row], (size_t)rows[row].n_times * ROUNDS);
        pid = start(argv[1], argv[2], socket_path);
        one = callers_new(socket_path, 1);
        kib = read_anon(pid);
        many = callers_new(socket_path, CALLERS_MAX);
        n_line = measure_line(one);
        measure(one, many, n_line);
        callers_free(many);
        callers_keep_claims(one, KEPT_CLAIMS);
        callers_ask_hints(one, HINTS * ROUNDS, &times[ROW_HINTS_CLAIMS]);
        (void)printf("Claims: %u rounds in turn; a line of the ledger has %zu bytes\n", ROUNDS,
                     n_line);
        tell();
        tell_memory(pid, kib);
        callers_free(one);
        (void)kill(pid, SIGTERM);
        (void)waitpid(pid, NULL, 0);
        for (unsigned row = 0; row < _ROW_N; ++row)
                times_deinit(&times[row]);
        *slash = '\0';
        (void)rmdir(socket_path);
        return EXIT_SUCCESS;
}
