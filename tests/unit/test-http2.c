/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 in a real event loop, frame by frame: what well-behaved peers get, and what the others
 * cost. The peer here is made of bytes, because no library sends what these do.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/rpc-bed.h"
#include "lib/test-main.h"

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

/* What the peer says */

static void
say_frame(int fd, unsigned type, unsigned flags, unsigned stream, const void *data, size_t n_data) {
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
static size_t put_header(unsigned char *block, size_t n, const char *name, const char *value) {
        ck_assert_uint_lt(strlen(value), 127);
        block[n++] = 0;
        block[n++] = (unsigned char)strlen(name);
        memcpy(block + n, name, strlen(name));
        n += strlen(name);
        block[n++] = (unsigned char)strlen(value);
        memcpy(block + n, value, strlen(value));
        return n + strlen(value);
}

static size_t make_head(unsigned char *block, const char *path, const char *type) {
        size_t n = put_header(block, 0, ":method", "POST");

        n = put_header(block, n, ":scheme", "http");
        n = put_header(block, n, ":path", path);
        n = put_header(block, n, ":authority", "localhost");
        n = put_header(block, n, "te", "trailers");
        return put_header(block, n, "content-type", type);
}

static void say_head(int fd, unsigned stream, const char *path, unsigned flags) {
        unsigned char block[1024];
        const size_t n = make_head(block, path, "application/grpc");

        say_frame(fd, HEADERS, END_HEADERS | flags, stream, block, n);
}

static void say_message(int fd, unsigned stream, const char *message, size_t n, unsigned flags) {
        unsigned char data[1024] = {};

        data[4] = (unsigned char)n;
        data[3] = (unsigned char)(n >> 8);
        memcpy(data + 5, message, n);
        say_frame(fd, DATA, flags, stream, data, 5 + n);
}

static void say_call(int fd, unsigned stream, const char *path) {
        say_head(fd, stream, path, 0);
        say_message(fd, stream, "", 0, END_STREAM);
}

static int open_peer(void) {
        const int fd = bed_open();

        bed_say(fd, PREFACE);
        say_frame(fd, SETTINGS, 0, 0, NULL, 0);
        return fd;
}

/* What it hears */

/* Return: false when the connection has ended. */
static bool hear_frame(int fd, Frame *frame) {
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
static bool find_frame(int fd, unsigned type, unsigned stream, Frame *frame) {
        while (hear_frame(fd, frame))
                if (frame->type == type && frame->stream == stream)
                        return true;
        return false;
}

static unsigned get_error(const Frame *frame) {
        const unsigned char *data = frame->data + (frame->type == GOAWAY ? 4 : 0);

        return (unsigned)data[0] << 24 | (unsigned)data[1] << 16 | (unsigned)data[2] << 8 | data[3];
}

static bool holds(const Frame *frame, const char *text) {
        return memmem(frame->data, frame->n_data, text, strlen(text)) != NULL;
}

/* A call on @stream, from its first byte to its last; "0" is what grpc-status says of it. */
static void expect_success(int fd, unsigned stream) {
        static Frame frame;

        say_call(fd, stream, "/t.S/M");
        ck_assert(find_frame(fd, HEADERS, stream, &frame));
        ck_assert(!(frame.flags & END_STREAM));
        ck_assert(find_frame(fd, HEADERS, stream, &frame));
        ck_assert(frame.flags & END_STREAM);
}

static void expect_others_are_served(void) {
        _cleanup_(fd_closep) int other = open_peer();

        expect_success(other, 1);
}

/* Good peers */

START_TEST(a_call_is_head_message_trailers) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Frame frame;

        bed_start();
        fd = open_peer();
        say_call(fd, 1, "/t.S/M");
        ck_assert(find_frame(fd, HEADERS, 1, &frame));
        ck_assert_uint_eq(frame.flags, END_HEADERS);
        ck_assert(hear_frame(fd, &frame));
        ck_assert_uint_eq(frame.type, DATA);
        ck_assert_uint_eq(frame.flags, 0);
        ck_assert_uint_eq(frame.n_data, 5);
        ck_assert(hear_frame(fd, &frame));
        ck_assert_uint_eq(frame.type, HEADERS);
        ck_assert_uint_eq(frame.flags, END_HEADERS | END_STREAM);
        ck_assert_uint_eq(bed.n_observed, 1);
        ck_assert_int_eq(bed.last_code, RPC_OK);
}
END_TEST

/* HEADERS and an empty DATA with END_STREAM would be "no trailers" to grpc-go. */
START_TEST(a_failure_without_a_message_is_one_frame) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Frame frame;

        bed.fails = true;
        bed_start();
        fd = open_peer();
        say_call(fd, 1, "/t.S/M");
        ck_assert(find_frame(fd, HEADERS, 1, &frame));
        ck_assert_uint_eq(frame.flags, END_HEADERS | END_STREAM);
        ck_assert_int_eq(bed.last_code, RPC_FAILED_PRECONDITION);
}
END_TEST

