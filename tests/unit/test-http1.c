/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 in a real event loop: socket pairs with raw bytes on the other end, and deadlines
 * so short that their event comes at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-event.h>

#include "lib/folder.h"
#include "lib/test-main.h"
#include "rpc/http1.h"
#include "rpc/server.h"
#include "slug/v1/node.pb-c.h"

#define CLIENTS_MAX 300u

static sd_event *event;
static Http1 *http1;
static Http1Deadlines deadlines;

static void handle(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        static Slug__V1__GetTopologyResponse response = SLUG__V1__GET_TOPOLOGY_RESPONSE__INIT;

        (void)request;
        if (userdata)
                rpc_call_fail(call, RPC_FAILED_PRECONDITION, "not \"%d\"", 1);
        else
                rpc_call_finish(call, &response.base);
}

static const RpcMethod methods[] = {
        { .path = "/t.S/M",
          .input = &slug__v1__numa_node__descriptor,
          .output = &slug__v1__get_topology_response__descriptor,
          .handler = handle,
          .max_request_bytes = 100 },
};
static RpcTable table = { .methods = methods, .n_methods = 1 };

static void setup(void) {
        ck_assert_int_eq(sd_event_new(&event), 0);
        deadlines = HTTP1_DEADLINES_DEFAULT;
        table.userdata = NULL;
        http1 = NULL;
}

static void teardown(void) {
        http1 = http1_free(http1);
        event = sd_event_unref(event);
}

static void start(void) {
        ck_assert_int_eq(http1_new(event, &table, &deadlines, &http1), 0);
}

static int add_client(void) {
        int fds[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
                         0);
        ck_assert_int_eq(http1_add(http1, fds[0]), 0);
        return fds[1];
}

static void say(int fd, const char *text) {
        ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Turns the loop until the answer holds @part, or the peer has closed. False: closed. */
static bool hear(int fd, char *answer, size_t size, const char *part) {
        size_t n = strlen(answer);

        for (;;) {
                ssize_t n_read = recv(fd, answer + n, size - 1 - n, 0);

                if (n_read > 0) {
                        n += (size_t)n_read;
                        answer[n] = '\0';
                }
                if (part && strstr(answer, part))
                        return true;
                if (n_read == 0 || (n_read < 0 && errno != EAGAIN))
                        return false;
                if (n_read < 0)
                        ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_SEC), 0);
        }
}

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
          "415", "Accept-Post: application/json" },
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
        { "GET /t.S/M HTTP/1.1\r\nHost: s\r\n\r\n", "405", "Allow: POST" },
};

START_TEST(every_request_has_its_answer) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[8192] = "", status[32];

        start();
        fd = add_client();
        say(fd, rows[_i].request);
        (void)snprintf(status, sizeof(status), "HTTP/1.1 %s ", rows[_i].status);
        ck_assert_msg(hear(fd, answer, sizeof(answer), rows[_i].part), "%.40s: %s",
                      rows[_i].request, answer);
        ck_assert_msg(strncmp(answer, status, strlen(status)) == 0, "%.40s: %.40s",
                      rows[_i].request, answer);
}
END_TEST

START_TEST(a_handler_that_fails_names_its_code) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[8192] = "";

        table.userdata = &table;
        start();
        fd = add_client();
        say(fd, rows[1].request);
        ck_assert(hear(fd, answer, sizeof(answer), "\"message\":\"not \\\"1\\\"\""));
        ck_assert(strstr(answer, "\"code\":\"failed_precondition\"") != NULL);
        ck_assert(strncmp(answer, "HTTP/1.1 400 ", 13) == 0);
}
END_TEST

START_TEST(requests_on_one_connection_are_answered_in_order) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[8192] = "";

        start();
        fd = add_client();
        say(fd, rows[0].request);
        say(fd, rows[1].request);
        ck_assert(hear(fd, answer, sizeof(answer), "\r\n\r\n{}"));
        ck_assert(strstr(answer, "ok\n") != NULL);
        ck_assert_uint_eq(http1_count_connections(http1), 1);
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

        deadlines.usec[HTTP1_HEAD] = deadlines.usec[HTTP1_BODY] = deadlines.usec[HTTP1_IDLE] =
                20 * USEC_PER_MSEC;
        start();
        fd = add_client();
        say(fd, junk[_i]);
        ck_assert(!hear(fd, answer, sizeof(answer), NULL));
        answer[0] = '\0';
        other = add_client();
        say(other, rows[0].request);
        ck_assert(hear(other, answer, sizeof(answer), "ok\n"));
}
END_TEST

/* How far a peer comes before it says no more, and in which phase its time runs out. */
static const struct {
        Http1Phase phase;
        const char *text;
} slow[] = {
        { HTTP1_HEAD, "" },
        { HTTP1_HEAD, "P" },
        { HTTP1_HEAD, "POST /t.S/M HTTP/1.1\r\nHost:" },
        { HTTP1_BODY, "POST /t.S/M HTTP/1.1\r\nHost: s\r\nContent-Type: "
                      "application/json\r\nContent-Length: 50\r\n\r\n{" },
        { HTTP1_IDLE, "GET /healthz HTTP/1.1\r\nHost: s\r\n\r\n" },
};

