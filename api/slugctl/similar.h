/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Words that nearly are another one. */
#include <stddef.h>

/* Longer words are nobody's slip of the finger. */
#define SIMILAR_LENGTH_MAX   64u
#define SIMILAR_DISTANCE_MAX 3u

/* How many letters must be put in, taken out or exchanged; SIZE_MAX when that are more than
 * SIMILAR_DISTANCE_MAX, when every letter differs, or when one of them is too long. */
size_t similar_count_edits(const char *a, const char *b);
