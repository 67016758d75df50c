/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON tokens
 *
 * A pull lexer: the caller asks for the next token and may do what it likes between two. It checks
 * the text byte by byte and allocates nothing. After every step, the current token is the last one
 * taken.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/scan.h"
#include "rpc/json-text.h"

typedef enum JsonToken {
        JSON_TOKEN_END,
        JSON_TOKEN_OBJECT_BEGIN,
        JSON_TOKEN_OBJECT_END,
        JSON_TOKEN_LIST_BEGIN,
        JSON_TOKEN_LIST_END,
        JSON_TOKEN_COLON,
        JSON_TOKEN_COMMA,
        JSON_TOKEN_STRING,
        JSON_TOKEN_NUMBER,
        JSON_TOKEN_TRUE,
        JSON_TOKEN_FALSE,
        JSON_TOKEN_NULL,
        _JSON_TOKEN_N,
} JsonToken;

typedef struct JsonLex {
        const char *start; /* of the whole text */
        Scan scan;
        unsigned depth;
        Diag *diag; /* borrowed; may be NULL */
        JsonToken token;
        const char *at; /* where the token begins */
        JsonText text;  /* of a string; of a number, raw is the number */
} JsonLex;

/* A name in an object. */
typedef struct JsonMember {
        JsonText name;
        const char *at;
} JsonMember;

JsonLex json_lex_init(const char *text, size_t n_text, Diag *diag);

/* All return 0, JSON_E_MALFORMED or JSON_E_LIMIT, with the diag filled. */
_must_check_ int json_lex_next(JsonLex *lex);
/* In an object or a list whose opening token, or last value, is current: to the next value, or to
 * the closing token. */
_must_check_ int json_lex_member(JsonLex *lex, bool is_first, JsonMember *ret, bool *ret_more);
_must_check_ int json_lex_element(JsonLex *lex, bool is_first, bool *ret_more);
/* Over the value whose first token is current. */
_must_check_ int json_lex_skip(JsonLex *lex);

/* Fills the diag with the place of @at. Return: @code. */
_must_check_ int
json_lex_fail(const JsonLex *lex, int code, const char *at, const char *format, ...) _printf_(4, 5);
/* "\"text\"", "12", "a list": the current token for a message. */
#define JSON_TOKEN_TEXT_MAX 64u
const char *json_lex_describe(const JsonLex *lex, char buffer[static JSON_TOKEN_TEXT_MAX]);
