/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of events of cgroups, what of it is told to whom, and what is counted. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "lib/test-main.h"
#include "service/cgroup-metrics.h"
#include "service/messages.h"

static CgroupHistory history;
static Arena *arena;
static Slug__V1__CgroupEvent **list;
static size_t n_list;

static void setup(void) {
        history = (CgroupHistory){};
        ck_assert_int_eq(arena_new(1 << 20, &arena), 0);
}

static void teardown(void) {
        arena = arena_free(arena);
}

static void add(QosLevel level, CgroupEventKind kind, uint64_t count) {
        cgroup_history_add(
                &history, 1000 + history.last_number, "kubepods/burstable",
                &(const CgroupEvent){ .tag = level, .kind = kind, .count = count, .total = 77 });
}

static void build(uint64_t after) {
        ck_assert_int_eq(message_build_cgroup_events(arena, &history, after, &n_list, &list), 0);
}

START_TEST(nothing_happened_is_an_empty_list) {
        build(0);
        ck_assert_uint_eq(n_list, 0);
        build(5);
        ck_assert_uint_eq(n_list, 0);
}
END_TEST

START_TEST(only_what_came_after_is_told) {
        add(QOS_LEVEL_BURSTABLE, CGROUP_EVENT_MAX, 3);
        add(QOS_LEVEL_KUBEPODS, CGROUP_EVENT_OOM_KILL, 1);
        build(1);
        ck_assert_uint_eq(n_list, 1);
        ck_assert_str_eq(list[0]->level, "kubepods");
        ck_assert_str_eq(list[0]->path, "kubepods/burstable");
        ck_assert_uint_eq(list[0]->time_usec, 1001);
        ck_assert_uint_eq(list[0]->count, 1);
        ck_assert_uint_eq(list[0]->total, 77);
        ck_assert_int_eq(list[0]->kind, SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_OOM_KILL);
        build(2);
        ck_assert_uint_eq(n_list, 0);
        build(0);
        ck_assert_uint_eq(n_list, 2);
}
END_TEST

/* The enumeration of the API has them in the same order, behind its "unspecified". */
START_TEST(every_kind_has_its_own_word) {
        const ProtobufCEnumDescriptor *words = &slug__v1__cgroup_event_kind__descriptor;
        char name[64], expected[64];

        ck_assert_uint_eq(words->n_values, _CGROUP_EVENT_KIND_N + 1);
        for (unsigned i = 0; i < _CGROUP_EVENT_KIND_N; ++i)
                add(QOS_LEVEL_KUBEPODS, (CgroupEventKind)i, 1);
        build(0);
        for (unsigned i = 0; i < _CGROUP_EVENT_KIND_N; ++i) {
                (void)snprintf(expected, sizeof(expected), "CGROUP_EVENT_KIND_%s",
                               cgroup_event_kind_name((CgroupEventKind)i));
                (void)snprintf(name, sizeof(name), "%s",
                               protobuf_c_enum_descriptor_get_value(words, list[i]->kind)->name);
                ck_assert_int_eq(strcasecmp(name, expected), 0);
        }
}
END_TEST

START_TEST(the_oldest_go) {
        for (unsigned i = 0; i < CGROUP_HISTORY_MAX + 44; ++i)
                add(QOS_LEVEL_KUBEPODS, CGROUP_EVENT_MAX, 1);
        build(0);
        ck_assert_uint_eq(n_list, CGROUP_HISTORY_MAX);
        ck_assert_uint_eq(list[0]->time_usec, 1044);
        ck_assert_uint_eq(list[n_list - 1]->time_usec, 1299);
        build(40);
        ck_assert_uint_eq(n_list, CGROUP_HISTORY_MAX);
        build(290);
        ck_assert_uint_eq(n_list, 10);
        ck_assert_uint_eq(history.counts[QOS_LEVEL_KUBEPODS][CGROUP_EVENT_MAX], 300);
}
END_TEST

START_TEST(a_small_arena_is_said) {
        _cleanup_(arena_freep) Arena *small = NULL;

        for (unsigned i = 0; i < CGROUP_HISTORY_MAX; ++i)
                add(QOS_LEVEL_KUBEPODS, CGROUP_EVENT_MAX, 1);
        ck_assert_int_eq(arena_new(4096, &small), 0);
        ck_assert_int_eq(message_build_cgroup_events(small, &history, 0, &n_list, &list), -ENOMEM);
}
END_TEST

START_TEST(levels_that_are_followed_are_counted) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};

        add(QOS_LEVEL_BURSTABLE, CGROUP_EVENT_MAX, 3);
        add(QOS_LEVEL_BURSTABLE, CGROUP_EVENT_MAX, 4);
        add(QOS_LEVEL_BURSTABLE, CGROUP_EVENT_PRESSURE, 1);
        history.is_followed[QOS_LEVEL_BURSTABLE] = true;
        cgroup_metrics_write(&history, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_ptr_nonnull(strstr(
                buffer.data, "\nslug_cgroup_events_total{level=\"burstable\",event=\"max\"} 7\n"));
        ck_assert_ptr_nonnull(
                strstr(buffer.data,
                       "\nslug_cgroup_events_total{level=\"burstable\",event=\"oom_kill\"} 0\n"));
        ck_assert_ptr_nonnull(strstr(
                buffer.data, "\nslug_cgroup_pressure_triggers_total{level=\"burstable\"} 1\n"));
        ck_assert_ptr_null(strstr(buffer.data, "pressure\"}"));
        ck_assert_ptr_null(strstr(buffer.data, "kubepods"));
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("cgroup-history");
        TCase *t = tcase_create("history");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, nothing_happened_is_an_empty_list);
        tcase_add_test(t, only_what_came_after_is_told);
        tcase_add_test(t, every_kind_has_its_own_word);
        tcase_add_test(t, the_oldest_go);
        tcase_add_test(t, a_small_arena_is_said);
        tcase_add_test(t, levels_that_are_followed_are_counted);
        suite_add_tcase(s, t);
        return s;
}
