/* SPDX-License-Identifier: Apache-2.0 */
/*
 * top where it lives: on a terminal, which is one end of a pseudo terminal, beside a slugd that can
 * be ended and started, which is a server of two methods in a process of its own. Whatever is
 * waited for is seen in what is drawn; the time limit of the test case bounds a failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include "lib/folder.h"
#include "lib/test-main.h"
#include "rpc/server.h"
#include "slug/v1/node.pb-c.h"
#include "slug/v1/pod.pb-c.h"
#include "slugctl/client.h"
#include "slugctl/verb.h"

#define LEAVE "\033[?25h\033[?1049l"

static const char pods_json[] =
        "{\"pods\":[{\"uid\":\"u1\",\"namespace\":\"default\",\"name\":\"small\","
        "\"usage\":{\"bytes\":\"4096\",\"localBytes\":\"4096\"}},"
        "{\"uid\":\"u2\",\"namespace\":\"default\",\"name\":\"large\","
        "\"usage\":{\"bytes\":\"8192\",\"remoteBytes\":\"8192\"}}],"
        "\"report\":{\"hasReport\":true,\"settled\":true}}";

static Folder folder;
static char path[100];
static pid_t server, top;
static int terminal, own_end; /* of the pseudo terminal: ours, and the one that top has */
static struct termios before;
static char drawn[1 << 18];
static size_t n_drawn;

/* slugd */

static void answer(RpcCall *call, _unused_ const ProtobufCMessage *request, void *userdata) {
        const RpcMethod *method = rpc_call_get_method(call);
        ProtobufCMessage *message = userdata;

        if (method->output != message->descriptor) {
                message = arena_alloc(rpc_call_get_arena(call), method->output->sizeof_message);
                protobuf_c_message_init(method->output, message);
        }
        rpc_call_finish(call, message);
}

static const RpcMethod methods[] = {
        { .path = "/slug.v1.NodeService/GetVersion",
          .input = &slug__v1__get_version_request__descriptor,
          .output = &slug__v1__get_version_response__descriptor,
          .handler = answer },
        { .path = "/slug.v1.NodeService/DescribeNode",
          .input = &slug__v1__describe_node_request__descriptor,
          .output = &slug__v1__describe_node_response__descriptor,
          .handler = answer },
        { .path = "/slug.v1.PodService/ListPods",
          .input = &slug__v1__list_pods_request__descriptor,
          .output = &slug__v1__list_pods_response__descriptor,
          .handler = answer },
};

static RpcRole get_role(_unused_ const RpcPeer *peer, _unused_ void *userdata) {
        return RPC_ROLE_ADMIN;
}

_Noreturn static void serve(size_t n_methods) {
        RpcService service = { .methods = methods, .n_methods = n_methods };
        const RpcService *services[] = { &service };
        const RpcTable table = { .services = services, .n_services = 1 };
        ProtobufCMessage *pods;
        Arena *arena;
        sd_event *event;
        RpcServer *rpc;
        Diag diag = {};

        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || arena_new(1 << 20, &arena) ||
            json_decode(pods_json, strlen(pods_json), &slug__v1__list_pods_response__descriptor,
                        NULL, arena, &pods, &diag))
                _exit(1);
        service.userdata = pods;
        if (sd_event_new(&event) < 0 ||
            rpc_server_new(&(const RpcServerParams){ .event = event,
                                                     .table = &table,
                                                     .get_role = get_role },
                           &rpc) ||
            rpc_server_listen(rpc, path, &diag))
                _exit(1);
        (void)sd_event_loop(event);
        _exit(1);
}

static void start_server(size_t n_methods) {
        Diag diag = {};

        server = fork();
        ck_assert_int_ge(server, 0);
        if (server == 0)
                serve(n_methods);
        ck_assert_int_eq(client_wait(path, 20000, &diag), 0);
}

static int end(pid_t *pid, int number) {
        int status = 0;

        if (*pid > 0 && number)
                ck_assert_int_eq(kill(*pid, number), 0);
        if (*pid > 0)
                ck_assert_int_eq(waitpid(*pid, &status, 0), *pid);
        *pid = 0;
        return status;
}

/* top */

