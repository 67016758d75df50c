/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chunks as messages
 *
 * Ids are texts of the arena. Whose chunk it is is borrowed from the list, because a message is
 * told at once; an answer to who claims may wait for the disk, so that it has copies.
 */
#include <errno.h>
#include <string.h>

#include "service/chunk-messages.h"
#include "service/memory-messages.h"

/* Words */

static Slug__V1__ChunksState encode_state(ChunksState state) {
        switch (state) {
        case CHUNKS_ADVERTISED:
                return SLUG__V1__CHUNKS_STATE__CHUNKS_STATE_ADVERTISED;
        case CHUNKS_NONE:
                return SLUG__V1__CHUNKS_STATE__CHUNKS_STATE_NONE;
        case CHUNKS_TOO_MANY:
                return SLUG__V1__CHUNKS_STATE__CHUNKS_STATE_TOO_MANY;
        }
        return SLUG__V1__CHUNKS_STATE__CHUNKS_STATE_UNSPECIFIED;
}

static Slug__V1__ChunkState encode_chunk_state(ChunkState state) {
        static const Slug__V1__ChunkState states[_CHUNK_STATE_N] = {
                [CHUNK_FREE] = SLUG__V1__CHUNK_STATE__CHUNK_STATE_FREE,
                [CHUNK_CLAIMED] = SLUG__V1__CHUNK_STATE__CHUNK_STATE_CLAIMED,
                [CHUNK_SHORT] = SLUG__V1__CHUNK_STATE__CHUNK_STATE_SHORT,
                [CHUNK_OFFLINE] = SLUG__V1__CHUNK_STATE__CHUNK_STATE_OFFLINE,
        };

        return states[state];
}

static Slug__V1__ChunkTopology encode_topology(ChunksTopology topology) {
        static const Slug__V1__ChunkTopology topologies[_CHUNKS_TOPOLOGY_N] = {
                [CHUNKS_TOPOLOGY_AUTO] = SLUG__V1__CHUNK_TOPOLOGY__CHUNK_TOPOLOGY_AUTO,
                [CHUNKS_TOPOLOGY_NEAREST] = SLUG__V1__CHUNK_TOPOLOGY__CHUNK_TOPOLOGY_NEAREST,
                [CHUNKS_TOPOLOGY_ALL_CPU_NODES] =
                        SLUG__V1__CHUNK_TOPOLOGY__CHUNK_TOPOLOGY_ALL_CPU_NODES,
                [CHUNKS_TOPOLOGY_NONE] = SLUG__V1__CHUNK_TOPOLOGY__CHUNK_TOPOLOGY_NONE,
        };

        return topologies[topology];
}

static Slug__V1__ChunkPreference encode_preference(ChunkPreference preference) {
        static const Slug__V1__ChunkPreference preferences[_CHUNK_PREFERENCE_N] = {
                [CHUNK_PREFERENCE_PACK] = SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_PACK,
                [CHUNK_PREFERENCE_SPREAD] = SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_SPREAD,
                [CHUNK_PREFERENCE_NEAR] = SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_NEAR,
        };

        return preferences[preference];
}

/* The list */

static int add_resources(Arena *arena, const ChunkList *list, Slug__V1__ChunkList *message) {
        char text[CHUNK_RESOURCE_MAX];

        message->resources = MESSAGE_LIST(arena, list->n_resources, Slug__V1__ChunkResource,
                                          SLUG__V1__CHUNK_RESOURCE__INIT);
        if (!message->resources)
                return -ENOMEM;
        message->n_resources = list->n_resources;
        for (size_t i = 0; i < list->n_resources; ++i) {
                Slug__V1__ChunkResource *resource = message->resources[i];

                resource->name =
                        arena_strdup(arena, chunk_resource_format(&list->resources[i], text));
                if (!resource->name)
                        return -ENOMEM;
                message_set(&resource->base, "numa_node", list->resources[i].node);
        }
        return 0;
}

/* Its place among the NUMA nodes of the topology, or their number. */
static size_t find_place(const Topology *topology, unsigned node) {
        size_t i = 0;

        while (i < topology->n_nodes && topology->nodes[i].id != node)
                ++i;
        return i;
}

