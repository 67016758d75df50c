/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/json-lex.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "rpc/json-number.h"
#include "rpc/json.h"

/*
 * RFC 8259, and no more: no comments, no trailing commas, no byte order mark. Everything is checked
 * in passing, so a value that nobody wants costs the same checks as one that is kept. Nesting is
 * bounded here, at the one place that sees every bracket; what recurses over the tokens
 * (json_lex_skip() and the decoder) leans on that bound.
 *
 * Line and column are not carried along. They are counted from the start when something is wrong,
 * in characters, as an editor shows them; the text before the error is known to be UTF-8.
 */
JsonLex json_lex_init(const char *text, size_t n_text, Diag *diag) {
        return (JsonLex){
                .start = text, .scan = scan_init(text, n_text), .diag = diag, .at = text
        };
}

int json_lex_fail(const JsonLex *lex, int code, const char *at, const char *format, ...) {
        char text[DIAG_TEXT_MAX];
        unsigned line = 1, column = 1;
        va_list args;

        for (const char *c = lex->start; c < at; ++c) {
                if (*c == '\n') {
                        ++line;
                        column = 1;
                } else if (((unsigned char)*c & 0xc0) != 0x80) {
                        ++column;
                }
        }
        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        diag_set(lex->diag, "body", line, column, "%s", text);
        return code;
}

static int take_string(JsonLex *lex) {
        const char *wrong;

        ++lex->scan.cursor;
        wrong = json_text_scan(&lex->scan, &lex->text);
        if (wrong)
                return json_lex_fail(lex, JSON_E_MALFORMED, lex->scan.cursor, "%s", wrong);
        lex->token = JSON_TOKEN_STRING;
        return 0;
}

static int take_word(JsonLex *lex) {
        unsigned char c = (unsigned char)*lex->scan.cursor;

        if (json_number_scan(&lex->scan)) {
                lex->token = JSON_TOKEN_NUMBER;
                lex->text =
                        (JsonText){ .raw = lex->at, .n_raw = (size_t)(lex->scan.cursor - lex->at) };
        } else if (scan_literal(&lex->scan, "true")) {
                lex->token = JSON_TOKEN_TRUE;
        } else if (scan_literal(&lex->scan, "false")) {
                lex->token = JSON_TOKEN_FALSE;
        } else if (scan_literal(&lex->scan, "null")) {
                lex->token = JSON_TOKEN_NULL;
        } else if (c > 0x20 && c < 0x7f) {
                return json_lex_fail(lex, JSON_E_MALFORMED, lex->at, "not JSON at '%c'", c);
        } else {
                return json_lex_fail(lex, JSON_E_MALFORMED, lex->at, "not JSON at byte 0x%02x", c);
        }
        return 0;
}

static int take_bracket(JsonLex *lex, JsonToken token) {
        ++lex->scan.cursor;
        lex->token = token;
        switch (token) {
        case JSON_TOKEN_OBJECT_BEGIN:
        case JSON_TOKEN_LIST_BEGIN:
                if (++lex->depth > JSON_DEPTH_MAX)
                        return json_lex_fail(lex, JSON_E_LIMIT, lex->at,
                                             "nested deeper than %u levels", JSON_DEPTH_MAX);
                return 0;
        case JSON_TOKEN_OBJECT_END:
        case JSON_TOKEN_LIST_END:
                if (lex->depth == 0)
                        return json_lex_fail(lex, JSON_E_MALFORMED, lex->at,
                                             "closes what was never opened");
                --lex->depth;
                return 0;
        default: /* the punctuation, which does not nest */
                return 0;
        }
}

int json_lex_next(JsonLex *lex) {
        while (!scan_is_done(&lex->scan) &&
               (*lex->scan.cursor == ' ' || *lex->scan.cursor == '\t' ||
                *lex->scan.cursor == '\n' || *lex->scan.cursor == '\r'))
                ++lex->scan.cursor;
        lex->at = lex->scan.cursor;
        if (scan_is_done(&lex->scan)) {
                lex->token = JSON_TOKEN_END;
                return 0;
        }
        switch (*lex->scan.cursor) {
        case '{':
                return take_bracket(lex, JSON_TOKEN_OBJECT_BEGIN);
        case '}':
                return take_bracket(lex, JSON_TOKEN_OBJECT_END);
        case '[':
                return take_bracket(lex, JSON_TOKEN_LIST_BEGIN);
        case ']':
                return take_bracket(lex, JSON_TOKEN_LIST_END);
        case ':':
                return take_bracket(lex, JSON_TOKEN_COLON);
        case ',':
                return take_bracket(lex, JSON_TOKEN_COMMA);
        case '"':
                return take_string(lex);
        default:
                return take_word(lex);
        }
}

