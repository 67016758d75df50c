/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What can be explained
 *
 * One verb, and a row for each subject: what it asks of whom, and how the answer is told.
 */
#include "slugctl/verb.h"

typedef struct ExplainSubject {
        const char *name;   /* the first argument */
        size_t n_arguments; /* behind it */
        const char *usage;
        bool takes_memory; /* the options of a request count */
        const char *path;
        const ProtobufCMessageDescriptor *response;
        int (*write_request)(const VerbContext *context, Buffer *request, Diag *reterr);
        void (*render)(const ProtobufCMessage *response, const Style *style, Buffer *buffer);
} ExplainSubject;

extern const ExplainSubject explain_numa_node;
extern const ExplainSubject explain_claim;
extern const ExplainSubject explain_container;
extern const ExplainSubject explain_hints;