START_TEST(an_early_answer_stops_the_peer) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Frame frame;

        bed_start();
        fd = open_peer();
        say_head(fd, 1, "/t.S/Nowhere", 0);
        ck_assert(find_frame(fd, HEADERS, 1, &frame));
        ck_assert(frame.flags & END_STREAM);
        ck_assert(find_frame(fd, RST_STREAM, 1, &frame));
        ck_assert_uint_eq(get_error(&frame), NO_ERROR);
        expect_success(fd, 3);
}
END_TEST

START_TEST(a_message_may_come_in_single_bytes) {
        _cleanup_(fd_closep) int fd = -EBADF;
        const char message[] = { 0, 0, 0, 0, 2, 8, 7 };
        Frame frame;

        bed_start();
        fd = open_peer();
        say_head(fd, 1, "/t.S/Echo", 0);
        for (size_t i = 0; i < sizeof(message); ++i)
                say_frame(fd, DATA, 0, 1, message + i, 1);
        ck_assert(find_frame(fd, DATA, 1, &frame));
        ck_assert(holds(&frame, "id 7"));
        say_frame(fd, DATA, END_STREAM, 1, message, sizeof(message));
        ck_assert(find_frame(fd, DATA, 1, &frame));
        ck_assert(find_frame(fd, HEADERS, 1, &frame));
        ck_assert(frame.flags & END_STREAM);
}
END_TEST

START_TEST(a_cancelled_call_is_taken_from_its_handler) {
        _cleanup_(fd_closep) int fd = -EBADF;

        bed_start();
        fd = open_peer();
        say_call(fd, 1, "/t.S/Never");
        while (bed.n_kept == 0)
                bed_turn();
        say_frame(fd, RST_STREAM, 0, 1, "\0\0\0\10", 4);
        while (bed.n_kept > 0)
                bed_turn();
        ck_assert_uint_eq(bed.n_ended, 1);
        ck_assert_int_eq(bed.last_code, RPC_CANCELED);
        expect_success(fd, 3);
}
END_TEST

START_TEST(a_peer_that_leaves_cancels_its_calls) {
        int fd;

        bed_start();
        fd = open_peer();
        say_call(fd, 1, "/t.S/Never");
        say_call(fd, 3, "/t.S/Watch");
        while (bed.n_kept == 0 || bed.watchers.n_watchers == 0)
                bed_turn();
        (void)fd_close(fd);
        bed_wait_connections(0);
        ck_assert_uint_eq(bed.n_kept, 0);
        ck_assert_uint_eq(bed.watchers.n_watchers, 0);
}
END_TEST

