/* SPDX-License-Identifier: Apache-2.0 */
/* Workers: what they do, and what happens to a lane when they do not. */
#include "worker/worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "lib/test-main.h"
#include "lib/worker-bed.h"

#define SHORT_USEC (50 * USEC_PER_MSEC)
#define LIMIT_MSEC 20000

/* What is done */

START_TEST(append_writes_at_its_offset_and_cuts_off_behind) {
        WorkerJob job = bed_append_of("abc", 4);

        bed_submit(0, &job, &bed.results[0]);
        bed_await_results(1);
        bed_assert_done(&bed.results[0], 0);
        ck_assert_int_eq(bed.results[0].fd, -EBADF);
        bed_assert_file("file", "0123abc");
}
END_TEST

START_TEST(append_of_nothing_only_cuts_off) {
        WorkerJob job = bed_append_of("", 3);

        job.data = NULL;
        bed_submit(0, &job, &bed.results[0]);
        bed_await_results(1);
        bed_assert_done(&bed.results[0], 0);
        bed_assert_file("file", "012");
}
END_TEST

START_TEST(append_to_a_file_that_was_removed_fails) {
        WorkerJob job = bed_append_of("abc", 0);

        ck_assert_int_eq(unlinkat(bed.dir_fd, "file", 0), 0);
        bed_submit(0, &job, &bed.results[0]);
        bed_await_results(1);
        bed_assert_done(&bed.results[0], -ENOENT);
}
END_TEST

START_TEST(replace_gives_a_descriptor_of_the_new_file) {
        WorkerJob job = bed_replace_of("file", "new");
        struct stat stat;

        bed_submit(0, &job, &bed.results[0]);
        bed_await_results(1);
        bed_assert_done(&bed.results[0], 0);
        bed_assert_file("file", "new");
        ck_assert_int_eq(fstatat(bed.dir_fd, "file", &stat, AT_SYMLINK_NOFOLLOW), 0);
        ck_assert_uint_eq(stat.st_mode, S_IFREG | 0600);
        ck_assert_int_ge(bed.results[0].fd, 0);
        ck_assert_int_eq(fcntl(bed.results[0].fd, F_GETFD), FD_CLOEXEC);

        job = bed_append_of(" and more", 3);
        job.fd = bed.results[0].fd;
        bed_submit(1, &job, &bed.results[1]);
        (void)close(bed.results[0].fd);
        bed_await_results(2);
        bed_assert_done(&bed.results[1], 0);
        bed_assert_file("file", "new and more");
}
END_TEST

static const struct {
        const char *before, *text;
} settings[] = {
        { "0123456789", "max\n" },
        { "1\n", "17179869184\n" },
        { "max\n", "0-1\n" },
        { "", "\n" },
};

START_TEST(set_is_all_that_a_file_says) {
        WorkerJob job = bed_set_of(settings[_i].text);

        folder_write(&bed.folder, "knob", settings[_i].before);
        job.fd = openat(bed.dir_fd, "knob", O_WRONLY | O_CLOEXEC);
        ck_assert_int_eq(lseek(job.fd, 3, SEEK_SET), 3); /* where others are does not matter */
        bed_submit(0, &job, &bed.results[0]);
        (void)close(job.fd);
        bed_await_results(1);
        bed_assert_done(&bed.results[0], 0);
        ck_assert_int_eq(bed.results[0].fd, -EBADF);
        bed_assert_file("knob", settings[_i].text);
}
END_TEST

/* One that takes what is written as a value, as a cgroup's do, and refuses what is none. */
START_TEST(set_of_a_file_of_the_kernels_is_what_it_makes_of_it) {
        WorkerJob job = bed_set_of(" 17 ");
        char text[16] = "";

        job.fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
        ck_assert_int_ge(job.fd, 0);
        bed_submit(0, &job, &bed.results[0]);
        job.data = "many";
        bed_submit(0, &job, &bed.results[1]);
        bed_await_results(2);
        bed_assert_done(&bed.results[0], 0);
        bed_assert_done(&bed.results[1], -EINVAL);
        ck_assert_int_eq(pread(job.fd, text, sizeof(text) - 1, 0), 3);
        ck_assert_str_eq(text, "17\n");
        (void)close(job.fd);
}
END_TEST

