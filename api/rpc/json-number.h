/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON numbers
 *
 * Kept as text until somebody knows what it should be; integers are then exact.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/scan.h"

/* Takes a number as the JSON grammar has it. */
bool json_number_scan(Scan *scan);

/* All take text that json_number_scan() takes whole. False: not integral, or out of range. */
bool json_number_to_i64(const char *text, size_t n_text, int64_t *ret);
bool json_number_to_u64(const char *text, size_t n_text, uint64_t *ret);

/* The shortest text that reads back as the same value; "NaN", "Infinity", "-Infinity" in quotes. */
void json_number_append_double(Buffer *buffer, double value);
void json_number_append_float(Buffer *buffer, float value);
