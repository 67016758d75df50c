/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <stdio.h>
#include <string.h>

#include "base/quantity.h"

#define ZEROS_60 "000000000000000000000000000000000000000000000000000000000000"

static const struct {
        const char *text, *canonical;
} accepted[] = {
        /* zero has one spelling */
        { "0", "0" },
        { "-0", "0" },
        { "0.000", "0" },
        { "0Ki", "0" },
        { "0e5", "0" },
        { "0e999999999999", "0" },
        { ".0", "0" },
        /* sign and dot */
        { "1", "1" },
        { "+1", "1" },
        { "-1", "-1" },
        { "5.", "5" },
        { ".5", "500m" },
        { "-.5", "-500m" },
        { "+5.Gi", "5Gi" },
        { "007", "7" },
        { "1.50", "1500m" },
        /* decimal */
        { "100m", "100m" },
        { "1500m", "1500m" },
        { "1000m", "1" },
        { "1.5", "1500m" },
        { "1k", "1k" },
        { "1000", "1k" },
        { "100k", "100k" },
        { "1000k", "1M" },
        { "1500k", "1500k" },
        { "12345678", "12345678" },
        { "2M", "2M" },
        { "3G", "3G" },
        { "4T", "4T" },
        { "5P", "5P" },
        { "6E", "6E" },
        { "1E", "1E" },
        { "1000E", "1000E" },
        { "1000P", "1E" },
        { "10000000000000000000000", "10000E" },
        { "0.000001", "1u" },
        { "1u", "1u" },
        { "1n", "1n" },
        { "1000n", "1u" },
        { "0.001u", "1n" },
        { "100000000n", "100m" },
        { "-1000k", "-1M" },
        /* finer than nano rounds up, away from zero */
        { "0.1n", "1n" },
        { "-0.1n", "-1n" },
        { "1.1n", "2n" },
        { "0.0000000001", "1n" },
        { "0.0000000010", "1n" },
        { "1.0000000001", "1000000001n" },
        { "0.1234567891234", "123456790n" },
        { "1e-999999999999", "1e-9" },
        /* binary */
        { "1Ki", "1Ki" },
        { "1Mi", "1Mi" },
        { "1Gi", "1Gi" },
        { "1Ti", "1Ti" },
        { "1Pi", "1Pi" },
        { "1Ei", "1Ei" },
        { "1000Ki", "1000Ki" },
        { "1024Ki", "1Mi" },
        { "4021156Ki", "4021156Ki" },
        { "1.5Gi", "1536Mi" },
        { "1.5Ki", "1536" },
        { "-1.5Gi", "-1536Mi" },
        { "0.5Mi", "512Ki" },
        { "312.5Ki", "320000" },
        { "7Ei", "7Ei" },
        { "8191Pi", "8191Pi" },
        /* binary below 1024 or with a fraction prints as decimal */
        { "0.5Ki", "512" },
        { "0.0001Ki", "102400u" },
        { "1.0001Ki", "1024102400u" },
        { "0.001Ki", "1024m" },
        { "1.00000000000001Ki", "1024000000001n" },
        /* binary above 2^63-1 is capped */
        { "8Ei", "9223372036854775807" },
        { "-8Ei", "-9223372036854775807" },
        { "8192Pi", "9223372036854775807" },
        { "123456789012345678901234Ei", "9223372036854775807" },
        { "1" ZEROS_60 "Ei", "9223372036854775807" },
        /* decimal is not */
        { "1025", "1025" },
        { "9223372036854775807", "9223372036854775807" },
        { "9223372036854775808", "9223372036854775808" },
        { "18446744073709551615", "18446744073709551615" },
        { "340282366920938463463374607431768211455", "340282366920938463463374607431768211455" },
        { "1" ZEROS_60 "00E", "1" ZEROS_60 "00E" },
        { "0." ZEROS_60 "01", "1n" },
        /* exponents */
        { "1e3", "1e3" },
        { "1E3", "1e3" },
        { "1e+3", "1e3" },
        { "12e2", "1200" },
        { "1e0", "1" },
        { "1500e-3", "1500e-3" },
        { "1e-3", "1e-3" },
        { "1.5e3", "1500" },
        { "1e4", "10e3" },
        { "1e21", "1e21" },
        { "1e998", "100e996" },
        { "-12e6", "-12e6" },
        { "1e-10", "1e-9" },
        { "1e00000000000000000000000000003", "1e3" },
};

