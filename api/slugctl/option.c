/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/option.h"

#include <stdio.h>
#include <string.h>

#include "slugctl/verb.h"

/* Where the text of an option begins, and where it goes on; and how long a name leaves it room. */
#define HELP_COLUMN   24u
#define HELP_NAME_MAX 16u

static const char *const outputs[] = { "table", "wide", "json", "yaml", "diff", NULL };
static const char *const colours[] = { "auto", "always", "never", NULL };

const Option general_options[] = {
        {
                .name = "socket",
                .letter = 's',
                .argument = "PATH",
                .is_path = true,
                .help = "slugd's socket (default: $SLUG_SOCKET, or " VERB_DEFAULT_SOCKET ")",
        },
        {
                .name = "output",
                .letter = 'o',
                .argument = "FORMAT",
                .words = outputs,
                .help = "table, wide, json or yaml; of plan also diff\n"
                        "(default: table)",
        },
        {
                .name = "color",
                .argument = "WHEN",
                .words = colours,
                .help = "auto, always or never (default: auto)",
        },
        { .name = "ascii", .help = "draw with ASCII characters only" },
        { .name = "wait", .argument = "SECONDS", .help = "wait until slugd serves its socket" },
        { .name = "help", .letter = 'h', .help = "show this help, or that of a verb" },
        { .name = "version", .help = "show the version of slugctl itself" },
};
const size_t n_general_options = ELEMENTSOF(general_options);

const Option *option_find(const Option *options, size_t n_options, const char *name) {
        for (size_t i = 0; i < n_options; ++i)
                if (strcmp(options[i].name, name) == 0)
                        return &options[i];
        return NULL;
}

static void append_text(const char *text, Buffer *buffer) {
        for (; *text; ++text) {
                buffer_append_char(buffer, *text);
                if (*text == '\n')
                        buffer_printf(buffer, "%*s", (int)HELP_COLUMN, "");
        }
        buffer_append_char(buffer, '\n');
}

void options_append_help(const Option *options, size_t n_options, Buffer *buffer) {
        for (size_t i = 0; i < n_options; ++i) {
                const Option *option = &options[i];
                char name[64];

                (void)snprintf(name, sizeof(name), "--%s%s%s", option->name,
                               option->argument ? " " : "",
                               option->argument ? option->argument : "");
                if (option->letter)
                        buffer_printf(buffer, "  -%c, ", option->letter);
                else
                        buffer_append_text(buffer, "      ");
                if (strlen(name) > HELP_NAME_MAX)
                        buffer_printf(buffer, "%s\n%*s", name, (int)HELP_COLUMN, "");
                else
                        buffer_printf(buffer, "%-*s  ", (int)HELP_NAME_MAX, name);
                append_text(option->help, buffer);
        }
}

int option_find_word(const Option *option, const char *text) {
        for (int i = 0; option->words && option->words[i]; ++i)
                if (strcmp(option->words[i], text) == 0)
                        return i;
        return -1;
}

void option_append_words(const Option *option, const char *separator, Buffer *buffer) {
        for (size_t i = 0; option->words && option->words[i]; ++i)
                buffer_printf(buffer, "%s%s", i ? separator : "", option->words[i]);
}
