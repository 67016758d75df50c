/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 in a real event loop, frame by frame: what well-behaved peers get. What the others cost is
 * in test-http2-hostile.c.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/h2-peer.h"
#include "lib/rpc-bed.h"
#include "lib/test-main.h"

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

Suite *suite(void) {
        Suite *s = suite_create("http2");
        TCase *t = tcase_create("peers");

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, bed_setup, bed_teardown);
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
        suite_add_tcase(s, t);
        return s;
}
