/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client against our own server, both in one loop; and against servers made of bytes, which do
 * what ours never does.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/rpc-bed.h"
#include "lib/test-main.h"
#include "rpc/client.h"
#include "slug/v1/node.pb-c.h"
#include "slug/v1/topology.pb-c.h"

/* What was told of one call. */
typedef struct Told {
        unsigned n_messages, n_ended;
        char text[64]; /* of the last message */
        size_t n_text;
        RpcCode code;
        char message[200];
        RpcClientCall *call;
        unsigned cancels_after; /* messages; 0: never */
} Told;

static RpcClient *client;

static void on_message(const ProtobufCMessage *response, void *userdata) {
        const Slug__V1__GetVersionResponse *version =
                (const Slug__V1__GetVersionResponse *)response;
        Told *told = userdata;

        ++told->n_messages;
        told->n_text = strlen(version->version);
        (void)snprintf(told->text, sizeof(told->text), "%.60s", version->version);
        if (told->n_messages == told->cancels_after)
                rpc_client_cancel(told->call);
}

static void on_ended(const RpcResult *result, void *userdata) {
        Told *told = userdata;

        ++told->n_ended;
        told->code = result->code;
        (void)snprintf(told->message, sizeof(told->message), "%s", result->message);
}

static RpcClientCallParams make_params(const char *path, Told *told) {
        static const Slug__V1__NumaNode request = SLUG__V1__NUMA_NODE__INIT;

        return (RpcClientCallParams){ .path = path,
                                      .request = &request.base,
                                      .output = &slug__v1__get_version_response__descriptor,
                                      .message = on_message,
                                      .ended = on_ended,
                                      .userdata = told };
}

static void call(const char *path, Told *told) {
        const RpcClientCallParams params = make_params(path, told);

        ck_assert_int_eq(rpc_client_call(client, &params, &told->call), 0);
}

static void watch(const char *path, Told *told) {
        RpcClientCallParams params = make_params(path, told);

        params.gives_stream = true;
        params.waits_for_server = true;
        ck_assert_int_eq(rpc_client_call(client, &params, &told->call), 0);
}

static void wait_ended(const Told *told) {
        while (told->n_ended == 0)
                bed_turn();
        ck_assert_uint_eq(told->n_ended, 1);
}

static void make_client(void) {
        ck_assert_int_eq(rpc_client_new(&(const RpcClientParams){ .event = bed.event,
                                                                  .path = bed.path,
                                                                  .min_back_off_usec = 1000,
                                                                  .max_back_off_usec = 4000 },
                                        &client),
                         0);
}

static void setup(void) {
        bed_setup();
        make_client();
}

static void teardown(void) {
        client = rpc_client_free(client);
        bed_teardown();
}

START_TEST(a_call_has_its_answer) {
        Told told = {};

        bed_start();
        call("/t.S/Large", &told);
        ck_assert_uint_eq(told.n_ended, 0); /* never from within */
        wait_ended(&told);
        ck_assert_int_eq(told.code, RPC_OK);
        ck_assert_uint_eq(told.n_messages, 1);
        ck_assert_uint_eq(told.n_text, bed.n_large);
}
END_TEST

START_TEST(a_failure_has_its_code_and_message) {
        Told told = {};

        bed.fails = true;
        bed_start();
        call("/t.S/M", &told);
        wait_ended(&told);
        ck_assert_int_eq(told.code, RPC_FAILED_PRECONDITION);
        ck_assert_str_eq(told.message, "not \"1\"");
        ck_assert_uint_eq(told.n_messages, 0);
}
END_TEST

START_TEST(many_calls_share_one_connection) {
        static Told told[500];

        memset(told, 0, sizeof(told));
        bed_start();
        for (size_t i = 0; i < ELEMENTSOF(told); ++i)
                call("/t.S/M", &told[i]);
        for (size_t i = 0; i < ELEMENTSOF(told); ++i) {
                wait_ended(&told[i]);
                ck_assert_int_eq(told[i].code, RPC_OK);
        }
        ck_assert_uint_eq(rpc_server_count_connections(bed.server), 1);
}
END_TEST

START_TEST(without_a_server_a_call_fails_at_once_or_waits) {
        Told hasty = {}, patient = {};
        RpcClientCallParams params = make_params("/t.S/M", &patient);

        params.waits_for_server = true;
        ck_assert_int_eq(rpc_client_call(client, &params, &patient.call), 0);
        call("/t.S/M", &hasty);
        wait_ended(&hasty);
        ck_assert_int_eq(hasty.code, RPC_UNAVAILABLE);
        ck_assert_msg(strstr(hasty.message, "No such file") != NULL, "%s", hasty.message);
        ck_assert_uint_eq(patient.n_ended, 0);
        bed_start();
        wait_ended(&patient);
        ck_assert_int_eq(patient.code, RPC_OK);
}
END_TEST

