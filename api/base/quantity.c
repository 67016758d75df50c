/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quantity.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"

/*
 * A quantity is mantissa * 10^exponent with a 128-bit mantissa. Binary suffixes are multiplied out
 * when they are read (1.5Gi is 1610612736), so one representation holds all three formats, and the
 * format only says how to print.
 *
 * The grammar: an optional sign, digits with at most one dot among, before or behind them, and a
 * suffix: n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or e or E with a signed integer. "E" alone is exa.
 * Nothing else, no spaces.
 *
 * What the kubelet's library does on reading, and this does too: what is finer than 10^-9 rounds
 * up, away from zero, so that no request becomes nothing; a binary quantity above 2^63-1 becomes
 * 2^63-1; a binary one between 0 and 1 becomes a decimal one.
 *
 * Canonical text: no fraction, no digit lost, the largest suffix that allows both. Decimal
 * exponents are multiples of 3. A binary quantity below 1024 or with a fraction is printed as a
 * decimal one, 1000 of them as "1k". One deliberate difference: above exa there is no suffix to
 * grow into, so the mantissa grows ("1000E"), where the library prints the digits and forgets the
 * suffix.
 *
 * Every text that quantity_format() prints is read back as the same value, whatever was read first.
 * Hence the limits: digits that fit 128 bits (38 of them always do, zeros on either side are free),
 * counted after a binary suffix is multiplied out, and exponents up to QUANTITY_EXPONENT_MAX.
 */
#define NANO                  (-9)
#define QUANTITY_EXPONENT_MAX 999
#define BINARY_MAX            ((unsigned __int128)INT64_MAX)
#define POWER_MAX             38u /* 10^38 is the largest power of ten in 128 bits */

static const struct {
        const char *text;
        int32_t exponent; /* of ten */
        unsigned shift;   /* the exponent of two */
} suffixes[] = {
        { "", 0, 0 },    { "n", -9, 0 },  { "u", -6, 0 },  { "m", -3, 0 },
        { "k", 3, 0 },   { "M", 6, 0 },   { "G", 9, 0 },   { "T", 12, 0 },
        { "P", 15, 0 },  { "E", 18, 0 },  { "Ki", 0, 10 }, { "Mi", 0, 20 },
        { "Gi", 0, 30 }, { "Ti", 0, 40 }, { "Pi", 0, 50 }, { "Ei", 0, 60 },
};

/* @n: 0..POWER_MAX */
static unsigned __int128 power_of_ten(unsigned n) {
        unsigned __int128 power = 1;

        assert(n <= POWER_MAX);
        while (n-- > 0)
                power *= 10;
        return power;
}

/* mantissa * 10^n, or false when that has more than 128 bits. */
static bool scale_up(unsigned __int128 *mantissa, unsigned n) {
        if (*mantissa == 0)
                return true;
        return n <= POWER_MAX && !__builtin_mul_overflow(*mantissa, power_of_ten(n), mantissa);
}

/* The smallest mantissa with the same value; zero has one spelling. */
static void normalise(Quantity *quantity) {
        if (quantity->mantissa == 0) {
                quantity->exponent = 0;
                quantity->is_negative = false;
                return;
        }
        while (quantity->mantissa % 10 == 0) {
                quantity->mantissa /= 10;
                ++quantity->exponent;
        }
}

/* Away from zero, to a multiple of 10^exponent. */
static void round_up(Quantity *quantity, int32_t exponent) {
        unsigned n_dropped;

        if (quantity->exponent >= exponent || quantity->mantissa == 0)
                return;
        n_dropped = (unsigned)(exponent - quantity->exponent);
        if (n_dropped > POWER_MAX) {
                quantity->mantissa = 1; /* there are fewer digits than that */
        } else {
                unsigned __int128 unit = power_of_ten(n_dropped);

                quantity->mantissa = quantity->mantissa / unit + (quantity->mantissa % unit != 0);
        }
        quantity->exponent = exponent;
}

/*
 * Takes digits and dot. Zeros are kept back until a digit follows that needs them, so they use up
 * no room in the mantissa.
 * @ret_fits tells whether the digits had room.
 */
static bool scan_number(Scan *scan, Quantity *quantity, bool *ret_fits) {
        unsigned n_digits = 0, n_zeros = 0, n_fraction = 0;
        bool has_dot = false, fits = true;

        for (; !scan_is_done(scan); ++scan->cursor) {
                char c = *scan->cursor;

                if (c == '.' && !has_dot) {
                        has_dot = true;
                        continue;
                }
                if (c < '0' || c > '9')
                        break;
                ++n_digits;
                n_fraction += has_dot;
                ++n_zeros;
                if (c == '0')
                        continue;
                fits = fits && scale_up(&quantity->mantissa, n_zeros) &&
                       !__builtin_add_overflow(quantity->mantissa, (unsigned)(c - '0'),
                                               &quantity->mantissa);
                n_zeros = 0;
        }
        quantity->exponent = (int32_t)n_zeros - (int32_t)n_fraction;
        *ret_fits = fits;
        return n_digits > 0;
}

