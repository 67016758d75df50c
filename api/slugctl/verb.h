/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Verbs
 *
 * A verb is a row: what it is called, what it takes, and a function that runs it. Most ask the
 * daemon; their function is call_run() of call.h, and what is theirs is a method, the message that
 * comes back, and a pure function that turns this message into text. That one does no I/O, so it is
 * tested without a daemon.
 */
#include <protobuf-c/protobuf-c.h>

#include "base/error.h"
#include "slugctl/option.h"
#include "slugctl/output.h"

#define VERB_DEFAULT_SOCKET "/run/slug/slugd.sock"

/* Exit statuses beside EXIT_SUCCESS and EXIT_FAILURE */
enum { EXIT_USAGE = 2, EXIT_UNREACHABLE = 3 };

/* In the order of the words of --output. */
typedef enum Output { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON, OUTPUT_YAML, OUTPUT_DIFF } Output;

/* An option of a verb that stands on the command line. */
typedef struct VerbOption {
        const char *name;
        const char *value; /* "" for an option that takes none */
} VerbOption;

typedef struct Verb Verb;

/* The command line as a verb sees it. */
typedef struct VerbContext {
        const Verb *verb;
        const char *socket;
        unsigned wait_sec; /* 0: does not wait for the daemon */
        Output output;
        Style style;
        char **arguments; /* what follows the verb */
        size_t n_arguments;
        const VerbOption *options;
        size_t n_options;
} VerbContext;

struct Verb {
        const char *name;
        const char *arguments; /* as shown in the usage line, " [VERB]", or "" */
        const char *summary;   /* one line, in the list of verbs */
        const char *help;      /* what --help says about it, ends in a newline */
        size_t n_arguments_min, n_arguments_max;
        const Option *options; /* that only this verb has */
        size_t n_options;
        const char *const *words; /* what a shell can complete behind it, ended by NULL; or NULL */
        bool takes_path;          /* a shell completes a path behind it */
        bool has_diff;            /* it takes --output diff, which few do */

        /* Return: the exit status. */
        int (*run)(const VerbContext *context);

        /* Of a verb that asks the daemon */
        const char *path; /* "/slug.v1.NodeService/DescribeNode" */
        const ProtobufCMessageDescriptor *response;
        /* Appends the request as JSON; NULL: it has no fields. Return: 0, VERB_E_* with @reterr
         * set, or an errno. */
        int (*write_request)(const VerbContext *context, Buffer *request, Diag *reterr);
        void (*render)(const ProtobufCMessage *response, const Style *style, Buffer *buffer);
        /* The exit status that an answer makes; NULL: each is a success. */
        int (*get_status)(const ProtobufCMessage *response);
        unsigned timeout_sec; /* that the daemon has to answer; 0: as for any call */
};

enum {
        _VERB_E_SUCCESS,
        VERB_E_USAGE, /* an argument or an option is not what it must be */
        VERB_E_INPUT, /* a file that was named is not */
};

extern const Verb verb_describe_node;
extern const Verb verb_describe_pod;
extern const Verb verb_doctor;
extern const Verb verb_topology;
extern const Verb verb_allocate;
extern const Verb verb_capture;
extern const Verb verb_cgroups;
extern const Verb verb_chunks;
extern const Verb verb_claims;
extern const Verb verb_completion;
extern const Verb verb_config;
extern const Verb verb_changes;
extern const Verb verb_enforcement;
extern const Verb verb_explain;
extern const Verb verb_help;
extern const Verb verb_hints;
extern const Verb verb_ledger;
extern const Verb verb_plan;
extern const Verb verb_pods;
extern const Verb verb_release;
extern const Verb verb_simulate;
extern const Verb verb_top;
extern const Verb verb_uninstall;
extern const Verb verb_version;
extern const Verb verb_watch;

/* The table */
extern const Verb *const verbs[];
extern const size_t n_verbs;
const Verb *verb_find(const char *name);
/* The verb that somebody who typed @name may have meant, or NULL. */
const Verb *verb_find_similar(const char *name);
/* As verb_find(); says on standard error when there is none. */
const Verb *verb_get(const char *name);

/* Its options on the command line; NULL: not given. An option without a value has "". */
const char *verb_find_option(const VerbContext *context, const char *name);

/* One line on standard error, and how to get help. Return: EXIT_USAGE. */
int verb_refuse(const Verb *verb, const char *format, ...) _printf_(2, 3);
