/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slugctl/verb.h"

/*
 * Completion scripts, made of the tables of verbs and options: what slugctl takes is what a shell
 * offers. Neither script asks slugctl or slugd anything while somebody types.
 */
static const char *const shells[] = { "bash", "zsh", NULL };

/* Words behind blanks, "--name" and "-l" */
static void append_options(const Option *options, size_t n_options, Buffer *script) {
        for (size_t i = 0; i < n_options; ++i) {
                if (options[i].letter)
                        buffer_printf(script, " -%c", options[i].letter);
                buffer_printf(script, " --%s", options[i].name);
        }
}

/* "-o | --output" */
static void append_pattern(const Option *option, Buffer *script) {
        if (option->letter)
                buffer_printf(script, "-%c | ", option->letter);
        buffer_printf(script, "--%s", option->name);
}

static void append_values(const Option *options, size_t n_options, Buffer *script) {
        for (size_t i = 0; i < n_options; ++i) {
                if (!options[i].argument)
                        continue;
                buffer_append_text(script, "    ");
                append_pattern(&options[i], script);
                buffer_append_text(script, ") ");
                if (options[i].words) {
                        buffer_append_text(script, "words='");
                        option_append_words(&options[i], " ", script);
                        buffer_append_text(script, "'");
                } else {
                        buffer_append_text(script, options[i].is_path ? "files=yes" : ":");
                }
                buffer_append_text(script, "; has_value=yes ;;\n");
        }
}

static void append_value_options(const Option *options, size_t n_options, Buffer *script) {
        for (size_t i = 0; i < n_options; ++i) {
                if (!options[i].argument)
                        continue;
                buffer_append_text(script, " | ");
                append_pattern(&options[i], script);
        }
}

static void append_bash_verb(const Verb *verb, Buffer *script) {
        buffer_printf(script, "      %s) words=\"$options", verb->name);
        append_options(verb->options, verb->n_options, script);
        for (size_t i = 0; verb->words && verb->words[i]; ++i)
                buffer_printf(script, " %s", verb->words[i]);
        buffer_append_char(script, '"');
        /* the path comes behind the word */
        if (verb->takes_path && verb->words)
                buffer_printf(script, "; [ \"$prev\" = %s ] || files=yes", verb->name);
        else if (verb->takes_path)
                buffer_append_text(script, " files=yes");
        buffer_append_text(script, " ;;\n");
}

