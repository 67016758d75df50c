/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claiming and giving back
 *
 * Each handler plans a change of the ledger and applies it through the journal in the same
 * callback, so that what was checked is what is charged. The answer is built at once and sent when
 * the change is durable. A claim that is there already is answered in the same way, after what made
 * it is durable.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/messages.h"
#include "ledger/lifecycle.h"
#include "service/durable.h"
#include "service/memory-handlers.h"

void memory_log_claim(const LedgerClaim *claim, bool is_released) {
        const NodeSet nodes = ledger_claim_get_nodes(claim);
        const uint64_t bytes = ledger_claim_get_bytes(claim, 0);
        char list[NODESET_TEXT_MAX], text[BYTES_TEXT_MAX];

        log_event(LOG_INFO, is_released ? SLUG_MESSAGE_RELEASED : SLUG_MESSAGE_CLAIMED,
                  LOG_WITH({ .name = "SLUG_POD_UID", .text = claim->pod_uid },
                           { .name = "SLUG_CONTAINER", .text = claim->container },
                           { .name = "SLUG_NODES", .text = nodeset_format(&nodes, list) },
                           { .name = "SLUG_BYTES", .number = bytes }),
                  "Pod '%s/%s', container '%s' %s %" PRIu64 " bytes (%s) on NUMA nodes %s",
                  claim->namespace_name, claim->pod[0] ? claim->pod : claim->pod_uid,
                  claim->container, is_released ? "gives back" : "is promised", bytes,
                  bytes_format(bytes, text), list);
}

void memory_log_refusal(const Pod *pod, const char *container, const Diag *why) {
        log_event(LOG_NOTICE, SLUG_MESSAGE_CLAIM_REFUSED,
                  LOG_WITH({ .name = "SLUG_POD_UID", .text = pod->uid },
                           { .name = "SLUG_CONTAINER", .text = container },
                           { .name = "SLUG_REASON", .text = why->text }),
                  "Pod '%s/%s', container '%s' is promised nothing: %s",
                  pod->namespace_name ? pod->namespace_name : "", pod->name ? pod->name : "",
                  container, why->text);
}

/* Allocating */

typedef struct Allocation {
        MemoryService *service;
        HintsContext context;
        Pod pod;
        HintsAffinity affinity;
        HintsClaimant claimant;
} Allocation;

/* What both requests have. False: the call was failed. */
static bool read_allocation(RpcCall *call,
                            MemoryService *self,
                            const Slug__V1__Pod *pod,
                            Slug__V1__HintMode mode,
                            const Slug__V1__Affinity *affinity,
                            Allocation *ret) {
        Diag diag = {};
        int r;

        ret->service = self;
        if (!memory_get_context(call, self, mode, &ret->context))
                return false;
        r = memory_read_pod(rpc_call_get_arena(call), pod, &ret->pod, &diag);
        if (r == 0 && affinity)
                r = memory_read_affinity(affinity, &ret->affinity, &diag);
        if (r) {
                memory_fail(call, r, &diag);
                return false;
        }
        ret->claimant = (HintsClaimant){
                .pod = &ret->pod,
                .affinity = affinity ? &ret->affinity : NULL,
                .source = CLAIM_SOURCE_MEMORY_MANAGER,
                .now_usec = clock_now_usec(&self->wall_clock),
        };
        return true;
}

/* The pod gets nothing of its own in this mode, which is no failure. */
static void answer_nothing(RpcCall *call, const PodContainer *container) {
        const Slug__V1__AllocateResponse one = SLUG__V1__ALLOCATE_RESPONSE__INIT;
        const Slug__V1__AllocatePodResponse whole = SLUG__V1__ALLOCATE_POD_RESPONSE__INIT;

        rpc_call_finish(call, container ? &one.base : &whole.base);
}

/* Ends the call of one that is promised nothing. */
static void end_allocation(RpcCall *call, const Allocation *allocation, int r, const Diag *diag) {
        const PodContainer *container = allocation->claimant.container;

        if (r < 0) {
                answer_fail_memory(call);
        } else if (r == HINTS_E_NONE) {
                answer_nothing(call, container);
        } else if (r == HINTS_E_REFUSED) {
                memory_log_refusal(&allocation->pod, container ? container->name : "", diag);
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "%s", diag->text);
        } else {
                rpc_call_fail(call,
                              r == HINTS_E_UNSUPPORTED ? RPC_FAILED_PRECONDITION
                                                       : RPC_INVALID_ARGUMENT,
                              "%s", diag->text);
        }
}

