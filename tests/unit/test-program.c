/* SPDX-License-Identifier: Apache-2.0 */
/* Options of small programs. What is said to a person goes to standard output and error. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/program.h"
#include "lib/test-main.h"

static bool flag;
static const char *text, *path, *other;
static uint64_t usec;
static unsigned word;
static int level;

static bool set_other(const char *value, void *target) {
        *(const char **)target = value;
        return value[0] == 'x';
}

static const char *const words[] = { "one", "two", "three", NULL };
static const ProgramOption options[] = {
        { .name = "flag", .kind = PROGRAM_FLAG, .target = &flag, .help = "a flag" },
        { .name = "text",
          .argument = "T",
          .kind = PROGRAM_TEXT,
          .target = &text,
          .help = "a text" },
        { .name = "path",
          .argument = "P",
          .kind = PROGRAM_PATH,
          .target = &path,
          .help = "a path" },
        { .name = "time",
          .argument = "TIME",
          .kind = PROGRAM_DURATION,
          .target = &usec,
          .max_usec = UINT64_C(120000000),
          .help = "a time,\nin two lines" },
        { .name = "an-option-with-a-long-name",
          .argument = "WORD",
          .kind = PROGRAM_WORD,
          .target = &word,
          .words = words,
          .help = "a word" },
        { .name = "level",
          .argument = "L",
          .kind = PROGRAM_LEVEL,
          .target = &level,
          .help = "a level" },
        { .name = "other",
          .argument = "O",
          .kind = PROGRAM_OTHER,
          .target = &other,
          .set = set_other,
          .expected = "an x",
          .help = "another" },
};
static const Program program = {
        .name = "test",
        .summary = "It is a test.\n",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .details = "No more.\n",
        .examples = "  test --flag\n",
};

static int parse_one(const char *argument) {
        char name[] = "test", copy[512];
        char *argv[] = { name, copy, NULL };

        ck_assert_uint_lt(strlen(argument), sizeof(copy));
        memcpy(copy, argument, strlen(argument) + 1);
        optind = 0;
        return program_parse(&program, 2, argv);
}

START_TEST(values_are_taken) {
        ck_assert_int_lt(parse_one("--flag"), 0);
        ck_assert(flag);
        ck_assert_int_lt(parse_one("--time=2m"), 0);
        ck_assert_uint_eq(usec, UINT64_C(120000000));
        ck_assert_int_lt(parse_one("--time=1ms"), 0);
        ck_assert_uint_eq(usec, 1000);
        ck_assert_int_lt(parse_one("--an-option-with-a-long-name=three"), 0);
        ck_assert_uint_eq(word, 2);
        ck_assert_int_lt(parse_one("--level=debug"), 0);
        ck_assert_int_eq(level, LOG_DEBUG);
        ck_assert_int_lt(parse_one("--other=xyz"), 0);
}
END_TEST

START_TEST(paths_are_taken_in_two_forms) {
        char name[] = "test", first[] = "--path=unix:///run/x", second[] = "--path=/run/y";
        char *argv[] = { name, first, second, NULL };

        optind = 0;
        ck_assert_int_lt(program_parse(&program, 2, argv), 0);
        ck_assert_str_eq(path, "/run/x");
        optind = 0;
        ck_assert_int_lt(program_parse(&program, 3, argv), 0);
        ck_assert_str_eq(path, "/run/y");
}
END_TEST

static const char *const wrong[] = {
        "--none",      "now",       "--flag=1",  "--text",    "--path=run",
        "--path=",     "--time=0s", "--time=3m", "--time=1",  "--time=1h",
        "--time=121s", "--time=s",  "--time=",   "--level=x", "--an-option-with-a-long-name=four",
        "--other=y",   "-x",        "--time=1ss"
};

START_TEST(what_is_wrong_is_refused) {
        ck_assert_int_eq(parse_one(wrong[_i]), PROGRAM_USAGE);
}
END_TEST

START_TEST(a_path_has_a_length) {
        char argument[8 + PROGRAM_PATH_MAX];

        memset(argument, '/', sizeof(argument));
        memcpy(argument, "--path=", 7);
        argument[sizeof(argument) - 1] = '\0';
        ck_assert_int_eq(parse_one(argument), PROGRAM_USAGE);
        argument[sizeof(argument) - 2] = '\0';
        ck_assert_int_lt(parse_one(argument), 0);
}
END_TEST

START_TEST(help_and_version_end_it) {
        ck_assert_int_eq(parse_one("--help"), 0);
        ck_assert_int_eq(parse_one("-h"), 0);
        ck_assert_int_eq(parse_one("--version"), 0);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("program");
        TCase *tcase = tcase_create("all");

        tcase_add_test(tcase, values_are_taken);
        tcase_add_test(tcase, paths_are_taken_in_two_forms);
        tcase_add_loop_test(tcase, what_is_wrong_is_refused, 0, ELEMENTSOF(wrong));
        tcase_add_test(tcase, a_path_has_a_length);
        tcase_add_test(tcase, help_and_version_end_it);
        suite_add_tcase(suite, tcase);
        return suite;
}