START_TEST(text_becomes_canonical) {
        const char *text = accepted[_i].text;
        char buffer[QUANTITY_TEXT_MAX];
        Quantity quantity;

        ck_assert_msg(quantity_parse(text, strlen(text), &quantity) == 0, "%s", text);
        quantity_format(&quantity, buffer);
        ck_assert_msg(strcmp(buffer, accepted[_i].canonical) == 0, "%s: %s", text, buffer);
}
END_TEST

static const struct {
        const char *text;
        int r;
} refused[] = {
        { "", QUANTITY_E_MALFORMED },
        { "-", QUANTITY_E_MALFORMED },
        { "+", QUANTITY_E_MALFORMED },
        { ".", QUANTITY_E_MALFORMED },
        { "-.", QUANTITY_E_MALFORMED },
        { "--1", QUANTITY_E_MALFORMED },
        { "+-1", QUANTITY_E_MALFORMED },
        { "Ki", QUANTITY_E_MALFORMED },
        { ".Ki", QUANTITY_E_MALFORMED },
        { "e3", QUANTITY_E_MALFORMED },
        { "1.2.3", QUANTITY_E_MALFORMED },
        { "1 ", QUANTITY_E_MALFORMED },
        { " 1", QUANTITY_E_MALFORMED },
        { "1 Gi", QUANTITY_E_MALFORMED },
        { "1,5", QUANTITY_E_MALFORMED },
        { "1%", QUANTITY_E_MALFORMED },
        { "1-", QUANTITY_E_MALFORMED },
        { "\xc2\xb9", QUANTITY_E_MALFORMED },
        { "1K", QUANTITY_E_SUFFIX },
        { "1ki", QUANTITY_E_SUFFIX },
        { "1KI", QUANTITY_E_SUFFIX },
        { "1kB", QUANTITY_E_SUFFIX },
        { "1GiB", QUANTITY_E_SUFFIX },
        { "1g", QUANTITY_E_SUFFIX },
        { "1mi", QUANTITY_E_SUFFIX },
        { "1i", QUANTITY_E_SUFFIX },
        { "1x", QUANTITY_E_SUFFIX },
        { "1Gi ", QUANTITY_E_SUFFIX },
        { "0x10", QUANTITY_E_SUFFIX },
        { "1e", QUANTITY_E_SUFFIX },
        { "1e+", QUANTITY_E_SUFFIX },
        { "1E-", QUANTITY_E_SUFFIX },
        { "1e3Ki", QUANTITY_E_SUFFIX },
        { "1e1.5", QUANTITY_E_SUFFIX },
        { "1e--1", QUANTITY_E_SUFFIX },
        { "1e1000", QUANTITY_E_RANGE },
        { "10e999", QUANTITY_E_RANGE },
        { "1e999999999999", QUANTITY_E_RANGE },
        { "1e99999999999999999999999999999999999999", QUANTITY_E_RANGE },
        { "340282366920938463463374607431768211456", QUANTITY_E_RANGE },
        { "3402823669209384634633746074317682114551n", QUANTITY_E_RANGE },
        { "956479738564541767454238358933386574245224", QUANTITY_E_RANGE },
        { "1.12345678901234567890123Ei", QUANTITY_E_RANGE },
        { "1" ZEROS_60 "0000", QUANTITY_E_RANGE },
        { "1" ZEROS_60 "000x", QUANTITY_E_RANGE },
};

START_TEST(what_is_no_quantity_is_refused_and_changes_nothing) {
        const char *text = refused[_i].text;
        Quantity quantity = { .mantissa = 4711 };

        ck_assert_msg(quantity_parse(text, strlen(text), &quantity) == refused[_i].r, "%s", text);
        ck_assert(quantity.mantissa == 4711);
}
END_TEST

START_TEST(text_ends_where_it_ends) {
        char buffer[QUANTITY_TEXT_MAX];
        Quantity quantity;

        ck_assert_int_eq(quantity_parse("12Gi", 3, &quantity), 0);
        ck_assert_str_eq(quantity_format(&quantity, buffer), "12G");
        ck_assert_int_eq(quantity_parse("12\0Gi", 5, &quantity), QUANTITY_E_MALFORMED);
        ck_assert_int_eq(quantity_parse(NULL, 0, &quantity), QUANTITY_E_MALFORMED);
}
END_TEST

