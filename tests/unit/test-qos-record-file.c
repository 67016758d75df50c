/* SPDX-License-Identifier: Apache-2.0 */
/* The record of limits on the disk: before a write, after a failure, after a boot. The worker is
 * stood in for. */
#include "manager/qos-record-file.h"

#include <stdio.h>
#include <string.h>

#include "ledger/journal.h"
#include "lib/folder.h"
#include "lib/test-main.h"

#define FILE_PATH "var/lib/slug/" QOS_RECORD_NAME
#define BOOT      "boot-one"

static struct {
        Folder folder;
        Root root;
        QosRecordFile *file;
        uint64_t now_usec;
        /* the job under way */
        char text[4096];
        WorkerDone done;
        void *userdata;
        bool is_working;
        unsigned n_jobs;
        int refusal;
        unsigned n_ended;
} bed;

int worker_submit(Workers *workers _unused_,
                  unsigned lane,
                  const WorkerJob *job,
                  WorkerDone done,
                  void *userdata) {
        ck_assert_uint_eq(lane, 3);
        ck_assert_int_eq(job->op, WORKER_OP_REPLACE);
        ck_assert_str_eq(job->name, QOS_RECORD_NAME);
        ck_assert(!bed.is_working);
        if (bed.refusal)
                return bed.refusal;
        ck_assert_uint_lt(job->n_data, sizeof(bed.text));
        memcpy(bed.text, job->data, job->n_data);
        bed.text[job->n_data] = '\0';
        bed.done = done;
        bed.userdata = userdata;
        bed.is_working = true;
        ++bed.n_jobs;
        return 0;
}

static uint64_t read_clock(const void *cookie _unused_) {
        return bed.now_usec;
}

static void on_ended(void *userdata _unused_) {
        ++bed.n_ended;
}

/* Ends the job: the file is there, or it is not. */
static void end_job(int error) {
        ck_assert(bed.is_working);
        bed.is_working = false;
        if (error == 0)
                folder_write(&bed.folder, FILE_PATH, bed.text);
        bed.done(error, -EBADF, bed.userdata);
}

static void open_file(const char *boot_id, const char *problem, Diag *ret) {
        bed.file = qos_record_file_free(bed.file);
        ck_assert_int_eq(qos_record_file_new(
                                 &(const QosRecordFileParams){ .root = &bed.root,
                                                               .boot_id = boot_id,
                                                               .problem = problem,
                                                               .lane = 3,
                                                               .clock = { .now_usec = read_clock },
                                                               .ended = on_ended },
                                 &bed.file, ret),
                         0);
}

static void put(const char *path, uint64_t before, uint64_t written) {
        const CgroupValue values[] = { { .number = before }, { .number = written } };

        qos_record_file_put(bed.file, path, CGROUP_MEMORY_MAX, &values[0], &values[1]);
}

static bool has(const char *path) {
        return qos_record_file_has(bed.file, path, CGROUP_MEMORY_MAX);
}

static void setup(void) {
        Diag diag = {};

        memset(&bed, 0, sizeof(bed));
        bed.now_usec = 1000 * USEC_PER_SEC;
        bed.folder = folder_new();
        folder_write(&bed.folder, "var/lib/slug/ledger.log", "");
        ck_assert_int_eq(root_init(&bed.root, bed.folder.path), 0);
        open_file(BOOT, "", &diag);
        ck_assert_str_eq(diag.text, "");
}

static void teardown(void) {
        bed.file = qos_record_file_free(bed.file);
        root_deinit(&bed.root);
        folder_remove(&bed.folder);
}

START_TEST(what_was_before_is_there_when_the_worker_says_so) {
        put("a", CGROUP_MAX, 4096);
        ck_assert(!has("a"));
        ck_assert(qos_record_file_is_busy(bed.file));
        end_job(0);
        ck_assert(has("a"));
        ck_assert_uint_eq(bed.n_ended, 1);
        ck_assert_uint_eq(bed.n_jobs, 1);
}
END_TEST

START_TEST(what_comes_meanwhile_goes_with_the_next) {
        put("a", CGROUP_MAX, 4096);
        put("b", CGROUP_MAX, 4096);
        put("c", CGROUP_MAX, 4096);
        ck_assert_uint_eq(bed.n_jobs, 1);
        end_job(0);
        ck_assert(has("a"));
        ck_assert(!has("b"));
        ck_assert_uint_eq(bed.n_jobs, 2);
        end_job(0);
        ck_assert(has("b"));
        ck_assert(has("c"));
        ck_assert_uint_eq(bed.n_jobs, 2);
}
END_TEST

/* Pods come and go, and the disk is left alone. */
START_TEST(what_is_written_again_costs_nothing) {
        put("a", CGROUP_MAX, 4096);
        end_job(0);
        put("a", 4096, 8192);
        ck_assert_uint_eq(bed.n_jobs, 1);
        ck_assert(has("a"));
        ck_assert(qos_record_find(qos_record_file_get(bed.file), "a", CGROUP_MEMORY_MAX)
                          ->before.number == CGROUP_MAX);
        put("b", CGROUP_MAX, 4096);
        ck_assert_ptr_nonnull(strstr(bed.text, "8192"));
}
END_TEST

