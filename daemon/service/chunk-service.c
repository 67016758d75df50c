/* SPDX-License-Identifier: Apache-2.0 */
#include "service/chunk-service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/messages.h"
#include "service/answer.h"
#include "service/chunk-messages.h"
#include "service/durable.h"

/* All chunks that a claim can have, each with its quotes in JSON. */
#define ALLOCATE_REQUEST_MAX (LEDGER_CHUNKS_MAX * (CHUNK_ID_MAX + 4u) + 4096u)

/* Watching */

/* The list as bytes. The generation of the ledger is no part of it: it rises also when nothing
 * happened to chunks. Return: 0 or -ENOMEM. */
static int pack_list(ChunksView *view, uint8_t **ret, size_t *ret_n) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        Slug__V1__ChunkList *message;
        int r;

        r = arena_new(RPC_ARENA_MAX, &arena);
        if (r == 0)
                r = chunk_build_list(arena, view, &message);
        if (r)
                return r;
        message->ledger_generation = 0;
        *ret_n = slug__v1__chunk_list__get_packed_size(message);
        *ret = malloc(*ret_n + 1);
        if (!*ret)
                return -ENOMEM;
        slug__v1__chunk_list__pack(message, *ret);
        return 0;
}

/* What cannot be compared counts as another one. */
static void compare(ChunkService *service) {
        uint8_t *packed = NULL;
        size_t n = 0;

        if (pack_list(service->view, &packed, &n) == 0 && service->told && n == service->n_told &&
            memcmp(packed, service->told, n) == 0) {
                free(packed);
                return;
        }
        free(service->told);
        service->told = packed;
        service->n_told = n;
        ++service->n_changes;
}

/* @seen: the number of changes; 0: the watcher has been told nothing. */
static bool push_list(RpcCall *call, RpcCookie *seen, void *userdata) {
        ChunkService *self = userdata;
        Slug__V1__ChunkList *list;

        if (self->n_changes == 0)
                compare(self);
        if (seen->first == self->n_changes)
                return true;
        if (chunk_build_list(rpc_call_get_arena(call), self->view, &list) < 0) {
                answer_fail_memory(call);
                return false;
        }
        seen->first = self->n_changes;
        return rpc_call_push(call, &list->base);
}

static void watch_chunks(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        ChunkService *self = userdata;

        (void)request; /* it has no fields */
        rpc_watchers_add(&self->watchers, call, (RpcCookie){});
}

static void forget(ChunkService *service) {
        free(service->told);
        service->told = NULL;
}

void chunk_service_notify(ChunkService *service) {
        if (service->watchers.n_watchers == 0) {
                /* nobody is to be told: whoever comes is told all */
                forget(service);
                service->n_changes = 0;
                return;
        }
        compare(service);
        rpc_watchers_notify(&service->watchers);
}

static void list_chunks(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        const ChunkService *self = userdata;
        Slug__V1__ChunkList *list;

        (void)request; /* it has no fields */
        if (chunk_build_list(rpc_call_get_arena(call), self->view, &list) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &list->base);
}

/* Claiming */

static void log_grant(const LedgerClaim *claim, const ChunksGrant *grant) {
        const NodeSet nodes = ledger_claim_get_nodes(claim);
        const uint64_t bytes = ledger_claim_get_bytes(claim, 0);
        char list[NODESET_TEXT_MAX], text[BYTES_TEXT_MAX];

        log_event(LOG_INFO, SLUG_MESSAGE_CHUNKS_CLAIMED,
                  LOG_WITH({ .name = "SLUG_POD_UID", .text = claim->pod_uid },
                           { .name = "SLUG_NODES", .text = nodeset_format(&nodes, list) },
                           { .name = "SLUG_BYTES", .number = bytes }),
                  "%zu chunk%s from %s on, %s of NUMA nodes %s, are claimed for a container that "
                  "the kubelet has yet to name%s",
                  claim->n_chunks, claim->n_chunks == 1 ? "" : "s", grant->claim,
                  bytes_format(bytes, text), list,
                  grant->n_taken > 0 ? ", some of them from another claim" : "");
}

static void log_refusal(const char *resource, const Diag *why) {
        log_event(LOG_NOTICE, SLUG_MESSAGE_CHUNKS_REFUSED,
                  LOG_WITH({ .name = "SLUG_REASON", .text = why->text }),
                  "No chunks of '%.64s' are claimed: %s", resource, why->text);
}