static const struct {
        const char *text;
        int r;
        uint64_t bytes;
} counts[] = {
        { "0", 0, 0 },
        { "-0.0", 0, 0 },
        { "1", 0, 1 },
        { "100m", 0, 1 },
        { "1n", 0, 1 },
        { "1001m", 0, 2 },
        { "1.5Gi", 0, 1610612736 },
        { "1.0001Ki", 0, 1025 },
        { "1e3", 0, 1000 },
        { "18446744073709551615", 0, UINT64_MAX },
        { "18446744073709551614.1", 0, UINT64_MAX },
        { "8Ei", 0, INT64_MAX },
        { "18446744073709551615.1", QUANTITY_E_RANGE, 0 },
        { "18446744073709551616", QUANTITY_E_RANGE, 0 },
        { "19E", QUANTITY_E_RANGE, 0 },
        { "1e39", QUANTITY_E_RANGE, 0 },
        { "1e999", QUANTITY_E_RANGE, 0 },
        { "-1", QUANTITY_E_RANGE, 0 },
        { "-1n", QUANTITY_E_RANGE, 0 },
};

START_TEST(bytes_are_rounded_up) {
        const char *text = counts[_i].text;
        uint64_t bytes = 4711;
        Quantity quantity;

        ck_assert_int_eq(quantity_parse(text, strlen(text), &quantity), 0);
        ck_assert_msg(quantity_to_u64(&quantity, &bytes) == counts[_i].r, "%s", text);
        ck_assert_msg(bytes == (counts[_i].r == 0 ? counts[_i].bytes : 4711), "%s", text);
}
END_TEST

static const struct {
        uint64_t bytes;
        const char *text;
} sizes[] = {
        { 0, "0" },
        { 1, "1" },
        { 512, "512" },
        { 1000, "1k" },
        { 1023, "1023" },
        { 1024, "1Ki" },
        { 1025, "1025" },
        { 10000, "10000" },
        { UINT64_C(4021156) * 1024, "4021156Ki" },
        { UINT64_C(1536) << 20, "1536Mi" },
        { INT64_MAX, "9223372036854775807" },
        { UINT64_C(1) << 63, "9223372036854775808" },
        { UINT64_MAX, "18446744073709551615" },
};

START_TEST(bytes_print_as_the_kubelet_prints_them) {
        char buffer[QUANTITY_TEXT_MAX];

        ck_assert_str_eq(quantity_format_bytes(sizes[_i].bytes, buffer), sizes[_i].text);
}
END_TEST

START_TEST(binary_below_one_becomes_decimal) {
        Quantity quantity;

        ck_assert_int_eq(quantity_parse("0.0001Ki", 8, &quantity), 0);
        ck_assert_int_eq(quantity.format, QUANTITY_DECIMAL_SI);
        ck_assert_int_eq(quantity_parse("0.001Ki", 7, &quantity), 0);
        ck_assert_int_eq(quantity.format, QUANTITY_BINARY_SI);
        ck_assert_int_eq(quantity_parse("0Ki", 3, &quantity), 0);
        ck_assert_int_eq(quantity.format, QUANTITY_BINARY_SI);
}
END_TEST

START_TEST(quantity_made_by_hand_never_outgrows_the_text) {
        static const QuantityFormat formats[] = { QUANTITY_DECIMAL_SI, QUANTITY_BINARY_SI,
                                                  QUANTITY_DECIMAL_EXPONENT };
        const unsigned __int128 largest = ~(unsigned __int128)0;

        for (size_t i = 0; i < ELEMENTSOF(formats); ++i)
                for (int32_t exponent = -9; exponent <= 999; ++exponent) {
                        Quantity again, quantity = { .mantissa = largest,
                                                     .exponent = exponent,
                                                     .is_negative = true,
                                                     .format = formats[i] };
                        char buffer[QUANTITY_TEXT_MAX];

                        quantity_format(&quantity, buffer);
                        ck_assert_uint_le(strlen(buffer), QUANTITY_INPUT_MAX);
                        ck_assert_int_eq(quantity_parse(buffer, strlen(buffer), &again), 0);
                        ck_assert(again.mantissa == largest && again.exponent == exponent);
                        ck_assert(again.is_negative);
                }
}
END_TEST

/* xorshift64: the same numbers on every machine. */
static uint64_t next_random(uint64_t *state) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

