/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/verb.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "slugctl/similar.h"

/*
 * The verb table. Its order is that of the help text. A new verb is one file that defines a Verb,
 * and one line here.
 */
const Verb *const verbs[] = {
        &verb_describe_node, &verb_doctor,    &verb_topology,   &verb_explain,      &verb_config,
        &verb_changes,       &verb_watch,     &verb_pods,       &verb_describe_pod, &verb_top,
        &verb_enforcement,   &verb_cgroups,   &verb_plan,       &verb_chunks,       &verb_claims,
        &verb_hints,         &verb_simulate,  &verb_allocate,   &verb_release,      &verb_ledger,
        &verb_capture,       &verb_uninstall, &verb_completion, &verb_help,         &verb_version,
};
const size_t n_verbs = ELEMENTSOF(verbs);

const Verb *verb_find(const char *name) {
        for (size_t i = 0; i < n_verbs; ++i)
                if (strcmp(verbs[i]->name, name) == 0)
                        return verbs[i];
        return NULL;
}

const Verb *verb_find_similar(const char *name) {
        const size_t n_name = strlen(name);
        size_t best = SIZE_MAX;
        const Verb *found = NULL;

        if (n_name == 0)
                return NULL;
        for (size_t i = 0; i < n_verbs; ++i) {
                size_t n_edits;

                if (strncmp(verbs[i]->name, name, n_name) == 0)
                        return verbs[i];
                n_edits = similar_count_edits(name, verbs[i]->name);
                if (n_edits < best) {
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