START_TEST(a_client_finds_a_server_that_comes_back) {
        Told first = {}, watched = {}, second = {};

        bed_start();
        watch("/t.S/Watch", &watched);
        while (watched.n_messages == 0)
                bed_turn();
        bed.server = rpc_server_free(bed.server);
        wait_ended(&watched);
        ck_assert_int_eq(watched.code, RPC_UNAVAILABLE);
        call("/t.S/M", &first);
        wait_ended(&first);
        ck_assert_int_eq(first.code, RPC_UNAVAILABLE);
        bed_start();
        watched = (Told){};
        watch("/t.S/Watch", &watched);
        while (watched.n_messages == 0)
                bed_turn();
        call("/t.S/M", &second);
        wait_ended(&second);
        ck_assert_int_eq(second.code, RPC_OK);
}
END_TEST

static void ignore(void *userdata) {
        (void)userdata;
}

START_TEST(a_server_that_drains_is_left) {
        Told told = {}, next = {};

        bed_start();
        watch("/t.S/Watch", &told);
        while (told.n_messages == 0)
                bed_turn();
        rpc_server_drain(bed.server, ignore, NULL);
        wait_ended(&told);
        ck_assert_int_eq(told.code, RPC_UNAVAILABLE);
        ck_assert_str_eq(told.message, "the server is stopping");
        bed_wait_connections(0);
        call("/t.S/M", &next);
        wait_ended(&next);
        ck_assert_int_eq(next.code, RPC_UNAVAILABLE);
}
END_TEST

/* Another socket, another table, the same loop. */
START_TEST(servers_with_different_methods_share_a_loop) {
        static const RpcTable nothing;
        RpcServer *server;
        RpcClient *other;
        Told here = {}, there = {};
        RpcClientCallParams params = make_params("/t.S/M", &there);
        char path[120];
        Diag diag = {};

        bed_start();
        (void)snprintf(path, sizeof(path), "%s2", bed.path);
        ck_assert_int_eq(
                rpc_server_new(&(const RpcServerParams){ .event = bed.event, .table = &nothing },
                               &server),
                0);
        ck_assert_int_eq(rpc_server_listen(server, path, &diag), 0);
        ck_assert_int_eq(
                rpc_client_new(&(const RpcClientParams){ .event = bed.event, .path = path },
                               &other),
                0);
        ck_assert_int_eq(rpc_client_call(other, &params, NULL), 0);
        call("/t.S/M", &here);
        wait_ended(&here);
        wait_ended(&there);
        ck_assert_int_eq(here.code, RPC_OK);
        ck_assert_int_eq(there.code, RPC_UNIMPLEMENTED);
        ck_assert_str_eq(there.message, "there is no method /t.S/M");
        rpc_client_free(other);
        rpc_server_free(server);
}
END_TEST

START_TEST(a_stream_is_told_message_by_message) {
        Told told = {};

        bed_start();
        watch("/t.S/Watch", &told);
        while (told.n_messages == 0)
                bed_turn();
        ck_assert_str_eq(told.text, "state 0");
        bed.n_state = 7;
        rpc_watchers_notify(&bed.watchers);
        while (told.n_messages < 2)
                bed_turn();
        ck_assert_str_eq(told.text, "state 7");
        rpc_client_cancel(told.call);
        while (bed.watchers.n_watchers > 0)
                bed_turn();
        ck_assert_uint_eq(told.n_ended, 0);
}
END_TEST

START_TEST(a_stream_without_end_can_be_cancelled_from_within) {
        Told told = { .cancels_after = 5 };

        bed.n_large = 100000;
        bed_start();
        watch("/t.S/Flood", &told);
        while (bed.n_ended == 0)
                bed_turn();
        ck_assert_uint_eq(told.n_messages, 5);
        ck_assert_uint_eq(told.n_ended, 0);
}
END_TEST

START_TEST(a_deadline_is_kept_by_both_sides) {
        Told told = {};
        RpcClientCallParams params = make_params("/t.S/Never", &told);

        params.timeout_usec = opt_u64(300000);
        bed_start();
        ck_assert_int_eq(rpc_client_call(client, &params, NULL), 0);
        wait_ended(&told);
        ck_assert_int_eq(told.code, RPC_DEADLINE_EXCEEDED);
        while (bed.n_kept > 0 || bed.n_ended == 0)
                bed_turn();
}
END_TEST

