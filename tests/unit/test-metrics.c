/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prometheus' text: what a label may hold, and calls that are counted once.
 */
#include <stdio.h>
#include <string.h>

#include "lib/test-main.h"
#include "metrics/calls.h"
#include "metrics/text.h"

static Calls calls;
static Buffer buffer;

static void setup(void) {
        calls = (Calls){};
}

static void teardown(void) {
        buffer_deinit(&buffer);
}

static const char *text(void) {
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        return buffer.data;
}

START_TEST(a_label_holds_any_text) {
        metric_sample(&buffer, "m", &(const MetricLabel){ "l", "a\"b\\c\nd" }, 1, UINT64_MAX);
        ck_assert_str_eq(text(), "m{l=\"a\\\"b\\\\c\\nd\"} 18446744073709551615\n");
}
END_TEST

START_TEST(microseconds_are_seconds) {
        metric_sample_usec(&buffer, "m", NULL, 0, 1000001);
        ck_assert_str_eq(text(), "m 1.000001\n");
}
END_TEST

START_TEST(a_call_is_in_every_bucket_above_it) {
        static const char method[] = "/a.B/C", code[] = "ok";

        calls_note(&calls, method, code, 50);
        calls_note(&calls, method, code, 51);
        calls_note(&calls, method, code, 20000000);
        calls_write(&calls, &buffer);
        ck_assert(strstr(text(), "{method=\"a.B/C\",code=\"ok\",le=\"0.00005\"} 1\n"));
        ck_assert(strstr(text(), "le=\"0.0001\"} 2\n"));
        ck_assert(strstr(text(), "le=\"10\"} 2\n"));
        ck_assert(strstr(text(), "le=\"+Inf\"} 3\n"));
        ck_assert(strstr(text(), "_sum{method=\"a.B/C\",code=\"ok\"} 20.000101\n"));
        ck_assert(strstr(text(), "_count{method=\"a.B/C\",code=\"ok\"} 3\n"));
}
END_TEST

START_TEST(codes_are_counted_apart) {
        static const char method[] = "/a.B/C", good[] = "ok", bad[] = "internal";

        calls_note(&calls, method, good, 1);
        calls_note(&calls, method, bad, 1);
        calls_note(&calls, method, bad, 1);
        ck_assert_uint_eq(calls.n_pairs, 2);
        ck_assert_uint_eq(calls.pairs[1].n_calls, 2);
}
END_TEST

START_TEST(more_pairs_than_there_is_room_for_are_left_out) {
        static char methods[CALLS_PAIRS_MAX + 10][8];

        for (size_t i = 0; i < CALLS_PAIRS_MAX + 10; ++i) {
                (void)snprintf(methods[i], sizeof(methods[i]), "/%zu", i);
                calls_note(&calls, methods[i], "ok", 1);
        }
        ck_assert_uint_eq(calls.n_pairs, CALLS_PAIRS_MAX);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("metrics");
        TCase *t = tcase_create("text");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, a_label_holds_any_text);
        tcase_add_test(t, microseconds_are_seconds);
        tcase_add_test(t, a_call_is_in_every_bucket_above_it);
        tcase_add_test(t, codes_are_counted_apart);
        tcase_add_test(t, more_pairs_than_there_is_room_for_are_left_out);
        suite_add_tcase(s, t);
        return s;
}
