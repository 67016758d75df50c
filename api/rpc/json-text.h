/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON strings
 *
 * In: found and checked without a copy, then decoded where somebody wants the text. Out: quoted and
 * escaped.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/scan.h"

/* A string as it stands in the text, between its quotes; checked. A view: owns nothing. */
typedef struct JsonText {
        const char *raw;
        size_t n_raw;
        bool has_escapes;
} JsonText;

/* @scan: behind the opening quote; on success behind the closing one, on failure at the byte that
 *        is wrong.
 * Return: NULL, or what is wrong there. */
const char *json_text_scan(Scan *scan, JsonText *ret);
/* @ret: room for n_raw bytes, which are always enough. Return: bytes written; NUL may be among
 * them. */
size_t json_text_decode(const JsonText *text, char *ret);

void json_text_append(Buffer *buffer, const char *text, size_t n_text);