START_TEST(set_takes_so_much_and_no_more) {
        char text[WORKER_SET_MAX + 1];
        WorkerJob job = bed_set_of("");

        memset(text, 'x', sizeof(text));
        text[WORKER_SET_MAX] = '\0';
        job.data = text;
        job.n_data = WORKER_SET_MAX;
        bed_submit(0, &job, &bed.results[0]);
        bed_await_results(1);
        bed_assert_done(&bed.results[0], 0);
        ck_assert_int_eq(lseek(bed.file_fd, 0, SEEK_END), WORKER_SET_MAX);
        ++job.n_data;
        ck_assert_int_eq(worker_submit(bed.workers, 0, &job, bed_on_done, &bed.results[1]),
                         -EINVAL);
}
END_TEST

START_TEST(data_that_no_packet_holds_arrives_whole) {
        const size_t n = 8u * 1024 * 1024 + 5;
        unsigned char *data = malloc(n), *read_back = malloc(n + 1);
        WorkerJob job = bed_append_of("", 7);

        ck_assert(data && read_back);
        for (size_t i = 0; i < n; ++i)
                data[i] = (unsigned char)(i * 131 >> 3);
        job.data = data;
        job.n_data = n;
        bed_submit(0, &job, &bed.results[0]);
        bed_await_results(1);
        bed_assert_done(&bed.results[0], 0);
        ck_assert_int_eq(pread(bed.file_fd, read_back, n + 1, 7), (ssize_t)n);
        ck_assert_int_eq(memcmp(data, read_back, n), 0);
        free(data);
        free(read_back);
}
END_TEST

START_TEST(what_a_job_borrows_is_free_after_submitting) {
        char text[] = "kept", name[] = "name";
        WorkerJob job = bed_replace_of(name, text);
        int fd = dup(bed.dir_fd);

        ck_assert_int_eq(kill(bed_pid_of(0), SIGSTOP), 0);
        job.fd = fd;
        bed_submit(0, &job, &bed.results[0]);
        bed_submit(0, &job, &bed.results[1]);
        (void)close(fd);
        memset(text, 'x', sizeof(text));
        memset(name, 'x', sizeof(name));
        ck_assert_int_eq(kill(bed_pid_of(0), SIGCONT), 0);
        bed_await_results(2);
        for (size_t i = 0; i < 2; ++i) {
                bed_assert_done(&bed.results[i], 0);
                (void)close(bed.results[i].fd);
        }
        bed_assert_file("name", "kept");
}
END_TEST

static const struct {
        const char *name;
        WorkerOp op;
        const char *path; /* of what is opened; "" is the folder */
        int flags;
        const char *target; /* REPLACE: its name */
        int error;
} failures[] = {
        { "read only", WORKER_OP_APPEND, "file", O_RDONLY, NULL, -EBADF },
        { "a folder", WORKER_OP_APPEND, "", O_RDONLY, NULL, -EBADF },
        { "O_APPEND", WORKER_OP_APPEND, "file", O_WRONLY | O_APPEND, NULL, -EINVAL },
        { "a full disk", WORKER_OP_APPEND, "/dev/full", O_WRONLY, NULL, -ENOSPC },
        { "set, read only", WORKER_OP_SET, "file", O_RDONLY, NULL, -EBADF },
        { "set, a folder", WORKER_OP_SET, "", O_RDONLY, NULL, -EBADF },
        { "set, O_APPEND", WORKER_OP_SET, "file", O_WRONLY | O_APPEND, NULL, -EINVAL },
        { "set, a full disk", WORKER_OP_SET, "/dev/full", O_WRONLY, NULL, -ENOSPC },
        { "name of a folder", WORKER_OP_REPLACE, "", O_RDONLY, "folder", -EISDIR },
        { "no folder", WORKER_OP_REPLACE, "file", O_RDONLY, "other", -ENOTDIR },
        { "kernel's folder", WORKER_OP_REPLACE, "/proc", O_RDONLY, "other", -ENOENT },
};