#define SEED UINT64_C(0x5d1a6c3f9b27e481)

START_TEST(random_bytes_survive_the_text) {
        uint64_t state = SEED;

        for (unsigned i = 0; i < 100000; ++i) {
                uint64_t number = next_random(&state), again = 0;
                uint64_t bytes = (number >> (number % 64)) << (next_random(&state) % 64);
                char buffer[QUANTITY_TEXT_MAX];
                Quantity quantity;
                int r;

                quantity_format_bytes(bytes, buffer);
                r = quantity_parse(buffer, strlen(buffer), &quantity);
                if (r == 0)
                        r = quantity_to_u64(&quantity, &again);
                if (r != 0 || again != bytes)
                        ck_abort_msg("%s", buffer);
        }
}
END_TEST

/* Text that is a quantity more often than not, and always looks like one. */
static size_t make_text(uint64_t *state, char text[static 96]) {
        static const char *const signs[] = { "", "", "", "-", "+" };
        static const char *const suffixes[] = { "",   "",   "n",  "u", "m",  "k",   "M",
                                                "G",  "T",  "P",  "E", "Ki", "Mi",  "Gi",
                                                "Ti", "Pi", "Ei", "e", "E",  "e-",  "e+1",
                                                "e1", "E2", "e4", "K", "i",  "e-1", "E-3" };
        size_t n_digits = next_random(state) % 30, dot = next_random(state) % 40, n;
        const char *sign = signs[next_random(state) % ELEMENTSOF(signs)];
        bool has_zeros = next_random(state) % 2;

        n = (size_t)snprintf(text, 96, "%s", sign);
        for (size_t i = 0; i < n_digits; ++i) {
                uint64_t number = next_random(state);

                if (i == dot)
                        text[n++] = '.';
                text[n++] = has_zeros && number % 4 ? '0' : (char)('0' + (number >> 8) % 10);
        }
        n += (size_t)snprintf(text + n, 96 - n, "%s",
                              suffixes[next_random(state) % ELEMENTSOF(suffixes)]);
        return n;
}

static bool is_same_value(const Quantity *a, const Quantity *b) {
        return a->mantissa == b->mantissa && a->exponent == b->exponent &&
               a->is_negative == b->is_negative;
}

START_TEST(what_was_read_and_printed_reads_the_same) {
        uint64_t state = SEED;
        unsigned n_accepted = 0;

        for (unsigned i = 0; i < 200000; ++i) {
                char text[96], first_text[QUANTITY_TEXT_MAX], second_text[QUANTITY_TEXT_MAX];
                size_t n = make_text(&state, text);
                Quantity first, second;

                if (quantity_parse(text, n, &first) != 0)
                        continue;
                ++n_accepted;
                quantity_format(&first, first_text);
                if (quantity_parse(first_text, strlen(first_text), &second) != 0 ||
                    !is_same_value(&first, &second))
                        ck_abort_msg("%s: %s", text, first_text);
                /* Without a suffix the text is decimal the second time: 312.5Ki, 320000, 320k. */
                quantity_format(&second, second_text);
                if (second.format == first.format && strcmp(first_text, second_text) != 0)
                        ck_abort_msg("%s: %s, %s", text, first_text, second_text);
        }
        ck_assert_uint_gt(n_accepted, 100000);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("quantity");
        TCase *tcase = tcase_create("quantity");

        tcase_add_loop_test(tcase, text_becomes_canonical, 0, ELEMENTSOF(accepted));
        tcase_add_loop_test(tcase, what_is_no_quantity_is_refused_and_changes_nothing, 0,
                            ELEMENTSOF(refused));
        tcase_add_test(tcase, text_ends_where_it_ends);
        tcase_add_loop_test(tcase, bytes_are_rounded_up, 0, ELEMENTSOF(counts));
        tcase_add_loop_test(tcase, bytes_print_as_the_kubelet_prints_them, 0, ELEMENTSOF(sizes));
        tcase_add_test(tcase, binary_below_one_becomes_decimal);
        tcase_add_test(tcase, quantity_made_by_hand_never_outgrows_the_text);
        tcase_add_test(tcase, random_bytes_survive_the_text);
        tcase_add_test(tcase, what_was_read_and_printed_reads_the_same);
        suite_add_tcase(suite, tcase);
        return suite;
}
