/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/json.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "rpc/base64.h"
#include "rpc/json-any.h"
#include "rpc/json-field.h"
#include "rpc/json-number.h"
#include "rpc/json-text.h"

/*
 * The proto3 JSON mapping, outwards. Fields come in the order of their numbers, so the same message
 * is always the same text. What is written: a member of a oneof that is chosen, whatever its value
 * ("optional" fields are such, by themselves in a oneof of their own); a message that is there; a
 * list or map that is not empty; any other value that is not zero, compared by its bits, so that
 * -0.0 is a value.
 *
 * The result is valid JSON whatever the message holds: text of ours that is not UTF-8 is mended, an
 * enum number without a name is written as a number.
 */
typedef struct Encoder {
        Buffer *buffer;
        unsigned indent;
        unsigned depth;
        const JsonTypes *types; /* may be NULL */
} Encoder;

static void encode_message(Encoder *encoder, const ProtobufCMessage *message);

static void open_level(Encoder *encoder, char bracket) {
        buffer_append_char(encoder->buffer, bracket);
        ++encoder->depth;
}

static void new_line(Encoder *encoder) {
        if (encoder->indent == 0)
                return;
        buffer_append_char(encoder->buffer, '\n');
        for (unsigned i = 0; i < encoder->indent * encoder->depth; ++i)
                buffer_append_char(encoder->buffer, ' ');
}

static void close_level(Encoder *encoder, bool has_content, char bracket) {
        --encoder->depth;
        if (has_content)
                new_line(encoder);
        buffer_append_char(encoder->buffer, bracket);
}

static void next_item(Encoder *encoder, bool is_first) {
        if (!is_first)
                buffer_append_char(encoder->buffer, ',');
        new_line(encoder);
}

static void append_colon(Encoder *encoder) {
        buffer_append_text(encoder->buffer, encoder->indent > 0 ? ": " : ":");
}

static void encode_text(Encoder *encoder, const char *text) {
        json_text_append(encoder->buffer, text ? text : "", text ? strlen(text) : 0);
}

static void encode_enum(Encoder *encoder, const ProtobufCEnumDescriptor *descriptor, int value) {
        const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(descriptor, value);

        if (found)
                encode_text(encoder, found->name);
        else
                buffer_printf(encoder->buffer, "%d", value);
}

static void encode_bytes(Encoder *encoder, const ProtobufCBinaryData *data) {
        buffer_append_char(encoder->buffer, '"');
        base64_append(encoder->buffer, data->data, data->len);
        buffer_append_char(encoder->buffer, '"');
}

/* A map's value that was never set is there all the same, and empty. */
static void encode_inner(Encoder *encoder, const ProtobufCMessage *message) {
        if (message)
                encode_message(encoder, message);
        else
                buffer_append_text(encoder->buffer, "{}");
}

static void
encode_single(Encoder *encoder, const ProtobufCFieldDescriptor *field, const void *where) {
        Buffer *buffer = encoder->buffer;

        switch (field->type) {
        case PROTOBUF_C_TYPE_INT32:
        case PROTOBUF_C_TYPE_SINT32:
        case PROTOBUF_C_TYPE_SFIXED32:
                buffer_printf(buffer, "%" PRId32, *(const int32_t *)where);
                return;
        case PROTOBUF_C_TYPE_UINT32:
        case PROTOBUF_C_TYPE_FIXED32:
                buffer_printf(buffer, "%" PRIu32, *(const uint32_t *)where);
                return;
        case PROTOBUF_C_TYPE_INT64:
        case PROTOBUF_C_TYPE_SINT64:
        case PROTOBUF_C_TYPE_SFIXED64:
                buffer_printf(buffer, "\"%" PRId64 "\"", *(const int64_t *)where);
                return;
        case PROTOBUF_C_TYPE_UINT64:
        case PROTOBUF_C_TYPE_FIXED64:
                buffer_printf(buffer, "\"%" PRIu64 "\"", *(const uint64_t *)where);
                return;
        case PROTOBUF_C_TYPE_FLOAT:
                json_number_append_float(buffer, *(const float *)where);
                return;
        case PROTOBUF_C_TYPE_DOUBLE:
                json_number_append_double(buffer, *(const double *)where);
                return;
        case PROTOBUF_C_TYPE_BOOL:
                buffer_append_text(buffer, *(const protobuf_c_boolean *)where ? "true" : "false");
                return;
        case PROTOBUF_C_TYPE_ENUM:
                encode_enum(encoder, field->descriptor, *(const int *)where);
                return;
        case PROTOBUF_C_TYPE_STRING:
                encode_text(encoder, *(const char *const *)where);
                return;
        case PROTOBUF_C_TYPE_BYTES:
                encode_bytes(encoder, where);
                return;
        case PROTOBUF_C_TYPE_MESSAGE:
                encode_inner(encoder, *(const ProtobufCMessage *const *)where);
                return;
        }
}

static void encode_list(Encoder *encoder,
                        const ProtobufCFieldDescriptor *field,
                        const char *items,
                        size_t n_items) {
        open_level(encoder, '[');
        for (size_t i = 0; i < n_items; ++i) {
                next_item(encoder, i == 0);
                encode_single(encoder, field, items + i * json_field_element_size(field));
        }
        close_level(encoder, true, ']');
}

