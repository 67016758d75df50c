/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Verbs
 *
 * A verb that asks the daemon is a method, the message that comes back, and a pure function that
 * turns this message into text. It does no I/O of its own, so it is tested without a daemon.
 */
#include <protobuf-c/protobuf-c.h>

#include "slugctl/output.h"

typedef enum VerbKind {
        VERB_CALL, /* asks the daemon */
        VERB_HELP,
        VERB_VERSION,
} VerbKind;

typedef struct Verb {
        const char *name;
        VerbKind kind;
        const char *arguments; /* as shown in the usage line, or "" */
        const char *summary;   /* one line, in the list of verbs */
        const char *help;      /* what --help says about it, ends in a newline */

        /* of VERB_CALL */
        const char *path; /* "/slug.v1.NodeService/DescribeNode" */
        const ProtobufCMessageDescriptor *response;
        void (*render)(const ProtobufCMessage *response, const Style *style, Buffer *buffer);
} Verb;

extern const Verb verb_describe_node;
extern const Verb verb_topology;

/* The table */
extern const Verb *const verbs[];
extern const size_t n_verbs;
const Verb *verb_find(const char *name);
/* The verb that somebody who typed @name may have meant, or NULL. */
const Verb *verb_find_similar(const char *name);