/* From all NUMA nodes with CPUs. Memory that is gone has none. */
static int add_distances(Arena *arena,
                         const Topology *topology,
                         unsigned node,
                         Slug__V1__ChunkNumaNode *message) {
        const size_t place = find_place(topology, node);

        message->distances = MESSAGE_LIST(arena, topology->n_nodes, Slug__V1__ChunkDistance,
                                          SLUG__V1__CHUNK_DISTANCE__INIT);
        if (!message->distances)
                return -ENOMEM;
        for (size_t i = 0; i < topology->n_nodes && place < topology->n_nodes; ++i) {
                const TopologyNode *from = &topology->nodes[i];
                Slug__V1__ChunkDistance *distance;

                if (!from->has_cpus || !from->row || !from->row->distances)
                        continue;
                distance = message->distances[message->n_distances++];
                distance->numa_node = from->id;
                distance->distance = from->row->distances[place];
        }
        return 0;
}

static int add_topology(Arena *arena, const NodeSet *nodes, Slug__V1__ChunkNumaNode *message) {
        message->topology =
                arena_alloc_array(arena, nodeset_count(nodes) + 1, sizeof(*message->topology));
        if (!message->topology)
                return -ENOMEM;
        NODESET_FOREACH (node, nodes)
                message->topology[message->n_topology++] = node;
        return 0;
}

