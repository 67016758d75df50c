/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A kernel made of files that has DAMON, and a worker that writes to it
 *
 * Files appear and go as those of the real one do: when a number of things is written. What was
 * written is in a list. Stands in for the crew and its workers: link it and neither of them.
 */
#include "lib/folder.h"
#include "manager/crew.h"

typedef struct DamonKernel {
        const Folder *folder;
        bool is_new; /* it has ops_filters, goal_tuner and fail_charge_denom */
        char log[65536];
        size_t n_log;
        /* the next write whose path ends so fails with that errno, so many times */
        const char *fails_at;
        int failure;
        unsigned n_failures;
        unsigned long n_regions;
        unsigned n_jobs;       /* that wait */
        uint64_t looked_bytes; /* since it was turned on, for whoever asks */
} DamonKernel;

extern DamonKernel damon_kernel;

void damon_kernel_init(const Folder *folder, bool is_new);
/* The oldest job is done. False: there is none. */
bool damon_kernel_work(void);
/* All of them, and those that come of them. */
void damon_kernel_work_all(void);
/* "path=value" was written. */
bool damon_kernel_has(const char *written);
/* A file below kdamonds. */
void damon_kernel_assert(const char *path, const char *text);