_Noreturn static void run_top(const VerbOption *options, size_t n_options, Output output) {
        const VerbContext context = { .verb = &verb_top,
                                      .socket = path,
                                      .output = output,
                                      .options = options,
                                      .n_options = n_options };
        int status;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)setenv("TERM", "xterm", 1);
        status = verb_top.run(&context);
        (void)fflush(stdout);
        _exit(status);
}

static const VerbOption every_second[] = { { "interval", "1" } };

static void start_top(void) {
        const struct winsize size = { .ws_row = 24, .ws_col = 80 };

        ck_assert_int_eq(openpty(&terminal, &own_end, NULL, NULL, &size), 0);
        ck_assert_int_eq(tcgetattr(own_end, &before), 0);
        top = fork();
        ck_assert_int_ge(top, 0);
        if (top == 0) {
                (void)close(terminal);
                if (login_tty(own_end) < 0)
                        _exit(99);
                run_top(every_second, ELEMENTSOF(every_second), OUTPUT_TABLE);
        }
}

/* Until @part is drawn, in what was drawn since the last time. */
static void hear(const char *part) {
        char *found;

        while (!(found = strstr(drawn, part))) {
                ssize_t n;

                ck_assert_uint_lt(n_drawn, sizeof(drawn) - 1);
                n = read(terminal, drawn + n_drawn, sizeof(drawn) - 1 - n_drawn);
                ck_assert_msg(n > 0, "no '%s' in: %s", part, drawn);
                n_drawn += (size_t)n;
                drawn[n_drawn] = '\0';
        }
        found += strlen(part);
        n_drawn -= (size_t)(found - drawn);
        memmove(drawn, found, n_drawn + 1);
}

