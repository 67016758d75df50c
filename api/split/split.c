/* SPDX-License-Identifier: Apache-2.0 */
#include "split/split.h"

#include <stdio.h>
#include <string.h>

#include "base/quantity.h"
#include "base/scan.h"
#include "split/quote.h"

/*
 * Text of splits
 *
 *      split    = locality { "," locality }
 *      locality = ( "local" | "remote" ) "=" range
 *      range    = amount [ ".." ( amount | "max" ) ]
 *
 * with blanks and tabs between any two of these. An amount ends where ".." begins, so that the dot
 * of a fraction and the dots of a range are never confused.
 *
 * A person wrote the text, so what is refused is refused with the column where reading stopped,
 * what could have stood there, and what did. An amount is below 2^64-1, the number that means "no
 * ceiling" inside: text has a word for that.
 */
typedef struct Reader {
        Scan scan;
        const char *begin;
        const char *source;
        Diag *reterr;
} Reader;

static unsigned get_column(const Reader *reader, const char *at) {
        return (unsigned)(at - reader->begin) + 1;
}

/* @n_found: bytes of what stands there instead; 0: one character, or the end */
static int refuse(const Reader *reader, const char *at, size_t n_found, const char *expected) {
        char found[QUOTE_MAX];

        if (n_found == 0 && at < reader->scan.end)
                n_found = 1;
        diag_set(reader->reterr, reader->source, 1, get_column(reader, at), "expected %s, found %s",
                 expected, quote_format(at, n_found, found));
        return SPLIT_E_MALFORMED;
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t';
}

/* What ends a word at the latest: a blank, a comma, an equals sign, two dots. */
static size_t measure_word(const Scan *scan) {
        const size_t n_left = scan_left(scan);
        size_t n = 0;

        for (; n < n_left; ++n) {
                const char *at = scan->cursor + n;

                if (is_blank(*at) || *at == ',' || *at == '=')
                        break;
                if (*at == '.' && n + 1 < n_left && at[1] == '.')
                        break;
        }
        return n;
}

static bool take_word(Scan *scan, const char *word) {
        const size_t n = measure_word(scan);

        if (n != strlen(word) || memcmp(scan->cursor, word, n) != 0)
                return false;
        scan->cursor += n;
        return true;
}

static int read_amount(Reader *reader, const char *expected, uint64_t *ret) {
        const char *at = reader->scan.cursor;
        const size_t n = measure_word(&reader->scan);
        Quantity quantity = {};
        uint64_t bytes = 0;
        int r = quantity_parse(at, n, &quantity);

        if (r == QUANTITY_E_MALFORMED || r == QUANTITY_E_SUFFIX || quantity.is_negative)
                return refuse(reader, at, n, expected);
        if (r == 0 && quantity.exponent < 0)
                return refuse(reader, at, n, "whole bytes");
        if (r == 0)
                r = quantity_to_u64(&quantity, &bytes);
        if (r != 0 || bytes == SPLIT_UNLIMITED)
                return refuse(reader, at, n, "fewer than 2^64-1 bytes");
        reader->scan.cursor += n;
        *ret = bytes;
        return 0;
}

static int refuse_range(const Reader *reader, const char *at, const SplitRange *range) {
        char min[QUANTITY_TEXT_MAX], max[QUANTITY_TEXT_MAX];

        diag_set(reader->reterr, reader->source, 1, get_column(reader, at),
                 "expected a maximum of %s or more, as the minimum is, found %s",
                 quantity_format_bytes(range->min, min), quantity_format_bytes(range->max, max));
        return SPLIT_E_INVALID;
}

/* Blanks before and behind it are taken as well. */
static int read_range(Reader *reader, SplitRange *ret) {
        SplitRange range;
        const char *at;
        int r;

        (void)scan_spaces(&reader->scan);
        r = read_amount(reader, "an amount of bytes such as 4Gi", &range.min);
        if (r != 0)
                return r;
        range.max = range.min;
        (void)scan_spaces(&reader->scan);
        if (scan_literal(&reader->scan, "..")) {
                (void)scan_spaces(&reader->scan);
                at = reader->scan.cursor;
                if (take_word(&reader->scan, "max"))
                        range.max = SPLIT_UNLIMITED;
                else
                        r = read_amount(reader, "an amount of bytes such as 4Gi, or 'max'",
                                        &range.max);
                if (r != 0)
                        return r;
                if (range.min > range.max)
                        return refuse_range(reader, at, &range);
                (void)scan_spaces(&reader->scan);
        }
        *ret = range;
        return 0;
}