START_TEST(a_deadline_ends_the_call) {
        _cleanup_(fd_closep) int fd = -EBADF;
        unsigned char block[1024];
        size_t n;
        Frame frame;

        bed_start();
        fd = open_peer();
        n = make_head(block, "/t.S/Never", "application/grpc");
        n = put_header(block, n, "grpc-timeout", "1m");
        say_frame(fd, HEADERS, END_HEADERS, 1, block, n);
        say_message(fd, 1, "", 0, END_STREAM);
        ck_assert(find_frame(fd, HEADERS, 1, &frame));
        ck_assert(frame.flags & END_STREAM);
        ck_assert_int_eq(bed.last_code, RPC_DEADLINE_EXCEEDED);
        ck_assert_uint_eq(bed.n_kept, 0);
        ck_assert_uint_eq(bed.n_ended, 1);
}
END_TEST

START_TEST(a_watch_that_is_read_slowly_gets_the_newest) {
        _cleanup_(fd_closep) int fd = -EBADF;
        /* no room for data: SETTINGS_INITIAL_WINDOW_SIZE 0, then a window for the first stream */
        const unsigned char no_window[] = { 0, 4, 0, 0, 0, 0 }, window[] = { 0, 0, 64, 0 };
        Frame frame;

        bed_start();
        fd = bed_open();
        bed_say(fd, PREFACE);
        say_frame(fd, SETTINGS, 0, 0, no_window, sizeof(no_window));
        say_call(fd, 1, "/t.S/Watch");
        while (bed.watchers.n_watchers == 0)
                bed_turn();
        for (bed.n_state = 1; bed.n_state <= 100; ++bed.n_state)
                rpc_watchers_notify(&bed.watchers);
        bed.n_state = 100;
        say_frame(fd, WINDOW_UPDATE, 0, 1, window, sizeof(window));
        ck_assert(find_frame(fd, DATA, 1, &frame));
        ck_assert(holds(&frame, "state 0"));
        while (!holds(&frame, "state 100")) {
                ck_assert(find_frame(fd, DATA, 1, &frame));
                ck_assert(!holds(&frame, "state 50"));
        }
}
END_TEST

/* Also one that is larger than what a connection may hold before it gets no new calls. */
START_TEST(a_large_answer_follows_the_window) {
        _cleanup_(fd_closep) int fd = -EBADF;
        const unsigned char window[] = { 0, 1, 0, 0 };
        size_t n = 0;
        Frame frame;

        bed.n_large = _i ? 8000000 : 1000000;
        bed_start();
        fd = open_peer();
        say_call(fd, 1, "/t.S/Large");
        while (n < bed.n_large + 9 + (size_t)_i) {
                ck_assert(find_frame(fd, DATA, 1, &frame));
                n += frame.n_data;
                say_frame(fd, WINDOW_UPDATE, 0, 1, window, sizeof(window));
                say_frame(fd, WINDOW_UPDATE, 0, 0, window, sizeof(window));
        }
        /* the envelope, and the field's tag and length */
        ck_assert_uint_eq(n, bed.n_large + 9 + (size_t)_i);
        ck_assert(find_frame(fd, HEADERS, 1, &frame));
}
END_TEST

static void note_drained(void *userdata) {
        *(bool *)userdata = true;
}

START_TEST(a_server_that_stops_ends_its_watches_and_says_goodbye) {
        _cleanup_(fd_closep) int fd = -EBADF;
        bool is_drained = false;
        Frame frame;

        bed_start();
        fd = open_peer();
        say_call(fd, 1, "/t.S/Watch");
        ck_assert(find_frame(fd, DATA, 1, &frame));
        rpc_server_drain(bed.server, note_drained, &is_drained);
        ck_assert(find_frame(fd, HEADERS, 1, &frame));
        ck_assert(frame.flags & END_STREAM);
        ck_assert_int_eq(bed.last_code, RPC_UNAVAILABLE);
        /* a call that was on its way is answered; then the peer has read the notice */
        say_call(fd, 3, "/t.S/M");
        ck_assert(find_frame(fd, HEADERS, 3, &frame));
        say_frame(fd, PING, ACK, 0, "\0\0\0\0\0\0\0\0", 8);
        ck_assert(find_frame(fd, GOAWAY, 0, &frame));
        while (hear_frame(fd, &frame))
                ck_assert_uint_eq(frame.type, HEADERS);
        fd = fd_close(fd);
        while (!is_drained)
                bed_turn();
        ck_assert_uint_eq(rpc_server_count_connections(bed.server), 0);
}
END_TEST

