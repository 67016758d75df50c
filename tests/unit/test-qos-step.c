/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One knob, step by step.
 */
#include "qos/step.h"

#include <errno.h>

#include "lib/test-main.h"

#define PAGE UINT64_C(4096)
#define SEC  UINT64_C(1000000)

static QosKnob knob;
static QosRow row;
static CgroupState state;
static uint64_t now_usec;
static bool may_lower, may_raise;
static QosDecision decision;

static void setup(void) {
        knob = (QosKnob){};
        row = (QosRow){
                .level = QOS_LEVEL_BURSTABLE,
                .knob = CGROUP_MEMORY_MAX,
                .owner = QOS_OWNER_SLUGD,
                .has_value = true,
                .value = { .number = 8 * GIB },
        };
        state = (CgroupState){ .is_there = true, .inode = 7, .current_bytes = opt_u64(GIB) };
        state.has[CGROUP_MEMORY_MAX] = state.has[CGROUP_CPUSET_MEMS] = true;
        state.values[CGROUP_MEMORY_MAX].number = CGROUP_MAX;
        now_usec = 1000 * SEC;
        may_lower = may_raise = true;
}

static QosStatus look(void) {
        const QosStepInput input = {
                .row = &row,
                .state = &state,
                .page_bytes = PAGE,
                .now_usec = now_usec,
                .may_lower = may_lower,
                .may_raise = may_raise,
        };

        decision = qos_step(&knob, &input);
        return knob.status;
}

static uint64_t *actual(void) {
        return &state.values[CGROUP_MEMORY_MAX].number;
}

static void end(int error, CgroupWriteStep step) {
        const CgroupWriteResult result = {
                .error = error,
                .step = step,
                .has_found = error == 0,
                .found = knob.busy_value,
                .message = "",
        };

        if (error == 0 || step >= CGROUP_WRITE_SYSTEMD)
                state.values[row.knob] = knob.busy_value;
        qos_step_done(&knob, row.knob, &result, PAGE, now_usec);
}

static void assert_writes(uint64_t bytes) {
        (void)look();
        ck_assert(decision.writes);
        ck_assert_uint_eq(decision.value.number, bytes);
        ck_assert_uint_eq(decision.due_usec, UINT64_MAX);
}

static void assert_waits(QosStatus status, uint64_t due_usec) {
        ck_assert_str_eq(qos_status_name(look()), qos_status_name(status));
        ck_assert(!decision.writes);
        ck_assert_uint_eq(decision.due_usec, due_usec);
}

static void achieve(void) {
        assert_writes(row.value.number);
        end(0, 0);
        assert_waits(QOS_STATUS_ACHIEVED, UINT64_MAX);
}

START_TEST(what_is_wanted_is_written_once) {
        achieve();
        ck_assert(knob.expects && knob.expected.number == 8 * GIB);
        for (unsigned i = 0; i < 100; ++i) {
                now_usec += SEC;
                assert_waits(QOS_STATUS_ACHIEVED, UINT64_MAX);
        }
}
END_TEST

START_TEST(what_is_there_already_is_not_written) {
        *actual() = 8 * GIB;
        row.value.number = 8 * GIB + 17; /* of the same page */
        assert_waits(QOS_STATUS_ACHIEVED, UINT64_MAX);
}
END_TEST

START_TEST(what_is_not_wanted_is_left_alone) {
        row.has_value = false;
        assert_waits(QOS_STATUS_UNMANAGED, UINT64_MAX);
        row.has_value = true;
        achieve();
        row.has_value = false;
        *actual() = CGROUP_MAX;
        assert_waits(QOS_STATUS_UNMANAGED, UINT64_MAX);
        row.has_value = true; /* nobody said meanwhile what should be there */
        assert_writes(8 * GIB);
        ck_assert(!decision.is_repair);
}
END_TEST

START_TEST(what_is_not_there_is_absent) {
        state.has[CGROUP_MEMORY_MAX] = false;
        assert_waits(QOS_STATUS_ABSENT, UINT64_MAX);
        state.has[CGROUP_MEMORY_MAX] = true;
        state.is_there = false;
        assert_waits(QOS_STATUS_ABSENT, UINT64_MAX);
        state.is_there = true;
        achieve();
}
END_TEST

