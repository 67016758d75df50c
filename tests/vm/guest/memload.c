/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memload RATE TOTAL [WORD...]: memory that grows by RATE MiB a second to TOTAL MiB; RATE 0 is as
 * fast as it goes. It begins at SIGUSR1; at SIGUSR2 half of it is given back. Words:
 *
 *     thp          in huge pages; otherwise anonymous memory is in small ones
 *     shm          shared anonymous memory
 *     write=FILE   a file that grows, on tmpfs or on a disk; it is made anew
 *     read=FILE    page cache of a file that is there; a sparse one needs no disk
 *     procs=N      as many processes, each with its part
 *     fork         half way each has a child that writes to what is there, so that it is copied
 *     hot=MIB      afterwards so much of it is written to again and again
 *     burst=MIB    it grows by so much only, and again at each SIGUSR1, until it has TOTAL
 *     again=MIB    before each growth but the first so much of it, the oldest, is written to once
 *
 * What happens is said a line each, with CLOCK_MONOTONIC in microseconds, and for the last two with
 * what has grown by then, in bytes: "ready", "start USEC", "at USEC BYTES", "grown USEC BYTES",
 * "shrunk USEC BYTES", "passes USEC N" (over what is hot).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MIB       (1024ul * 1024)
#define CHUNK     (256ul * 1024)
#define PAGE      4096ul
#define PROCS_MAX 64
#define TICK_USEC 50000

typedef enum Kind { KIND_ANON, KIND_SHM, KIND_WRITE, KIND_READ } Kind;

typedef struct Load {
        Kind kind;
        bool is_huge, has_child;
        unsigned long rate, total, hot, burst, again; /* bytes, of each process; no burst: 0 */
        unsigned n_procs;
        const char *path;
        /* of one process */
        unsigned char *memory;
        int fd;
        unsigned long n_bytes;
} Load;

/* What all processes tell the first one. */
typedef struct Shared {
        atomic_ulong n_bytes, n_passes;
        atomic_uint n_grown, n_shrunk;
} Shared;

static Shared *shared;

