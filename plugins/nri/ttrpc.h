/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ttrpc, over one connection of a mux or a socket
 *
 * Frames in and out of bytes: a header of ten bytes and a message. Both sides call: what comes in
 * is a request of the peer's or the answer to one of ours. Pure: whoever has the socket is above.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/cleanup.h"

#define TTRPC_MESSAGE_MAX (4u * 1024 * 1024)

typedef enum TtrpcType { TTRPC_REQUEST = 1, TTRPC_RESPONSE = 2, TTRPC_DATA = 3 } TtrpcType;

typedef struct TtrpcFrame {
        uint32_t stream;
        TtrpcType type;
        uint8_t flags;
        const uint8_t *data; /* borrowed from the reader, until it is fed again */
        size_t n_data;
} TtrpcFrame;
