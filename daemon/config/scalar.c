/* SPDX-License-Identifier: Apache-2.0 */
#include "config/scalar.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/scan.h"

/*
 * Grammars are narrow on purpose. A number with a leading zero is octal to one reader of YAML and
 * decimal to the next, so it is nothing here. A duration is Go's without signs and without the
 * units below a millisecond. A bool is everything that YAML 1.1 calls one, because the kubelet's
 * own file may say "yes".
 *
 * Percentages are the kubelet's to the last bit: the text becomes a 32-bit float, and that is
 * divided by 100 as a 32-bit float. Both the kubelet's parser and strtof() round to the nearest
 * value there is, so they agree; its other spellings (hexadecimal, inf, nan) are refused.
 * strtof() asks the locale for the decimal point: nothing in slugd leaves the C locale.
 *
 * Source: strconv.ParseFloat and time.ParseDuration of Go; parsePercentage in the kubelet's
 * eviction helpers, read at 1.36.
 */
#define NAME_MAX_BYTES 253u
/* Digits behind the point that count; a microsecond of an hour needs 10, the rest is noise. */
#define FRACTION_DIGITS_MAX 12u

int scalar_parse_bool(const char *text, bool *ret) {
        static const char *const words[2][11] = {
                { "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N" },
                { "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y" },
        };

        for (unsigned value = 0; value < 2; ++value)
                for (size_t i = 0; i < ELEMENTSOF(words[0]); ++i)
                        if (strcmp(text, words[value][i]) == 0) {
                                *ret = value == 1;
                                return 0;
                        }
        return SCALAR_E_MALFORMED;
}

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_hex_digit(char c) {
        return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static size_t span(const char *text, bool (*is_member)(char c)) {
        size_t n = 0;

        while (is_member(text[n]))
                ++n;
        return n;
}

int scalar_parse_u64(const char *text, uint64_t *ret) {
        bool is_hex = strncmp(text, "0x", 2) == 0;
        const char *digits = is_hex ? text + 2 : text;
        size_t n_digits = span(digits, is_hex ? is_hex_digit : is_digit);
        Scan scan = scan_init(digits, n_digits);
        uint64_t value;

        if (n_digits == 0 || digits[n_digits] != '\0')
                return SCALAR_E_MALFORMED;
        if (!is_hex && n_digits > 1 && digits[0] == '0')
                return SCALAR_E_MALFORMED;
        if (!(is_hex ? scan_hex(&scan, &value) : scan_u64(&scan, &value)))
                return SCALAR_E_RANGE;
        *ret = value;
        return 0;
}

static bool scan_unit(Scan *scan, uint64_t *ret_usec) {
        static const struct {
                const char *name;
                uint64_t usec;
        } units[] = {
                { "ms", USEC_PER_MSEC },
                { "s", USEC_PER_SEC },
                { "m", 60 * USEC_PER_SEC },
                { "h", 3600 * USEC_PER_SEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(units); ++i)
                if (scan_literal(scan, units[i].name)) {
                        *ret_usec = units[i].usec;
                        return true;
                }
        return false;
}

/* ".5": numerator 5, denominator 10. Nothing there is a fraction of 0. */
static bool scan_fraction(Scan *scan, uint64_t *ret_numerator, uint64_t *ret_denominator) {
        uint64_t numerator = 0, denominator = 1;
        size_t n = 0;

        if (scan_char(scan, '.')) {
                for (; !scan_is_done(scan) && is_digit(*scan->cursor); ++scan->cursor, ++n) {
                        if (n >= FRACTION_DIGITS_MAX)
                                continue;
                        numerator = numerator * 10 + (uint64_t)(*scan->cursor - '0');
                        denominator *= 10;
                }
                if (n == 0)
                        return false;
        }
        *ret_numerator = numerator;
        *ret_denominator = denominator;
        return true;
}

/* One "number unit" of a duration. */
static int scan_duration_part(Scan *scan, uint64_t *ret_usec) {
        uint64_t whole = 0, numerator, denominator, unit, usec;
        size_t n_digits = 0;
        Scan digits = *scan;

        while (n_digits < scan_left(scan) && is_digit(scan->cursor[n_digits]))
                ++n_digits;
        if (n_digits == 0)
                return SCALAR_E_MALFORMED;
        scan->cursor += n_digits;
        if (!scan_fraction(scan, &numerator, &denominator) || !scan_unit(scan, &unit))
                return SCALAR_E_MALFORMED;
        if (!scan_u64(&digits, &whole) || __builtin_mul_overflow(whole, unit, &usec))
                return SCALAR_E_RANGE;
        /* numerator / denominator < 1, so the product stays below one unit */
        numerator = (uint64_t)((unsigned __int128)numerator * unit / denominator);
        if (__builtin_add_overflow(usec, numerator, ret_usec))
                return SCALAR_E_RANGE;
        return 0;
}

int scalar_parse_duration(const char *text, uint64_t *ret_usec) {
        Scan scan = scan_init(text, strlen(text));
        uint64_t usec = 0;
        bool is_too_large = false;

        do {
                uint64_t part = 0;
                int r = scan_duration_part(&scan, &part);

                if (r == SCALAR_E_MALFORMED)
                        return r;
                /* What follows may still turn out to be no duration at all: read on. */
                is_too_large = is_too_large || r != 0 || __builtin_add_overflow(usec, part, &usec);
        } while (!scan_is_done(&scan));
        if (is_too_large)
                return SCALAR_E_RANGE;
        *ret_usec = usec;
        return 0;
}

/* Sign, digits with a point, exponent: the decimal floating point numbers that Go and C share. */
static bool is_decimal(const char *text, size_t n_text) {
        Scan scan = scan_init(text, n_text);
        size_t n_digits = 0;

        if (!scan_char(&scan, '+'))
                (void)scan_char(&scan, '-');
        for (bool has_point = false; !scan_is_done(&scan); ++scan.cursor) {
                if (is_digit(*scan.cursor))
                        ++n_digits;
                else if (*scan.cursor == '.' && !has_point)
                        has_point = true;
                else
                        break;
        }
        if (n_digits == 0)
                return false;
        if (scan_char(&scan, 'e') || scan_char(&scan, 'E')) {
                if (!scan_char(&scan, '+'))
                        (void)scan_char(&scan, '-');
                if (scan_is_done(&scan))
                        return false;
                while (!scan_is_done(&scan) && is_digit(*scan.cursor))
                        ++scan.cursor;
        }
        return scan_is_done(&scan);
}

int scalar_parse_percentage(const char *text, float *ret) {
        size_t n_text = strlen(text);
        float fraction;

        if (n_text == 0 || text[n_text - 1] != '%' || !is_decimal(text, n_text - 1))
                return SCALAR_E_MALFORMED;
        /* Stops at the percent sign. */
        fraction = strtof(text, NULL) / 100.0f;
        if (!(fraction >= 0.0f && fraction <= 1.0f))
                return SCALAR_E_RANGE;
        *ret = fraction;
        return 0;
}

int scalar_parse_percent(const char *text, unsigned *ret) {
        size_t n_text = strlen(text);
        Scan scan = scan_init(text, n_text);
        uint64_t percent = 0;

        if (n_text < 2 || span(text, is_digit) != n_text - 1 || text[n_text - 1] != '%')
                return SCALAR_E_MALFORMED;
        if (!scan_u64(&scan, &percent) || percent > 100)
                return SCALAR_E_RANGE;
        *ret = (unsigned)percent;
        return 0;
}

bool scalar_is_node_name(const char *text) {
        size_t n_text = strlen(text);
        char before = '.';

        if (n_text == 0 || n_text > NAME_MAX_BYTES)
                return false;
        for (size_t i = 0; i < n_text; ++i) {
                bool is_word = is_digit(text[i]) || (text[i] >= 'a' && text[i] <= 'z');

                if (!is_word && text[i] != '-' && text[i] != '.')
                        return false;
                /* A label begins and ends with a letter or digit. */
                if (!is_word && before == '.')
                        return false;
                if (text[i] == '.' && before == '-')
                        return false;
                before = text[i];
        }
        return before != '.' && before != '-';
}
