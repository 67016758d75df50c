/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/json-text.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/*
 * Reading is two steps. json_text_scan() checks everything there is to check: UTF-8, control
 * characters, escapes, and that surrogates come in pairs (RFC 8259, section 7; a lone one has no
 * UTF-8 form and is refused rather than replaced, because two different texts must not become the
 * same one). json_text_decode() can then no longer fail. A decoded text is never longer than what
 * was written: the shortest escape has two bytes for one, a pair of six-byte escapes becomes four.
 *
 * Writing never fails and never gives bad JSON: a byte of ours that is not UTF-8 (a name in sysfs
 * may hold anything) becomes U+FFFD.
 */
#define REPLACEMENT "\xef\xbf\xbd"

/* Takes four hex digits. */
static bool scan_unit(Scan *scan, uint32_t *ret) {
        uint64_t value;
        Scan digits;

        if (scan_left(scan) < 4)
                return false;
        digits = scan_init(scan->cursor, 4);
        if (!scan_hex(&digits, &value) || !scan_is_done(&digits))
                return false;
        scan->cursor += 4;
        *ret = (uint32_t)value;
        return true;
}

static bool is_low_surrogate(uint32_t unit) {
        return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Behind "\u": takes one unit, or a pair of surrogates with the second "\u". */
static const char *scan_point(Scan *scan, uint32_t *ret) {
        Scan ahead = *scan;
        uint32_t high, low;

        if (!scan_unit(&ahead, &high))
                return "\\u needs four hex digits";
        if (is_low_surrogate(high))
                return "a lone surrogate is no character";
        if (high >= 0xd800 && high <= 0xdbff) {
                if (!scan_literal(&ahead, "\\u") || !scan_unit(&ahead, &low) ||
                    !is_low_surrogate(low))
                        return "a lone surrogate is no character";
                high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        }
        *scan = ahead;
        *ret = high;
        return NULL;
}

/* What stands for itself behind a backslash, and what the others stand for. */
static bool simple_escape(char c, char *ret) {
        static const char names[] = "\"\\/bfnrt";
        static const char values[] = "\"\\/\b\f\n\r\t";
        const char *found = c ? strchr(names, c) : NULL;

        if (!found)
                return false;
        *ret = values[found - names];
        return true;
}

static const char *scan_escape(Scan *scan) {
        uint32_t point;
        char simple;

        if (scan_left(scan) < 2)
                return "the text ends inside a string";
        if (scan->cursor[1] == 'u') {
                Scan ahead = { .cursor = scan->cursor + 2, .end = scan->end };
                const char *wrong = scan_point(&ahead, &point);

                if (!wrong)
                        *scan = ahead;
                return wrong;
        }
        if (!simple_escape(scan->cursor[1], &simple))
                return "unknown escape in a string";
        scan->cursor += 2;
        return NULL;
}

const char *json_text_scan(Scan *scan, JsonText *ret) {
        JsonText text = { .raw = scan->cursor };

        while (!scan_is_done(scan)) {
                unsigned char c = (unsigned char)*scan->cursor;
                const char *wrong;
                size_t n;

                if (c == '"') {
                        text.n_raw = (size_t)(scan->cursor - text.raw);
                        ++scan->cursor;
                        *ret = text;
                        return NULL;
                }
                if (c == '\\') {
                        wrong = scan_escape(scan);
                        if (wrong)
                                return wrong;
                        text.has_escapes = true;
                        continue;
                }
                if (c < 0x20)
                        return "a control character in a string must be escaped";
                n = utf8_char_length(scan->cursor, scan_left(scan));
                if (n == 0)
                        return "the text is not UTF-8";
                scan->cursor += n;
        }
        return "the text ends inside a string";
}

size_t json_text_decode(const JsonText *text, char *ret) {
        Scan scan = scan_init(text->raw, text->n_raw);
        uint32_t point = 0;
        size_t n = 0;

        if (!text->has_escapes) {
                memcpy(ret, text->raw, text->n_raw);
                return text->n_raw;
        }
        while (!scan_is_done(&scan)) {
                if (*scan.cursor != '\\') {
                        ret[n++] = *scan.cursor++;
                } else if (scan.cursor[1] == 'u') {
                        scan.cursor += 2;
                        (void)scan_point(&scan, &point);
                        n += utf8_encode(point, ret + n);
                } else {
                        (void)simple_escape(scan.cursor[1], &ret[n++]);
                        scan.cursor += 2;
                }
        }
        return n;
}

static void append_escaped(Buffer *buffer, char c) {
        static const char names[] = "\"\\bfnrt";
        static const char values[] = "\"\\\b\f\n\r\t";
        const char *found = c ? strchr(values, c) : NULL;

        if (found)
                buffer_append(buffer, (const char[]){ '\\', names[found - values] }, 2);
        else
                buffer_printf(buffer, "\\u%04x", (unsigned)(unsigned char)c);
}

static bool must_escape(char c) {
        return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

void json_text_append(Buffer *buffer, const char *text, size_t n_text) {
        size_t at = 0;

        buffer_append_char(buffer, '"');
        while (at < n_text) {
                size_t start = at, n = 1;

                while (at < n_text && !must_escape(text[at]) && n > 0) {
                        n = utf8_char_length(text + at, n_text - at);
                        at += n;
                }
                buffer_append(buffer, text + start, at - start);
                if (at == n_text)
                        break;
                if (must_escape(text[at]))
                        append_escaped(buffer, text[at]);
                else
                        buffer_append_text(buffer, REPLACEMENT);
                ++at;
        }
        buffer_append_char(buffer, '"');
}
