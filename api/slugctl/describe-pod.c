/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/describe-pod.h"

#include <stdio.h>
#include <stdlib.h>

#include "slugctl/call.h"
#include "slugctl/document.h"
#include "slugctl/listed-pod.h"
#include "slugctl/request.h"

/*
 * All pods are asked for, so that a name that fits none can be answered with those that come near.
 */
#define DESCRIBE_POD_MAX_AGE_MSEC 1000u

static int
write_request(_unused_ const VerbContext *context, Buffer *request, _unused_ Diag *reterr) {
        Slug__V1__ListPodsRequest message = SLUG__V1__LIST_PODS_REQUEST__INIT;

        message.max_age_ms = DESCRIBE_POD_MAX_AGE_MSEC;
        return request_encode(&message.base, request);
}

static int print(const VerbContext *context, const Slug__V1__ListedPod *pod, Diag *reterr) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        int r;

        if (context->output == OUTPUT_JSON || context->output == OUTPUT_YAML) {
                r = request_encode(&pod->base, &text);
                if (r)
                        return r;
                return context->output == OUTPUT_JSON
                               ? document_print_json(text.data, stdout, reterr)
                               : document_print_yaml(text.data, stdout, reterr);
        }
        describe_pod_append(pod, &context->style, &text);
        r = buffer_finish(&text);
        if (r == 0)
                (void)fwrite(text.data, 1, text.n_data, stdout);
        return r;
}

static int find_and_print(const VerbContext *context, Buffer *answer, Diag *reterr) {
        _cleanup_(buffer_deinitp) Buffer complaint = {};
        _cleanup_(arena_freep) Arena *arena = NULL;
        const Slug__V1__ListPodsResponse *response;
        const Slug__V1__ListedPod *pod;
        ProtobufCMessage *message;
        int r;

        r = arena_new(CALL_ARENA_MAX, &arena);
        if (r == 0)
                r = call_decode(context->verb, answer, arena, &message, reterr);
        if (r)
                return r;
        response = (const Slug__V1__ListPodsResponse *)message;
        if (describe_pod_find(response, context->arguments[0], &pod, &context->style, &complaint) ==
            0)
                return print(context, pod, reterr);
        if (!response->report || !response->report->has_report)
                pods_problems_append(response, &context->style, &complaint);
        r = buffer_finish(&complaint);
        if (r)
                return r;
        (void)fprintf(stderr, "slugctl: %s", complaint.data);
        return DESCRIBE_POD_E_UNKNOWN;
}

static int run(const VerbContext *context) {
        return call_run_and(context, find_and_print);
}

const Verb verb_describe_pod = {
        .name = "describe-pod",
        .arguments = " [NAMESPACE/]NAME|UID",
        .summary = "one pod: its containers, claims, usage, and where its size comes from",
        .help = "Describes a pod: who it is and who has seen it, its size and where that comes\n"
                "from, what it uses of which NUMA node, its containers and claims, the splits of\n"
                "local and remote memory that slugd holds, and what does not fit together.\n"
                "\n"
                "A name that several pods have is refused with the commands that tell them apart.\n"
                "-o wide adds ids and cgroups of containers; -o json is the pod as of 'slugctl\n"
                "pods -o json'.\n"
                "\n"
                "Examples:\n"
                "  slugctl describe-pod web-0\n"
                "  slugctl describe-pod kube-system/coredns-5d78c9869d-7xkqz -o wide\n"
                "  slugctl describe-pod 0b1f6a0e-3c57-4a8e-9d55-0f2f5f5b7e11 -o json\n",
        .n_arguments_min = 1,
        .n_arguments_max = 1,
        .run = run,
        .path = "/slug.v1.PodService/ListPods",
        .response = &slug__v1__list_pods_response__descriptor,
        .write_request = write_request,
};
