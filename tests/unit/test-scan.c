/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/scan.h"

static Scan scan_text(const char *text) {
        return scan_init(text, strlen(text));
}

static const struct {
        const char *name, *text;
        bool (*step)(Scan *scan, uint64_t *ret);
        uint64_t value;
        size_t n_taken; /* 0: refused */
} numbers[] = {
        { "zero", "0", scan_u64, 0, 1 },
        { "number and rest", "12 kB", scan_u64, 12, 2 },
        { "leading zeros", "000000000000000000000000000007", scan_u64, 7, 30 },
        { "largest", "18446744073709551615", scan_u64, UINT64_MAX, 20 },
        { "one too many", "18446744073709551616", scan_u64, 0, 0 },
        { "product too large", "99999999999999999999", scan_u64, 0, 0 },
        { "no digit", "x", scan_u64, 0, 0 },
        { "nothing", "", scan_u64, 0, 0 },
        { "minus", "-1", scan_u64, 0, 0 },
        { "plus", "+1", scan_u64, 0, 0 },
        { "space before", " 1", scan_u64, 0, 0 },
        { "digits only", "1f", scan_u64, 1, 1 },
        { "hex", "1f", scan_hex, 0x1f, 2 },
        { "hex capitals", "ABCDEFg", scan_hex, 0xabcdef, 6 },
        { "hex largest", "ffffffffffffffff", scan_hex, UINT64_MAX, 16 },
        { "hex too large", "10000000000000000", scan_hex, 0, 0 },
        { "hex without digits", "g", scan_hex, 0, 0 },
        { "prefixed", "0x10-", scan_hex_prefixed, 16, 4 },
        { "prefix missing", "10", scan_hex_prefixed, 0, 0 },
        { "prefix alone", "0x", scan_hex_prefixed, 0, 0 },
        { "capital prefix", "0X1", scan_hex_prefixed, 0, 0 },
        { "prefixed too large", "0x10000000000000000", scan_hex_prefixed, 0, 0 },
};

START_TEST(number_is_taken_whole_or_not_at_all) {
        const char *name = numbers[_i].name, *text = numbers[_i].text;
        Scan scan = scan_text(text);
        uint64_t value = 4711;

        ck_assert_msg(numbers[_i].step(&scan, &value) == (numbers[_i].n_taken > 0), "%s", name);
        ck_assert_msg(scan.cursor == text + numbers[_i].n_taken, "%s", name);
        ck_assert_msg(value == (numbers[_i].n_taken > 0 ? numbers[_i].value : 4711), "%s", name);
}
END_TEST

START_TEST(number_ends_where_the_text_ends) {
        static const char text[] = { '1', '2', '3' };
        Scan scan = scan_init(text, 2);
        uint64_t value;

        ck_assert(scan_u64(&scan, &value));
        ck_assert_uint_eq(value, 12);
        ck_assert(scan_is_done(&scan));
}
END_TEST

START_TEST(char_is_taken_only_when_it_comes_next) {
        Scan scan = scan_text("ab");

        ck_assert(!scan_char(&scan, 'b'));
        ck_assert_uint_eq(scan_left(&scan), 2);
        ck_assert(scan_char(&scan, 'a'));
        ck_assert(scan_char(&scan, 'b'));
        ck_assert(!scan_char(&scan, '\0'));
        ck_assert(scan_is_done(&scan));
}
END_TEST

START_TEST(literal_is_taken_whole_or_not_at_all) {
        Scan scan = scan_text("Node 0");

        ck_assert(!scan_literal(&scan, "Node 0 MemTotal"));
        ck_assert(!scan_literal(&scan, "node"));
        ck_assert_uint_eq(scan_left(&scan), 6);
        ck_assert(scan_literal(&scan, "Node "));
        ck_assert_uint_eq(scan_left(&scan), 1);
        ck_assert(scan_literal(&scan, ""));
        ck_assert_uint_eq(scan_left(&scan), 1);
}
END_TEST

START_TEST(spaces_are_blanks_and_tabs) {
        Scan scan = scan_text(" \t \nx");

        ck_assert(scan_spaces(&scan));
        ck_assert_uint_eq(scan_left(&scan), 2);
        ck_assert(!scan_spaces(&scan));
        ck_assert_uint_eq(scan_left(&scan), 2);
}
END_TEST

START_TEST(until_splits_at_the_first_stop) {
        Scan scan = scan_text("key:value:"), part;

        ck_assert(scan_until(&scan, ':', &part));
        ck_assert_uint_eq(scan_left(&part), 3);
        ck_assert(scan_literal(&part, "key"));
        ck_assert(scan_until(&scan, ':', &part));
        ck_assert(scan_literal(&part, "value"));
        ck_assert(scan_is_done(&part));
        ck_assert(scan_is_done(&scan));
}
END_TEST

START_TEST(until_without_stop_takes_nothing) {
        Scan scan = scan_text("key"), part = {};

        ck_assert(!scan_until(&scan, ':', &part));
        ck_assert_uint_eq(scan_left(&scan), 3);
        ck_assert_ptr_null(part.cursor);
}
END_TEST

static const struct {
        const char *name, *text, *lines[3];
} texts[] = {
        { "no line", "", {} },
        { "one line", "a\n", { "a" } },
        { "last line without newline", "a\nbc", { "a", "bc" } },
        { "empty lines", "\n\n", { "", "" } },
        { "carriage return stays", "a\r\nb\n", { "a\r", "b" } },
};

START_TEST(text_falls_into_lines) {
        Scan scan = scan_text(texts[_i].text), line;

        for (size_t i = 0; i < ELEMENTSOF(texts[_i].lines) && texts[_i].lines[i]; ++i) {
                ck_assert_msg(scan_line(&scan, &line), "%s", texts[_i].name);
                ck_assert_msg(scan_literal(&line, texts[_i].lines[i]), "%s", texts[_i].name);
                ck_assert_msg(scan_is_done(&line), "%s", texts[_i].name);
        }
        ck_assert_msg(!scan_line(&scan, &line), "%s", texts[_i].name);
        ck_assert_msg(scan_is_done(&scan), "%s", texts[_i].name);
}
END_TEST

START_TEST(null_is_an_empty_text) {
        Scan scan = scan_init(NULL, 0), part;
        uint64_t value;

        ck_assert(scan_is_done(&scan));
        ck_assert_uint_eq(scan_left(&scan), 0);
        ck_assert(!scan_char(&scan, 'a'));
        ck_assert(!scan_literal(&scan, "a"));
        ck_assert(scan_literal(&scan, ""));
        ck_assert(!scan_spaces(&scan));
        ck_assert(!scan_u64(&scan, &value));
        ck_assert(!scan_until(&scan, 'a', &part));
        ck_assert(!scan_line(&scan, &part));
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("scan");
        TCase *tcase = tcase_create("scan");

        tcase_add_loop_test(tcase, number_is_taken_whole_or_not_at_all, 0, ELEMENTSOF(numbers));
        tcase_add_test(tcase, number_ends_where_the_text_ends);
        tcase_add_test(tcase, char_is_taken_only_when_it_comes_next);
        tcase_add_test(tcase, literal_is_taken_whole_or_not_at_all);
        tcase_add_test(tcase, spaces_are_blanks_and_tabs);
        tcase_add_test(tcase, until_splits_at_the_first_stop);
        tcase_add_test(tcase, until_without_stop_takes_nothing);
        tcase_add_loop_test(tcase, text_falls_into_lines, 0, ELEMENTSOF(texts));
        tcase_add_test(tcase, null_is_an_empty_text);
        suite_add_tcase(suite, tcase);
        return suite;
}
