/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Codecs
 *
 * How a message is written in a body: protobuf's own form, or JSON.
 */
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "rpc/json.h"

enum {
        _CODEC_E_SUCCESS,
        CODEC_E_MALFORMED, /* not a message of this type; the diag says why */
        CODEC_E_LIMIT,     /* too deep, or the arena's cap is reached */
};

typedef struct RpcCodec {
        const char *name; /* "proto" */
        /* @types: what may stand in an Any; NULL: nothing. Return: 0, CODEC_E_*, or -ENOMEM. */
        int (*decode)(const char *data,
                      size_t n_data,
                      const ProtobufCMessageDescriptor *descriptor,
                      const JsonTypes *types,
                      Arena *arena,
                      ProtobufCMessage **ret,
                      Diag *reterr);
        /* Failure is the buffer's. */
        void (*encode)(const ProtobufCMessage *message, const JsonTypes *types, Buffer *buffer);
} RpcCodec;

extern const RpcCodec rpc_codec_proto;
extern const RpcCodec rpc_codec_json;

/* The codec of that name; NULL: none. @name need not end in NUL. */
const RpcCodec *rpc_codec_find(const char *name, size_t n_name);
