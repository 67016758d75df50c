/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/explain.h"

#include <string.h>

#include "slugctl/call.h"
#include "slugctl/request.h"

/*
 * The verb itself: it finds the subject and lends it its name. To whoever asks and prints, there
 * is a verb whose method, message and text are the subject's.
 */
static const Option options[] = {
        REQUEST_MEMORY_OPTIONS,
        REQUEST_MODE_OPTION,
};

static const char *const words[] = { "numa-node", "claim", "container", "hints", NULL };

static const ExplainSubject *const subjects[] = { &explain_numa_node, &explain_claim,
                                                  &explain_container, &explain_hints };

static const ExplainSubject *find_subject(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(subjects); ++i)
                if (strcmp(subjects[i]->name, name) == 0)
                        return subjects[i];
        return NULL;
}

static int run(const VerbContext *context) {
        const ExplainSubject *subject = find_subject(context->arguments[0]);
        const char *option = request_find_option(context);
        VerbContext of_subject = *context;
        Verb verb = *context->verb;

        if (!subject)
                return verb_refuse(&verb,
                                   "cannot explain '%s'; what can be explained: %s, %s, %s, %s",
                                   context->arguments[0], words[0], words[1], words[2], words[3]);
        if (context->n_arguments != 1 + subject->n_arguments)
                return verb_refuse(&verb, "usage: slugctl explain %s", subject->usage);
        option = option ? option : verb_find_option(context, "mode") ? "mode" : NULL;
        if (option && !subject->takes_memory)
                return verb_refuse(&verb, "--%s is an option of 'explain hints', not of this",
                                   option);
        verb.path = subject->path;
        verb.response = subject->response;
        verb.write_request = subject->write_request;
        verb.render = subject->render;
        of_subject.verb = &verb;
        return call_run(&of_subject);
}

const Verb verb_explain = {
        .name = "explain",
        .arguments = " numa-node N | claim NAME|CHUNK|UID/CONTAINER |\n"
                     "       container NAMESPACE/POD/CONTAINER|UID/CONTAINER | hints",
        .summary = "why a NUMA node, a claim, a split or a hint is what it is",
        .help = "numa-node shows how slugd came to know what the memory of a NUMA node is: the\n"
                "questions that it asks, in its order; which of them told something, and by which\n"
                "file; whether a rule of slugd.yaml overrules it; and what follows for the bytes.\n"
                "\n"
                "claim shows why the memory of a claim is where it is. One that 'slugctl "
                "allocate'\n"
                "has made goes by its name, one of chunks by any of them, any other by the uid of\n"
                "its pod and its container ('UID/' for the pod as a whole).\n"
                "\n"
                "container shows what was done so that the bytes of a container are where they\n"
                "were promised: what slugd wants now, by which means, what makes it less precise,\n"
                "and its last decisions with what became of each.\n"
                "\n"
                "hints shows every set of NUMA nodes that was considered for a request, what "
                "speaks\n"
                "for or against it, and what the kubelet itself would have said.\n"
                "\n"
                "Examples:\n"
                "  slugctl explain numa-node 2\n"
                "  slugctl explain numa-node 2 -o json | jq '.steps[] | select(.finding)'\n"
                "  slugctl explain claim bench\n"
                "  slugctl explain container default/web-0/app\n"
                "  slugctl explain hints --local 4Gi --remote 8Gi\n",
        .n_arguments_min = 1,
        .n_arguments_max = 2,
        .options = options,
        .n_options = ELEMENTSOF(options),
        .words = words,
        .run = run,
};
