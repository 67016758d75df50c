/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * FNV-1a over texts: it tells whether something is the same as before, to ourselves alone.
 */
#include <stdint.h>

#define FINGERPRINT_EMPTY UINT64_C(0xcbf29ce484222325)

/* Two texts are not one that is as long as both. */
static inline uint64_t fingerprint_add(uint64_t hash, const char *text) {
        const uint64_t prime = UINT64_C(0x100000001b3);

        for (; *text; ++text)
                hash = (hash ^ (unsigned char)*text) * prime;
        return (hash ^ '\n') * prime;
}
