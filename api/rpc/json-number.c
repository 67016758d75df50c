/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/json-number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Integers never pass through a double, which holds 53 bits: bytes and 64-bit ids would change on
 * their way. "1e3" and "1.0" are integers all the same, as the mapping allows, so the digits are
 * gathered exactly: zeros are only counted until a digit other than zero follows, which keeps
 * "100e-2" and "1e3" alike within 64 bits. An overflow then means that the value itself is too
 * large, or that it has a fraction; both are refused.
 *
 * Floating point goes through strtod() and printf(): no program of this project sets a locale, so
 * the decimal point is a point.
 */
#define EXPONENT_MAX 1000000000

static bool scan_digits(Scan *scan) {
        const char *start = scan->cursor;

        while (!scan_is_done(scan) && *scan->cursor >= '0' && *scan->cursor <= '9')
                ++scan->cursor;
        return scan->cursor != start;
}

bool json_number_scan(Scan *scan) {
        Scan ahead = *scan;

        (void)scan_char(&ahead, '-');
        if (!scan_char(&ahead, '0') && !scan_digits(&ahead))
                return false;
        if (scan_char(&ahead, '.') && !scan_digits(&ahead))
                return false;
        if (scan_char(&ahead, 'e') || scan_char(&ahead, 'E')) {
                if (!scan_char(&ahead, '+'))
                        (void)scan_char(&ahead, '-');
                if (!scan_digits(&ahead))
                        return false;
        }
        *scan = ahead;
        return true;
}

static bool shift_digits(uint64_t *value, int64_t n) {
        for (; n > 0 && *value > 0; --n)
                if (__builtin_mul_overflow(*value, 10, value))
                        return false;
        return true;
}

static int64_t scan_exponent(Scan *scan) {
        bool is_negative;
        int64_t value = 0;

        if (!scan_char(scan, 'e') && !scan_char(scan, 'E'))
                return 0;
        is_negative = scan_char(scan, '-');
        (void)scan_char(scan, '+');
        /* Beyond the bound every value is out of range, and zero is zero: the rest does not
         * matter. */
        for (; !scan_is_done(scan); ++scan->cursor)
                if (value < EXPONENT_MAX)
                        value = value * 10 + (*scan->cursor - '0');
        return is_negative ? -value : value;
}

static bool parse_integral(const char *text, size_t n_text, bool *ret_negative, uint64_t *ret) {
        Scan scan = scan_init(text, n_text);
        bool is_negative = scan_char(&scan, '-');
        bool is_fraction = false;
        int64_t n_fraction = 0, n_zeros = 0;
        uint64_t value = 0;

        for (; !scan_is_done(&scan) && *scan.cursor != 'e' && *scan.cursor != 'E'; ++scan.cursor) {
                char c = *scan.cursor;

                if (c == '.') {
                        is_fraction = true;
                        continue;
                }
                n_fraction += is_fraction;
                ++n_zeros;
                if (c == '0')
                        continue;
                if (!shift_digits(&value, n_zeros) ||
                    __builtin_add_overflow(value, (uint64_t)(c - '0'), &value))
                        return false;
                n_zeros = 0;
        }
        if (value > 0) {
                int64_t shift = n_zeros + scan_exponent(&scan) - n_fraction;

                if (shift < 0 || !shift_digits(&value, shift))
                        return false;
        }
        *ret_negative = is_negative && value > 0;
        *ret = value;
        return true;
}

bool json_number_to_u64(const char *text, size_t n_text, uint64_t *ret) {
        bool is_negative;
        uint64_t value;

        if (!parse_integral(text, n_text, &is_negative, &value) || is_negative)
                return false;
        *ret = value;
        return true;
}

bool json_number_to_i64(const char *text, size_t n_text, int64_t *ret) {
        bool is_negative;
        uint64_t value;

        if (!parse_integral(text, n_text, &is_negative, &value) ||
            value > (uint64_t)INT64_MAX + is_negative)
                return false;
        *ret = is_negative ? (int64_t)-value : (int64_t)value;
        return true;
}

static bool append_special(Buffer *buffer, double value) {
        if (isnan(value))
                buffer_append_text(buffer, "\"NaN\"");
        else if (isinf(value))
                buffer_append_text(buffer, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
        else
                return false;
        return true;
}

/* Compared as the same number, which 0.0 and -0.0 are; both read back with their sign all the
 * same. */
void json_number_append_double(Buffer *buffer, double value) {
        char text[32];

        if (append_special(buffer, value))
                return;
        for (int digits = 15; digits <= 17; ++digits) {
                double back;

                (void)snprintf(text, sizeof(text), "%.*g", digits, value);
                back = strtod(text, NULL);
                if (!(back < value) && !(back > value))
                        break;
        }
        buffer_append_text(buffer, text);
}

void json_number_append_float(Buffer *buffer, float value) {
        char text[32];

        if (append_special(buffer, (double)value))
                return;
        for (int digits = 6; digits <= 9; ++digits) {
                float back;

                (void)snprintf(text, sizeof(text), "%.*g", digits, (double)value);
                back = strtof(text, NULL);
                if (!(back < value) && !(back > value))
                        break;
        }
        buffer_append_text(buffer, text);
}
