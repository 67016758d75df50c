/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Options as data
 *
 * One row an option: the parser, the help and the completion scripts are made of the same rows, so
 * that none of them knows one that the others do not.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/cleanup.h"

typedef struct Option {
        const char *name;         /* without the dashes */
        char letter;              /* '\0': it has none */
        const char *argument;     /* what it takes, as the help names it; NULL: nothing */
        const char *const *words; /* the only ones it takes, ended by NULL; NULL: any text */
        bool is_path;             /* it takes a path, which a shell can complete */
        const char *help;         /* a line; '\n' begins another */
} Option;

/* Those that stand with every verb. */
extern const Option general_options[];
extern const size_t n_general_options;

const Option *option_find(const Option *options, size_t n_options, const char *name);

/* "  -o, --output FORMAT   table, wide, json or yaml (default: table)\n", one a row */
void options_append_help(const Option *options, size_t n_options, Buffer *buffer);
/* One of its words; -1 when @text is none of them. */
int option_find_word(const Option *option, const char *text);
/* "table, wide, json, yaml" */
void option_append_words(const Option *option, const char *separator, Buffer *buffer);
