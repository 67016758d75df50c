/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at pods: what the ledger follows, what is no look, who is told, and want of memory. */
#include "manager/pods-keeper.h"

#include <string.h>

#include "base/log.h"
#include "lib/failmalloc.h"
#include "lib/folder.h"
#include "lib/test-main.h"

#define CGROUP "sys/fs/cgroup/"
#define UID    "11111111-2222-4333-8444-555555555555"
#define POD    CGROUP "kubepods/besteffort/pod" UID "/"

static Folder folder;
static Root root;
static Ledger *ledger;
static Journal *journal;
static sd_event *event;
static PodsKeeper *keeper;
static const PodsView *view;
static uint64_t now_usec, step_usec; /* that the clock makes while it is read */
static unsigned n_changes;
static LedgerRoomRow rows[] = { { .node = 0, .bytes = 64 * GIB } };
static HintsNode nodes[] = { { .id = 0, .locality = LOCALITY_LOCAL } };
static HintsMachine machine;

static uint64_t read_clock(const void *cookie _unused_) {
        return now_usec += step_usec;
}

static void on_changed(void *userdata _unused_) {
        ++n_changes;
}

static void write_pod(const char *bytes) {
        folder_write(&folder, POD "cgroup.events", "populated 1\n");
        folder_write(&folder, POD "memory.current", bytes);
}

static void remove_pod(void) {
        folder_delete(&folder, POD "cgroup.events");
        folder_delete(&folder, POD "memory.current");
        folder_delete(&folder, POD);
}

static void setup(void) {
        const Clock clock = { .now_usec = read_clock };

        log_init("test-pods-keeper", LOG_TARGET_TEXT, LOG_ERR);
        now_usec = 1000 * USEC_PER_SEC;
        step_usec = 0;
        n_changes = 0;
        folder = folder_new();
        folder_write(&folder, CGROUP "cgroup.controllers", "memory\n");
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_eq(ledger_new(&ledger), 0);
        ck_assert_int_eq(journal_new(&(const JournalParams){ .ledger = ledger,
                                                             .head.version = RECORD_VERSION },
                                     &journal),
                         0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(pods_keeper_new(&(const PodsKeeperParams){ .event = event,
                                                                    .root = &root,
                                                                    .ledger = ledger,
                                                                    .journal = journal,
                                                                    .clock = clock,
                                                                    .wall_clock = clock,
                                                                    .changed = on_changed },
                                         &keeper),
                         0);
        view = pods_keeper_get_view(keeper);
        machine = (HintsMachine){ .nodes = nodes,
                                  .n_nodes = 1,
                                  .rooms[HINTS_SLUG] = { .rows = rows, .n_rows = 1 } };
        pods_keeper_set(keeper, &(const PodsKeeperSettings){ .machine = &machine,
                                                             .cgroup_root = "",
                                                             .pending_timeout_usec = 1 });
}

static void teardown(void) {
        keeper = pods_keeper_free(keeper);
        event = sd_event_unref(event);
        journal = journal_free(journal);
        ledger = ledger_free(ledger);
        root_deinit(&root);
        folder_remove(&folder);
}

static void look(void) {
        now_usec += USEC_PER_SEC;
        pods_keeper_look(keeper);
}

static PodsReport *make_report(uint64_t sequence, bool is_settled) {
        const PodsReport from = { .reporter = "r",
                                  .sequence = sequence,
                                  .ledger_generation = UINT64_MAX,
                                  .is_settled = is_settled,
                                  .unsettled_reason = "",
                                  .usec = now_usec };
        PodsReport *report;

        ck_assert_int_eq(pods_report_new(&from, &report, NULL), 0);
        return report;
}

START_TEST(nothing_is_promised_before_the_first_look) {
        ck_assert_str_ne(view->problem, "");
        ck_assert_ptr_null(view->inventory);
        look();
        ck_assert_str_eq(view->problem, "");
        ck_assert_uint_eq(view->inventory->n_pods, 0);
        ck_assert_uint_eq(n_changes, 1);
}
END_TEST

START_TEST(what_is_there_comes_into_the_ledger) {
        write_pod("16777216\n");
        look();
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 16 * MIB);
        ck_assert_uint_eq(n_changes, 1);
        write_pod("16777215\n");
        look();
        ck_assert_uint_eq(n_changes, 1); /* usage alone is no news */
        write_pod("134217728\n");
        look();
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 128 * MIB);
        ck_assert_uint_eq(n_changes, 2);
}
END_TEST

START_TEST(two_looks_let_go_of_it) {
        write_pod("16777216\n");
        look();
        remove_pod();
        look();
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 1);
        ck_assert(reconcile_memory_is_missed(view->memory, UID, ""));
        look();
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 0);
}
END_TEST

START_TEST(reading_usage_is_no_look) {
        write_pod("16777216\n");
        look();
        remove_pod();
        for (unsigned i = 0; i < 4; ++i) {
                now_usec += USEC_PER_SEC;
                pods_keeper_refresh(keeper, 1);
                ck_assert_uint_eq(view->inventory->n_pods, 0);
        }
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 1);
        ck_assert_uint_eq(n_changes, 1);
}
END_TEST

