/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slugctl
 *
 * Arguments, one verb, one text. Exit status: 0 done, 1 refused or not understood, 2 wrong usage, 3
 * nobody there.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "slugctl/arguments.h"
#include "slugctl/help.h"
#include "slugctl/verb.h"

static bool wants_colour(Colour colour) {
        const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");

        switch (colour) {
        case COLOUR_ALWAYS:
                return true;
        case COLOUR_NEVER:
                return false;
        case COLOUR_AUTO:
                break;
        }
        return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) && terminal &&
               strcmp(terminal, "dumb") != 0;
}

static Style get_style(const Arguments *arguments) {
        return (Style){
                .has_colour = wants_colour(arguments->colour),
                .is_ascii = arguments->is_ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
                .is_wide = arguments->output == OUTPUT_WIDE,
        };
}

static const char *get_socket(const Arguments *arguments) {
        const char *socket = arguments->socket ? arguments->socket : getenv("SLUG_SOCKET");

        return socket && *socket ? socket : VERB_DEFAULT_SOCKET;
}

static int run_verb(const Arguments *arguments, const Verb *verb) {
        const VerbContext context = {
                .verb = verb,
                .socket = get_socket(arguments),
                .wait_sec = arguments->wait_sec,
                .output = arguments->output,
                .style = get_style(arguments),
                .arguments = arguments->words + 1,
                .n_arguments = arguments->n_words - 1,
                .options = arguments->options,
                .n_options = arguments->n_options,
        };

        return verb->run(&context);
}

static int run(int argc, char **argv) {
        Arguments arguments;
        const Verb *verb;
        int r;

        r = arguments_parse(argc, argv, &arguments);
        if (r)
                return r;
        if (arguments.wants_version) {
                (void)printf("slugctl %s\n", PACKAGE_VERSION);
                return EXIT_SUCCESS;
        }
        if (arguments.n_words == 0)
                return arguments.wants_help ? help_print() : verb_refuse(NULL, "which verb?");
        verb = verb_get(arguments.words[0]);
        if (!verb) {
                (void)fprintf(stderr, "Try 'slugctl --help'.\n");
                return EXIT_USAGE;
        }
        if (arguments.wants_help)
                return help_print_verb(verb);
        r = arguments_check(&arguments, verb);
        return r ? r : run_verb(&arguments, verb);
}

/* A full disk behind stdout is a failure; a reader that has seen enough is not. */
static int finish_output(int status) {
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        if (errno != EPIPE)
                (void)fprintf(stderr, "slugctl: cannot write: %s\n", strerror(errno));
        return EXIT_FAILURE;
}

int main(int argc, char **argv) {
        (void)setlocale(LC_CTYPE, "");
        (void)signal(SIGPIPE, SIG_IGN);
        return finish_output(run(argc, argv));
}
