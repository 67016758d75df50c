/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hints, and NUMA nodes with what is claimed of them, as messages
 */
#include <string.h>

#include "service/memory-messages.h"

static int add_placement(Arena *arena,
                         const HintsContext *context,
                         const HintsRequest *request,
                         const Hint *hint,
                         HintPart *parts,
                         Slug__V1__TopologyHint *message) {
        const size_t n = hints_place(context, request, hint, parts);

        message->placement =
                MESSAGE_LIST(arena, n, Slug__V1__NumaNodeBytes, SLUG__V1__NUMA_NODE_BYTES__INIT);
        if (!message->placement)
                return -ENOMEM;
        message->n_placement = n;
        for (size_t i = 0; i < n; ++i) {
                message->placement[i]->numa_node = parts[i].node;
                message->placement[i]->page_size_bytes = parts[i].page_bytes;
                message->placement[i]->bytes = parts[i].bytes;
        }
        return 0;
}

/* @parts: NULL: no placement. */
static int fill_hint(Arena *arena,
                     const HintsContext *context,
                     const HintsRequest *request,
                     const Hint *hint,
                     HintPart *parts,
                     Slug__V1__TopologyHint *message) {
        NodeSet low = { .words = { UINT64_MAX } };

        message->numa_nodes = memory_format_nodes(arena, &hint->nodes);
        if (!message->numa_nodes)
                return -ENOMEM;
        if (nodeset_is_subset(&hint->nodes, &low))
                message_set(&message->base, "mask", opt_u64(hint->nodes.words[0]));
        message->preferred = hint->is_preferred;
        if (context->mode == HINTS_KUBELET)
                return 0;
        if (hint->cost_permille > 0)
                message_set(&message->base, "cost_permille", opt_u64(hint->cost_permille));
        low = hints_find_cpu_nodes(context->machine, &hint->nodes);
        message->cpu_numa_nodes = memory_format_nodes(arena, &low);
        if (!message->cpu_numa_nodes)
                return -ENOMEM;
        return parts ? add_placement(arena, context, request, hint, parts, message) : 0;
}

static int fill_list(Arena *arena,
                     const HintsContext *context,
                     const HintsRequest *request,
                     const HintList *list,
                     HintPart *parts,
                     Slug__V1__ResourceHints *message) {
        char resource[POD_RESOURCE_NAME_MAX];

        message->resource = arena_strdup(arena, pod_format_resource(list->page_bytes, resource));
        message->hints = MESSAGE_LIST(arena, list->n_hints, Slug__V1__TopologyHint,
                                      SLUG__V1__TOPOLOGY_HINT__INIT);
        if (!message->resource || !message->hints)
                return -ENOMEM;
        message->n_hints = list->n_hints;
        for (size_t i = 0; i < list->n_hints; ++i) {
                const int r = fill_hint(arena, context, request, &list->hints[i], parts,
                                        message->hints[i]);

                if (r)
                        return r;
        }
        return 0;
}

int memory_build_hints(Arena *arena,
                       const HintsContext *context,
                       const HintsAnswer *answer,
                       const HintsRequest *request,
                       size_t *ret_n,
                       Slug__V1__ResourceHints ***ret) {
        Slug__V1__ResourceHints **list = MESSAGE_LIST(
                arena, answer->n_lists, Slug__V1__ResourceHints, SLUG__V1__RESOURCE_HINTS__INIT);
        HintPart *parts = NULL;

        if (!list)
                return -ENOMEM;
        if (request && context->mode == HINTS_SLUG) {
                parts = arena_alloc_array(arena, HINTS_PARTS_MAX, sizeof(*parts));
                if (!parts)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < answer->n_lists; ++i) {
                const int r = fill_list(arena, context, request, &answer->lists[i], parts, list[i]);

                if (r)
                        return r;
        }
        *ret_n = answer->n_lists;
        *ret = list;
        return 0;
}

/* NUMA nodes */

/* Rooms of the kubelet's mode have every NUMA node; what slugd promises is in the other. */
static int fill_memory(Arena *arena,
                       const HintsMachine *machine,
                       const Ledger *ledger,
                       unsigned id,
                       Slug__V1__NumaNodeState *message) {
        const LedgerRoom *room = &machine->rooms[HINTS_KUBELET];
        size_t n = 0;

        for (size_t i = 0; i < room->n_rows; ++i)
                n += room->rows[i].node == id;
        message->memory =
                MESSAGE_LIST(arena, n, Slug__V1__ClaimedMemory, SLUG__V1__CLAIMED_MEMORY__INIT);
        if (!message->memory)
                return -ENOMEM;
        for (size_t i = 0; i < room->n_rows; ++i) {
                const uint64_t page_bytes = room->rows[i].page_bytes;
                Slug__V1__ClaimedMemory *row;
                char resource[POD_RESOURCE_NAME_MAX];

                if (room->rows[i].node != id)
                        continue;
                row = message->memory[message->n_memory++];
                row->type = arena_strdup(arena, pod_format_resource(page_bytes, resource));
                if (!row->type)
                        return -ENOMEM;
                row->allocatable_bytes =
                        hints_machine_get_room(machine, HINTS_SLUG, id, page_bytes);
                row->claimed_bytes = ledger_get_claimed(ledger, id, page_bytes);
                row->observed_bytes = ledger_get_observed(ledger, id, page_bytes);
                row->free_bytes = bytes_sub_clamped(row->allocatable_bytes, row->claimed_bytes);
                row->overcommitted_bytes =
                        bytes_sub_clamped(row->claimed_bytes, row->allocatable_bytes);
        }
        return 0;
}

int memory_build_numa_nodes(Arena *arena,
                            const HintsMachine *machine,
                            const Ledger *ledger,
                            size_t *ret_n,
                            Slug__V1__NumaNodeState ***ret) {
        Slug__V1__NumaNodeState **list = MESSAGE_LIST(
                arena, machine->n_nodes, Slug__V1__NumaNodeState, SLUG__V1__NUMA_NODE_STATE__INIT);

        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < machine->n_nodes; ++i) {
                const HintsNode *node = &machine->nodes[i];
                NodeSet group = ledger_get_group(ledger, node->id);

                if (nodeset_is_empty(&group))
                        nodeset_add(&group, node->id);
                list[i]->id = node->id;
                list[i]->locality = message_encode_locality(node->locality);
                list[i]->assignments = ledger_get_n_blocks(ledger, node->id);
                list[i]->group = memory_format_nodes(arena, &group);
                if (!list[i]->group || fill_memory(arena, machine, ledger, node->id, list[i]) < 0)
                        return -ENOMEM;
        }
        *ret_n = machine->n_nodes;
        *ret = list;
        return 0;
}
