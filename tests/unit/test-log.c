/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/log.h"

/* What is logged lands in a file in memory: standard error points there during a test. */
static int saved_fd = -EBADF, log_fd = -EBADF;
static char logged[65536];

static void setup(void) {
        saved_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        log_fd = memfd_create("log", MFD_CLOEXEC);
        ck_assert_int_ge(log_fd, 0);
        ck_assert_int_ge(dup2(log_fd, STDERR_FILENO), 0);
}

static void teardown(void) {
        (void)dup2(saved_fd, STDERR_FILENO);
        saved_fd = fd_close(saved_fd);
        log_fd = fd_close(log_fd);
        (void)unsetenv("JOURNAL_STREAM");
}

/* All that was logged so far. */
static const char *get_logged(void) {
        ssize_t n = pread(log_fd, logged, sizeof(logged) - 1, 0);

        ck_assert_int_ge(n, 0);
        logged[n] = '\0';
        return logged;
}

static const struct {
        const char *text;
        int level;
} levels[] = {
        { "err", LOG_ERR },
        { "warning", LOG_WARNING },
        { "notice", LOG_NOTICE },
        { "info", LOG_INFO },
        { "debug", LOG_DEBUG },
        { "", -1 },
        { "error", -1 },
        { "Info", -1 },
        { "6", -1 },
};

START_TEST(level_has_a_name) {
        int level = -1;

        ck_assert_msg(log_parse_level(levels[_i].text, &level) == (levels[_i].level >= 0), "%s",
                      levels[_i].text);
        ck_assert_int_eq(level, levels[_i].level);
}
END_TEST

START_TEST(text_is_for_a_person) {
        log_init("slugd", LOG_TARGET_TEXT, LOG_INFO);
        log_event(LOG_ERR, SLUG_MESSAGE_STARTED, LOG_PLAIN, "one %d", 1);
        log_event(LOG_WARNING, SLUG_MESSAGE_STARTED, LOG_WITH({ "SLUG_NODE", .number = 3 }), "two");
        log_event(LOG_NOTICE, SLUG_MESSAGE_STARTED, LOG_PLAIN, "three");
        log_event(LOG_INFO, SLUG_MESSAGE_STARTED, LOG_PLAIN, "four");
        ck_assert_str_eq(get_logged(), "slugd: error: one 1\n"
                                       "slugd: warning: two\n"
                                       "slugd: three\n"
                                       "slugd: four\n");
}
END_TEST

START_TEST(levels_above_the_limit_are_dropped) {
        log_init("slugd", LOG_TARGET_TEXT, LOG_WARNING);
        log_event(LOG_NOTICE, SLUG_MESSAGE_STARTED, LOG_PLAIN, "no");
        log_debug("no");
        log_event(LOG_WARNING, SLUG_MESSAGE_STARTED, LOG_PLAIN, "yes");
        ck_assert_str_eq(get_logged(), "slugd: warning: yes\n");
        log_init("slugd", LOG_TARGET_TEXT, LOG_DEBUG);
        log_debug("too");
        ck_assert_str_eq(get_logged(), "slugd: warning: yes\nslugd: too\n");
}
END_TEST

START_TEST(json_has_every_field_and_one_line) {
        const LogField fields[] = {
                { "SLUG_NODES", "0-1,4", 0 },
                { "SLUG_BYTES", NULL, UINT64_MAX },
        };

        log_init("slugd", LOG_TARGET_JSON, LOG_INFO);
        log_entry(LOG_NOTICE, SLUG_MESSAGE_STARTED, "file.c", 42, "main", fields, 2, "up: %s", "x");
        log_entry(LOG_ERR, NULL, "file.c", 43, "main", NULL, 0, "down");
        ck_assert_str_eq(
                get_logged(),
                "{\"MESSAGE\":\"up: x\",\"PRIORITY\":\"5\",\"SYSLOG_IDENTIFIER\":\"slugd\","
                "\"MESSAGE_ID\":\"" SLUG_MESSAGE_STARTED "\",\"CODE_FILE\":\"file.c\","
                "\"CODE_LINE\":\"42\",\"CODE_FUNC\":\"main\",\"SLUG_NODES\":\"0-1,4\","
                "\"SLUG_BYTES\":\"18446744073709551615\"}\n"
                "{\"MESSAGE\":\"down\",\"PRIORITY\":\"3\",\"SYSLOG_IDENTIFIER\":\"slugd\","
                "\"CODE_FILE\":\"file.c\",\"CODE_LINE\":\"43\",\"CODE_FUNC\":\"main\"}\n");
}
END_TEST

