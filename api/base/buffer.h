/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Growing text
 *
 * Appending never reports failure on the spot: the first failure sticks, further appends do
 * nothing, and buffer_finish() tells.
 * {} is an empty buffer without a cap.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

typedef struct Buffer {
        char *data; /* always ends in NUL when not NULL */
        size_t n_data;
        size_t n_allocated;
        size_t max; /* bytes; 0: no cap */
        int error;  /* 0, -ENOMEM, or -E2BIG when the cap is reached */
} Buffer;

void buffer_append(Buffer *buffer, const void *data, size_t n_data);
void buffer_append_text(Buffer *buffer, const char *text);
void buffer_append_char(Buffer *buffer, char c);
/* @n more bytes at the end, for the caller to fill at once; NULL: there is no room, which
 * sticks. */
char *buffer_extend(Buffer *buffer, size_t n);
void buffer_printf(Buffer *buffer, const char *format, ...) _printf_(2, 3);

/* 0, or the first failure; the text is then buffer->data, NUL-terminated and never NULL. */
_must_check_ int buffer_finish(Buffer *buffer);

void buffer_deinit(Buffer *buffer);
DEFINE_DEINIT(Buffer, buffer_deinit);
