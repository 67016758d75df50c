/* SPDX-License-Identifier: Apache-2.0 */
/* Workers as processes: how they begin, what they are, and that nothing is left of them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/failmalloc.h"
#include "lib/test-main.h"
#include "lib/worker-bed.h"
#include "worker/capabilities.h"
#include "worker/patience.h"
#include "worker/process.h"

/* Beginning and end */

START_TEST(freeing_ends_all_and_calls_nobody) {
        WorkerJob job = bed_append_of("x", 0);
        int pidfds[BED_LANES + 1];

        pidfds[0] = bed_open_process(bed_parent_of(bed_pid_of(0)));
        for (unsigned i = 0; i < BED_LANES; ++i)
                pidfds[i + 1] = bed_open_process(bed_pid_of(i));
        ck_assert_int_eq(kill(bed_pid_of(0), SIGSTOP), 0);
        bed_submit(0, &job, &bed.results[0]);
        bed_submit(0, &job, &bed.results[1]);
        bed.workers = workers_free(bed.workers);
        ck_assert_ptr_null(bed.workers);
        ck_assert_uint_eq(bed.n_results, 0);
        for (size_t i = 0; i < ELEMENTSOF(pidfds); ++i) {
                ck_assert(process_has_ended(pidfds[i]));
                (void)close(pidfds[i]);
        }
}
END_TEST

START_TEST(freeing_does_not_wait_for_one_that_is_stuck) {
        int pidfd = bed_open_process(bed_pid_of(0));

        bed_make_stuck();
        bed.n_awaited = 0;
        bed.workers = workers_free(bed.workers);
        ck_assert_uint_eq(bed.n_awaited, BED_LANES); /* the other worker, and the forker */
        /* the forker's kill is no swallowed one */
        bed_assert_ends(pidfd);
}
END_TEST

