/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Mutations that keep HTTP/2
 *
 * Blind bytes rarely get beyond the length of the first frame. Here an input is a list of frames:
 * they are put in, taken out, moved, doubled and changed, with lengths that are true, and heads
 * made of words that mean something. Now and then a mutation is blind all the same.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

typedef struct FrameHeader {
        const char *name, *value;
} FrameHeader;

#define FRAME_HEAD_LINES 5u

/* Indexes of the lines of a head that is well-formed. */
typedef struct FrameHead {
        uint8_t lines[FRAME_HEAD_LINES];
} FrameHead;

typedef struct FrameWords {
        const FrameHeader *headers;
        size_t n_headers;
        const FrameHead *heads;
        size_t n_heads;
} FrameWords;

/* @n_front: bytes before the first frame, which are options. Return: the new size. */
size_t frames_mutate(const FrameWords *words,
                     uint8_t *data,
                     size_t size,
                     size_t max_size,
                     unsigned seed,
                     size_t n_front);
