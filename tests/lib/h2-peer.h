/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A peer of HTTP/2 that is made of bytes
 *
 * It says whatever frame it is told to and hears frame by frame, on a connection to the test bed's
 * server: no library sends what some of these do.
 */
#include <stdbool.h>
#include <stddef.h>

#define PREFACE    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define HEAD_BYTES 9u

enum {
        DATA,
        HEADERS,
        PRIORITY,
        RST_STREAM,
        SETTINGS,
        PUSH_PROMISE,
        PING,
        GOAWAY,
        WINDOW_UPDATE,
        CONTINUATION
};
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };
enum { NO_ERROR = 0, PROTOCOL_ERROR = 1, REFUSED_STREAM = 7, CANCEL = 8, ENHANCE_YOUR_CALM = 11 };

typedef struct Frame {
        size_t n_data;
        unsigned type, flags, stream;
        unsigned char data[64 * 1024];
} Frame;

/* What the peer says. A string of HPACK is a literal that enters no table. */

void say_frame(int fd,
               unsigned type,
               unsigned flags,
               unsigned stream,
               const void *data,
               size_t n_data);
/* Both return the length of the block so far. */
size_t put_header(unsigned char *block, size_t n, const char *name, const char *value);
size_t make_head(unsigned char *block, const char *path, const char *type);
/* Of gRPC */
void say_head(int fd, unsigned stream, const char *path, unsigned flags);
void say_message(int fd, unsigned stream, const char *message, size_t n, unsigned flags);
void say_call(int fd, unsigned stream, const char *path);
/* A connection with preface and SETTINGS. */
int open_peer(void);

/* What it hears */

/* Return: false when the connection has ended. */
bool hear_frame(int fd, Frame *frame);
/* The next frame of that kind; what comes before it is not looked at. */
bool find_frame(int fd, unsigned type, unsigned stream, Frame *frame);
unsigned get_error(const Frame *frame); /* of RST_STREAM and GOAWAY */
bool holds(const Frame *frame, const char *text);
/* A call on @stream, from its first byte to its last. */
void expect_success(int fd, unsigned stream);
void expect_others_are_served(void);
