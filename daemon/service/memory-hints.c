/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hints, and why
 *
 * The same answers for a container, a pod, and a request that nobody makes; and in words, what was
 * considered and what the other mode would have said.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "service/memory-handlers.h"

static void fail_hints(RpcCall *call, int r, const Diag *diag) {
        if (r < 0)
                answer_fail_memory(call);
        else
                rpc_call_fail(call,
                              r == HINTS_E_UNSUPPORTED ? RPC_FAILED_PRECONDITION
                                                       : RPC_INVALID_ARGUMENT,
                              "%s", diag->text);
}

/* What a pod holds already does not stand in the way of its own request. @pod: NULL: of none. */
static Ledger *disregard(const MemoryService *self, const Slug__V1__Pod *pod) {
        return ledger_disregard(self->ledger, pod ? pod->uid : NULL);
}

/* Answers a question into @answer; @request is set when the hints can show their placement. Above
 * 0: HINTS_E_*. */
static int ask(RpcCall *call,
               HintsContext *context,
               const Slug__V1__GetTopologyHintsRequest *message,
               HintsRequest *request,
               HintsAnswer *answer,
               Diag *reterr) {
        Arena *arena = rpc_call_get_arena(call);
        const PodContainer *container;
        Pod pod;
        int r;

        context->max_hints = message->max_hints;
        if (!message->pod && message->request) {
                r = memory_read_request(message->request, request, reterr);
                return r ? (r < 0 ? r : HINTS_E_INVALID)
                         : hints_for_request(context, request, answer, reterr);
        }
        r = memory_read_pod(arena, message->pod, &pod, reterr);
        if (r)
                return r < 0 ? r : HINTS_E_INVALID;
        container = pod_find_container(&pod, message->container);
        if (!container) {
                diag_set(reterr, NULL, 0, 0, "the pod has no container '%.64s'",
                         message->container);
                return HINTS_E_INVALID;
        }
        return hints_for_container(context, &pod, container, answer, reterr);
}

void memory_get_hints(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__GetTopologyHintsRequest *request =
                (const Slug__V1__GetTopologyHintsRequest *)message;
        Slug__V1__GetTopologyHintsResponse response = SLUG__V1__GET_TOPOLOGY_HINTS_RESPONSE__INIT;
        _cleanup_(ledger_regardp) Ledger *disregarding = NULL;
        _cleanup_(hints_answer_deinitp) HintsAnswer answer = {};
        MemoryService *self = userdata;
        HintsRequest asked = {};
        HintsContext context;
        Diag diag = {};
        int r;

        if (!memory_drop_stale(call, self, request->active_pods) ||
            !memory_get_context(call, self, request->mode, &context))
                return;
        disregarding = disregard(self, request->pod);
        r = ask(call, &context, request, &asked, &answer, &diag);
        if (r) {
                fail_hints(call, r, &diag);
                return;
        }
        response.no_opinion = !answer.has_opinion;
        response.lack = answer.lack.text;
        if (memory_build_hints(rpc_call_get_arena(call), &context, &answer,
                               request->pod ? NULL : &asked, &response.n_resources,
                               &response.resources) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response.base);
}

void memory_get_pod_hints(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__GetPodTopologyHintsRequest *request =
                (const Slug__V1__GetPodTopologyHintsRequest *)message;
        Slug__V1__GetPodTopologyHintsResponse response =
                SLUG__V1__GET_POD_TOPOLOGY_HINTS_RESPONSE__INIT;
        _cleanup_(ledger_regardp) Ledger *disregarding = NULL;
        _cleanup_(hints_answer_deinitp) HintsAnswer answer = {};
        Arena *arena = rpc_call_get_arena(call);
        MemoryService *self = userdata;
        HintsContext context;
        Diag diag = {};
        Pod pod;
        int r;

        if (!memory_drop_stale(call, self, request->active_pods) ||
            !memory_get_context(call, self, request->mode, &context))
                return;
        disregarding = disregard(self, request->pod);
        context.max_hints = request->max_hints;
        r = memory_read_pod(arena, request->pod, &pod, &diag);
        if (r) {
                memory_fail(call, r, &diag);
                return;
        }
        r = hints_for_pod(&context, &pod, &answer, &diag);
        if (r) {
                fail_hints(call, r, &diag);
                return;
        }
        response.no_opinion = !answer.has_opinion;
        response.lack = answer.lack.text;
        if (memory_build_hints(arena, &context, &answer, NULL, &response.n_resources,
                               &response.resources) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response.base);
}

/* Explaining */

