/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sealed lines
 *
 * A line that tells whether it is what was written: eight hex digits of CRC-32C over the text, a
 * blank, the text, a newline.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/scan.h"

#define SEALED_ROOM 9u /* bytes in front of the text */

/* Between these two the text is appended, without a newline in it. Return: where the line begins.
 */
size_t sealed_begin(Buffer *buffer);
/* @n_max: bytes of a line with its newline. Failure is the buffer's, and -E2BIG for a line that is
 * longer; the buffer then ends where it ended before the line. */
void sealed_end(Buffer *buffer, size_t start, size_t n_max);

/* @line: without its newline. @ret: the text, which is not empty. False: it is not what was
 * written, or it is longer than @n_max. */
_must_check_ bool sealed_open(const char *line, size_t n_line, size_t n_max, Scan *ret);