START_TEST(every_phase_has_an_end) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char answer[8192] = "";

        deadlines.usec[slow[_i].phase] = 20 * USEC_PER_MSEC;
        start();
        fd = add_client();
        say(fd, slow[_i].text);
        ck_assert(!hear(fd, answer, sizeof(answer), NULL));
        while (http1_count_connections(http1) > 0)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_SEC), 0);
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

        deadlines.usec[HTTP1_HEAD] = 50 * USEC_PER_MSEC;
        start();
        fd = add_client();
        say(fd, "GET /");
        ck_assert_int_ge(sd_event_add_time_relative(event, &timer, CLOCK_MONOTONIC, USEC_PER_MSEC,
                                                    1, drip, &fd),
                         0);
        ck_assert(!hear(fd, answer, sizeof(answer), NULL));
        sd_event_source_disable_unref(timer);
}
END_TEST

START_TEST(a_peer_that_leaves_halfway_leaves_nothing) {
        start();
        for (size_t i = 0; i < ELEMENTSOF(slow); ++i) {
                int fd = add_client();

                say(fd, slow[i].text);
                ck_assert_int_ge(sd_event_run(event, 0), 0);
                (void)fd_close(fd);
        }
        while (http1_count_connections(http1) > 0)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_SEC), 0);
}
END_TEST

static RpcServer *server;
static Folder folder;
static char path[100];

static int open_client(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
                ck_assert_int_eq(errno, EAGAIN); /* the queue is full: let it be worked off */
                ck_assert_int_ge(sd_event_run(event, USEC_PER_SEC), 0);
        }
        return fd;
}

static void setup_server(void) {
        Diag diag = {};

        setup();
        folder = folder_new();
        (void)snprintf(path, sizeof(path), "%s/s", folder.path);
        ck_assert_int_eq(rpc_server_new(event, &table, &server), 0);
        ck_assert_msg(rpc_server_listen(server, path, &diag) == 0, "%s", diag.text);
}

static void teardown_server(void) {
        server = rpc_server_free(server);
        folder_remove(&folder);
        teardown();
}

START_TEST(a_connection_above_the_cap_is_closed_and_the_others_are_served) {
        static int clients[CLIENTS_MAX];
        char answer[8192] = "";

        for (size_t i = 0; i < CLIENTS_MAX; ++i)
                clients[i] = open_client();
        ck_assert(!hear(clients[CLIENTS_MAX - 1], answer, sizeof(answer), NULL));
        say(clients[0], rows[0].request);
        ck_assert(hear(clients[0], answer, sizeof(answer), "ok\n"));
        for (size_t i = 0; i < CLIENTS_MAX; ++i)
                (void)fd_close(clients[i]);
}
END_TEST

START_TEST(without_descriptors_connections_wait_and_the_others_are_served) {
        _cleanup_(fd_closep) int first = -EBADF, second = -EBADF;
        struct rlimit normal, tight;
        char answer[8192] = "";

        first = open_client();
        say(first, rows[0].request);
        ck_assert(hear(first, answer, sizeof(answer), "ok\n"));
        second = open_client();
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &normal), 0);
        tight = normal;
        tight.rlim_cur = (rlim_t)fcntl(second, F_GETFD) >= 0 ? (rlim_t)second + 1 : 0;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
        answer[0] = '\0';
        say(first, rows[1].request);
        ck_assert(hear(first, answer, sizeof(answer), "\r\n\r\n{}"));
        ck_assert_int_ge(sd_event_run(event, 0), 0);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &normal), 0);
        answer[0] = '\0';
        say(second, rows[0].request);
        ck_assert(hear(second, answer, sizeof(answer), "ok\n"));
}
END_TEST

START_TEST(a_path_that_is_served_is_refused_to_the_next) {
        RpcServer *other;
        Diag diag = {};

        ck_assert_int_eq(rpc_server_new(event, &table, &other), 0);
        ck_assert_int_eq(rpc_server_listen(other, path, &diag), RPC_SERVER_E_REFUSED);
        other = rpc_server_free(other);
        ck_assert_int_eq(access(path, F_OK), 0);
        server = rpc_server_free(server);
        ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("http1");
        TCase *t = tcase_create("connection"), *u = tcase_create("server");

        tcase_set_timeout(t, 30);
        tcase_set_timeout(u, 30);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_checked_fixture(u, setup_server, teardown_server);
        tcase_add_loop_test(t, every_request_has_its_answer, 0, ELEMENTSOF(rows));
        tcase_add_test(t, a_handler_that_fails_names_its_code);
        tcase_add_test(t, requests_on_one_connection_are_answered_in_order);
        tcase_add_loop_test(t, junk_ends_its_own_connection_only, 0, ELEMENTSOF(junk));
        tcase_add_loop_test(t, every_phase_has_an_end, 0, ELEMENTSOF(slow));
        tcase_add_test(t, a_byte_now_and_then_does_not_move_the_deadline);
        tcase_add_test(t, a_peer_that_leaves_halfway_leaves_nothing);
        tcase_add_test(u, a_connection_above_the_cap_is_closed_and_the_others_are_served);
        tcase_add_test(u, without_descriptors_connections_wait_and_the_others_are_served);
        tcase_add_test(u, a_path_that_is_served_is_refused_to_the_next);
        suite_add_tcase(s, t);
        suite_add_tcase(s, u);
        return s;
}
