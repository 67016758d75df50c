/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

/*
 * The first byte tells the length and, where a longer form of a shorter character or a surrogate
 * would begin, narrows what the second byte may be. All bytes after that are 80..bf. That is the
 * whole of RFC 3629, section 4, and no code point has to be put together for it.
 */
typedef struct Lead {
        unsigned char first, last; /* lead bytes */
        unsigned char low, high;   /* of the second byte */
        unsigned char length;
} Lead;

static const Lead leads[] = {
        { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
        { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
        { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

size_t utf8_char_length(const char *text, size_t n_text) {
        const unsigned char *bytes = (const unsigned char *)text;

        if (n_text == 0)
                return 0;
        if (bytes[0] < 0x80)
                return 1;
        for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); ++i) {
                const Lead *lead = &leads[i];

                if (bytes[0] < lead->first || bytes[0] > lead->last)
                        continue;
                if (n_text < lead->length || bytes[1] < lead->low || bytes[1] > lead->high)
                        return 0;
                for (size_t k = 2; k < lead->length; ++k)
                        if (bytes[k] < 0x80 || bytes[k] > 0xbf)
                                return 0;
                return lead->length;
        }
        return 0;
}

size_t utf8_valid_length(const char *text, size_t n_text) {
        size_t at = 0;

        while (at < n_text) {
                size_t n = utf8_char_length(text + at, n_text - at);

                if (n == 0)
                        break;
                at += n;
        }
        return at;
}

size_t utf8_encode(uint32_t point, char *ret) {
        if (point < 0x80) {
                ret[0] = (char)point;
                return 1;
        }
        if (point < 0x800) {
                ret[0] = (char)(0xc0 | point >> 6);
                ret[1] = (char)(0x80 | (point & 0x3f));
                return 2;
        }
        if (point < 0x10000) {
                ret[0] = (char)(0xe0 | point >> 12);
                ret[1] = (char)(0x80 | (point >> 6 & 0x3f));
                ret[2] = (char)(0x80 | (point & 0x3f));
                return 3;
        }
        ret[0] = (char)(0xf0 | point >> 18);
        ret[1] = (char)(0x80 | (point >> 12 & 0x3f));
        ret[2] = (char)(0x80 | (point >> 6 & 0x3f));
        ret[3] = (char)(0x80 | (point & 0x3f));
        return 4;
}
