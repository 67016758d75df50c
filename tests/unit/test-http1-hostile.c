/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peers of HTTP/1.1 that leave, stall and flood in every phase of a call, a server that stops in
 * the middle of it, and bodies that lie, over both HTTPs. What is asked each time: does it end,
 * is it told right, and is nothing left behind.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/h2-peer.h"
#include "lib/rpc-bed.h"
#include "lib/test-main.h"

/* A call of a method that streams, whose request is one empty message. */
static void say_stream(int fd, const char *method, const char *headers) {
        char text[512];
        const int n = snprintf(text, sizeof(text),
                               "POST /t.S/%s HTTP/1.1\r\nHost: s\r\nContent-Type: "
                               "application/connect+json\r\nContent-Length: 7\r\n%s\r\n",
                               method, headers);

        memcpy(text + n, "\0\0\0\0\2{}", 7);
        bed_say_bytes(fd, text, (size_t)n + 7);
}

static void say_post(int fd, const char *method, const char *type, const char *body) {
        char head[512];

        (void)snprintf(head, sizeof(head),
                       "POST /t.S/%s HTTP/1.1\r\nHost: s\r\nContent-Type: %s\r\nContent-Length: "
                       "%zu\r\n\r\n",
                       method, type, strlen(body));
        bed_say(fd, head);
        bed_say(fd, body);
}

static void expect_page(int fd) {
        char answer[1024] = "";

        bed_say(fd, "GET /healthz HTTP/1.1\r\nHost: s\r\n\r\n");
        ck_assert(bed_hear(fd, answer, sizeof(answer), "ok\n"));
}

static void expect_others_get_a_page(void) {
        _cleanup_(fd_closep) int other = bed_open();

        expect_page(other);
}

static void expect_nothing_is_left(void) {
        bed_wait_connections(0);
        ck_assert_uint_eq(bed.n_kept, 0);
        ck_assert_uint_eq(bed.watchers.n_watchers, 0);
}

static void note_drained(void *userdata) {
        ++*(unsigned *)userdata;
}

static void drain(unsigned *n_drained) {
        rpc_server_drain(bed.server, note_drained, n_drained);
        while (*n_drained == 0)
                bed_turn();
        ck_assert_int_ge(sd_event_run(bed.event, 0), 0);
        ck_assert_uint_eq(*n_drained, 1);
        expect_nothing_is_left();
}

START_TEST(a_peer_that_leaves_a_stream_leaves_nothing) {
        char answer[4096] = "";
        int fd;

        bed_start();
        fd = bed_open();
        say_stream(fd, "Watch", "");
        ck_assert(bed_hear(fd, answer, sizeof(answer), "state 0"));
        ck_assert_uint_eq(bed.watchers.n_watchers, 1);
        (void)fd_close(fd);
        expect_nothing_is_left();
        ck_assert_int_eq(bed.last_code, RPC_CANCELED);
}
END_TEST

/* The peer leaves, and the stream has something new, before the loop hears of either. */
START_TEST(a_peer_may_leave_while_it_is_told_something) {
        char answer[4096] = "";
        int fd;

        bed_start();
        fd = bed_open();
        say_stream(fd, "Watch", "");
        ck_assert(bed_hear(fd, answer, sizeof(answer), "state 0"));
        ++bed.n_state;
        rpc_watchers_notify(&bed.watchers);
        (void)fd_close(fd);
        expect_nothing_is_left();
}
END_TEST

START_TEST(a_peer_that_never_reads_a_flood_is_closed) {
        _cleanup_(fd_closep) int fd = -EBADF;

        bed.n_large = 1000000;
        bed.limits.answer_usec = 50 * USEC_PER_MSEC;
        bed_start();
        fd = bed_open();
        say_stream(fd, "Flood", "");
        while (bed.n_kept == 0)
                bed_turn();
        expect_nothing_is_left();
        expect_others_get_a_page();
}
END_TEST

