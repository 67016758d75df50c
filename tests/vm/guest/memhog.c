/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memhog [NODE:MIB[+MIB]...]: so much anonymous memory on these NUMA nodes, touched; NODE is a
 * number, or x for wherever the kernel likes. Then "ready" is said and signals are waited for:
 *
 *     SIGUSR1   the first time, what is behind each "+" is touched, too; after that more and more
 *               without an end, until it is killed
 *     SIGUSR2   what SIGUSR1 has brought is given back
 *
 * Linked statically, it is all that is in its container.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MPOL_BIND 2
#define MIB       (1024ul * 1024)
#define PARTS_MAX 16

typedef struct Part {
        bool is_bound;
        unsigned long node, n_bytes, n_more;
        void *more; /* NULL: not touched */
} Part;

static Part parts[PARTS_MAX];

/* Return: 0, or -1. */
static int read_part(const char *text, Part *part) {
        char *end = (char *)text;

        part->is_bound = *text != 'x';
        if (part->is_bound)
                part->node = strtoul(text, &end, 10);
        else
                ++end;
        if (*end != ':')
                return -1;
        part->n_bytes = strtoul(end + 1, &end, 10) * MIB;
        if (*end == '+')
                part->n_more = strtoul(end + 1, &end, 10) * MIB;
        return part->node < 64 && part->n_bytes > 0 && *end == '\0' ? 0 : -1;
}

/* Return: the memory, or NULL. */
static void *touch(const Part *part, unsigned long n_bytes) {
        const unsigned long mask = 1ul << part->node;
        void *memory =
                mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED)
                return NULL;
        if (part->is_bound && syscall(SYS_mbind, memory, n_bytes, MPOL_BIND, &mask, 65ul, 0u) < 0)
                return NULL;
        memset(memory, 1, n_bytes);
        return memory;
}

static bool has_grown;

/* Return: 0, or -1. */
static int grow(int n_parts) {
        const Part anywhere = {};

        if (has_grown)
                for (;;)
                        if (!touch(&anywhere, MIB))
                                return -1;
        for (int i = 0; i < n_parts; ++i) {
                parts[i].more = parts[i].n_more > 0 ? touch(&parts[i], parts[i].n_more) : NULL;
                if (parts[i].n_more > 0 && !parts[i].more)
                        return -1;
        }
        has_grown = true;
        return 0;
}

static void let_go(int n_parts) {
        for (int i = 0; i < n_parts; ++i)
                if (parts[i].more && munmap(parts[i].more, parts[i].n_more) == 0)
                        parts[i].more = NULL;
        has_grown = false;
}

int main(int argc, char **argv) {
        const int n_parts = argc - 1;
        sigset_t signals;
        int signal = 0;

        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGUSR1);
        (void)sigaddset(&signals, SIGUSR2);
        (void)sigprocmask(SIG_BLOCK, &signals, NULL);
        if (n_parts > PARTS_MAX)
                return EXIT_FAILURE;
        for (int i = 0; i < n_parts; ++i)
                if (read_part(argv[i + 1], &parts[i]) < 0 || !touch(&parts[i], parts[i].n_bytes)) {
                        perror(argv[i + 1]);
                        return EXIT_FAILURE;
                }
        if (puts("ready") < 0 || fflush(stdout) != 0)
                return EXIT_FAILURE;
        while (sigwait(&signals, &signal) == 0)
                if (signal == SIGUSR2)
                        let_go(n_parts);
                else if (grow(n_parts) < 0)
                        return EXIT_FAILURE;
        return EXIT_FAILURE;
}