static const struct {
        const char *name, *message, *json, *text;
} escapes[] = {
        { "plain", "a/b c~", "a/b c~", "a/b c~" },
        { "quotes", "say \"a\\b\"", "say \\\"a\\\\b\\\"", "say \"a\\b\"" },
        { "controls", "a\nb\t\x1b[1m", "a\\u000ab\\u0009\\u001b[1m", "a?b??[1m" },
        { "delete", "a\x7f", "a\\u007f", "a?" },
        { "c1 control", "a\xc2\x9b", "a\\u009b", "a?" },
        { "two bytes", "\xc2\xa0\xc3\xa4", "\xc2\xa0\xc3\xa4", "\xc2\xa0\xc3\xa4" },
        { "three bytes", "\xe2\x82\xac", "\xe2\x82\xac", "\xe2\x82\xac" },
        { "four bytes", "\xf0\x9f\x90\x8c", "\xf0\x9f\x90\x8c", "\xf0\x9f\x90\x8c" },
        { "stray continuation", "a\x80z", "a\\ufffdz", "a?z" },
        { "never valid", "\xff\xfe", "\\ufffd\\ufffd", "??" },
        { "cut short", "a\xe2\x82", "a\\ufffd\\ufffd", "a??" },
        { "cut by a letter", "\xe2\x82z", "\\ufffd\\ufffdz", "??z" },
        { "overlong slash", "\xc0\xaf", "\\ufffd\\ufffd", "??" },
        { "overlong three", "\xe0\x80\xaf", "\\ufffd\\ufffd\\ufffd", "???" },
        { "surrogate", "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd", "???" },
        { "above unicode", "\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd", "????" },
};

START_TEST(foreign_text_cannot_break_the_line) {
        char expected[512];

        log_init("slugd", LOG_TARGET_JSON, LOG_INFO);
        log_entry(LOG_INFO, NULL, "f", 1, "g", NULL, 0, "%s", escapes[_i].message);
        log_init("slugd", LOG_TARGET_TEXT, LOG_INFO);
        log_entry(LOG_INFO, NULL, "f", 1, "g", NULL, 0, "%s", escapes[_i].message);
        (void)snprintf(expected, sizeof(expected),
                       "{\"MESSAGE\":\"%s\",\"PRIORITY\":\"6\",\"SYSLOG_IDENTIFIER\":\"slugd\","
                       "\"CODE_FILE\":\"f\",\"CODE_LINE\":\"1\",\"CODE_FUNC\":\"g\"}\n"
                       "slugd: %s\n",
                       escapes[_i].json, escapes[_i].text);
        ck_assert_msg(strcmp(get_logged(), expected) == 0, "%s: %s", escapes[_i].name, logged);
}
END_TEST

START_TEST(long_message_is_cut) {
        char text[5000];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        log_init("slugd", LOG_TARGET_TEXT, LOG_INFO);
        log_event(LOG_INFO, SLUG_MESSAGE_STARTED, LOG_PLAIN, "%s", text);
        ck_assert_uint_eq(strlen(get_logged()), strlen("slugd: ") + 1023 + 1);
        ck_assert_int_eq(logged[strlen(logged) - 1], '\n');
}
END_TEST