START_TEST(what_the_system_says_comes_back) {
        WorkerJob job = bed_append_of("abc", 0);
        char path[128];
        int fd;

        folder_make(&bed.folder, "folder");
        (void)snprintf(path, sizeof(path), "%s%s%s",
                       failures[_i].path[0] == '/' ? "" : bed.folder.path,
                       failures[_i].path[0] == '/' ? "" : "/", failures[_i].path);
        fd = open(path, failures[_i].flags | O_CLOEXEC);
        ck_assert_msg(fd >= 0, "%s", failures[_i].name);
        job.op = failures[_i].op;
        job.fd = fd;
        job.name = failures[_i].target;
        bed_submit(0, &job, &bed.results[0]);
        (void)close(fd);
        bed_await_results(1);
        ck_assert_msg(bed.results[0].error == failures[_i].error, "%s: %d", failures[_i].name,
                      bed.results[0].error);
        ck_assert_int_eq(bed.results[0].fd, -EBADF);
        bed_assert_file("file", "0123456789");
        ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_restarts, 0);
}
END_TEST

static const struct {
        const char *name;
        unsigned lane;
        WorkerJob job;
        int error;
} refusals[] = {
        { "lane", BED_LANES, { .op = WORKER_OP_APPEND, .deadline_usec = 1 }, -EINVAL },
        { "operation", 0, { .op = _WORKER_OP_N, .deadline_usec = 1 }, -EINVAL },
        { "no deadline", 0, { .op = WORKER_OP_APPEND }, -EINVAL },
        { "name", 0, { .op = WORKER_OP_APPEND, .name = "x", .deadline_usec = 1 }, -EINVAL },
        { "offset",
          0,
          { .op = WORKER_OP_APPEND, .offset = (uint64_t)INT64_MAX + 1, .deadline_usec = 1 },
          -EINVAL },
        { "too much",
          0,
          { .op = WORKER_OP_APPEND, .n_data = WORKER_DATA_MAX + 1, .deadline_usec = 1 },
          -EINVAL },
        { "no name", 0, { .op = WORKER_OP_REPLACE, .deadline_usec = 1 }, -EINVAL },
        { "path", 0, { .op = WORKER_OP_REPLACE, .name = "a/b", .deadline_usec = 1 }, -EINVAL },
        { "folder above",
          0,
          { .op = WORKER_OP_REPLACE, .name = "..", .deadline_usec = 1 },
          -EINVAL },
        { "replace at",
          0,
          { .op = WORKER_OP_REPLACE, .name = "a", .offset = 1, .deadline_usec = 1 },
          -EINVAL },
        { "set with a name",
          0,
          { .op = WORKER_OP_SET, .name = "x", .data = "1", .n_data = 1, .deadline_usec = 1 },
          -EINVAL },
        { "set at",
          0,
          { .op = WORKER_OP_SET, .offset = 1, .data = "1", .n_data = 1, .deadline_usec = 1 },
          -EINVAL },
        { "set of nothing", 0, { .op = WORKER_OP_SET, .deadline_usec = 1 }, -EINVAL },
        { "make nothing", 0, { .op = WORKER_OP_MAKE_FOLDER, .deadline_usec = 1 }, -EINVAL },
        { "make above",
          0,
          { .op = WORKER_OP_MAKE_FOLDER, .name = "..", .deadline_usec = 1 },
          -EINVAL },
        { "remove elsewhere",
          0,
          { .op = WORKER_OP_REMOVE_FOLDER, .name = "a/b", .deadline_usec = 1 },
          -EINVAL },
        { "append with patience",
          0,
          { .op = WORKER_OP_APPEND, .deadline_usec = 1, .patience_usec = 1 },
          -EINVAL },
        { "set with the patience of days",
          0,
          { .op = WORKER_OP_SET,
            .data = "1",
            .n_data = 1,
            .deadline_usec = 1,
            .patience_usec = 86400 * USEC_PER_SEC },
          -EINVAL },
        { "remove with data",
          0,
          { .op = WORKER_OP_REMOVE_FOLDER,
            .name = "a",
            .data = "1",
            .n_data = 1,
            .deadline_usec = 1 },
          -EINVAL },
        { "descriptor", 0, { .op = WORKER_OP_APPEND, .fd = -1, .deadline_usec = 1 }, -EBADF },
};

