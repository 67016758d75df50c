/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Handlers of slug.v1.MemoryManagerService, a file for each kind. Inside this folder only.
 */
#include "service/answer.h"
#include "service/memory-messages.h"
#include "service/memory-service.h"

/* memory-claims.c: what changes the ledger */
void memory_allocate(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void memory_allocate_pod(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void memory_add_container(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void memory_remove_container(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void memory_import_claims(RpcCall *call, const ProtobufCMessage *request, void *userdata);

/* memory-hints.c */
void memory_get_hints(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void memory_get_pod_hints(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void memory_explain(RpcCall *call, const ProtobufCMessage *request, void *userdata);

/* memory-state.c: what only looks */
void memory_get_numa_nodes(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void memory_get_allocatable(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void memory_get_memory(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void memory_get_state(RpcCall *call, const ProtobufCMessage *request, void *userdata);

/* memory-simulate.c */
void memory_simulate(RpcCall *call, const ProtobufCMessage *request, void *userdata);

/* Together */

/* The call was failed: with the peer's mistake (@r above 0, @diag) or for want of memory. */
void memory_fail(RpcCall *call, int r, const Diag *diag);
/* False: the call was failed. */
bool memory_get_context(RpcCall *call,
                        const MemoryService *self,
                        Slug__V1__HintMode mode,
                        HintsContext *ret);
/* Of the pod; NULL: the call was failed. */
const PodContainer *memory_get_container(RpcCall *call, const Pod *pod, const char *name);
/* As hints_allocate(), out of what is free beside what the pod holds already: that is no obstacle,
 * and what is observed of it makes way in the same change. @ledger: the context's. */
_must_check_ int memory_plan_allocation(const HintsContext *context,
                                        Ledger *ledger,
                                        const HintsClaimant *claimant,
                                        LedgerChange *ret,
                                        Diag *reterr);
/* The same, but what is there already (@ret_existed) and unconfirmed is confirmed by it. */
_must_check_ int memory_plan_promise(MemoryService *self,
                                     const HintsContext *context,
                                     const HintsClaimant *claimant,
                                     LedgerChange *ret,
                                     bool *ret_existed,
                                     Diag *reterr);
/* Why nothing new is promised now: what pods hold that never asked is not known, so nobody can say
 * what is free. "" when it is. */
const char *memory_get_wait(const MemoryService *self);
void memory_log_claim(const LedgerClaim *claim, bool is_released);
void memory_log_refusal(const Pod *pod, const char *container, const Diag *why);
/* Lets claims go that no active pod has. @active may be NULL. False: the call was failed. */
bool memory_drop_stale(RpcCall *call, MemoryService *self, const Slug__V1__ActivePods *active);