START_TEST(usage_is_read_when_it_is_old_and_not_too_often) {
        write_pod("100\n");
        look();
        write_pod("200\n");
        now_usec += 199 * USEC_PER_MSEC;
        pods_keeper_refresh(keeper, 1);
        ck_assert_uint_eq(view->inventory->pods[0].tree->usage.bytes.value, 100);
        now_usec += USEC_PER_MSEC;
        pods_keeper_refresh(keeper, USEC_PER_SEC);
        ck_assert_uint_eq(view->inventory->pods[0].tree->usage.bytes.value, 100);
        pods_keeper_refresh(keeper, 1);
        ck_assert_uint_eq(view->inventory->pods[0].tree->usage.bytes.value, 200);
        ck_assert(view->growth[0].is_known);
        ck_assert_int_eq(view->growth[0].bytes_per_second, 500);
}
END_TEST

START_TEST(reading_that_takes_long_is_done_less_often) {
        write_pod("100\n");
        step_usec = 300 * USEC_PER_MSEC;
        look();
        step_usec = 0;
        write_pod("200\n");
        now_usec = view->inventory->tree->usec + 3 * USEC_PER_SEC - 1;
        pods_keeper_refresh(keeper, 1);
        ck_assert_uint_eq(view->inventory->pods[0].tree->usage.bytes.value, 100);
        ++now_usec;
        pods_keeper_refresh(keeper, 1);
        ck_assert_uint_eq(view->inventory->pods[0].tree->usage.bytes.value, 200);
}
END_TEST

START_TEST(what_cannot_be_read_is_a_problem_until_it_can) {
        folder_delete(&folder, CGROUP "cgroup.controllers");
        folder_make(&folder, CGROUP "memory");
        look();
        ck_assert_str_ne(view->problem, "");
        ck_assert_uint_eq(n_changes, 1);
        look();
        ck_assert_uint_eq(n_changes, 1);
        folder_write(&folder, CGROUP "cgroup.controllers", "memory\n");
        look();
        ck_assert_str_eq(view->problem, "");
        ck_assert_uint_eq(n_changes, 2);
}
END_TEST

START_TEST(a_report_is_a_look_and_gets_old) {
        Diag diag = {};

        look();
        ck_assert_int_eq(pods_keeper_take(keeper, make_report(1, false)), 0);
        ck_assert_int_eq(pods_view_judge(view, &diag), PODS_UNSETTLED);
        ck_assert_uint_eq(n_changes, 2);
        ck_assert_int_eq(pods_keeper_take(keeper, make_report(2, true)), 0);
        ck_assert_int_eq(pods_view_judge(view, &diag), PODS_REPORTED);
        ck_assert_uint_eq(n_changes, 3);
        ck_assert_int_eq(pods_keeper_take(keeper, make_report(3, true)), 0);
        ck_assert_uint_eq(n_changes, 3); /* the same once more is no news */
        now_usec += PODS_REPORT_OLD_USEC;
        look();
        ck_assert_int_eq(pods_view_judge(view, &diag), PODS_REPORT_OLD);
        ck_assert_uint_eq(n_changes, 4);
}
END_TEST

START_TEST(memory_that_runs_out_delays_and_breaks_nothing) {
        bool has_failed = true;

        write_pod("16777216\n");
        look();
        write_pod("134217728\n");
        for (unsigned n = 0; has_failed; ++n) {
                now_usec += USEC_PER_SEC;
                failmalloc_arm(n);
                pods_keeper_look(keeper);
                has_failed = failmalloc_disarm();
                ck_assert_uint_eq(view->inventory->n_pods, 1);
                ck_assert(ledger_get_claimed(ledger, 0, 0) == 16 * MIB ||
                          ledger_get_claimed(ledger, 0, 0) == 128 * MIB);
        }
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 128 * MIB);
        ck_assert_str_eq(view->problem, "");
}
END_TEST

START_TEST(a_report_for_which_there_is_no_memory_is_not_taken) {
        const PodsReport *before;
        bool has_failed = true;
        int r = -ENOMEM;

        look();
        for (unsigned n = 0; has_failed; ++n) {
                PodsReport *report = make_report(n + 1, true);

                before = view->inventory->report;
                failmalloc_arm(n);
                r = pods_keeper_take(keeper, report);
                has_failed = failmalloc_disarm();
                ck_assert(r == 0 || (r == -ENOMEM && view->inventory->report == before));
        }
        ck_assert_int_eq(r, 0);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("pods-keeper");
        TCase *t = tcase_create("all");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, nothing_is_promised_before_the_first_look);
        tcase_add_test(t, what_is_there_comes_into_the_ledger);
        tcase_add_test(t, two_looks_let_go_of_it);
        tcase_add_test(t, reading_usage_is_no_look);
        tcase_add_test(t, usage_is_read_when_it_is_old_and_not_too_often);
        tcase_add_test(t, reading_that_takes_long_is_done_less_often);
        tcase_add_test(t, what_cannot_be_read_is_a_problem_until_it_can);
        tcase_add_test(t, a_report_is_a_look_and_gets_old);
        tcase_add_test(t, memory_that_runs_out_delays_and_breaks_nothing);
        tcase_add_test(t, a_report_for_which_there_is_no_memory_is_not_taken);
        suite_add_tcase(s, t);
        return s;
}
