/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON values with their place
 *
 * What reading a document needs: a value knows the way to it, so that a complaint names it
 * ("put[3].blocks[0].page"). A Value borrows the document and the value that it was got from.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

struct json_object;

typedef struct Document {
        struct json_object *json;
} Document;

typedef struct Value Value;
struct Value {
        struct json_object *json; /* NULL: absent, or null */
        const Value *parent;      /* NULL: the document itself */
        const char *key;          /* NULL: @index of a list */
        size_t index;
};

/* What a document may be made of; the rest is refused before it costs memory. */
typedef struct DocumentLimits {
        unsigned depth;
        size_t n_values;
} DocumentLimits;

enum {
        _VALUE_E_SUCCESS,
        VALUE_E_WRONG, /* not JSON, too much of it, or of another type; @reterr says where */
};

/* Only objects are documents. Complaints keep the source and the line that @reterr has. */
_must_check_ int document_parse(const char *text,
                                size_t n_text,
                                const DocumentLimits *limits,
                                Document *ret,
                                Diag *reterr);
void document_deinit(Document *document);
DEFINE_DEINIT(Document, document_deinit);

Value document_get_root(const Document *document);
Value value_get(const Value *object, const char *key);
Value value_get_item(const Value *list, size_t i);

/* Members of an object, in the document's order; {} begins. */
typedef struct ValueMember {
        const char *key;
        Value value;
        void *entry;
        bool has_begun;
} ValueMember;

bool value_next_member(const Value *object, ValueMember *member);

_must_check_ int value_read_u64(const Value *value, uint64_t max, uint64_t *ret, Diag *reterr);
/* Borrowed; without NULs, and UTF-8. */
_must_check_ int value_read_text(const Value *value, const char **ret, Diag *reterr);
_must_check_ int value_read_bool(const Value *value, bool *ret, Diag *reterr);
/* How many items it has: @max at the most. */
_must_check_ int value_read_list(const Value *value, size_t max, size_t *ret_n, Diag *reterr);
_must_check_ int value_check_object(const Value *value, Diag *reterr);

/* Says what is wrong with a value. Return: VALUE_E_WRONG. */
int value_complain(const Value *value, Diag *reterr, const char *what);