START_TEST(a_job_without_sense_is_refused) {
        int r = worker_submit(bed.workers, refusals[_i].lane, &refusals[_i].job, bed_on_done,
                              &bed.results[0]);

        ck_assert_msg(r == refusals[_i].error, "%s: %d", refusals[_i].name, r);
        ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_waiting, 0);
        ck_assert_uint_eq(bed.n_results, 0);
}
END_TEST

START_TEST(folders_are_made_and_removed) {
        const struct {
                WorkerOp op;
                const char *name;
                int error;
        } jobs[] = {
                { WORKER_OP_MAKE_FOLDER, "new", 0 },
                { WORKER_OP_MAKE_FOLDER, "new", -EEXIST },
                { WORKER_OP_MAKE_FOLDER, "file", -EEXIST },
                { WORKER_OP_REMOVE_FOLDER, "file", -ENOTDIR },
                { WORKER_OP_REMOVE_FOLDER, "new", 0 },
                { WORKER_OP_REMOVE_FOLDER, "new", -ENOENT },
        };

        for (unsigned i = 0; i < ELEMENTSOF(jobs); ++i) {
                const WorkerJob job = { .op = jobs[i].op,
                                        .fd = bed.dir_fd,
                                        .name = jobs[i].name,
                                        .deadline_usec = BED_LONG_USEC };

                bed_submit(0, &job, &bed.results[i]);
                bed_await_results(i + 1);
                bed_assert_done(&bed.results[i], jobs[i].error);
        }
}
END_TEST

START_TEST(a_name_has_255_bytes_at_most) {
        WorkerJob job = bed_replace_of("", "x");
        char name[257];

        memset(name, 'n', sizeof(name));
        name[256] = '\0';
        job.name = name;
        ck_assert_int_eq(worker_submit(bed.workers, 0, &job, bed_on_done, &bed.results[0]),
                         -EINVAL);
        name[255] = '\0';
        bed_submit(0, &job, &bed.results[0]);
        bed_await_results(1);
        bed_assert_done(&bed.results[0], 0);
        (void)close(bed.results[0].fd);
        bed_assert_file(name, "x");
}
END_TEST

/* Lanes */

START_TEST(a_lane_keeps_the_order) {
        char expected[64] = "";

        for (unsigned i = 0; i < 40; ++i) {
                const char text[] = { (char)('A' + i), '\0' };
                WorkerJob job = bed_append_of(text, i);

                expected[i] = text[0];
                bed_submit(0, &job, &bed.results[i]);
        }
        ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_waiting, 40);
        bed_await_results(40);
        for (unsigned i = 0; i < 40; ++i) {
                bed_assert_done(&bed.results[i], 0);
                ck_assert_uint_eq(bed.results[i].order, i + 1);
        }
        bed_assert_file("file", expected);
}
END_TEST

