/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Calls, counted
 *
 * How many calls of a method ended with which code, and after how long. Fixed in size: counting
 * cannot fail.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define CALLS_PAIRS_MAX 256u /* of method and code */
#define CALLS_BUCKETS   10u

typedef struct CallsPair {
        const char *method;
        const char *code;
        uint64_t n_calls;
        uint64_t sum_usec;
        uint64_t buckets[CALLS_BUCKETS]; /* of those that took at most so long, each only once */
} CallsPair;

/* {}: none. */
typedef struct Calls {
        CallsPair pairs[CALLS_PAIRS_MAX];
        size_t n_pairs;
} Calls;

/* @method, @code: borrowed for ever, and the same pointers for the same words. */
void calls_note(Calls *calls, const char *method, const char *code, uint64_t usec);
void calls_write(const Calls *calls, Buffer *buffer);
