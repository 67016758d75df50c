/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide
 *
 * What one look at a container costs without the system calls: memory.numa_stat of as many NUMA
 * nodes as there are on small and on large machines into usage, and usage into a decision.
 *
 * A benchmark, not a test: it prints, and judges nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "bench/memory/numbers.h"
#include "enforce/usage.h"

#define ROUNDS      41u
#define LOOKS       5000u
#define LINES       34u /* of Linux 6.12 */
#define NODES_MAX   64u
#define PAGE_BYTES  4096u
#define LOOK_USEC   50000u
#define LOCAL_BYTES (190 * MIB)

static char text[LINES * (NODES_MAX * 24 + 32)];

static size_t write_text(unsigned n_nodes) {
        size_t n = 0;

        for (unsigned line = 0; line < LINES; ++line) {
                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s",
                                      line == 0   ? "anon"
                                      : line == 1 ? "file"
                                                  : "workingset_refault_anon");
                for (unsigned node = 0; node < n_nodes; ++node)
                        n += (size_t)snprintf(text + n, sizeof(text) - n, " N%u=%" PRIu64, node,
                                              line == 0 ? LOCAL_BYTES / n_nodes : 4096 * line);
                n += (size_t)snprintf(text + n, sizeof(text) - n, "\n");
        }
        return n;
}

/* Processor time, in seconds. */
static double cpu_now(void) {
        struct timespec now = {};

        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void measure(unsigned n_nodes) {
        const size_t n_text = write_text(n_nodes);
        const EnforceTarget target = { .split = { .local = { .max = 200 * MIB },
                                                  .remote = { .max = GIB } },
                                       .backend = ENFORCE_RECLAIM };
        const EnforceNode node = { .local_free = GIB,
                                   .remote_free = GIB,
                                   .budget = UINT64_MAX,
                                   .n_lower_tiers = 1,
                                   .interval_min_usec = LOOK_USEC,
                                   .interval_max_usec = 2000000 };
        double parse[ROUNDS], decide[ROUNDS], from;
        EnforceMemory memory = {};
        EnforceUsage usage = {};
        NodeSet local = {}, remote = {};

        for (unsigned i = 0; i < n_nodes; ++i)
                nodeset_add(i < n_nodes / 2 ? &local : &remote, i);
        for (unsigned round = 0; round < ROUNDS; ++round) {
                from = cpu_now();
                for (unsigned i = 0; i < LOOKS; ++i)
                        if (!enforce_usage_parse(scan_init(text, n_text), &local, &remote,
                                                 PAGE_BYTES, &usage, NULL))
                                exit(EXIT_FAILURE);
                parse[round] = (cpu_now() - from) / LOOKS;
                from = cpu_now();
                for (unsigned i = 0; i < LOOKS; ++i) {
                        usage.usec += LOOK_USEC;
                        usage.local += (i & 1) ? 4096 : 0;
                        (void)enforce_decide(&memory, &target, &usage, &node);
                        if (usage.local > 199 * MIB)
                                usage.local = LOCAL_BYTES;
                }
                decide[round] = (cpu_now() - from) / LOOKS;
        }
        (void)printf("%2u NUMA nodes: %5.2f us to read usage of %zu bytes of text, %5.2f us to "
                     "decide\n",
                     n_nodes, numbers_get(parse, ROUNDS, 0.5) * 1e6, n_text,
                     numbers_get(decide, ROUNDS, 0.5) * 1e6);
}

int main(void) {
        (void)puts("A look at a container, without the system calls (medians)");
        measure(4);
        measure(NODES_MAX);
        return EXIT_SUCCESS;
}