/* Each byte of the worst message and fields becomes six in JSON; together they are too much. */
START_TEST(fields_that_find_no_room_are_left_out_whole) {
        LogField fields[LOG_FIELDS_MAX];
        char text[5000];
        unsigned n_fields = 0;
        size_t n;

        memset(text, '\x01', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        for (size_t i = 0; i < LOG_FIELDS_MAX - 1; ++i)
                fields[i] = (LogField){ "SLUG_REASON", text, 0 };
        fields[LOG_FIELDS_MAX - 1] = (LogField){ "SLUG_NODE", NULL, 7 };
        log_init("slugd", LOG_TARGET_JSON, LOG_INFO);
        log_entry(LOG_INFO, NULL, "f", 1, "g", fields, LOG_FIELDS_MAX, "%s", text);
        n = strlen(get_logged());
        ck_assert_uint_le(n, 16384);
        ck_assert_ptr_eq(strchr(logged, '\n'), logged + n - 1);
        for (const char *at = logged; (at = strstr(at, "\"SLUG_REASON\":\"\\u0001")); ++at)
                ++n_fields;
        ck_assert_uint_eq(n_fields, 3); /* 3072 bytes each, behind 6138 of message */
        ck_assert_str_eq(logged + n - 18, ",\"SLUG_NODE\":\"7\"}\n");
}
END_TEST

START_TEST(longest_field_is_cut) {
        char text[5000];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        log_init("slugd", LOG_TARGET_JSON, LOG_INFO);
        log_event(LOG_INFO, NULL, LOG_WITH({ "SLUG_FILE", text, 0 }), "m");
        text[512] = '\0';
        ck_assert_ptr_nonnull(strstr(get_logged(), text));
        text[512] = 'x';
        text[513] = '\0';
        ck_assert_ptr_null(strstr(get_logged(), text));
}
END_TEST

START_TEST(journal_is_found_by_the_stream_it_gave_us) {
        struct stat stat;
        char stream[64];

        ck_assert_int_eq(fstat(STDERR_FILENO, &stat), 0);
        (void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)stat.st_dev,
                       (uintmax_t)stat.st_ino);
        (void)setenv("JOURNAL_STREAM", stream, 1);
        log_init("slugd", LOG_TARGET_AUTO, LOG_INFO);
        ck_assert_int_eq(log_get_target(), LOG_TARGET_JOURNAL);
}
END_TEST

static const char *const other_streams[] = {
        "", "1:1", ":", "x:y", "1", "8:12345678901234567890x", "99999999999999999999999:1"
};

START_TEST(stream_of_somebody_else_is_not_ours) {
        (void)setenv("JOURNAL_STREAM", other_streams[_i], 1);
        log_init("slugd", LOG_TARGET_AUTO, LOG_INFO);
        ck_assert_int_eq(log_get_target(), LOG_TARGET_JSON);
}
END_TEST

START_TEST(what_is_no_terminal_gets_json) {
        errno = EILSEQ;
        log_init("slugd", LOG_TARGET_AUTO, LOG_INFO);
        ck_assert_int_eq(errno, EILSEQ);
        ck_assert_int_eq(log_get_target(), LOG_TARGET_JSON);
}
END_TEST

START_TEST(terminal_gets_text) {
        _cleanup_(fd_closep) int main_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        _cleanup_(fd_closep) int terminal_fd = -EBADF;
        char path[64];

        /* A container may come without terminals; then there is nothing to ask. */
        if (main_fd < 0 || grantpt(main_fd) < 0 || unlockpt(main_fd) < 0 ||
            ptsname_r(main_fd, path, sizeof(path)) != 0)
                return;
        terminal_fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (terminal_fd < 0)
                return;
        ck_assert_int_ge(dup2(terminal_fd, STDERR_FILENO), 0);
        log_init("slugd", LOG_TARGET_AUTO, LOG_INFO);
        ck_assert_int_eq(log_get_target(), LOG_TARGET_TEXT);
}
END_TEST

START_TEST(errno_is_the_same_afterwards_and_can_be_printed) {
        log_init("slugd", LOG_TARGET_TEXT, LOG_INFO);
        errno = ENOENT;
        log_event(LOG_ERR, SLUG_MESSAGE_STARTED, LOG_PLAIN, "Cannot open: %m");
        ck_assert_int_eq(errno, ENOENT);
        ck_assert_str_eq(get_logged(), "slugd: error: Cannot open: No such file or directory\n");
}
END_TEST

