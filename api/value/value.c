/* SPDX-License-Identifier: Apache-2.0 */
#include "value/value.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/*
 * json-c does the reading. It is asked to be strict; where it is still generous (quotes of the
 * other kind, control characters in text) that does no harm, because nothing that is read here is
 * passed on as it stood. UTF-8 is checked before: json-c takes overlong forms and surrogates for
 * it. Of a key that comes twice the last one counts. A number above 2^64-1 is read as 2^64-1.
 *
 * An empty object of two bytes costs json-c some hundred. So values are counted first, and more of
 * them than a good document has are refused.
 */
#define PATH_TEXT_MAX 128u

/* Source and line are the caller's. */
static void complain(Diag *reterr, size_t offset, const char *path, const char *what) {
        char source[DIAG_SOURCE_MAX];

        if (!reterr)
                return;
        memcpy(source, reterr->source, sizeof(source));
        diag_set(reterr, source, reterr->line, (unsigned)offset, "%s%s%s", path, *path ? ": " : "",
                 what);
}

/* Every value but the first of its list or object comes behind a comma. */
static size_t count_values(const char *text, size_t n_text) {
        bool is_in_text = false;
        size_t n = 1;

        for (size_t i = 0; i < n_text; ++i) {
                if (is_in_text && text[i] == '\\')
                        ++i;
                else if (text[i] == '"')
                        is_in_text = !is_in_text;
                else if (!is_in_text && (text[i] == ',' || text[i] == '[' || text[i] == '{'))
                        ++n;
        }
        return n;
}

static void tokener_freep(json_tokener **tokener) {
        if (*tokener)
                json_tokener_free(*tokener);
}

int document_parse(const char *text,
                   size_t n_text,
                   const DocumentLimits *limits,
                   Document *ret,
                   Diag *reterr) {
        _cleanup_(tokener_freep) json_tokener *tokener = NULL;
        _cleanup_(document_deinitp) Document document = {};
        enum json_tokener_error error;
        size_t end;

        end = utf8_valid_length(text, n_text);
        if (end < n_text) {
                complain(reterr, end + 1, "", "is not UTF-8");
                return VALUE_E_WRONG;
        }
        if (n_text >= INT_MAX || count_values(text, n_text) > limits->n_values) {
                complain(reterr, 0, "", "there is more in it than is read");
                return VALUE_E_WRONG;
        }
        tokener = json_tokener_new_ex((int)limits->depth);
        if (!tokener)
                return -ENOMEM;
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
        document.json = json_tokener_parse_ex(tokener, text, (int)n_text);
        error = json_tokener_get_error(tokener);
        end = json_tokener_get_parse_end(tokener);
        if (!document.json && error == json_tokener_success)
                return -ENOMEM;
        if (error == json_tokener_continue) {
                complain(reterr, n_text + 1, "", "the text ends in the middle");
                return VALUE_E_WRONG;
        }
        if (!document.json || end != n_text) {
                complain(reterr, end + 1, "",
                         document.json ? "something comes behind" : json_tokener_error_desc(error));
                return VALUE_E_WRONG;
        }
        if (!json_object_is_type(document.json, json_type_object)) {
                complain(reterr, 1, "", "is not an object");
                return VALUE_E_WRONG;
        }
        *ret = document;
        document = (Document){};
        return 0;
}

void document_deinit(Document *document) {
        if (document->json)
                (void)json_object_put(document->json);
        *document = (Document){};
}

Value document_get_root(const Document *document) {
        return (Value){ .json = document->json };
}

Value value_get(const Value *object, const char *key) {
        Value value = { .parent = object, .key = key };

        if (json_object_is_type(object->json, json_type_object))
                (void)json_object_object_get_ex(object->json, key, &value.json);
        return value;
}

Value value_get_item(const Value *list, size_t i) {
        return (Value){ .json = json_object_array_get_idx(list->json, i),
                        .parent = list,
                        .index = i };
}

bool value_next_member(const Value *object, ValueMember *member) {
        struct lh_entry *entry = member->entry;

        if (member->has_begun)
                entry = entry->next;
        else if (json_object_is_type(object->json, json_type_object))
                entry = json_object_get_object(object->json)->head;
        if (!entry)
                return false;
        *member = (ValueMember){ .key = lh_entry_k(entry), .entry = entry, .has_begun = true };
        member->value = (Value){
                .json = lh_entry_v(entry),
                .parent = object,
                .key = member->key,
        };
        return true;
}

/* Puts the way to @value in front of what is at @start. Return: where it begins now. */
static size_t put_in_front(char *path, size_t start, const char *text) {
        const size_t n = strlen(text);
        const size_t n_taken = n < start ? n : start;

        start -= n_taken;
        memcpy(path + start, text + n - n_taken, n_taken);
        for (size_t i = start; i < start + n_taken; ++i)
                if ((unsigned char)path[i] < ' ')
                        path[i] = '?';
        return start;
}

/* The end of a way that is too long is what is kept, from a whole character on. */
static const char *format_path(const Value *value, char path[static PATH_TEXT_MAX]) {
        size_t start = PATH_TEXT_MAX - 1;

        path[start] = '\0';
        for (; value->parent; value = value->parent) {
                char index[32];

                if (value->key) {
                        start = put_in_front(path, start, value->key);
                        if (value->parent->parent)
                                start = put_in_front(path, start, ".");
                        continue;
                }
                (void)snprintf(index, sizeof(index), "[%zu]", value->index);
                start = put_in_front(path, start, index);
        }
        while (((unsigned char)path[start] & 0xc0) == 0x80)
                ++start;
        return path + start;
}

int value_complain(const Value *value, Diag *reterr, const char *what) {
        char path[PATH_TEXT_MAX];

        complain(reterr, 0, format_path(value, path), what);
        return VALUE_E_WRONG;
}

static int check_type(const Value *value, enum json_type type, Diag *reterr, const char *what) {
        if (!value->json)
                return value_complain(value, reterr, "is missing");
        return json_object_is_type(value->json, type) ? 0 : value_complain(value, reterr, what);
}

int value_read_u64(const Value *value, uint64_t max, uint64_t *ret, Diag *reterr) {
        uint64_t number;
        int r;

        r = check_type(value, json_type_int, reterr, "is not a whole number");
        if (r)
                return r;
        number = json_object_get_uint64(value->json);
        if (number > max || json_object_get_int64(value->json) < 0)
                return value_complain(value, reterr, "is out of range");
        *ret = number;
        return 0;
}

int value_read_text(const Value *value, const char **ret, Diag *reterr) {
        const char *text;
        int r;

        r = check_type(value, json_type_string, reterr, "is not text");
        if (r)
                return r;
        text = json_object_get_string(value->json);
        if (strlen(text) != (size_t)json_object_get_string_len(value->json))
                return value_complain(value, reterr, "has a NUL in it");
        *ret = text;
        return 0;
}

int value_read_bool(const Value *value, bool *ret, Diag *reterr) {
        const int r = check_type(value, json_type_boolean, reterr, "is not true or false");

        if (r == 0)
                *ret = json_object_get_boolean(value->json);
        return r;
}

int value_read_list(const Value *value, size_t max, size_t *ret_n, Diag *reterr) {
        size_t n;
        int r;

        r = check_type(value, json_type_array, reterr, "is not a list");
        if (r)
                return r;
        n = json_object_array_length(value->json);
        if (n > max)
                return value_complain(value, reterr, "has too many items");
        *ret_n = n;
        return 0;
}

int value_check_object(const Value *value, Diag *reterr) {
        return check_type(value, json_type_object, reterr, "is not an object");
}