START_TEST(a_lane_that_waits_stops_no_other) {
        WorkerJob first = bed_append_of("x", 0), second = bed_replace_of("other", "y");

        ck_assert_int_eq(kill(bed_pid_of(0), SIGSTOP), 0);
        bed_submit(0, &first, &bed.results[0]);
        bed_submit(1, &second, &bed.results[1]);
        bed_await_results(1);
        bed_assert_done(&bed.results[1], 0);
        (void)close(bed.results[1].fd);
        ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_waiting, 1);
        ck_assert_uint_gt(worker_get_state(bed.workers, 0).busy_usec, 0);
        ck_assert_uint_eq(worker_get_state(bed.workers, 1).n_waiting, 0);
        ck_assert_uint_eq(worker_get_state(bed.workers, 1).busy_usec, 0);
        ck_assert_int_eq(kill(bed_pid_of(0), SIGCONT), 0);
        bed_await_results(2);
        bed_assert_done(&bed.results[0], 0);
        ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_waiting, 0);
}
END_TEST

START_TEST(a_full_lane_takes_nothing_more) {
        WorkerJob job = bed_append_of("x", 0);

        ck_assert_int_eq(kill(bed_pid_of(0), SIGSTOP), 0);
        for (unsigned i = 0; i < WORKER_QUEUE_MAX; ++i)
                bed_submit(0, &job, &bed.results[i]);
        ck_assert_int_eq(worker_submit(bed.workers, 0, &job, bed_on_done, NULL), -ENOBUFS);
        ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_waiting, WORKER_QUEUE_MAX);
        ck_assert_int_eq(kill(bed_pid_of(0), SIGCONT), 0);
        bed_await_results(WORKER_QUEUE_MAX);
        for (unsigned i = 0; i < WORKER_QUEUE_MAX; ++i)
                bed_assert_done(&bed.results[i], 0);
}
END_TEST

static void on_done_again(int error, int fd, void *userdata) {
        WorkerJob job = bed_append_of("again", 0);

        bed_on_done(error, fd, userdata);
        bed_submit(0, &job, &bed.results[bed.n_results]);
}

START_TEST(a_callback_may_submit_and_stands_at_the_end) {
        WorkerJob first = bed_append_of("first", 0), second = bed_append_of("second", 0);

        ck_assert_int_eq(worker_submit(bed.workers, 0, &first, on_done_again, &bed.results[9]), 0);
        bed_submit(0, &second, &bed.results[8]);
        bed_await_results(3);
        ck_assert_uint_eq(bed.results[9].order, 1);
        ck_assert_uint_eq(bed.results[8].order, 2);
        ck_assert_uint_eq(bed.results[1].order, 3);
        bed_assert_done(&bed.results[1], 0);
        bed_assert_file("file", "again");
}
END_TEST

/* Workers that do not work */

static unsigned count_descriptors(void) {
        DIR *dir = opendir("/proc/self/fd");
        unsigned n = 0;

        ck_assert_ptr_nonnull(dir);
        while (readdir(dir))
                ++n;
        (void)closedir(dir);
        return n;
}

START_TEST(a_disowned_job_is_done_and_nobody_is_told) {
        const WorkerJob replace = bed_replace_of("file", "new"), append = bed_append_of("own", 0);
        const unsigned n_descriptors = count_descriptors();

        ck_assert_int_eq(kill(bed_pid_of(0), SIGSTOP), 0);
        bed_submit(0, &replace, &bed.results[0]);
        bed_submit(0, &append, &bed.results[1]);
        bed_submit(0, &replace, &bed.results[0]);
        worker_disown(bed.workers, &bed.results[0]);
        ck_assert_int_eq(kill(bed_pid_of(0), SIGCONT), 0);
        while (worker_get_state(bed.workers, 0).n_waiting > 0)
                bed_look();
        bed_assert_done(&bed.results[1], -ENOENT);
        ck_assert_uint_eq(bed.n_results, 1);
        bed_assert_file("file", "new");
        ck_assert_uint_eq(count_descriptors(), n_descriptors);
}
END_TEST

