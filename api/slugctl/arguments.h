/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The command line
 *
 * Options may stand before and after the verb, and a verb's own options may, too; whose they are is
 * told once the verb is known.
 */
#include "slugctl/verb.h"

#define ARGUMENTS_OPTIONS_MAX 64u /* of verbs, on one command line */

typedef enum Colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } Colour;

typedef struct Arguments {
        const char *socket; /* NULL: not given */
        Output output;
        Colour colour;
        bool is_ascii;
        bool wants_help;
        bool wants_version;
        unsigned wait_sec;
        VerbOption options[ARGUMENTS_OPTIONS_MAX]; /* those of verbs */
        size_t n_options;
        char **words; /* the verb and what follows it */
        size_t n_words;
} Arguments;

/* Reorders @argv. Return: 0, or EXIT_USAGE, which has then been said on standard error. */
_must_check_ int arguments_parse(int argc, char **argv, Arguments *ret);
/* That @verb takes what was given to it. Return: as above. */
_must_check_ int arguments_check(const Arguments *arguments, const Verb *verb);
