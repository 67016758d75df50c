/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chunks/chunks.h"
#include "chunks/held.h"
#include "chunks/topology.h"

/*
 * A NUMA node is measured first: how many chunks would there be, if all of its memory were there
 * and sound; how many are; how many bytes of them nobody has claimed. Then its chunks are written
 * in one walk along those that claims have. Whoever has a chunk keeps it, so what is missing is
 * taken off the others, and they are the highest numbers because the lowest are given first.
 */

/* What of a NUMA node the chunks are made of. */
typedef struct Measure {
        bool is_remote;
        uint64_t n_chunks;        /* with memory that is offline or poisoned */
        uint64_t n_sound;         /* without */
        uint64_t n_free;          /* whose bytes nobody has */
        const HeldChunk *held;    /* of this NUMA node */
        size_t n_held, n_outside; /* all of them, and those with higher numbers than there are */
} Measure;

typedef struct Builder {
        const ChunksParams *params;
        ChunkList *list;
        Held held;
} Builder;

static void builder_deinit(Builder *builder) {
        held_deinit(&builder->held);
        chunk_list_free(builder->list);
}
DEFINE_DEINIT(Builder, builder_deinit);

/* Measuring */

static uint64_t get_offline_bytes(const Topology *topology, const TopologyNode *node) {
        return bytes_mul_saturated(node->n_offline_blocks,
                                   topology->machine ? topology->machine->host.block_bytes.value
                                                     : 0);
}

/* @place: of a remote NUMA node in the topology */
static uint64_t count_chunks(const ChunksParams *params, size_t place, uint64_t chunk_bytes) {
        return bytes_add_saturated(
                       params->capacity->nodes[place].allocatable_bytes,
                       get_offline_bytes(params->topology, &params->topology->nodes[place])) /
               chunk_bytes;
}

/* NULL: there is no such NUMA node. */
static const TopologyNode *find_node(const Topology *topology, unsigned id) {
        for (size_t i = 0; i < topology->n_nodes; ++i)
                if (topology->nodes[i].id == id)
                        return &topology->nodes[i];
        return NULL;
}

static void measure_memory(const Builder *builder, ChunksNode *node, Measure *measure) {
        const ChunksParams *params = builder->params;
        const TopologyNode *from = find_node(params->topology, node->node);
        const uint64_t chunk_bytes = builder->list->bytes;
        const CapacityNode *amounts;
        uint64_t sound_bytes;

        if (!from || from->locality != LOCALITY_REMOTE)
                return;
        amounts = &params->capacity->nodes[from - params->topology->nodes];
        node->allocatable_bytes = amounts->allocatable_bytes;
        node->poisoned_bytes = bytes_min(amounts->poisoned_bytes, amounts->allocatable_bytes);
        sound_bytes = node->allocatable_bytes - node->poisoned_bytes;
        node->remainder_bytes = sound_bytes % chunk_bytes;
        *measure = (Measure){
                .is_remote = true,
                .n_chunks =
                        count_chunks(params, (size_t)(from - params->topology->nodes), chunk_bytes),
                .n_sound = sound_bytes / chunk_bytes,
                .n_free = bytes_sub_clamped(sound_bytes,
                                            ledger_get_claimed(params->ledger, node->node, 0)) /
                          chunk_bytes,
        };
}

/* @next_held: the first that is not of a NUMA node before; moves behind those of this one */
static void measure_held(const Held *held, unsigned node, size_t *next_held, Measure *measure) {
        measure->held = held->items + *next_held;
        while (*next_held < held->n_items && held->items[*next_held].id.node == node) {
                measure->n_outside += held->items[*next_held].id.index >= measure->n_chunks;
                ++measure->n_held;
                ++*next_held;
        }
}

/* NUMA nodes that have remote memory, or chunks that somebody has. */
static int list_nodes(Builder *builder) {
        const Topology *topology = builder->params->topology;
        ChunkList *list = builder->list;
        NodeSet nodes = {};

        for (size_t i = 0; i < topology->n_nodes; ++i)
                if (topology->nodes[i].locality == LOCALITY_REMOTE)
                        nodeset_add(&nodes, topology->nodes[i].id);
        for (size_t i = 0; i < builder->held.n_items; ++i)
                nodeset_add(&nodes, builder->held.items[i].id.node);
        list->nodes = calloc(nodeset_count(&nodes) + 1, sizeof(*list->nodes));
        if (!list->nodes)
                return -ENOMEM;
        NODESET_FOREACH (id, &nodes)
                list->nodes[list->n_nodes++] = (ChunksNode){
                        .node = id,
                        .topology =
                                chunks_topology_find(builder->params->machine, list->in_effect, id),
                };
        return 0;
}