static int add_nodes(Arena *arena,
                     const Topology *topology,
                     const ChunkList *list,
                     Slug__V1__ChunkList *message) {
        message->numa_nodes = MESSAGE_LIST(arena, list->n_nodes, Slug__V1__ChunkNumaNode,
                                           SLUG__V1__CHUNK_NUMA_NODE__INIT);
        if (!message->numa_nodes)
                return -ENOMEM;
        message->n_numa_nodes = list->n_nodes;
        for (size_t i = 0; i < list->n_nodes; ++i) {
                const ChunksNode *node = &list->nodes[i];
                Slug__V1__ChunkNumaNode *to = message->numa_nodes[i];

                to->numa_node = node->node;
                to->allocatable_bytes = node->allocatable_bytes;
                to->remainder_bytes = node->remainder_bytes;
                to->free = node->counts[CHUNK_FREE];
                to->claimed = node->counts[CHUNK_CLAIMED];
                to->short_ = node->counts[CHUNK_SHORT];
                to->offline = node->counts[CHUNK_OFFLINE];
                if (add_topology(arena, &node->topology, to) < 0 ||
                    add_distances(arena, topology, node->node, to) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* A chunk is of one that is listed. */
static uint32_t find_resource(const ChunkList *list, const ChunkResourceName *name) {
        size_t i = 0;

        while (i + 1 < list->n_resources &&
               (list->resources[i].node.present != name->node.present ||
                list->resources[i].node.value != name->node.value))
                ++i;
        return (uint32_t)i;
}

static int add_chunks(Arena *arena, const ChunkList *list, Slug__V1__ChunkList *message) {
        char text[CHUNK_ID_MAX];

        message->chunks =
                MESSAGE_LIST(arena, list->n_chunks, Slug__V1__Chunk, SLUG__V1__CHUNK__INIT);
        if (!message->chunks)
                return -ENOMEM;
        message->n_chunks = list->n_chunks;
        for (size_t i = 0; i < list->n_chunks; ++i) {
                const Chunk *chunk = &list->chunks[i];
                Slug__V1__Chunk *to = message->chunks[i];

                to->id = arena_strdup(arena, chunk_id_format(&chunk->id, text));
                if (!to->id)
                        return -ENOMEM;
                to->state = encode_chunk_state(chunk->state);
                to->numa_node = chunk->id.node;
                to->resource = find_resource(list, &chunk->id.resource);
                if (!chunk->holder)
                        continue;
                to->pod_uid = (char *)chunk->holder->pod_uid;
                to->container = (char *)chunk->holder->container;
        }
        return 0;
}

static void fill_settings(const ChunksView *view, Slug__V1__ChunkList *message) {
        const ChunksSettings *settings = &view->params.settings;
        const ChunkAdvice *advice = &view->advice;

        message->configured_chunk_bytes = settings->bytes;
        message->topology_setting = encode_topology(settings->topology);
        message->preference = encode_preference(advice->preference);
        message->grace_ms = advice->grace_usec / USEC_PER_MSEC;
        message->pre_start_container = advice->pre_start;
        message->cdi_device = (char *)advice->cdi_device;
}

static int fill_list(Arena *arena,
                     const ChunksView *view,
                     const ChunkList *list,
                     Slug__V1__ChunkList *message) {
        Diag problem = {};

        message->state = encode_state(list->state);
        if (chunk_list_get_problem(list, &view->params.settings, &problem)) {
                message->problem = arena_strdup(arena, problem.text);
                if (!message->problem)
                        return -ENOMEM;
        }
        if (add_resources(arena, list, message) < 0 ||
            add_nodes(arena, view->params.topology, list, message) < 0)
                return -ENOMEM;
        return add_chunks(arena, list, message);
}

int chunk_build_list(Arena *arena, ChunksView *view, Slug__V1__ChunkList **ret) {
        Slug__V1__ChunkList **message =
                MESSAGE_LIST(arena, 1, Slug__V1__ChunkList, SLUG__V1__CHUNK_LIST__INIT);
        const ChunkList *list = chunks_view_get(view);
        const char *wait = chunks_view_get_wait(view);

        if (!message || !list)
                return -ENOMEM;
        fill_settings(view, message[0]);
        message[0]->ledger_generation = ledger_get_generation(view->params.ledger);
        message[0]->chunk_bytes = list->bytes;
        message[0]->topology = encode_topology(list->in_effect);
        *ret = message[0];
        if (!wait[0])
                return fill_list(arena, view, list, message[0]);
        message[0]->state = SLUG__V1__CHUNKS_STATE__CHUNKS_STATE_WAITING;
        message[0]->problem = arena_printf(arena, "it is not known yet what pods hold: %s", wait);
        return message[0]->problem ? 0 : -ENOMEM;
}

/* An answer */

/* Plain memory of the claim on a NUMA node. */
static uint64_t get_bytes(const LedgerClaim *claim, unsigned node) {
        uint64_t bytes = 0;

        for (size_t i = 0; i < claim->n_blocks; ++i)
                for (size_t k = 0; k < claim->blocks[i].n_parts; ++k)
                        if (claim->blocks[i].page_bytes == 0 &&
                            claim->blocks[i].parts[k].node == node)
                                bytes = bytes_add_saturated(bytes, claim->blocks[i].parts[k].bytes);
        return bytes;
}

static int
add_bytes(Arena *arena, const LedgerClaim *claim, Slug__V1__AllocateChunksResponse *message) {
        const NodeSet nodes = ledger_claim_get_nodes(claim);

        message->numa_nodes = MESSAGE_LIST(arena, nodeset_count(&nodes), Slug__V1__NumaNodeBytes,
                                           SLUG__V1__NUMA_NODE_BYTES__INIT);
        if (!message->numa_nodes)
                return -ENOMEM;
        NODESET_FOREACH (node, &nodes) {
                Slug__V1__NumaNodeBytes *to = message->numa_nodes[message->n_numa_nodes++];

                to->numa_node = node;
                to->bytes = get_bytes(claim, node);
        }
        return 0;
}

int chunk_build_response(Arena *arena,
                         const LedgerClaim *claim,
                         const ChunksGrant *grant,
                         Slug__V1__AllocateChunksResponse **ret) {
        Slug__V1__AllocateChunksResponse **message =
                MESSAGE_LIST(arena, 1, Slug__V1__AllocateChunksResponse,
                             SLUG__V1__ALLOCATE_CHUNKS_RESPONSE__INIT);
        Slug__V1__Claim *claimed;

        if (!message || memory_build_claim(arena, claim, &claimed) < 0 ||
            add_bytes(arena, claim, message[0]) < 0)
                return -ENOMEM;
        message[0]->claim = arena_strdup(arena, grant->claim);
        if (!message[0]->claim)
                return -ENOMEM;
        message[0]->split = claimed->split;
        message[0]->taken_over = (uint32_t)grant->n_taken;
        *ret = message[0];
        return 0;
}