START_TEST(a_peer_that_has_only_ended_its_sending_is_answered) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Frame frame;

        bed_start();
        fd = open_peer();
        say_call(fd, 1, "/t.S/M");
        ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
        ck_assert(find_frame(fd, HEADERS, 1, &frame));
        ck_assert(find_frame(fd, HEADERS, 1, &frame));
        ck_assert(frame.flags & END_STREAM);
        ck_assert(!find_frame(fd, DATA, 1, &frame));
        fd = fd_close(fd);
        bed_wait_connections(0);
}
END_TEST

START_TEST(a_role_that_is_missing_is_named) {
        _cleanup_(fd_closep) int fd = -EBADF;
        unsigned char block[1024];
        size_t n;
        Frame frame;

        bed_start();
        fd = open_peer();
        n = make_head(block, "/t.S/Admin", "application/json");
        say_frame(fd, HEADERS, END_HEADERS, 1, block, n);
        say_frame(fd, DATA, END_STREAM, 1, "{}", 2);
        ck_assert(find_frame(fd, DATA, 1, &frame));
        ck_assert_int_eq(bed.last_code, RPC_PERMISSION_DENIED);
        ck_assert(holds(&frame, "\"permission_denied\""));
        ck_assert(holds(&frame, "/t.S/Admin wants the role 'admin'"));
        ck_assert(holds(&frame, "has 'reader'; ask the operator"));
}
END_TEST

/* Hostile peers */

START_TEST(a_head_that_is_too_large_is_refused_and_the_connection_goes_on) {
        _cleanup_(fd_closep) int fd = -EBADF;
        unsigned char block[16000];
        size_t n;
        Frame frame;

        if (!_i)
                bed.limits.max_header_bytes = 8000;
        bed_start();
        fd = open_peer();
        n = make_head(block, "/t.S/M", "application/grpc");
        /* too many of them, or too many bytes */
        for (unsigned i = 0; i < (_i ? 70u : 55u); ++i)
                n = put_header(block, n, "x-filler",
                               _i ? "x"
                                  : "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                                    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        say_frame(fd, HEADERS, END_HEADERS | END_STREAM, 1, block, n);
        ck_assert(find_frame(fd, HEADERS, 1, &frame));
        ck_assert_uint_eq(bed.n_observed, 0);
        expect_success(fd, 3);
}
END_TEST

START_TEST(a_thousand_references_to_one_large_header_cost_nothing) {
        _cleanup_(fd_closep) int fd = -EBADF;
        unsigned char block[16000] = { 0x40, 1, 'x', 127, 0x81, 0x1d /* 127 + 3713 = 3840 */ };
        size_t n = 6 + 3840;
        Frame frame;

        bed_start();
        fd = open_peer();
        memset(block + 6, 'x', 3840);
        memset(block + n, 0x80 | 62, sizeof(block) - n); /* the newest entry of the table */
        say_frame(fd, HEADERS, END_STREAM, 1, block, sizeof(block));
        for (unsigned i = 0; i < 5; ++i) {
                memset(block, 0x80 | 62, sizeof(block));
                say_frame(fd, CONTINUATION, i == 4 ? END_HEADERS : 0, 1, block, sizeof(block));
        }
        /* no pseudo headers: it is no request, and its stream alone is the worse for it */
        ck_assert(find_frame(fd, RST_STREAM, 1, &frame));
        expect_success(fd, 3);
}
END_TEST

START_TEST(continuation_without_end_ends_the_connection) {
        _cleanup_(fd_closep) int fd = -EBADF;
        unsigned char block[64] = {};
        Frame frame;

        bed_start();
        fd = open_peer();
        say_frame(fd, HEADERS, 0, 1, block, put_header(block, 0, "x", "y"));
        for (unsigned i = 0; i < 1000; ++i)
                say_frame(fd, CONTINUATION, 0, 1, block, put_header(block, 0, "x", "y"));
        while (hear_frame(fd, &frame))
                ck_assert_uint_ne(frame.type, HEADERS);
        expect_others_are_served();
}
END_TEST

START_TEST(rapid_reset_ends_the_connection) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Frame frame;

        bed_start();
        fd = open_peer();
        for (unsigned i = 0; i < 2000; ++i) {
                say_head(fd, 1 + 2 * i, "/t.S/Never", 0);
                say_frame(fd, RST_STREAM, 0, 1 + 2 * i, "\0\0\0\10", 4);
        }
        ck_assert(find_frame(fd, GOAWAY, 0, &frame));
        ck_assert_uint_ne(get_error(&frame), NO_ERROR);
        ck_assert_uint_eq(bed.n_kept, 0);
        expect_others_are_served();
}
END_TEST

