/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bounded text scanner
 *
 * Walks over a piece of text that need not end in NUL. Every step either takes something and
 * returns true, or takes nothing and returns false. A Scan is a value: copy it to look ahead.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Scan {
        const char *cursor;
        const char *end;
} Scan;

/* @text may be NULL when @n_text is 0. */
static inline Scan scan_init(const char *text, size_t n_text) {
        return (Scan){ .cursor = text, .end = n_text > 0 ? text + n_text : text };
}

static inline bool scan_is_done(const Scan *scan) {
        return scan->cursor == scan->end;
}

static inline size_t scan_left(const Scan *scan) {
        return (size_t)(scan->end - scan->cursor);
}

bool scan_char(Scan *scan, char c);
bool scan_literal(Scan *scan, const char *literal);
bool scan_spaces(Scan *scan);             /* one or more blanks or tabs */
bool scan_u64(Scan *scan, uint64_t *ret); /* decimal digits; false when above 2^64-1 */
bool scan_hex(Scan *scan, uint64_t *ret); /* hex digits without 0x; false when above 2^64-1 */
bool scan_hex_prefixed(Scan *scan, uint64_t *ret); /* 0x and hex digits */
bool scan_until(Scan *scan,
                char stop,
                Scan *ret);            /* what stands before @stop; @stop is taken too */
bool scan_line(Scan *scan, Scan *ret); /* up to the next newline, or the rest; false at the end */