static void say(const char *keys) {
        ck_assert_int_eq(write(terminal, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static bool terminal_is_as_before(void) {
        struct termios now;

        ck_assert_int_eq(tcgetattr(own_end, &now), 0);
        return now.c_lflag == before.c_lflag && now.c_iflag == before.c_iflag &&
               now.c_oflag == before.c_oflag &&
               memcmp(now.c_cc, before.c_cc, sizeof(now.c_cc)) == 0;
}

static void has_ended_well(int number) {
        const int status = end(&top, number);

        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS, "status %x",
                      status);
        ck_assert(terminal_is_as_before());
        hear(LEAVE);
}

static void setup(void) {
        folder = folder_new();
        (void)snprintf(path, sizeof(path), "%s/s", folder.path);
        server = top = 0;
        terminal = own_end = -1;
        n_drawn = 0;
        drawn[0] = '\0';
}

static void teardown(void) {
        if (top > 0)
                (void)end(&top, SIGKILL);
        if (server > 0)
                (void)end(&server, SIGKILL);
        if (terminal >= 0)
                (void)close(terminal);
        if (own_end >= 0)
                (void)close(own_end);
        folder_remove(&folder);
}

START_TEST(the_page_is_drawn_and_q_ends_it) {
        start_server(ELEMENTSOF(methods));
        start_top();
        hear("\033[?1049h\033[?25l");
        hear("by usage, every 1s");
        hear("large");
        hear("small");
        ck_assert(!terminal_is_as_before());
        say("xq");
        has_ended_well(0);
}
END_TEST

START_TEST(ctrl_c_ends_it) {
        start_server(ELEMENTSOF(methods));
        start_top();
        hear("small");
        say("\003");
        has_ended_well(0);
}
END_TEST

static const int ends[] = { SIGTERM, SIGHUP, SIGQUIT, SIGINT };

START_TEST(a_signal_ends_it_and_the_terminal_is_as_before) {
        start_server(ELEMENTSOF(methods));
        start_top();
        hear("small");
        has_ended_well(ends[_i]);
}
END_TEST

START_TEST(another_size_is_another_page) {
        const struct winsize size = { .ws_row = 4, .ws_col = 10 };

        start_server(ELEMENTSOF(methods));
        start_top();
        hear("small");
        ck_assert_int_eq(ioctl(terminal, TIOCSWINSZ, &size), 0);
        hear("\033[HPods:  2, \033[K\r\n");
        hear("(7 more)");
        say("q");
        has_ended_well(0);
}
END_TEST

START_TEST(ctrl_z_lends_the_terminal_to_the_shell) {
        int status;

        start_server(ELEMENTSOF(methods));
        start_top();
        hear("small");
        say("\032");
        ck_assert_int_eq(waitpid(top, &status, WUNTRACED), top);
        ck_assert(WIFSTOPPED(status) && terminal_is_as_before());
        hear(LEAVE);
        ck_assert_int_eq(kill(top, SIGCONT), 0);
        hear("\033[?1049h");
        hear("small");
        say("q");
        has_ended_well(0);
}
END_TEST

START_TEST(a_slugd_that_restarts_is_waited_for) {
        start_server(ELEMENTSOF(methods));
        start_top();
        hear("small");
        (void)end(&server, SIGKILL);
        hear("slugd does not answer; waiting for it");
        hear("small");
        start_server(ELEMENTSOF(methods));
        /* a page without that line has the sums right below the first one */
        hear("Z\033[K\r\nMemory");
        hear("small");
        say("q");
        has_ended_well(0);
}
END_TEST

START_TEST(a_slugd_without_pods_is_told) {
        int status;

        start_server(ELEMENTSOF(methods) - 1);
        start_top();
        status = end(&top, 0);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
        ck_assert(terminal_is_as_before());
        hear(LEAVE);
        hear("slugctl: slugd refused: unimplemented");
}
END_TEST

/* Runs it on a pipe, which becomes @terminal, until it ends. */
static void run_on_pipe(const VerbOption *options, size_t n_options, Output output) {
        int ends_of_pipe[2], status;
        ssize_t n;

        ck_assert_int_eq(pipe2(ends_of_pipe, O_CLOEXEC), 0);
        top = fork();
        ck_assert_int_ge(top, 0);
        if (top == 0) {
                (void)dup2(ends_of_pipe[1], STDOUT_FILENO);
                run_top(options, n_options, output);
        }
        (void)close(ends_of_pipe[1]);
        terminal = ends_of_pipe[0];
        while ((n = read(terminal, drawn + n_drawn, sizeof(drawn) - 1 - n_drawn)) > 0)
                n_drawn += (size_t)n;
        drawn[n_drawn] = '\0';
        status = end(&top, 0);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
        ck_assert_ptr_null(strchr(drawn, '\033'));
}

static size_t count(const char *part) {
        size_t n = 0;

        for (const char *at = drawn; (at = strstr(at, part)); at += strlen(part))
                ++n;
        return n;
}

START_TEST(elsewhere_one_table_follows_the_other) {
        static const VerbOption options[] = { { "interval", "1" },
                                              { "count", "2" },
                                              { "sort", "local" } };

        start_server(ELEMENTSOF(methods));
        run_on_pipe(options, ELEMENTSOF(options), OUTPUT_TABLE);
        ck_assert_uint_eq(count("Pods:  2, by local, every 1s"), 2);
        ck_assert(strstr(drawn, "large") > strstr(drawn, "small"));
}
END_TEST

START_TEST(json_is_an_object_a_line) {
        static const VerbOption options[] = { { "once", "" } };

        start_server(ELEMENTSOF(methods));
        run_on_pipe(options, ELEMENTSOF(options), OUTPUT_JSON);
        ck_assert_msg(strncmp(drawn, "{\"pods\":[{\"uid\":\"u2\",", 20) == 0, "%s", drawn);
        ck_assert_uint_eq(count("\n"), 1);
        ck_assert_int_eq(drawn[n_drawn - 1], '\n');
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("slugctl-top");
        TCase *t = tcase_create("slugctl-top");

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, the_page_is_drawn_and_q_ends_it);
        tcase_add_test(t, ctrl_c_ends_it);
        tcase_add_loop_test(t, a_signal_ends_it_and_the_terminal_is_as_before, 0, ELEMENTSOF(ends));
        tcase_add_test(t, another_size_is_another_page);
        tcase_add_test(t, ctrl_z_lends_the_terminal_to_the_shell);
        tcase_add_test(t, a_slugd_that_restarts_is_waited_for);
        tcase_add_test(t, a_slugd_without_pods_is_told);
        tcase_add_test(t, elsewhere_one_table_follows_the_other);
        tcase_add_test(t, json_is_an_object_a_line);
        suite_add_tcase(s, t);
        return s;
}