static const struct {
        unsigned type;
        const char *data;
        size_t n_data;
        unsigned stream;
} floods[] = {
        { PING, "12345678", 8, 0 },
        { SETTINGS, "", 0, 0 },
        { PRIORITY, "\0\0\0\0\20", 5, 1 },
        { DATA, "", 0, 1 },
};

START_TEST(frames_that_cost_nothing_are_counted) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Frame frame;
        unsigned last_error = NO_ERROR;

        bed_start();
        fd = open_peer();
        say_head(fd, 1, "/t.S/Echo", 0);
        for (unsigned i = 0; i < 5000; ++i)
                say_frame(fd, floods[_i].type, 0, floods[_i].stream, floods[_i].data,
                          floods[_i].n_data);
        while (hear_frame(fd, &frame))
                if (frame.type == GOAWAY)
                        last_error = get_error(&frame);
        ck_assert_uint_eq(last_error, ENHANCE_YOUR_CALM);
        expect_others_are_served();
}
END_TEST

START_TEST(pings_between_calls_are_no_flood) {
        _cleanup_(fd_closep) int fd = -EBADF;

        bed_start();
        fd = open_peer();
        for (unsigned i = 0; i < 2000; ++i) {
                say_frame(fd, PING, 0, 0, "12345678", 8);
                expect_success(fd, 1 + 2 * i);
        }
}
END_TEST

START_TEST(more_streams_than_allowed_are_refused) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Frame frame;

        bed.limits.max_streams = 10;
        bed_start();
        fd = open_peer();
        for (unsigned i = 0; i < 11; ++i)
                say_call(fd, 1 + 2 * i, "/t.S/Never");
        ck_assert(find_frame(fd, RST_STREAM, 21, &frame));
        ck_assert_uint_eq(get_error(&frame), REFUSED_STREAM);
        ck_assert_uint_eq(bed.n_kept, 10);
        expect_others_are_served();
}
END_TEST

START_TEST(a_message_that_is_too_long_is_refused_by_its_envelope) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Frame frame;

        bed_start();
        fd = open_peer();
        say_head(fd, 1, "/t.S/M", 0);
        say_frame(fd, DATA, 0, 1, "\0\177\377\377\377", 5);
        ck_assert(find_frame(fd, HEADERS, 1, &frame));
        ck_assert_int_eq(bed.last_code, RPC_RESOURCE_EXHAUSTED);
        expect_success(fd, 3);
}
END_TEST

/* The kernel's buffers and one gathered piece, and no more, are filled for somebody who never reads;
 * what they ask beyond their share is refused. */
