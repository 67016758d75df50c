/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/json.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/json-any.h"
#include "rpc/json-field.h"
#include "rpc/json-lex.h"
#include "rpc/json-value.h"

/*
 * The message descriptor drives, the lexer follows: a value is only ever put where the message has
 * a place for it, and what it has none for is stepped over, with all the checks of the lexer and
 * without memory. So the memory of a decoded message is bounded by the arena and not by what a peer
 * writes: a million times {} runs into the cap.
 *
 * "null" leaves a field as it is when nobody sets it; in a list or a map it is refused. A field may
 * be given once, by whichever of its two names; the names of unknown fields are not compared with
 * each other, for nobody reads what would be ambiguous. Of a oneof one member may be given. The
 * keys of a map differ.
 *
 * Recursion is bounded by the lexer's limit on nesting: two levels of the C stack for each level of
 * the text.
 */
#define FIELDS_MAX 256u
/* An Any is read twice, so one in another is read four times, and so on. */
#define ANY_DEPTH_MAX 4u

typedef struct FieldSet {
        uint64_t words[FIELDS_MAX / 64];
} FieldSet;

/* Grows in the arena: what it outgrew stays behind and counts, less than what is kept. */
typedef struct List {
        char *items;
        size_t n_items;
        size_t n_allocated;
} List;

/* An entry of a map and where its key stands, to compare the keys at the end. */
typedef struct MapItem {
        ProtobufCMessage *entry;
        const char *at;
} MapItem;

static int decode_message(JsonDecoder *decoder,
                          const ProtobufCMessageDescriptor *descriptor,
                          const JsonPlace *place,
                          ProtobufCMessage **ret);

static int list_add(JsonDecoder *decoder, List *list, size_t size, void **ret) {
        if (list->n_items == list->n_allocated) {
                size_t n_allocated = list->n_allocated > 0 ? list->n_allocated * 2 : 4;
                void *items;
                int r = json_decoder_alloc(decoder, n_allocated, size, &items);

                if (r)
                        return r;
                if (list->n_items > 0)
                        memcpy(items, list->items, list->n_items * size);
                list->items = items;
                list->n_allocated = n_allocated;
        }
        *ret = list->items + size * list->n_items++;
        return 0;
}

static void list_store(const ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field,
                       void *items,
                       size_t n_items) {
        *(size_t *)json_field_member(message, field->quantifier_offset) = n_items;
        *(void **)json_field_member(message, field->offset) = items;
}

static int decode_single(JsonDecoder *decoder,
                         const ProtobufCFieldDescriptor *field,
                         const JsonPlace *place,
                         void *where) {
        if (field->type == PROTOBUF_C_TYPE_MESSAGE)
                return decode_message(decoder, field->descriptor, place, where);
        return json_value_decode(decoder, field, place, where);
}

static int decode_list(JsonDecoder *decoder,
                       ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field,
                       JsonPlace *place) {
        List list = {};

        if (decoder->lex.token != JSON_TOKEN_LIST_BEGIN)
                return json_decoder_expected(decoder, place, "a list");
        for (;;) {
                bool has_more;
                void *where;
                int r = json_lex_element(&decoder->lex, list.n_items == 0, &has_more);

                if (r)
                        return r;
                if (!has_more)
                        break;
                place->index = list.n_items;
                r = list_add(decoder, &list, json_field_element_size(field), &where);
                if (!r)
                        r = decode_single(decoder, field, place, where);
                if (r)
                        return r;
        }
        list_store(message, field, list.items, list.n_items);
        return 0;
}

static int compare_keys(const ProtobufCMessage *a, const ProtobufCMessage *b) {
        const ProtobufCFieldDescriptor *key = &a->descriptor->fields[JSON_MAP_KEY];
        const void *a_key = json_field_member(a, key->offset);
        const void *b_key = json_field_member(b, key->offset);

        if (key->type == PROTOBUF_C_TYPE_STRING)
                return strcmp(*(char *const *)a_key, *(char *const *)b_key);
        /* Any order will do as long as equal keys are neighbours. */
        return memcmp(a_key, b_key, json_field_element_size(key));
}

static int compare_items(const void *a, const void *b) {
        const MapItem *left = a, *right = b;
        int order = compare_keys(left->entry, right->entry);

        if (order)
                return order;
        return left->at < right->at ? -1 : left->at > right->at;
}

/* Sorted rather than compared pair by pair: 64 KiB hold ten thousand entries. */
static int check_keys(JsonDecoder *decoder, MapItem *items, size_t n_items) {
        if (n_items > 1)
                qsort(items, n_items, sizeof(*items), compare_items);
        for (size_t i = 1; i < n_items; ++i)
                if (compare_keys(items[i - 1].entry, items[i].entry) == 0)
                        return json_lex_fail(&decoder->lex, JSON_E_MALFORMED, items[i].at,
                                             "a key of a map is given twice");
        return 0;
}

