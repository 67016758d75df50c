/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 in a real event loop: raw bytes on the other end, and deadlines so short that their
 * event comes at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "lib/rpc-bed.h"
#include "lib/test-main.h"

#define CLIENTS_MAX 1100u

static const struct {
        const char *request;
        const char *status;
        const char *part;
} rows[] = {
        { "GET /healthz HTTP/1.1\r\nHost: s\r\n\r\n", "200", "\r\n\r\nok\n" },
        { "POST /t.S/M HTTP/1.1\r\nHost: s\r\nContent-Type: application/json\r\nContent-Length: "
          "2\r\n\r\n{}",
          "200", "\r\n\r\n{}" },
        { "POST /t.S/M HTTP/1.1\r\nHost: s\r\nContent-Type: application/json; "
          "charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
          "200", "\r\n\r\n{}" },
        { "POST /t.S/M HTTP/1.1\r\nHost: s\r\nContent-Type: application/json\r\nContent-Length: "
          "18\r\n\r\n{\"id\": 1, \"id\": 2}",
          "400", "\"code\":\"invalid_argument\"" },
        { "POST /t.S/M HTTP/1.1\r\nHost: s\r\nContent-Type: application/json\r\nContent-Length: "
          "101\r\n\r\n"
          "{                                                                                       "
          " "
          "           }",
          "429", "\"code\":\"resource_exhausted\"" },
        { "POST /t.S/M HTTP/1.1\r\nHost: s\r\nContent-Type: text/plain\r\nContent-Length: "
          "2\r\n\r\n{}",
          "415", "accept-post: application/json" },
        { "POST /t.S/M HTTP/1.1\r\nHost: s\r\nContent-Type: application/json\r\nContent-Encoding: "
          "gzip\r\nContent-Length: 2\r\n\r\n{}",
          "501", "\"code\":\"unimplemented\"" },
        { "POST /t.S/M HTTP/1.1\r\nHost: s\r\nContent-Type: application/json\r\nConnect-Protocol-"
          "Version: 2\r\nContent-Length: 2\r\n\r\n{}",
          "400", "\"code\":\"invalid_argument\"" },
        { "POST /t.S/M HTTP/1.1\r\nHost: s\r\nContent-Type: application/json\r\nConnect-Timeout-"
          "Ms: 12345678901\r\nContent-Length: 2\r\n\r\n{}",
          "400", "\"code\":\"invalid_argument\"" },
        { "POST /t.S/N HTTP/1.1\r\nHost: s\r\nContent-Type: application/json\r\nContent-Length: "
          "2\r\n\r\n{}",
          "404", "\"code\":\"unimplemented\"" },
        { "GET /t.S/M HTTP/1.1\r\nHost: s\r\n\r\n", "405", "allow: POST" },
};

START_TEST(every_request_has_its_answer) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[8192] = "", status[32];

        bed_start();
        fd = bed_open();
        bed_say(fd, rows[_i].request);
        (void)snprintf(status, sizeof(status), "HTTP/1.1 %s ", rows[_i].status);
        ck_assert_msg(bed_hear(fd, answer, sizeof(answer), rows[_i].part), "%.40s: %s",
                      rows[_i].request, answer);
        ck_assert_msg(strncmp(answer, status, strlen(status)) == 0, "%.40s: %.40s",
                      rows[_i].request, answer);
}
END_TEST

START_TEST(a_handler_that_fails_names_its_code) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[8192] = "";

        bed.fails = true;
        bed_start();
        fd = bed_open();
        bed_say(fd, rows[1].request);
        ck_assert(bed_hear(fd, answer, sizeof(answer), "\"message\":\"not \\\"1\\\"\""));
        ck_assert(strstr(answer, "\"code\":\"failed_precondition\"") != NULL);
        ck_assert(strncmp(answer, "HTTP/1.1 400 ", 13) == 0);
}
END_TEST

START_TEST(requests_on_one_connection_are_answered_in_order) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[8192] = "";

        bed_start();
        fd = bed_open();
        bed_say(fd, rows[0].request);
        bed_say(fd, rows[1].request);
        ck_assert(bed_hear(fd, answer, sizeof(answer), "\r\n\r\n{}"));
        ck_assert(strstr(answer, "ok\n") != NULL);
        ck_assert_uint_eq(rpc_server_count_connections(bed.server), 1);
}
END_TEST

/* Bytes that are no HTTP/1.1: the connection ends, and others are served. */
static const char *const junk[] = {
        "\x01\x02\x03\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "POST /t.S/M HTTP/1.1\r\nHost: s\r\nContent-Length: x\r\n\r\n",
        "GET /healthz\r\n\r\n",
};

START_TEST(junk_ends_its_own_connection_only) {
        _cleanup_(fd_closep) int fd = -EBADF, other = -EBADF;
        char answer[8192] = "";

        bed.limits.head_usec = bed.limits.body_usec = bed.limits.idle_usec = 20 * USEC_PER_MSEC;
        bed_start();
        fd = bed_open();
        bed_say(fd, junk[_i]);
        ck_assert(!bed_hear(fd, answer, sizeof(answer), NULL));
        answer[0] = '\0';
        other = bed_open();
        bed_say(other, rows[0].request);
        ck_assert(bed_hear(other, answer, sizeof(answer), "ok\n"));
}
END_TEST

/* How far a peer comes before it says no more, and in which phase its time runs out. */
static const struct {
        size_t limit; /* where it stands in RpcLimits */
        const char *text;
} slow[] = {
        { offsetof(RpcLimits, head_usec), "" },
        { offsetof(RpcLimits, head_usec), "P" },
        { offsetof(RpcLimits, head_usec), "POST /t.S/M HTTP/1.1\r\nHost:" },
        { offsetof(RpcLimits, body_usec), "POST /t.S/M HTTP/1.1\r\nHost: s\r\nContent-Type: "
                                          "application/json\r\nContent-Length: 50\r\n\r\n{" },
        { offsetof(RpcLimits, idle_usec), "GET /healthz HTTP/1.1\r\nHost: s\r\n\r\n" },
};