/* One that nobody has confirmed since the reboot is confirmed by being asked for. */
static int
plan_existing(const MemoryService *self, const HintsClaimant *claimant, LedgerChange *ret) {
        const LedgerClaim *claim =
                ledger_find(self->ledger, claimant->pod->uid,
                            claimant->container ? claimant->container->name : "");

        return claim && claim->state == CLAIM_UNCONFIRMED ? lifecycle_confirm(claim, ret) : 0;
}

int memory_plan_promise(MemoryService *self,
                        const HintsContext *context,
                        const HintsClaimant *claimant,
                        LedgerChange *ret,
                        bool *ret_existed,
                        Diag *reterr) {
        const int r = memory_plan_allocation(context, self->ledger, claimant, ret, reterr);

        *ret_existed = r == 0 && ret->n_puts == 0;
        return *ret_existed ? plan_existing(self, claimant, ret) : r;
}

/* Return: the answer to come, or NULL when the call has ended. @ret_existed: it was there. */
static Durable *apply_allocation(RpcCall *call, Allocation *allocation, bool *ret_existed) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        Durable *durable;
        Diag diag = {};
        int r;

        r = memory_plan_promise(allocation->service, &allocation->context, &allocation->claimant,
                                &change, ret_existed, &diag);
        if (r) {
                end_allocation(call, allocation, r, &diag);
                return NULL;
        }
        durable = durable_new(call);
        if (!durable)
                return NULL;
        r = durable_apply(durable, allocation->service, &change,
                          &allocation->context.machine->rooms[allocation->context.mode], true);
        return r ? NULL : durable;
}

void memory_allocate(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__AllocateRequest *request = (const Slug__V1__AllocateRequest *)message;
        MemoryService *self = userdata;
        Arena *arena = rpc_call_get_arena(call);
        Slug__V1__AllocateResponse **answer;
        const LedgerClaim *claim;
        Allocation allocation = {};
        Durable *durable;
        bool existed;

        if (!memory_drop_stale(call, self, request->active_pods) ||
            !read_allocation(call, self, request->pod, request->mode, request->affinity,
                             &allocation))
                return;
        if (request->for_operator)
                allocation.claimant.source = CLAIM_SOURCE_OPERATOR;
        allocation.claimant.container =
                memory_get_container(call, &allocation.pod, request->container);
        if (!allocation.claimant.container)
                return;
        durable = apply_allocation(call, &allocation, &existed);
        if (!durable)
                return;
        claim = ledger_find(self->ledger, allocation.pod.uid, request->container);
        if (claim && !existed)
                memory_log_claim(claim, false);
        answer = MESSAGE_LIST(arena, 1, Slug__V1__AllocateResponse,
                              SLUG__V1__ALLOCATE_RESPONSE__INIT);
        if (!answer || (claim && memory_build_claim(arena, claim, &answer[0]->claim) < 0))
                return;
        answer[0]->existed = claim && existed;
        durable_set_answer(durable, &answer[0]->base);
}

/* All claims of the pod, its own first. */
static int build_claims_of_pod(Arena *arena,
                               const Ledger *ledger,
                               const char *pod_uid,
                               Slug__V1__AllocatePodResponse *answer) {
        const LedgerClaim *claim;
        size_t n = 0;
        int r = 0;

        for (claim = ledger_next_of_pod(ledger, pod_uid, NULL); claim;
             claim = ledger_next_of_pod(ledger, pod_uid, claim))
                ++n;
        answer->claims = arena_alloc_array(arena, n + 1, sizeof(*answer->claims));
        if (!answer->claims)
                return -ENOMEM;
        for (claim = ledger_next_of_pod(ledger, pod_uid, NULL); r == 0 && claim;
             claim = ledger_next_of_pod(ledger, pod_uid, claim))
                r = memory_build_claim(arena, claim, &answer->claims[answer->n_claims++]);
        return r;
}