static void append_bash(Buffer *script) {
        buffer_append_text(
                script, "# bash completion for slugctl\n"
                        "_slugctl() {\n"
                        "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
                        "  local i verb='' words='' files=no has_value=no options='");
        append_options(general_options, n_general_options, script);
        buffer_append_text(script, "'\n"
                                   "  # \"--output=json\" is three words here\n"
                                   "  [ \"$cur\" != '=' ] || cur=''\n"
                                   "  [ \"$prev\" != '=' ] || prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
                                   "  COMPREPLY=()\n"
                                   "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                                   "    case ${COMP_WORDS[i]} in\n"
                                   "      =");
        append_value_options(general_options, n_general_options, script);
        for (size_t i = 0; i < n_verbs; ++i)
                append_value_options(verbs[i]->options, verbs[i]->n_options, script);
        buffer_append_text(script, ") ((i++)) ;;\n"
                                   "      -*) ;;\n"
                                   "      *) verb=${COMP_WORDS[i]}; break ;;\n"
                                   "    esac\n"
                                   "  done\n"
                                   "  case $prev in\n");
        append_values(general_options, n_general_options, script);
        for (size_t i = 0; i < n_verbs; ++i)
                append_values(verbs[i]->options, verbs[i]->n_options, script);
        buffer_append_text(script, "  esac\n"
                                   "  if [ \"$has_value\" = no ]; then\n"
                                   "    case $verb in\n"
                                   "      '') words=\"$options");
        for (size_t i = 0; i < n_verbs; ++i)
                buffer_printf(script, " %s", verbs[i]->name);
        buffer_append_text(script, "\" ;;\n");
        for (size_t i = 0; i < n_verbs; ++i)
                append_bash_verb(verbs[i], script);
        buffer_append_text(script, "    esac\n"
                                   "  fi\n"
                                   "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                                   "  [ \"$files\" = no ] || mapfile -t -O ${#COMPREPLY[@]} "
                                   "COMPREPLY < <(compgen -f -- "
                                   "\"$cur\")\n"
                                   "}\n"
                                   "complete -o filenames -F _slugctl slugctl\n");
}

/* Inside single quotes, inside brackets. */
static void append_zsh_text(const char *text, Buffer *script) {
        for (; *text && *text != '\n'; ++text) {
                if (*text == '\'')
                        buffer_append_text(script, "'\\'");
                else if (strchr("[]:\\", *text))
                        buffer_append_char(script, '\\');
                buffer_append_char(script, *text);
        }
}

static void append_zsh_option(const Option *option, Buffer *script) {
        if (option->letter)
                buffer_printf(script, "'(-%c --%s)'{-%c,--%s}'[", option->letter, option->name,
                              option->letter, option->name);
        else
                buffer_printf(script, "'--%s[", option->name);
        append_zsh_text(option->help, script);
        buffer_append_char(script, ']');
        if (option->argument) {
                buffer_printf(script, ":%s:", option->argument);
                if (option->words) {
                        buffer_append_char(script, '(');
                        option_append_words(option, " ", script);
                        buffer_append_char(script, ')');
                } else if (option->is_path) {
                        buffer_append_text(script, "_files");
                }
        }
        buffer_append_char(script, '\'');
}

static void append_zsh_options(const Option *options, size_t n_options, Buffer *script) {
        for (size_t i = 0; i < n_options; ++i) {
                buffer_append_text(script, " \\\n    ");
                append_zsh_option(&options[i], script);
        }
}

static void append_zsh_verb(const Verb *verb, Buffer *script) {
        buffer_printf(script, "    %s) _arguments", verb->name);
        append_zsh_options(general_options, n_general_options, script);
        append_zsh_options(verb->options, verb->n_options, script);
        if (verb->words) {
                buffer_append_text(script, " \\\n    '1:what:(");
                for (size_t i = 0; verb->words[i]; ++i)
                        buffer_printf(script, "%s%s", i ? " " : "", verb->words[i]);
                buffer_append_text(script, ")'");
        }
        if (verb->takes_path)
                buffer_printf(script, " \\\n    '%d:file:_files'", verb->words ? 2 : 1);
        buffer_append_text(script, " ;;\n");
}

static void append_zsh(Buffer *script) {
        buffer_append_text(script, "#compdef slugctl\n"
                                   "# zsh completion for slugctl\n"
                                   "local curcontext=$curcontext state line\n"
                                   "local -a verbs\n"
                                   "verbs=(\n");
        for (size_t i = 0; i < n_verbs; ++i) {
                buffer_printf(script, "  '%s:", verbs[i]->name);
                append_zsh_text(verbs[i]->summary, script);
                buffer_append_text(script, "'\n");
        }
        buffer_append_text(script, ")\n_arguments -C");
        append_zsh_options(general_options, n_general_options, script);
        buffer_append_text(script, " \\\n    '1: :->verb' '*:: :->rest'\n"
                                   "case $state in\n"
                                   "  verb) _describe verb verbs ;;\n"
                                   "  rest) case $line[1] in\n");
        for (size_t i = 0; i < n_verbs; ++i)
                append_zsh_verb(verbs[i], script);
        buffer_append_text(script, "  esac ;;\n"
                                   "esac\n");
}

static int run(const VerbContext *context) {
        const char *shell = context->arguments[0];
        _cleanup_(buffer_deinitp) Buffer script = {};

        if (strcmp(shell, shells[0]) == 0)
                append_bash(&script);
        else if (strcmp(shell, shells[1]) == 0)
                append_zsh(&script);
        else
                return verb_refuse(context->verb, "no completion for '%s'; one of bash, zsh",
                                   shell);
        if (buffer_finish(&script)) {
                (void)fprintf(stderr, "slugctl: out of memory\n");
                return EXIT_FAILURE;
        }
        (void)fwrite(script.data, 1, script.n_data, stdout);
        return EXIT_SUCCESS;
}

const Verb verb_completion = {
        .name = "completion",
        .arguments = " bash|zsh",
        .summary = "a script that completes slugctl's arguments in a shell",
        .help = "Prints a script for bash or zsh. An installed slug has both in their places; "
                "this\n"
                "is for a shell that does not look there.\n"
                "\n"
                "Examples:\n"
                "  source <(slugctl completion bash)\n"
                "  slugctl completion zsh >~/.zfunc/_slugctl\n",
        .n_arguments_min = 1,
        .n_arguments_max = 1,
        .words = shells,
        .run = run,
};
