/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/mux.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

/*
 * Frames should say nothing but to which connection bytes belong, and here they do not when they
 * are read. The runtime's side (containerd/nri pkg/net/multiplex) gives one whole frame to a read,
 * or fails it when the reader's buffer is smaller, and ttrpc reads headers through a buffer of 4096
 * bytes. So a message that is larger and stands in one frame ends the session, and small ones never
 * show it. What is known to be taken is what its own writer does: the first 4096 bytes in a frame,
 * all the rest in another one, whose reader asks for just that much. More frames than that would be
 * taken, too, but 256 that are not read yet end the session as well.
 */
int mux_read(MuxReader *reader, const uint8_t **data, size_t *n_data, MuxPiece *ret) {
        size_t n;

        while (reader->n_left == 0) {
                uint32_t words[2];

                n = MUX_HEADER_BYTES - reader->n_header;
                n = n < *n_data ? n : *n_data;
                if (n > 0)
                        memcpy(reader->header + reader->n_header, *data, n);
                reader->n_header += n;
                *data += n;
                *n_data -= n;
                if (reader->n_header < MUX_HEADER_BYTES)
                        return MUX_E_MORE;
                memcpy(words, reader->header, sizeof(words));
                reader->n_header = 0;
                reader->id = be32toh(words[0]);
                reader->n_left = be32toh(words[1]);
                if (reader->n_left > MUX_PAYLOAD_MAX)
                        return -EMSGSIZE;
        }
        n = reader->n_left < *n_data ? reader->n_left : *n_data;
        if (n == 0)
                return MUX_E_MORE;
        *ret = (MuxPiece){ .id = reader->id, .data = *data, .n_data = n };
        reader->n_left -= n;
        *data += n;
        *n_data -= n;
        return 0;
}

static void write_frame(Buffer *out, uint32_t id, const void *data, size_t n_data) {
        const uint32_t header[2] = { htobe32(id), htobe32((uint32_t)n_data) };

        buffer_append(out, header, sizeof(header));
        buffer_append(out, data, n_data);
}

void mux_write(Buffer *out, uint32_t id, const void *message, size_t n_message) {
        const size_t n_first = n_message < MUX_FIRST_MAX ? n_message : MUX_FIRST_MAX;

        write_frame(out, id, message, n_first);
        if (n_message > n_first)
                write_frame(out, id, (const uint8_t *)message + n_first, n_message - n_first);
}
