/* SPDX-License-Identifier: Apache-2.0 */
/* NodeService.Withdraw: a call that waits, and whoever leaves meanwhile. Server and clients live in
 * one loop. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/folder.h"
#include "lib/test-main.h"
#include "rpc/server.h"
#include "service/node-service.h"

#define WITHDRAW                                                                                   \
        "POST /slug.v1.NodeService/Withdraw HTTP/1.1\r\nHost: slug\r\n"                            \
        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

static Folder folder;
static char path[100];
static sd_event *event;
static RpcServer *server;
static RpcRole role;
static NodeService service;
static const RpcService *services[1];
static RpcTable table;

/* Whoever puts back */
static unsigned n_asked;
static int asked_r;
static NodeWithdrawn done;
static void *done_userdata;

static int withdraw(NodeWithdrawn then, void *then_userdata, void *userdata _unused_) {
        if (done)
                return -EALREADY;
        ++n_asked;
        if (asked_r)
                return asked_r;
        done = then;
        done_userdata = then_userdata;
        return 0;
}

static void end_withdrawal(void) {
        static const QosWithdrawal withdrawal = {
                .items = { { .item = { .path = "kubepods",
                                       .knob = CGROUP_MEMORY_MAX,
                                       .before = { .number = CGROUP_MAX },
                                       .written = { .number = 4096 } } } },
                .n_items = 1,
        };
        const NodeWithdrawn then = done;

        done = NULL;
        then(&withdrawal, done_userdata);
}

static RpcRole get_role(const RpcPeer *peer _unused_, void *userdata _unused_) {
        return role;
}

static void setup(void) {
        Diag diag = {};

        folder = folder_new();
        (void)snprintf(path, sizeof(path), "%s/socket", folder.path);
        role = RPC_ROLE_ADMIN;
        n_asked = 0;
        asked_r = 0;
        done = NULL;
        node_service_init(&service);
        service.hooks = (NodeHooks){ .withdraw = withdraw };
        services[0] = &service.service;
        table = (RpcTable){ .services = services, .n_services = 1, .role_help = "" };
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(rpc_server_new(&(const RpcServerParams){ .event = event,
                                                                  .table = &table,
                                                                  .get_role = get_role },
                                        &server),
                         0);
        ck_assert_int_eq(rpc_server_listen(server, path, &diag), 0);
}

static void teardown(void) {
        server = rpc_server_free(server);
        event = sd_event_unref(event);
        folder_remove(&folder);
}

/* Clients */

static int ask(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_ge(fd, 0);
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(write(fd, WITHDRAW, strlen(WITHDRAW)), (ssize_t)strlen(WITHDRAW));
        return fd;
}

static void turn(void) {
        ck_assert_int_ge(sd_event_run(event, 10000), 0);
}

/* Until the answer has all that is wanted of it. */
static void hear(int fd, const char *part) {
        char answer[4096] = "";
        size_t n = 0;

        while (!strstr(answer, part)) {
                const ssize_t got = recv(fd, answer + n, sizeof(answer) - n - 1, MSG_DONTWAIT);

                if (got > 0) {
                        n += (size_t)got;
                        answer[n] = '\0';
                        continue;
                }
                ck_assert_msg(got < 0 && errno == EAGAIN, "no '%s' in: %s", part, answer);
                turn();
        }
}

static void wait_asked(unsigned n) {
        while (n_asked < n)
                turn();
}

START_TEST(the_answer_comes_when_all_was_tried) {
        const int fd = ask();

        wait_asked(1);
        ck_assert_ptr_nonnull(service.withdraw_call);
        end_withdrawal();
        hear(fd, "\"before\":\"max\"");
        ck_assert_ptr_null(service.withdraw_call);
        (void)close(fd);
}
END_TEST

START_TEST(the_second_one_is_refused) {
        const int first = ask();
        int second;

        wait_asked(1);
        second = ask();
        hear(second, "\"code\":\"aborted\"");
        end_withdrawal();
        hear(first, "\"written\":\"4096\"");
        (void)close(first);
        (void)close(second);
}
END_TEST

START_TEST(who_leaves_changes_nothing) {
        int fd = ask();

        wait_asked(1);
        (void)close(fd);
        while (service.withdraw_call)
                turn();
        /* it is under way all the same */
        fd = ask();
        hear(fd, "\"code\":\"aborted\"");
        (void)close(fd);
        end_withdrawal();
        fd = ask();
        wait_asked(2);
        end_withdrawal();
        hear(fd, "\"path\":\"kubepods\"");
        (void)close(fd);
}
END_TEST

START_TEST(who_may_not_is_refused) {
        int fd;

        role = RPC_ROLE_READER;
        fd = ask();
        hear(fd, "\"code\":\"permission_denied\"");
        ck_assert_uint_eq(n_asked, 0);
        (void)close(fd);
}
END_TEST

START_TEST(what_fails_is_told) {
        int fd;

        asked_r = -ENOMEM;
        fd = ask();
        hear(fd, "\"code\":\"unavailable\"");
        (void)close(fd);
        service.hooks = (NodeHooks){};
        fd = ask();
        hear(fd, "\"code\":\"unavailable\"");
        ck_assert_ptr_null(service.withdraw_call);
        (void)close(fd);
}
END_TEST

/* The server goes before the answer is there. */
START_TEST(a_call_may_wait_at_the_end) {
        const int fd = ask();

        wait_asked(1);
        server = rpc_server_free(server);
        ck_assert_ptr_null(service.withdraw_call);
        end_withdrawal();
        (void)close(fd);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("withdraw");
        TCase *t = tcase_create("withdraw");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, the_answer_comes_when_all_was_tried);
        tcase_add_test(t, the_second_one_is_refused);
        tcase_add_test(t, who_leaves_changes_nothing);
        tcase_add_test(t, who_may_not_is_refused);
        tcase_add_test(t, what_fails_is_told);
        tcase_add_test(t, a_call_may_wait_at_the_end);
        suite_add_tcase(s, t);
        return s;
}