START_TEST(the_next_slugd_of_this_boot_knows_it) {
        Diag diag = {};

        put("a", 12288, 4096);
        end_job(0);
        open_file(BOOT, "", &diag);
        ck_assert_str_eq(diag.text, "");
        ck_assert(has("a"));
        ck_assert(qos_record_find(qos_record_file_get(bed.file), "a", CGROUP_MEMORY_MAX)
                          ->before.number == 12288);
        open_file("boot-two", "", &diag);
        ck_assert_str_eq(diag.text, "");
        ck_assert(!has("a"));
        ck_assert_uint_eq(qos_record_file_get(bed.file)->n_items, 0);
}
END_TEST

static const char *const damages[] = {
        "",
        "{",
        "[]",
        "{\"version\":1,\"boot\":\"boot-one\",\"limits\":[{\"path\":\"../x\"}]}",
};

START_TEST(damage_is_told_and_void) {
        Diag diag = {};

        folder_write(&bed.folder, FILE_PATH, damages[_i]);
        open_file(BOOT, "", &diag);
        ck_assert_str_ne(diag.text, "");
        ck_assert_str_eq(diag.source, JOURNAL_DIR "/" QOS_RECORD_NAME);
        ck_assert_uint_eq(qos_record_file_get(bed.file)->n_items, 0);
        ck_assert_str_eq(qos_record_file_get_problem(bed.file), "");
        put("a", CGROUP_MAX, 4096);
        end_job(0);
        ck_assert(has("a"));
}
END_TEST

START_TEST(a_failure_is_a_problem_until_it_is_kept) {
        put("a", CGROUP_MAX, 4096);
        end_job(-ENOSPC);
        ck_assert(!has("a"));
        ck_assert_ptr_nonnull(
                strstr(qos_record_file_get_problem(bed.file), "No space left on device"));
        put("a", CGROUP_MAX, 4096);
        ck_assert(!bed.is_working); /* not at once again */
        bed.now_usec = qos_record_file_get_due(bed.file);
        put("a", CGROUP_MAX, 4096);
        end_job(0);
        ck_assert(has("a"));
        ck_assert_str_eq(qos_record_file_get_problem(bed.file), "");
        ck_assert_uint_eq(qos_record_file_get_due(bed.file), UINT64_MAX);
}
END_TEST

/* What was dropped is put by nobody again, and a time that has passed must not stay the next one. */
START_TEST(a_failure_is_tried_again_though_nobody_puts) {
        put("a", CGROUP_MAX, 4096);
        end_job(0);
        qos_record_file_retry(bed.file);
        ck_assert_uint_eq(bed.n_jobs, 1);
        qos_record_file_drop(bed.file, "a", CGROUP_MEMORY_MAX);
        qos_record_file_save(bed.file);
        end_job(-ENOSPC);
        qos_record_file_retry(bed.file);
        ck_assert(!bed.is_working); /* not at once again */
        bed.now_usec = qos_record_file_get_due(bed.file);
        qos_record_file_retry(bed.file);
        ck_assert(bed.is_working);
        ck_assert_uint_eq(qos_record_file_get_due(bed.file), UINT64_MAX);
        end_job(0);
        ck_assert_uint_eq(qos_record_file_get_due(bed.file), UINT64_MAX);
        ck_assert_ptr_null(strstr(bed.text, "\"a\""));
        ck_assert(!has("a"));
}
END_TEST

START_TEST(a_lane_that_is_stuck_is_one_too) {
        bed.refusal = -EBUSY;
        put("a", CGROUP_MAX, 4096);
        ck_assert(!qos_record_file_is_busy(bed.file));
        ck_assert_str_ne(qos_record_file_get_problem(bed.file), "");
        bed.refusal = 0;
        bed.now_usec = qos_record_file_get_due(bed.file);
        put("a", CGROUP_MAX, 4096);
        end_job(0);
        ck_assert(has("a"));
}
END_TEST

START_TEST(without_a_place_nothing_is_kept) {
        Diag diag = {};

        open_file(BOOT, "another slugd keeps its ledger", &diag);
        put("a", CGROUP_MAX, 4096);
        ck_assert_uint_eq(bed.n_jobs, 0);
        ck_assert(!has("a"));
        ck_assert_str_eq(qos_record_file_get_problem(bed.file), "another slugd keeps its ledger");
        ck_assert_uint_eq(qos_record_file_get_due(bed.file), UINT64_MAX);
}
END_TEST

START_TEST(more_than_it_holds_is_told) {
        char path[16];

        for (unsigned i = 0; i <= QOS_RECORD_MAX; ++i) {
                (void)snprintf(path, sizeof(path), "g%u", i);
                put(path, CGROUP_MAX, 4096);
        }
        ck_assert_str_ne(qos_record_file_get_problem(bed.file), "");
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("qos-record-file");
        TCase *t = tcase_create("all");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, what_was_before_is_there_when_the_worker_says_so);
        tcase_add_test(t, what_comes_meanwhile_goes_with_the_next);
        tcase_add_test(t, what_is_written_again_costs_nothing);
        tcase_add_test(t, the_next_slugd_of_this_boot_knows_it);
        tcase_add_loop_test(t, damage_is_told_and_void, 0, ELEMENTSOF(damages));
        tcase_add_test(t, a_failure_is_a_problem_until_it_is_kept);
        tcase_add_test(t, a_failure_is_tried_again_though_nobody_puts);
        tcase_add_test(t, a_lane_that_is_stuck_is_one_too);
        tcase_add_test(t, without_a_place_nothing_is_kept);
        tcase_add_test(t, more_than_it_holds_is_told);
        suite_add_tcase(s, t);
        return s;
}
