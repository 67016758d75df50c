/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON values that are not messages
 *
 * One value of one field, from its token to its place in the struct.
 */
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "rpc/json-lex.h"
#include "rpc/json.h"

typedef struct JsonDecoder {
        JsonLex lex;
        Arena *arena;
        const JsonTypes *types; /* may be NULL */
        unsigned any_depth;
} JsonDecoder;

/* Where in the document a value stands; each lives on the stack of the function that decodes the
 * level. */
typedef struct JsonPlace JsonPlace;
struct JsonPlace {
        const JsonPlace *up;
        const char *name; /* of the field, as the .proto file has it; NULL at the top */
        size_t index;     /* in a list; JSON_NO_INDEX otherwise */
        const char *key;  /* in a map; NULL otherwise */
};
#define JSON_NO_INDEX SIZE_MAX

/* "field 'numaNodes[2].id' expects @what, not TOKEN", at the current token. Return:
 * JSON_E_MALFORMED. */
_must_check_ int
json_decoder_expected(const JsonDecoder *decoder, const JsonPlace *place, const char *what);
/* Return: 0, JSON_E_LIMIT, or -ENOMEM. */
_must_check_ int json_decoder_alloc(JsonDecoder *decoder, size_t n, size_t size, void **ret);
/* A copy that ends in NUL; @ret_n counts without it, and NUL may be inside as well. */
_must_check_ int
json_decoder_text(JsonDecoder *decoder, const JsonText *text, char **ret, size_t *ret_n);

/* @field: of any type but message. @where: the member, or the element of a list. Return: 0,
 * JSON_E_*, or -ENOMEM. */
_must_check_ int json_value_decode(JsonDecoder *decoder,
                                   const ProtobufCFieldDescriptor *field,
                                   const JsonPlace *place,
                                   void *where);
/* The same for a map's key, which is always a string in JSON. */
_must_check_ int json_key_decode(JsonDecoder *decoder,
                                 const ProtobufCFieldDescriptor *field,
                                 const JsonMember *member,
                                 const JsonPlace *place,
                                 void *where);