START_TEST(a_deadline_also_ends_waiting) {
        Told told = {};
        RpcClientCallParams params = make_params("/t.S/M", &told);

        params.timeout_usec = opt_u64(20000);
        params.waits_for_server = true;
        ck_assert_int_eq(rpc_client_call(client, &params, NULL), 0);
        wait_ended(&told);
        ck_assert_int_eq(told.code, RPC_DEADLINE_EXCEEDED);
}
END_TEST

START_TEST(a_request_that_is_too_large_never_leaves) {
        Told told = {};
        Slug__V1__NumaNode request = SLUG__V1__NUMA_NODE__INIT;
        RpcClientCallParams params = make_params("/t.S/M", &told);
        char *text = malloc(RPC_ARENA_MAX + 1);

        ck_assert_ptr_nonnull(text);
        memset(text, 'x', RPC_ARENA_MAX);
        text[RPC_ARENA_MAX] = '\0';
        request.cpus = text;
        params.request = &request.base;
        ck_assert_int_eq(rpc_client_call(client, &params, NULL), -E2BIG);
        free(text);
}
END_TEST

START_TEST(too_many_calls_are_refused) {
        Told told = {};
        RpcClientCallParams params = make_params("/t.S/M", &told);

        params.waits_for_server = true;
        for (unsigned i = 0; i < RPC_CLIENT_CALLS_MAX; ++i)
                ck_assert_int_eq(rpc_client_call(client, &params, NULL), 0);
        ck_assert_int_eq(rpc_client_call(client, &params, NULL), -EAGAIN);
}
END_TEST

/* Servers made of bytes */

static int ends[2] = { -EBADF, -EBADF };
static const char *script;
static size_t n_script;

static int open_script(void *userdata) {
        (void)userdata;
        if (ends[1] >= 0)
                return -ECONNREFUSED; /* it is there once */
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
                return -errno;
        bed_say_bytes(ends[1], script, n_script);
        return ends[0];
}

#define SETTINGS_FRAME "\0\0\0\4\0\0\0\0\0"
/* HPACK: 0x88 is ":status 200"; a literal without a table for the rest */
#define HEAD                       "\x88\0\14content-type\20application/grpc"
#define STATUS(digit)              "\0\13grpc-status\1" digit
#define FRAME(length, type, flags) "\0\0" length type flags "\0\0\0\1"

static const struct {
        const char *name;
        const char *bytes;
        size_t n_bytes;
        RpcCode code;
        const char *message;
} scripts[] = {
#define SCRIPT(name, bytes, code, message)                                                         \
        { name, SETTINGS_FRAME bytes, sizeof(SETTINGS_FRAME bytes) - 1, code, message }
        SCRIPT("trailers only", FRAME("\x2f", "\1", "\5") HEAD STATUS("5"), RPC_NOT_FOUND, ""),
        SCRIPT("no message",
               FRAME("\x20", "\1", "\4") HEAD FRAME("\x0f", "\1", "\5") STATUS("0"),
               RPC_UNIMPLEMENTED,
               "0 messages"),
        SCRIPT("one message",
               FRAME("\x20", "\1", "\4")
                       HEAD FRAME("\5", "\0", "\0") "\0\0\0\0\0" FRAME("\x0f", "\1", "\5")
                               STATUS("0"),
               RPC_OK,
               ""),
        SCRIPT("two messages",
               FRAME("\x20", "\1", "\4")
                       HEAD FRAME("\12", "\0", "\0") "\0\0\0\0\0\0\0\0\0\0" FRAME("\x0f",
                                                                                  "\1",
                                                                                  "\5") STATUS("0"),
               RPC_UNIMPLEMENTED,
               "2 messages"),
        SCRIPT("half a message",
               FRAME("\x20", "\1", "\4")
                       HEAD FRAME("\6", "\0", "\0") "\0\0\0\0\2\0" FRAME("\x0f", "\1", "\5")
                               STATUS("0"),
               RPC_INTERNAL,
               "in the middle"),
        SCRIPT("no status",
               FRAME("\x20", "\1", "\4") HEAD FRAME("\0", "\0", "\1"),
               RPC_INTERNAL,
               "without a status"),
        SCRIPT("a compressed message",
               FRAME("\x20", "\1", "\4") HEAD FRAME("\5", "\0", "\0") "\1\0\0\0\0",
               RPC_INTERNAL,
               "compressed"),
        SCRIPT("a message of 2 GiB",
               FRAME("\x20", "\1", "\4") HEAD FRAME("\5", "\0", "\0") "\0\177\377\377\377",
               RPC_RESOURCE_EXHAUSTED,
               "2147483647 bytes"),
        SCRIPT("no message at all",
               FRAME("\x20", "\1", "\4") HEAD FRAME("\6", "\0", "\0") "\0\0\0\0\1\377",
               RPC_INTERNAL,
               "cannot be read"),
        SCRIPT("HTTP status 503",
               FRAME("\5", "\1", "\5") "\x08\x03"
                                       "503",
               RPC_UNAVAILABLE,
               "HTTP status 503"),
        SCRIPT("a page",
               FRAME("\x18", "\1", "\4") "\x88\0\14content-type\10text/css",
               RPC_UNKNOWN,
               "'text/css'"),
        SCRIPT("reset, enhance your calm",
               FRAME("\4", "\3", "\0") "\0\0\0\13",
               RPC_RESOURCE_EXHAUSTED,
               "ENHANCE_YOUR_CALM"),
        SCRIPT("reset, refused twice", FRAME("\4", "\3", "\0") "\0\0\0\7", RPC_UNAVAILABLE, ""),
        SCRIPT("goaway before the stream",
               "\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\0",
               RPC_UNAVAILABLE,
               ""),
        SCRIPT("no HTTP/2", "HTTP/1.1 400 Bad Request\r\n\r\n", RPC_UNAVAILABLE, ""),
};

