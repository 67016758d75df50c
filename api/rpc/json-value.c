/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/json-value.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "rpc/base64.h"
#include "rpc/json-field.h"
#include "rpc/json-number.h"
#include "rpc/json.h"

/*
 * The proto3 JSON mapping, value by value. Numbers may stand in quotes, also 32-bit and floating
 * ones; what is in the quotes is then a JSON number and nothing else, no space around it. A string
 * with a NUL in it is refused: in a C string everything behind it would be lost, and two different
 * texts would be one.
 *
 * Every refusal says which field, what it expects and what stood there, at the line and column of
 * the value.
 */
#define PATH_MAX_TEXT 160u

/* Keys of maps come from the peer: no control character of theirs reaches a log or a terminal. */
static void path_append(char *path, size_t *n, const char *text, size_t n_text) {
        for (; n_text > 0 && *n + 1 < PATH_MAX_TEXT; --n_text, ++text)
                path[(*n)++] = (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text;
        path[*n] = '\0';
}

/* From the top down; a path that is too long loses its end, at a whole character. */
static void path_format(const JsonPlace *place, char *path, size_t *n) {
        char index[32], c;

        if (!place || !place->name)
                return;
        path_format(place->up, path, n);
        if (*n > 0)
                path_append(path, n, ".", 1);
        for (const char *name = place->name; (c = json_name_next(&name));)
                path_append(path, n, &c, 1);
        if (place->index != JSON_NO_INDEX) {
                int n_index = snprintf(index, sizeof(index), "[%zu]", place->index);

                path_append(path, n, index, (size_t)n_index);
        }
        if (place->key) {
                path_append(path, n, "[\"", 2);
                path_append(path, n, place->key, strlen(place->key));
                path_append(path, n, "\"]", 2);
        }
        *n = utf8_valid_length(path, *n);
        path[*n] = '\0';
}

int json_decoder_expected(const JsonDecoder *decoder, const JsonPlace *place, const char *what) {
        char path[PATH_MAX_TEXT] = "", token[JSON_TOKEN_TEXT_MAX];
        const char *found = json_lex_describe(&decoder->lex, token);
        size_t n = 0;

        path_format(place, path, &n);
        if (n == 0)
                return json_lex_fail(&decoder->lex, JSON_E_MALFORMED, decoder->lex.at,
                                     "the message expects %s, not %s", what, found);
        return json_lex_fail(&decoder->lex, JSON_E_MALFORMED, decoder->lex.at,
                             "field '%s' expects %s, not %s", path, what, found);
}

int json_decoder_alloc(JsonDecoder *decoder, size_t n, size_t size, void **ret) {
        size_t total;
        void *piece;

        if (__builtin_mul_overflow(n, size, &total) || !arena_has_room(decoder->arena, total))
                return json_lex_fail(&decoder->lex, JSON_E_LIMIT, decoder->lex.at,
                                     "the message takes more memory than it may");
        piece = arena_alloc(decoder->arena, total);
        if (!piece)
                return -ENOMEM;
        *ret = piece;
        return 0;
}

int json_decoder_text(JsonDecoder *decoder, const JsonText *text, char **ret, size_t *ret_n) {
        void *copy;
        int r = json_decoder_alloc(decoder, text->n_raw + 1, 1, &copy);

        if (r)
                return r;
        *ret = copy;
        *ret_n = json_text_decode(text, copy);
        return 0;
}

/* The number of a token, with or without quotes, as text. An escape in quotes never makes a number:
 * no digit needs one. */
static bool number_text(const JsonDecoder *decoder) {
        Scan scan = scan_init(decoder->lex.text.raw, decoder->lex.text.n_raw);

        if (decoder->lex.token == JSON_TOKEN_NUMBER)
                return true;
        return decoder->lex.token == JSON_TOKEN_STRING && json_number_scan(&scan) &&
               scan_is_done(&scan);
}

static int decode_signed(JsonDecoder *decoder, const JsonPlace *place, unsigned bits, void *where) {
        const JsonText *text = &decoder->lex.text;
        int64_t value;

        if (!number_text(decoder) || !json_number_to_i64(text->raw, text->n_raw, &value) ||
            (bits == 32 && (value < INT32_MIN || value > INT32_MAX)))
                return json_decoder_expected(decoder, place,
                                             bits == 32 ? "a signed 32-bit number"
                                                        : "a signed 64-bit number");
        if (bits == 32)
                *(int32_t *)where = (int32_t)value;
        else
                *(int64_t *)where = value;
        return 0;
}

static int
decode_unsigned(JsonDecoder *decoder, const JsonPlace *place, unsigned bits, void *where) {
        const JsonText *text = &decoder->lex.text;
        uint64_t value;

        if (!number_text(decoder) || !json_number_to_u64(text->raw, text->n_raw, &value) ||
            (bits == 32 && value > UINT32_MAX))
                return json_decoder_expected(decoder, place,
                                             bits == 32 ? "an unsigned 32-bit number"
                                                        : "an unsigned 64-bit number");
        if (bits == 32)
                *(uint32_t *)where = (uint32_t)value;
        else
                *(uint64_t *)where = value;
        return 0;
}

static bool text_is(const JsonText *text, const char *word) {
        return text->n_raw == strlen(word) && memcmp(text->raw, word, text->n_raw) == 0;
}

static bool special_number(const JsonDecoder *decoder, double *ret) {
        const JsonText *text = &decoder->lex.text;

        if (decoder->lex.token != JSON_TOKEN_STRING)
                return false;
        if (text_is(text, "NaN"))
                *ret = (double)NAN;
        else if (text_is(text, "Infinity"))
                *ret = (double)INFINITY;
        else if (text_is(text, "-Infinity"))
                *ret = -(double)INFINITY;
        else
                return false;
        return true;
}

static int
decode_floating(JsonDecoder *decoder, const JsonPlace *place, bool is_float, void *where) {
        const char *what = is_float ? "a 32-bit floating-point number" : "a floating-point number";
        double value = 0;
        size_t n;
        char *text;
        int r;

        if (!special_number(decoder, &value)) {
                if (!number_text(decoder))
                        return json_decoder_expected(decoder, place, what);
                r = json_decoder_text(decoder, &decoder->lex.text, &text, &n);
                if (r)
                        return r;
                value = is_float ? (double)strtof(text, NULL) : strtod(text, NULL);
                if (isinf(value))
                        return json_decoder_expected(decoder, place, what);
        }
        if (is_float)
                *(float *)where = (float)value;
        else
                *(double *)where = value;
        return 0;
}

static int decode_bool(JsonDecoder *decoder, const JsonPlace *place, void *where) {
        if (decoder->lex.token != JSON_TOKEN_TRUE && decoder->lex.token != JSON_TOKEN_FALSE)
                return json_decoder_expected(decoder, place, "true or false");
        *(protobuf_c_boolean *)where = decoder->lex.token == JSON_TOKEN_TRUE;
        return 0;
}

/* A number that has no name is kept, as on the wire: enums are open. A name that does not exist has
 * no number to keep. */
static int decode_enum(JsonDecoder *decoder,
                       const ProtobufCEnumDescriptor *descriptor,
                       const JsonPlace *place,
                       void *where) {
        const JsonText *text = &decoder->lex.text;
        char what[128], *name;
        int64_t value;
        size_t n;
        int r;

        if (decoder->lex.token == JSON_TOKEN_NUMBER &&
            json_number_to_i64(text->raw, text->n_raw, &value) && value >= INT32_MIN &&
            value <= INT32_MAX) {
                *(int32_t *)where = (int32_t)value;
                return 0;
        }
        if (decoder->lex.token == JSON_TOKEN_STRING) {
                const ProtobufCEnumValue *found = NULL;

                r = json_decoder_text(decoder, text, &name, &n);
                if (r)
                        return r;
                if (strlen(name) == n)
                        found = protobuf_c_enum_descriptor_get_value_by_name(descriptor, name);
                if (found) {
                        *(int32_t *)where = found->value;
                        return 0;
                }
        }
        (void)snprintf(what, sizeof(what), "a name or a number of enum %s", descriptor->short_name);
        return json_decoder_expected(decoder, place, what);
}

static int decode_string(JsonDecoder *decoder, const JsonPlace *place, void *where) {
        size_t n;
        char *text;
        int r;

        if (decoder->lex.token != JSON_TOKEN_STRING)
                return json_decoder_expected(decoder, place, "a string");
        r = json_decoder_text(decoder, &decoder->lex.text, &text, &n);
        if (r)
                return r;
        if (strlen(text) != n)
                return json_decoder_expected(decoder, place, "a string without NUL");
        *(char **)where = text;
        return 0;
}

static int decode_bytes(JsonDecoder *decoder, const JsonPlace *place, void *where) {
        ProtobufCBinaryData data = {};
        size_t n;
        char *text;
        void *bytes;
        int r;

        if (decoder->lex.token != JSON_TOKEN_STRING)
                return json_decoder_expected(decoder, place, "bytes in base64");
        r = json_decoder_text(decoder, &decoder->lex.text, &text, &n);
        if (!r)
                r = json_decoder_alloc(decoder, base64_decoded_max(n), 1, &bytes);
        if (r)
                return r;
        if (!base64_decode(text, n, bytes, &data.len))
                return json_decoder_expected(decoder, place, "bytes in base64");
        data.data = bytes;
        *(ProtobufCBinaryData *)where = data;
        return 0;
}

int json_value_decode(JsonDecoder *decoder,
                      const ProtobufCFieldDescriptor *field,
                      const JsonPlace *place,
                      void *where) {
        switch (field->type) {
        case PROTOBUF_C_TYPE_INT32:
        case PROTOBUF_C_TYPE_SINT32:
        case PROTOBUF_C_TYPE_SFIXED32:
                return decode_signed(decoder, place, 32, where);
        case PROTOBUF_C_TYPE_INT64:
        case PROTOBUF_C_TYPE_SINT64:
        case PROTOBUF_C_TYPE_SFIXED64:
                return decode_signed(decoder, place, 64, where);
        case PROTOBUF_C_TYPE_UINT32:
        case PROTOBUF_C_TYPE_FIXED32:
                return decode_unsigned(decoder, place, 32, where);
        case PROTOBUF_C_TYPE_UINT64:
        case PROTOBUF_C_TYPE_FIXED64:
                return decode_unsigned(decoder, place, 64, where);
        case PROTOBUF_C_TYPE_FLOAT:
                return decode_floating(decoder, place, true, where);
        case PROTOBUF_C_TYPE_DOUBLE:
                return decode_floating(decoder, place, false, where);
        case PROTOBUF_C_TYPE_BOOL:
                return decode_bool(decoder, place, where);
        case PROTOBUF_C_TYPE_ENUM:
                return decode_enum(decoder, field->descriptor, place, where);
        case PROTOBUF_C_TYPE_STRING:
                return decode_string(decoder, place, where);
        case PROTOBUF_C_TYPE_BYTES:
                return decode_bytes(decoder, place, where);
        case PROTOBUF_C_TYPE_MESSAGE:
                break;
        }
        return -EPROTOTYPE;
}

int json_key_decode(JsonDecoder *decoder,
                    const ProtobufCFieldDescriptor *field,
                    const JsonMember *member,
                    const JsonPlace *place,
                    void *where) {
        JsonLex value = decoder->lex;
        int r = 0;

        /* For the time of the key the name is the current token, so that a refusal points at it. */
        decoder->lex.token = JSON_TOKEN_STRING;
        decoder->lex.text = member->name;
        decoder->lex.at = member->at;
        if (field->type != PROTOBUF_C_TYPE_BOOL)
                r = json_value_decode(decoder, field, place, where);
        else if (text_is(&member->name, "true") || text_is(&member->name, "false"))
                *(protobuf_c_boolean *)where = text_is(&member->name, "true");
        else
                r = json_decoder_expected(decoder, place, "the keys \"true\" and \"false\"");
        decoder->lex = value;
        return r;
}
