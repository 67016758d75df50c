/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * UTF-8
 *
 * What RFC 3629 allows and nothing else: no overlong form, no surrogate, nothing above U+10FFFF.
 */
#include <stddef.h>
#include <stdint.h>

#define UTF8_CHAR_MAX 4u

/* Bytes of the character that @text begins with; 0: it begins with none, or with a part of one. */
size_t utf8_char_length(const char *text, size_t n_text);
/* Bytes up to the first that is not UTF-8; @n_text when all is. */
size_t utf8_valid_length(const char *text, size_t n_text);
/* @point: not a surrogate, at most U+10FFFF. Return: bytes written. */
size_t utf8_encode(uint32_t point, char *ret);