/* Keys are strings in JSON, whatever they are in the message; 64-bit ones have their quotes
 * already. */
static void encode_key(Encoder *encoder, const ProtobufCFieldDescriptor *key, const void *where) {
        bool needs_quotes = key->type != PROTOBUF_C_TYPE_STRING &&
                            json_field_element_size(key) != sizeof(uint64_t);

        if (needs_quotes)
                buffer_append_char(encoder->buffer, '"');
        encode_single(encoder, key, where);
        if (needs_quotes)
                buffer_append_char(encoder->buffer, '"');
}

static void encode_map(Encoder *encoder, ProtobufCMessage *const *entries, size_t n_entries) {
        open_level(encoder, '{');
        for (size_t i = 0; i < n_entries; ++i) {
                const ProtobufCFieldDescriptor *fields = entries[i]->descriptor->fields;
                const ProtobufCFieldDescriptor *key = &fields[JSON_MAP_KEY];
                const ProtobufCFieldDescriptor *value = &fields[JSON_MAP_VALUE];

                next_item(encoder, i == 0);
                encode_key(encoder, key, json_field_member(entries[i], key->offset));
                append_colon(encoder);
                encode_single(encoder, value, json_field_member(entries[i], value->offset));
        }
        close_level(encoder, true, '}');
}

static bool is_zero(const ProtobufCFieldDescriptor *field, const void *where) {
        static const char zeros[sizeof(uint64_t)];

        if (field->type == PROTOBUF_C_TYPE_STRING)
                return !*(const char *const *)where || !**(const char *const *)where;
        if (field->type == PROTOBUF_C_TYPE_BYTES)
                return ((const ProtobufCBinaryData *)where)->len == 0;
        return memcmp(where, zeros, json_field_element_size(field)) == 0;
}

static bool is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
        const void *quantifier = json_field_member(message, field->quantifier_offset);

        if (field->label == PROTOBUF_C_LABEL_REPEATED)
                return *(const size_t *)quantifier > 0;
        if (json_field_is_oneof(field))
                return *(const uint32_t *)quantifier == field->id;
        return !is_zero(field, json_field_member(message, field->offset));
}

static void encode_name(Encoder *encoder, const char *name) {
        char c;

        buffer_append_char(encoder->buffer, '"');
        while ((c = json_name_next(&name)))
                buffer_append_char(encoder->buffer, c);
        buffer_append_char(encoder->buffer, '"');
        append_colon(encoder);
}

static void encode_field(Encoder *encoder,
                         const ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field) {
        const void *where = json_field_member(message, field->offset);
        size_t n_items;

        encode_name(encoder, field->name);
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
                encode_single(encoder, field, where);
                return;
        }
        n_items = *(const size_t *)json_field_member(message, field->quantifier_offset);
        if (json_field_is_map(message->descriptor, field))
                encode_map(encoder, *(ProtobufCMessage *const *const *)where, n_items);
        else
                encode_list(encoder, field, *(const char *const *)where, n_items);
}

static bool encode_fields(Encoder *encoder, const ProtobufCMessage *message, bool has_content) {
        for (unsigned i = 0; i < message->descriptor->n_fields; ++i) {
                const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

                if (!is_present(message, field))
                        continue;
                next_item(encoder, !has_content);
                has_content = true;
                encode_field(encoder, message, field);
        }
        return has_content;
}

/* Of a type that is not known, or whose bytes are no such message, nothing but the bytes. */
static void encode_any(Encoder *encoder, const JsonAny *any) {
        const char *url = any->type_url ? any->type_url : "";
        const ProtobufCMessageDescriptor *descriptor =
                json_any_find(encoder->types, url, strlen(url));
        ProtobufCMessage *inner = NULL;

        if (descriptor)
                inner = protobuf_c_message_unpack(descriptor, NULL, any->value.len,
                                                  any->value.data);
        open_level(encoder, '{');
        next_item(encoder, true);
        encode_name(encoder, "@type");
        encode_text(encoder, url);
        if (inner) {
                (void)encode_fields(encoder, inner, true);
                protobuf_c_message_free_unpacked(inner, NULL);
        } else {
                next_item(encoder, false);
                encode_name(encoder, "value");
                encode_bytes(encoder, &any->value);
        }
        close_level(encoder, true, '}');
}

static void encode_message(Encoder *encoder, const ProtobufCMessage *message) {
        bool has_content;

        if (encoder->types && json_any_is(message->descriptor)) {
                encode_any(encoder, (const JsonAny *)message);
                return;
        }
        open_level(encoder, '{');
        has_content = encode_fields(encoder, message, false);
        close_level(encoder, has_content, '}');
}

/**
 * json_encode() - append a message as JSON
 * @indent: spaces a level, for people; 0: everything on one line, without spaces
 *
 * No newline at the end. Failure is the buffer's: buffer_finish() tells.
 */
void json_encode(const ProtobufCMessage *message,
                 unsigned indent,
                 const JsonTypes *types,
                 Buffer *buffer) {
        Encoder encoder = { .buffer = buffer, .indent = indent, .types = types };

        encode_message(&encoder, message);
}
