/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/base64.h"

/*
 * RFC 4648. Four characters are three bytes; a last group of two or three characters is one or two
 * bytes, and may be filled up with '=' to four. Padding is all or nothing: "QQ==" and "QQ" are the
 * byte 0x41, "QQ=" is refused, and so are characters outside both alphabets, line ends included.
 * Bits that fill up the last character are not looked at, as in the decoders of other languages.
 */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void append(Buffer *buffer, const uint8_t *data, size_t n_data, bool is_padded) {
        for (size_t i = 0; i < n_data; i += 3) {
                size_t n = n_data - i < 3 ? n_data - i : 3;
                uint32_t bits = (uint32_t)data[i] << 16;
                char group[4];

                if (n > 1)
                        bits |= (uint32_t)data[i + 1] << 8;
                if (n > 2)
                        bits |= data[i + 2];
                for (unsigned k = 0; k < 4; ++k)
                        group[k] = k <= n ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
                buffer_append(buffer, group, is_padded ? sizeof(group) : n + 1);
        }
}

void base64_append(Buffer *buffer, const uint8_t *data, size_t n_data) {
        append(buffer, data, n_data, true);
}

void base64_append_unpadded(Buffer *buffer, const uint8_t *data, size_t n_data) {
        append(buffer, data, n_data, false);
}

/* The six bits of a character, or 64. */
static unsigned char_value(char c) {
        if (c >= 'A' && c <= 'Z')
                return (unsigned)(c - 'A');
        if (c >= 'a' && c <= 'z')
                return (unsigned)(c - 'a') + 26;
        if (c >= '0' && c <= '9')
                return (unsigned)(c - '0') + 52;
        if (c == '+' || c == '-')
                return 62;
        if (c == '/' || c == '_')
                return 63;
        return 64;
}

bool base64_decode(const char *text, size_t n_text, uint8_t *ret, size_t *ret_n) {
        uint32_t bits = 0;
        unsigned n_bits = 0;
        size_t n = 0;

        if (n_text % 4 == 0 && n_text > 0 && text[n_text - 1] == '=')
                n_text -= text[n_text - 2] == '=' ? 2 : 1;
        if (n_text % 4 == 1)
                return false;
        for (size_t i = 0; i < n_text; ++i) {
                unsigned value = char_value(text[i]);

                if (value > 63)
                        return false;
                bits = bits << 6 | value;
                n_bits += 6;
                if (n_bits >= 8) {
                        n_bits -= 8;
                        ret[n++] = (uint8_t)(bits >> n_bits);
                }
        }
        *ret_n = n;
        return true;
}
