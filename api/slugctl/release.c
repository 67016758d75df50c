/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "slugctl/call.h"
#include "slugctl/claim.h"
#include "slugctl/operator.h"
#include "slugctl/request.h"
#include "split/chunk.h"

/*
 * By its name what was claimed by name, by the uid of its pod everything else. To the daemon,
 * releasing what is not there is no error; to a person who has named it, it is.
 */
static const Option options[] = {
        { .name = "pod-uid", .argument = "UID", .help = "claims of the pod with this uid" },
        { .name = "container",
          .argument = "NAME",
          .help = "of that pod, only the claim of this container" },
};

static int write_request(const VerbContext *context, Buffer *request, Diag *reterr) {
        Slug__V1__RemoveContainerRequest message = SLUG__V1__REMOVE_CONTAINER_REQUEST__INIT;
        const char *uid = verb_find_option(context, "pod-uid");
        const char *container = verb_find_option(context, "container");
        char operator_uid[OPERATOR_UID_MAX];
        ChunkId chunk;
        int r;

        if ((context->n_arguments == 1) == (uid != NULL) || (uid && !uid[0])) {
                diag_set(reterr, NULL, 0, 0, "say either a NAME, a CHUNK or --pod-uid UID");
                return VERB_E_USAGE;
        }
        if (container && !uid) {
                diag_set(reterr, NULL, 0, 0, "--container stands with --pod-uid only");
                return VERB_E_USAGE;
        }
        if (uid) {
                message.pod_uid = (char *)uid;
                message.container = (char *)(container ? container : "");
                return request_encode(&message.base, request);
        }
        if (chunk_id_parse(context->arguments[0], &chunk)) {
                message.chunk = context->arguments[0];
                return request_encode(&message.base, request);
        }
        r = operator_get_uid(context->arguments[0], operator_uid, reterr);
        if (r)
                return r;
        message.pod_uid = operator_uid;
        message.container = context->arguments[0];
        return request_encode(&message.base, request);
}

/* To whoever wants to release what nobody has promised. */
static void append_observed(const Slug__V1__Claim *claim, const Style *style, Buffer *buffer) {
        _cleanup_(buffer_deinitp) Buffer name = {};

        claim_append_name(claim, &name);
        if (buffer_finish(&name)) {
                buffer->error = buffer->error ? buffer->error : name.error;
                return;
        }
        buffer_append_text(buffer, "What ");
        output_text(buffer, style, name.data);
        buffer_append_text(buffer, " holds without a promise cannot be released: slugd observes "
                                   "it, and it goes when the pod does\n");
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        const Slug__V1__RemoveContainerResponse *response =
                (const Slug__V1__RemoveContainerResponse *)message;

        if (response->n_released == 0 && response->observed) {
                append_observed(response->observed, style, buffer);
                return;
        }
        if (response->n_released == 0) {
                buffer_append_text(buffer, "No such claim; 'slugctl claims' lists those there "
                                           "are\n");
                return;
        }
        output_heading(buffer, style, "Released:");
        claims_append(response->released, response->n_released, (NumaStates){},
                      clock_now_usec(&clock_realtime), style, buffer);
        if (response->observed)
                append_observed(response->observed, style, buffer);
}

static int get_status(const ProtobufCMessage *message) {
        const Slug__V1__RemoveContainerResponse *response =
                (const Slug__V1__RemoveContainerResponse *)message;

        return response->n_released > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

const Verb verb_release = {
        .name = "release",
        .arguments = " NAME | CHUNK | --pod-uid UID [--container NAME]",
        .summary = "give a claim back",
        .help = "Releases the claim that 'slugctl allocate NAME' has made, the claim that holds a\n"
                "chunk with all of its chunks, or the claims of a pod, and prints what was\n"
                "released. Memory that is in use stays in use: only the promise ends, and a "
                "kubelet\n"
                "that has given the chunks still counts them. What is observed of a pod was not\n"
                "promised, and goes when the pod does. If nothing was released the exit status\n"
                "is 1. Needs the role claimer or admin.\n"
                "\n"
                "Examples:\n"
                "  slugctl release bench\n"
                "  slugctl release 1gi-n2-0017\n"
                "  slugctl release --pod-uid 0c3f6a1e-7f2b-4b0e-9a51-6f1d2c3b4a59 --container "
                "app\n",
        .n_arguments_max = 1,
        .options = options,
        .n_options = ELEMENTSOF(options),
        .run = call_run,
        .path = "/slug.v1.MemoryManagerService/RemoveContainer",
        .response = &slug__v1__remove_container_response__descriptor,
        .write_request = write_request,
        .render = render,
        .get_status = get_status,
};