START_TEST(another_cgroup_is_a_fresh_start) {
        achieve();
        state.inode = 8;
        *actual() = CGROUP_MAX;
        assert_writes(8 * GIB);
        ck_assert(!decision.is_repair);
        ck_assert_uint_eq(knob.n_repairs, 0);
        /* gone and made again while that is written */
        state.inode = 9;
        assert_waits(QOS_STATUS_WRITING, UINT64_MAX);
        end(-ESTALE, CGROUP_WRITE_OPEN);
        *actual() = CGROUP_MAX;
        assert_writes(8 * GIB);
        ck_assert(!decision.is_repair);
        /* or when it had just been written */
        state.inode = 10;
        assert_waits(QOS_STATUS_WRITING, UINT64_MAX);
        end(0, 0);
        *actual() = CGROUP_MAX;
        assert_writes(8 * GIB);
        ck_assert(!decision.is_repair);
}
END_TEST

START_TEST(the_newest_wish_wins_when_the_write_has_ended) {
        assert_writes(8 * GIB);
        row.value.number = 9 * GIB;
        assert_waits(QOS_STATUS_WRITING, UINT64_MAX);
        row.value.number = 10 * GIB;
        assert_waits(QOS_STATUS_WRITING, UINT64_MAX);
        end(0, 0);
        ck_assert_int_eq(knob.status, QOS_STATUS_WRITING);
        assert_writes(10 * GIB);
        ck_assert(!decision.is_repair);
        end(0, 0);
        assert_waits(QOS_STATUS_ACHIEVED, UINT64_MAX);
        ck_assert_uint_eq(knob.n_repairs, 0);
}
END_TEST

/* Usage */

START_TEST(a_limit_stays_above_usage_and_a_margin) {
        state.current_bytes = opt_u64(10 * GIB); /* 5% of it are more than 64 MiB */
        assert_writes(10 * GIB + 512 * MIB);
        end(0, 0);
        ck_assert_int_eq(knob.status, QOS_STATUS_PENDING);
        assert_waits(QOS_STATUS_PENDING, now_usec + QOS_PENDING_USEC);
        /* it follows usage, not too often and not for a page */
        state.current_bytes = opt_u64(9 * GIB);
        assert_waits(QOS_STATUS_PENDING, now_usec + QOS_PENDING_USEC);
        now_usec += QOS_PENDING_USEC;
        assert_writes(9 * GIB + bytes_share(9 * GIB, 50, 1000) / PAGE * PAGE + PAGE);
        end(0, 0);
        now_usec += QOS_PENDING_USEC;
        state.current_bytes = opt_u64(9 * GIB - PAGE);
        assert_waits(QOS_STATUS_PENDING, now_usec + QOS_PENDING_USEC);
        /* nor up again */
        state.current_bytes = opt_u64(20 * GIB);
        now_usec += QOS_PENDING_USEC;
        assert_waits(QOS_STATUS_PENDING, now_usec + QOS_PENDING_USEC);
        state.current_bytes = opt_u64(GIB);
        now_usec += QOS_PENDING_USEC;
        achieve();
        ck_assert_uint_eq(knob.n_repairs, 0);
}
END_TEST

START_TEST(the_margin_is_never_small) {
        row.value.number = 64 * MIB;
        state.current_bytes = opt_u64(PAGE / 2);
        assert_writes(64 * MIB + PAGE);
        end(0, 0);
        ck_assert_int_eq(knob.status, QOS_STATUS_PENDING);
}
END_TEST

START_TEST(a_limit_that_usage_is_near_stays) {
        *actual() = 9 * GIB;
        state.current_bytes = opt_u64(9 * GIB - PAGE);
        assert_waits(QOS_STATUS_PENDING, now_usec + QOS_PENDING_USEC);
        state.current_bytes.present = false; /* nobody knows how much it uses */
        now_usec += QOS_PENDING_USEC;
        assert_waits(QOS_STATUS_PENDING, now_usec + QOS_PENDING_USEC);
}
END_TEST

