/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/nodeset.h"
#include "slugctl/call.h"
#include "slugctl/claim.h"
#include "slugctl/operator.h"
#include "slugctl/request.h"

static const Option options[] = {
        REQUEST_MEMORY_OPTIONS,
        REQUEST_MODE_OPTION,
        { .name = "numa-nodes",
          .argument = "LIST",
          .help = "from these NUMA nodes, as 0,2-3; else slugd chooses" },
};

/* @ret: {} when the option is not given */
static int read_affinity(const VerbContext *context, Slug__V1__Affinity *ret, Diag *reterr) {
        const char *list = verb_find_option(context, "numa-nodes");
        NodeSet nodes;

        slug__v1__affinity__init(ret);
        if (!list)
                return 0;
        if (nodeset_parse(list, strlen(list), &nodes) || nodeset_is_empty(&nodes)) {
                diag_set(reterr, NULL, 0, 0,
                         "--numa-nodes expects ids of NUMA nodes as 0,2-3, not '%s'", list);
                return VERB_E_USAGE;
        }
        ret->numa_nodes = (char *)list;
        ret->preferred = true;
        return 0;
}

static int write_request(const VerbContext *context, Buffer *request, Diag *reterr) {
        Slug__V1__AllocateRequest message = SLUG__V1__ALLOCATE_REQUEST__INIT;
        Slug__V1__Affinity affinity;
        RequestAmounts amounts;
        OperatorPod pod = {};
        int r;

        r = request_read_amounts(context, &amounts, reterr);
        if (r == 0)
                r = read_affinity(context, &affinity, reterr);
        if (r == 0)
                r = operator_pod_init(&pod, context->arguments[0], &amounts, reterr);
        if (r)
                return r;
        message.pod = &pod.message;
        message.container = pod.container.name;
        message.mode = request_get_mode(context);
        message.affinity = affinity.numa_nodes[0] ? &affinity : NULL;
        message.for_operator = true;
        return request_encode(&message.base, request);
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        const Slug__V1__AllocateResponse *response = (const Slug__V1__AllocateResponse *)message;

        if (!response->claim) {
                buffer_append_text(buffer, "No claim: in this mode it gets no memory of its own\n");
                return;
        }
        if (response->existed)
                buffer_append_text(buffer, "It was claimed already, and stays as it is:\n");
        claim_append(response->claim, (NumaStates){}, style, buffer);
}

static int get_status(const ProtobufCMessage *message) {
        return ((const Slug__V1__AllocateResponse *)message)->claim ? EXIT_SUCCESS : EXIT_FAILURE;
}

const Verb verb_allocate = {
        .name = "allocate",
        .arguments = " NAME",
        .summary = "claim memory for something that is no pod",
        .help = "Claims memory under a name, for a person: a process that the kubelet does not "
                "know,\n"
                "or a test. It counts like any claim until it is released; the kubelet knows "
                "nothing\n"
                "of it. A name that has a claim keeps it. Needs the role claimer or admin.\n"
                "\n"
                "Examples:\n"
                "  slugctl allocate bench --local 4Gi --remote 8Gi\n"
                "  slugctl allocate bench --remote 8Gi..12Gi --numa-nodes 2\n"
                "  slugctl release bench\n",
        .n_arguments_min = 1,
        .n_arguments_max = 1,
        .options = options,
        .n_options = ELEMENTSOF(options),
        .run = call_run,
        .path = "/slug.v1.MemoryManagerService/Allocate",
        .response = &slug__v1__allocate_response__descriptor,
        .write_request = write_request,
        .render = render,
        .get_status = get_status,
};
