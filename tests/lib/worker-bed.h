/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Workers, a folder with a file to work on, and what came of it
 *
 * A worker is made to block by SIGSTOP, which SIGKILL still ends. One that SIGKILL does not end is
 * made by swallowing it. Waiting is for the workers' descriptor and for pidfds, with a limit that
 * only a broken test reaches.
 *
 * To be linked with --wrap of pidfd_send_signal, fork and process_await_end, and among the test's
 * own sources.
 */
#include <check.h>
#include <stdbool.h>
#include <sys/types.h>

#include "lib/folder.h"
#include "worker/worker.h"

#define BED_LANES     2u
#define BED_LONG_USEC UINT64_C(60000000) /* a deadline that is not missed */

typedef struct BedResult {
        unsigned n_calls;
        unsigned order; /* from 1 */
        int error;
        int fd;
} BedResult;

typedef struct WorkerBed {
        Folder folder;
        int dir_fd;
        int file_fd; /* "file", 10 bytes */
        Workers *workers;
        BedResult results[WORKER_QUEUE_MAX];
        unsigned n_results; /* calls, whatever result they are for */
        struct {
                unsigned n_stuck, n_back;
                unsigned lane;
                WorkerState state; /* as it was told last */
        } observed;
        bool signals_are_swallowed; /* of pidfd_send_signal() alone */
        unsigned n_awaited;         /* processes, by process_await_end() */
        int *n_forks_left;          /* shared with the forker; below 0: no limit */
} WorkerBed;

extern WorkerBed bed;

/* Fixtures: the folder alone, or with workers. The teardown is of both. */
void bed_open(void);
void bed_setup(void);
void bed_teardown(void);
void bed_start(void);
TCase *bed_new_case(Suite *s, const char *name, void (*begin)(void));

/* Jobs */
WorkerJob bed_append_of(const char *text, uint64_t offset);
WorkerJob bed_replace_of(const char *name, const char *text);
WorkerJob bed_set_of(const char *text);
void bed_on_done(int error, int fd, void *result);
void bed_submit(unsigned lane, const WorkerJob *job, BedResult *result);
void bed_assert_done(const BedResult *result, int error);
void bed_assert_file(const char *name, const char *text);

/* One turn of the loop, and turns until there are so many results or a worker that is not @pid. */
void bed_look(void);
void bed_await_results(unsigned n);
void bed_await_other(unsigned lane, int pid);

/* Processes */
int bed_pid_of(unsigned lane);
int bed_parent_of(int pid);
int bed_open_process(int pid);
void bed_assert_ends(int pidfd); /* closes it */
void bed_kill_and_await(int pid);
/* Lane 0, with results 0 (missed), 1 and 2 (refused). Kills are swallowed from here on. */
void bed_make_stuck(void);