/* Writing */

static ChunkState
get_state(const Measure *measure, const HeldChunk *held, uint64_t index, uint64_t *n_free) {
        if (!measure->is_remote)
                return CHUNK_OFFLINE;
        if (held)
                return CHUNK_CLAIMED;
        if (index >= measure->n_sound)
                return CHUNK_OFFLINE;
        if (*n_free == 0)
                return CHUNK_SHORT;
        --*n_free;
        return CHUNK_FREE;
}

static void add_chunk(Builder *builder,
                      ChunksNode *node,
                      const Measure *measure,
                      const HeldChunk *held,
                      uint64_t index,
                      uint64_t *n_free) {
        ChunkList *list = builder->list;
        Chunk *chunk = &list->chunks[list->n_chunks++];

        *chunk = (Chunk){
                .id = { .resource.bytes = list->bytes,
                        .node = node->node,
                        .index = (unsigned)index },
                .state = get_state(measure, held, index, n_free),
                .claim = held ? held->claim : NULL,
        };
        if (list->is_per_node)
                chunk->id.resource.node = opt_u64(node->node);
        ++node->counts[chunk->state];
        ++node->n_chunks;
}

static void write_node(Builder *builder, ChunksNode *node, const Measure *measure) {
        uint64_t n_free = measure->n_free;
        size_t k = 0;

        node->first_chunk = builder->list->n_chunks;
        for (uint64_t index = 0; index < measure->n_chunks; ++index) {
                const bool is_held = k < measure->n_held && measure->held[k].id.index == index;

                add_chunk(builder, node, measure, is_held ? &measure->held[k] : NULL, index,
                          &n_free);
                k += is_held;
        }
        for (; k < measure->n_held; ++k)
                add_chunk(builder, node, measure, &measure->held[k], measure->held[k].id.index,
                          &n_free);
}

/* Whose they are, in the order in which claims are met first: one key each. */

static int compare_claims(const void *a, const void *b) {
        const Chunk *left = *(const Chunk *const *)a, *right = *(const Chunk *const *)b;
        const int by_pod = strcmp(left->claim->pod_uid, right->claim->pod_uid);

        return by_pod ? by_pod : strcmp(left->claim->container, right->claim->container);
}

static void write_holders(ChunkList *list, Chunk **claimed, size_t n_claimed) {
        for (size_t i = 0; i < n_claimed; ++i) {
                if (i == 0 || claimed[i]->claim != claimed[i - 1]->claim) {
                        LedgerKey *key = &list->holders[list->n_holders++];

                        (void)snprintf(key->pod_uid, sizeof(key->pod_uid), "%s",
                                       claimed[i]->claim->pod_uid);
                        (void)snprintf(key->container, sizeof(key->container), "%s",
                                       claimed[i]->claim->container);
                }
                claimed[i]->holder = &list->holders[list->n_holders - 1];
        }
}

static int list_holders(ChunkList *list, size_t n_held) {
        _cleanup_(freep) Chunk **claimed = calloc(n_held + 1, sizeof(Chunk *));
        size_t n_claimed = 0, n_holders = 0;

        if (!claimed)
                return -ENOMEM;
        for (size_t i = 0; i < list->n_chunks; ++i)
                if (list->chunks[i].claim)
                        claimed[n_claimed++] = &list->chunks[i];
        if (n_claimed > 1)
                qsort(claimed, n_claimed, sizeof(Chunk *), compare_claims);
        for (size_t i = 0; i < n_claimed; ++i)
                n_holders += i == 0 || claimed[i]->claim != claimed[i - 1]->claim;
        list->holders = calloc(n_holders + 1, sizeof(*list->holders));
        if (!list->holders)
                return -ENOMEM;
        write_holders(list, claimed, n_claimed);
        return 0;
}

static int list_resources(ChunkList *list) {
        list->resources = calloc(list->n_nodes + 1, sizeof(*list->resources));
        if (!list->resources)
                return -ENOMEM;
        if (!list->is_per_node && list->n_chunks > 0)
                list->resources[list->n_resources++] = (ChunkResourceName){ .bytes = list->bytes };
        for (size_t i = 0; list->is_per_node && i < list->n_nodes; ++i)
                if (list->nodes[i].n_chunks > 0)
                        list->resources[list->n_resources++] = (ChunkResourceName){
                                .bytes = list->bytes,
                                .node = opt_u64(list->nodes[i].node),
                        };
        return 0;
}

