/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slugctl without slugd: what it draws out of a message, and what it says of a daemon that answers
 * badly. The daemon is a child process that sends what it was told to, and hangs up.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/folder.h"
#include "lib/test-main.h"
#include "rpc/json.h"
#include "slugctl/client.h"
#include "slugctl/document.h"
#include "slugctl/explain.h"
#include "slugctl/verb.h"

static Arena *arena;
static Buffer buffer;
static Folder folder;
static char path[100];

static void setup(void) {
        ck_assert_int_eq(arena_new(16 << 20, &arena), 0);
        buffer = (Buffer){};
        folder = folder_new();
        (void)snprintf(path, sizeof(path), "%s/s", folder.path);
}

static void teardown(void) {
        folder_remove(&folder);
        buffer_deinit(&buffer);
        arena = arena_free(arena);
}

static const char *render(const Verb *verb, const char *json, Style style) {
        ProtobufCMessage *message;
        Diag diag = {};

        ck_assert_msg(
                json_decode(json, strlen(json), verb->response, NULL, arena, &message, &diag) == 0,
                "%s", diag.text);
        verb->render(message, &style, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        return buffer.data;
}

/* A subject of explain as the verb that it is made into. */
static Verb verb_of(const ExplainSubject *subject) {
        return (Verb){ .response = subject->response, .render = subject->render };
}

#define N_RENDERERS 15

static Verb get_renderer(int i) {
        const Verb all[N_RENDERERS] = {
                verb_describe_node,
                verb_topology,
                verb_changes,
                verb_config,
                verb_of(&explain_numa_node),
                verb_watch,
                verb_claims,
                verb_hints,
                verb_allocate,
                verb_release,
                verb_simulate,
                verb_of(&explain_claim),
                verb_of(&explain_hints),
                verb_of(&explain_container),
                verb_enforcement,
        };

        return all[i];
}

START_TEST(an_empty_answer_is_drawn) {
        const Verb verb = get_renderer(_i);
        const char *text = render(&verb, "{}", (Style){});

        ck_assert_msg(strstr(text, "<unknown>") || strstr(text, "No "), "%s", text);
}
END_TEST

#define HOSTILE "\\u001b[31mred\\u009b\\u0007"

#define HOSTILE_CLAIM                                                                              \
        "{\"podUid\":\"" HOSTILE "\",\"container\":\"" HOSTILE "\",\"pod\":\"" HOSTILE             \
        "\",\"namespace\":\"" HOSTILE "\",\"reason\":\"" HOSTILE "\",\"containerId\":\"" HOSTILE   \
        "\",\"chunks\":[\"" HOSTILE "\"],\"blocks\":[{\"numaNodes\":\"" HOSTILE "\"}]}"
#define HOSTILE_EXPLANATION                                                                        \
        "{\"summary\":\"" HOSTILE "\",\"claim\":" HOSTILE_CLAIM                                    \
        ",\"sets\":[{\"numaNodes\":\"" HOSTILE "\",\"verdict\":\"" HOSTILE                         \
        "\"}],\"kubelet\":\"" HOSTILE "\",\"numaNodes\":[{\"memory\":[{\"type\":\"" HOSTILE        \
        "\"}]}]}"

#define HOSTILE_SPLIT                                                                              \
        "{\"podUid\":\"" HOSTILE "\",\"namespace\":\"" HOSTILE "\",\"pod\":\"" HOSTILE             \
        "\",\"container\":\"" HOSTILE "\",\"cgroup\":\"" HOSTILE "\",\"backendReason\":\"" HOSTILE \
        "\",\"reason\":\"" HOSTILE "\",\"notes\":[\"" HOSTILE                                      \
        "\"],\"state\":\"ENFORCEMENT_STATE_FAILED\"}"

START_TEST(no_answer_steers_the_terminal) {
        static const char *const answers[] = {
                "{\"name\":\"" HOSTILE "\",\"numaNodes\":[{\"numaNode\":{\"reason\":\"" HOSTILE
                "\",\"advice\":\"" HOSTILE "\",\"cpus\":\"" HOSTILE "\"}}],"
                "\"conditions\":[{\"type\":\"" HOSTILE "\",\"message\":\"" HOSTILE "\"}],"
                "\"diagnostics\":[{\"source\":\"" HOSTILE "\",\"text\":\"" HOSTILE "\"}],"
                "\"systemInfo\":{\"kernelVersion\":\"" HOSTILE "\"}}",
                "{\"topology\":{\"numaNodes\":[{\"reason\":\"" HOSTILE "\"}],"
                "\"cxlWindows\":[{\"name\":\"" HOSTILE "\"}],\"cxlMemdevs\":[{\"name\":\"" HOSTILE
                "\",\"pciAddress\":\"" HOSTILE "\"}],\"cxlRegions\":[{\"name\":\"" HOSTILE
                "\",\"window\":\"" HOSTILE "\",\"memdevs\":[\"" HOSTILE "\"]}],"
                "\"daxDevices\":[{\"name\":\"" HOSTILE "\",\"driver\":\"" HOSTILE "\"}],"
                "\"memoryTiers\":[{\"numaNodes\":\"" HOSTILE "\"}]}}",
                "{\"changes\":[{\"message\":\"" HOSTILE "\"}]}",
                "{\"settings\":[{\"key\":\"" HOSTILE "\",\"value\":\"" HOSTILE
                "\",\"source\":\"" HOSTILE "\"}],\"files\":[{\"path\":\"" HOSTILE
                "\",\"problem\":\"" HOSTILE "\"}],\"kubeletProblem\":\"" HOSTILE
                "\",\"reloadProblem\":\"" HOSTILE "\"}",
                "{\"numaNode\":{\"numaNode\":{\"reason\":\"" HOSTILE "\",\"advice\":\"" HOSTILE
                "\"}},\"steps\":[{\"question\":\"" HOSTILE "\",\"finding\":\"" HOSTILE
                "\",\"evidence\":\"" HOSTILE "\"}],\"placementSource\":\"" HOSTILE "\"}",
                "{\"node\":{\"name\":\"" HOSTILE "\",\"conditions\":[{\"type\":\"" HOSTILE
                "\",\"message\":\"" HOSTILE
                "\"}]},\"changes\":{\"changes\":[{\"message\":\"" HOSTILE
                "\"}]},\"cgroupEvents\":[{\"level\":\"" HOSTILE "\",\"path\":\"" HOSTILE "\"}]}",
                "{\"claims\":[" HOSTILE_CLAIM "],\"problem\":\"" HOSTILE
                "\",\"health\":\"LEDGER_HEALTH_FAILED\"}",
                "{\"resources\":[{\"resource\":\"" HOSTILE "\",\"hints\":[{\"numaNodes\":\"" HOSTILE
                "\",\"cpuNumaNodes\":\"" HOSTILE "\"}]},{\"hints\":[{}]}]}",
                "{\"claim\":" HOSTILE_CLAIM "}",
                "{\"released\":[" HOSTILE_CLAIM "],\"observed\":" HOSTILE_CLAIM "}",
                "{\"pods\":[{\"namespace\":\"" HOSTILE "\",\"name\":\"" HOSTILE
                "\",\"refusal\":\"" HOSTILE "\",\"claims\":[" HOSTILE_CLAIM "]}]}",
                HOSTILE_EXPLANATION,
                HOSTILE_EXPLANATION,
                "{\"container\":" HOSTILE_SPLIT ",\"decisions\":[{\"reason\":\"" HOSTILE "\"}]}",
                "{\"containers\":[" HOSTILE_SPLIT "],\"backends\":[{\"reason\":\"" HOSTILE
                "\"}],\"settings\":[{\"name\":\"" HOSTILE "\",\"path\":\"" HOSTILE
                "\",\"value\":\"" HOSTILE "\",\"wanted\":\"" HOSTILE "\",\"before\":\"" HOSTILE
                "\",\"problem\":\"" HOSTILE "\"}],\"problem\":\"" HOSTILE "\"}",
        };
        const Verb verb = get_renderer(_i);
        const char *text = render(&verb, answers[_i], (Style){ .is_wide = true });

        ck_assert(strstr(text, "red") != NULL);
        for (const char *c = text; *c; ++c)
                ck_assert_msg(*c == '\n' || (unsigned char)*c >= ' ', "a control character %d", *c);
        ck_assert_ptr_null(strstr(text, "\xc2\x9b"));
}
END_TEST

START_TEST(the_largest_numbers_are_drawn) {
        const char *text = render(&verb_describe_node,
                                  "{\"capacity\":{\"totalBytes\":\"18446744073709551615\"},"
                                  "\"numaNodes\":[{\"numaNode\":{\"id\":1023,\"tier\":"
                                  "\"18446744073709551615\"},\"amounts\":{\"capacityBytes\":"
                                  "\"18446744073709551615\"}}]}",
                                  (Style){});

        ck_assert_msg(strstr(text, "1023") && strstr(text, "18446744073709551615"), "%s", text);
}
END_TEST

START_TEST(a_change_is_one_line_with_its_time) {
        ck_assert_str_eq(render(&verb_changes,
                                "{\"generation\":\"2\",\"changes\":[{\"generation\":\"2\","
                                "\"timeUsec\":\"1769861096123456\",\"numaNode\":1,"
                                "\"message\":\"NUMA node 1 is gone\"}],\"isIncomplete\":true}",
                                (Style){}),
                         "(older changes are forgotten)\n"
                         "2026-01-31T12:04:56.123Z     2  NUMA node 1 is gone\n");
}
END_TEST

START_TEST(an_event_of_a_cgroup_is_one_line_with_its_time) {
        const char *text = render(&verb_watch,
                                  "{\"cgroupEvents\":[{\"timeUsec\":\"1769861096123456\","
                                  "\"level\":\"burstable\",\"kind\":\"CGROUP_EVENT_KIND_MAX\","
                                  "\"count\":\"7\",\"total\":\"9\"},"
                                  "{\"timeUsec\":\"1769861096123456\",\"level\":\"kubepods\","
                                  "\"kind\":\"CGROUP_EVENT_KIND_EMPTY\",\"count\":\"1\"}]}",
                                  (Style){});

        ck_assert_msg(strstr(text, "  burstable: memory.max reached, 7 times\n"), "%s", text);
        ck_assert_msg(strstr(text, "  kubepods: has no processes\n"), "%s", text);
        ck_assert_msg(strstr(text, "Last events of QoS cgroups:\n  2026-01-31"), "%s", text);
}
END_TEST

START_TEST(an_event_of_a_split_is_one_line_with_its_time) {
        const char *text =
                render(&verb_watch,
                       "{\"splitEvents\":[{\"timeUsec\":\"1769861096123456\","
                       "\"namespace\":\"default\",\"pod\":\"web\",\"container\":\"app\","
                       "\"reason\":\"it does not move\"},{\"timeUsec\":\"1769861096123456\","
                       "\"podUid\":\"u1\",\"container\":\"\\u001b\",\"held\":true}]}",
                       (Style){});

        ck_assert_msg(strstr(text, "Last events of splits:\n  2026-01-31T12:04:56.123Z  "
                                   "default/web/app: cannot be held: it does not move\n"
                                   "  2026-01-31T12:04:56.123Z  u1/\\x1b: held again\n") != NULL,
                      "%s", text);
}
END_TEST

START_TEST(colour_is_drawn_only_where_it_is_wanted) {
        ck_assert_ptr_null(strchr(render(&verb_describe_node, "{}", (Style){}), '\x1b'));
        ck_assert_ptr_nonnull(
                strchr(render(&verb_describe_node, "{}", (Style){ .has_colour = true }), '\x1b'));
}
END_TEST

START_TEST(a_word_that_is_nearly_a_verb_finds_it) {
        ck_assert_ptr_eq(verb_find_similar("describe-nod"), &verb_describe_node);
        ck_assert_ptr_eq(verb_find_similar("toplogy"), &verb_topology);
        ck_assert_ptr_null(verb_find_similar("xyzzy"));
}
END_TEST

/* What the daemon sends, whatever it is asked. */
static const struct {
        const char *answer;
        int expect;
        const char *says;
} answers[] = {
        { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 0,
          "" },
        { "HTTP/1.1 403 No\r\nContent-Type: application/json\r\nContent-Length: 48\r\n\r\n"
          "{\"code\":\"permission_denied\",\"message\":\"not you\"}",
          CLIENT_E_REFUSED, "slugd refused: permission_denied: not you" },
        { "HTTP/1.1 404 No\r\nContent-Type: application/json\r\nContent-Length: 46\r\n\r\n"
          "{\"code\":\"unimplemented\",\"message\":\"no method\"}",
          CLIENT_E_UNIMPLEMENTED, "slugd refused: unimplemented: no method" },
        { "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nnope\n", CLIENT_E_REFUSED,
          "HTTP status 404" },
        { "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}",
          CLIENT_E_REFUSED, "is it slugd that listens there?" },
        { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n{",
          CLIENT_E_REFUSED, "no answer from" },
        { "SSH-2.0-OpenSSH_9.2\r\n", CLIENT_E_REFUSED, "no answer from" },
        { "", CLIENT_E_REFUSED, "no answer from" },
};

static int listen_at_path(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(fd, 8), 0);
        return fd;
}

/* Answers every connection that asks; one that only looks whether somebody is there does not. */
static pid_t serve(int fd, const char *answer) {
        pid_t pid = fork();

        while (pid == 0) {
                char request[4096];
                int peer = accept(fd, NULL, NULL);

                if (recv(peer, request, sizeof(request), 0) > 0)
                        (void)!send(peer, answer, strlen(answer), MSG_NOSIGNAL);
                (void)close(peer);
        }
        return pid;
}

START_TEST(every_bad_answer_is_told_in_one_line) {
        _cleanup_(fd_closep) int fd = listen_at_path();
        const pid_t pid = serve(fd, answers[_i].answer);
        char text[DIAG_FORMATTED_MAX];
        Diag diag = {};
        int r;

        r = client_call(path, "/slug.v1.NodeService/DescribeNode", "{}", &buffer, &diag);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        (void)diag_format(&diag, text);
        ck_assert_msg(r == answers[_i].expect, "%d: %s", r, text);
        ck_assert_msg(strstr(text, answers[_i].says) != NULL, "%s", text);
        ck_assert_ptr_null(strchr(text, '\n'));
}
END_TEST

START_TEST(nobody_there_is_told_with_what_to_do) {
        Diag diag = {};

        ck_assert_int_eq(client_call(path, "/x", "{}", &buffer, &diag), CLIENT_E_UNREACHABLE);
        ck_assert_msg(strstr(diag.text, "systemctl start slugd") != NULL, "%s", diag.text);
}
END_TEST

/* Waits, and the socket comes meanwhile. */
static void wait_for_socket(Diag *diag) {
        const pid_t pid = fork();

        if (pid == 0) {
                /* made elsewhere and moved, as slugd does it */
                char there[sizeof(path)];

                memcpy(there, path, sizeof(path));
                (void)snprintf(path, sizeof(path), "%s/n", folder.path);
                (void)listen_at_path();
                if (rename(path, there) < 0)
                        _exit(1);
                (void)pause();
        }
        ck_assert_msg(client_wait(path, 20000, diag) == 0, "%s", diag->text);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(waiting_ends_with_the_socket) {
        Diag diag = {};

        wait_for_socket(&diag);
}
END_TEST

/* Whether this process has a user who has no instance of inotify left. */
static bool lose_inotify(void) {
        int fd;
        bool is_written;

        if (unshare(CLONE_NEWUSER) < 0)
                return false;
        fd = open("/proc/sys/user/max_inotify_instances", O_WRONLY | O_CLOEXEC);
        is_written = fd >= 0 && write(fd, "0", 1) == 1;
        if (fd >= 0)
                (void)close(fd);
        return is_written;
}

START_TEST(waiting_needs_no_inotify) {
        Diag diag = {};

        if (!lose_inotify())
                return;
        ck_assert_int_eq(inotify_init1(IN_CLOEXEC), -1);
        ck_assert_int_eq(errno, EMFILE);
        wait_for_socket(&diag);
        ck_assert_int_eq(client_wait("/no/such/folder/s", 1, &diag), CLIENT_E_UNREACHABLE);
}
END_TEST

START_TEST(waiting_has_an_end) {
        Diag diag = {};

        ck_assert_int_eq(client_wait(path, 1, &diag), CLIENT_E_UNREACHABLE);
}
END_TEST

START_TEST(documents_keep_fields_and_types) {
        static const char json[] =
                "{\"a\":\"12\",\"b\":12,\"c\":[{\"d\":true},null],\"e\":\"x: y\"}";
        char *text = NULL;
        size_t n_text = 0;
        FILE *stream = open_memstream(&text, &n_text);
        Diag diag = {};

        ck_assert_int_eq(document_print_yaml(json, stream, &diag), 0);
        ck_assert_int_eq(fflush(stream), 0);
        ck_assert_str_eq(text, "a: \"12\"\nb: 12\nc:\n- d: true\n- null\ne: \"x: y\"\n");
        ck_assert_int_eq(document_print_json("[1]", stream, &diag), DOCUMENT_E_MALFORMED);
        (void)fclose(stream);
        free(text);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("slugctl");
        TCase *t = tcase_create("slugctl");

        tcase_set_timeout(t, 30);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_loop_test(t, an_empty_answer_is_drawn, 0, N_RENDERERS);
        tcase_add_loop_test(t, no_answer_steers_the_terminal, 0, N_RENDERERS);
        tcase_add_test(t, the_largest_numbers_are_drawn);
        tcase_add_test(t, a_change_is_one_line_with_its_time);
        tcase_add_test(t, an_event_of_a_cgroup_is_one_line_with_its_time);
        tcase_add_test(t, an_event_of_a_split_is_one_line_with_its_time);
        tcase_add_test(t, colour_is_drawn_only_where_it_is_wanted);
        tcase_add_test(t, a_word_that_is_nearly_a_verb_finds_it);
        tcase_add_loop_test(t, every_bad_answer_is_told_in_one_line, 0, ELEMENTSOF(answers));
        tcase_add_test(t, nobody_there_is_told_with_what_to_do);
        tcase_add_test(t, waiting_ends_with_the_socket);
        tcase_add_test(t, waiting_needs_no_inotify);
        tcase_add_test(t, waiting_has_an_end);
        tcase_add_test(t, documents_keep_fields_and_types);
        suite_add_tcase(s, t);
        return s;
}
