/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/verb.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * The verb table. Its order is that of the help text. A new verb is one file that defines a Verb,
 * and one line here.
 */
const Verb *const verbs[] = {
        &verb_describe_node, &verb_topology,   &verb_explain, &verb_config,
        &verb_changes,       &verb_watch,      &verb_claims,  &verb_hints,
        &verb_simulate,      &verb_allocate,   &verb_release, &verb_ledger,
        &verb_capture,       &verb_completion, &verb_help,    &verb_version,
};
const size_t n_verbs = ELEMENTSOF(verbs);

const Verb *verb_find(const char *name) {
        for (size_t i = 0; i < n_verbs; ++i)
                if (strcmp(verbs[i]->name, name) == 0)
                        return verbs[i];
        return NULL;
}

/* Longer words are nobody's slip of the finger, and the rows below stay on the stack. */
#define SIMILAR_LENGTH_MAX   32u
#define SIMILAR_DISTANCE_MAX 3u

static size_t min3(size_t a, size_t b, size_t c) {
        const size_t smaller = a < b ? a : b;

        return smaller < c ? smaller : c;
}

/* How many letters must be put in, taken out or exchanged: the classic table, one row at a time. */
static size_t count_edits(const char *a, size_t n_a, const char *b, size_t n_b) {
        size_t row[SIMILAR_LENGTH_MAX + 1];

        for (size_t k = 0; k <= n_b; ++k)
                row[k] = k;
        for (size_t i = 1; i <= n_a; ++i) {
                size_t diagonal = row[0];

                row[0] = i;
                for (size_t k = 1; k <= n_b; ++k) {
                        const size_t above = row[k];

                        row[k] = min3(above + 1, row[k - 1] + 1,
                                      diagonal + (a[i - 1] == b[k - 1] ? 0 : 1));
                        diagonal = above;
                }
        }
        return row[n_b];
}

const Verb *verb_find_similar(const char *name) {
        const size_t n_name = strlen(name);
        size_t best = SIMILAR_DISTANCE_MAX + 1;
        const Verb *found = NULL;

        if (n_name == 0 || n_name > SIMILAR_LENGTH_MAX)
                return NULL;
        for (size_t i = 0; i < n_verbs; ++i) {
                const size_t n_verb = strlen(verbs[i]->name);
                size_t n_edits;

                if (strncmp(verbs[i]->name, name, n_name) == 0)
                        return verbs[i];
                n_edits = count_edits(name, n_name, verbs[i]->name, n_verb);
                /* when every letter differs, it is another word */
                if (n_edits < best && n_edits < n_name && n_edits < n_verb) {
                        best = n_edits;
                        found = verbs[i];
                }
        }
        return found;
}

const Verb *verb_get(const char *name) {
        const Verb *verb = verb_find(name), *similar;

        if (verb)
                return verb;
        similar = verb_find_similar(name);
        if (similar)
                (void)fprintf(stderr, "slugctl: unknown verb '%s'; did you mean '%s'?\n", name,
                              similar->name);
        else
                (void)fprintf(stderr, "slugctl: unknown verb '%s'\n", name);
        return NULL;
}

const char *verb_find_option(const VerbContext *context, const char *name) {
        const char *value = NULL;

        for (size_t i = 0; i < context->n_options; ++i)
                if (strcmp(context->options[i].name, name) == 0)
                        value = context->options[i].value; /* the last one counts */
        return value;
}

int verb_refuse(const Verb *verb, const char *format, ...) {
        va_list arguments;

        (void)fprintf(stderr, "slugctl: ");
        va_start(arguments, format);
        (void)vfprintf(stderr, format, arguments);
        va_end(arguments);
        (void)fprintf(stderr, "\nTry 'slugctl%s%s --help'.\n", verb ? " " : "",
                      verb ? verb->name : "");
        return EXIT_USAGE;
}