START_TEST(nobody_listening_is_no_reason_to_stop) {
        int fds[2];
        void (*old)(int) = signal(SIGPIPE, SIG_IGN);

        ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
        ck_assert_int_ge(dup2(fds[1], STDERR_FILENO), 0);
        log_init("slugd", LOG_TARGET_JSON, LOG_INFO);
        errno = 0;
        for (unsigned i = 0; i < 2000; ++i) /* more than a pipe holds */
                log_event(LOG_INFO, SLUG_MESSAGE_STARTED, LOG_PLAIN, "full %u", i);
        (void)fd_close(fds[0]);
        log_event(LOG_INFO, SLUG_MESSAGE_STARTED, LOG_PLAIN, "gone");
        ck_assert_int_eq(errno, 0);
        (void)fd_close(fds[1]);
        (void)signal(SIGPIPE, old);
}
END_TEST

START_TEST(each_entry_is_one_write) {
        int fds[2];
        char buffer[4096];
        ssize_t n;

        /* A packet pipe keeps writes apart. */
        ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_DIRECT), 0);
        ck_assert_int_ge(dup2(fds[1], STDERR_FILENO), 0);
        log_init("slugd", LOG_TARGET_JSON, LOG_INFO);
        log_event(LOG_INFO, SLUG_MESSAGE_STARTED, LOG_WITH({ "SLUG_NODE", .number = 1 }), "one");
        log_event(LOG_INFO, SLUG_MESSAGE_STARTED, LOG_PLAIN, "two");
        n = read(fds[0], buffer, sizeof(buffer) - 1);
        ck_assert_int_gt(n, 0);
        buffer[n] = '\0';
        ck_assert_ptr_nonnull(strstr(buffer, "\"one\""));
        ck_assert_ptr_eq(strchr(buffer, '\n'), buffer + n - 1);
        (void)fd_close(fds[0]);
        (void)fd_close(fds[1]);
}
END_TEST

#ifndef NDEBUG
START_TEST(field_outside_the_dictionary_is_our_own_bug) {
        int status;
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                const struct rlimit none = {};

                (void)setrlimit(RLIMIT_CORE, &none);
                (void)signal(SIGABRT, SIG_DFL);
                log_init("slugd", LOG_TARGET_JSON, LOG_INFO);
                log_event(LOG_INFO, SLUG_MESSAGE_STARTED, LOG_WITH({ "SLUG_ODD", .number = 1 }),
                          "odd");
                _exit(0);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status));
        ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}
END_TEST
#endif

Suite *suite(void) {
        Suite *suite = suite_create("log");
        TCase *tcase = tcase_create("log");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, level_has_a_name, 0, ELEMENTSOF(levels));
        tcase_add_test(tcase, text_is_for_a_person);
        tcase_add_test(tcase, levels_above_the_limit_are_dropped);
        tcase_add_test(tcase, json_has_every_field_and_one_line);
        tcase_add_loop_test(tcase, foreign_text_cannot_break_the_line, 0, ELEMENTSOF(escapes));
        tcase_add_test(tcase, long_message_is_cut);
        tcase_add_test(tcase, fields_that_find_no_room_are_left_out_whole);
        tcase_add_test(tcase, longest_field_is_cut);
        tcase_add_test(tcase, journal_is_found_by_the_stream_it_gave_us);
        tcase_add_loop_test(tcase, stream_of_somebody_else_is_not_ours, 0,
                            ELEMENTSOF(other_streams));
        tcase_add_test(tcase, what_is_no_terminal_gets_json);
        tcase_add_test(tcase, terminal_gets_text);
        tcase_add_test(tcase, errno_is_the_same_afterwards_and_can_be_printed);
        tcase_add_test(tcase, nobody_listening_is_no_reason_to_stop);
        tcase_add_test(tcase, each_entry_is_one_write);
#ifndef NDEBUG
        tcase_add_test(tcase, field_outside_the_dictionary_is_our_own_bug);
#endif
        suite_add_tcase(suite, tcase);
        return suite;
}