START_TEST(all_end_with_the_process_that_made_them) {
        int pids[BED_LANES + 1], pidfds[BED_LANES + 1];
        int pipe_fds[2];
        int daemon_pid;

        ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
        daemon_pid = fork();
        if (daemon_pid == 0) {
                if (workers_new(BED_LANES, 0, &bed.workers) < 0)
                        _exit(1);
                pids[0] = bed_parent_of(bed_pid_of(0));
                for (unsigned i = 0; i < BED_LANES; ++i)
                        pids[i + 1] = bed_pid_of(i);
                if (write(pipe_fds[1], pids, sizeof(pids)) != (ssize_t)sizeof(pids))
                        _exit(1);
                for (;;)
                        (void)pause();
        }
        (void)close(pipe_fds[1]);
        ck_assert_int_eq(read(pipe_fds[0], pids, sizeof(pids)), (ssize_t)sizeof(pids));
        (void)close(pipe_fds[0]);
        for (size_t i = 0; i < ELEMENTSOF(pids); ++i)
                pidfds[i] = bed_open_process(pids[i]);
        /* Stopped, the forker does not see the end of its socket, and a worker is as one in the
         * middle of a job. */
        for (size_t i = 0; i < ELEMENTSOF(pids); ++i)
                ck_assert_int_eq(kill(pids[i], SIGSTOP), 0);
        ck_assert_int_eq(kill(daemon_pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(daemon_pid, NULL, 0), daemon_pid);
        for (size_t i = 0; i < ELEMENTSOF(pids); ++i)
                bed_assert_ends(pidfds[i]);
}
END_TEST

/* The capabilities of a process that are in force. */
static uint64_t capabilities_of(int pid) {
        char path[64], line[256];
        unsigned long long bits = 0;
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
        file = fopen(path, "re");
        ck_assert_ptr_nonnull(file);
        while (fgets(line, sizeof(line), file))
                if (sscanf(line, "CapEff: %llx", &bits) == 1)
                        break;
        (void)fclose(file);
        return bits;
}

/* Of a machine where the test has none there is nothing to be seen but that nothing fails. */
START_TEST(only_capable_lanes_keep_capabilities) {
        const uint64_t wanted = UINT64_C(1) << CAP_SYS_PTRACE | UINT64_C(1) << CAP_SYS_NICE;
        const uint64_t before = capabilities_of(getpid());
        WorkerJob job = bed_append_of("x", 0);

        ck_assert(capabilities_are_there() == ((before & wanted) == wanted));
        ck_assert_int_eq(workers_new(BED_LANES, 1 << 1, &bed.workers), 0);
        ck_assert_int_eq(capabilities_drop(), 0);
        ck_assert(!capabilities_are_there());
        ck_assert_uint_eq(capabilities_of(getpid()), before & ~wanted);
        ck_assert_int_eq(capabilities_drop(), 0);
        for (unsigned i = 0; i < BED_LANES; ++i)
                bed_submit(i, &job, &bed.results[i]);
        bed_await_results(BED_LANES);
        ck_assert_uint_eq(capabilities_of(bed_pid_of(0)), before & ~wanted);
        ck_assert_uint_eq(capabilities_of(bed_pid_of(1)), before);
        /* and the next one that is made, when the process that made it has none any more */
        ck_assert_int_eq(kill(bed_pid_of(1), SIGKILL), 0);
        bed_submit(1, &job, &bed.results[BED_LANES]);
        bed_await_results(BED_LANES + 1);
        if (bed.results[BED_LANES].error) {
                bed_submit(1, &job, &bed.results[BED_LANES + 1]);
                bed_await_results(BED_LANES + 2);
        }
        ck_assert_uint_eq(capabilities_of(bed_pid_of(1)), before);
}
END_TEST

static const struct {
        unsigned n_forks;
        int error;
} forks[] = { { 0, -EAGAIN }, { 1, -EAGAIN }, { 2, -EAGAIN }, { 3, 0 } };

START_TEST(what_cannot_be_forked_at_the_start_is_an_error) {
        int r;

        *bed.n_forks_left = (int)forks[_i].n_forks;
        r = workers_new(BED_LANES, 0, &bed.workers);
        *bed.n_forks_left = -1;
        ck_assert_int_eq(r, forks[_i].error);
        ck_assert(r == 0 || !bed.workers);
}
END_TEST

START_TEST(a_number_of_lanes_out_of_range_is_refused) {
        ck_assert_int_eq(workers_new(0, 0, &bed.workers), -EINVAL);
        ck_assert_int_eq(workers_new(WORKER_LANES_MAX + 1, 0, &bed.workers), -EINVAL);
        ck_assert_int_eq(workers_new(WORKER_LANES_MAX, 0, &bed.workers), 0);
        for (unsigned i = 0; i < WORKER_LANES_MAX; ++i)
                ck_assert_int_gt(bed_pid_of(i), 0);
        ck_assert_int_eq(bed_pid_of(WORKER_LANES_MAX), 0);
}
END_TEST

START_TEST(out_of_memory_changes_nothing) {
        WorkerJob job = bed_append_of("x", 0);
        bool has_failed = true;
        int r;

        for (unsigned n = 0; has_failed; ++n) {
                failmalloc_arm(n);
                r = workers_new(BED_LANES, 0, &bed.workers);
                has_failed = failmalloc_disarm();
                ck_assert_int_eq(r, has_failed ? -ENOMEM : 0);
        }
        has_failed = true;
        for (unsigned n = 0; has_failed; ++n) {
                failmalloc_arm(n);
                r = worker_submit(bed.workers, 0, &job, bed_on_done, &bed.results[0]);
                has_failed = failmalloc_disarm();
                ck_assert_int_eq(r, has_failed ? -ENOMEM : 0);
                ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_waiting, has_failed ? 0 : 1);
        }
        bed_await_results(1);
        bed_assert_done(&bed.results[0], 0);
}
END_TEST

START_TEST(a_file_over_the_limit_is_an_error_and_no_death) {
        WorkerJob job = bed_append_of("abcdef", 10);
        struct rlimit before, low;
        int r;

        ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
        low = before;
        low.rlim_cur = 13;
        /* The children keep the limit. It would end the test too, which writes as it asserts. */
        r = setrlimit(RLIMIT_FSIZE, &low);
        if (r == 0)
                r = workers_new(BED_LANES, 0, &bed.workers);
        (void)setrlimit(RLIMIT_FSIZE, &before);
        ck_assert_int_eq(r, 0);
        bed_submit(0, &job, &bed.results[0]);
        bed_await_results(1);
        bed_assert_done(&bed.results[0], -EFBIG);
        ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_restarts, 0);
}
END_TEST

/* What the children are */

static void assert_named(int pid, const char *name) {
        char path[64], comm[32] = "";
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        file = fopen(path, "re");
        ck_assert_ptr_nonnull(file);
        ck_assert_ptr_nonnull(fgets(comm, sizeof(comm), file));
        (void)fclose(file);
        comm[strcspn(comm, "\n")] = '\0';
        ck_assert_str_eq(comm, name);
}

/* A name is taken before the first job is. */
static void do_one(unsigned lane) {
        WorkerJob job = bed_append_of("x", 0);
        unsigned n = bed.n_results;

        bed_submit(lane, &job, &bed.results[n]);
        bed_await_results(n + 1);
        bed_assert_done(&bed.results[n], 0);
}

