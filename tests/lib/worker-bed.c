/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/worker-bed.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>

#include "base/clock.h"
#include "worker/process.h"

#define BED_SHORT_USEC (50 * USEC_PER_MSEC)
#define BED_LIMIT_MSEC 20000

int __real_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags);
int __wrap_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags);
pid_t __real_fork(void);
pid_t __wrap_fork(void);
bool __real_process_await_end(int pidfd, uint64_t until_usec);
bool __wrap_process_await_end(int pidfd, uint64_t until_usec);

WorkerBed bed;

int __wrap_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags) {
        return bed.signals_are_swallowed ? 0 : __real_pidfd_send_signal(pidfd, number, info, flags);
}

pid_t __wrap_fork(void) {
        if (bed.n_forks_left && *bed.n_forks_left == 0) {
                errno = EAGAIN;
                return -1;
        }
        if (bed.n_forks_left && *bed.n_forks_left > 0)
                --*bed.n_forks_left;
        return __real_fork();
}

bool __wrap_process_await_end(int pidfd, uint64_t until_usec) {
        ++bed.n_awaited;
        return __real_process_await_end(pidfd, until_usec);
}

void bed_on_done(int error, int fd, void *userdata) {
        BedResult *result = userdata;

        ++result->n_calls;
        result->order = ++bed.n_results;
        result->error = error;
        result->fd = fd;
}

static void on_observed(unsigned lane, const WorkerState *state, void *userdata) {
        ck_assert_ptr_eq(userdata, &bed.observed);
        bed.observed.lane = lane;
        bed.observed.state = *state;
        if (state->is_stuck)
                ++bed.observed.n_stuck;
        else
                ++bed.observed.n_back;
}

void bed_open(void) {
        bed = (WorkerBed){ .folder = folder_new() };
        folder_write(&bed.folder, "file", "0123456789");
        bed.dir_fd = open(bed.folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(bed.dir_fd, 0);
        bed.file_fd = openat(bed.dir_fd, "file", O_RDWR | O_CLOEXEC);
        ck_assert_int_ge(bed.file_fd, 0);
        bed.n_forks_left = mmap(NULL, sizeof(*bed.n_forks_left), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(bed.n_forks_left, MAP_FAILED);
        *bed.n_forks_left = -1;
}

void bed_start(void) {
        ck_assert_int_eq(workers_new(BED_LANES, 0, &bed.workers), 0);
        workers_observe(bed.workers, on_observed, &bed.observed);
}

void bed_setup(void) {
        bed_open();
        bed_start();
}

void bed_teardown(void) {
        bed.signals_are_swallowed = false;
        bed.workers = workers_free(bed.workers);
        (void)munmap(bed.n_forks_left, sizeof(*bed.n_forks_left));
        bed.n_forks_left = NULL;
        bed.file_fd = fd_close(bed.file_fd);
        bed.dir_fd = fd_close(bed.dir_fd);
        folder_remove(&bed.folder);
}

void bed_look(void) {
        struct pollfd ready = { .fd = workers_get_fd(bed.workers), .events = POLLIN };

        ck_assert_int_eq(poll(&ready, 1, BED_LIMIT_MSEC), 1);
        ck_assert_int_eq(workers_dispatch(bed.workers), 0);
}

void bed_await_results(unsigned n) {
        while (bed.n_results < n)
                bed_look();
        ck_assert_uint_eq(bed.n_results, n);
}

void bed_await_other(unsigned lane, int pid) {
        while (worker_get_state(bed.workers, lane).pid == pid ||
               worker_get_state(bed.workers, lane).pid == 0)
                bed_look();
}

int bed_pid_of(unsigned lane) {
        return worker_get_state(bed.workers, lane).pid;
}

int bed_open_process(int pid) {
        int pidfd = pidfd_open(pid, 0);

        ck_assert_int_ge(pidfd, 0);
        return pidfd;
}

void bed_assert_ends(int pidfd) {
        struct pollfd end = { .fd = pidfd, .events = POLLIN };

        ck_assert_int_eq(poll(&end, 1, BED_LIMIT_MSEC), 1);
        (void)close(pidfd);
}

void bed_kill_and_await(int pid) {
        int pidfd = bed_open_process(pid);

        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        bed_assert_ends(pidfd);
}

int bed_parent_of(int pid) {
        char path[64], line[128];
        int parent = 0;
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
        file = fopen(path, "re");
        ck_assert_ptr_nonnull(file);
        while (fgets(line, sizeof(line), file))
                if (strncmp(line, "PPid:", 5) == 0)
                        parent = (int)strtol(line + 5, NULL, 10);
        (void)fclose(file);
        ck_assert_int_gt(parent, 0);
        return parent;
}

WorkerJob bed_append_of(const char *text, uint64_t offset) {
        return (WorkerJob){
                .op = WORKER_OP_APPEND,
                .fd = bed.file_fd,
                .data = text,
                .n_data = strlen(text),
                .offset = offset,
                .deadline_usec = BED_LONG_USEC,
        };
}

WorkerJob bed_replace_of(const char *name, const char *text) {
        return (WorkerJob){
                .op = WORKER_OP_REPLACE,
                .fd = bed.dir_fd,
                .name = name,
                .data = text,
                .n_data = strlen(text),
                .deadline_usec = BED_LONG_USEC,
        };
}

WorkerJob bed_set_of(const char *text) {
        WorkerJob job = bed_append_of(text, 0);

        job.op = WORKER_OP_SET;
        return job;
}

void bed_submit(unsigned lane, const WorkerJob *job, BedResult *result) {
        ck_assert_int_eq(worker_submit(bed.workers, lane, job, bed_on_done, result), 0);
}

void bed_assert_done(const BedResult *result, int error) {
        ck_assert_uint_eq(result->n_calls, 1);
        ck_assert_int_eq(result->error, error);
}

void bed_assert_file(const char *name, const char *text) {
        int fd = openat(bed.dir_fd, name, O_RDONLY | O_CLOEXEC);
        char buffer[256];
        ssize_t n;

        ck_assert_int_ge(fd, 0);
        n = read(fd, buffer, sizeof(buffer) - 1);
        (void)close(fd);
        ck_assert_int_ge(n, 0);
        buffer[n] = '\0';
        ck_assert_str_eq(buffer, text);
}

void bed_make_stuck(void) {
        WorkerJob job = bed_append_of("x", 0);

        bed.signals_are_swallowed = true;
        ck_assert_int_eq(kill(bed_pid_of(0), SIGSTOP), 0);
        job.deadline_usec = BED_SHORT_USEC;
        bed_submit(0, &job, &bed.results[0]);
        bed_submit(0, &job, &bed.results[1]);
        bed_submit(0, &job, &bed.results[2]);
        bed_await_results(1);
        bed_assert_done(&bed.results[0], -ETIMEDOUT);
        ck_assert(!worker_get_state(bed.workers, 0).is_stuck);
        bed_await_results(3);
}

TCase *bed_new_case(Suite *s, const char *name, void (*begin)(void)) {
        TCase *t = tcase_create(name);

        tcase_add_checked_fixture(t, begin, bed_teardown);
        tcase_set_timeout(t, 60);
        suite_add_tcase(s, t);
        return t;
}
