/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a plan to writes: in order of levels, after the record, and nothing when nothing is to be
 * done. The writer and the record's file are stood in for: what is written is in the states at
 * once when the test says so.
 */
#include "manager/qos-apply.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "lib/test-main.h"
#include "qos/order.h"

#define PAGE       4096u
#define WRITES_MAX 16u

typedef struct Written {
        CgroupWrite write;
        CgroupWriteDone done;
        void *userdata;
} Written;

static struct {
        QosApply *apply;
        QosPlaces places;
        QosPlan plan;
        unsigned n_moves;
        uint64_t now_usec;
        Written writes[WRITES_MAX]; /* that have not ended */
        size_t n_writes;
        bool is_recorded; /* what is put is on the disk at once */
        size_t n_puts;
        int refusal; /* of cgroup_writer_write() */
        unsigned n_told;
} bed;

/* Doubles */

int cgroup_writer_write(CgroupWriter *writer,
                        const CgroupWrite *write,
                        CgroupWriteDone done,
                        void *userdata) {
        ck_assert_ptr_nonnull(writer);
        if (bed.refusal)
                return bed.refusal;
        ck_assert_uint_lt(bed.n_writes, WRITES_MAX);
        bed.writes[bed.n_writes++] =
                (Written){ .write = *write, .done = done, .userdata = userdata };
        return 0;
}

bool qos_record_file_has(const QosRecordFile *file _unused_,
                         const char *path _unused_,
                         CgroupKnob knob _unused_) {
        return bed.is_recorded;
}

void qos_record_file_put(QosRecordFile *file _unused_,
                         const char *path _unused_,
                         CgroupKnob knob _unused_,
                         const CgroupValue *before _unused_,
                         const CgroupValue *written _unused_) {
        ++bed.n_puts;
}

static uint64_t read_clock(const void *cookie _unused_) {
        return bed.now_usec;
}

static void on_written(void *userdata _unused_) {
        ++bed.n_told;
}

/* The bed */

static void add_level(QosLevel level, const char *path) {
        QosPlace *place = &bed.places.items[level];

        (void)snprintf(place->path, sizeof(place->path), "%s", path);
        place->is_configured = true;
        place->state = (CgroupState){ .is_there = true,
                                      .current_bytes = opt_u64(0),
                                      .inode = 100 + level };
}

static void put(QosLevel level, CgroupKnob knob, uint64_t number) {
        bed.places.items[level].state.has[knob] = true;
        bed.places.items[level].state.values[knob].number = number;
}

static void want(size_t i, QosLevel level, CgroupKnob knob, uint64_t number) {
        bed.plan.rows[i] = (QosRow){ .level = level,
                                     .knob = knob,
                                     .owner = QOS_OWNER_SLUGD,
                                     .has_value = true,
                                     .value.number = number,
                                     .reason = "because" };
        if (bed.plan.n_rows <= i)
                bed.plan.n_rows = i + 1;
        qos_apply_plan(bed.apply, &bed.plan);
}

static void setup(void) {
        log_init("test-qos-apply", LOG_TARGET_TEXT, LOG_CRIT);
        memset(&bed, 0, sizeof(bed));
        bed.now_usec = 1000 * USEC_PER_SEC;
        bed.is_recorded = true;
        add_level(QOS_LEVEL_KUBEPODS, "kubepods");
        add_level(QOS_LEVEL_BURSTABLE, "kubepods/burstable");
        add_level(QOS_LEVEL_BESTEFFORT, "kubepods/besteffort");
        ck_assert_int_eq(qos_apply_new(&(const QosApplyParams){ .clock = { .now_usec = read_clock },
                                                                .written = on_written },
                                       &bed.apply),
                         0);
}

static void teardown(void) {
        bed.apply = qos_apply_free(bed.apply);
}

static bool step_with(CgroupWriter *writer) {
        uint64_t due_usec;

        return qos_apply_step(bed.apply,
                              &(const QosApplySight){ .places = &bed.places,
                                                      .n_moves = bed.n_moves,
                                                      .page_bytes = PAGE,
                                                      .writer = writer },
                              &due_usec);
}

static bool step(void) {
        return step_with((CgroupWriter *)&bed); /* nobody looks into it */
}

