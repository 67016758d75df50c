/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Metadata
 *
 * Headers and trailers: names in lower case and values, in the order in which they came, doubles
 * kept. Memory is an arena's.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct RpcHeader {
        const char *name;
        const char *value; /* as on the wire: base64 where the name ends in "-bin" */
} RpcHeader;

/* {}: none. */
typedef struct RpcMetadata {
        RpcHeader *items;
        size_t n_items;
        size_t n_allocated;
} RpcMetadata;

/* @name, @value: copied; the name in lower case. Return: 0 or -ENOMEM. */
_must_check_ int metadata_add(RpcMetadata *metadata,
                              Arena *arena,
                              const char *name,
                              size_t n_name,
                              const char *value,
                              size_t n_value);
/* The same with both borrowed; they outlive the metadata. */
_must_check_ int
metadata_add_static(RpcMetadata *metadata, Arena *arena, const char *name, const char *value);
/* The value of a name that ends in "-bin". */
_must_check_ int metadata_add_binary(RpcMetadata *metadata,
                                     Arena *arena,
                                     const char *name,
                                     const uint8_t *data,
                                     size_t n_data);

/* The first value; NULL: there is none. @name: in lower case. */
const char *metadata_find(const RpcMetadata *metadata, const char *name);
size_t metadata_count(const RpcMetadata *metadata, const char *name);

/* May a handler give it? Lower case, letters, digits and "-_.", and nothing that the protocols use
 * themselves. */
bool metadata_is_custom_name(const char *name);
/* Printable ASCII, as HTTP has it. */
bool metadata_is_value(const char *value);