START_TEST(raising_asks_for_no_usage) {
        *actual() = GIB;
        state.current_bytes = opt_u64(GIB);
        achieve();
        *actual() = 0;
        state.current_bytes.present = false;
        assert_writes(8 * GIB);
}
END_TEST

START_TEST(protections_have_no_usage_rule) {
        row.knob = CGROUP_MEMORY_LOW;
        state.has[CGROUP_MEMORY_LOW] = true;
        state.values[CGROUP_MEMORY_LOW].number = CGROUP_MAX;
        state.current_bytes = opt_u64(100 * GIB);
        row.value.number = 0;
        assert_writes(0);
}
END_TEST

/* Repairs */

START_TEST(the_first_repair_comes_at_once_and_the_last_one_last) {
        static const uint64_t delays[] = { 0, 125000, 250000, 500000, 1000000 };
        const uint64_t start = now_usec;

        achieve();
        for (unsigned i = 0; i < QOS_REPAIRS_MAX; ++i) {
                *actual() = CGROUP_MAX;
                if (delays[i] > 0)
                        assert_waits(QOS_STATUS_WRITING, now_usec + delays[i]);
                now_usec += delays[i];
                assert_writes(8 * GIB);
                ck_assert(decision.is_repair);
                end(0, 0);
                assert_waits(QOS_STATUS_ACHIEVED, UINT64_MAX);
        }
        ck_assert_uint_lt(now_usec, start + 2 * SEC);
        *actual() = CGROUP_MAX;
        assert_waits(QOS_STATUS_CONTENDED, now_usec + QOS_CONTENDED_USEC);
        row.value.number = 7 * GIB; /* not even then */
        now_usec += QOS_CONTENDED_USEC - 1;
        assert_waits(QOS_STATUS_CONTENDED, now_usec + 1);
        ++now_usec;
        achieve();
}
END_TEST

START_TEST(who_writes_now_and_then_is_no_rival) {
        achieve();
        for (unsigned i = 0; i < 50; ++i) {
                now_usec += QOS_REPAIR_WINDOW_USEC / 4;
                *actual() = i % 2 ? GIB : CGROUP_MAX;
                state.current_bytes = opt_u64(i % 2 ? GIB : 2 * GIB);
                assert_writes(8 * GIB);
                ck_assert(decision.is_repair);
                end(0, 0);
                assert_waits(QOS_STATUS_ACHIEVED, UINT64_MAX);
        }
}
END_TEST

START_TEST(a_wish_that_changes_is_no_repair) {
        achieve();
        for (unsigned i = 0; i < 50; ++i) {
                row.value.number += i % 2 ? GIB : -GIB;
                achieve();
        }
        *actual() = CGROUP_MAX; /* somebody else wrote, and now something else is wanted */
        row.value.number += GIB;
        assert_writes(row.value.number);
        ck_assert(!decision.is_repair);
        ck_assert_uint_eq(knob.n_repairs, 0);
}
END_TEST

START_TEST(an_operator_forgives) {
        achieve();
        for (unsigned i = 0; i < QOS_REPAIRS_MAX; ++i) {
                *actual() = CGROUP_MAX;
                now_usec += SEC;
                assert_writes(8 * GIB);
                end(0, 0);
        }
        *actual() = CGROUP_MAX;
        ck_assert_int_eq(look(), QOS_STATUS_CONTENDED);
        qos_knob_forgive(&knob);
        assert_writes(8 * GIB);
        end(-EPERM, CGROUP_WRITE_FILE);
        ck_assert_int_eq(look(), QOS_STATUS_REFUSED);
        qos_knob_forgive(&knob);
        assert_writes(8 * GIB);
}
END_TEST

/* A mask whose file systemd is to make: what it says of the unit is no cgroup that has gone. */
START_TEST(what_systemd_does_not_enable_is_refused) {
        achieve();
        *actual() = CGROUP_MAX;
        now_usec += SEC;
        assert_writes(8 * GIB);
        end(-ENOENT, CGROUP_WRITE_ENABLE);
        ck_assert_int_eq(look(), QOS_STATUS_REFUSED);
        ck_assert(!decision.writes);
        ck_assert_int_eq(knob.error, -ENOENT);
}
END_TEST