void memory_allocate_pod(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__AllocatePodRequest *request = (const Slug__V1__AllocatePodRequest *)message;
        MemoryService *self = userdata;
        Arena *arena = rpc_call_get_arena(call);
        Slug__V1__AllocatePodResponse **answer;
        const LedgerClaim *claim;
        Allocation allocation = {};
        Durable *durable;
        bool existed;

        if (!memory_drop_stale(call, self, request->active_pods) ||
            !read_allocation(call, self, request->pod, request->mode, request->affinity,
                             &allocation))
                return;
        durable = apply_allocation(call, &allocation, &existed);
        if (!durable)
                return;
        claim = ledger_find(self->ledger, allocation.pod.uid, "");
        if (claim && !existed)
                memory_log_claim(claim, false);
        answer = MESSAGE_LIST(arena, 1, Slug__V1__AllocatePodResponse,
                              SLUG__V1__ALLOCATE_POD_RESPONSE__INIT);
        if (answer && build_claims_of_pod(arena, self->ledger, allocation.pod.uid, answer[0]) == 0)
                durable_set_answer(durable, &answer[0]->base);
}

/* Containers that come and go */

/* Uid and names of containers are enough here, so that the rest of the pod is not checked. */
static int read_names(Arena *arena, const Slug__V1__Pod *message, Pod *ret) {
        const size_t n = message->n_init_containers + message->n_containers;
        PodContainer *containers = arena_alloc_array(arena, n + 1, sizeof(*containers));

        if (!containers)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i) {
                const bool is_init = i < message->n_init_containers;
                const Slug__V1__PodContainer *from =
                        is_init ? message->init_containers[i]
                                : message->containers[i - message->n_init_containers];

                containers[i] = (PodContainer){
                        .name = from->name,
                        .is_init = is_init,
                        .is_restartable = is_init && strcmp(from->restart_policy, "Always") == 0,
                };
        }
        *ret = (Pod){
                .uid = message->uid,
                .name = message->name,
                .containers = containers,
                .n_containers = n,
        };
        return 0;
}

void memory_add_container(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__AddContainerRequest *request =
                (const Slug__V1__AddContainerRequest *)message;
        MemoryService *self = userdata;
        Arena *arena = rpc_call_get_arena(call);
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        Slug__V1__AddContainerResponse **answer;
        const PodContainer *container;
        const LedgerClaim *claim;
        Durable *durable;
        Pod pod;
        int r;

        if (!request->pod || request->pod->uid[0] == '\0') {
                rpc_call_fail(call, RPC_INVALID_ARGUMENT, "the request has no pod with a uid");
                return;
        }
        if (read_names(arena, request->pod, &pod) < 0) {
                answer_fail_memory(call);
                return;
        }
        container = memory_get_container(call, &pod, request->container);
        if (!container)
                return;
        r = lifecycle_start(self->ledger, &pod, container, request->container_id, &change);
        if (r) {
                if (r == -EINVAL)
                        rpc_call_fail(call, RPC_INVALID_ARGUMENT, "'%.64s' is no container id",
                                      request->container_id);
                else
                        answer_fail_memory(call);
                return;
        }
        durable = durable_new(call);
        if (!durable || durable_apply(durable, self, &change, NULL, false))
                return;
        claim = ledger_find(self->ledger, pod.uid, request->container);
        answer = MESSAGE_LIST(arena, 1, Slug__V1__AddContainerResponse,
                              SLUG__V1__ADD_CONTAINER_RESPONSE__INIT);
        if (answer && (!claim || memory_build_claim(arena, claim, &answer[0]->claim) == 0))
                durable_set_answer(durable, &answer[0]->base);
}

/* What is about to go, as it was, and what of the pod stays, since slugd sees it. */
static int build_released(Arena *arena,
                          const Ledger *ledger,
                          const char *pod_uid,
                          const LedgerChange *change,
                          Slug__V1__RemoveContainerResponse *answer) {
        const LedgerClaim *observed = ledger_find_observed(ledger, pod_uid);
        int r = 0;

        if (observed && memory_build_claim(arena, observed, &answer->observed) < 0)
                return -ENOMEM;
        answer->released = arena_alloc_array(arena, change->n_drops + 1, sizeof(*answer->released));
        if (!answer->released)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < change->n_drops; ++i) {
                const LedgerClaim *claim =
                        ledger_find(ledger, change->drops[i].pod_uid, change->drops[i].container);

                if (!claim)
                        continue;
                memory_log_claim(claim, true);
                r = memory_build_claim(arena, claim, &answer->released[answer->n_released++]);
        }
        return r;
}

