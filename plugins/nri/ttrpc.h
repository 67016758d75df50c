/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ttrpc, on one connection of a mux
 *
 * A frame is a header of ten bytes (length, stream, type, flags) and a message: a call is a Request
 * and a Response on one stream, whose number is odd and the caller's choice. Pure: bytes in, bytes
 * out. Source: containerd/ttrpc, PROTOCOL.md.
 */
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/cleanup.h"

#define TTRPC_HEADER_BYTES 10u
#define TTRPC_MESSAGE_MAX  (4u * 1024 * 1024)

enum { TTRPC_REQUEST = 1, TTRPC_RESPONSE = 2, TTRPC_DATA = 3 };
enum { TTRPC_REMOTE_CLOSED = 1, TTRPC_REMOTE_OPEN = 2, TTRPC_NO_DATA = 4 };

enum {
        _TTRPC_E_SUCCESS,
        TTRPC_E_MORE,      /* all was taken, and no frame has come to its end */
        TTRPC_E_MALFORMED, /* no message of the type that it should be */
};

typedef struct TtrpcFrame {
        uint32_t stream;
        uint8_t type, flags;
        bool is_too_large;   /* its message was not kept */
        const uint8_t *data; /* the reader's, until it reads again */
        size_t n_data;
} TtrpcFrame;

typedef struct TtrpcReader { /* {}: of a connection of which nothing was read yet */
        uint8_t header[TTRPC_HEADER_BYTES];
        size_t n_header;
        size_t n_left; /* of the message */
        TtrpcFrame frame;
        Buffer message;
} TtrpcReader;

/* Takes bytes off @data until a frame is whole. Return: 0, TTRPC_E_MORE, or -ENOMEM. */
_must_check_ int
ttrpc_read(TtrpcReader *reader, const uint8_t **data, size_t *n_data, TtrpcFrame *ret);
void ttrpc_reader_deinit(TtrpcReader *reader);
DEFINE_DEINIT(TtrpcReader, ttrpc_reader_deinit);

typedef struct TtrpcRequest {
        const char *service, *method; /* the arena's, as all is */
        const uint8_t *payload;
        size_t n_payload;
        uint64_t timeout_usec; /* 0: none is named */
} TtrpcRequest;

typedef struct TtrpcResponse {
        int code; /* of gRPC; 0: it succeeded */
        const char *message;
        const uint8_t *payload;
        size_t n_payload;
} TtrpcResponse;

/* What is in a frame. Return: 0, TTRPC_E_MALFORMED, or -ENOMEM. */
_must_check_ int ttrpc_get_request(const TtrpcFrame *frame, Arena *arena, TtrpcRequest *ret);
_must_check_ int ttrpc_get_response(const TtrpcFrame *frame, Arena *arena, TtrpcResponse *ret);

/* To connection @id of a mux. @payload: NULL: an empty message. @timeout_usec: 0: none. Return: 0,
 * -E2BIG: the message is too large, and nothing is written, or -ENOMEM. Failure of @out is its own.
 */
_must_check_ int ttrpc_write_request(Buffer *out,
                                     uint32_t id,
                                     uint32_t stream,
                                     const char *service,
                                     const char *method,
                                     uint64_t timeout_usec,
                                     const ProtobufCMessage *payload);
_must_check_ int
ttrpc_write_response(Buffer *out, uint32_t id, uint32_t stream, const ProtobufCMessage *payload);
_must_check_ int
ttrpc_write_failure(Buffer *out, uint32_t id, uint32_t stream, int code, const char *message);
