/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would fit
 *
 * A copy of the ledger takes the pods one after the other, as a kubelet would admit them: init
 * containers first, each container with the best hint, and a pod that cannot have all of it gets
 * nothing. One that runs already, and has not asked, is admitted out of what it holds. Then the
 * copy goes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ledger/lifecycle.h"
#include "service/memory-handlers.h"

#define SIMULATE_PODS_MAX 4096u

static int copy_ledger(const Ledger *from, Ledger *to) {
        for (const LedgerClaim *claim = ledger_next(from, NULL); claim;
             claim = ledger_next(from, claim)) {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};
                LedgerClaim *copy;
                int r;

                r = ledger_claim_new(claim, &copy);
                if (r == 0)
                        r = ledger_change_put(&change, copy);
                if (r == 0)
                        r = ledger_apply(to, &change, NULL, NULL, NULL);
                if (r)
                        return error_fold(r);
        }
        return 0;
}

/* Return: 0, HINTS_E_* with @reterr set, or an errno. */
static int admit_one(const HintsContext *context,
                     Ledger *ledger,
                     const Pod *pod,
                     const PodContainer *container,
                     Diag *reterr) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        LedgerLack lack = {};
        int r;

        r = memory_plan_allocation(context, ledger,
                                   &(const HintsClaimant){ .pod = pod,
                                                           .container = container,
                                                           .source = CLAIM_SOURCE_MEMORY_MANAGER },
                                   &change, reterr);
        if (r)
                return r == HINTS_E_NONE ? 0 : r;
        r = ledger_apply(ledger, &change, &context->machine->rooms[context->mode], NULL, &lack);
        if (r <= 0)
                return r;
        diag_set(reterr, NULL, 0, 0,
                 r == LEDGER_E_FULL ? "the ledger takes no more claims"
                                    : "NUMA node %u lacks %llu bytes",
                 lack.node, (unsigned long long)lack.bytes);
        return HINTS_E_REFUSED;
}

static int admit_pod(const HintsContext *context, Ledger *ledger, const Pod *pod, Diag *reterr) {
        int r = 0;

        if (context->with_pod_level && pod_has_resources(pod))
                return admit_one(context, ledger, pod, NULL, reterr);
        for (size_t i = 0; r == 0 && i < pod->n_containers; ++i)
                r = admit_one(context, ledger, pod, &pod->containers[i], reterr);
        return r;
}

static bool has_promises(const Ledger *ledger, const char *pod_uid) {
        const LedgerClaim *claim = ledger_next_of_pod(ledger, pod_uid, NULL);

        while (claim && ledger_claim_is_observed(claim))
                claim = ledger_next_of_pod(ledger, pod_uid, claim);
        return claim != NULL;
}

/* @observed: NULL, or what has made way; taken. */
static int take_back(Ledger *ledger, const char *pod_uid, LedgerClaim *observed) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        int r;

        r = lifecycle_release(ledger, pod_uid, NULL, &change);
        if (r) {
                ledger_claim_free(observed);
                return r;
        }
        r = observed ? ledger_change_put(&change, observed) : 0;
        return r ? r : error_fold(ledger_apply(ledger, &change, NULL, NULL, NULL));
}

/* All of it or nothing. */
static int admit(const HintsContext *context, Ledger *ledger, const Pod *pod, Diag *reterr) {
        const LedgerClaim *observed = ledger_find_observed(ledger, pod->uid);
        _cleanup_(ledger_claim_freep) LedgerClaim *before = NULL;
        int r;

        if (has_promises(ledger, pod->uid)) {
                diag_set(reterr, NULL, 0, 0, "a pod with uid '%s' holds memory already", pod->uid);
                return HINTS_E_INVALID;
        }
        r = observed ? ledger_claim_new(observed, &before) : 0;
        if (r)
                return r;
        r = admit_pod(context, ledger, pod, reterr);
        return r > 0 && take_back(ledger, pod->uid, TAKE_PTR(before)) < 0 ? -ENOMEM : r;
}

static int
add_claims(Arena *arena, const Ledger *ledger, const Pod *pod, Slug__V1__SimulatedPod *message) {
        int r = 0;

        message->claims = arena_alloc_array(arena, pod->n_containers + 2, sizeof(*message->claims));
        if (!message->claims)
                return -ENOMEM;
        for (const LedgerClaim *claim = ledger_next_of_pod(ledger, pod->uid, NULL);
             r == 0 && claim && message->n_claims < pod->n_containers + 1;
             claim = ledger_next_of_pod(ledger, pod->uid, claim))
                r = memory_build_claim(arena, claim, &message->claims[message->n_claims++]);
        return r;
}

/* A pod that is malformed does not fit, by its own fault; the others go on. */
static int simulate_pod(Arena *arena,
                        const HintsContext *context,
                        Ledger *ledger,
                        const Slug__V1__Pod *from,
                        Slug__V1__SimulatedPod *message) {
        Diag diag = {};
        Pod pod;
        int r;

        message->namespace_ = from->namespace_;
        message->name = from->name;
        r = memory_read_pod(arena, from, &pod, &diag);
        if (r == 0)
                r = admit(context, ledger, &pod, &diag);
        if (r == 0) {
                message->fits = true;
                return add_claims(arena, ledger, &pod, message);
        }
        if (r < 0)
                return r;
        message->refusal = arena_strdup(arena, diag.text);
        return message->refusal ? 0 : -ENOMEM;
}

static int simulate(Arena *arena,
                    const MemoryService *self,
                    const Slug__V1__SimulateRequest *request,
                    HintsContext *context,
                    Slug__V1__SimulateResponse *response) {
        _cleanup_(ledger_freep) Ledger *ledger = NULL;
        int r;

        r = ledger_new(&ledger);
        if (r == 0 && !request->from_empty)
                r = copy_ledger(self->ledger, ledger);
        if (r)
                return r;
        context->ledger = ledger;
        response->pods = MESSAGE_LIST(arena, request->n_pods, Slug__V1__SimulatedPod,
                                      SLUG__V1__SIMULATED_POD__INIT);
        if (!response->pods)
                return -ENOMEM;
        response->n_pods = request->n_pods;
        for (size_t i = 0; i < request->n_pods; ++i) {
                r = simulate_pod(arena, context, ledger, request->pods[i], response->pods[i]);
                if (r)
                        return r;
                response->fit_count += response->pods[i]->fits;
        }
        return memory_build_numa_nodes(arena, self->machine, ledger, &response->n_numa_nodes,
                                       &response->numa_nodes);
}

void memory_simulate(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__SimulateRequest *request = (const Slug__V1__SimulateRequest *)message;
        Slug__V1__SimulateResponse response = SLUG__V1__SIMULATE_RESPONSE__INIT;
        const MemoryService *self = userdata;
        HintsContext context;

        if (request->n_pods > SIMULATE_PODS_MAX) {
                rpc_call_fail(call, RPC_INVALID_ARGUMENT, "%zu pods; at most %u are simulated",
                              request->n_pods, SIMULATE_PODS_MAX);
                return;
        }
        if (!memory_get_context(call, self, request->mode, &context))
                return;
        if (simulate(rpc_call_get_arena(call), self, request, &context, &response) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response.base);
}
