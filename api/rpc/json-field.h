/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Fields as JSON sees them
 *
 * What protobuf-c's descriptors do not say outright: the JSON name, whether a list is a map, and
 * where things lie in the struct.
 */
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_MAP_KEY   0u /* places of the fields in a map's entry */
#define JSON_MAP_VALUE 1u

/* Names: the next character of the lowerCamelCase form of @name, 0 at the end. */
char json_name_next(const char **name);
/* @text: the lowerCamelCase form or the original one. */
bool json_name_matches(const char *name, const char *text, size_t n_text);

/* Shape */
bool json_field_is_map(const ProtobufCMessageDescriptor *owner,
                       const ProtobufCFieldDescriptor *field);
size_t json_field_element_size(const ProtobufCFieldDescriptor *field);

/* Place */
static inline void *json_field_member(const ProtobufCMessage *message, unsigned offset) {
        return (char *)message + offset;
}

static inline bool json_field_is_oneof(const ProtobufCFieldDescriptor *field) {
        return field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
}
