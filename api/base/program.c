/* SPDX-License-Identifier: Apache-2.0 */
#include "base/program.h"

#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scan.h"

#define OPTIONS_MAX 32u
#define HELP_COLUMN 25u /* where the text of an option begins */
#define ARG_FIRST   256 /* of the rows; --help and --version follow them */

/* Help */

static void print_spaces(size_t n) {
        (void)printf("%*s", (int)n, "");
}

/* One that is too wide for its column has its text below it. */
static void print_option(char letter, const char *name, const char *argument, const char *help) {
        char head[80];
        const int n = letter ? snprintf(head, sizeof(head), "  -%c, --%s", letter, name)
                             : snprintf(head, sizeof(head), "      --%s%s%s", name,
                                        argument ? " " : "", argument ? argument : "");

        (void)printf("%s", head);
        if ((size_t)n + 1 < HELP_COLUMN) {
                print_spaces(HELP_COLUMN - (size_t)n);
        } else {
                (void)printf("\n");
                print_spaces(HELP_COLUMN);
        }
        for (const char *line = help;; ++line) {
                const size_t n_line = strcspn(line, "\n");

                (void)printf("%.*s\n", (int)n_line, line);
                line += n_line;
                if (!*line)
                        return;
                print_spaces(HELP_COLUMN);
        }
}

static int print_help(const Program *program) {
        (void)printf("Usage: %s [OPTIONS]\n\n%s\nOptions:\n", program->name, program->summary);
        for (size_t i = 0; i < program->n_options; ++i) {
                const ProgramOption *option = &program->options[i];

                print_option('\0', option->name, option->argument, option->help);
        }
        print_option('h', "help", NULL, "show this help");
        print_option('\0', "version", NULL, "show the version");
        (void)printf("\n%s\nExamples:\n%s", program->details, program->examples);
        return EXIT_SUCCESS;
}

/* Mistakes */

static int hint(const Program *program) {
        (void)fprintf(stderr, "Try '%s --help'.\n", program->name);
        return PROGRAM_USAGE;
}

int program_refuse(const Program *program, const char *format, ...) {
        va_list arguments;

        (void)fprintf(stderr, "%s: ", program->name);
        va_start(arguments, format);
        (void)vfprintf(stderr, format, arguments);
        va_end(arguments);
        (void)fprintf(stderr, "\n");
        return hint(program);
}

static int refuse_value(const Program *program,
                        const ProgramOption *option,
                        const char *expected,
                        const char *text) {
        return program_refuse(program, "--%s expects %s, not '%s'", option->name, expected, text);
}

/* Values */

static bool parse_duration(const char *text, uint64_t max_usec, uint64_t *ret_usec) {
        Scan scan = scan_init(text, strlen(text));
        uint64_t n, unit;

        if (!scan_u64(&scan, &n))
                return false;
        if (scan_literal(&scan, "ms"))
                unit = USEC_PER_MSEC;
        else if (scan_char(&scan, 's'))
                unit = USEC_PER_SEC;
        else if (scan_char(&scan, 'm'))
                unit = 60 * USEC_PER_SEC;
        else
                return false;
        if (!scan_is_done(&scan) || n == 0 || n > max_usec / unit)
                return false;
        *ret_usec = n * unit;
        return true;
}

static int take_duration(const Program *program, const ProgramOption *option, const char *text) {
        if (parse_duration(text, option->max_usec, option->target))
                return 0;
        return program_refuse(
                program, "--%s expects a time as 500ms, 30s or 1m, at most %llum, not '%s'",
                option->name, (unsigned long long)(option->max_usec / (60 * USEC_PER_SEC)), text);
}

static int take_path(const Program *program, const ProgramOption *option, const char *text) {
        const char *path = strncmp(text, "unix://", 7) == 0 ? text + 7 : text;

        if (path[0] != '/' || strlen(path) >= PROGRAM_PATH_MAX)
                return program_refuse(program,
                                      "--%s expects a path that begins with '/' and is shorter "
                                      "than %u bytes, not '%s'",
                                      option->name, PROGRAM_PATH_MAX, text);
        *(const char **)option->target = path;
        return 0;
}

static int take_word(const Program *program, const ProgramOption *option, const char *text) {
        char expected[128] = "";

        for (unsigned i = 0; option->words[i]; ++i) {
                const size_t n = strlen(expected);

                if (strcmp(option->words[i], text) == 0) {
                        *(unsigned *)option->target = i;
                        return 0;
                }
                (void)snprintf(expected + n, sizeof(expected) - n, "%s%s",
                               i == 0                 ? ""
                               : option->words[i + 1] ? ", "
                                                      : " or ",
                               option->words[i]);
        }
        return refuse_value(program, option, expected, text);
}

static int take_level(const Program *program, const ProgramOption *option, const char *text) {
        if (log_parse_level(text, option->target))
                return 0;
        return program_refuse(
                program, "unknown log level '%s'; one of err, warning, notice, info, debug", text);
}

/* Return: 0, or the exit status. */
static int take(const Program *program, const ProgramOption *option, const char *text) {
        switch (option->kind) {
        case PROGRAM_FLAG:
                *(bool *)option->target = true;
                return 0;
        case PROGRAM_TEXT:
                *(const char **)option->target = text;
                return 0;
        case PROGRAM_PATH:
                return take_path(program, option, text);
        case PROGRAM_DURATION:
                return take_duration(program, option, text);
        case PROGRAM_WORD:
                return take_word(program, option, text);
        case PROGRAM_LEVEL:
                return take_level(program, option, text);
        case PROGRAM_OTHER:
                break;
        }
        return option->set(text, option->target)
                       ? 0
                       : refuse_value(program, option, option->expected, text);
}

/* Parsing */

static void fill_table(const Program *program, struct option *table) {
        size_t n = 0;

        for (; n < program->n_options; ++n)
                table[n] = (struct option){
                        .name = program->options[n].name,
                        .has_arg = program->options[n].argument ? required_argument : no_argument,
                        .val = ARG_FIRST + (int)n,
                };
        table[n] = (struct option){ .name = "help", .val = 'h' };
        table[n + 1] = (struct option){ .name = "version", .val = ARG_FIRST + (int)n };
}

int program_parse(const Program *program, int argc, char **argv) {
        struct option table[OPTIONS_MAX + 3] = {};
        int c, r;

        assert(program->n_options <= OPTIONS_MAX);
        fill_table(program, table);
        while ((c = getopt_long(argc, argv, "h", table, NULL)) >= 0) {
                const size_t i = (size_t)(c - ARG_FIRST);

                if (c == 'h')
                        return print_help(program);
                if (c < ARG_FIRST)
                        return hint(program);
                if (i == program->n_options) {
                        (void)printf("%s %s\n", program->name, PACKAGE_VERSION);
                        return EXIT_SUCCESS;
                }
                r = take(program, &program->options[i], optarg);
                if (r)
                        return r;
        }
        if (optind < argc)
                return program_refuse(program, "unexpected argument '%s'", argv[optind]);
        return -1;
}

void program_tell_failure(const Program *program, int r, const Diag *diag) {
        char text[DIAG_FORMATTED_MAX];

        if (r > 0)
                log_event(LOG_ERR, SLUG_MESSAGE_PLUGIN_FAILED, LOG_PLAIN, "%s",
                          diag_format(diag, text));
        else
                log_event(LOG_ERR, SLUG_MESSAGE_PLUGIN_FAILED,
                          LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-r }),
                          "%s cannot go on: %s", program->name, strerror(-r));
}