START_TEST(a_peer_that_never_reads_is_refused_and_then_closed) {
        _cleanup_(fd_closep) int fd = -EBADF;
        const unsigned char windows[] = { 0, 4, 127, 255, 255, 255 }, window[] = { 127, 255, 0, 0 };

        bed.n_large = 4u * 1024 * 1024;
        bed.limits.answer_usec = 100 * USEC_PER_MSEC;
        bed.limits.max_held_bytes = 1u << 20;
        bed_start();
        fd = bed_open();
        bed_say(fd, PREFACE);
        say_frame(fd, SETTINGS, 0, 0, windows, sizeof(windows));
        say_frame(fd, WINDOW_UPDATE, 0, 0, window, sizeof(window));
        for (unsigned i = 0; i < 90; ++i)
                say_call(fd, 1 + 2 * i, "/t.S/Large");
        while (bed.n_observed < 90)
                bed_turn();
        bed_wait_connections(0);
        ck_assert_uint_le(bed.n_ok, 2);
        ck_assert_int_eq(bed.last_code, RPC_RESOURCE_EXHAUSTED);
        expect_others_are_served();
}
END_TEST

/* It reads, and never says that there is room for more. */
START_TEST(an_answer_without_a_window_has_a_deadline) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Frame frame;
        size_t n = 0;

        bed.n_large = 1000000;
        bed.limits.answer_usec = 50 * USEC_PER_MSEC;
        bed_start();
        fd = open_peer();
        say_call(fd, 1, "/t.S/Large");
        while (n < 65535) {
                ck_assert(find_frame(fd, DATA, 1, &frame));
                n += frame.n_data;
        }
        ck_assert(find_frame(fd, RST_STREAM, 1, &frame));
        ck_assert_uint_eq(get_error(&frame), CANCEL);
        expect_others_are_served();
}
END_TEST

static const struct {
        const char *bytes;
        size_t n_bytes;
} unfinished[] = {
        { "P", 1 },
        { "PRI * HTTP/2.0\r\n", 16 },
        { PREFACE, 24 },
        { PREFACE "\0\0\0\4\0\0\0\0\0\0\1\0\1\4\0\0\0\1",
          24 + 9 + 9 }, /* HEADERS without a block */
};

START_TEST(a_beginning_without_an_end_is_closed) {
        _cleanup_(fd_closep) int fd = -EBADF;
        unsigned char answer[1024];

        bed.limits.head_usec = 20 * USEC_PER_MSEC;
        bed_start();
        fd = bed_open();
        bed_say_bytes(fd, unfinished[_i].bytes, unfinished[_i].n_bytes);
        ck_assert_uint_lt(bed_hear_bytes(fd, answer, sizeof(answer), sizeof(answer)),
                          sizeof(answer));
        fd = fd_close(fd);
        bed_wait_connections(0);
}
END_TEST

static int drip(sd_event_source *source, uint64_t usec, void *userdata) {
        (void)usec;
        say_frame(*(int *)userdata, DATA, 0, 1, "\0", 1);
        if (sd_event_source_set_time_relative(source, USEC_PER_MSEC) < 0)
                return -EIO;
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

START_TEST(a_body_that_drips_has_a_deadline) {
        _cleanup_(fd_closep) int fd = -EBADF;
        sd_event_source *timer = NULL;
        Frame frame;

        bed.limits.body_usec = 50 * USEC_PER_MSEC;
        bed_start();
        fd = open_peer();
        say_head(fd, 1, "/t.S/Never", 0);
        say_frame(fd, DATA, 0, 1, "\0\0\0\377", 4);
        ck_assert_int_ge(sd_event_add_time_relative(bed.event, &timer, CLOCK_MONOTONIC,
                                                    USEC_PER_MSEC, 1, drip, &fd),
                         0);
        ck_assert(find_frame(fd, HEADERS, 1, &frame));
        sd_event_source_disable_unref(timer);
        ck_assert_int_eq(bed.last_code, RPC_DEADLINE_EXCEEDED);
        ck_assert_uint_eq(bed.n_kept, 0);
}
END_TEST

START_TEST(an_idle_connection_is_told_goodbye) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Frame frame;

        bed.limits.idle_usec = 50 * USEC_PER_MSEC;
        bed_start();
        fd = open_peer();
        expect_success(fd, 1);
        ck_assert(find_frame(fd, GOAWAY, 0, &frame));
        ck_assert_uint_eq(get_error(&frame), NO_ERROR);
        ck_assert(!hear_frame(fd, &frame));
        fd = fd_close(fd);
        bed_wait_connections(0);
}
END_TEST