START_TEST(a_missed_deadline_costs_the_worker_and_not_the_queue) {
        WorkerJob missed = bed_append_of("missed", 0), next = bed_append_of("next", 0);
        int pid = bed_pid_of(0), pidfd = bed_open_process(pid);

        ck_assert_int_eq(kill(pid, SIGSTOP), 0);
        missed.deadline_usec = SHORT_USEC;
        bed_submit(0, &missed, &bed.results[0]);
        bed_submit(0, &next, &bed.results[1]);
        bed_await_results(1);
        bed_assert_done(&bed.results[0], -ETIMEDOUT);
        ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_waiting, 1);
        bed_await_results(2);
        bed_assert_ends(pidfd);
        bed_assert_done(&bed.results[1], 0);
        bed_assert_file("file", "next");
        ck_assert_int_ne(bed_pid_of(0), pid);
        ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_restarts, 1);
        ck_assert_uint_eq(worker_get_state(bed.workers, 1).n_restarts, 0);
        ck_assert_uint_eq(bed.observed.n_stuck + bed.observed.n_back, 0);
}
END_TEST

START_TEST(time_in_the_queue_is_not_of_the_deadline) {
        WorkerJob first = bed_append_of("first", 0), second = bed_append_of("second", 0);
        int pid = bed_pid_of(0);

        ck_assert_int_eq(kill(pid, SIGSTOP), 0);
        first.deadline_usec = 40 * SHORT_USEC;
        second.deadline_usec = 20 * SHORT_USEC;
        bed_submit(0, &first, &bed.results[0]);
        bed_submit(0, &second, &bed.results[1]);
        bed_await_results(2);
        bed_assert_done(&bed.results[0], -ETIMEDOUT);
        bed_assert_done(&bed.results[1], 0);
}
END_TEST

START_TEST(a_worker_that_is_killed_loses_its_job_alone) {
        WorkerJob lost = bed_append_of("lost", 0), next = bed_append_of("next", 0);
        int pid = bed_pid_of(0);

        ck_assert_int_eq(kill(pid, SIGSTOP), 0);
        bed_submit(0, &lost, &bed.results[0]);
        bed_submit(0, &next, &bed.results[1]);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        bed_await_results(2);
        bed_assert_done(&bed.results[0], -ECONNRESET);
        bed_assert_done(&bed.results[1], 0);
        bed_assert_file("file", "next");
        ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_restarts, 1);
}
END_TEST

START_TEST(an_idle_worker_that_dies_is_replaced) {
        WorkerJob job = bed_append_of("x", 0);
        int pid = bed_pid_of(0);

        bed_kill_and_await(pid);
        /* nobody has seen it yet: the job waits for the next one */
        bed_submit(0, &job, &bed.results[0]);
        bed_await_results(1);
        bed_assert_done(&bed.results[0], 0);
        ck_assert_int_ne(bed_pid_of(0), pid);
        ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_restarts, 1);
}
END_TEST

START_TEST(the_last_words_of_a_worker_are_heard) {
        struct pollfd ready = { .fd = workers_get_fd(bed.workers), .events = POLLIN };
        WorkerJob job = bed_append_of("last", 0), next = bed_append_of("next", 0);

        bed_submit(0, &job, &bed.results[0]);
        bed_submit(0, &next, &bed.results[1]);
        ck_assert_int_eq(poll(&ready, 1, LIMIT_MSEC), 1); /* it has answered */
        bed_kill_and_await(bed_pid_of(0));
        bed_await_results(2);
        bed_assert_done(&bed.results[0], 0);
        bed_assert_done(&bed.results[1], 0);
        ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_restarts, 1);
}
END_TEST

START_TEST(workers_that_die_at_once_are_made_more_and_more_slowly) {
        uint64_t begun_usec = clock_now_usec(&clock_monotonic);

        for (unsigned i = 0; i < 5; ++i) {
                int pid = bed_pid_of(0);

                bed_kill_and_await(pid);
                bed_await_other(0, pid);
                /* no zombie is left of it */
                ck_assert_int_eq(kill(pid, 0), -1);
                ck_assert_int_eq(errno, ESRCH);
        }
        /* 10 + 20 + 40 + 80 + 160 ms: on a machine so slow that a worker of a second is young, it
         * took longer anyway */
        ck_assert_uint_ge(clock_now_usec(&clock_monotonic) - begun_usec, 310 * USEC_PER_MSEC);
        ck_assert_uint_eq(worker_get_state(bed.workers, 0).n_restarts, 5);
        ck_assert_uint_eq(bed.observed.n_stuck, 0);
}
END_TEST

