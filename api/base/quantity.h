/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kubernetes quantities
 *
 * resource.Quantity: the whole grammar in, the canonical form out, exact, without floating point. A
 * value: copied by assignment, owns nothing; {} is zero in decimal form.
 *
 * Source: k8s.io/apimachinery/pkg/api/resource, read at 1.36.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* Longer text is refused: nothing on a node has more digits. */
#define QUANTITY_INPUT_MAX 64u
#define QUANTITY_TEXT_MAX  80u

typedef enum QuantityFormat {
        QUANTITY_DECIMAL_SI,       /* 12M */
        QUANTITY_BINARY_SI,        /* 12Mi */
        QUANTITY_DECIMAL_EXPONENT, /* 12e6 */
} QuantityFormat;

typedef struct Quantity {
        unsigned __int128 mantissa;
        int32_t exponent; /* the value is mantissa * 10^exponent; -9 at the least */
        bool is_negative;
        QuantityFormat format;
} Quantity;

enum {
        _QUANTITY_E_SUCCESS,
        QUANTITY_E_MALFORMED, /* not a number */
        QUANTITY_E_SUFFIX,    /* a number with a suffix that does not exist */
        QUANTITY_E_RANGE,     /* too long, too many digits, or not representable as asked */
};

_must_check_ int quantity_parse(const char *text, size_t n_text, Quantity *ret);
const char *quantity_format(const Quantity *quantity, char buffer[static QUANTITY_TEXT_MAX]);

Quantity quantity_from_bytes(uint64_t bytes);

/* Rounds up, as the kubelet does; QUANTITY_E_RANGE when negative or above 2^64-1. */
_must_check_ int quantity_to_u64(const Quantity *quantity, uint64_t *ret);

/* "1", "4021156Ki": quantity_from_bytes() and quantity_format() in one. */
const char *quantity_format_bytes(uint64_t bytes, char buffer[static QUANTITY_TEXT_MAX]);