START_TEST(a_watch_is_never_idle) {
        _cleanup_(fd_closep) int fd = -EBADF, other = -EBADF;
        Frame frame;

        bed.limits.idle_usec = bed.limits.body_usec = bed.limits.head_usec = 20 * USEC_PER_MSEC;
        bed_start();
        fd = open_peer();
        say_call(fd, 1, "/t.S/Watch");
        ck_assert(find_frame(fd, DATA, 1, &frame));
        /* time goes by for somebody else */
        other = open_peer();
        while (hear_frame(other, &frame))
                ;
        bed.n_state = 5;
        rpc_watchers_notify(&bed.watchers);
        ck_assert(find_frame(fd, DATA, 1, &frame));
        ck_assert(holds(&frame, "state 5"));
}
END_TEST

START_TEST(junk_ends_its_own_connection_only) {
        _cleanup_(fd_closep) int fd = -EBADF;
        unsigned char junk[4096];
        Frame frame;

        bed_start();
        fd = open_peer();
        memset(junk, 0xee, sizeof(junk));
        bed_say_bytes(fd, junk, sizeof(junk));
        while (hear_frame(fd, &frame))
                ;
        expect_others_are_served();
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("http2");
        TCase *t = tcase_create("peers"), *h = tcase_create("hostile peers");

        tcase_set_timeout(t, 60);
        tcase_set_timeout(h, 60);
        tcase_add_checked_fixture(t, bed_setup, bed_teardown);
        tcase_add_checked_fixture(h, bed_setup, bed_teardown);
        tcase_add_test(t, a_call_is_head_message_trailers);
        tcase_add_test(t, a_failure_without_a_message_is_one_frame);
        tcase_add_test(t, an_early_answer_stops_the_peer);
        tcase_add_test(t, a_message_may_come_in_single_bytes);
        tcase_add_test(t, a_cancelled_call_is_taken_from_its_handler);
        tcase_add_test(t, a_peer_that_leaves_cancels_its_calls);
        tcase_add_test(t, a_deadline_ends_the_call);
        tcase_add_test(t, a_watch_that_is_read_slowly_gets_the_newest);
        tcase_add_loop_test(t, a_large_answer_follows_the_window, 0, 2);
        tcase_add_test(t, a_server_that_stops_ends_its_watches_and_says_goodbye);
        tcase_add_test(t, a_peer_that_has_only_ended_its_sending_is_answered);
        tcase_add_test(t, a_role_that_is_missing_is_named);
        tcase_add_loop_test(h, a_head_that_is_too_large_is_refused_and_the_connection_goes_on, 0,
                            2);
        tcase_add_test(h, a_thousand_references_to_one_large_header_cost_nothing);
        tcase_add_test(h, continuation_without_end_ends_the_connection);
        tcase_add_test(h, rapid_reset_ends_the_connection);
        tcase_add_loop_test(h, frames_that_cost_nothing_are_counted, 0, ELEMENTSOF(floods));
        tcase_add_test(h, pings_between_calls_are_no_flood);
        tcase_add_test(h, more_streams_than_allowed_are_refused);
        tcase_add_test(h, a_message_that_is_too_long_is_refused_by_its_envelope);
        tcase_add_test(h, a_peer_that_never_reads_is_refused_and_then_closed);
        tcase_add_test(h, an_answer_without_a_window_has_a_deadline);
        tcase_add_loop_test(h, a_beginning_without_an_end_is_closed, 0, ELEMENTSOF(unfinished));
        tcase_add_test(h, a_body_that_drips_has_a_deadline);
        tcase_add_test(h, an_idle_connection_is_told_goodbye);
        tcase_add_test(h, a_watch_is_never_idle);
        tcase_add_test(h, junk_ends_its_own_connection_only);
        suite_add_tcase(s, t);
        suite_add_tcase(s, h);
        return s;
}
