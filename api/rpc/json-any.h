/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * google.protobuf.Any in JSON
 *
 * Which message an Any holds. The struct is known by its place: two fields, type_url and value.
 */
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "rpc/json.h"

/* Laid out as protobuf-c does it for every google.protobuf.Any. */
typedef struct JsonAny {
        ProtobufCMessage base;
        char *type_url;
        ProtobufCBinaryData value;
} JsonAny;

bool json_any_is(const ProtobufCMessageDescriptor *descriptor);
/* @url: "type.googleapis.com/a.B". NULL: not one of @types. */
const ProtobufCMessageDescriptor *
json_any_find(const JsonTypes *types, const char *url, size_t n_url);
