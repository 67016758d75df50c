/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Foreign text in a message for people: short, on one line, and nothing but ASCII. */
#include <stddef.h>

#include "base/cleanup.h"

#define QUOTE_MAX 48u

/* "'4Gj'"; "the end" for a text of no bytes. What is long is cut and ends in "...". */
const char *quote_format(const char *text, size_t n_text, char buffer[static QUOTE_MAX]);
