/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting limits back: what is tried, what leaves the record, and what is said of the rest. The
 * writer and the record's file are stood in for, cgroups are plain files.
 */
#include "manager/qos-withdraw.h"

#include <stdio.h>
#include <string.h>

#include "lib/folder.h"
#include "lib/test-main.h"

#define CGROUP "sys/fs/cgroup/"

static struct {
        Folder folder;
        Root root;
        CgroupTree tree;
        sd_event *event;
        QosWithdraw *withdraw;
        QosRecord record;
        bool is_busy; /* the record's file */
        /* the write under way */
        CgroupWrite write;
        CgroupWriteDone done;
        void *userdata;
        bool is_writing;
        char units[256], texts[256]; /* all that were written */
        unsigned n_ended;
        QosWithdrawal result;
} bed;

/* Doubles */

int cgroup_writer_write(CgroupWriter *writer _unused_,
                        const CgroupWrite *write,
                        CgroupWriteDone done,
                        void *userdata) {
        char value[CGROUP_VALUE_TEXT_MAX];
        const size_t n = strlen(bed.texts), n_units = strlen(bed.units);

        ck_assert(!bed.is_writing);
        bed.write = *write;
        bed.done = done;
        bed.userdata = userdata;
        bed.is_writing = true;
        (void)snprintf(bed.texts + n, sizeof(bed.texts) - n, "[%.100s]",
                       cgroup_value_format(write->knob, &write->value, value));
        (void)snprintf(bed.units + n_units, sizeof(bed.units) - n_units, "[%s]",
                       write->unit ? write->unit : "");
        return 0;
}

const QosRecord *qos_record_file_get(const QosRecordFile *file _unused_) {
        return &bed.record;
}

void qos_record_file_drop(QosRecordFile *file _unused_, const char *path, CgroupKnob knob) {
        qos_record_drop(&bed.record, path, knob);
}

void qos_record_file_save(QosRecordFile *file _unused_) {
        bed.is_busy = true;
}

bool qos_record_file_is_busy(const QosRecordFile *file _unused_) {
        return bed.is_busy;
}

/* The bed */

static void on_ended(const QosWithdrawal *withdrawal, void *userdata _unused_) {
        ++bed.n_ended;
        bed.result = *withdrawal;
}

static void add(const char *path, CgroupKnob knob, const char *before) {
        CgroupValue value;
        bool has_changed;

        ck_assert_int_eq(cgroup_value_parse(knob, before, strlen(before), &value), 0);
        ck_assert_int_eq(qos_record_put(&bed.record, path, knob, &value, &value, &has_changed), 0);
}

static void setup(void) {
        memset(&bed, 0, sizeof(bed));
        bed.folder = folder_new();
        folder_write(&bed.folder, CGROUP "cgroup.controllers", "memory cpuset\n");
        folder_write(&bed.folder, CGROUP "kubepods/memory.max", "1000000\n");
        folder_write(&bed.folder, CGROUP "kubepods/memory.current", "500000\n");
        folder_write(&bed.folder, CGROUP "kubepods/cpuset.mems", "0\n");
        folder_write(&bed.folder, CGROUP "kubepods/burstable/cpuset.mems", "0\n");
        ck_assert_int_eq(root_init(&bed.root, bed.folder.path), 0);
        ck_assert_int_eq(cgroup_tree_open(&bed.root, &bed.tree), 0);
        ck_assert_int_ge(sd_event_new(&bed.event), 0);
        ck_assert_int_eq(qos_withdraw_new(&(const QosWithdrawParams){ .event = bed.event,
                                                                      .ended = on_ended },
                                          &bed.withdraw),
                         0);
}

static void teardown(void) {
        bed.withdraw = qos_withdraw_free(bed.withdraw);
        bed.event = sd_event_unref(bed.event);
        cgroup_tree_deinit(&bed.tree);
        root_deinit(&bed.root);
        folder_remove(&bed.folder);
}

/* All that can be done now. */
static void run(void) {
        while (sd_event_run(bed.event, 0) > 0)
                continue;
}