/* The oldest write ends: it is there, or it failed. */
static void end_write(int error) {
        const Written written = bed.writes[0];

        ck_assert_uint_gt(bed.n_writes, 0);
        memmove(bed.writes, bed.writes + 1, --bed.n_writes * sizeof(*bed.writes));
        for (QosLevel level = 0; error == 0 && level < _QOS_LEVEL_N; ++level)
                if (strcmp(bed.places.items[level].path, written.write.path) == 0)
                        bed.places.items[level].state.values[written.write.knob] =
                                written.write.value;
        written.done(&(const CgroupWriteResult){ .error = error,
                                                 .step = CGROUP_WRITE_FILE,
                                                 .has_found = error == 0,
                                                 .found = written.write.value,
                                                 .message = "" },
                     written.userdata);
}

static QosStatus get_status(size_t i) {
        return qos_apply_get_knobs(bed.apply)[i].status;
}

/* Tests */

START_TEST(what_differs_is_written_once_and_then_nothing) {
        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 0);
        want(0, QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 4 * MIB);
        ck_assert(step());
        ck_assert_uint_eq(bed.n_writes, 1);
        ck_assert_str_eq(bed.writes[0].write.path, "kubepods/burstable");
        ck_assert_uint_eq(bed.writes[0].write.inode, 100 + QOS_LEVEL_BURSTABLE);
        ck_assert_uint_eq(bed.writes[0].write.value.number, 4 * MIB);
        ck_assert_int_eq(get_status(0), QOS_STATUS_WRITING);
        ck_assert_uint_eq(qos_apply_count_busy(bed.apply), 1);
        ck_assert(!step());
        ck_assert_uint_eq(bed.n_writes, 1);
        end_write(0);
        ck_assert_uint_eq(bed.n_told, 1);
        ck_assert_uint_eq(qos_apply_count_busy(bed.apply), 0);
        ck_assert(step());
        ck_assert_int_eq(get_status(0), QOS_STATUS_ACHIEVED);
        for (unsigned i = 0; i < 3; ++i)
                ck_assert(!step());
        ck_assert_uint_eq(bed.n_writes, 0);
        ck_assert_uint_eq(qos_apply_get_stats(bed.apply).n_writes, 1);
        ck_assert_uint_eq(qos_apply_get_stats(bed.apply).n_repairs, 0);
}
END_TEST

START_TEST(nothing_is_written_before_it_is_recorded) {
        bed.is_recorded = false;
        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 0);
        want(0, QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 4 * MIB);
        step();
        step();
        ck_assert_uint_eq(bed.n_writes, 0);
        ck_assert_uint_gt(bed.n_puts, 0);
        ck_assert_int_eq(get_status(0), QOS_STATUS_WRITING);
        bed.is_recorded = true;
        step();
        ck_assert_uint_eq(bed.n_writes, 1);
}
END_TEST

START_TEST(what_is_right_already_needs_no_record) {
        bed.is_recorded = false;
        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 4 * MIB);
        want(0, QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 4 * MIB + 1);
        step();
        ck_assert_int_eq(get_status(0), QOS_STATUS_ACHIEVED);
        ck_assert_uint_eq(bed.n_puts, 0);
}
END_TEST

/* kubepods, then what is in it. */
START_TEST(what_goes_up_goes_up_from_the_top) {
        put(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MAX, GIB);
        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, GIB);
        put(QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, GIB);
        want(0, QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MAX, 4 * GIB);
        want(1, QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, 3 * GIB);
        want(2, QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, 2 * GIB);
        step();
        ck_assert_uint_eq(bed.n_writes, 1);
        ck_assert_str_eq(bed.writes[0].write.path, "kubepods");
        step();
        ck_assert_uint_eq(bed.n_writes, 1);
        end_write(0);
        step();
        ck_assert_uint_eq(bed.n_writes, 2);
}
END_TEST

START_TEST(what_comes_down_comes_down_from_the_bottom) {
        put(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MAX, 8 * GIB);
        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, CGROUP_MAX);
        put(QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, CGROUP_MAX);
        want(0, QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MAX, 4 * GIB);
        want(1, QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, 3 * GIB);
        want(2, QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, 2 * GIB);
        step();
        ck_assert_uint_eq(bed.n_writes, 1);
        end_write(0);
        step();
        ck_assert_uint_eq(bed.n_writes, 1);
        end_write(0);
        step();
        ck_assert_uint_eq(bed.n_writes, 1);
        ck_assert_str_eq(bed.writes[0].write.path, "kubepods");
}
END_TEST

