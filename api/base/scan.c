/* SPDX-License-Identifier: Apache-2.0 */
#include "base/scan.h"

#include <string.h>

/*
 * The scanner never reads at or behind its end and never needs a NUL, so a line can be scanned
 * inside a file's buffer and a word inside a line without copying. What a step does not like it
 * leaves untouched: the caller may try something else at the same place, or say in which column the
 * text broke (cursor minus start).
 *
 * A number that does not fit is refused rather than cut or saturated, and then its digits are left
 * there. Signs, leading spaces and locales are none of this file's business: the kernel writes
 * plain digits.
 */

/* Takes @c if it comes next. */
bool scan_char(Scan *scan, char c) {
        if (scan_is_done(scan) || *scan->cursor != c)
                return false;
        ++scan->cursor;
        return true;
}

/* Takes @literal if all of it comes next; the empty literal always does. */
bool scan_literal(Scan *scan, const char *literal) {
        size_t n = strlen(literal);

        if (n == 0)
                return true;
        if (scan_left(scan) < n || memcmp(scan->cursor, literal, n) != 0)
                return false;
        scan->cursor += n;
        return true;
}

bool scan_spaces(Scan *scan) {
        const char *start = scan->cursor;

        while (!scan_is_done(scan) && (*scan->cursor == ' ' || *scan->cursor == '\t'))
                ++scan->cursor;
        return scan->cursor != start;
}

/* The value of a digit, or 255 for anything else. */
static unsigned digit_value(char c) {
        if (c >= '0' && c <= '9')
                return (unsigned)(c - '0');
        if (c >= 'a' && c <= 'f')
                return (unsigned)(c - 'a') + 10;
        if (c >= 'A' && c <= 'F')
                return (unsigned)(c - 'A') + 10;
        return 255;
}

static bool scan_digits(Scan *scan, unsigned base, uint64_t *ret) {
        Scan ahead = *scan;
        uint64_t value = 0;

        while (!scan_is_done(&ahead) && digit_value(*ahead.cursor) < base) {
                if (__builtin_mul_overflow(value, base, &value) ||
                    __builtin_add_overflow(value, digit_value(*ahead.cursor), &value))
                        return false;
                ++ahead.cursor;
        }
        if (ahead.cursor == scan->cursor)
                return false;
        *scan = ahead;
        *ret = value;
        return true;
}

bool scan_u64(Scan *scan, uint64_t *ret) {
        return scan_digits(scan, 10, ret);
}

bool scan_hex(Scan *scan, uint64_t *ret) {
        return scan_digits(scan, 16, ret);
}

bool scan_hex_prefixed(Scan *scan, uint64_t *ret) {
        Scan ahead = *scan;

        if (!scan_literal(&ahead, "0x") || !scan_hex(&ahead, ret))
                return false;
        *scan = ahead;
        return true;
}

/*
 * memchr() must not be given NULL, not even with a length of 0, and an empty text may well be NULL.
 */
static const char *find_char(const Scan *scan, char c) {
        return scan_is_done(scan) ? NULL : memchr(scan->cursor, c, scan_left(scan));
}

/**
 * scan_until() - split at a character
 * @ret: what stands before @stop, possibly nothing
 *
 * Return: false, with nothing taken, when @stop does not come any more.
 */
bool scan_until(Scan *scan, char stop, Scan *ret) {
        const char *found = find_char(scan, stop);

        if (!found)
                return false;
        *ret = (Scan){ .cursor = scan->cursor, .end = found };
        scan->cursor = found + 1;
        return true;
}

/**
 * scan_line() - take the next line
 * @ret: the line without its newline; a carriage return stays
 *
 * A newline ends a line, it does not begin one: "a\n" is one line, "a\n\n" is two.
 */
bool scan_line(Scan *scan, Scan *ret) {
        if (scan_is_done(scan))
                return false;
        if (!scan_until(scan, '\n', ret)) {
                *ret = *scan;
                scan->cursor = scan->end;
        }
        return true;
}
