/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a fake tree, real workers, and a double of systemd. A worker that hangs is one that is
 * stopped.
 */
#include "cgroup/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "lib/failmalloc.h"
#include "lib/folder.h"
#include "lib/systemd-double.h"
#include "lib/test-main.h"

#define LIMIT_USEC (20 * USEC_PER_SEC)
#define SHORT_USEC (100 * USEC_PER_MSEC)
#define GROUP      "kubepods.slice/kubepods-burstable.slice"
#define UNIT       "kubepods-burstable.slice"
#define DIR        CGROUP_DIR "/" GROUP "/"
#define SAID       "SetUnitProperties sba(sv) \"" UNIT "\" true "

enum { LANE_OF_LIMITS, LANE_OF_CPUSETS };

typedef struct Result {
        unsigned n_calls;
        CgroupWriteResult result;
        char message[128];
} Result;

static Folder folder;
static Root root;
static CgroupTree tree;
static sd_event *event;
static SystemdDouble systemd;
static CgroupBus *bus;
static Workers *workers;
static CgroupWriter *writer;
static Result results[80];
static unsigned n_results;

/* As a kernel before 7.2 with processes in the cgroup. Workers see it. */
static bool *wants_nodes;

ssize_t __real_pwrite(int fd, const void *data, size_t n_data, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *data, size_t n_data, off_t offset);

ssize_t __wrap_pwrite(int fd, const void *data, size_t n_data, off_t offset) {
        if (!*wants_nodes || n_data != 1 || memcmp(data, "\n", 1) != 0)
                return __real_pwrite(fd, data, n_data, offset);
        errno = ENOSPC;
        return -1;
}

/* An assertion allocates, and allocations may be failing. */
static int on_workers(sd_event_source *source _unused_,
                      int fd _unused_,
                      uint32_t events _unused_,
                      void *userdata _unused_) {
        return workers_dispatch(workers);
}

static void start(uint64_t deadline_usec, CgroupBus *told) {
        const CgroupWriterParams params = {
                .tree = &tree,
                .workers = workers,
                .bus = told,
                .lane = LANE_OF_LIMITS,
                .cpuset_lane = LANE_OF_CPUSETS,
                .deadline_usec = deadline_usec,
        };

        writer = cgroup_writer_free(writer);
        ck_assert_int_eq(cgroup_writer_new(&params, &writer), 0);
}