/* Lanes that are stuck */

START_TEST(a_worker_that_does_not_die_makes_its_lane_stuck) {
        WorkerJob job = bed_append_of("y", 0);
        int pid = bed_pid_of(0);

        bed_make_stuck();
        bed_assert_done(&bed.results[1], -EBUSY);
        bed_assert_done(&bed.results[2], -EBUSY);
        ck_assert_uint_eq(bed.observed.n_stuck, 1);
        ck_assert_uint_eq(bed.observed.lane, 0);
        ck_assert_uint_eq(bed.observed.state.n_waiting, 2);
        ck_assert_int_eq(bed.observed.state.pid, pid);
        ck_assert(worker_get_state(bed.workers, 0).is_stuck);
        ck_assert_int_eq(worker_submit(bed.workers, 0, &job, bed_on_done, NULL), -EBUSY);
        bed_submit(1, &job, &bed.results[3]);
        bed_await_results(4);
        bed_assert_done(&bed.results[3], 0);
        ck_assert_uint_eq(bed.observed.n_back, 0);
}
END_TEST

START_TEST(a_stuck_lane_comes_back_when_the_process_is_gone) {
        WorkerJob job = bed_append_of("back", 0);
        int pid = bed_pid_of(0);

        bed_make_stuck();
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        while (bed.observed.n_back == 0)
                bed_look();
        ck_assert_uint_eq(bed.observed.n_stuck, 1);
        ck_assert(!bed.observed.state.is_stuck);
        ck_assert_int_ne(bed.observed.state.pid, pid);
        ck_assert(!worker_get_state(bed.workers, 0).is_stuck);
        bed_submit(0, &job, &bed.results[3]);
        bed_await_results(4);
        bed_assert_done(&bed.results[3], 0);
        bed_assert_file("file", "back");
}
END_TEST

START_TEST(a_lane_whose_worker_cannot_be_made_is_stuck_until_it_can) {
        WorkerJob job = bed_append_of("x", 0);

        *bed.n_forks_left = 0;
        bed_kill_and_await(bed_pid_of(0));
        bed_submit(0, &job, &bed.results[0]);
        bed_await_results(1);
        bed_assert_done(&bed.results[0], -EBUSY);
        ck_assert_uint_eq(bed.observed.n_stuck, 1);
        ck_assert_int_eq(bed.observed.state.pid, 0);
        *bed.n_forks_left = -1;
        while (bed.observed.n_back == 0)
                bed_look();
        bed_submit(0, &job, &bed.results[1]);
        bed_await_results(2);
        bed_assert_done(&bed.results[1], 0);
}
END_TEST

START_TEST(without_the_forker_workers_that_live_go_on) {
        WorkerJob job = bed_append_of("x", 0);
        int forker = bed_parent_of(bed_pid_of(0));

        ck_assert_int_eq(bed_parent_of(forker), getpid());
        bed_kill_and_await(forker);
        for (unsigned i = 0; i < BED_LANES; ++i)
                bed_submit(i, &job, &bed.results[i]);
        bed_await_results(2);
        bed_assert_done(&bed.results[0], 0);
        bed_assert_done(&bed.results[1], 0);
        ck_assert_uint_eq(bed.observed.n_stuck, 0);
        /* its exit was taken */
        ck_assert_int_eq(waitpid(forker, NULL, WNOHANG), -1);
        ck_assert_int_eq(errno, ECHILD);

        bed_kill_and_await(bed_pid_of(1));
        while (bed.observed.n_stuck == 0)
                bed_look();
        ck_assert_uint_eq(bed.observed.lane, 1);
        ck_assert_int_eq(bed.observed.state.pid, 0);
        ck_assert_int_eq(worker_submit(bed.workers, 1, &job, bed_on_done, NULL), -EBUSY);
        bed_submit(0, &job, &bed.results[2]);
        bed_await_results(3);
        bed_assert_done(&bed.results[2], 0);
}
END_TEST