static int decode_entry(JsonDecoder *decoder,
                        const ProtobufCMessageDescriptor *descriptor,
                        const JsonMember *member,
                        JsonPlace *place,
                        MapItem *item) {
        const ProtobufCFieldDescriptor *key = &descriptor->fields[JSON_MAP_KEY];
        const ProtobufCFieldDescriptor *value = &descriptor->fields[JSON_MAP_VALUE];
        ProtobufCMessage *entry;
        void *piece;
        int r = json_decoder_alloc(decoder, 1, descriptor->sizeof_message, &piece);

        if (r)
                return r;
        entry = piece;
        protobuf_c_message_init(descriptor, entry);
        r = json_key_decode(decoder, key, member, place, json_field_member(entry, key->offset));
        if (r)
                return r;
        if (key->type == PROTOBUF_C_TYPE_STRING)
                place->key = *(char **)json_field_member(entry, key->offset);
        r = decode_single(decoder, value, place, json_field_member(entry, value->offset));
        place->key = NULL;
        *item = (MapItem){ .entry = entry, .at = member->at };
        return r;
}

static int decode_map(JsonDecoder *decoder,
                      ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field,
                      JsonPlace *place) {
        ProtobufCMessage **entries;
        MapItem *items;
        List list = {};
        void *piece;
        int r;

        if (decoder->lex.token != JSON_TOKEN_OBJECT_BEGIN)
                return json_decoder_expected(decoder, place, "an object");
        for (;;) {
                JsonMember member;
                bool has_more;

                r = json_lex_member(&decoder->lex, list.n_items == 0, &member, &has_more);
                if (r)
                        return r;
                if (!has_more)
                        break;
                r = list_add(decoder, &list, sizeof(MapItem), &piece);
                if (!r)
                        r = decode_entry(decoder, field->descriptor, &member, place, piece);
                if (r)
                        return r;
        }
        r = json_decoder_alloc(decoder, list.n_items, sizeof(*entries), &piece);
        if (r)
                return r;
        entries = piece;
        items = (MapItem *)(void *)list.items;
        for (size_t i = 0; i < list.n_items; ++i)
                entries[i] = items[i].entry;
        list_store(message, field, entries, list.n_items);
        return check_keys(decoder, items, list.n_items);
}

static int decode_oneof(JsonDecoder *decoder,
                        ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field,
                        const JsonPlace *place,
                        const char *at) {
        uint32_t *chosen = json_field_member(message, field->quantifier_offset);
        int r;

        if (*chosen)
                return json_lex_fail(
                        &decoder->lex, JSON_E_MALFORMED, at,
                        "only one of '%s' and '%s' may be given",
                        protobuf_c_message_descriptor_get_field(message->descriptor, *chosen)->name,
                        field->name);
        r = decode_single(decoder, field, place, json_field_member(message, field->offset));
        if (!r)
                *chosen = field->id;
        return r;
}

static int decode_field(JsonDecoder *decoder,
                        ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field,
                        const JsonPlace *up,
                        const char *at) {
        JsonPlace place = { .up = up, .name = field->name, .index = JSON_NO_INDEX };

        if (decoder->lex.token == JSON_TOKEN_NULL)
                return 0;
        if (json_field_is_map(message->descriptor, field))
                return decode_map(decoder, message, field, &place);
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
                return decode_list(decoder, message, field, &place);
        if (json_field_is_oneof(field))
                return decode_oneof(decoder, message, field, &place, at);
        return decode_single(decoder, field, &place, json_field_member(message, field->offset));
}

static int find_field(JsonDecoder *decoder,
                      const ProtobufCMessageDescriptor *descriptor,
                      const JsonText *name,
                      const ProtobufCFieldDescriptor **ret) {
        const char *text = name->raw;
        size_t n = name->n_raw;

        *ret = NULL;
        if (name->has_escapes) {
                char *copy;
                int r = json_decoder_text(decoder, name, &copy, &n);

                if (r)
                        return r;
                text = copy;
        }
        for (unsigned i = 0; i < descriptor->n_fields; ++i)
                if (json_name_matches(descriptor->fields[i].name, text, n)) {
                        *ret = &descriptor->fields[i];
                        break;
                }
        return 0;
}

static int decode_member(JsonDecoder *decoder,
                         ProtobufCMessage *message,
                         const JsonMember *member,
                         const JsonPlace *place,
                         FieldSet *seen) {
        const ProtobufCFieldDescriptor *field;
        size_t index;
        int r = find_field(decoder, message->descriptor, &member->name, &field);

        if (r)
                return r;
        if (!field)
                return json_lex_skip(&decoder->lex);
        index = (size_t)(field - message->descriptor->fields);
        if (seen->words[index / 64] >> (index % 64) & 1)
                return json_lex_fail(&decoder->lex, JSON_E_MALFORMED, member->at,
                                     "field '%s' is given twice", field->name);
        seen->words[index / 64] |= UINT64_C(1) << (index % 64);
        return decode_field(decoder, message, field, place, member->at);
}

