/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"

/*
 * Whatever is accepted prints as a text that is accepted again, as the same value. The format may
 * change on the way, since a text without a suffix is decimal: 312.5Ki prints as 320000, and that
 * as 320k. From then on it must stay.
 */
static void check_bytes(const Quantity *a, const Quantity *b) {
        uint64_t a_bytes = 0, b_bytes = 0;

        if (quantity_to_u64(a, &a_bytes) != quantity_to_u64(b, &b_bytes) || a_bytes != b_bytes)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char text[QUANTITY_TEXT_MAX], next_text[QUANTITY_TEXT_MAX];
        Quantity quantity, next;

        if (quantity_parse((const char *)data, size, &quantity) != 0)
                return 0;
        quantity_format(&quantity, text);
        for (unsigned i = 0; i < 2; ++i) {
                if (quantity_parse(text, strlen(text), &next) != 0)
                        abort();
                /* Parsing leaves the smallest mantissa, so that equal values have equal parts. */
                if (next.mantissa != quantity.mantissa || next.exponent != quantity.exponent ||
                    next.is_negative != quantity.is_negative)
                        abort();
                check_bytes(&quantity, &next);
                quantity_format(&next, next_text);
                if ((i == 1 || next.format == quantity.format) && strcmp(text, next_text) != 0)
                        abort();
                quantity = next;
                memcpy(text, next_text, sizeof(text));
        }
        return 0;
}
