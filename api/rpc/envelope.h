/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Envelopes
 *
 * Five bytes before every message of gRPC and of Connect's streams: flags, and the length in
 * network order.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define ENVELOPE_HEAD_BYTES 5u

enum {
        ENVELOPE_COMPRESSED = 1 << 0,
        ENVELOPE_END_STREAM = 1 << 1, /* Connect only */
};

typedef struct Envelope {
        uint8_t flags;
        size_t length;
} Envelope;

/* False: the head is not whole yet. */
bool envelope_parse(const char *data, size_t n_data, Envelope *ret);

/* Puts a head whose length is filled in by envelope_close(). Return: what to give to it. */
size_t envelope_open(Buffer *buffer, uint8_t flags);
/* Whatever was appended since is the message. A message that did not fit is taken back as a whole,
 * with its head; the buffer's error stays. */
void envelope_close(Buffer *buffer, size_t start);
