/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print(Buffer *text) {
        if (buffer_finish(text)) {
                (void)fprintf(stderr, "slugctl: %s\n", strerror(ENOMEM));
                return EXIT_FAILURE;
        }
        (void)fwrite(text->data, 1, text->n_data, stdout);
        return EXIT_SUCCESS;
}

int help_print(void) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        buffer_append_text(&text, "Usage: slugctl [OPTIONS] VERB\n"
                                  "\n"
                                  "Asks slugd what memory this Kubernetes node has.\n"
                                  "\n"
                                  "Verbs:\n");
        for (size_t i = 0; i < n_verbs; ++i)
                buffer_printf(&text, "  %-18s %s\n", verbs[i]->name, verbs[i]->summary);
        buffer_append_text(&text, "\nOptions:\n");
        options_append_help(general_options, n_general_options, &text);
        buffer_append_text(&text,
                           "\n"
                           "Exit status:\n"
                           "  0  done\n"
                           "  1  slugd refused or was not understood; or nothing fits, there is\n"
                           "     no such claim, a limit differs, or could not be put back\n"
                           "  2  wrong usage\n"
                           "  3  no slugd could be reached\n"
                           "\n"
                           "Examples:\n"
                           "  slugctl describe-node\n"
                           "  slugctl topology -o wide\n"
                           "  slugctl describe-node -o json | jq .allocatable\n"
                           "  slugctl hints --local 4Gi --remote 8Gi..12Gi\n"
                           "  slugctl pods --sort remote\n"
                           "  slugctl simulate web.yaml\n"
                           "  slugctl plan -o diff\n"
                           "  slugctl --socket /tmp/slugd.sock --wait 10 describe-node\n");
        return print(&text);
}

int help_print_verb(const Verb *verb) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        buffer_printf(&text, "Usage: slugctl [OPTIONS] %s%s\n\n%s\n", verb->name, verb->arguments,
                      verb->help);
        if (verb->n_options) {
                buffer_printf(&text, "Options of %s:\n", verb->name);
                options_append_help(verb->options, verb->n_options, &text);
                buffer_append_text(&text, "\nThe other options are those of 'slugctl --help'.\n");
        } else {
                buffer_append_text(&text, "The options are those of 'slugctl --help'.\n");
        }
        return print(&text);
}

static int run(const VerbContext *context) {
        const Verb *verb;

        if (context->n_arguments == 0)
                return help_print();
        verb = verb_get(context->arguments[0]);
        if (!verb) {
                (void)fprintf(stderr, "Try 'slugctl --help'.\n");
                return EXIT_USAGE;
        }
        return help_print_verb(verb);
}

const Verb verb_help = {
        .name = "help",
        .arguments = " [VERB]",
        .summary = "this text, or more about one verb",
        .help = "Prints the help of slugctl, or of one of its verbs.\n",
        .n_arguments_max = 1,
        .run = run,
};
