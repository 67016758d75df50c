/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/h2-peer.h"

#include <string.h>

#include "lib/rpc-bed.h"
#include "lib/test-main.h"

/* What the peer says */

void say_frame(int fd,
               unsigned type,
               unsigned flags,
               unsigned stream,
               const void *data,
               size_t n_data) {
        unsigned char frame[HEAD_BYTES + 20000];

        ck_assert_uint_le(n_data, sizeof(frame) - HEAD_BYTES);
        frame[0] = (unsigned char)(n_data >> 16);
        frame[1] = (unsigned char)(n_data >> 8);
        frame[2] = (unsigned char)n_data;
        frame[3] = (unsigned char)type;
        frame[4] = (unsigned char)flags;
        for (unsigned i = 0; i < 4; ++i)
                frame[5 + i] = (unsigned char)(stream >> (24 - 8 * i));
        if (n_data > 0)
                memcpy(frame + HEAD_BYTES, data, n_data);
        bed_say_bytes(fd, frame, HEAD_BYTES + n_data);
}

/* HPACK: a literal that enters no table, both strings as they are. */
size_t put_header(unsigned char *block, size_t n, const char *name, const char *value) {
        ck_assert_uint_lt(strlen(value), 127);
        block[n++] = 0;
        block[n++] = (unsigned char)strlen(name);
        memcpy(block + n, name, strlen(name));
        n += strlen(name);
        block[n++] = (unsigned char)strlen(value);
        memcpy(block + n, value, strlen(value));
        return n + strlen(value);
}

size_t make_head(unsigned char *block, const char *path, const char *type) {
        size_t n = put_header(block, 0, ":method", "POST");

        n = put_header(block, n, ":scheme", "http");
        n = put_header(block, n, ":path", path);
        n = put_header(block, n, ":authority", "localhost");
        n = put_header(block, n, "te", "trailers");
        return put_header(block, n, "content-type", type);
}

void say_head(int fd, unsigned stream, const char *path, unsigned flags) {
        unsigned char block[1024];
        const size_t n = make_head(block, path, "application/grpc");

        say_frame(fd, HEADERS, END_HEADERS | flags, stream, block, n);
}

void say_message(int fd, unsigned stream, const char *message, size_t n, unsigned flags) {
        unsigned char data[1024] = {};

        data[4] = (unsigned char)n;
        data[3] = (unsigned char)(n >> 8);
        memcpy(data + 5, message, n);
        say_frame(fd, DATA, flags, stream, data, 5 + n);
}

void say_call(int fd, unsigned stream, const char *path) {
        say_head(fd, stream, path, 0);
        say_message(fd, stream, "", 0, END_STREAM);
}

int open_peer(void) {
        const int fd = bed_open();

        bed_say(fd, PREFACE);
        say_frame(fd, SETTINGS, 0, 0, NULL, 0);
        return fd;
}

/* What it hears */

/* Return: false when the connection has ended. */
bool hear_frame(int fd, Frame *frame) {
        unsigned char head[HEAD_BYTES];

        if (bed_hear_bytes(fd, head, sizeof(head), sizeof(head)) < sizeof(head))
                return false;
        frame->n_data = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        frame->type = head[3];
        frame->flags = head[4];
        frame->stream =
                (head[5] & 127u) << 24 | (unsigned)head[6] << 16 | (unsigned)head[7] << 8 | head[8];
        ck_assert_uint_le(frame->n_data, sizeof(frame->data));
        return bed_hear_bytes(fd, frame->data, frame->n_data, frame->n_data) == frame->n_data;
}

/* The next frame of that kind; what comes before it is not looked at. */
bool find_frame(int fd, unsigned type, unsigned stream, Frame *frame) {
        while (hear_frame(fd, frame))
                if (frame->type == type && frame->stream == stream)
                        return true;
        return false;
}

unsigned get_error(const Frame *frame) {
        const unsigned char *data = frame->data + (frame->type == GOAWAY ? 4 : 0);

        return (unsigned)data[0] << 24 | (unsigned)data[1] << 16 | (unsigned)data[2] << 8 | data[3];
}

bool holds(const Frame *frame, const char *text) {
        return memmem(frame->data, frame->n_data, text, strlen(text)) != NULL;
}

/* A call on @stream, from its first byte to its last; "0" is what grpc-status says of it. */
void expect_success(int fd, unsigned stream) {
        static Frame frame; /* large */

        say_call(fd, stream, "/t.S/M");
        ck_assert(find_frame(fd, HEADERS, stream, &frame));
        ck_assert(!(frame.flags & END_STREAM));
        ck_assert(find_frame(fd, HEADERS, stream, &frame));
        ck_assert(frame.flags & END_STREAM);
}

void expect_others_are_served(void) {
        _cleanup_(fd_closep) int other = open_peer();

        expect_success(other, 1);
}
