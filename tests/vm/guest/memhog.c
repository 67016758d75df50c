/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memhog [NODE:MIB...]: so much anonymous memory on these NUMA nodes, touched; then "ready" is said
 * and nothing more is done. Linked statically, it is all that is in its container.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MPOL_BIND 2

/* Return: 0, or -1. */
static int hold(const char *part) {
        char *end;
        const unsigned long node = strtoul(part, &end, 10);
        const unsigned long n_bytes = *end == ':' ? strtoul(end + 1, NULL, 10) * 1024 * 1024 : 0;
        const unsigned long mask = 1ul << node;
        void *memory;

        if (node >= 64 || n_bytes == 0)
                return -1;
        memory = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
                return -1;
        if (syscall(SYS_mbind, memory, n_bytes, MPOL_BIND, &mask, 65ul, 0u) < 0)
                return -1;
        memset(memory, 1, n_bytes);
        return 0;
}

int main(int argc, char **argv) {
        for (int i = 1; i < argc; ++i)
                if (hold(argv[i]) < 0) {
                        perror(argv[i]);
                        return EXIT_FAILURE;
                }
        if (puts("ready") < 0 || fflush(stdout) != 0)
                return EXIT_FAILURE;
        return pause();
}