START_TEST(a_rival_who_agrees_has_achieved_it) {
        achieve();
        for (unsigned i = 0; i <= QOS_REPAIRS_MAX; ++i) {
                *actual() = CGROUP_MAX;
                now_usec += SEC;
                (void)look();
                if (decision.writes)
                        end(0, 0);
        }
        ck_assert_int_eq(knob.status, QOS_STATUS_CONTENDED);
        *actual() = 8 * GIB;
        assert_waits(QOS_STATUS_ACHIEVED, UINT64_MAX);
        *actual() = CGROUP_MAX;
        ck_assert_int_eq(look(), QOS_STATUS_CONTENDED);
}
END_TEST

START_TEST(who_lowers_what_is_pending_helps) {
        state.current_bytes = opt_u64(10 * GIB);
        assert_writes(10 * GIB + 512 * MIB);
        end(0, 0);
        *actual() = 10 * GIB + 100 * MIB;
        now_usec += QOS_PENDING_USEC;
        assert_waits(QOS_STATUS_PENDING, now_usec + QOS_PENDING_USEC);
        *actual() = 4 * GIB; /* and this is too much */
        assert_writes(8 * GIB);
        ck_assert(decision.is_repair);
}
END_TEST

START_TEST(what_is_read_back_otherwise_is_somebody_elses) {
        CgroupWriteResult result = { .has_found = true, .found.number = 5 * GIB, .message = "" };

        assert_writes(8 * GIB);
        *actual() = 5 * GIB;
        qos_step_done(&knob, row.knob, &result, PAGE, now_usec);
        ck_assert_int_ne(knob.status, QOS_STATUS_ACHIEVED);
        assert_writes(8 * GIB);
        ck_assert(decision.is_repair);
}
END_TEST

/* Refusals */

START_TEST(what_is_refused_is_tried_again_later) {
        assert_writes(8 * GIB);
        end(-EINVAL, CGROUP_WRITE_FILE);
        ck_assert_int_eq(knob.error, -EINVAL);
        ck_assert_int_eq(knob.error_step, CGROUP_WRITE_FILE);
        assert_waits(QOS_STATUS_REFUSED, now_usec + QOS_REFUSED_USEC);
        now_usec += QOS_REFUSED_USEC;
        achieve();
        ck_assert_int_eq(knob.error, 0);
        ck_assert_uint_eq(knob.n_repairs, 0);
}
END_TEST

START_TEST(another_wish_is_not_refused_yet) {
        assert_writes(8 * GIB);
        end(-EINVAL, CGROUP_WRITE_FILE);
        row.value.number = 7 * GIB;
        achieve();
}
END_TEST

static const int gone[] = { -ESTALE, -ENOENT, -ENODEV };

START_TEST(what_vanished_is_absent_and_not_refused) {
        assert_writes(8 * GIB);
        end(gone[_i], CGROUP_WRITE_FILE);
        ck_assert_int_eq(knob.status, QOS_STATUS_ABSENT);
        /* it is there all the same: soon, but not in a loop */
        assert_waits(QOS_STATUS_ABSENT, now_usec + QOS_REPAIR_MAX_USEC);
        now_usec += QOS_REPAIR_MAX_USEC;
        achieve();
        state.inode = 8; /* and another one at once */
        *actual() = CGROUP_MAX;
        assert_writes(8 * GIB);
}
END_TEST

START_TEST(systemd_that_does_not_listen_is_told_again) {
        assert_writes(8 * GIB);
        end(-ETIMEDOUT, CGROUP_WRITE_SYSTEMD);
        assert_waits(QOS_STATUS_REFUSED, now_usec + QOS_REFUSED_USEC);
        now_usec += QOS_REFUSED_USEC;
        achieve();
        /* without a unit there is nobody to be told */
        row.value.number = 7 * GIB;
        assert_writes(7 * GIB);
        end(-ENOENT, CGROUP_WRITE_SYSTEMD);
        assert_waits(QOS_STATUS_ACHIEVED, UINT64_MAX);
}
END_TEST

