/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Protobuf JSON
 *
 * A transcoder over protobuf-c's descriptors, after the proto3 JSON mapping: lowerCamelCase names,
 * 64-bit integers as strings, unset fields left out. Reading is a pull lexer driven by the
 * descriptors: nothing is built that the message has no place for, unknown fields are skipped (but
 * still checked), duplicate keys, bad UTF-8, out-of-range numbers and deep nesting are refused.
 */
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#define JSON_DEPTH_MAX 64u

enum {
        _JSON_E_SUCCESS,
        JSON_E_MALFORMED, /* not JSON, or not this message; the diag says where and why */
        JSON_E_LIMIT,     /* too deep, or the arena's cap is reached */
};

/* The messages that may stand in a google.protobuf.Any. */
typedef struct JsonTypes {
        const ProtobufCMessageDescriptor *const *items;
        size_t n_items;
} JsonTypes;

/* @indent: spaces a level; 0: all on one line. @types: NULL: none. Failure is the buffer's. */
void json_encode(const ProtobufCMessage *message,
                 unsigned indent,
                 const JsonTypes *types,
                 Buffer *buffer);

/* @types: NULL: none. @ret: owned by @arena. Return: 0, JSON_E_*, or -ENOMEM. */
_must_check_ int json_decode(const char *text,
                             size_t n_text,
                             const ProtobufCMessageDescriptor *descriptor,
                             const JsonTypes *types,
                             Arena *arena,
                             ProtobufCMessage **ret,
                             Diag *reterr);