const char *json_lex_describe(const JsonLex *lex, char buffer[static JSON_TOKEN_TEXT_MAX]) {
        static const char *const names[_JSON_TOKEN_N] = {
                [JSON_TOKEN_END] = "the end of the text",
                [JSON_TOKEN_OBJECT_BEGIN] = "an object",
                [JSON_TOKEN_OBJECT_END] = "'}'",
                [JSON_TOKEN_LIST_BEGIN] = "a list",
                [JSON_TOKEN_LIST_END] = "']'",
                [JSON_TOKEN_COLON] = "':'",
                [JSON_TOKEN_COMMA] = "','",
                [JSON_TOKEN_TRUE] = "true",
                [JSON_TOKEN_FALSE] = "false",
                [JSON_TOKEN_NULL] = "null",
        };
        const char *quote = lex->token == JSON_TOKEN_STRING ? "\"" : "";
        size_t n = lex->text.n_raw;

        if (lex->token != JSON_TOKEN_STRING && lex->token != JSON_TOKEN_NUMBER)
                return names[lex->token];
        if (n > 32)
                n = utf8_valid_length(lex->text.raw, 32);
        (void)snprintf(buffer, JSON_TOKEN_TEXT_MAX, "%s%.*s%s%s", quote, (int)n, lex->text.raw,
                       n < lex->text.n_raw ? "..." : "", quote);
        return buffer;
}

static int expected(const JsonLex *lex, const char *what) {
        char token[JSON_TOKEN_TEXT_MAX];

        return json_lex_fail(lex, JSON_E_MALFORMED, lex->at, "expects %s, not %s", what,
                             json_lex_describe(lex, token));
}

/* The token that begins a value is left for the caller: whoever knows what belongs there says what
 * it expected. */
static int first_of_value(JsonLex *lex) {
        int r = json_lex_next(lex);

        if (r)
                return r;
        switch (lex->token) {
        case JSON_TOKEN_END:
        case JSON_TOKEN_OBJECT_END:
        case JSON_TOKEN_LIST_END:
        case JSON_TOKEN_COLON:
        case JSON_TOKEN_COMMA:
                return expected(lex, "a value");
        default: /* every other token begins one */
                return 0;
        }
}

int json_lex_member(JsonLex *lex, bool is_first, JsonMember *ret, bool *ret_more) {
        int r = json_lex_next(lex);

        if (r)
                return r;
        if (lex->token == JSON_TOKEN_OBJECT_END) {
                *ret_more = false;
                return 0;
        }
        if (!is_first) {
                if (lex->token != JSON_TOKEN_COMMA)
                        return expected(lex, "',' or '}'");
                r = json_lex_next(lex);
                if (r)
                        return r;
        }
        if (lex->token != JSON_TOKEN_STRING)
                return expected(lex, is_first ? "a name in quotes or '}'" : "a name in quotes");
        *ret = (JsonMember){ .name = lex->text, .at = lex->at };
        r = json_lex_next(lex);
        if (r)
                return r;
        if (lex->token != JSON_TOKEN_COLON)
                return expected(lex, "':' behind a name");
        *ret_more = true;
        return first_of_value(lex);
}

int json_lex_element(JsonLex *lex, bool is_first, bool *ret_more) {
        JsonLex before = *lex;
        int r = json_lex_next(lex);

        if (r)
                return r;
        if (lex->token == JSON_TOKEN_LIST_END) {
                *ret_more = false;
                return 0;
        }
        *ret_more = true;
        if (is_first)
                *lex = before;
        else if (lex->token != JSON_TOKEN_COMMA)
                return expected(lex, "',' or ']'");
        return first_of_value(lex);
}

static int skip_list(JsonLex *lex) {
        for (bool is_first = true, has_more = true; has_more; is_first = false) {
                int r = json_lex_element(lex, is_first, &has_more);

                if (!r && has_more)
                        r = json_lex_skip(lex);
                if (r)
                        return r;
        }
        return 0;
}

static int skip_object(JsonLex *lex) {
        for (bool is_first = true, has_more = true; has_more; is_first = false) {
                JsonMember member;
                int r = json_lex_member(lex, is_first, &member, &has_more);

                if (!r && has_more)
                        r = json_lex_skip(lex);
                if (r)
                        return r;
        }
        return 0;
}

int json_lex_skip(JsonLex *lex) {
        if (lex->token == JSON_TOKEN_LIST_BEGIN)
                return skip_list(lex);
        return lex->token == JSON_TOKEN_OBJECT_BEGIN ? skip_object(lex) : 0;
}
