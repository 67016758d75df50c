/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "lib/failmalloc.h"

static const struct {
        const char *name, *source;
        unsigned line, column;
        const char *text;
} diags[] = {
        { "everything", "slugd.yaml", 3, 7, "slugd.yaml:3:7: bad" },
        { "no column", "slugd.yaml", 3, 0, "slugd.yaml:3: bad" },
        { "column without line means nothing", "slugd.yaml", 0, 7, "slugd.yaml: bad" },
        { "source alone", "slugd.yaml", 0, 0, "slugd.yaml: bad" },
        { "nothing but text", NULL, 0, 0, "bad" },
};

START_TEST(diag_says_where_it_was) {
        char buffer[DIAG_FORMATTED_MAX];
        Diag diag;

        diag_set(&diag, diags[_i].source, diags[_i].line, diags[_i].column, "%s", "bad");
        ck_assert_msg(strcmp(diag_format(&diag, buffer), diags[_i].text) == 0, "%s: %s",
                      diags[_i].name, buffer);
}
END_TEST

START_TEST(nobody_may_want_to_know) {
        diag_set(NULL, "file", 1, 1, "text");
}
END_TEST

START_TEST(long_text_is_cut_between_characters) {
        char text[3 * DIAG_TEXT_MAX];
        Diag diag;

        for (size_t i = 0; i + 3 < sizeof(text); i += 3)
                memcpy(text + i, "\xe2\x82\xac", 4);
        for (size_t n_before = 0; n_before < 3; ++n_before) {
                diag_set(&diag, text, 0, 0, "%.*s%s", (int)n_before, "xx", text);
                ck_assert_uint_gt(strlen(diag.text), DIAG_TEXT_MAX - 5);
                ck_assert_uint_eq((strlen(diag.text) - n_before) % 3, 0);
                ck_assert_uint_eq(strlen(diag.source) % 3, 0);
        }
}
END_TEST

START_TEST(longest_diag_fits_its_buffer) {
        char text[2 * DIAG_TEXT_MAX], buffer[DIAG_FORMATTED_MAX];
        Diag diag;

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        diag_set(&diag, text, 4294967295, 4294967295, "%s", text);
        diag_format(&diag, buffer);
        ck_assert_ptr_nonnull(strstr(buffer, ":4294967295:4294967295: xxx"));
        ck_assert_uint_eq(strlen(buffer), strlen(diag.source) + strlen(diag.text) + 24);
}
END_TEST

START_TEST(positive_code_becomes_a_fatal_one) {
        ck_assert_int_eq(error_fold(3), -ENOTRECOVERABLE);
        ck_assert_int_eq(error_fold(0), 0);
        ck_assert_int_eq(error_fold(-EIO), -EIO);
}
END_TEST

START_TEST(list_keeps_so_many_and_counts_the_rest) {
        _cleanup_(diag_list_deinitp) DiagList list = {};

        for (unsigned i = 0; i < DIAG_LIST_MAX + 5; ++i)
                diag_list_add(&list, i % 2 ? "odd" : NULL, "number %u", i);
        ck_assert_uint_eq(list.n_items, DIAG_LIST_MAX);
        ck_assert_uint_eq(list.n_dropped, 5);
        ck_assert_str_eq(list.items[63].text, "number 63");
        ck_assert_str_eq(list.items[63].source, "odd");
        ck_assert_str_eq(list.items[0].source, "");
        ck_assert_uint_eq(list.items[5].line, 0);
}
END_TEST

START_TEST(list_without_memory_counts_what_it_lost) {
        bool has_failed = true;

        for (unsigned n = 0; has_failed; ++n) {
                _cleanup_(diag_list_deinitp) DiagList list = {};

                failmalloc_arm(n);
                for (unsigned i = 0; i < 20; ++i)
                        diag_list_add(&list, "file", "number %u", i);
                has_failed = failmalloc_disarm();
                ck_assert_uint_eq(list.n_items + list.n_dropped, 20);
                ck_assert(has_failed == (list.n_dropped > 0));
                for (size_t i = 0; i < list.n_items; ++i)
                        ck_assert_str_eq(list.items[i].source, "file");
        }
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("error");
        TCase *tcase = tcase_create("error");

        tcase_add_loop_test(tcase, diag_says_where_it_was, 0, ELEMENTSOF(diags));
        tcase_add_test(tcase, nobody_may_want_to_know);
        tcase_add_test(tcase, long_text_is_cut_between_characters);
        tcase_add_test(tcase, longest_diag_fits_its_buffer);
        tcase_add_test(tcase, positive_code_becomes_a_fatal_one);
        tcase_add_test(tcase, list_keeps_so_many_and_counts_the_rest);
        tcase_add_test(tcase, list_without_memory_counts_what_it_lost);
        suite_add_tcase(suite, tcase);
        return suite;
}
