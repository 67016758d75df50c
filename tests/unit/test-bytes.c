/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"

static const struct {
        uint64_t bytes;
        const char *text;
} sizes[] = {
        { 0, "0 B" },
        { 1, "1 B" },
        { 1023, "1023 B" },
        { 1024, "1.00 KiB" },
        { 1536, "1.50 KiB" },
        { 1024 * 1024 - 1, "1023.99 KiB" },
        { 12 * GIB, "12.00 GiB" },
        { 16492674416, "15.35 GiB" }, /* 15.36 GiB is 16492674416.64 bytes */
        { 16492674417, "15.36 GiB" },
        { 1024 * GIB, "1.00 TiB" },
        { UINT64_MAX, "15.99 EiB" },
};

START_TEST(size_is_said_with_two_decimals_and_never_too_much) {
        char buffer[BYTES_TEXT_MAX];

        ck_assert_str_eq(bytes_format(sizes[_i].bytes, buffer), sizes[_i].text);
}
END_TEST

START_TEST(sums_and_products_are_checked) {
        uint64_t value = 4711;

        ck_assert_int_eq(bytes_add(UINT64_MAX, 1, &value), -EOVERFLOW);
        ck_assert_int_eq(bytes_mul(UINT64_MAX, 2, &value), -EOVERFLOW);
        ck_assert_uint_eq(value, 4711);
        ck_assert_int_eq(bytes_add(UINT64_MAX - 1, 1, &value), 0);
        ck_assert_uint_eq(value, UINT64_MAX);
        ck_assert_int_eq(bytes_mul(UINT64_MAX / 3, 3, &value), 0);
        ck_assert_uint_eq(value, UINT64_MAX);
}
END_TEST

START_TEST(clamped_arithmetic_stays_in_range) {
        ck_assert_uint_eq(bytes_add_saturated(UINT64_MAX, 1), UINT64_MAX);
        ck_assert_uint_eq(bytes_add_saturated(1, 2), 3);
        ck_assert_uint_eq(bytes_sub_clamped(1, 2), 0);
        ck_assert_uint_eq(bytes_sub_clamped(2, 1), 1);
        ck_assert_uint_eq(bytes_min(1, 2), 1);
        ck_assert_uint_eq(bytes_min(2, 1), 1);
        ck_assert_uint_eq(bytes_round_down(4097, 4096), 4096);
        ck_assert_uint_eq(bytes_round_down(4095, 4096), 0);
}
END_TEST

START_TEST(share_is_exact_in_128_bits) {
        ck_assert_uint_eq(bytes_share(UINT64_MAX, UINT64_MAX, UINT64_MAX), UINT64_MAX);
        ck_assert_uint_eq(bytes_share(UINT64_MAX, 1, 2), UINT64_MAX / 2);
        ck_assert_uint_eq(bytes_share(10, 2, 3), 6);
        ck_assert_uint_eq(bytes_share(10, 0, 3), 0);
}
END_TEST

START_TEST(absent_is_not_zero) {
        OptU64 absent = {};

        ck_assert(!opt_u64_equal(absent, opt_u64(0)));
        ck_assert(opt_u64_equal(absent, (OptU64){}));
        ck_assert(opt_u64_equal(opt_u64(7), opt_u64(7)));
        ck_assert(!opt_u64_equal(opt_u64(7), opt_u64(8)));
}
END_TEST

static uint64_t now_of_cookie(const void *cookie) {
        return *(const uint64_t *)cookie;
}

START_TEST(clock_is_what_the_caller_brings) {
        uint64_t now_usec = 5 * USEC_PER_SEC + 3 * USEC_PER_MSEC;
        Clock clock = { .now_usec = now_of_cookie, .cookie = &now_usec };

        ck_assert_uint_eq(clock_now_usec(&clock), 5003000);
}
END_TEST

START_TEST(monotonic_clock_never_goes_back) {
        uint64_t first = clock_now_usec(&clock_monotonic);
        uint64_t second = clock_now_usec(&clock_monotonic);

        ck_assert_uint_gt(first, 0);
        ck_assert_uint_ge(second, first);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("bytes");
        TCase *tcase = tcase_create("bytes");

        tcase_add_loop_test(tcase, size_is_said_with_two_decimals_and_never_too_much, 0,
                            ELEMENTSOF(sizes));
        tcase_add_test(tcase, sums_and_products_are_checked);
        tcase_add_test(tcase, clamped_arithmetic_stays_in_range);
        tcase_add_test(tcase, share_is_exact_in_128_bits);
        tcase_add_test(tcase, absent_is_not_zero);
        tcase_add_test(tcase, clock_is_what_the_caller_brings);
        tcase_add_test(tcase, monotonic_clock_never_goes_back);
        suite_add_tcase(suite, tcase);
        return suite;
}