/* The whole rest as a signed integer. Saturates far outside of what is representable. */
static bool scan_exponent(Scan scan, int32_t *ret) {
        const int32_t far = 100 * QUANTITY_EXPONENT_MAX;
        bool is_negative = scan_char(&scan, '-');
        int32_t value = 0;

        if (!is_negative)
                (void)scan_char(&scan, '+');
        if (scan_is_done(&scan))
                return false;
        for (; !scan_is_done(&scan); ++scan.cursor) {
                if (*scan.cursor < '0' || *scan.cursor > '9')
                        return false;
                value = value * 10 + (*scan.cursor - '0');
                if (value > far)
                        value = far;
        }
        *ret = is_negative ? -value : value;
        return true;
}

static bool find_suffix(Scan scan, size_t *ret) {
        for (size_t i = 0; i < ELEMENTSOF(suffixes); ++i) {
                Scan ahead = scan;

                if (scan_literal(&ahead, suffixes[i].text) && scan_is_done(&ahead)) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

/* Multiplies out a binary suffix and applies the rules for binary quantities. */
static int apply_binary(Quantity *quantity, unsigned shift) {
        bool is_capped = false;
        unsigned __int128 limit = BINARY_MAX;

        if (__builtin_mul_overflow(quantity->mantissa, (unsigned __int128)1 << shift,
                                   &quantity->mantissa)) {
                /* 2^128 with 19 decimals is above 2^63 still; with more of them nobody knows. */
                if (quantity->exponent < -19)
                        return QUANTITY_E_RANGE;
                is_capped = true;
        } else {
                round_up(quantity, NANO);
                if (quantity->exponent < 0)
                        (void)scale_up(&limit, (unsigned)-quantity->exponent);
                else
                        is_capped = !scale_up(&quantity->mantissa, (unsigned)quantity->exponent);
        }
        if (is_capped || quantity->mantissa > limit) {
                quantity->mantissa = BINARY_MAX;
                quantity->exponent = 0;
        } else if (quantity->exponent > 0) {
                quantity->exponent = 0; /* multiplied out above */
        }
        quantity->format = QUANTITY_BINARY_SI;
        if (quantity->mantissa > 0 && quantity->exponent < 0 &&
            quantity->mantissa < power_of_ten((unsigned)-quantity->exponent))
                quantity->format = QUANTITY_DECIMAL_SI;
        return 0;
}

static bool is_letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* @scan: what follows the number */
static int apply_suffix(Scan scan, Quantity *quantity) {
        int32_t exponent = 0;
        size_t i;

        if (find_suffix(scan, &i)) {
                if (suffixes[i].shift > 0)
                        return apply_binary(quantity, suffixes[i].shift);
                exponent = suffixes[i].exponent;
        } else {
                if (!is_letter(*scan.cursor))
                        return QUANTITY_E_MALFORMED;
                if (!scan_char(&scan, 'e') && !scan_char(&scan, 'E'))
                        return QUANTITY_E_SUFFIX;
                if (!scan_exponent(scan, &exponent))
                        return QUANTITY_E_SUFFIX;
                quantity->format = QUANTITY_DECIMAL_EXPONENT;
        }
        quantity->exponent += exponent;
        round_up(quantity, NANO);
        return 0;
}

/**
 * quantity_parse() - text becomes a quantity
 * @text: need not end in NUL; 1..QUANTITY_INPUT_MAX bytes
 * @ret:  untouched unless 0 is returned
 *
 * Return: 0, QUANTITY_E_MALFORMED, QUANTITY_E_SUFFIX for a number followed by a letter that begins
 * no known suffix, or QUANTITY_E_RANGE for a text that is too long, digits that do not fit, or an
 * exponent above QUANTITY_EXPONENT_MAX.
 */
int quantity_parse(const char *text, size_t n_text, Quantity *ret) {
        Scan scan = scan_init(text, n_text);
        Quantity quantity = {};
        bool fits;
        int r;

        if (n_text > QUANTITY_INPUT_MAX)
                return QUANTITY_E_RANGE;
        quantity.is_negative = scan_char(&scan, '-');
        if (!quantity.is_negative)
                (void)scan_char(&scan, '+');
        if (!scan_number(&scan, &quantity, &fits))
                return QUANTITY_E_MALFORMED;
        r = apply_suffix(scan, &quantity);
        if (r != 0)
                return r;
        normalise(&quantity);
        if (!fits || quantity.exponent > QUANTITY_EXPONENT_MAX)
                return QUANTITY_E_RANGE;
        *ret = quantity;
        return 0;
}

/* The digits of @value from the end of @buffer backwards, NUL behind; returns where they begin. */
#define DIGITS_MAX 40u /* 2^128 has 39 */
static const char *format_digits(unsigned __int128 value, char buffer[static DIGITS_MAX]) {
        char *digit = buffer + DIGITS_MAX - 1;

        *digit = '\0';
        do {
                *--digit = (char)('0' + (unsigned)(value % 10));
                value /= 10;
        } while (value > 0);
        return digit;
}

/* The multiple of 3 that is not above @exponent. */
static int32_t floor_to_three(int32_t exponent) {
        int32_t remainder = exponent % 3;

        return exponent - (remainder < 0 ? remainder + 3 : remainder);
}

static void
print(char *buffer, bool is_negative, const char *digits, unsigned n_zeros, const char *suffix) {
        (void)snprintf(buffer, QUANTITY_TEXT_MAX, "%s%s%.*s%s", is_negative ? "-" : "", digits,
                       (int)n_zeros,
                       "0000000000000000000000000000000000000000000000000000000000000000", suffix);
}

/* @quantity: normalised */
static void format_exponent(const Quantity *quantity, const char *digits, char *buffer) {
        int32_t exponent = floor_to_three(quantity->exponent);
        char suffix[16] = "";

        if (exponent != 0)
                (void)snprintf(suffix, sizeof(suffix), "e%d", exponent);
        print(buffer, quantity->is_negative, digits, (unsigned)(quantity->exponent - exponent),
              suffix);
}

/* @quantity: normalised */
static void format_decimal(const Quantity *quantity, const char *digits, char *buffer) {
        int32_t exponent = floor_to_three(quantity->exponent);
        unsigned n_zeros;

        if (exponent > 18)
                exponent = 18;
        n_zeros = (unsigned)(quantity->exponent - exponent);
        /* Made by hand, not read: so large that it could not be read again in this form. */
        if (strlen(digits) + n_zeros + quantity->is_negative + (exponent != 0) >
            QUANTITY_INPUT_MAX) {
                format_exponent(quantity, digits, buffer);
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(suffixes); ++i)
                if (suffixes[i].shift == 0 && suffixes[i].exponent == exponent)
                        print(buffer, quantity->is_negative, digits, n_zeros, suffixes[i].text);
}

/* @quantity: normalised. False when it has to be printed as a decimal one. */
static bool format_binary(const Quantity *quantity, char *buffer) {
        unsigned __int128 value = quantity->mantissa;
        char digits[DIGITS_MAX];
        unsigned shift = 0;

        if (quantity->exponent < 0 || !scale_up(&value, (unsigned)quantity->exponent) ||
            value < 1024 || value > BINARY_MAX)
                return false;
        for (; value % 1024 == 0; value /= 1024)
                shift += 10;
        for (size_t i = 0; i < ELEMENTSOF(suffixes); ++i)
                if (suffixes[i].shift == shift && suffixes[i].exponent == 0)
                        print(buffer, quantity->is_negative, format_digits(value, digits), 0,
                              suffixes[i].text);
        return true;
}

/**
 * quantity_format() - the canonical text
 *
 * Return: @buffer; at most QUANTITY_INPUT_MAX characters, which quantity_parse() reads as the same
 * value.
 */
const char *quantity_format(const Quantity *quantity, char buffer[static QUANTITY_TEXT_MAX]) {
        Quantity normal = *quantity;
        char digits[DIGITS_MAX];

        assert(quantity->exponent >= NANO && quantity->exponent <= QUANTITY_EXPONENT_MAX);
        normalise(&normal);
        switch (normal.format) {
        case QUANTITY_BINARY_SI:
                if (format_binary(&normal, buffer))
                        break;
                format_decimal(&normal, format_digits(normal.mantissa, digits), buffer);
                break;
        case QUANTITY_DECIMAL_SI:
                format_decimal(&normal, format_digits(normal.mantissa, digits), buffer);
                break;
        case QUANTITY_DECIMAL_EXPONENT:
                format_exponent(&normal, format_digits(normal.mantissa, digits), buffer);
                break;
        }
        return buffer;
}

/*
 * Binary, as the kubelet counts memory; above 2^63-1 decimal, where a binary quantity would be
 * capped when read.
 */
Quantity quantity_from_bytes(uint64_t bytes) {
        return (Quantity){
                .mantissa = bytes,
                .format = bytes > INT64_MAX ? QUANTITY_DECIMAL_SI : QUANTITY_BINARY_SI,
        };
}

int quantity_to_u64(const Quantity *quantity, uint64_t *ret) {
        Quantity whole = *quantity;

        round_up(&whole, 0);
        if (!scale_up(&whole.mantissa, (unsigned)whole.exponent))
                return QUANTITY_E_RANGE;
        if (whole.mantissa > UINT64_MAX || (whole.is_negative && whole.mantissa > 0))
                return QUANTITY_E_RANGE;
        *ret = (uint64_t)whole.mantissa;
        return 0;
}

const char *quantity_format_bytes(uint64_t bytes, char buffer[static QUANTITY_TEXT_MAX]) {
        Quantity quantity = quantity_from_bytes(bytes);

        return quantity_format(&quantity, buffer);
}
