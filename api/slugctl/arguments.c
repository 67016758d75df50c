/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/arguments.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"

/*
 * getopt_long() is given every option there is, those of all verbs included, because a verb's own
 * may stand before it. Two verbs may have an option of the same name, if both take a value or
 * neither does: it is then one entry here.
 */
#define ENTRIES_MAX  64u
#define LETTERS_MAX  (2 * ENTRIES_MAX + 1)
#define WAIT_SEC_MAX 86400u
#define FIRST_VALUE  256 /* of an entry without a letter: above any letter */

typedef struct OptionList {
        const Option *entries[ENTRIES_MAX];
        size_t n_entries;
        size_t n_general; /* the first ones */
} OptionList;

static void add_options(OptionList *list, const Option *options, size_t n_options) {
        for (size_t i = 0; i < n_options; ++i) {
                bool is_known = false;

                for (size_t k = 0; k < list->n_entries; ++k)
                        is_known |= strcmp(list->entries[k]->name, options[i].name) == 0;
                if (is_known)
                        continue;
                assert(list->n_entries < ENTRIES_MAX);
                list->entries[list->n_entries++] = &options[i];
        }
}

static OptionList list_options(void) {
        OptionList list = {};

        add_options(&list, general_options, n_general_options);
        list.n_general = list.n_entries;
        for (size_t i = 0; i < n_verbs; ++i)
                add_options(&list, verbs[i]->options, verbs[i]->n_options);
        return list;
}

static void translate(const OptionList *list,
                      struct option options[static ENTRIES_MAX + 1],
                      char letters[static LETTERS_MAX]) {
        for (size_t i = 0; i < list->n_entries; ++i) {
                const Option *entry = list->entries[i];

                options[i] = (struct option){
                        .name = entry->name,
                        .has_arg = entry->argument ? required_argument : no_argument,
                        .val = entry->letter ? entry->letter : FIRST_VALUE + (int)i,
                };
                if (!entry->letter)
                        continue;
                *letters++ = entry->letter;
                if (entry->argument)
                        *letters++ = ':';
        }
        options[list->n_entries] = (struct option){};
        *letters = '\0';
}

static size_t find_entry(const OptionList *list, int value) {
        if (value >= FIRST_VALUE)
                return (size_t)(value - FIRST_VALUE);
        for (size_t i = 0; i < list->n_entries; ++i)
                if (list->entries[i]->letter == value)
                        return i;
        return list->n_entries; /* getopt has said what is wrong */
}

/* One of the words of an option; below 0, and said, when it is none of them. */
static int get_word(const Option *option, const char *text) {
        _cleanup_(buffer_deinitp) Buffer words = {};
        const int word = option_find_word(option, text);

        if (word >= 0)
                return word;
        option_append_words(option, ", ", &words);
        (void)fprintf(stderr, "slugctl: unknown %s '%s'; one of %s\n", option->name, text,
                      buffer_finish(&words) ? "" : words.data);
        return word;
}

static bool set_wait(Arguments *arguments, const char *text) {
        Scan scan = scan_init(text, strlen(text));
        uint64_t seconds;

        if (!scan_u64(&scan, &seconds) || !scan_is_done(&scan) || seconds > WAIT_SEC_MAX) {
                (void)fprintf(stderr, "slugctl: --wait expects seconds, 0 to %u, not '%s'\n",
                              WAIT_SEC_MAX, text);
                return false;
        }
        arguments->wait_sec = (unsigned)seconds;
        return true;
}

static bool set_general(Arguments *arguments, const Option *option, const char *value) {
        const int word = option->words ? get_word(option, value) : 0;

        if (word < 0)
                return false;
        if (strcmp(option->name, "socket") == 0)
                arguments->socket = value;
        else if (strcmp(option->name, "output") == 0)
                arguments->output = (Output)word;
        else if (strcmp(option->name, "color") == 0)
                arguments->colour = (Colour)word;
        else if (strcmp(option->name, "ascii") == 0)
                arguments->is_ascii = true;
        else if (strcmp(option->name, "wait") == 0)
                return set_wait(arguments, value);
        else if (strcmp(option->name, "help") == 0)
                arguments->wants_help = true;
        else
                arguments->wants_version = true;
        return true;
}

static bool add_of_verb(Arguments *arguments, const Option *option, const char *value) {
        if (option->words && get_word(option, value) < 0)
                return false;
        if (arguments->n_options == ARGUMENTS_OPTIONS_MAX) {
                (void)fprintf(stderr, "slugctl: more than %u options\n", ARGUMENTS_OPTIONS_MAX);
                return false;
        }
        arguments->options[arguments->n_options++] =
                (VerbOption){ .name = option->name, .value = value ? value : "" };
        return true;
}

int arguments_parse(int argc, char **argv, Arguments *ret) {
        const OptionList list = list_options();
        struct option options[ENTRIES_MAX + 1];
        char letters[LETTERS_MAX];
        Arguments arguments = {};
        bool is_good = true;
        int c;

        translate(&list, options, letters);
        while (is_good && (c = getopt_long(argc, argv, letters, options, NULL)) >= 0) {
                const size_t i = find_entry(&list, c);

                if (i == list.n_entries)
                        is_good = false;
                else if (i < list.n_general)
                        is_good = set_general(&arguments, list.entries[i], optarg);
                else
                        is_good = add_of_verb(&arguments, list.entries[i], optarg);
        }
        if (!is_good) {
                (void)fprintf(stderr, "Try 'slugctl --help'.\n");
                return EXIT_USAGE;
        }
        arguments.words = argv + optind;
        arguments.n_words = (size_t)(argc - optind);
        *ret = arguments;
        return 0;
}

/* The verbs that have the option, in words. */
static void list_owners(const char *name, Buffer *buffer) {
        bool has_one = false;

        for (size_t i = 0; i < n_verbs; ++i) {
                if (!option_find(verbs[i]->options, verbs[i]->n_options, name))
                        continue;
                buffer_printf(buffer, "%s%s", has_one ? " and " : "", verbs[i]->name);
                has_one = true;
        }
}

int arguments_check(const Arguments *arguments, const Verb *verb) {
        const size_t n_arguments = arguments->n_words - 1;

        for (size_t i = 0; i < arguments->n_options; ++i) {
                _cleanup_(buffer_deinitp) Buffer owners = {};
                const char *name = arguments->options[i].name;

                if (option_find(verb->options, verb->n_options, name))
                        continue;
                list_owners(name, &owners);
                return verb_refuse(verb, "--%s is an option of %s, not of %s", name,
                                   buffer_finish(&owners) ? "another verb" : owners.data,
                                   verb->name);
        }
        if (arguments->output == OUTPUT_DIFF && !verb->has_diff)
                return verb_refuse(verb, "--output diff is for plan, not for %s", verb->name);
        if (n_arguments > verb->n_arguments_max)
                return verb_refuse(verb, "%s takes no %sargument '%s'", verb->name,
                                   verb->n_arguments_max ? "further " : "",
                                   arguments->words[1 + verb->n_arguments_max]);
        if (n_arguments < verb->n_arguments_min)
                return verb_refuse(verb, "too few arguments; usage: slugctl %s%s", verb->name,
                                   verb->arguments);
        return 0;
}