START_TEST(a_server_that_stops_tells_its_streams) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[4096] = "";
        unsigned n_drained = 0;

        bed_start();
        fd = bed_open();
        say_stream(fd, "Watch", "");
        ck_assert(bed_hear(fd, answer, sizeof(answer), "state 0"));
        drain(&n_drained);
        ck_assert(!bed_hear(fd, answer, sizeof(answer), NULL));
        ck_assert_msg(strstr(answer, "\"code\":\"unavailable\"") != NULL, "%s", answer);
        ck_assert_msg(strstr(answer, "\r\n0\r\n\r\n") != NULL, "%s", answer);
}
END_TEST

/* Whatever state its connections are in, the server can be freed. */
static const char *const unfinished[] = {
        "",
        "P",
        "GET /healthz HTTP/1.1\r\nHost",
        "POST /t.S/M HTTP/1.1\r\nHost: s\r\nContent-Type: application/json\r\nContent-Length: "
        "50\r\n\r\n{",
        "POST /t.S/Never HTTP/1.1\r\nHost: s\r\nContent-Type: application/json\r\nContent-Length: "
        "2\r\n\r\n{}",
        "GET /healthz HTTP/1.1\r\nHost: s\r\n\r\n",
        PREFACE,
};

START_TEST(a_server_can_be_freed_in_the_middle_of_everything) {
        int fds[ELEMENTSOF(unfinished) + 2];
        char answer[4096] = "";
        size_t n = 0;

        bed.n_large = 1000000;
        bed_start();
        for (; n < ELEMENTSOF(unfinished); ++n) {
                fds[n] = bed_open();
                bed_say(fds[n], unfinished[n]);
        }
        fds[n] = bed_open();
        say_stream(fds[n++], "Flood", "");
        fds[n] = bed_open();
        say_stream(fds[n], "Watch", "");
        /* how far it comes differs with every round */
        if (_i == 10)
                ck_assert(bed_hear(fds[n], answer, sizeof(answer), "state 0"));
        else
                for (int i = 0; i < _i; ++i)
                        ck_assert_int_ge(sd_event_run(bed.event, 0), 0);
        bed.server = rpc_server_free(bed.server);
        ck_assert_uint_eq(bed.n_kept, 0);
        ck_assert_uint_eq(bed.watchers.n_watchers, 0);
        for (size_t i = 0; i <= n; ++i)
                (void)fd_close(fds[i]);
}
END_TEST

START_TEST(requests_behind_a_stream_wait_for_its_end) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[4096] = "";

        bed.n_few = 3;
        bed.n_large = 10;
        bed_start();
        fd = bed_open();
        say_stream(fd, "Few", "");
        say_post(fd, "M", "application/json", "{}");
        bed_say(fd, "GET /healthz HTTP/1.1\r\nHost: s\r\n\r\n");
        ck_assert(bed_hear(fd, answer, sizeof(answer), "ok\n"));
        ck_assert(strstr(answer, "\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n") != NULL);
        ck_assert(strstr(answer, "\r\n\r\n{}HTTP/1.1 200 OK\r\n") != NULL);
        expect_page(fd);
}
END_TEST

START_TEST(a_peer_may_end_its_sending_behind_the_request) {
        _cleanup_(fd_closep) int fd = -EBADF, stream = -EBADF;
        char answer[4096] = "", told[4096] = "";

        bed_start();
        fd = bed_open();
        say_post(fd, "M", "application/json", "{}");
        ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
        ck_assert(!bed_hear(fd, answer, sizeof(answer), NULL));
        ck_assert_msg(strncmp(answer, "HTTP/1.1 200 ", 13) == 0, "%s", answer);
        stream = bed_open();
        say_stream(stream, "Watch", "");
        ck_assert_int_eq(shutdown(stream, SHUT_WR), 0);
        ck_assert(bed_hear(stream, told, sizeof(told), "state 0"));
        bed.n_state = 1;
        rpc_watchers_notify(&bed.watchers);
        ck_assert(bed_hear(stream, told, sizeof(told), "state 1"));
        stream = fd_close(stream);
        expect_nothing_is_left();
}
END_TEST

