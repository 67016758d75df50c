/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Base64
 *
 * Out: the standard alphabet, padded or not. In: the standard and the URL-safe alphabet, padded
 * or not.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* What @n_text characters can decode to, at the most. */
static inline size_t base64_decoded_max(size_t n_text) {
        return n_text / 4 * 3 + 3;
}

void base64_append(Buffer *buffer, const uint8_t *data, size_t n_data);
void base64_append_unpadded(Buffer *buffer, const uint8_t *data, size_t n_data);
/* @ret: room for base64_decoded_max() bytes. Return: false when @text is not base64. */
bool base64_decode(const char *text, size_t n_text, uint8_t *ret, size_t *ret_n);
