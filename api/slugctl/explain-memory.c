/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slugctl/claim.h"
#include "slugctl/hints.h"
#include "slugctl/operator.h"
#include "slugctl/request.h"
#include "slugctl/words.h"
#include "split/chunk.h"

/*
 * A claim and a request are explained alike: in a sentence, then set by set of what was considered,
 * with the one that was chosen marked, then what the kubelet would have said and what there is.
 */
static int write_claim(const VerbContext *context, Buffer *request, Diag *reterr) {
        Slug__V1__ExplainMemoryRequest message = SLUG__V1__EXPLAIN_MEMORY_REQUEST__INIT;
        const char *name = context->arguments[1], *slash = strchr(name, '/');
        _cleanup_(freep) char *uid = NULL;
        char operator_uid[OPERATOR_UID_MAX];
        ChunkId chunk;
        int r;

        if (chunk_id_parse(name, &chunk)) {
                message.chunk = (char *)name;
                return request_encode(&message.base, request);
        }
        if (slash) {
                uid = strndup(name, (size_t)(slash - name));
                if (!uid)
                        return -ENOMEM;
                message.pod_uid = uid;
                message.container = (char *)slash + 1;
                return request_encode(&message.base, request);
        }
        r = operator_get_uid(name, operator_uid, reterr);
        if (r)
                return r;
        message.pod_uid = operator_uid;
        message.container = (char *)name;
        return request_encode(&message.base, request);
}

static int write_hints(const VerbContext *context, Buffer *request, Diag *reterr) {
        Slug__V1__ExplainMemoryRequest message = SLUG__V1__EXPLAIN_MEMORY_REQUEST__INIT;
        HintsRequest hints;
        int r;

        r = hints_request_init(&hints, context, reterr);
        if (r)
                return r;
        message.hints = &hints.message;
        return request_encode(&message.base, request);
}

static void
append_sets(const Slug__V1__ExplainMemoryResponse *response, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "NUMA Nodes", "Fits", "Preferred", "Cost",
                                               "Verdict" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        if (response->n_sets == 0)
                return;
        table_set_headers(&table, headers);
        for (size_t i = 0; i < response->n_sets; ++i) {
                const Slug__V1__ConsideredSet *set = response->sets[i];
                const OptU64 cost = MESSAGE_OPT(set, cost_permille);
                char text[COST_TEXT_MAX];

                table_printf(&table, set->chosen ? TONE_BOLD : TONE_PLAIN, "%s%s", set->numa_nodes,
                             set->chosen ? " (chosen)" : "");
                table_add(&table, set->fits ? TONE_GOOD : TONE_BAD, set->fits ? "yes" : "no");
                table_add(&table, TONE_PLAIN, set->preferred ? "yes" : "no");
                table_add(&table, TONE_PLAIN, cost_format(cost.present, cost.value, text));
                table_add_or(&table, set->verdict, "-");
        }
        output_heading(buffer, style, "Considered:");
        table_append(&table, 2, buffer);
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        const Slug__V1__ExplainMemoryResponse *response =
                (const Slug__V1__ExplainMemoryResponse *)message;
        const NumaStates states = { response->numa_nodes, response->n_numa_nodes };

        output_text(buffer, style, response->summary[0] ? response->summary : "No explanation");
        buffer_append_char(buffer, '\n');
        if (response->claim)
                claim_append(response->claim, states, style, buffer);
        append_sets(response, style, buffer);
        if (response->kubelet[0]) {
                output_toned(buffer, style, TONE_BOLD, "Kubelet:");
                buffer_append_text(buffer, "  ");
                output_text(buffer, style, response->kubelet);
                buffer_append_char(buffer, '\n');
        }
        numa_states_append(states, "NUMA Nodes:", style, buffer);
}

const ExplainSubject explain_claim = {
        .name = "claim",
        .n_arguments = 1,
        .usage = "claim NAME|CHUNK|UID/CONTAINER",
        .path = "/slug.v1.MemoryManagerService/Explain",
        .response = &slug__v1__explain_memory_response__descriptor,
        .write_request = write_claim,
        .render = render,
};

const ExplainSubject explain_hints = {
        .name = "hints",
        .n_arguments = 0,
        .usage = "hints --local SIZE --remote SIZE",
        .takes_memory = true,
        .path = "/slug.v1.MemoryManagerService/Explain",
        .response = &slug__v1__explain_memory_response__descriptor,
        .write_request = write_hints,
        .render = render,
};