START_TEST(a_lane_that_waits_for_a_worker_is_stuck_when_the_forker_dies) {
        WorkerJob job = bed_append_of("x", 0);
        int forker = bed_parent_of(bed_pid_of(0));

        ck_assert_int_eq(kill(forker, SIGSTOP), 0);
        bed_kill_and_await(bed_pid_of(0));
        bed_submit(0, &job, &bed.results[0]);
        while (bed_pid_of(0) != 0)
                bed_look();
        bed_kill_and_await(forker);
        /* told by the first look, not when a worker is overdue */
        ck_assert_int_eq(workers_dispatch(bed.workers), 0);
        bed_assert_done(&bed.results[0], -EBUSY);
        ck_assert_uint_eq(bed.observed.n_stuck, 1);
}
END_TEST

static void add_work(Suite *s) {
        TCase *t = bed_new_case(s, "work", bed_setup);

        tcase_add_test(t, append_writes_at_its_offset_and_cuts_off_behind);
        tcase_add_test(t, append_of_nothing_only_cuts_off);
        tcase_add_test(t, append_to_a_file_that_was_removed_fails);
        tcase_add_test(t, replace_gives_a_descriptor_of_the_new_file);
        tcase_add_loop_test(t, set_is_all_that_a_file_says, 0, ELEMENTSOF(settings));
        tcase_add_test(t, set_of_a_file_of_the_kernels_is_what_it_makes_of_it);
        tcase_add_test(t, set_takes_so_much_and_no_more);
        tcase_add_test(t, folders_are_made_and_removed);
        tcase_add_test(t, data_that_no_packet_holds_arrives_whole);
        tcase_add_test(t, what_a_job_borrows_is_free_after_submitting);
        tcase_add_loop_test(t, what_the_system_says_comes_back, 0, ELEMENTSOF(failures));
        tcase_add_loop_test(t, a_job_without_sense_is_refused, 0, ELEMENTSOF(refusals));
        tcase_add_test(t, a_name_has_255_bytes_at_most);
        tcase_add_test(t, a_lane_keeps_the_order);
        tcase_add_test(t, a_lane_that_waits_stops_no_other);
        tcase_add_test(t, a_full_lane_takes_nothing_more);
        tcase_add_test(t, a_callback_may_submit_and_stands_at_the_end);
        tcase_add_test(t, a_disowned_job_is_done_and_nobody_is_told);
}

static void add_trouble(Suite *s) {
        TCase *t = bed_new_case(s, "trouble", bed_setup);

        tcase_add_test(t, a_missed_deadline_costs_the_worker_and_not_the_queue);
        tcase_add_test(t, time_in_the_queue_is_not_of_the_deadline);
        tcase_add_test(t, a_worker_that_is_killed_loses_its_job_alone);
        tcase_add_test(t, an_idle_worker_that_dies_is_replaced);
        tcase_add_test(t, the_last_words_of_a_worker_are_heard);
        tcase_add_test(t, workers_that_die_at_once_are_made_more_and_more_slowly);
        tcase_add_test(t, a_worker_that_does_not_die_makes_its_lane_stuck);
        tcase_add_test(t, a_stuck_lane_comes_back_when_the_process_is_gone);
        tcase_add_test(t, a_lane_whose_worker_cannot_be_made_is_stuck_until_it_can);
        tcase_add_test(t, without_the_forker_workers_that_live_go_on);
        tcase_add_test(t, a_lane_that_waits_for_a_worker_is_stuck_when_the_forker_dies);
}

Suite *suite(void) {
        Suite *s = suite_create("worker");

        add_work(s);
        add_trouble(s);
        return s;
}
