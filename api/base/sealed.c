/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sealed.h"

#include <errno.h>
#include <stdint.h>

#include "base/crc32c.h"

/*
 * The digits have one form only, lower case: one that became upper case is damage like any other.
 */
#define DIGITS (SEALED_ROOM - 1)

static const char room[SEALED_ROOM + 1] = "00000000 ";

size_t sealed_begin(Buffer *buffer) {
        const size_t start = buffer->n_data;

        buffer_append_text(buffer, room);
        return start;
}

static void write_checksum(char *digits, uint32_t checksum) {
        for (size_t i = DIGITS; i-- > 0; checksum >>= 4)
                digits[i] = "0123456789abcdef"[checksum & 15];
}

void sealed_end(Buffer *buffer, size_t start, size_t n_max) {
        char *line;

        buffer_append_char(buffer, '\n');
        if (!buffer->error && buffer->n_data - start > n_max)
                buffer->error = -E2BIG;
        if (buffer->error) {
                buffer->n_data = start;
                if (buffer->data)
                        buffer->data[start] = '\0';
                return;
        }
        line = buffer->data + start;
        write_checksum(line, crc32c(line + SEALED_ROOM, buffer->n_data - start - SEALED_ROOM - 1));
}

static bool read_checksum(const char *line, uint32_t *ret) {
        uint32_t checksum = 0;

        for (size_t i = 0; i < DIGITS; ++i) {
                const char c = line[i];

                if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
                        return false;
                checksum = checksum << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        *ret = checksum;
        return true;
}

bool sealed_open(const char *line, size_t n_line, size_t n_max, Scan *ret) {
        const size_t n_text = n_line > SEALED_ROOM ? n_line - SEALED_ROOM : 0;
        uint32_t checksum;

        if (n_text == 0 || n_line >= n_max || !read_checksum(line, &checksum) ||
            line[DIGITS] != ' ' || checksum != crc32c(line + SEALED_ROOM, n_text))
                return false;
        *ret = scan_init(line + SEALED_ROOM, n_text);
        return true;
}
