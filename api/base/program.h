/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How a small program begins
 *
 * Options as rows: the parser and the help are made of the same ones. For services with a dozen of
 * options and no verbs. What is wrong is said on standard error, in the name of the program.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

#define PROGRAM_PATH_MAX 256u /* with the NUL */

typedef enum ProgramKind {
        PROGRAM_FLAG,     /* bool *: true when it is there; takes nothing */
        PROGRAM_TEXT,     /* const char **: borrowed from argv, as are the next two */
        PROGRAM_PATH,     /* const char **: absolute, or unix:// and that */
        PROGRAM_DURATION, /* uint64_t *: "500ms", "30s", "1m"; microseconds, 1..max_usec */
        PROGRAM_WORD,     /* unsigned *: its place in words */
        PROGRAM_LEVEL,    /* int *: of the log */
        PROGRAM_OTHER,    /* set() decides */
} ProgramKind;

typedef struct ProgramOption {
        const char *name;     /* without the dashes */
        const char *argument; /* what it takes, as the help names it; NULL: nothing */
        ProgramKind kind;
        void *target;
        uint64_t max_usec;
        const char *const *words;                    /* ended by NULL */
        bool (*set)(const char *text, void *target); /* false: it is not what is expected */
        const char *expected;                        /* "NAMESPACE/NAME" */
        const char *help;                            /* '\n' begins another line */
} ProgramOption;

/* Two that every service has. */
#define PROGRAM_LOG_OPTIONS(foreground, level)                                                     \
        { .name = "foreground",                                                                    \
          .kind = PROGRAM_FLAG,                                                                    \
          .target = (foreground),                                                                  \
          .help = "log as plain text on standard error, for a person at a\nterminal" },            \
        {                                                                                          \
                .name = "log-level", .argument = "LEVEL", .kind = PROGRAM_LEVEL,                   \
                .target = (level), .help = "err, warning, notice, info or debug (default: info)"   \
        }

typedef struct Program {
        const char *name;
        const char *summary; /* lines below the usage */
        const ProgramOption *options;
        size_t n_options;
        const char *details;  /* lines below the options */
        const char *examples; /* lines */
} Program;

enum { PROGRAM_USAGE = 2 }; /* exit status */

/* --help, -h and --version are answered here. Return: below 0: go on; otherwise the exit status. */
_must_check_ int program_parse(const Program *program, int argc, char **argv);
/* Says what is wrong with the options, which format() names. Return: PROGRAM_USAGE. */
int program_refuse(const Program *program, const char *format, ...) _printf_(2, 3);
/* Why it cannot go on, to the journal. @r: an errno below 0, or above 0: @diag says it. */
void program_tell_failure(const Program *program, int r, const Diag *diag);
