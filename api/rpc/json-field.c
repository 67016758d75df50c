/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/json-field.h"

#include <string.h>

/*
 * lowerCamelCase is made letter by letter: '_' goes and raises the letter behind it, nothing else
 * changes ("shortID" stays). The rule is protoc's own, so the names are those that every other
 * implementation uses.
 *
 * A map is in the descriptors what it is on the wire: a list of entries with a key and a value.
 * What marks it is the entry's name, which protoc makes out of the field's: message M, field
 * inners_by_id gives M.InnersByIdEntry. A message that somebody wrote by hand would have to bear
 * exactly that name inside exactly that message, which protoc refuses beside a map of that field's
 * name.
 *
 * proto3 only: a field of a proto2 message with presence and no message type has no meaning here.
 */
char json_name_next(const char **name) {
        bool is_raised = false;
        char c;

        while (**name == '_') {
                is_raised = true;
                ++*name;
        }
        c = **name;
        if (c)
                ++*name;
        return is_raised && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool json_name_matches(const char *name, const char *text, size_t n_text) {
        const char *cursor = name;
        char c = 0;
        size_t n = 0;

        if (strlen(name) == n_text && memcmp(name, text, n_text) == 0)
                return true;
        while ((c = json_name_next(&cursor)) && n < n_text && text[n] == c)
                ++n;
        return c == 0 && n == n_text;
}

static bool is_entry_name(const char *field_name, const char *entry_name) {
        char c = json_name_next(&field_name);

        if (c >= 'a' && c <= 'z')
                c = (char)(c - 'a' + 'A');
        for (; c; c = json_name_next(&field_name))
                if (*entry_name++ != c)
                        return false;
        return strcmp(entry_name, "Entry") == 0;
}

bool json_field_is_map(const ProtobufCMessageDescriptor *owner,
                       const ProtobufCFieldDescriptor *field) {
        const ProtobufCMessageDescriptor *entry = field->descriptor;
        size_t n_owner = strlen(owner->name);

        return field->label == PROTOBUF_C_LABEL_REPEATED &&
               field->type == PROTOBUF_C_TYPE_MESSAGE && entry->n_fields == 2 &&
               entry->fields[JSON_MAP_KEY].id == 1 && entry->fields[JSON_MAP_VALUE].id == 2 &&
               strcmp(entry->fields[JSON_MAP_KEY].name, "key") == 0 &&
               strcmp(entry->fields[JSON_MAP_VALUE].name, "value") == 0 &&
               strncmp(entry->name, owner->name, n_owner) == 0 && entry->name[n_owner] == '.' &&
               is_entry_name(field->name, entry->name + n_owner + 1);
}

size_t json_field_element_size(const ProtobufCFieldDescriptor *field) {
        switch (field->type) {
        case PROTOBUF_C_TYPE_INT32:
        case PROTOBUF_C_TYPE_SINT32:
        case PROTOBUF_C_TYPE_SFIXED32:
        case PROTOBUF_C_TYPE_UINT32:
        case PROTOBUF_C_TYPE_FIXED32:
        case PROTOBUF_C_TYPE_FLOAT:
        case PROTOBUF_C_TYPE_ENUM:
                return sizeof(uint32_t);
        case PROTOBUF_C_TYPE_INT64:
        case PROTOBUF_C_TYPE_SINT64:
        case PROTOBUF_C_TYPE_SFIXED64:
        case PROTOBUF_C_TYPE_UINT64:
        case PROTOBUF_C_TYPE_FIXED64:
        case PROTOBUF_C_TYPE_DOUBLE:
                return sizeof(uint64_t);
        case PROTOBUF_C_TYPE_BOOL:
                return sizeof(protobuf_c_boolean);
        case PROTOBUF_C_TYPE_BYTES:
                return sizeof(ProtobufCBinaryData);
        case PROTOBUF_C_TYPE_STRING:
        case PROTOBUF_C_TYPE_MESSAGE:
                return sizeof(void *);
        }
        return 0;
}