START_TEST(a_peer_may_send_many_messages_and_then_listen) {
        static const char message[] = "\0\0\0\0\7{\"id\":7";
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[8192] = "", body[64 * 13];
        size_t n = 0;

        bed_start();
        fd = bed_open();
        for (unsigned i = 0; i < 64; ++i, n += 13) {
                memcpy(body + n, message, 12);
                body[n + 4] = 8;
                body[n + 12] = '}';
        }
        bed_say(fd, "POST /t.S/Echo HTTP/1.1\r\nHost: s\r\nContent-Type: "
                    "application/connect+json\r\nTransfer-Encoding: chunked\r\n\r\n340\r\n");
        bed_say_bytes(fd, body, n);
        bed_say(fd, "\r\n0\r\n\r\n");
        ck_assert(bed_hear(fd, answer, sizeof(answer), "\002000\002{}"));
        ck_assert(strstr(answer, "id 7") != NULL);
        ck_assert_int_eq(bed.last_code, RPC_OK);
        expect_page(fd);
}
END_TEST

START_TEST(a_stream_may_end_when_its_last_message_is_taken) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[4096] = "";

        bed.n_few = 2;
        bed.n_large = 10;
        bed.fails = _i;
        bed_start();
        fd = bed_open();
        say_stream(fd, "Few", "");
        ck_assert(bed_hear(fd, answer, sizeof(answer), "\r\n0\r\n\r\n"));
        ck_assert_int_eq(bed.last_code, _i ? RPC_ABORTED : RPC_OK);
        ck_assert(!_i || strstr(answer, "\"code\":\"aborted\""));
        expect_page(fd);
}
END_TEST

START_TEST(a_deadline_ends_a_stream) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[4096] = "";

        bed_start();
        fd = bed_open();
        say_stream(fd, "Watch", "Connect-Timeout-Ms: 20\r\n");
        ck_assert(bed_hear(fd, answer, sizeof(answer), "\r\n0\r\n\r\n"));
        ck_assert(strstr(answer, "\"code\":\"deadline_exceeded\"") != NULL);
        expect_page(fd);
}
END_TEST

/* The deadline passes while the answer lies in the kernel's buffers and ours. */
START_TEST(a_deadline_may_pass_while_the_answer_is_sent) {
        _cleanup_(fd_closep) int fd = -EBADF;
        static char answer[16 * 1024 * 1024];

        answer[0] = '\0';
        bed.n_large = 1000000;
        bed_start();
        fd = bed_open();
        say_stream(fd, "Flood", "Connect-Timeout-Ms: 20\r\n");
        while (bed.n_observed == 0)
                bed_turn();
        ck_assert_int_eq(bed.last_code, RPC_DEADLINE_EXCEEDED);
        ck_assert(bed_hear(fd, answer, sizeof(answer), "\r\n0\r\n\r\n"));
        ck_assert(strstr(answer, "\"code\":\"deadline_exceeded\"") != NULL);
        expect_page(fd);
}
END_TEST

/* Bodies of JSON, by every road that JSON comes on */

static const struct {
        const char *body;
        const char *why; /* a part of it */
        RpcCode code;
        unsigned depth; /* levels of nesting in place of the body */
} bodies[] = {
        { .depth = 10000, .why = "nested", .code = RPC_RESOURCE_EXHAUSTED },
        { "{\"reason\": \"\xff\"}", "UTF-8", RPC_INVALID_ARGUMENT, 0 },
        { "{\"reason\": \"\\ud800\"}", "surrogate", RPC_INVALID_ARGUMENT, 0 },
        { "{\"id\": 1, \"id\": 2}", "twice", RPC_INVALID_ARGUMENT, 0 },
        { "{\"capacityBytes\": \"18446744073709551617\"}", "capacityBytes", RPC_INVALID_ARGUMENT,
          0 },
        { "{\"id\": -1}", "'id'", RPC_INVALID_ARGUMENT, 0 },
};

