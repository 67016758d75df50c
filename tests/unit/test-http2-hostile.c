/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 in a real event loop, frame by frame: what peers cost that are out for harm, or broken.
 * Their connection ends, or goes on within its bounds, and others are served.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/h2-peer.h"
#include "lib/rpc-bed.h"
#include "lib/test-main.h"

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

/* The kernel's buffers and one gathered piece, and no more, are filled for somebody who never
 * reads; what they ask beyond their share is refused. */
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
        bed.limits.answer_usec = 300 * USEC_PER_MSEC;
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

/* A stream is never late, but a refusal of one does not wait for its end for ever. */
START_TEST(a_refused_stream_without_an_end_is_answered) {
        _cleanup_(fd_closep) int fd = -EBADF;
        unsigned char block[1024];
        Frame frame;

        bed.limits.body_usec = 20 * USEC_PER_MSEC;
        bed_start();
        fd = open_peer();
        say_frame(fd, HEADERS, END_HEADERS, 1, block, make_head(block, "/t.S/Echo", "text/plain"));
        ck_assert(find_frame(fd, HEADERS, 1, &frame));
        ck_assert(find_frame(fd, DATA, 1, &frame));
        ck_assert(holds(&frame, "this method streams"));
        expect_success(fd, 3);
}
END_TEST

/* All windows are open, nothing is read: what is written blocks, in the middle of a stream. */
START_TEST(a_stream_that_nobody_reads_ends_its_connection) {
        _cleanup_(fd_closep) int fd = -EBADF;
        const unsigned char windows[] = { 0, 4, 127, 255, 255, 255 }, window[] = { 127, 255, 0, 0 };

        bed.n_large = 1000000;
        bed.limits.answer_usec = 50 * USEC_PER_MSEC;
        bed_start();
        fd = bed_open();
        bed_say(fd, PREFACE);
        say_frame(fd, SETTINGS, 0, 0, windows, sizeof(windows));
        say_frame(fd, WINDOW_UPDATE, 0, 0, window, sizeof(window));
        say_call(fd, 1, "/t.S/Flood");
        while (bed.n_ended == 0)
                bed_turn();
        bed_wait_connections(0);
        ck_assert_uint_eq(bed.n_kept, 0);
        expect_others_are_served();
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

        bed.limits.idle_usec = 300 * USEC_PER_MSEC;
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

        bed.limits.idle_usec = bed.limits.body_usec = bed.limits.head_usec = 300 * USEC_PER_MSEC;
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

/* Accepting pauses, those who are there are served, and who waits is served later. */
START_TEST(without_descriptors_others_wait_and_calls_go_on) {
        _cleanup_(fd_closep) int first = -EBADF, second = -EBADF;
        struct rlimit normal, tight;

        bed_start();
        first = open_peer();
        expect_success(first, 1);
        second = bed_open();
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &normal), 0);
        tight = normal;
        tight.rlim_cur = (rlim_t)second + 1;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
        expect_success(first, 3);
        ck_assert_int_ge(sd_event_run(bed.event, 0), 0);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &normal), 0);
        bed_say(second, PREFACE);
        say_frame(second, SETTINGS, 0, 0, NULL, 0);
        expect_success(second, 1);
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
        Suite *s = suite_create("http2-hostile");
        TCase *h = tcase_create("hostile peers");

        tcase_set_timeout(h, 60);
        tcase_add_checked_fixture(h, bed_setup, bed_teardown);
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
        tcase_add_test(h, a_refused_stream_without_an_end_is_answered);
        tcase_add_test(h, a_stream_that_nobody_reads_ends_its_connection);
        tcase_add_test(h, a_body_that_drips_has_a_deadline);
        tcase_add_test(h, an_idle_connection_is_told_goodbye);
        tcase_add_test(h, a_watch_is_never_idle);
        tcase_add_test(h, without_descriptors_others_wait_and_calls_go_on);
        tcase_add_test(h, junk_ends_its_own_connection_only);
        suite_add_tcase(s, h);
        return s;
}