static int add_sets(Arena *arena,
                    const HintsExplanation *explanation,
                    const NodeSet *chosen,
                    Slug__V1__ExplainMemoryResponse *response) {
        response->sets = MESSAGE_LIST(arena, explanation->n_items, Slug__V1__ConsideredSet,
                                      SLUG__V1__CONSIDERED_SET__INIT);
        if (!response->sets)
                return -ENOMEM;
        response->n_sets = explanation->n_items;
        for (size_t i = 0; i < explanation->n_items; ++i) {
                const HintsConsidered *from = &explanation->items[i];
                Slug__V1__ConsideredSet *set = response->sets[i];

                set->numa_nodes = memory_format_nodes(arena, &from->nodes);
                set->verdict = arena_strdup(arena, from->verdict);
                if (!set->numa_nodes || !set->verdict)
                        return -ENOMEM;
                set->fits = from->fits;
                set->preferred = from->is_preferred;
                set->chosen = chosen && nodeset_is_equal(chosen, &from->nodes);
                if (from->cost_permille)
                        message_set(&set->base, "cost_permille", opt_u64(from->cost_permille));
        }
        return 0;
}

/* What the kubelet's policy says to the same request, in one sentence. */
static char *tell_kubelet(Arena *arena, const HintsContext *context, const HintsRequest *request) {
        _cleanup_(hints_answer_deinitp) HintsAnswer answer = {};
        HintsContext kubelet = *context;
        char nodes[NODESET_TEXT_MAX];
        Diag diag = {};

        kubelet.mode = HINTS_KUBELET;
        if (hints_for_request(&kubelet, request, &answer, &diag))
                return arena_printf(arena, "the kubelet's policy was not asked: %s", diag.text);
        if (answer.n_lists == 0)
                return arena_printf(arena, "the kubelet's policy finds no set: %s",
                                    answer.lack.text[0] ? answer.lack.text : "nothing is asked");
        for (size_t i = 0; i < answer.lists[0].n_hints; ++i)
                if (answer.lists[0].hints[i].is_preferred)
                        return arena_printf(arena,
                                            "the kubelet's policy finds %zu set%s; the first that "
                                            "it prefers is %s",
                                            answer.lists[0].n_hints,
                                            answer.lists[0].n_hints == 1 ? "" : "s",
                                            nodeset_format(&answer.lists[0].hints[i].nodes, nodes));
        return arena_printf(arena, "the kubelet's policy finds %zu set%s and prefers none",
                            answer.lists[0].n_hints, answer.lists[0].n_hints == 1 ? "" : "s");
}

static HintsRequest get_request_of(const LedgerClaim *claim) {
        HintsRequest request = { .split = claim->split };

        if (claim->split.local.min == 0 && claim->split.remote.min == 0) {
                request.split.local.min = ledger_claim_get_bytes(claim, 0);
                request.split.local.max = request.split.local.min;
        }
        for (size_t i = 0; i < claim->n_blocks; ++i)
                if (claim->blocks[i].page_bytes > 0 && request.hugepages.n_items < POD_PAGE_SIZES)
                        request.hugepages.items[request.hugepages.n_items++] =
                                (PodAmount){ .page_bytes = claim->blocks[i].page_bytes,
                                             .bytes = claim->blocks[i].bytes };
        return request;
}

static int
summarize_claim(Arena *arena, const LedgerClaim *claim, Slug__V1__ExplainMemoryResponse *response) {
        const NodeSet nodes = ledger_claim_get_nodes(claim);
        const uint64_t bytes = ledger_claim_get_bytes(claim, 0);
        char text[NODESET_TEXT_MAX], size[BYTES_TEXT_MAX];

        response->summary =
                arena_printf(arena, "%s, from %s: %" PRIu64 " bytes (%s) on NUMA nodes %s%s%s%s",
                             claim_state_name(claim->state), claim_source_name(claim->source),
                             bytes, bytes_format(bytes, size), nodeset_format(&nodes, text),
                             claim->is_within_pod ? ", a share of what the pod has" : "",
                             claim->reason[0] ? "; " : "", claim->reason);
        return response->summary ? memory_build_claim(arena, claim, &response->claim) : -ENOMEM;
}

/* What is asked, in words: of a claim where it is, of a request where it would be. */
static int summarize_request(Arena *arena,
                             const HintsExplanation *explanation,
                             const Diag *lack,
                             Slug__V1__ExplainMemoryResponse *response) {
        char text[NODESET_TEXT_MAX];

        if (explanation->n_items > 0 && explanation->items[0].fits)
                response->summary =
                        arena_printf(arena, "NUMA nodes %s would be taken",
                                     nodeset_format(&explanation->items[0].nodes, text));
        else
                response->summary = arena_printf(arena, "nothing fits: %s",
                                                 lack->text[0] ? lack->text : "nothing is asked");
        return response->summary ? 0 : -ENOMEM;
}

