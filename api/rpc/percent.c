/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/percent.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

static int hex_value(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

/* The byte that an escape at @text stands for; -1: there is none. @text ends in NUL. */
static int read_escape(const char *text) {
        int high, low;

        if (text[0] != '%')
                return -1;
        high = hex_value(text[1]);
        low = high >= 0 ? hex_value(text[2]) : -1;
        return low >= 0 ? high << 4 | low : -1;
}

static bool is_plain(char c) {
        return c >= 0x20 && c <= 0x7e && c != '%';
}

void percent_append(Buffer *buffer, const char *text, size_t max) {
        static const char digits[] = "0123456789ABCDEF";
        size_t n_text = strlen(text);

        while (n_text > 0) {
                size_t n = utf8_char_length(text, n_text);
                const size_t n_char = n > 0 ? n : 1;
                const size_t n_out = n_char == 1 && is_plain(*text) ? 1 : 3 * n_char;

                if (n_out > max)
                        return;
                max -= n_out;
                for (size_t i = 0; i < n_char; ++i) {
                        const unsigned char c = (unsigned char)text[i];

                        if (n_out == 1)
                                buffer_append_char(buffer, text[i]);
                        else
                                buffer_append(buffer,
                                              (const char[]){ '%', digits[c >> 4], digits[c & 15] },
                                              3);
                }
                text += n_char;
                n_text -= n_char;
        }
}

size_t percent_decode(char *text) {
        size_t n = 0;

        for (const char *from = text; *from;) {
                const int byte = read_escape(from);

                text[n++] = byte >= 0 ? (char)byte : *from;
                from += byte >= 0 ? 3 : 1;
        }
        text[n] = '\0';
        return n;
}

/* "+" is a space, as forms write it; clients escape a real one. */
static int decode_value(const char *text, size_t n_text, Arena *arena, char **ret, size_t *ret_n) {
        char *copy = arena_strndup(arena, text, n_text);
        size_t n = 0;

        if (!copy)
                return -ENOMEM;
        for (const char *from = copy; *from;) {
                const int byte = read_escape(from);

                if (*from == '%' && byte < 0)
                        return QUERY_E_MALFORMED;
                copy[n++] = byte >= 0 ? (char)byte : *from == '+' ? ' ' : *from;
                from += byte >= 0 ? 3 : 1;
        }
        copy[n] = '\0';
        *ret = copy;
        *ret_n = n;
        return 0;
}

int query_find(const char *query, const char *name, Arena *arena, char **ret, size_t *ret_n) {
        const size_t n_name = strlen(name);

        while (*query) {
                const size_t n = strcspn(query, "&");

                if (n > n_name && query[n_name] == '=' && memcmp(query, name, n_name) == 0)
                        return decode_value(query + n_name + 1, n - n_name - 1, arena, ret, ret_n);
                query += n + (query[n] == '&');
        }
        return QUERY_E_ABSENT;
}
