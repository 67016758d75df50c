/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Byte counts
 *
 * Bytes are uint64_t and their arithmetic is checked. A value that a machine may not have is an
 * OptU64: absent is not zero.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

typedef struct OptU64 {
        uint64_t value; /* 0 when absent */
        bool present;
} OptU64;

static inline OptU64 opt_u64(uint64_t value) {
        return (OptU64){ .value = value, .present = true };
}

static inline bool opt_u64_equal(OptU64 a, OptU64 b) {
        return a.present == b.present && a.value == b.value;
}

_must_check_ static inline int bytes_add(uint64_t a, uint64_t b, uint64_t *ret) {
        uint64_t sum;

        if (__builtin_add_overflow(a, b, &sum))
                return -EOVERFLOW;
        *ret = sum;
        return 0;
}

_must_check_ static inline int bytes_mul(uint64_t a, uint64_t b, uint64_t *ret) {
        uint64_t product;

        if (__builtin_mul_overflow(a, b, &product))
                return -EOVERFLOW;
        *ret = product;
        return 0;
}

/* a + b, or the largest value there is. */
static inline uint64_t bytes_add_saturated(uint64_t a, uint64_t b) {
        uint64_t sum;

        return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* a * b, or the largest value there is. */
static inline uint64_t bytes_mul_saturated(uint64_t a, uint64_t b) {
        uint64_t product;

        return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* a - b, or nothing. */
static inline uint64_t bytes_sub_clamped(uint64_t a, uint64_t b) {
        return a > b ? a - b : 0;
}

static inline uint64_t bytes_min(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

/* floor(a * part / whole), exact in 128 bits; part <= whole keeps the result in range, whole is not
 * 0. */
static inline uint64_t bytes_share(uint64_t a, uint64_t part, uint64_t whole) {
        return (uint64_t)((unsigned __int128)a * part / whole);
}

static inline uint64_t bytes_round_down(uint64_t a, uint64_t unit) {
        return a - a % unit;
}

/* "15.36 GiB": for people, never to be parsed again. Longest: "1023.99 GiB". */
#define BYTES_TEXT_MAX 16u
const char *bytes_format(uint64_t bytes, char buffer[static BYTES_TEXT_MAX]);