/* The bytes are there before the request, so the frames for stream 1 are sent when it is open. */
START_TEST(what_a_server_may_answer) {
        Told told = {};
        const RpcClientCallParams params = make_params("/t.S/M", &told);
        RpcClient *other;

        script = scripts[_i].bytes;
        n_script = sizeof(SETTINGS_FRAME) - 1;
        ends[0] = ends[1] = -EBADF;
        ck_assert_int_eq(rpc_client_new(&(const RpcClientParams){ .event = bed.event,
                                                                  .open = open_script,
                                                                  .min_back_off_usec = 1000,
                                                                  .max_back_off_usec = 4000 },
                                        &other),
                         0);
        ck_assert_int_eq(rpc_client_call(other, &params, NULL), 0);
        while (ends[1] < 0)
                bed_turn();
        {
                unsigned char request[4096];

                /* preface, SETTINGS and the call itself */
                (void)bed_hear_bytes(ends[1], request, sizeof(request), 24 + 9 + 12 + 40);
        }
        bed_say_bytes(ends[1], scripts[_i].bytes + n_script, scripts[_i].n_bytes - n_script);
        if (scripts[_i].code == RPC_UNAVAILABLE || scripts[_i].code == RPC_INTERNAL)
                ck_assert_int_eq(shutdown(ends[1], SHUT_WR), 0);
        wait_ended(&told);
        ck_assert_msg(told.code == scripts[_i].code, "%s: %s: %s", scripts[_i].name,
                      rpc_code_name(told.code), told.message);
        ck_assert_msg(strstr(told.message, scripts[_i].message) != NULL, "%s: %s", scripts[_i].name,
                      told.message);
        rpc_client_free(other);
        (void)fd_close(ends[1]);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("client");
        TCase *t = tcase_create("client");

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, a_call_has_its_answer);
        tcase_add_test(t, a_failure_has_its_code_and_message);
        tcase_add_test(t, many_calls_share_one_connection);
        tcase_add_test(t, without_a_server_a_call_fails_at_once_or_waits);
        tcase_add_test(t, a_client_finds_a_server_that_comes_back);
        tcase_add_test(t, a_server_that_drains_is_left);
        tcase_add_test(t, servers_with_different_methods_share_a_loop);
        tcase_add_test(t, a_stream_is_told_message_by_message);
        tcase_add_test(t, a_stream_without_end_can_be_cancelled_from_within);
        tcase_add_test(t, a_deadline_is_kept_by_both_sides);
        tcase_add_test(t, a_deadline_also_ends_waiting);
        tcase_add_test(t, a_request_that_is_too_large_never_leaves);
        tcase_add_test(t, too_many_calls_are_refused);
        tcase_add_loop_test(t, what_a_server_may_answer, 0, ELEMENTSOF(scripts));
        suite_add_tcase(s, t);
        return s;
}