/* Over the whole object, to its closing token. @ret_url: raw NULL: there is none. */
static int find_type(JsonDecoder *decoder, JsonText *ret_url) {
        *ret_url = (JsonText){};
        for (bool is_first = true;; is_first = false) {
                JsonMember member;
                bool has_more;
                int r = json_lex_member(&decoder->lex, is_first, &member, &has_more);

                if (r || !has_more)
                        return r;
                if (member.name.n_raw == 5 && memcmp(member.name.raw, "@type", 5) == 0 &&
                    decoder->lex.token == JSON_TOKEN_STRING)
                        *ret_url = decoder->lex.text;
                r = json_lex_skip(&decoder->lex);
                if (r)
                        return r;
        }
}

static int pack_any(JsonDecoder *decoder, const ProtobufCMessage *inner, JsonAny *any) {
        void *piece;
        int r;

        any->value.len = protobuf_c_message_get_packed_size(inner);
        r = json_decoder_alloc(decoder, any->value.len, 1, &piece);
        if (r)
                return r;
        any->value.data = piece;
        (void)protobuf_c_message_pack(inner, any->value.data);
        return 0;
}

/* The name of the type may come last, so the object is looked through for it first. */
static int decode_any(JsonDecoder *decoder, const JsonPlace *place, JsonAny *any) {
        const JsonLex start = decoder->lex;
        const ProtobufCMessageDescriptor *descriptor;
        ProtobufCMessage *inner;
        JsonText url;
        size_t n_url;
        int r;

        if (++decoder->any_depth > ANY_DEPTH_MAX)
                return json_lex_fail(&decoder->lex, JSON_E_LIMIT, decoder->lex.at,
                                     "an Any may hold %u others in each other", ANY_DEPTH_MAX);
        r = find_type(decoder, &url);
        if (r)
                return r;
        if (url.raw) {
                r = json_decoder_text(decoder, &url, &any->type_url, &n_url);
                if (r)
                        return r;
                descriptor = json_any_find(decoder->types, any->type_url, n_url);
                if (!descriptor)
                        return json_lex_fail(&start, JSON_E_MALFORMED, start.at,
                                             "\"@type\" names no type that is known here");
                decoder->lex = start;
                r = decode_message(decoder, descriptor, place, &inner);
                if (!r)
                        r = pack_any(decoder, inner, any);
        }
        --decoder->any_depth;
        return r;
}

static int decode_message(JsonDecoder *decoder,
                          const ProtobufCMessageDescriptor *descriptor,
                          const JsonPlace *place,
                          ProtobufCMessage **ret) {
        ProtobufCMessage *message;
        FieldSet seen = {};
        void *piece;
        int r;

        if (descriptor->n_fields > FIELDS_MAX)
                return -EPROTOTYPE;
        if (decoder->lex.token != JSON_TOKEN_OBJECT_BEGIN)
                return json_decoder_expected(decoder, place, "an object");
        r = json_decoder_alloc(decoder, 1, descriptor->sizeof_message, &piece);
        if (r)
                return r;
        message = piece;
        protobuf_c_message_init(descriptor, message);
        if (decoder->types && json_any_is(descriptor)) {
                *ret = message;
                return decode_any(decoder, place, (JsonAny *)message);
        }
        for (bool is_first = true;; is_first = false) {
                JsonMember member;
                bool has_more;

                r = json_lex_member(&decoder->lex, is_first, &member, &has_more);
                if (r)
                        return r;
                if (!has_more)
                        break;
                r = decode_member(decoder, message, &member, place, &seen);
                if (r)
                        return r;
        }
        *ret = message;
        return 0;
}

/**
 * json_decode() - one message from a whole JSON text
 * @text:   borrowed; need not end in NUL
 * @arena:  takes the message and all that hangs on it; holds pieces of a refused one as well
 * @reterr: "body:LINE:COLUMN: field 'a.b[2]' expects ..., not ..."
 *
 * Return: 0, JSON_E_MALFORMED, JSON_E_LIMIT, or -ENOMEM.
 */
int json_decode(const char *text,
                size_t n_text,
                const ProtobufCMessageDescriptor *descriptor,
                const JsonTypes *types,
                Arena *arena,
                ProtobufCMessage **ret,
                Diag *reterr) {
        JsonDecoder decoder = { .lex = json_lex_init(text, n_text, reterr),
                                .arena = arena,
                                .types = types };
        ProtobufCMessage *message;
        int r = json_lex_next(&decoder.lex);

        if (!r)
                r = decode_message(&decoder, descriptor, NULL, &message);
        if (!r)
                r = json_lex_next(&decoder.lex);
        if (r)
                return r;
        if (decoder.lex.token != JSON_TOKEN_END)
                return json_lex_fail(&decoder.lex, JSON_E_MALFORMED, decoder.lex.at,
                                     "something follows the message");
        *ret = message;
        return 0;
}
