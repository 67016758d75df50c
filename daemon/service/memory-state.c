/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is claimed, by whom, of what
 */
#include <string.h>

#include "service/memory-handlers.h"

/* What is observed is no promise: it gives nobody a place. */
static const LedgerClaim *
find_promise(const Ledger *ledger, const char *pod_uid, const char *container) {
        const LedgerClaim *claim = ledger_find(ledger, pod_uid, container);

        return claim && !ledger_claim_is_observed(claim) ? claim : NULL;
}

void memory_get_numa_nodes(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__GetMemoryNUMANodesRequest *request =
                (const Slug__V1__GetMemoryNUMANodesRequest *)message;
        Slug__V1__GetMemoryNUMANodesResponse response =
                SLUG__V1__GET_MEMORY_NUMANODES_RESPONSE__INIT;
        const MemoryService *self = userdata;
        const LedgerClaim *claim = find_promise(self->ledger, request->pod_uid, request->container);
        const NodeSet nodes = claim ? ledger_claim_get_nodes(claim) : (NodeSet){};

        response.numa_nodes = memory_format_nodes(rpc_call_get_arena(call), &nodes);
        if (response.numa_nodes)
                rpc_call_finish(call, &response.base);
        else
                answer_fail_memory(call);
}

void memory_get_allocatable(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        Slug__V1__GetAllocatableMemoryResponse response =
                SLUG__V1__GET_ALLOCATABLE_MEMORY_RESPONSE__INIT;
        Arena *arena = rpc_call_get_arena(call);
        const MemoryService *self = userdata;
        const LedgerRoom *room = &self->machine->rooms[HINTS_SLUG];
        char resource[POD_RESOURCE_NAME_MAX];

        (void)request; /* it has no fields */
        response.blocks = MESSAGE_LIST(arena, room->n_rows, Slug__V1__MemoryBlock,
                                       SLUG__V1__MEMORY_BLOCK__INIT);
        for (size_t i = 0; response.blocks && i < room->n_rows; ++i) {
                Slug__V1__MemoryBlock *block;
                NodeSet nodes = {};

                if (room->rows[i].bytes == 0)
                        continue;
                nodeset_add(&nodes, room->rows[i].node);
                block = response.blocks[response.n_blocks++];
                block->type = arena_strdup(arena,
                                           pod_format_resource(room->rows[i].page_bytes, resource));
                block->numa_nodes = memory_format_nodes(arena, &nodes);
                block->size_bytes = room->rows[i].bytes;
                if (!block->type || !block->numa_nodes)
                        response.blocks = NULL;
        }
        if (response.blocks)
                rpc_call_finish(call, &response.base);
        else
                answer_fail_memory(call);
}

void memory_get_memory(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__GetMemoryRequest *request = (const Slug__V1__GetMemoryRequest *)message;
        Slug__V1__GetMemoryResponse response = SLUG__V1__GET_MEMORY_RESPONSE__INIT;
        const MemoryService *self = userdata;
        const LedgerClaim *claim = find_promise(self->ledger, request->pod_uid, request->container);

        if (claim && memory_build_blocks(rpc_call_get_arena(call), claim, &response.n_blocks,
                                         &response.blocks) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response.base);
}

/* State */

static bool lies_on(const LedgerClaim *claim, unsigned node) {
        for (size_t i = 0; i < claim->n_blocks; ++i)
                for (size_t k = 0; k < claim->blocks[i].n_parts; ++k)
                        if (claim->blocks[i].parts[k].node == node)
                                return true;
        return false;
}

static bool is_wanted(const Slug__V1__GetStateRequest *request, const LedgerClaim *claim) {
        if (claim->generation <= request->after_generation && request->after_generation > 0)
                return false;
        if (request->pod_uid[0] && strcmp(request->pod_uid, claim->pod_uid) != 0)
                return false;
        if (request->container[0] && strcmp(request->container, claim->container) != 0)
                return false;
        if (request->chunk[0] && !ledger_claim_has_chunk(claim, request->chunk))
                return false;
        return request->_numa_node_case != SLUG__V1__GET_STATE_REQUEST___NUMA_NODE_NUMA_NODE ||
               lies_on(claim, request->numa_node);
}

static int add_claims(Arena *arena,
                      const Ledger *ledger,
                      const Slug__V1__GetStateRequest *request,
                      Slug__V1__GetStateResponse *response) {
        response->claims = arena_alloc_array(arena, ledger_get_n_claims(ledger) + 1,
                                             sizeof(*response->claims));
        if (!response->claims)
                return -ENOMEM;
        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim)) {
                int r;

                if (!is_wanted(request, claim))
                        continue;
                r = memory_build_claim(arena, claim, &response->claims[response->n_claims]);
                if (r)
                        return r;
                ++response->n_claims;
        }
        return 0;
}

static int add_dropped(Arena *arena,
                       const Ledger *ledger,
                       const Slug__V1__GetStateRequest *request,
                       Slug__V1__GetStateResponse *response) {
        const LedgerDropped *dropped;
        size_t n;

        if (request->after_generation == 0)
                return 0;
        response->is_incomplete =
                !ledger_list_dropped(ledger, request->after_generation, &dropped, &n);
        response->dropped =
                MESSAGE_LIST(arena, n, Slug__V1__DroppedClaim, SLUG__V1__DROPPED_CLAIM__INIT);
        if (!response->dropped)
                return -ENOMEM;
        response->n_dropped = n;
        for (size_t i = 0; i < n; ++i) {
                response->dropped[i]->pod_uid = (char *)dropped[i].key.pod_uid;
                response->dropped[i]->container = (char *)dropped[i].key.container;
                response->dropped[i]->generation = dropped[i].generation;
        }
        return 0;
}

static Slug__V1__LedgerHealth encode_health(JournalHealth health) {
        switch (health) {
        case JOURNAL_HEALTHY:
                return SLUG__V1__LEDGER_HEALTH__LEDGER_HEALTH_DURABLE;
        case JOURNAL_FAILED:
                return SLUG__V1__LEDGER_HEALTH__LEDGER_HEALTH_FAILED;
        case JOURNAL_ABSENT:
                return SLUG__V1__LEDGER_HEALTH__LEDGER_HEALTH_VOLATILE;
        }
        return SLUG__V1__LEDGER_HEALTH__LEDGER_HEALTH_UNSPECIFIED;
}

void memory_get_state(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__GetStateRequest *request = (const Slug__V1__GetStateRequest *)message;
        Slug__V1__GetStateResponse response = SLUG__V1__GET_STATE_RESPONSE__INIT;
        Arena *arena = rpc_call_get_arena(call);
        const MemoryService *self = userdata;
        const JournalState state = journal_get_state(self->journal);

        response.generation = ledger_get_generation(self->ledger);
        response.claims_total = ledger_get_n_claims(self->ledger);
        response.health = encode_health(state.health);
        response.problem = (char *)state.problem;
        if (memory_build_numa_nodes(arena, self->machine, self->ledger, &response.n_numa_nodes,
                                    &response.numa_nodes) < 0 ||
            add_claims(arena, self->ledger, request, &response) < 0 ||
            add_dropped(arena, self->ledger, request, &response) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response.base);
}
