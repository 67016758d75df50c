/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The mux of NRI: several connections on one socket
 *
 * A frame is the number of a connection and a length, both 32 bits and big-endian, and so many
 * bytes. Nothing is said of a connection's begin or end. Pure: bytes in, bytes out.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/cleanup.h"

#define MUX_HEADER_BYTES 8u
#define MUX_PAYLOAD_MAX  (4u * 1024 * 1024 + 10)
/* What may stand in the frame that a message of ttrpc begins with; see mux.c. */
#define MUX_FIRST_MAX 4096u

/* The runtime calls us on the one, and is called on the other. */
enum { MUX_PLUGIN = 1, MUX_RUNTIME = 2 };

enum {
        _MUX_E_SUCCESS,
        MUX_E_MORE, /* all was taken, and there is no piece in it */
};

typedef struct MuxReader { /* {}: of a socket of which nothing was read yet */
        uint8_t header[MUX_HEADER_BYTES];
        size_t n_header;
        uint32_t id;
        size_t n_left; /* of the frame's bytes */
} MuxReader;

typedef struct MuxPiece {
        uint32_t id;
        const uint8_t *data; /* in what was read; never empty */
        size_t n_data;
} MuxPiece;

/* Takes the next piece of a connection off @data. Where one frame ends and the next one begins says
 * nothing. Return: 0, MUX_E_MORE, or -EMSGSIZE: what comes is no mux, or not one to listen to. */
_must_check_ int mux_read(MuxReader *reader, const uint8_t **data, size_t *n_data, MuxPiece *ret);

/* A whole message of ttrpc, its header included, of at most MUX_PAYLOAD_MAX bytes. Failure is the
 * buffer's. */
void mux_write(Buffer *out, uint32_t id, const void *message, size_t n_message);