static int explain_request(Arena *arena,
                           const HintsContext *context,
                           const HintsRequest *request,
                           const NodeSet *chosen,
                           Slug__V1__ExplainMemoryResponse *response,
                           Diag *reterr) {
        _cleanup_(hints_explanation_deinitp) HintsExplanation explanation = {};
        _cleanup_(hints_answer_deinitp) HintsAnswer answer = {};
        int r;

        r = hints_explain(context, request, &explanation, reterr);
        if (r == 0)
                r = hints_for_request(context, request, &answer, reterr);
        if (r == 0 && !response->summary)
                r = summarize_request(arena, &explanation, &answer.lack, response);
        if (r)
                return r;
        if (!chosen && explanation.n_items > 0 && explanation.items[0].fits)
                chosen = &explanation.items[0].nodes;
        r = add_sets(arena, &explanation, chosen, response);
        if (r)
                return r;
        response->kubelet = tell_kubelet(arena, context, request);
        return response->kubelet
                       ? memory_build_numa_nodes(arena, context->machine, context->ledger,
                                                 &response->n_numa_nodes, &response->numa_nodes)
                       : -ENOMEM;
}

static int explain_claim(Arena *arena,
                         const HintsContext *context,
                         const LedgerClaim *claim,
                         Slug__V1__ExplainMemoryResponse *response,
                         Diag *reterr) {
        const HintsRequest request = get_request_of(claim);
        const NodeSet nodes = ledger_claim_get_nodes(claim);
        const int r = summarize_claim(arena, claim, response);

        return r ? r : explain_request(arena, context, &request, &nodes, response, reterr);
}

/* A request out of a pod or out of bytes. */
static int read_hints_request(Arena *arena,
                              const Slug__V1__GetTopologyHintsRequest *message,
                              HintsRequest *ret,
                              Diag *reterr) {
        const PodContainer *container;
        Pod pod;
        int r;

        if (!message->pod && message->request)
                return memory_read_request(message->request, ret, reterr);
        r = memory_read_pod(arena, message->pod, &pod, reterr);
        if (r)
                return r;
        container = pod_find_container(&pod, message->container);
        if (!container) {
                diag_set(reterr, NULL, 0, 0, "the pod has no container '%.64s'",
                         message->container);
                return MEMORY_E_INVALID;
        }
        r = hints_request_of_container(&pod, container, ret, reterr);
        return r > 0 ? MEMORY_E_INVALID : r;
}

/* NULL: the call was failed. */
static const LedgerClaim *
find_claim(RpcCall *call, const Ledger *ledger, const Slug__V1__ExplainMemoryRequest *request) {
        const LedgerClaim *claim =
                request->chunk[0] ? ledger_find_chunk(ledger, request->chunk)
                                  : ledger_find(ledger, request->pod_uid, request->container);

        if (claim)
                return claim;
        if (request->chunk[0])
                rpc_call_fail(call, RPC_NOT_FOUND, "no claim has the chunk '%.64s'",
                              request->chunk);
        else
                rpc_call_fail(call, RPC_NOT_FOUND, "pod '%.64s', container '%.64s' has no claim",
                              request->pod_uid, request->container);
        return NULL;
}

void memory_explain(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__ExplainMemoryRequest *request =
                (const Slug__V1__ExplainMemoryRequest *)message;
        Slug__V1__ExplainMemoryResponse response = SLUG__V1__EXPLAIN_MEMORY_RESPONSE__INIT;
        _cleanup_(ledger_regardp) Ledger *disregarding = NULL;
        Arena *arena = rpc_call_get_arena(call);
        const MemoryService *self = userdata;
        const LedgerClaim *claim;
        HintsRequest asked = {};
        HintsContext context;
        Diag diag = {};
        int r;

        response.summary = NULL;
        if (!memory_get_context(call, self,
                                request->hints ? request->hints->mode
                                               : SLUG__V1__HINT_MODE__HINT_MODE_SLUG,
                                &context))
                return;
        if (request->hints) {
                disregarding = disregard(self, request->hints->pod);
                r = read_hints_request(arena, request->hints, &asked, &diag);
                if (r) {
                        memory_fail(call, r, &diag);
                        return;
                }
                r = explain_request(arena, &context, &asked, NULL, &response, &diag);
        } else {
                claim = find_claim(call, self->ledger, request);
                if (!claim)
                        return;
                r = explain_claim(arena, &context, claim, &response, &diag);
        }
        if (r)
                fail_hints(call, r, &diag);
        else
                rpc_call_finish(call, &response.base);
}
