/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/claims.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/nodeset.h"
#include "base/quantity.h"
#include "slugctl/call.h"
#include "slugctl/claim.h"
#include "slugctl/request.h"

/*
 * slugd chooses by pod uid, NUMA node and chunk. Names are chosen here, because the ledger does not
 * go by them; what is printed as JSON is then what is left of the answer.
 */
static const Option options[] = {
        { .name = "pod-uid", .argument = "UID", .help = "only claims of the pod with this uid" },
        { .name = "pod", .argument = "NAME", .help = "only claims of pods of this name" },
        { .name = "namespace",
          .letter = 'n',
          .argument = "NAME",
          .help = "only claims of this namespace" },
        { .name = "numa-node", .argument = "N", .help = "only claims with bytes there" },
        { .name = "chunk", .argument = "ID", .help = "only the claim that holds this chunk" },
};

static int write_request(const VerbContext *context, Buffer *request, Diag *reterr) {
        Slug__V1__GetStateRequest message = SLUG__V1__GET_STATE_REQUEST__INIT;
        const char *uid = verb_find_option(context, "pod-uid");
        const char *chunk = verb_find_option(context, "chunk");
        uint64_t numa_node;
        int r;

        if (uid)
                message.pod_uid = (char *)uid;
        if (chunk)
                message.chunk = (char *)chunk;
        if (verb_find_option(context, "numa-node")) {
                r = request_read_number(context, "numa-node", NODESET_MAX - 1, &numa_node, reterr);
                if (r)
                        return r;
                message._numa_node_case = SLUG__V1__GET_STATE_REQUEST___NUMA_NODE_NUMA_NODE;
                message.numa_node = (uint32_t)numa_node;
        }
        return request_encode(&message.base, request);
}

void claims_filter(Slug__V1__GetStateResponse *response,
                   const char *pod,
                   const char *namespace_name) {
        size_t n = 0;

        for (size_t i = 0; i < response->n_claims; ++i) {
                Slug__V1__Claim *claim = response->claims[i];

                if ((!pod || strcmp(claim->pod, pod) == 0) &&
                    (!namespace_name || strcmp(claim->namespace_, namespace_name) == 0))
                        response->claims[n++] = claim;
        }
        response->n_claims = n;
}

/* Shares in the claim of a pod are in that one already. */
static void append_sum(const Slug__V1__GetStateResponse *response, Buffer *buffer) {
        const NumaStates states = { response->numa_nodes, response->n_numa_nodes };
        char local[QUANTITY_TEXT_MAX], remote[QUANTITY_TEXT_MAX];
        ClaimAmounts amounts = {};

        for (size_t i = 0; i < response->n_claims; ++i)
                if (!response->claims[i]->within_pod)
                        claim_add_amounts(response->claims[i], states, &amounts);
        buffer_printf(buffer, "\n%zu claim%s", response->n_claims,
                      response->n_claims == 1 ? "" : "s");
        if (response->claims_total > response->n_claims)
                buffer_printf(buffer, " of %" PRIu64, response->claims_total);
        buffer_printf(buffer, ": local %s, remote %s", quantity_format_bytes(amounts.local, local),
                      quantity_format_bytes(amounts.remote, remote));
        if (amounts.n_pages) {
                buffer_append_text(buffer, ", hugepages ");
                claim_append_pages(&amounts, buffer);
        }
        buffer_append_char(buffer, '\n');
}

static void
append_health(const Slug__V1__GetStateResponse *response, const Style *style, Buffer *buffer) {
        switch (response->health) {
        case SLUG__V1__LEDGER_HEALTH__LEDGER_HEALTH_FAILED:
                output_toned(buffer, style, TONE_BAD,
                             "Nothing new is promised: the ledger cannot be written");
                break;
        case SLUG__V1__LEDGER_HEALTH__LEDGER_HEALTH_VOLATILE:
                output_toned(buffer, style, TONE_NOTICE,
                             "The ledger is kept in memory only, as long as slugd runs");
                break;
        case SLUG__V1__LEDGER_HEALTH__LEDGER_HEALTH_DURABLE:
        case SLUG__V1__LEDGER_HEALTH__LEDGER_HEALTH_UNSPECIFIED:
        case _SLUG__V1__LEDGER_HEALTH_IS_INT_SIZE:
                return;
        }
        buffer_append_text(buffer, response->problem[0] ? ": " : "");
        output_text(buffer, style, response->problem);
        buffer_append_char(buffer, '\n');
}

void claims_state_append(const Slug__V1__GetStateResponse *response,
                         uint64_t now_usec,
                         const Style *style,
                         Buffer *buffer) {
        const NumaStates states = { response->numa_nodes, response->n_numa_nodes };

        if (response->n_claims == 0)
                buffer_append_text(buffer, "No claims\n");
        else
                claims_append(response->claims, response->n_claims, states, now_usec, style,
                              buffer);
        if (response->n_claims > 0)
                append_sum(response, buffer);
        append_health(response, style, buffer);
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        claims_state_append((const Slug__V1__GetStateResponse *)message,
                            clock_now_usec(&clock_realtime), style, buffer);
}

/* @answer becomes what is left of it. */
static int filter(const VerbContext *context, Buffer *answer, Diag *reterr) {
        const char *pod = verb_find_option(context, "pod");
        const char *namespace_name = verb_find_option(context, "namespace");
        _cleanup_(arena_freep) Arena *arena = NULL;
        ProtobufCMessage *message;
        int r;

        if (!pod && !namespace_name)
                return 0;
        r = arena_new(CALL_ARENA_MAX, &arena);
        if (r == 0)
                r = call_decode(context->verb, answer, arena, &message, reterr);
        if (r)
                return r;
        claims_filter((Slug__V1__GetStateResponse *)message, pod, namespace_name);
        buffer_deinit(answer);
        *answer = (Buffer){};
        return request_encode(message, answer);
}

static int filter_and_print(const VerbContext *context, Buffer *answer, Diag *reterr) {
        const int r = filter(context, answer, reterr);

        return r ? r : call_print(context, answer, reterr);
}

static int run(const VerbContext *context) {
        return call_run_and(context, filter_and_print);
}

const Verb verb_claims = {
        .name = "claims",
        .arguments = "",
        .summary = "who holds which memory of which NUMA nodes",
        .help = "Lists the claims of the ledger: what was promised to containers, pods and "
                "people,\n"
                "and what is held without having been asked for. The last line is the sum.\n"
                "\n"
                "Bytes in parentheses are the share of a container in the claim of its pod, and "
                "are\n"
                "not counted again. -o wide adds uid, container id, age, split and chunks.\n"
                "\n"
                "Examples:\n"
                "  slugctl claims\n"
                "  slugctl claims --namespace default --pod web -o wide\n"
                "  slugctl claims --numa-node 2 -o json | jq '.claims[].podUid'\n",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .run = run,
        .path = "/slug.v1.MemoryManagerService/GetState",
        .response = &slug__v1__get_state_response__descriptor,
        .write_request = write_request,
        .render = render,
};