/* The smallest size of which there are not too many; 0: none. */
static uint64_t find_fitting(const Builder *builder) {
        const Topology *topology = builder->params->topology;

        for (uint64_t bytes = builder->list->bytes * 2; bytes <= CHUNK_BYTES_MAX; bytes *= 2) {
                uint64_t n = 0;

                for (size_t i = 0; i < topology->n_nodes; ++i)
                        if (topology->nodes[i].locality == LOCALITY_REMOTE)
                                n = bytes_add_saturated(n, count_chunks(builder->params, i, bytes));
                if (n <= CHUNK_LIST_MAX)
                        return bytes;
        }
        return 0;
}

static uint64_t sum_chunks(const ChunkList *list, const Measure *measures) {
        uint64_t n = 0;

        for (size_t i = 0; i < list->n_nodes; ++i)
                n = bytes_add_saturated(n, measures[i].n_chunks + measures[i].n_outside);
        return n;
}

/* Those that claims have stay in the list: a kubelet that has given one to a pod stumbles when it
 * is told of others and not of that one. */
static void leave_held_alone(const ChunkList *list, Measure *measures) {
        for (size_t i = 0; i < list->n_nodes; ++i) {
                measures[i].n_chunks = 0;
                measures[i].n_outside = measures[i].n_held;
        }
}

static int write_chunks(Builder *builder, Measure *measures) {
        ChunkList *list = builder->list;
        uint64_t n = sum_chunks(list, measures);
        int r;

        list->state = n == 0 ? CHUNKS_NONE : CHUNKS_ADVERTISED;
        if (n > CHUNK_LIST_MAX) {
                list->state = CHUNKS_TOO_MANY;
                list->fitting_bytes = find_fitting(builder);
                leave_held_alone(list, measures);
                n = sum_chunks(list, measures);
        }
        if (n > CHUNK_LIST_MAX)
                n = 0; /* more than the kubelet ever was told of */
        list->chunks = calloc(n + 1, sizeof(*list->chunks));
        if (!list->chunks)
                return -ENOMEM;
        for (size_t i = 0; n > 0 && i < list->n_nodes; ++i)
                write_node(builder, &list->nodes[i], &measures[i]);
        r = list_holders(list, builder->held.n_items);
        return r ? r : list_resources(list);
}

static int build(Builder *builder) {
        _cleanup_(freep) Measure *measures = NULL;
        size_t next_held = 0;
        int r;

        r = list_nodes(builder);
        if (r)
                return r;
        measures = calloc(builder->list->n_nodes + 1, sizeof(*measures));
        if (!measures)
                return -ENOMEM;
        for (size_t i = 0; i < builder->list->n_nodes; ++i) {
                ChunksNode *node = &builder->list->nodes[i];

                measure_memory(builder, node, &measures[i]);
                measure_held(&builder->held, node->node, &next_held, &measures[i]);
        }
        return write_chunks(builder, measures);
}

int chunk_list_new(const ChunksParams *params, ChunkList **ret) {
        _cleanup_(builder_deinitp) Builder builder = { .params = params };
        const ChunksSettings *settings = &params->settings;
        ChunkList *list;
        int r;

        assert(chunk_bytes_is_valid(settings->bytes));
        builder.list = list = calloc(1, sizeof(*list));
        if (!list)
                return -ENOMEM;
        r = held_init(&builder.held, params->ledger, settings->bytes, settings->is_per_node);
        if (r)
                return r;
        list->bytes = builder.held.bytes;
        list->is_per_node = builder.held.is_per_node;
        list->n_foreign = builder.held.n_foreign;
        list->is_held_back =
                list->bytes != settings->bytes || list->is_per_node != settings->is_per_node;
        list->in_effect = chunks_topology_get(settings);
        r = build(&builder);
        if (r)
                return r;
        *ret = TAKE_PTR(builder.list);
        return 0;
}

ChunkList *chunk_list_free(ChunkList *list) {
        if (!list)
                return NULL;
        free(list->resources);
        free(list->nodes);
        free(list->chunks);
        free(list->holders);
        free(list);
        return NULL;
}
