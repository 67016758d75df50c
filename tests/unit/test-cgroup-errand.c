/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errands in a tree of files, with real workers and a double of systemd: their order, what is
 * checked before anything is done, and what becomes of a failure in the middle.
 */
#include "cgroup/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>

#include "base/clock.h"
#include "cgroup/pids.h"
#include "lib/failmalloc.h"
#include "lib/folder.h"
#include "lib/systemd-double.h"
#include "lib/test-main.h"

#define LIMIT_USEC (20 * USEC_PER_SEC)
#define DIR        CGROUP_DIR "/"

typedef struct Result {
        unsigned order;
        CgroupErrandResult result;
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
static CgroupErrands *errands;
static CgroupStep steps[CGROUP_ERRAND_STEPS_MAX + 1];
static size_t n_steps;
static Result results[CGROUP_ERRANDS_MAX + 1];
static unsigned n_results;

static int on_workers(sd_event_source *source _unused_,
                      int fd _unused_,
                      uint32_t events _unused_,
                      void *userdata _unused_) {
        return workers_dispatch(workers);
}

static void start(CgroupBus *told, uint64_t deadline_usec) {
        errands = cgroup_errands_free(errands);
        writer = cgroup_writer_free(writer);
        ck_assert_int_eq(
                cgroup_writer_new(&(const CgroupWriterParams){ .tree = &tree,
                                                               .workers = workers,
                                                               .bus = told,
                                                               .deadline_usec = deadline_usec },
                                  &writer),
                0);
        ck_assert_int_eq(
                cgroup_errands_new(&(const CgroupErrandsParams){ .tree = &tree,
                                                                 .workers = workers,
                                                                 .writer = writer,
                                                                 .bus = told,
                                                                 .deadline_usec = deadline_usec },
                                   &errands),
                0);
}

static void setup(void) {
        memset(results, 0, sizeof(results));
        n_results = 0;
        n_steps = 0;
        ck_assert_int_eq(workers_new(1, 0, &workers), 0);
        folder = folder_new();
        folder_write(&folder, DIR "cgroup.controllers", "memory pids\n");
        folder_write(&folder, DIR "kubepods/memory.max", "max\n");
        folder_write(&folder, DIR "kubepods/memory.current", "1000000\n");
        folder_write(&folder, DIR "kubepods/pids.max", "max\n");
        folder_write(&folder, DIR "kubepods/cpu.max", "max 100000\n");
        folder_write(&folder, DIR "kubepods/cgroup.subtree_control", "\n");
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
        start(NULL, 0);
}

static void teardown(void) {
        bus = cgroup_bus_free(bus);
        errands = cgroup_errands_free(errands);
        writer = cgroup_writer_free(writer);
        double_close(&systemd);
        event = sd_event_unref(event);
        cgroup_tree_deinit(&tree);
        root_deinit(&root);
        workers = workers_free(workers);
        folder_remove(&folder);
}

static void on_done(const CgroupErrandResult *result, void *userdata) {
        Result *own = userdata;

        ck_assert_uint_eq(own->order, 0);
        own->order = ++n_results;
        own->result = *result;
        (void)snprintf(own->message, sizeof(own->message), "%s", result->message);
}

static CgroupStep *add(CgroupStepKind kind, const char *path) {
        CgroupStep *step = &steps[n_steps++];

        *step = (CgroupStep){ .kind = kind };
        (void)snprintf(step->path, sizeof(step->path), "%s", path);
        return step;
}

static void set(const char *path, const char *file, const char *text) {
        Diag diag;

        ck_assert_int_eq(
                cgroup_setting_make(file, text, &add(CGROUP_STEP_SET, path)->setting, &diag), 0);
}

static int submit(unsigned i) {
        const int r = cgroup_errands_run(errands, steps, n_steps, on_done, &results[i]);

        n_steps = 0;
        return r;
}

static const CgroupErrandResult *run(void) {
        const unsigned i = n_results;

        ck_assert_int_eq(submit(i), 0);
        while (n_results <= i)
                ck_assert_int_gt(sd_event_run(event, LIMIT_USEC), 0);
        return &results[i].result;
}

static void expect(const CgroupErrandResult *result,
                   CgroupErrandProblem problem,
                   bool is_checked,
                   size_t n_done) {
        ck_assert_int_eq(result->problem, problem);
        ck_assert_int_eq(result->is_checked, is_checked);
        ck_assert_uint_eq(result->n_done, n_done);
}

static void expect_file(const char *path, const char *text) {
        char whole[512], found[256] = "";
        FILE *file;

        (void)snprintf(whole, sizeof(whole), "%s/" DIR "%s", folder.path, path);
        file = fopen(whole, "re");
        ck_assert_msg(file != NULL, "%s", whole);
        found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
        (void)fclose(file);
        ck_assert_str_eq(found, text);
}

static bool is_folder(const char *path) {
        char whole[512];
        struct stat stat;

        (void)snprintf(whole, sizeof(whole), "%s/" DIR "%s", folder.path, path);
        return lstat(whole, &stat) == 0 && S_ISDIR(stat.st_mode);
}

START_TEST(settings_are_made_in_order) {
        set("kubepods", "pids.max", "5");
        set("kubepods", "memory.max", "2000000");
        set("kubepods", "cpu.max", "1000 50000");
        expect(run(), CGROUP_ERRAND_DONE, true, 3);
        expect_file("kubepods/pids.max", "5\n");
        expect_file("kubepods/memory.max", "2000000\n");
        expect_file("kubepods/cpu.max", "1000 50000\n");
}
END_TEST

START_TEST(nothing_to_do_is_done) {
        expect(run(), CGROUP_ERRAND_DONE, true, 0);
}
END_TEST

START_TEST(all_is_checked_before_the_first_step) {
        set("kubepods", "pids.max", "5");
        set("kubepods", "memory.high", "1"); /* there is no such file */
        expect(run(), CGROUP_ERRAND_ABSENT, false, 1);
        set("kubepods", "pids.max", "5");
        set("kubepods/burstable", "pids.max", "5");
        expect(run(), CGROUP_ERRAND_ABSENT, false, 1);
        set("kubepods", "pids.max", "5");
        (void)add(CGROUP_STEP_MAKE, "nothing/here");
        expect(run(), CGROUP_ERRAND_ABSENT, false, 1);
        expect_file("kubepods/pids.max", "max\n");
}
END_TEST

START_TEST(a_limit_below_usage_is_not_set) {
        const CgroupErrandResult *result;

        set("kubepods", "pids.max", "5");
        set("kubepods", "memory.max", "999999");
        result = run();
        expect(result, CGROUP_ERRAND_IN_USE, false, 1);
        ck_assert_uint_eq(result->usage_bytes, 1000000);
        expect_file("kubepods/pids.max", "max\n");
        set("kubepods", "memory.max", "1000000");
        expect(run(), CGROUP_ERRAND_DONE, true, 1);
        set("kubepods", "memory.max", "max");
        expect(run(), CGROUP_ERRAND_DONE, true, 1);
}
END_TEST

START_TEST(usage_that_grew_meanwhile_counts) {
        set("kubepods", "pids.max", "5");
        set("kubepods", "memory.max", "1000000");
        ck_assert_int_eq(submit(0), 0); /* its first step is under way */
        folder_write(&folder, DIR "kubepods/memory.current", "1000001\n");
        while (n_results == 0)
                ck_assert_int_gt(sd_event_run(event, LIMIT_USEC), 0);
        expect(&results[0].result, CGROUP_ERRAND_IN_USE, true, 1);
        expect_file("kubepods/memory.max", "max\n");
        expect_file("kubepods/pids.max", "5\n");
}
END_TEST

START_TEST(a_cgroup_is_made_and_removed) {
        (void)add(CGROUP_STEP_MAKE, "kubepods/x");
        expect(run(), CGROUP_ERRAND_DONE, true, 1);
        ck_assert(is_folder("kubepods/x"));
        (void)add(CGROUP_STEP_MAKE, "kubepods/x"); /* once more is fine */
        expect(run(), CGROUP_ERRAND_DONE, true, 1);
        (void)add(CGROUP_STEP_REMOVE, "kubepods/x");
        expect(run(), CGROUP_ERRAND_DONE, true, 1);
        ck_assert(!is_folder("kubepods/x"));
        (void)add(CGROUP_STEP_REMOVE, "kubepods/x");
        expect(run(), CGROUP_ERRAND_DONE, true, 1);
}
END_TEST

START_TEST(what_is_made_is_not_looked_for_before) {
        (void)snprintf(add(CGROUP_STEP_ENABLE, "kubepods")->setting.text, 32, "+memory +pids");
        (void)add(CGROUP_STEP_MAKE, "kubepods/x");
        set("kubepods/x", "pids.max", "5"); /* the kernel would have made its file */
        expect(run(), CGROUP_ERRAND_ABSENT, true, 2);
        expect_file("kubepods/cgroup.subtree_control", "+memory +pids\n");
        ck_assert(is_folder("kubepods/x"));
}
END_TEST

START_TEST(one_that_is_occupied_stays) {
        folder_write(&folder, DIR "kubepods/x/cgroup.events", "populated 1\n");
        (void)add(CGROUP_STEP_REMOVE, "kubepods/x");
        expect(run(), CGROUP_ERRAND_OCCUPIED, false, 0);
        folder_make(&folder, DIR "kubepods/y/below");
        (void)add(CGROUP_STEP_REMOVE, "kubepods/y");
        expect(run(), CGROUP_ERRAND_OCCUPIED, false, 0);
        folder_write(&folder, DIR "kubepods/z/file", ""); /* rmdir(2) says it */
        (void)add(CGROUP_STEP_REMOVE, "kubepods/z");
        expect(run(), CGROUP_ERRAND_OCCUPIED, true, 0);
        ck_assert(is_folder("kubepods/x") && is_folder("kubepods/y") && is_folder("kubepods/z"));
}
END_TEST

START_TEST(no_link_is_followed) {
        folder_write(&folder, "outside/pids.max", "max\n");
        folder_link(&folder, DIR "kubepods/away", "../../../../outside");
        folder_link(&folder, DIR "kubepods/memory.high", "../../../../outside/pids.max");
        set("kubepods/away", "pids.max", "5");
        expect(run(), CGROUP_ERRAND_INVALID, false, 0);
        set("kubepods", "memory.high", "5");
        ck_assert_int_ne(run()->problem, CGROUP_ERRAND_DONE);
        (void)add(CGROUP_STEP_MAKE, "kubepods/away/x");
        ck_assert_int_ne(run()->problem, CGROUP_ERRAND_DONE);
        (void)add(CGROUP_STEP_MAKE, "kubepods/away");
        expect(run(), CGROUP_ERRAND_INVALID, false, 0);
        (void)add(CGROUP_STEP_REMOVE, "kubepods/away");
        expect(run(), CGROUP_ERRAND_INVALID, false, 0);
        expect_file("../../../outside/pids.max", "max\n");
}
END_TEST

START_TEST(errands_do_not_mix) {
        char text[16];

        for (unsigned i = 0; i < CGROUP_ERRANDS_MAX; ++i) {
                (void)snprintf(text, sizeof(text), "%u", 2000000 + i);
                set("kubepods", "memory.max", text);
                set("kubepods", "pids.max", text);
                ck_assert_int_eq(submit(i), 0);
        }
        set("kubepods", "pids.max", "1");
        ck_assert_int_eq(submit(CGROUP_ERRANDS_MAX), -ENOBUFS);
        for (unsigned i = 0; i < CGROUP_ERRANDS_MAX; ++i) {
                while (n_results <= i) {
                        ck_assert_int_gt(sd_event_run(event, LIMIT_USEC), 0);
                        ck_assert_uint_le(n_results, i + 1);
                }
                ck_assert_uint_eq(results[i].order, i + 1);
                expect(&results[i].result, CGROUP_ERRAND_DONE, true, 2);
        }
        expect_file("kubepods/memory.max", "2000031\n");
        expect_file("kubepods/pids.max", "2000031\n");
}
END_TEST

START_TEST(what_waits_at_the_end_is_cancelled) {
        for (unsigned i = 0; i < 3; ++i) {
                set("kubepods", "pids.max", "5");
                ck_assert_int_eq(submit(i), 0);
        }
        errands = cgroup_errands_free(errands);
        ck_assert_uint_eq(n_results, 3);
        ck_assert_int_eq(results[2].result.problem, CGROUP_ERRAND_CANCELLED);
        ck_assert_ptr_null(cgroup_errands_free(NULL));
}
END_TEST

START_TEST(a_worker_that_hangs_is_told) {
        const CgroupErrandResult *result;

        start(NULL, 100 * USEC_PER_MSEC);
        ck_assert_int_eq(kill(worker_get_state(workers, 0).pid, SIGSTOP), 0);
        set("kubepods", "cpu.max", "1000 50000");
        set("kubepods", "pids.max", "5");
        result = run();
        expect(result, CGROUP_ERRAND_UNKNOWN, true, 0);
        expect_file("kubepods/pids.max", "max\n");
        set("kubepods", "pids.max", "6"); /* by the next one */
        expect(run(), CGROUP_ERRAND_DONE, true, 1);
}
END_TEST

START_TEST(too_many_steps_are_refused) {
        for (size_t i = 0; i < CGROUP_ERRAND_STEPS_MAX + 1; ++i)
                set("kubepods", "pids.max", "5");
        ck_assert_int_eq(submit(0), -ENOBUFS);
        ck_assert_uint_eq(n_results, 0);
}
END_TEST

START_TEST(without_memory_nothing_is_begun) {
        CgroupErrands *another = NULL;
        int r;

        set("kubepods", "pids.max", "5");
        failmalloc_arm(0);
        r = submit(0);
        (void)failmalloc_disarm();
        ck_assert_int_eq(r, -ENOMEM);
        failmalloc_arm(0);
        r = cgroup_errands_new(&(const CgroupErrandsParams){}, &another);
        (void)failmalloc_disarm();
        ck_assert_int_eq(r, -ENOMEM);
        expect_file("kubepods/pids.max", "max\n");
}
END_TEST

/* systemd */

static const struct {
        const char *name; /* of the error; NULL: it does what it is asked */
        CgroupStepKind kind;
        const char *call;
        CgroupErrandProblem problem;
        bool is_there; /* afterwards; systemd's double makes and removes no folders */
} units[] = {
        { NULL, CGROUP_STEP_MAKE, "StartTransientUnit", CGROUP_ERRAND_DONE, false },
        { "org.freedesktop.systemd1.UnitExists", CGROUP_STEP_MAKE, "StartTransientUnit",
          CGROUP_ERRAND_DONE, false },
        { "org.freedesktop.DBus.Error.AccessDenied", CGROUP_STEP_MAKE, "StartTransientUnit",
          CGROUP_ERRAND_REFUSED, false },
        { NULL, CGROUP_STEP_REMOVE, "StopUnit", CGROUP_ERRAND_DONE, true },
        /* one that systemd does not know is a folder like any other */
        { "org.freedesktop.systemd1.NoSuchUnit", CGROUP_STEP_REMOVE, "StopUnit", CGROUP_ERRAND_DONE,
          false },
};

START_TEST(slices_are_made_and_removed_by_systemd) {
        CgroupStep *step;

        folder_write(&folder, DIR "kubepods.slice/cgroup.controllers", "memory\n");
        start(bus, 0);
        if (units[_i].kind == CGROUP_STEP_REMOVE)
                folder_make(&folder, DIR "kubepods.slice/kubepods-x.slice");
        if (units[_i].name) {
                systemd.mood = DOUBLE_REFUSES;
                systemd.error_name = units[_i].name;
                systemd.error_text = "no";
        }
        step = add(units[_i].kind, "kubepods.slice/kubepods-x.slice");
        step->is_unit = true;
        ck_assert_int_eq(run()->problem, units[_i].problem);
        ck_assert_uint_eq(systemd.n_calls, 1);
        ck_assert_msg(strstr(systemd.calls[0], units[_i].call) &&
                              strstr(systemd.calls[0], "kubepods-x.slice"),
                      "%s", systemd.calls[0]);
        ck_assert_int_eq(is_folder("kubepods.slice/kubepods-x.slice"), units[_i].is_there);
        if (units[_i].problem == CGROUP_ERRAND_REFUSED)
                ck_assert_str_ne(results[0].message, "");
}
END_TEST

START_TEST(the_end_of_the_bus_is_the_end_of_what_waits_for_it) {
        folder_make(&folder, DIR "kubepods.slice");
        start(bus, 0);
        systemd.mood = DOUBLE_HOLDS;
        for (unsigned i = 0; i < 3; ++i) {
                add(CGROUP_STEP_MAKE, "kubepods.slice/kubepods-x.slice")->is_unit = true;
                ck_assert_int_eq(submit(i), 0);
        }
        cgroup_errands_stop(errands);
        bus = cgroup_bus_free(bus);
        ck_assert_uint_eq(n_results, 1);
        ck_assert_int_eq(results[0].result.error, -ECANCELED);
        errands = cgroup_errands_free(errands);
        ck_assert_uint_eq(n_results, 3);
        for (unsigned i = 1; i < 3; ++i)
                ck_assert_int_eq(results[i].result.problem, CGROUP_ERRAND_CANCELLED);
}
END_TEST

START_TEST(a_job_that_systemd_cancels_ends_that_errand_alone) {
        folder_make(&folder, DIR "kubepods.slice");
        start(bus, 0);
        systemd.job_result = "canceled";
        add(CGROUP_STEP_MAKE, "kubepods.slice/kubepods-x.slice")->is_unit = true;
        expect(run(), CGROUP_ERRAND_REFUSED, true, 0);
        set("kubepods", "pids.max", "5");
        expect(run(), CGROUP_ERRAND_DONE, true, 1);
}
END_TEST

/* Processes */

START_TEST(processes_are_told_once_and_in_order) {
        _cleanup_(pids_deinitp) Pids pids = {};
        static const uint32_t expected[] = { 1, 7, 12, 300, 4000 };

        folder_write(&folder, DIR "kubepods/cgroup.procs", "12\n1\n0\n");
        folder_write(&folder, DIR "kubepods/a/cgroup.procs", "300\n12\n");
        folder_write(&folder, DIR "kubepods/a/b/cgroup.procs", "4000\nx\n-3\n99999999999\n");
        folder_write(&folder, DIR "kubepods/c/cgroup.procs", "7\n");
        folder_write(&folder, DIR "other/cgroup.procs", "5\n");
        folder_link(&folder, DIR "kubepods/away", "../other");
        ck_assert_int_eq(cgroup_pids_read(&tree, "kubepods", &pids), 0);
        ck_assert_uint_eq(pids.n_items, ELEMENTSOF(expected));
        for (size_t i = 0; i < ELEMENTSOF(expected); ++i)
                ck_assert_uint_eq(pids.items[i], expected[i]);
}
END_TEST

START_TEST(a_walk_has_an_end) {
        Pids pids = {};
        char path[512] = DIR "kubepods";
        size_t n = strlen(path);

        ck_assert_int_eq(cgroup_pids_read(&tree, "nothing", &pids), CGROUP_E_ABSENT);
        for (unsigned i = 0; i < 70; ++i) {
                n += (size_t)snprintf(path + n, sizeof(path) - n, "/a");
                folder_make(&folder, path);
        }
        ck_assert_int_eq(cgroup_pids_read(&tree, "kubepods", &pids), -E2BIG);
        ck_assert_ptr_null(pids.items);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("cgroup-errand");
        TCase *t = tcase_create("errand");

        tcase_set_timeout(t, 120);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, settings_are_made_in_order);
        tcase_add_test(t, nothing_to_do_is_done);
        tcase_add_test(t, all_is_checked_before_the_first_step);
        tcase_add_test(t, a_limit_below_usage_is_not_set);
        tcase_add_test(t, usage_that_grew_meanwhile_counts);
        tcase_add_test(t, a_cgroup_is_made_and_removed);
        tcase_add_test(t, what_is_made_is_not_looked_for_before);
        tcase_add_test(t, one_that_is_occupied_stays);
        tcase_add_test(t, no_link_is_followed);
        tcase_add_test(t, errands_do_not_mix);
        tcase_add_test(t, what_waits_at_the_end_is_cancelled);
        tcase_add_test(t, a_worker_that_hangs_is_told);
        tcase_add_test(t, too_many_steps_are_refused);
        tcase_add_test(t, without_memory_nothing_is_begun);
        tcase_add_loop_test(t, slices_are_made_and_removed_by_systemd, 0, ELEMENTSOF(units));
        tcase_add_test(t, the_end_of_the_bus_is_the_end_of_what_waits_for_it);
        tcase_add_test(t, a_job_that_systemd_cancels_ends_that_errand_alone);
        tcase_add_test(t, processes_are_told_once_and_in_order);
        tcase_add_test(t, a_walk_has_an_end);
        suite_add_tcase(s, t);
        return s;
}
