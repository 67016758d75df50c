/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed lines: what was written opens as the same text, and nothing else opens. */
#include <errno.h>
#include <string.h>

#include "base/sealed.h"
#include "lib/failmalloc.h"
#include "lib/test-main.h"

#define LINE_MAX_HERE 64u

static Buffer buffer;

static void setup(void) {
        buffer = (Buffer){};
}

static void teardown(void) {
        failmalloc_disarm();
        buffer_deinit(&buffer);
}

static void seal(const char *text) {
        const size_t start = sealed_begin(&buffer);

        buffer_append_text(&buffer, text);
        sealed_end(&buffer, start, LINE_MAX_HERE);
}

START_TEST(a_text_comes_back_as_it_was) {
        Scan text;

        buffer_append_text(&buffer, "before\n");
        seal("123456789");
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_str_eq(buffer.data, "before\ne3069283 123456789\n");
        ck_assert(sealed_open(buffer.data + 7, buffer.n_data - 8, LINE_MAX_HERE, &text));
        ck_assert_uint_eq(scan_left(&text), 9);
        ck_assert_int_eq(memcmp(text.cursor, "123456789", 9), 0);
}
END_TEST

static const struct {
        const char *name;
        const char *line;
} wrong[] = {
        { "nothing", "" },
        { "a checksum alone", "e3069283" },
        { "no text", "00000000 " },
        { "a digit of another case", "E3069283 123456789" },
        { "another digit", "e3069284 123456789" },
        { "no digit", "g3069283 123456789" },
        { "another text", "e3069283 123456788" },
        { "a text that goes on", "e3069283 1234567890" },
        { "no blank", "e3069283\t123456789" },
        { "a blank too many", "e3069283  123456789" },
};

START_TEST(anything_else_stays_closed) {
        Scan text;

        ck_assert_msg(!sealed_open(wrong[_i].line, strlen(wrong[_i].line), LINE_MAX_HERE, &text),
                      "%s", wrong[_i].name);
}
END_TEST

START_TEST(a_line_has_its_largest_size) {
        char text[LINE_MAX_HERE];
        Scan opened;

        memset(text, 'a', sizeof(text));
        text[LINE_MAX_HERE - SEALED_ROOM - 1] = '\0';
        seal(text);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_uint_eq(buffer.n_data, LINE_MAX_HERE);
        ck_assert(sealed_open(buffer.data, buffer.n_data - 1, LINE_MAX_HERE, &opened));
        ck_assert(!sealed_open(buffer.data, buffer.n_data - 1, LINE_MAX_HERE - 1, &opened));

        text[LINE_MAX_HERE - SEALED_ROOM - 1] = 'a';
        text[LINE_MAX_HERE - SEALED_ROOM] = '\0';
        seal(text);
        ck_assert_int_eq(buffer_finish(&buffer), -E2BIG);
        ck_assert_uint_eq(buffer.n_data, LINE_MAX_HERE);
}
END_TEST

START_TEST(without_memory_the_buffer_ends_where_it_ended) {
        int r = -ENOMEM;

        for (unsigned n = 0; r == -ENOMEM; ++n) {
                buffer_deinit(&buffer);
                buffer = (Buffer){};
                failmalloc_arm(n);
                seal("123456789");
                failmalloc_disarm();
                r = buffer.error;
                ck_assert_uint_eq(buffer.n_data, r ? 0 : SEALED_ROOM + 10);
        }
        ck_assert_int_eq(r, 0);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("sealed");
        TCase *tcase = tcase_create("sealed");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_text_comes_back_as_it_was);
        tcase_add_loop_test(tcase, anything_else_stays_closed, 0, (int)ELEMENTSOF(wrong));
        tcase_add_test(tcase, a_line_has_its_largest_size);
        tcase_add_test(tcase, without_memory_the_buffer_ends_where_it_ended);
        suite_add_tcase(suite, tcase);
        return suite;
}