static const char *make_body(size_t index, char *text, size_t size) {
        size_t n = 0;

        if (!bodies[index].depth)
                return bodies[index].body;
        n = (size_t)snprintf(text, size, "{\"unknown\":");
        ck_assert_uint_lt(n + bodies[index].depth, size);
        memset(text + n, '[', bodies[index].depth);
        text[n + bodies[index].depth] = '\0';
        return text;
}

START_TEST(a_body_that_lies_is_refused_over_http1) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[4096] = "", text[16 * 1024];

        bed_start();
        fd = bed_open();
        say_post(fd, "Get", "application/json", make_body((size_t)_i, text, sizeof(text)));
        ck_assert(bed_hear(fd, answer, sizeof(answer), "\"}"));
        ck_assert_msg(strstr(answer, bodies[_i].why) != NULL, "%s", answer);
        ck_assert_int_eq(bed.last_code, bodies[_i].code);
        expect_page(fd);
}
END_TEST

START_TEST(a_body_that_lies_is_refused_over_http2) {
        static const char *const types[] = { "application/json", "application/grpc+json" };
        char text[16 * 1024], body[16 * 1024 + 5] = {};
        const char *json = make_body((size_t)_i, text, sizeof(text));
        const size_t n = strlen(json);
        _cleanup_(fd_closep) int fd = -EBADF;
        unsigned char block[1024];
        Frame frame;

        body[3] = (char)(n >> 8);
        body[4] = (char)n;
        memcpy(body + 5, json, n);
        bed_start();
        fd = open_peer();
        for (unsigned i = 0; i < ELEMENTSOF(types); ++i) {
                bed.last_code = RPC_OK;
                say_frame(fd, HEADERS, END_HEADERS, 1 + 2 * i, block,
                          make_head(block, "/t.S/Get", types[i]));
                say_frame(fd, DATA, END_STREAM, 1 + 2 * i, i ? body : body + 5, i ? n + 5 : n);
                ck_assert(find_frame(fd, HEADERS, 1 + 2 * i, &frame));
                ck_assert_int_eq(bed.last_code, bodies[_i].code);
        }
        expect_success(fd, 5);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("http1-hostile");
        TCase *h1 = tcase_create("http1");

        tcase_set_timeout(h1, 30);
        tcase_add_checked_fixture(h1, bed_setup, bed_teardown);
        tcase_add_test(h1, a_peer_that_leaves_a_stream_leaves_nothing);
        tcase_add_test(h1, a_peer_may_leave_while_it_is_told_something);
        tcase_add_test(h1, a_peer_that_never_reads_a_flood_is_closed);
        tcase_add_test(h1, a_server_that_stops_tells_its_streams);
        tcase_add_loop_test(h1, a_server_can_be_freed_in_the_middle_of_everything, 0, 11);
        tcase_add_test(h1, requests_behind_a_stream_wait_for_its_end);
        tcase_add_test(h1, a_peer_may_end_its_sending_behind_the_request);
        tcase_add_test(h1, a_peer_may_send_many_messages_and_then_listen);
        tcase_add_loop_test(h1, a_stream_may_end_when_its_last_message_is_taken, 0, 2);
        tcase_add_test(h1, a_deadline_ends_a_stream);
        tcase_add_test(h1, a_deadline_may_pass_while_the_answer_is_sent);
        tcase_add_loop_test(h1, a_body_that_lies_is_refused_over_http1, 0, ELEMENTSOF(bodies));
        tcase_add_loop_test(h1, a_body_that_lies_is_refused_over_http2, 0, ELEMENTSOF(bodies));
        suite_add_tcase(s, h1);
        return s;
}