static void end_write(int error) {
        const CgroupWriteResult result = { .error = error, .message = "" };

        ck_assert(bed.is_writing);
        bed.is_writing = false;
        bed.done(&result, bed.userdata);
        run();
}

static void begin(void) {
        qos_withdraw_begin(bed.withdraw, &bed.tree, (CgroupWriter *)&bed, true);
        ck_assert(!bed.is_writing); /* never from here */
        run();
}

static void keep(void) {
        ck_assert(bed.is_busy);
        bed.is_busy = false;
        ck_assert_uint_eq(bed.n_ended, 0);
        qos_withdraw_note_kept(bed.withdraw);
        run();
        ck_assert_uint_eq(bed.n_ended, 1);
}

/* Tests */

START_TEST(each_is_put_back_and_leaves_the_record) {
        add("kubepods", CGROUP_MEMORY_MAX, "max");
        add("kubepods/burstable", CGROUP_CPUSET_MEMS, "0-1");
        begin();
        end_write(0);
        ck_assert_uint_eq(bed.record.n_items, 2); /* until all were tried */
        end_write(0);
        keep();
        ck_assert_str_eq(bed.texts, "[max][0-1]");
        ck_assert_str_eq(bed.units, "[][]");
        ck_assert_uint_eq(bed.result.n_items, 2);
        ck_assert_int_eq(bed.result.items[0].error, 0);
        ck_assert_uint_eq(bed.record.n_items, 0);
}
END_TEST

START_TEST(what_failed_stays_in_the_record) {
        add("kubepods", CGROUP_MEMORY_MAX, "max");
        add("kubepods/gone", CGROUP_MEMORY_MAX, "max");
        add("kubepods/burstable", CGROUP_CPUSET_MEMS, "0-1");
        begin();
        end_write(-EACCES);
        end_write(0);
        keep();
        ck_assert_int_eq(bed.result.items[0].error, -EACCES);
        ck_assert_int_eq(bed.result.items[1].error, -ENOENT);
        ck_assert_int_eq(bed.result.items[2].error, 0);
        ck_assert_uint_eq(bed.record.n_items, 1);
        ck_assert_str_eq(bed.record.items[0].path, "kubepods");
}
END_TEST

START_TEST(nobody_is_killed_for_it) {
        add("kubepods", CGROUP_MEMORY_MAX, "400000");
        begin();
        ck_assert(!bed.is_writing);
        keep();
        ck_assert_int_eq(bed.result.items[0].error, -EBUSY);
        ck_assert_uint_eq(bed.record.n_items, 1);
}
END_TEST

START_TEST(nothing_to_put_back_is_an_answer_too) {
        begin();
        keep();
        ck_assert_uint_eq(bed.result.n_items, 0);
}
END_TEST

START_TEST(without_a_writer_every_item_says_so) {
        add("kubepods", CGROUP_MEMORY_MAX, "max");
        qos_withdraw_begin(bed.withdraw, &bed.tree, NULL, false);
        run();
        keep();
        ck_assert_int_eq(bed.result.items[0].error, -EOPNOTSUPP);
        ck_assert_uint_eq(bed.record.n_items, 1);
}
END_TEST

START_TEST(systemd_is_told_of_slices) {
        folder_write(&bed.folder, CGROUP "kubepods.slice/memory.max", "1000000\n");
        add("kubepods.slice", CGROUP_MEMORY_MAX, "max");
        begin();
        end_write(0);
        keep();
        ck_assert_str_eq(bed.units, "[kubepods.slice]");
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("qos-withdraw");
        TCase *t = tcase_create("all");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, each_is_put_back_and_leaves_the_record);
        tcase_add_test(t, what_failed_stays_in_the_record);
        tcase_add_test(t, nobody_is_killed_for_it);
        tcase_add_test(t, nothing_to_put_back_is_an_answer_too);
        tcase_add_test(t, without_a_writer_every_item_says_so);
        tcase_add_test(t, systemd_is_told_of_slices);
        suite_add_tcase(s, t);
        return s;
}