/* Order */

START_TEST(levels_wait_for_each_other) {
        may_lower = false;
        assert_waits(QOS_STATUS_WRITING, UINT64_MAX);
        *actual() = GIB;
        achieve();
        may_raise = false;
        *actual() = GIB;
        assert_waits(QOS_STATUS_WRITING, UINT64_MAX);
        ck_assert_uint_eq(knob.n_repairs, 0);
}
END_TEST

static void set_masks(uint64_t is, uint64_t wanted) {
        row.knob = CGROUP_CPUSET_MEMS;
        row.value = (CgroupValue){ .nodes.words[0] = wanted };
        state.values[CGROUP_CPUSET_MEMS] = (CgroupValue){ .nodes.words[0] = is };
        knob = (QosKnob){};
}

START_TEST(masks_have_an_order_and_no_usage_rule) {
        state.current_bytes.present = false;
        may_raise = false;
        set_masks(7, 3);
        ck_assert(look() == QOS_STATUS_WRITING && decision.writes);
        set_masks(0, 3); /* all that the parent has */
        ck_assert(look() == QOS_STATUS_WRITING && decision.writes);
        set_masks(1, 3);
        ck_assert(look() == QOS_STATUS_WRITING && !decision.writes);
        may_raise = true;
        may_lower = false;
        set_masks(1, 3);
        ck_assert(look() == QOS_STATUS_WRITING && decision.writes);
        set_masks(1, 2); /* neither way: it must not wait for both */
        ck_assert(look() == QOS_STATUS_WRITING && decision.writes);
        set_masks(7, 3);
        ck_assert(look() == QOS_STATUS_WRITING && !decision.writes);
        may_lower = true;
        ck_assert(look() == QOS_STATUS_WRITING && decision.writes);
        end(0, 0);
        assert_waits(QOS_STATUS_ACHIEVED, UINT64_MAX);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("qos-step");
        TCase *tests = tcase_create("qos-step");

        tcase_add_checked_fixture(tests, setup, NULL);
        tcase_add_test(tests, what_is_wanted_is_written_once);
        tcase_add_test(tests, what_is_there_already_is_not_written);
        tcase_add_test(tests, what_is_not_wanted_is_left_alone);
        tcase_add_test(tests, what_is_not_there_is_absent);
        tcase_add_test(tests, another_cgroup_is_a_fresh_start);
        tcase_add_test(tests, the_newest_wish_wins_when_the_write_has_ended);
        tcase_add_test(tests, a_limit_stays_above_usage_and_a_margin);
        tcase_add_test(tests, the_margin_is_never_small);
        tcase_add_test(tests, a_limit_that_usage_is_near_stays);
        tcase_add_test(tests, raising_asks_for_no_usage);
        tcase_add_test(tests, protections_have_no_usage_rule);
        tcase_add_test(tests, the_first_repair_comes_at_once_and_the_last_one_last);
        tcase_add_test(tests, who_writes_now_and_then_is_no_rival);
        tcase_add_test(tests, a_wish_that_changes_is_no_repair);
        tcase_add_test(tests, an_operator_forgives);
        tcase_add_test(tests, what_systemd_does_not_enable_is_refused);
        tcase_add_test(tests, a_rival_who_agrees_has_achieved_it);
        tcase_add_test(tests, who_lowers_what_is_pending_helps);
        tcase_add_test(tests, what_is_read_back_otherwise_is_somebody_elses);
        tcase_add_test(tests, what_is_refused_is_tried_again_later);
        tcase_add_test(tests, another_wish_is_not_refused_yet);
        tcase_add_loop_test(tests, what_vanished_is_absent_and_not_refused, 0,
                            (int)ELEMENTSOF(gone));
        tcase_add_test(tests, systemd_that_does_not_listen_is_told_again);
        tcase_add_test(tests, levels_wait_for_each_other);
        tcase_add_test(tests, masks_have_an_order_and_no_usage_rule);
        suite_add_tcase(s, tests);
        return s;
}