START_TEST(processes_have_names) {
        for (unsigned i = 0; i < BED_LANES; ++i)
                do_one(i);
        assert_named(bed_parent_of(bed_pid_of(0)), "slugd-forker");
        assert_named(bed_pid_of(0), "slugd-worker0");
        assert_named(bed_pid_of(1), "slugd-worker1");
}
END_TEST

START_TEST(a_worker_has_nothing_open_but_its_socket) {
        unsigned n_open = 0;
        char path[64];
        DIR *dir;

        do_one(1);
        (void)snprintf(path, sizeof(path), "/proc/%d/fd", bed_pid_of(1));
        dir = opendir(path);
        ck_assert_ptr_nonnull(dir);
        for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
                if (entry->d_name[0] != '.') {
                        ck_assert_int_le(strtol(entry->d_name, NULL, 10), 3);
                        ++n_open;
                }
        (void)closedir(dir);
        ck_assert_uint_ge(n_open, 3); /* whether there is a stderr is the caller's choice */
        ck_assert_uint_le(n_open, 4);
}
END_TEST

START_TEST(signals_that_stop_a_service_do_not_stop_its_workers) {
        static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ };
        int pid = bed_pid_of(0), forker = bed_parent_of(pid);

        for (size_t i = 0; i < ELEMENTSOF(numbers); ++i) {
                ck_assert_int_eq(kill(pid, numbers[i]), 0);
                ck_assert_int_eq(kill(forker, numbers[i]), 0);
                do_one(0);
        }
        ck_assert_int_eq(bed_pid_of(0), pid);
        ck_assert_int_eq(bed_parent_of(pid), forker);
        bed_kill_and_await(pid);
        bed_await_other(0, pid);
}
END_TEST

static const char *mask_of(int pid, char line[static 64]) {
        char path[64];
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
        file = fopen(path, "re");
        ck_assert_ptr_nonnull(file);
        while (fgets(line, 64, file) && strncmp(line, "SigBlk:", 7) != 0)
                continue;
        (void)fclose(file);
        return line;
}

START_TEST(a_call_that_takes_too_long_is_interrupted) {
        const struct timespec longer = { .tv_nsec = 50 * 1000 * 1000 };
        struct sigaction action = {};
        int fds[2];
        char byte;

        ck_assert_int_eq(sigaction(SIGALRM, NULL, &action), 0);
        ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
        ck_assert_int_eq(patience_begin(5 * USEC_PER_MSEC), 0);
        for (unsigned i = 0; i < 3; ++i) {
                ck_assert_int_eq(read(fds[0], &byte, 1), -1);
                ck_assert_int_eq(errno, EINTR);
        }
        patience_end();
        ck_assert_int_eq(nanosleep(&longer, NULL), 0);
        ck_assert_int_eq(patience_begin(0), 0);
        ck_assert_int_eq(nanosleep(&longer, NULL), 0);
        (void)close(fds[0]);
        (void)close(fds[1]);
        ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
}
END_TEST

START_TEST(a_worker_blocks_no_signals_of_its_parents) {
        sigset_t all, before;
        char line[64];

        (void)sigfillset(&all);
        ck_assert_int_eq(sigprocmask(SIG_BLOCK, &all, &before), 0);
        bed_start();
        ck_assert_int_eq(sigprocmask(SIG_SETMASK, &before, NULL), 0);
        do_one(0);
        ck_assert_str_eq(mask_of(bed_pid_of(0), line), "SigBlk:\t0000000000000000\n");
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("worker-process");
        TCase *t = bed_new_case(s, "processes", bed_setup);

        tcase_add_test(t, freeing_ends_all_and_calls_nobody);
        tcase_add_test(t, freeing_does_not_wait_for_one_that_is_stuck);
        tcase_add_test(t, processes_have_names);
        tcase_add_test(t, a_worker_has_nothing_open_but_its_socket);
        tcase_add_test(t, signals_that_stop_a_service_do_not_stop_its_workers);
        t = bed_new_case(s, "start", bed_open);
        tcase_add_test(t, all_end_with_the_process_that_made_them);
        tcase_add_test(t, only_capable_lanes_keep_capabilities);
        tcase_add_loop_test(t, what_cannot_be_forked_at_the_start_is_an_error, 0,
                            ELEMENTSOF(forks));
        tcase_add_test(t, a_number_of_lanes_out_of_range_is_refused);
        tcase_add_test(t, out_of_memory_changes_nothing);
        tcase_add_test(t, a_file_over_the_limit_is_an_error_and_no_death);
        tcase_add_test(t, a_call_that_takes_too_long_is_interrupted);
        tcase_add_test(t, a_worker_blocks_no_signals_of_its_parents);
        return s;
}