START_TEST(every_phase_has_an_end) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[8192] = "";

        *(uint64_t *)((char *)&bed.limits + slow[_i].limit) = 20 * USEC_PER_MSEC;
        bed_start();
        fd = bed_open();
        bed_say(fd, slow[_i].text);
        ck_assert(!bed_hear(fd, answer, sizeof(answer), NULL));
        bed_wait_connections(0);
}
END_TEST

static int drip(sd_event_source *source, uint64_t usec, void *userdata) {
        (void)usec;
        /* the peer may have closed by now: that is what is waited for */
        (void)!send(*(int *)userdata, "a", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sd_event_source_set_time_relative(source, USEC_PER_MSEC) < 0)
                return -EIO;
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

START_TEST(a_byte_now_and_then_does_not_move_the_deadline) {
        _cleanup_(fd_closep) int fd = -EBADF;
        sd_event_source *timer = NULL;
        char answer[8192] = "";

        bed.limits.head_usec = 50 * USEC_PER_MSEC;
        bed_start();
        fd = bed_open();
        bed_say(fd, "GET /");
        ck_assert_int_ge(sd_event_add_time_relative(bed.event, &timer, CLOCK_MONOTONIC,
                                                    USEC_PER_MSEC, 1, drip, &fd),
                         0);
        ck_assert(!bed_hear(fd, answer, sizeof(answer), NULL));
        sd_event_source_disable_unref(timer);
}
END_TEST

START_TEST(a_peer_that_leaves_halfway_leaves_nothing) {
        bed_start();
        for (size_t i = 0; i < ELEMENTSOF(slow); ++i) {
                int fd = bed_open();

                bed_say(fd, slow[i].text);
                ck_assert_int_ge(sd_event_run(bed.event, 0), 0);
                (void)fd_close(fd);
        }
        bed_wait_connections(0);
}
END_TEST

START_TEST(a_connection_above_the_cap_is_closed_and_the_others_are_served) {
        static int clients[CLIENTS_MAX];
        char answer[8192] = "";

        bed_start();
        for (size_t i = 0; i < CLIENTS_MAX; ++i)
                clients[i] = bed_open();
        ck_assert(!bed_hear(clients[CLIENTS_MAX - 1], answer, sizeof(answer), NULL));
        bed_say(clients[0], rows[0].request);
        ck_assert(bed_hear(clients[0], answer, sizeof(answer), "ok\n"));
        for (size_t i = 0; i < CLIENTS_MAX; ++i)
                (void)fd_close(clients[i]);
}
END_TEST

START_TEST(without_descriptors_connections_wait_and_the_others_are_served) {
        _cleanup_(fd_closep) int first = -EBADF, second = -EBADF;
        struct rlimit normal, tight;
        char answer[8192] = "";

        bed_start();
        first = bed_open();
        bed_say(first, rows[0].request);
        ck_assert(bed_hear(first, answer, sizeof(answer), "ok\n"));
        second = bed_open();
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &normal), 0);
        tight = normal;
        tight.rlim_cur = (rlim_t)fcntl(second, F_GETFD) >= 0 ? (rlim_t)second + 1 : 0;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
        answer[0] = '\0';
        bed_say(first, rows[1].request);
        ck_assert(bed_hear(first, answer, sizeof(answer), "\r\n\r\n{}"));
        ck_assert_int_ge(sd_event_run(bed.event, 0), 0);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &normal), 0);
        answer[0] = '\0';
        bed_say(second, rows[0].request);
        ck_assert(bed_hear(second, answer, sizeof(answer), "ok\n"));
}
END_TEST

START_TEST(a_path_that_is_served_is_refused_to_the_next) {
        static const RpcTable table;
        RpcServer *other;
        Diag diag = {};

        bed_start();
        ck_assert_int_eq(
                rpc_server_new(&(const RpcServerParams){ .event = bed.event, .table = &table },
                               &other),
                0);
        ck_assert_int_eq(rpc_server_listen(other, bed.path, &diag), RPC_SERVER_E_REFUSED);
        other = rpc_server_free(other);
        ck_assert_int_eq(access(bed.path, F_OK), 0);
        bed.server = rpc_server_free(bed.server);
        ck_assert_int_ne(access(bed.path, F_OK), 0);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("http1");
        TCase *t = tcase_create("connection");

        tcase_set_timeout(t, 30);
        tcase_add_checked_fixture(t, bed_setup, bed_teardown);
        tcase_add_loop_test(t, every_request_has_its_answer, 0, ELEMENTSOF(rows));
        tcase_add_test(t, a_handler_that_fails_names_its_code);
        tcase_add_test(t, requests_on_one_connection_are_answered_in_order);
        tcase_add_loop_test(t, junk_ends_its_own_connection_only, 0, ELEMENTSOF(junk));
        tcase_add_loop_test(t, every_phase_has_an_end, 0, ELEMENTSOF(slow));
        tcase_add_test(t, a_byte_now_and_then_does_not_move_the_deadline);
        tcase_add_test(t, a_peer_that_leaves_halfway_leaves_nothing);
        tcase_add_test(t, a_connection_above_the_cap_is_closed_and_the_others_are_served);
        tcase_add_test(t, without_descriptors_connections_wait_and_the_others_are_served);
        tcase_add_test(t, a_path_that_is_served_is_refused_to_the_next);
        suite_add_tcase(s, t);
        return s;
}