static int plan_removal(const MemoryService *self,
                        const Slug__V1__RemoveContainerRequest *request,
                        LedgerChange *ret) {
        const LedgerClaim *claim;

        if (request->container_id[0] == '\0' && request->chunk[0] == '\0')
                return lifecycle_release(self->ledger, request->pod_uid,
                                         request->container[0] ? request->container : NULL, ret);
        claim = request->chunk[0] ? ledger_find_chunk(self->ledger, request->chunk)
                                  : ledger_find_container_id(self->ledger, request->container_id);
        return claim ? lifecycle_release(self->ledger, claim->pod_uid, claim->container, ret) : 0;
}

void memory_remove_container(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__RemoveContainerRequest *request =
                (const Slug__V1__RemoveContainerRequest *)message;
        MemoryService *self = userdata;
        Arena *arena = rpc_call_get_arena(call);
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        Slug__V1__RemoveContainerResponse **answer;
        Durable *durable;

        if (request->container_id[0] == '\0' && request->pod_uid[0] == '\0' &&
            request->chunk[0] == '\0') {
                rpc_call_fail(call, RPC_INVALID_ARGUMENT,
                              "the request names neither a container_id nor a pod_uid nor a chunk");
                return;
        }
        answer = MESSAGE_LIST(arena, 1, Slug__V1__RemoveContainerResponse,
                              SLUG__V1__REMOVE_CONTAINER_RESPONSE__INIT);
        if (!answer || plan_removal(self, request, &change) < 0 ||
            build_released(arena, self->ledger, request->pod_uid, &change, answer[0]) < 0) {
                answer_fail_memory(call);
                return;
        }
        durable = durable_new(call);
        if (durable && durable_apply(durable, self, &change, NULL, false) == 0)
                durable_set_answer(durable, &answer[0]->base);
}

/* Importing */

/* What is observed gives its key away. */
static bool is_taken(const Ledger *ledger, const Slug__V1__Claim *message) {
        const LedgerClaim *claim = ledger_find(ledger, message->pod_uid, message->container);

        return claim && !ledger_claim_is_observed(claim);
}

static int complain_large(Diag *reterr) {
        diag_set(reterr, NULL, 0, 0, "one import takes %u claims; send the rest in another",
                 LEDGER_CHANGE_MAX);
        return MEMORY_E_INVALID;
}

static int plan_import(RpcCall *call,
                       const Ledger *ledger,
                       const Slug__V1__ImportClaimsRequest *request,
                       LedgerChange *change,
                       Slug__V1__ImportClaimsResponse *answer,
                       Diag *reterr) {
        int r;

        for (size_t i = 0; i < request->n_claims; ++i) {
                const Slug__V1__Claim *message = request->claims[i];
                LedgerClaim *claim;

                if (message->source == SLUG__V1__CLAIM_SOURCE__CLAIM_SOURCE_OBSERVED) {
                        ++answer->observed_count;
                        continue;
                }
                if (is_taken(ledger, message)) {
                        ++answer->existing_count;
                        continue;
                }
                r = memory_read_claim(rpc_call_get_arena(call), message, &claim, reterr);
                if (r == 0)
                        r = ledger_change_put(change, claim);
                if (r)
                        return r == -E2BIG ? complain_large(reterr) : r;
                ++answer->added_count;
        }
        r = lifecycle_yield(ledger, change);
        return r == -E2BIG ? complain_large(reterr) : r;
}

void memory_import_claims(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__ImportClaimsRequest *request =
                (const Slug__V1__ImportClaimsRequest *)message;
        MemoryService *self = userdata;
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        Slug__V1__ImportClaimsResponse **answer =
                MESSAGE_LIST(rpc_call_get_arena(call), 1, Slug__V1__ImportClaimsResponse,
                             SLUG__V1__IMPORT_CLAIMS_RESPONSE__INIT);
        Durable *durable;
        Diag diag = {};
        int r = answer ? 0 : -ENOMEM;

        if (r == 0)
                r = plan_import(call, self->ledger, request, &change, answer[0], &diag);
        if (r) {
                memory_fail(call, r, &diag);
                return;
        }
        if (request->dry_run) {
                rpc_call_finish(call, &answer[0]->base);
                return;
        }
        durable = durable_new(call);
        if (durable &&
            durable_apply(durable, self, &change, &self->machine->rooms[HINTS_KUBELET], true) == 0)
                durable_set_answer(durable, &answer[0]->base);
}