/* The call ends: nothing is claimed. */
static void fail_allocation(RpcCall *call, const char *resource, int r, const Diag *diag) {
        RpcCode code = RPC_INVALID_ARGUMENT;

        switch (r) {
        case CHUNKS_E_INVALID:
                break;
        case CHUNKS_E_UNKNOWN:
                code = RPC_NOT_FOUND;
                break;
        case CHUNKS_E_UNHEALTHY:
                code = RPC_FAILED_PRECONDITION;
                break;
        case -E2BIG:
                rpc_call_fail(call, RPC_INVALID_ARGUMENT,
                              "more than %u claims have these chunks; ask for fewer at once",
                              LEDGER_CHANGE_MAX);
                return;
        default:
                answer_fail_memory(call);
                return;
        }
        log_refusal(resource, diag);
        rpc_call_fail(call, code, "%s", diag->text);
}

/* Return: the answer to come, or NULL when the call has ended. No list is there after it. */
static Durable *claim_chunks(RpcCall *call,
                             ChunkService *self,
                             const Slug__V1__AllocateChunksRequest *request,
                             ChunksGrant *ret) {
        MemoryService *memory = self->memory;
        const ChunksRequest wanted = {
                .resource = request->resource,
                .ids = (const char *const *)request->ids,
                .n_ids = request->n_ids,
                .now_usec = clock_now_usec(&memory->wall_clock),
        };
        const ChunkList *list = chunks_view_get(self->view);
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        Durable *durable;
        Diag diag = {};
        int r;

        r = list ? chunks_allocate(list, memory->ledger, &wanted, &change, ret, &diag) : -ENOMEM;
        if (r) {
                fail_allocation(call, request->resource, r, &diag);
                return NULL;
        }
        durable = durable_new(call);
        if (!durable)
                return NULL;
        r = durable_apply(durable, memory, &change, &memory->machine->rooms[HINTS_SLUG], true);
        return r ? NULL : durable;
}

static void allocate_chunks(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__AllocateChunksRequest *request =
                (const Slug__V1__AllocateChunksRequest *)message;
        ChunkService *self = userdata;
        const char *wait = chunks_view_get_wait(self->view);
        Slug__V1__AllocateChunksResponse *answer;
        const LedgerClaim *claim;
        ChunksGrant grant = {};
        Durable *durable;

        if (wait[0]) {
                rpc_call_fail(call, RPC_UNAVAILABLE, "nothing new is promised: %s", wait);
                return;
        }
        durable = claim_chunks(call, self, request, &grant);
        if (!durable)
                return;
        claim = ledger_find(self->memory->ledger, grant.pod_uid, "");
        if (!claim)
                return;
        log_grant(claim, &grant);
        if (chunk_build_response(rpc_call_get_arena(call), claim, &grant, &answer) == 0)
                durable_set_answer(durable, &answer->base);
}

void chunk_service_init(ChunkService *service) {
        static const RpcMethod methods[] = {
                {
                        .path = "/slug.v1.ChunkService/WatchChunks",
                        .input = &slug__v1__watch_chunks_request__descriptor,
                        .output = &slug__v1__chunk_list__descriptor,
                        .handler = watch_chunks,
                        .kind = RPC_SERVER_STREAM,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/slug.v1.ChunkService/ListChunks",
                        .input = &slug__v1__list_chunks_request__descriptor,
                        .output = &slug__v1__chunk_list__descriptor,
                        .handler = list_chunks,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/slug.v1.ChunkService/AllocateChunks",
                        .input = &slug__v1__allocate_chunks_request__descriptor,
                        .output = &slug__v1__allocate_chunks_response__descriptor,
                        .handler = allocate_chunks,
                        .role = RPC_ROLE_CLAIMER,
                        .max_request_bytes = ALLOCATE_REQUEST_MAX,
                },
        };

        service->watchers = (RpcWatchers){ .push = push_list, .userdata = service };
        service->service = (RpcService){
                .methods = methods,
                .n_methods = ELEMENTSOF(methods),
                .userdata = service,
        };
}

void chunk_service_deinit(ChunkService *service) {
        forget(service);
}