/* Behind a write that reclaims for seconds it would be below what is in use by then. */
START_TEST(a_limit_comes_down_to_what_is_used_when_the_worker_is_free) {
        QosPlace *burstable = &bed.places.items[QOS_LEVEL_BURSTABLE];

        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, 8 * GIB);
        put(QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, 8 * GIB);
        want(0, QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, GIB);
        want(1, QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, GIB);
        step();
        ck_assert_uint_eq(bed.n_writes, 1);
        ck_assert_str_eq(bed.writes[0].write.path, "kubepods/besteffort");
        ck_assert_int_eq(get_status(0), QOS_STATUS_WRITING);
        burstable->state.current_bytes = opt_u64(4 * GIB);
        end_write(0);
        step();
        ck_assert_uint_eq(bed.n_writes, 1);
        ck_assert_uint_gt(bed.writes[0].write.value.number, 4 * GIB);
}
END_TEST

/* Pages of a mask move for long, and no limit waits for them. */
START_TEST(a_mask_holds_up_no_limit) {
        bed.places.items[QOS_LEVEL_BURSTABLE].state.has[CGROUP_CPUSET_MEMS] = true;
        put(QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, 8 * GIB);
        want(0, QOS_LEVEL_BURSTABLE, CGROUP_CPUSET_MEMS, 0);
        nodeset_add(&bed.plan.rows[0].value.nodes, 0);
        want(1, QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, GIB);
        step();
        ck_assert_uint_eq(bed.n_writes, 2);
        step();
        ck_assert_uint_eq(bed.n_writes, 2);
}
END_TEST

/* Neither is waited for: what is refused, and what usage keeps up. */
START_TEST(who_does_not_get_there_holds_up_nobody) {
        put(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MAX, 8 * GIB);
        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, 8 * GIB);
        put(QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, 8 * GIB);
        want(0, QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MAX, 4 * GIB);
        want(1, QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, 3 * GIB);
        want(2, QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, 2 * GIB);
        bed.places.items[QOS_LEVEL_BESTEFFORT].state.current_bytes = opt_u64(8 * GIB);
        step();
        ck_assert_uint_eq(bed.n_writes, 1);
        ck_assert_int_eq(get_status(2), QOS_STATUS_PENDING);
        end_write(-EACCES);
        step();
        ck_assert_int_eq(get_status(1), QOS_STATUS_REFUSED);
        ck_assert_uint_eq(bed.n_writes, 1);
        ck_assert_str_eq(bed.writes[0].write.path, "kubepods");
}
END_TEST

START_TEST(what_cannot_begin_is_refused_and_tried_again) {
        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 0);
        want(0, QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 4 * MIB);
        bed.refusal = -EBUSY;
        step();
        ck_assert_int_eq(get_status(0), QOS_STATUS_REFUSED);
        ck_assert_uint_eq(qos_apply_count_busy(bed.apply), 0);
        ck_assert_uint_eq(qos_apply_get_stats(bed.apply).n_writes, 0);
        bed.refusal = 0;
        step();
        ck_assert_uint_eq(bed.n_writes, 0);
        bed.now_usec += QOS_REFUSED_USEC;
        step();
        ck_assert_uint_eq(bed.n_writes, 1);
}
END_TEST

START_TEST(drift_is_repaired_and_counted) {
        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 0);
        want(0, QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 4 * MIB);
        step();
        end_write(0);
        step();
        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, MIB);
        step();
        ck_assert_uint_eq(bed.n_writes, 1);
        ck_assert_uint_eq(qos_apply_get_stats(bed.apply).n_repairs, 1);
        end_write(0);
        step();
        ck_assert_int_eq(get_status(0), QOS_STATUS_ACHIEVED);
}
END_TEST