static uint64_t now_usec(void) {
        struct timespec now = {};

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void pause_usec(uint64_t usec) {
        const struct timespec time = { .tv_sec = (time_t)(usec / 1000000u),
                                       .tv_nsec = (long)(usec % 1000000u) * 1000 };

        (void)nanosleep(&time, NULL);
}

_Noreturn static void fail(const char *what) {
        perror(what);
        _exit(EXIT_FAILURE);
}

static void say(const char *word, unsigned long n) {
        (void)printf("%s %llu %lu\n", word, (unsigned long long)now_usec(), n);
}

/* What one process's part of the memory is in. */
static void prepare(Load *load, unsigned index) {
        const int flags = (load->kind == KIND_SHM ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS;
        char path[256];

        load->memory = mmap(NULL, load->total + 2 * MIB, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (load->memory == MAP_FAILED)
                fail("mmap");
        load->memory = (unsigned char *)(((uintptr_t)load->memory + 2 * MIB - 1) & ~(2 * MIB - 1));
        if (load->kind == KIND_ANON &&
            madvise(load->memory, load->total, load->is_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) < 0)
                fail("madvise");
        if (load->kind == KIND_WRITE) {
                (void)snprintf(path, sizeof path, "%s.%u", load->path, index);
                load->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        } else if (load->kind == KIND_READ)
                load->fd = open(load->path, O_RDONLY | O_CLOEXEC);
        if (load->fd < 0)
                fail(load->path);
}

/* The next piece. */
static void add_chunk(Load *load) {
        static unsigned char buffer[CHUNK];

        if (load->kind == KIND_WRITE) {
                if (pwrite(load->fd, buffer, CHUNK, (off_t)load->n_bytes) != (ssize_t)CHUNK)
                        fail("pwrite");
        } else if (load->kind == KIND_READ) {
                if (pread(load->fd, buffer, CHUNK, (off_t)load->n_bytes) != (ssize_t)CHUNK)
                        fail("pread");
        } else
                memset(load->memory + load->n_bytes, 1, CHUNK);
        load->n_bytes += CHUNK;
        (void)atomic_fetch_add(&shared->n_bytes, CHUNK);
}

static void write_pages(const Load *load, unsigned long n_bytes) {
        for (unsigned long at = 0; at < n_bytes; at += PAGE)
                ++*(volatile unsigned char *)(load->memory + at);
}

/* A child that copies a half of what is there by writing to it, and stays. */
static void leave_child(const Load *load) {
        const pid_t child = fork();

        if (child < 0)
                fail("fork");
        if (child > 0)
                return;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        write_pages(load, load->n_bytes / 2);
        (void)atomic_fetch_add(&shared->n_bytes, load->n_bytes / 2);
        for (;;)
                (void)pause();
}

/* Return: how much there is after the next growth. */
static unsigned long get_next(const Load *load) {
        const unsigned long left = load->total - load->n_bytes;

        return load->n_bytes + (load->burst > 0 && load->burst < left ? load->burst : left);
}

static void grow(Load *load) {
        const unsigned long from = load->n_bytes, next = get_next(load);
        bool has_child = !load->has_child;
        uint64_t start;

        write_pages(load, load->again < from ? load->again : from);
        start = now_usec();
        while (load->n_bytes < next) {
                const uint64_t due =
                        load->rate ? (load->n_bytes - from) * 1000000u / load->rate : 0;
                const uint64_t is = now_usec() - start;

                if (due > is)
                        pause_usec(due - is);
                add_chunk(load);
                if (!has_child && load->n_bytes >= load->total / 2) {
                        leave_child(load);
                        has_child = true;
                }
        }
}

static void shrink(Load *load) {
        const unsigned long half = load->n_bytes / 2 / (2 * MIB) * (2 * MIB);
        int error = 0;

        if (load->kind == KIND_WRITE)
                error = ftruncate(load->fd, (off_t)half);
        else if (load->kind == KIND_READ)
                error = posix_fadvise(load->fd, (off_t)half, (off_t)(load->n_bytes - half),
                                      POSIX_FADV_DONTNEED);
        else
                error = madvise(load->memory + half, load->n_bytes - half,
                                load->kind == KIND_SHM ? MADV_REMOVE : MADV_DONTNEED);
        if (error)
                fail("shrink");
        (void)atomic_fetch_sub(&shared->n_bytes, load->n_bytes - half);
        load->n_bytes = half;
}

static volatile sig_atomic_t wants_growth, wants_shrink;

static void note_signal(int signal) {
        *(signal == SIGUSR1 ? &wants_growth : &wants_shrink) = 1;
}

/* One process: grows, then keeps what is hot so. */
_Noreturn static void work(Load load, unsigned index) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGUSR1, note_signal);
        (void)signal(SIGUSR2, note_signal);
        prepare(&load, index);
        wants_growth = 1;
        for (;;) {
                if (wants_growth) {
                        wants_growth = 0;
                        grow(&load);
                        (void)atomic_fetch_add(&shared->n_grown, 1);
                }
                if (wants_shrink) {
                        wants_shrink = 0;
                        shrink(&load);
                        (void)atomic_fetch_add(&shared->n_shrunk, 1);
                }
                if (load.hot > 0) {
                        write_pages(&load, load.hot < load.n_bytes ? load.hot : load.n_bytes);
                        (void)atomic_fetch_add(&shared->n_passes, 1);
                }
                pause_usec(load.hot > 0 ? 1000 : TICK_USEC);
        }
}

/* Return: 0, or -1: no such word. */
static int read_word(Load *load, const char *word) {
        if (strcmp(word, "thp") == 0)
                load->is_huge = true;
        else if (strcmp(word, "shm") == 0)
                load->kind = KIND_SHM;
        else if (strcmp(word, "fork") == 0)
                load->has_child = true;
        else if (strncmp(word, "write=", 6) == 0)
                load->kind = KIND_WRITE, load->path = word + 6;
        else if (strncmp(word, "read=", 5) == 0)
                load->kind = KIND_READ, load->path = word + 5;
        else if (strncmp(word, "procs=", 6) == 0)
                load->n_procs = (unsigned)strtoul(word + 6, NULL, 10);
        else if (strncmp(word, "hot=", 4) == 0)
                load->hot = strtoul(word + 4, NULL, 10) * MIB;
        else if (strncmp(word, "burst=", 6) == 0)
                load->burst = strtoul(word + 6, NULL, 10) * MIB;
        else if (strncmp(word, "again=", 6) == 0)
                load->again = strtoul(word + 6, NULL, 10) * MIB;
        else
                return -1;
        return load->n_procs >= 1 && load->n_procs <= PROCS_MAX ? 0 : -1;
}

static void tell_all(const Load *load, const pid_t *children, int signal) {
        for (unsigned i = 0; i < load->n_procs; ++i)
                (void)kill(children[i], signal);
}

/* Tells how it goes until everybody has grown. */
static void follow_growth(const Load *load) {
        while (atomic_load(&shared->n_grown) < load->n_procs) {
                pause_usec(TICK_USEC);
                say("at", atomic_load(&shared->n_bytes));
        }
        say("grown", atomic_load(&shared->n_bytes));
}

int main(int argc, char **argv) {
        Load load = { .n_procs = 1 };
        pid_t children[PROCS_MAX];
        const struct timespec second = { .tv_sec = 1 };
        sigset_t signals;

        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGUSR1);
        (void)sigaddset(&signals, SIGUSR2);
        (void)sigprocmask(SIG_BLOCK, &signals, NULL);
        (void)setvbuf(stdout, NULL, _IOLBF, 0);
        for (int i = 3; i < argc; ++i)
                if (read_word(&load, argv[i]) < 0)
                        return EXIT_FAILURE;
        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                      0);
        if (argc < 3 || shared == MAP_FAILED)
                return EXIT_FAILURE;
        load.rate = strtoul(argv[1], NULL, 10) * MIB / load.n_procs;
        load.total = strtoul(argv[2], NULL, 10) * MIB / load.n_procs / CHUNK * CHUNK;
        load.hot /= load.n_procs;
        load.burst /= load.n_procs;
        load.again /= load.n_procs;
        (void)puts("ready");
        while (sigtimedwait(&signals, NULL, NULL) != SIGUSR1)
                continue;
        say("start", 0);
        for (unsigned i = 0; i < load.n_procs; ++i) {
                children[i] = fork();
                if (children[i] < 0)
                        fail("fork");
                if (children[i] == 0) {
                        (void)sigprocmask(SIG_UNBLOCK, &signals, NULL);
                        work(load, i);
                }
        }
        follow_growth(&load);
        for (;;) {
                const int signal = sigtimedwait(&signals, NULL, &second);

                if (signal == SIGUSR1 && load.burst > 0) {
                        atomic_store(&shared->n_grown, 0);
                        say("start", atomic_load(&shared->n_bytes));
                        tell_all(&load, children, SIGUSR1);
                        follow_growth(&load);
                } else if (signal == SIGUSR2) {
                        tell_all(&load, children, SIGUSR2);
                        while (atomic_load(&shared->n_shrunk) < load.n_procs)
                                pause_usec(TICK_USEC / 10);
                        atomic_store(&shared->n_shrunk, 0);
                        say("shrunk", atomic_load(&shared->n_bytes));
                } else if (load.hot > 0)
                        say("passes", atomic_load(&shared->n_passes));
        }
}