/* "local=4Gi" */
static int read_locality(Reader *reader, SplitText *text) {
        const char *at;
        bool is_local, *has;
        int r;

        (void)scan_spaces(&reader->scan);
        at = reader->scan.cursor;
        is_local = take_word(&reader->scan, "local");
        if (!is_local && !take_word(&reader->scan, "remote"))
                return refuse(reader, at, measure_word(&reader->scan), "'local' or 'remote'");
        has = is_local ? &text->has_local : &text->has_remote;
        if (*has)
                return refuse(reader, at, (size_t)(reader->scan.cursor - at), "each locality once");
        (void)scan_spaces(&reader->scan);
        if (!scan_char(&reader->scan, '='))
                return refuse(reader, reader->scan.cursor, measure_word(&reader->scan), "'='");
        r = read_range(reader, is_local ? &text->split.local : &text->split.remote);
        if (r != 0)
                return r;
        *has = true;
        return 0;
}

static int check_length(const Reader *reader, size_t n_text) {
        if (n_text <= SPLIT_INPUT_MAX)
                return 0;
        diag_set(reader->reterr, reader->source, 1, SPLIT_INPUT_MAX + 1,
                 "expected at most %u bytes, found %zu", SPLIT_INPUT_MAX, n_text);
        return SPLIT_E_MALFORMED;
}

/* Return: 0, SPLIT_E_MALFORMED, or SPLIT_E_INVALID for a minimum above its maximum. */
int split_parse(const char *source, const char *text, size_t n_text, SplitText *ret, Diag *reterr) {
        Reader reader = { scan_init(text, n_text), text, source, reterr };
        SplitText parsed = {};
        int r = check_length(&reader, n_text);

        if (r != 0)
                return r;
        do {
                r = read_locality(&reader, &parsed);
                if (r != 0)
                        return r;
        } while (scan_char(&reader.scan, ','));
        if (!scan_is_done(&reader.scan))
                return refuse(&reader, reader.scan.cursor, measure_word(&reader.scan),
                              "',' or the end");
        *ret = parsed;
        return 0;
}

/* Return: as split_parse(). */
int split_range_parse(const char *source,
                      const char *text,
                      size_t n_text,
                      SplitRange *ret,
                      Diag *reterr) {
        Reader reader = { scan_init(text, n_text), text, source, reterr };
        SplitRange range;
        int r = check_length(&reader, n_text);

        if (r == 0)
                r = read_range(&reader, &range);
        if (r != 0)
                return r;
        if (!scan_is_done(&reader.scan))
                return refuse(&reader, reader.scan.cursor, measure_word(&reader.scan), "the end");
        *ret = range;
        return 0;
}

/* No amount has more than the 20 digits of 2^64-2; the precisions below say so to the compiler. */
#define RANGE_TEXT_MAX sizeof("18446744073709551614..18446744073709551614")

static const char *format_range(const SplitRange *range, char buffer[static RANGE_TEXT_MAX]) {
        char min[QUANTITY_TEXT_MAX], max[QUANTITY_TEXT_MAX];

        quantity_format_bytes(range->min, min);
        if (range->max == SPLIT_UNLIMITED)
                (void)snprintf(buffer, RANGE_TEXT_MAX, "%.20s..max", min);
        else if (range->min == range->max)
                (void)snprintf(buffer, RANGE_TEXT_MAX, "%.20s", min);
        else
                (void)snprintf(buffer, RANGE_TEXT_MAX, "%.20s..%.20s", min,
                               quantity_format_bytes(range->max, max));
        return buffer;
}

/* Return: @buffer, which split_parse() reads as the same split; "" when nothing is asked for. */
const char *split_format(const Split *split, char buffer[static SPLIT_TEXT_MAX]) {
        char local[RANGE_TEXT_MAX], remote[RANGE_TEXT_MAX];
        const bool has_local = split->local.max > 0, has_remote = split->remote.max > 0;

        (void)snprintf(buffer, SPLIT_TEXT_MAX, "%s%s%s%s%s", has_local ? "local=" : "",
                       has_local ? format_range(&split->local, local) : "",
                       has_local && has_remote ? "," : "", has_remote ? "remote=" : "",
                       has_remote ? format_range(&split->remote, remote) : "");
        return buffer;
}

void split_take_remote(Split *split, uint64_t bytes) {
        split->remote.min = bytes_sub_clamped(split->remote.min, bytes);
        if (split->remote.max != SPLIT_UNLIMITED)
                split->remote.max = bytes_sub_clamped(split->remote.max, bytes);
}

static bool is_range_equal(const SplitRange *a, const SplitRange *b) {
        return a->min == b->min && a->max == b->max;
}

bool split_is_equal(const Split *a, const Split *b) {
        return is_range_equal(&a->local, &b->local) && is_range_equal(&a->remote, &b->remote);
}
