/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A kernel and a keeper in virtual time
 *
 * Containers allocate, give back, use what is hot and read files; the kernel demotes and promotes
 * as it is told and as it likes, its counters are behind, steps take their time and move less than
 * they were asked for. The keeper does what a decision says and nothing else. After each turn what
 * has to hold of every decision is checked; what does not hold is in @why, and the run ends.
 *
 * Time goes on in milliseconds. Nothing here is random but what @seed makes so.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "enforce/budget.h"
#include "enforce/enforce.h"

#define BED_CONTAINERS_MAX 8u
#define BED_WHY_MAX        512u

/* What a container does. */
typedef struct BedLoad {
        uint64_t start_usec;
        uint64_t rate; /* bytes a second that it allocates */
        uint64_t most; /* bytes of it all */
        unsigned file_percent;
        uint64_t shrink_usec, shrink_to; /* 0: never */
        uint64_t hot_rate; /* bytes a second that the kernel promotes of what is hot */
        uint64_t hot_bytes;
} BedLoad;

typedef struct BedContainer {
        EnforceTarget target;
        BedLoad load;
        bool has_swap, has_counters;
        uint64_t pressure_permille;
        /* what is where */
        uint64_t local_anon, local_file, remote_anon, remote_file, swapped;
        uint64_t allocated; /* in all: what was dropped does not come back */
        uint64_t kernel_demoted, kernel_promoted;
        /* what the counters say */
        EnforceUsage told;
        /* the keeper's */
        EnforceMemory memory;
        EnforceDecision decision;
        uint64_t next_usec;
        bool is_stepping;
        uint64_t step_begin_usec, step_left, step_end_usec;
        /* what is counted */
        uint64_t peak_local, peak_remote, lowest_local; /* the last: since it was at its ceiling */
        uint64_t n_looks, n_steps, n_steps_up, moved;
        uint64_t settled_usec; /* since when it is within its band */
} BedContainer;

typedef struct EnforceBed {
        BedContainer containers[BED_CONTAINERS_MAX];
        size_t n_containers;
        uint64_t now_usec;
        uint64_t local_bytes, remote_bytes; /* of the machine */
        uint64_t throughput;   /* bytes a second that are moved, by all steps together */
        uint64_t latency_usec; /* of a step, whatever its size */
        uint64_t stale_bytes;
        unsigned n_lower_tiers;
        bool moves_pages; /* one by one, where the backend is another one */
        bool reclaim_fails, migrate_fails;
        uint64_t overdone_bytes; /* that reclaim takes beyond what it is asked for */
        EnforceBudget budget;
        uint64_t pressure_permille_max;
        uint64_t interval_min_usec, interval_max_usec;
        bool is_traced; /* each decision to stderr */
        char why[BED_WHY_MAX];
} EnforceBed;

/* Two CPUs, 4 GiB and 8 GiB, 160 MiB a second, 10 ms for each step. */
void enforce_bed_init(EnforceBed *bed);
/* "local=200Mi,remote=0..1Gi" */
BedContainer *enforce_bed_add(EnforceBed *bed, const char *split, const BedLoad *load);
/* Return: false when something does not hold, and @why says what. */
bool enforce_bed_run(EnforceBed *bed, uint64_t usec);
uint64_t enforce_bed_get_local(const BedContainer *container);
uint64_t enforce_bed_get_remote(const BedContainer *container);