/* A row that goes and comes back is the same one; its write ends in between. */
START_TEST(a_write_outlives_its_row) {
        const QosPlan none = {};

        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 0);
        want(0, QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 4 * MIB);
        step();
        qos_apply_plan(bed.apply, &none);
        ck_assert(step());
        qos_apply_plan(bed.apply, &bed.plan);
        step();
        ck_assert_uint_eq(bed.n_writes, 1); /* not twice at once */
        end_write(0);
        step();
        ck_assert_int_eq(get_status(0), QOS_STATUS_ACHIEVED);
        ck_assert_uint_eq(qos_apply_count_busy(bed.apply), 0);
}
END_TEST

/* Another driver, another cgroupRoot. */
START_TEST(what_was_written_elsewhere_is_forgotten) {
        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 0);
        want(0, QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 4 * MIB);
        step();
        add_level(QOS_LEVEL_BURSTABLE, "kubepods.slice/kubepods-burstable.slice");
        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 0);
        ++bed.n_moves;
        step();
        ck_assert_uint_eq(bed.n_writes, 1);
        end_write(-EACCES);
        step();
        ck_assert_uint_eq(bed.n_writes, 1);
        ck_assert_str_eq(bed.writes[0].write.path, "kubepods.slice/kubepods-burstable.slice");
}
END_TEST

START_TEST(without_a_writer_it_is_only_said_how_things_are) {
        put(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 0);
        put(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MIN, MIB);
        want(0, QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MIN, MIB);
        want(1, QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_LOW, 4 * MIB);
        want(2, QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, GIB);
        step_with(NULL);
        ck_assert_uint_eq(bed.n_writes, 0);
        ck_assert_uint_eq(bed.n_puts, 0);
        ck_assert_int_eq(get_status(0), QOS_STATUS_ACHIEVED);
        ck_assert_int_eq(get_status(1), QOS_STATUS_UNMANAGED);
        ck_assert_int_eq(get_status(2), QOS_STATUS_ABSENT);
}
END_TEST

static const struct {
        const char *found, *wanted;
        QosDirection direction;
} masks[] = {
        { "0-1", "0-1", QOS_STAYS }, { "0-1", "0-2", QOS_RISES }, { "0-1", "0", QOS_FALLS },
        { "", "0-1", QOS_FALLS },    { "0-1", "1-2", QOS_RISES }, { "0-1", "2", QOS_RISES },
};

START_TEST(a_mask_goes_as_a_step_goes) {
        QosRow row = { .level = QOS_LEVEL_BURSTABLE,
                       .knob = CGROUP_CPUSET_MEMS,
                       .has_value = true };
        CgroupState state = { .is_there = true, .has = { [CGROUP_CPUSET_MEMS] = true } };

        ck_assert_int_eq(
                nodeset_parse(masks[_i].wanted, strlen(masks[_i].wanted), &row.value.nodes), 0);
        ck_assert_int_eq(cgroup_value_parse(CGROUP_CPUSET_MEMS, masks[_i].found,
                                            strlen(masks[_i].found),
                                            &state.values[CGROUP_CPUSET_MEMS]),
                         0);
        ck_assert_int_eq(qos_order_get_direction(&row, &state, PAGE), masks[_i].direction);
        state.is_there = false;
        ck_assert_int_eq(qos_order_get_direction(&row, &state, PAGE), QOS_STAYS);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("qos-apply");
        TCase *t = tcase_create("all");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, what_differs_is_written_once_and_then_nothing);
        tcase_add_test(t, nothing_is_written_before_it_is_recorded);
        tcase_add_test(t, what_is_right_already_needs_no_record);
        tcase_add_test(t, what_goes_up_goes_up_from_the_top);
        tcase_add_test(t, what_comes_down_comes_down_from_the_bottom);
        tcase_add_test(t, a_limit_comes_down_to_what_is_used_when_the_worker_is_free);
        tcase_add_test(t, a_mask_holds_up_no_limit);
        tcase_add_test(t, who_does_not_get_there_holds_up_nobody);
        tcase_add_test(t, what_cannot_begin_is_refused_and_tried_again);
        tcase_add_test(t, drift_is_repaired_and_counted);
        tcase_add_test(t, a_write_outlives_its_row);
        tcase_add_test(t, what_was_written_elsewhere_is_forgotten);
        tcase_add_test(t, without_a_writer_it_is_only_said_how_things_are);
        tcase_add_loop_test(t, a_mask_goes_as_a_step_goes, 0, ELEMENTSOF(masks));
        suite_add_tcase(s, t);
        return s;
}
