/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <string.h>

#include "base/buffer.h"
#include "lib/failmalloc.h"

START_TEST(steps_add_up) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};

        buffer_append_text(&buffer, "a");
        buffer_append_char(&buffer, '-');
        buffer_printf(&buffer, "%d %s", 42, "x");
        buffer_printf(&buffer, "%s", "");
        buffer_append(&buffer, "yz!", 2);
        buffer_append(&buffer, NULL, 0);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_str_eq(buffer.data, "a-42 xyz");
        ck_assert_uint_eq(buffer.n_data, 8);
}
END_TEST

START_TEST(empty_buffer_finishes_as_empty_text) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};

        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_str_eq(buffer.data, "");
        ck_assert_uint_eq(buffer.n_data, 0);
        buffer_append_text(&buffer, "more");
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_str_eq(buffer.data, "more");
}
END_TEST

START_TEST(it_grows_and_keeps_what_it_has) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};

        for (unsigned i = 0; i < 100000; ++i)
                buffer_append_char(&buffer, (char)('a' + i % 26));
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_uint_eq(strlen(buffer.data), 100000);
        for (unsigned i = 0; i < 100000; ++i)
                ck_assert_int_eq(buffer.data[i], 'a' + i % 26);
}
END_TEST

/* Lengths around the first size and its double, where the NUL just fits or just does not. */
START_TEST(nul_always_has_room) {
        for (size_t n = 250; n < 520; ++n) {
                _cleanup_(buffer_deinitp) Buffer buffer = {}, printed = {};
                char text[520];

                memset(text, 'x', n);
                text[n] = '\0';
                buffer_append(&buffer, text, n);
                buffer_printf(&printed, "%s", text);
                ck_assert_int_eq(buffer_finish(&buffer), 0);
                ck_assert_int_eq(buffer_finish(&printed), 0);
                ck_assert_str_eq(buffer.data, text);
                ck_assert_str_eq(printed.data, text);
        }
}
END_TEST

START_TEST(bytes_may_be_nul) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};

        buffer_append(&buffer, "a\0b", 3);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_mem_eq(buffer.data, "a\0b", 4);
}
END_TEST

START_TEST(cap_is_a_failure_that_sticks) {
        _cleanup_(buffer_deinitp) Buffer buffer = { .max = 4 };

        buffer_append_text(&buffer, "1234");
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        buffer_append_char(&buffer, '5');
        ck_assert_int_eq(buffer.error, -E2BIG);
        ck_assert_uint_eq(buffer.n_data, 4);
        ck_assert_str_eq(buffer.data, "1234");
        buffer_append(&buffer, "", 0);
        buffer_printf(&buffer, "6");
        ck_assert_int_eq(buffer_finish(&buffer), -E2BIG);
        buffer_deinit(&buffer);
        ck_assert_uint_eq(buffer.max, 4);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
}
END_TEST

START_TEST(size_that_overflows_is_too_large) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};

        buffer_append_char(&buffer, 'a');
        buffer_append(&buffer, "", SIZE_MAX);
        ck_assert_int_eq(buffer_finish(&buffer), -E2BIG);
        ck_assert_str_eq(buffer.data, "a");
        buffer_deinit(&buffer);
        buffer_append(&buffer, "", SIZE_MAX); /* the sum fits, its NUL does not */
        ck_assert_int_eq(buffer_finish(&buffer), -E2BIG);
}
END_TEST

static int fill(Buffer *buffer) {
        buffer_append_text(buffer, "first");
        for (unsigned i = 0; i < 300; ++i)
                buffer_printf(buffer, " %u", i);
        return buffer_finish(buffer);
}

START_TEST(every_failed_allocation_is_reported_at_the_end) {
        for (unsigned n = 0;; ++n) {
                _cleanup_(buffer_deinitp) Buffer buffer = {};
                bool has_failed;
                int r;

                failmalloc_arm(n);
                r = fill(&buffer);
                has_failed = failmalloc_disarm();
                if (!has_failed) {
                        ck_assert_int_eq(r, 0);
                        ck_assert_uint_gt(n, 2);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_int_eq(buffer_finish(&buffer), -ENOMEM);
                if (n == 0)
                        ck_assert_ptr_null(buffer.data);
                else
                        ck_assert_mem_eq(buffer.data, "first 0 1", 9);
        }
}
END_TEST

START_TEST(even_the_empty_text_needs_memory) {
        Buffer buffer = {};
        int r;

        failmalloc_arm(0);
        r = buffer_finish(&buffer);
        ck_assert(failmalloc_disarm());
        ck_assert_int_eq(r, -ENOMEM);
        ck_assert_ptr_null(buffer.data);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("buffer");
        TCase *tcase = tcase_create("buffer");

        tcase_add_test(tcase, steps_add_up);
        tcase_add_test(tcase, empty_buffer_finishes_as_empty_text);
        tcase_add_test(tcase, it_grows_and_keeps_what_it_has);
        tcase_add_test(tcase, nul_always_has_room);
        tcase_add_test(tcase, bytes_may_be_nul);
        tcase_add_test(tcase, cap_is_a_failure_that_sticks);
        tcase_add_test(tcase, size_that_overflows_is_too_large);
        tcase_add_test(tcase, every_failed_allocation_is_reported_at_the_end);
        tcase_add_test(tcase, even_the_empty_text_needs_memory);
        suite_add_tcase(suite, tcase);
        return suite;
}