static void setup(void) {
        memset(results, 0, sizeof(results));
        n_results = 0;
        wants_nodes = mmap(NULL, sizeof(*wants_nodes), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(wants_nodes, MAP_FAILED);
        ck_assert_int_eq(workers_new(2, 0, &workers), 0);
        folder = folder_new();
        folder_write(&folder, CGROUP_DIR "/cgroup.controllers", "memory cpuset\n");
        folder_write(&folder, DIR "memory.max", "max\n");
        folder_write(&folder, DIR "memory.high", "18446744073709551615\n");
        folder_write(&folder, DIR "cpuset.mems", "0-1\n");
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_eq(cgroup_tree_open(&root, &tree), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_ge(
                sd_event_add_io(event, NULL, workers_get_fd(workers), EPOLLIN, on_workers, NULL),
                0);
        double_open(&systemd, event);
        ck_assert_int_eq(
                cgroup_bus_new(&(CgroupBusParams){ .event = event, .address = systemd.address },
                               &bus),
                0);
        start(0, bus);
}

static void teardown(void) {
        writer = cgroup_writer_free(writer);
        bus = cgroup_bus_free(bus);
        double_close(&systemd);
        event = sd_event_unref(event);
        cgroup_tree_deinit(&tree);
        root_deinit(&root);
        folder_remove(&folder);
        workers = workers_free(workers);
        (void)munmap(wants_nodes, sizeof(*wants_nodes));
}

static void turn(void) {
        ck_assert_int_gt(sd_event_run(event, LIMIT_USEC), 0);
}

static void settle(void) {
        while (sd_event_run(event, SHORT_USEC) > 0)
                ;
}

static void on_done(const CgroupWriteResult *result, void *userdata) {
        Result *own = userdata;

        ++n_results;
        ++own->n_calls;
        own->result = *result;
        (void)snprintf(own->message, sizeof(own->message), "%s", result->message);
        own->result.message = own->message;
}

static void await_results(unsigned n) {
        while (n_results < n)
                turn();
        ck_assert_uint_eq(n_results, n);
}

static CgroupWrite of_number(CgroupKnob knob, uint64_t number) {
        return (CgroupWrite){
                .path = GROUP,
                .knob = knob,
                .value = { .number = number },
                .unit = UNIT,
        };
}

static int submit(const CgroupWrite *write, unsigned i) {
        return cgroup_writer_write(writer, write, on_done, &results[i]);
}

static int submit_number(uint64_t number, unsigned i) {
        const CgroupWrite write = of_number(CGROUP_MEMORY_MAX, number);

        return submit(&write, i);
}

static void expect_file(const char *file, const char *text) {
        char path[256], buffer[256];
        size_t n;

        (void)snprintf(path, sizeof(path), DIR "%s", file);
        ck_assert_int_eq(root_read(&root, path, buffer, sizeof(buffer), &n), 0);
        ck_assert_str_eq(buffer, text);
}

static void expect_failed(unsigned i, int error, CgroupWriteStep step) {
        ck_assert_uint_eq(results[i].n_calls, 1);
        ck_assert_int_eq(results[i].result.error, error);
        ck_assert_uint_eq(results[i].result.step, step);
}

static void expect_found(unsigned i, uint64_t number) {
        ck_assert_uint_eq(results[i].n_calls, 1);
        ck_assert(results[i].result.has_found);
        ck_assert_uint_eq(results[i].result.found.number, number);
}

static void expect_written(unsigned i, uint64_t number) {
        ck_assert_int_eq(results[i].result.error, 0);
        ck_assert_str_eq(results[i].message, "");
        expect_found(i, number);
}

static void stop(unsigned lane) {
        ck_assert_int_eq(kill(worker_get_state(workers, lane).pid, SIGSTOP), 0);
}

static void go_on(unsigned lane) {
        ck_assert_int_eq(kill(worker_get_state(workers, lane).pid, SIGCONT), 0);
}

/* Writing */

START_TEST(the_file_is_written_first_and_systemd_told_after) {
        systemd.mood = DOUBLE_HOLDS;
        ck_assert_int_eq(submit_number(4096, 0), 0);
        ck_assert_uint_eq(n_results, 0);
        ck_assert_uint_eq(systemd.n_calls, 0);
        while (systemd.n_calls == 0)
                turn();
        expect_file("memory.max", "4096\n");
        ck_assert_str_eq(systemd.calls[0], SAID "[(\"MemoryMax\" <t 4096>)]");
        ck_assert_uint_eq(n_results, 0);
        double_let_go(&systemd);
        await_results(1);
        expect_written(0, 4096);
        ck_assert_uint_eq(systemd.n_calls, 1);
}
END_TEST

START_TEST(no_limit_is_max) {
        const CgroupWrite write = of_number(CGROUP_MEMORY_HIGH, CGROUP_MAX);

        ck_assert_int_eq(submit(&write, 0), 0);
        await_results(1);
        expect_written(0, CGROUP_MAX);
        expect_file("memory.high", "max\n"); /* and nothing of the longer text before */
        ck_assert_str_eq(systemd.calls[0], SAID "[(\"MemoryHigh\" <t 18446744073709551615>)]");
}
END_TEST

START_TEST(no_numa_nodes_are_written_too) {
        CgroupWrite write = { .path = GROUP, .knob = CGROUP_CPUSET_MEMS, .unit = UNIT };

        ck_assert_int_eq(submit(&write, 0), 0);
        await_results(1);
        ck_assert_int_eq(results[0].result.error, 0);
        ck_assert(results[0].result.has_found);
        ck_assert(nodeset_is_empty(&results[0].result.found.nodes));
        expect_file("cpuset.mems", "\n");
        ck_assert_str_eq(systemd.calls[0], SAID "[(\"AllowedMemoryNodes\" <ay {}>)]");
        nodeset_add(&write.value.nodes, 2);
        ck_assert_int_eq(submit(&write, 1), 0);
        await_results(2);
        ck_assert(nodeset_is_equal(&results[1].result.found.nodes, &write.value.nodes));
        expect_file("cpuset.mems", "2\n");
}
END_TEST

/* A mask that has no file yet: the controller is off. */

static CgroupWrite of_first_mask(void) {
        CgroupWrite write = { .path = GROUP, .knob = CGROUP_CPUSET_MEMS, .unit = UNIT };

        folder_delete(&folder, DIR "cpuset.mems");
        folder_write(&folder, CGROUP_DIR "/cpuset.mems.effective", "0-1\n");
        nodeset_add(&write.value.nodes, 1);
        return write;
}

START_TEST(systemd_makes_the_file_of_a_mask_and_is_told_again) {
        const CgroupWrite write = of_first_mask();

        systemd.mood = DOUBLE_HOLDS;
        ck_assert_int_eq(submit(&write, 0), 0);
        while (systemd.n_held == 0)
                turn();
        ck_assert_str_eq(systemd.calls[0], SAID "[(\"AllowedMemoryNodes\" <ay {03}>)]");
        folder_write(&folder, DIR "cpuset.mems", "0-1\n");
        systemd.mood = DOUBLE_ANSWERS;
        double_let_go(&systemd);
        await_results(1);
        ck_assert_int_eq(results[0].result.error, 0);
        expect_file("cpuset.mems", "1\n");
        ck_assert_uint_eq(systemd.n_calls, 2);
        ck_assert_str_eq(systemd.calls[1], SAID "[(\"AllowedMemoryNodes\" <ay {02}>)]");
}
END_TEST

START_TEST(a_mask_whose_file_is_not_made_is_refused) {
        const CgroupWrite write = of_first_mask();

        ck_assert_int_eq(submit(&write, 0), 0);
        await_results(1);
        expect_failed(0, -EOPNOTSUPP, CGROUP_WRITE_ENABLE);
        ck_assert(!results[0].result.has_found);
        systemd.mood = DOUBLE_REFUSES;
        systemd.error_name = "org.freedesktop.systemd1.NoSuchUnit";
        systemd.error_text = "no such unit";
        ck_assert_int_eq(submit(&write, 1), 0);
        await_results(2);
        expect_failed(1, -ENOENT, CGROUP_WRITE_ENABLE);
}
END_TEST

START_TEST(a_mask_without_a_file_and_without_systemd_is_absent) {
        CgroupWrite write = of_first_mask();

        write.unit = NULL;
        ck_assert_int_eq(submit(&write, 0), CGROUP_E_ABSENT);
        write.unit = UNIT;
        start(0, NULL);
        ck_assert_int_eq(submit(&write, 0), CGROUP_E_ABSENT);
        settle();
        ck_assert_uint_eq(n_results, 0);
}
END_TEST

START_TEST(where_no_numa_nodes_are_refused_those_of_the_parent_are_written) {
        const CgroupWrite write = { .path = GROUP, .knob = CGROUP_CPUSET_MEMS, .unit = UNIT };
        NodeSet nodes = {};

        folder_write(&folder, CGROUP_DIR "/kubepods.slice/cpuset.mems.effective", "0-3\n");
        for (unsigned node = 0; node < 4; ++node)
                nodeset_add(&nodes, node);
        *wants_nodes = true;
        ck_assert_int_eq(submit(&write, 0), 0);
        await_results(1);
        ck_assert_int_eq(results[0].result.error, 0);
        ck_assert(nodeset_is_equal(&results[0].result.found.nodes, &nodes));
        expect_file("cpuset.mems", "0-3\n");
        /* systemd is told what is meant */
        ck_assert_str_eq(systemd.calls[0], SAID "[(\"AllowedMemoryNodes\" <ay {}>)]");
}
END_TEST

START_TEST(where_nobody_knows_those_of_the_parent_it_is_a_failure) {
        const CgroupWrite write = { .path = GROUP, .knob = CGROUP_CPUSET_MEMS, .unit = UNIT };

        *wants_nodes = true;
        ck_assert_int_eq(submit(&write, 0), 0);
        await_results(1);
        expect_failed(0, -ENOSPC, CGROUP_WRITE_FILE);
        expect_file("cpuset.mems", "0-1\n");
        ck_assert_uint_eq(systemd.n_calls, 0);
}
END_TEST

START_TEST(without_a_unit_or_a_bus_nobody_is_told) {
        CgroupWrite write = of_number(CGROUP_MEMORY_MAX, 4096);

        write.unit = NULL;
        ck_assert_int_eq(submit(&write, 0), 0);
        await_results(1);
        expect_written(0, 4096);
        start(0, NULL);
        ck_assert_int_eq(submit_number(8192, 1), 0);
        await_results(2);
        expect_written(1, 8192);
        settle();
        ck_assert_uint_eq(systemd.n_accepted, 0);
}
END_TEST

START_TEST(what_moves_pages_does_not_hold_up_limits) {
        const CgroupWrite slow = { .path = GROUP, .knob = CGROUP_CPUSET_MEMS };

        stop(LANE_OF_CPUSETS);
        ck_assert_int_eq(submit(&slow, 0), 0);
        ck_assert_int_eq(submit_number(4096, 1), 0);
        await_results(1);
        expect_written(1, 4096);
        go_on(LANE_OF_CPUSETS);
        await_results(2);
        ck_assert_int_eq(results[0].result.error, 0);
}
END_TEST

START_TEST(what_was_read_back_is_what_is_there) {
        systemd.mood = DOUBLE_HOLDS;
        ck_assert_int_eq(submit_number(4096, 0), 0);
        while (systemd.n_calls == 0)
                turn();
        folder_write(&folder, DIR "memory.max", "12288\n"); /* somebody else */
        double_let_go(&systemd);
        await_results(1);
        expect_written(0, 12288);
}
END_TEST

/* Refused at once */

START_TEST(what_is_not_there_is_not_written) {
        CgroupWrite write = of_number(CGROUP_MEMORY_MIN, 0);

        ck_assert_int_eq(submit(&write, 0), CGROUP_E_ABSENT);
        write = of_number(CGROUP_MEMORY_MAX, 0);
        (void)snprintf(write.path, sizeof(write.path), "kubepods.slice/nobody");
        ck_assert_int_eq(submit(&write, 0), CGROUP_E_ABSENT);
        (void)snprintf(write.path, sizeof(write.path), GROUP "/../kubepods-burstable.slice");
        ck_assert_int_eq(submit(&write, 0), CGROUP_E_INVALID);
        folder_link(&folder, CGROUP_DIR "/link", GROUP);
        (void)snprintf(write.path, sizeof(write.path), "link");
        ck_assert_int_eq(submit(&write, 0), CGROUP_E_INVALID);
        write = of_number(_CGROUP_KNOB_N, 0);
        ck_assert_int_eq(submit(&write, 0), -EINVAL);
        settle();
        ck_assert_uint_eq(n_results, 0);
        expect_file("memory.max", "max\n");
}
END_TEST

START_TEST(another_cgroup_than_the_one_that_is_meant_is_not_written) {
        CgroupWrite write = of_number(CGROUP_MEMORY_MAX, 4096);
        struct stat stat;

        ck_assert_int_eq(fstatat(tree.fd, GROUP, &stat, 0), 0);
        write.inode = stat.st_ino + 1;
        ck_assert_int_eq(submit(&write, 0), -ESTALE);
        write.inode = stat.st_ino;
        ck_assert_int_eq(submit(&write, 0), 0);
        await_results(1);
        expect_written(0, 4096);
}
END_TEST

START_TEST(too_many_writes_are_refused) {
        unsigned n = 0;
        int r;

        stop(LANE_OF_LIMITS);
        while ((r = submit_number(4096, n)) == 0)
                ck_assert_uint_lt(++n, ELEMENTSOF(results));
        ck_assert_int_eq(r, -ENOBUFS);
        ck_assert_uint_eq(n, WORKER_QUEUE_MAX);
        go_on(LANE_OF_LIMITS);
        await_results(n);
        for (unsigned i = 0; i < n; ++i)
                expect_written(i, 4096);
}
END_TEST

/* Failing */

START_TEST(what_systemd_refuses_is_written_all_the_same) {
        systemd.mood = DOUBLE_REFUSES;
        systemd.error_name = "org.freedesktop.systemd1.NoSuchUnit";
        systemd.error_text = "Unit " UNIT " not found.";
        ck_assert_int_eq(submit_number(4096, 0), 0);
        await_results(1);
        expect_failed(0, -ENOENT, CGROUP_WRITE_SYSTEMD);
        expect_found(0, 4096);
        ck_assert_str_eq(results[0].message, systemd.error_text);
        expect_file("memory.max", "4096\n");
}
END_TEST

START_TEST(what_systemd_cannot_be_told_is_written_all_the_same) {
        double_stop(&systemd);
        ck_assert_int_eq(submit_number(4096, 0), 0);
        await_results(1);
        expect_failed(0, -ENOTCONN, CGROUP_WRITE_SYSTEMD);
        expect_found(0, 4096);
}
END_TEST

START_TEST(a_write_that_hangs_costs_a_worker_and_systemd_is_not_told) {
        start(SHORT_USEC, bus);
        stop(LANE_OF_LIMITS);
        ck_assert_int_eq(submit_number(4096, 0), 0);
        await_results(1);
        expect_failed(0, -ETIMEDOUT, CGROUP_WRITE_FILE);
        expect_found(0, CGROUP_MAX);
        start(0, bus);
        ck_assert_int_eq(submit_number(8192, 1), 0);
        await_results(2);
        expect_written(1, 8192);
        ck_assert_uint_eq(systemd.n_calls, 1);
}
END_TEST

START_TEST(a_worker_that_dies_is_told) {
        stop(LANE_OF_LIMITS);
        ck_assert_int_eq(submit_number(4096, 0), 0);
        ck_assert_int_eq(kill(worker_get_state(workers, LANE_OF_LIMITS).pid, SIGKILL), 0);
        await_results(1);
        expect_failed(0, -ECONNRESET, CGROUP_WRITE_FILE);
        expect_found(0, CGROUP_MAX);
}
END_TEST

/* Without the old inode being free for the new folder. */
static void replace_group(void) {
        char from[256], to[256];

        (void)snprintf(from, sizeof(from), "%s/" DIR, folder.path);
        (void)snprintf(to, sizeof(to), "%s/elsewhere", folder.path);
        ck_assert_int_eq(rename(from, to), 0);
        folder_write(&folder, DIR "memory.max", "max\n");
}

static void take_group_away(void) {
        folder_delete(&folder, CGROUP_DIR "/" GROUP);
}

static void leave_group(void) {
}

static const struct {
        void (*happens)(void);
        bool is_at_systemd;
        int error;
} losses[] = {
        { take_group_away, false, -ENOENT }, { replace_group, false, -ESTALE },
        { take_group_away, true, -ENOENT },  { replace_group, true, -ESTALE },
        { leave_group, false, 0 },           { leave_group, true, 0 },
};

START_TEST(a_cgroup_that_goes_meanwhile_has_nothing_of_the_write) {
        systemd.mood = DOUBLE_HOLDS;
        if (!losses[_i].is_at_systemd)
                stop(LANE_OF_LIMITS);
        ck_assert_int_eq(submit_number(4096, 0), 0);
        while (losses[_i].is_at_systemd && systemd.n_calls == 0)
                turn();
        losses[_i].happens();
        if (!losses[_i].is_at_systemd)
                go_on(LANE_OF_LIMITS);
        while (systemd.n_calls == 0)
                turn();
        double_let_go(&systemd);
        await_results(1);
        ck_assert_int_eq(results[0].result.error, losses[_i].error);
        ck_assert_uint_eq(results[0].result.has_found, losses[_i].error == 0);
        if (losses[_i].error)
                ck_assert_uint_eq(results[0].result.step, CGROUP_WRITE_READ_BACK);
}
END_TEST

START_TEST(what_is_no_value_is_not_found) {
        systemd.mood = DOUBLE_HOLDS;
        ck_assert_int_eq(submit_number(4096, 0), 0);
        while (systemd.n_calls == 0)
                turn();
        folder_write(&folder, DIR "memory.max", "a lot\n");
        double_let_go(&systemd);
        await_results(1);
        expect_failed(0, -EBADMSG, CGROUP_WRITE_READ_BACK);
        ck_assert(!results[0].result.has_found);
}
END_TEST

/* The end */

START_TEST(after_the_end_nobody_is_told_but_it_is_written) {
        systemd.mood = DOUBLE_HOLDS;
        ck_assert_int_eq(submit_number(4096, 0), 0);
        while (systemd.n_calls == 0)
                turn();
        stop(LANE_OF_LIMITS);
        ck_assert_int_eq(submit_number(8192, 1), 0);
        ck_assert_int_eq(submit_number(12288, 2), 0);
        writer = cgroup_writer_free(writer);
        go_on(LANE_OF_LIMITS);
        double_let_go(&systemd);
        settle();
        ck_assert_uint_eq(n_results, 0);
        ck_assert_uint_eq(systemd.n_calls, 1);
        expect_file("memory.max", "12288\n");
        ck_assert_ptr_null(cgroup_writer_free(NULL));
}
END_TEST

START_TEST(writer_bus_and_workers_may_end_in_the_middle) {
        systemd.mood = DOUBLE_HOLDS;
        ck_assert_int_eq(submit_number(4096, 0), 0);
        while (systemd.n_calls == 0)
                turn();
        stop(LANE_OF_LIMITS);
        ck_assert_int_eq(submit_number(8192, 1), 0);
        writer = cgroup_writer_free(writer);
        bus = cgroup_bus_free(bus);
        ck_assert_uint_eq(n_results, 0);
}
END_TEST

START_TEST(a_bus_that_ends_first_is_a_failure_of_its_step) {
        systemd.mood = DOUBLE_HOLDS;
        ck_assert_int_eq(submit_number(4096, 0), 0);
        while (systemd.n_calls == 0)
                turn();
        bus = cgroup_bus_free(bus);
        ck_assert_uint_eq(n_results, 1);
        expect_failed(0, -ECANCELED, CGROUP_WRITE_SYSTEMD);
        expect_found(0, 4096);
}
END_TEST

static void on_done_write_again(const CgroupWriteResult *result, void *userdata) {
        on_done(result, userdata);
        ck_assert_int_eq(submit_number(8192, 1), 0);
}

START_TEST(who_is_told_may_write_again) {
        const CgroupWrite write = of_number(CGROUP_MEMORY_MAX, 4096);

        ck_assert_int_eq(cgroup_writer_write(writer, &write, on_done_write_again, &results[0]), 0);
        await_results(2);
        expect_written(0, 4096);
        expect_written(1, 8192);
}
END_TEST

START_TEST(without_memory_nothing_is_written) {
        CgroupWriter *other = NULL;
        unsigned n = 0;
        int r;

        failmalloc_arm(0);
        r = cgroup_writer_new(&(CgroupWriterParams){ .tree = &tree }, &other);
        (void)failmalloc_disarm();
        ck_assert_int_eq(r, -ENOMEM);
        do {
                failmalloc_arm(n++);
                r = submit_number(4096, 0);
                (void)failmalloc_disarm();
                ck_assert(r == 0 || r == -ENOMEM);
                ck_assert_uint_eq(worker_get_state(workers, LANE_OF_LIMITS).n_waiting, r == 0);
        } while (r == -ENOMEM);
        ck_assert_uint_ge(n, 3);
        await_results(1);
        expect_written(0, 4096);
}
END_TEST

START_TEST(without_memory_to_tell_systemd_it_is_written_all_the_same) {
        ck_assert_int_eq(submit_number(4096, 0), 0);
        failmalloc_arm(0);
        while (n_results == 0)
                if (sd_event_run(event, LIMIT_USEC) <= 0)
                        break;
        (void)failmalloc_disarm();
        ck_assert_uint_eq(n_results, 1);
        expect_failed(0, -ENOMEM, CGROUP_WRITE_SYSTEMD);
        expect_found(0, 4096);
}
END_TEST

static TCase *new_case(Suite *s, const char *name) {
        TCase *t = tcase_create(name);

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, setup, teardown);
        suite_add_tcase(s, t);
        return t;
}

Suite *suite(void) {
        Suite *s = suite_create("cgroup-writer");
        TCase *t = new_case(s, "writing");

        tcase_add_test(t, the_file_is_written_first_and_systemd_told_after);
        tcase_add_test(t, no_limit_is_max);
        tcase_add_test(t, no_numa_nodes_are_written_too);
        tcase_add_test(t, where_no_numa_nodes_are_refused_those_of_the_parent_are_written);
        tcase_add_test(t, where_nobody_knows_those_of_the_parent_it_is_a_failure);
        tcase_add_test(t, without_a_unit_or_a_bus_nobody_is_told);
        tcase_add_test(t, what_moves_pages_does_not_hold_up_limits);
        tcase_add_test(t, what_was_read_back_is_what_is_there);
        tcase_add_test(t, what_is_not_there_is_not_written);
        tcase_add_test(t, another_cgroup_than_the_one_that_is_meant_is_not_written);
        tcase_add_test(t, too_many_writes_are_refused);
        t = new_case(s, "first masks");
        tcase_add_test(t, systemd_makes_the_file_of_a_mask_and_is_told_again);
        tcase_add_test(t, a_mask_whose_file_is_not_made_is_refused);
        tcase_add_test(t, a_mask_without_a_file_and_without_systemd_is_absent);
        t = new_case(s, "failing");
        tcase_add_test(t, what_systemd_refuses_is_written_all_the_same);
        tcase_add_test(t, what_systemd_cannot_be_told_is_written_all_the_same);
        tcase_add_test(t, a_write_that_hangs_costs_a_worker_and_systemd_is_not_told);
        tcase_add_test(t, a_worker_that_dies_is_told);
        tcase_add_loop_test(t, a_cgroup_that_goes_meanwhile_has_nothing_of_the_write, 0,
                            ELEMENTSOF(losses));
        tcase_add_test(t, what_is_no_value_is_not_found);
        t = new_case(s, "the end");
        tcase_add_test(t, after_the_end_nobody_is_told_but_it_is_written);
        tcase_add_test(t, writer_bus_and_workers_may_end_in_the_middle);
        tcase_add_test(t, a_bus_that_ends_first_is_a_failure_of_its_step);
        tcase_add_test(t, who_is_told_may_write_again);
        tcase_add_test(t, without_memory_nothing_is_written);
        tcase_add_test(t, without_memory_to_tell_systemd_it_is_written_all_the_same);
        return s;
}
