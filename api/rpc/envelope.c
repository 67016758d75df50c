/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/envelope.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

bool envelope_parse(const char *data, size_t n_data, Envelope *ret) {
        uint32_t length;

        if (n_data < ENVELOPE_HEAD_BYTES)
                return false;
        memcpy(&length, data + 1, sizeof(length));
        *ret = (Envelope){ .flags = (uint8_t)data[0], .length = be32toh(length) };
        return true;
}

size_t envelope_open(Buffer *buffer, uint8_t flags) {
        const size_t start = buffer->n_data;
        const char head[ENVELOPE_HEAD_BYTES] = { (char)flags };

        buffer_append(buffer, head, sizeof(head));
        return start;
}

void envelope_close(Buffer *buffer, size_t start) {
        uint32_t length;

        if (buffer->error) {
                if (buffer->n_data > start) {
                        buffer->n_data = start;
                        buffer->data[start] = '\0';
                }
                return;
        }
        length = htobe32((uint32_t)(buffer->n_data - start - ENVELOPE_HEAD_BYTES));
        memcpy(buffer->data + start + 1, &length, sizeof(length));
}
