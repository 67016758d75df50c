/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pods/inventory.h"

/*
 * Bytes on NUMA nodes. A spread has bytes for every NUMA node: it is what is used, what there is
 * room for, or what comes of both.
 *
 * Shares are cut from running sums, so that they add up to the byte and the same input gives the
 * same shares, without a second round for what rounding has left.
 */
#define PAGE_BYTES (4 * KIB)

typedef struct Spread {
        NodeSet nodes;
        uint64_t sum;
        uint64_t bytes[NODESET_MAX]; /* of nodes that are not in the set: garbage */
} Spread;

static void spread_init(Spread *spread) {
        spread->nodes = (NodeSet){};
        spread->sum = 0;
}

static void spread_add(Spread *spread, unsigned node, uint64_t bytes) {
        if (node >= NODESET_MAX || bytes == 0)
                return;
        if (!nodeset_contains(&spread->nodes, node))
                spread->bytes[node] = 0;
        nodeset_add(&spread->nodes, node);
        bytes = bytes_min(bytes, LEDGER_PART_MAX - spread->bytes[node]);
        spread->bytes[node] += bytes;
        spread->sum += bytes;
}

/* Puts @bytes where @weights has something, in whole units as far as they go. */
static void spread_share(Spread *to, const Spread *weights, uint64_t bytes, uint64_t unit) {
        const uint64_t n_units = bytes / unit;
        uint64_t tail = bytes % unit, running = 0, n_given = 0;

        NODESET_FOREACH (node, &weights->nodes) {
                uint64_t n;

                running += weights->bytes[node];
                n = bytes_share(n_units, running, weights->sum) - n_given;
                n_given += n;
                spread_add(to, node, n * unit + tail);
                tail = 0;
        }
}

static void spread_subtract(Spread *from, const Spread *taken) {
        NODESET_FOREACH (node, &taken->nodes)
                if (nodeset_contains(&from->nodes, node)) {
                        const uint64_t bytes = bytes_min(from->bytes[node], taken->bytes[node]);

                        from->bytes[node] -= bytes;
                        from->sum -= bytes;
                        if (from->bytes[node] == 0)
                                nodeset_remove(&from->nodes, node);
                }
}

static void get_usage(const InventoryPod *pod, Spread *ret) {
        spread_init(ret);
        for (size_t i = 0; pod->tree && i < pod->tree->usage.n_nodes; ++i)
                spread_add(ret, pod->tree->usage.nodes[i].node, pod->tree->usage.nodes[i].bytes);
}

static void keep_nodes(Spread *spread, const NodeSet *nodes) {
        const NodeSet others = nodeset_and_not(&spread->nodes, nodes);

        NODESET_FOREACH (node, &others)
                spread->sum -= spread->bytes[node];
        spread->nodes = nodeset_and(&spread->nodes, nodes);
}

/* Where there is room */

static void
get_room(const LedgerRoom *room, const NodeSet *nodes, uint64_t page_bytes, Spread *ret) {
        spread_init(ret);
        NODESET_FOREACH (node, nodes)
                spread_add(ret, node, ledger_room_get(room, node, page_bytes));
}

static void get_even(const NodeSet *nodes, Spread *ret) {
        spread_init(ret);
        NODESET_FOREACH (node, nodes)
                spread_add(ret, node, 1);
}

/* The first of @first and @second that has room, or else that has nodes. */
static void get_weights(const LedgerRoom *room,
                        const NodeSet *first,
                        const NodeSet *second,
                        uint64_t page_bytes,
                        Spread *ret) {
        get_room(room, first, page_bytes, ret);
        if (ret->sum == 0)
                get_room(room, second, page_bytes, ret);
        if (ret->sum == 0)
                get_even(first, ret);
        if (ret->sum == 0)
                get_even(second, ret);
}

/* Placing */

typedef struct Placing {
        const SizePlace *place;
        LedgerBlock *blocks;
        size_t n_blocks;
        LedgerPart *parts;
        size_t n_parts;
} Placing;

static void add_block(Placing *placing, const Spread *spread, uint64_t page_bytes) {
        LedgerPart *parts = placing->parts + placing->n_parts;
        LedgerBlock *block = &placing->blocks[placing->n_blocks];

        if (spread->sum == 0)
                return;
        *block = (LedgerBlock){
                .nodes = spread->nodes,
                .page_bytes = page_bytes,
                .bytes = spread->sum,
                .parts = parts,
        };
        NODESET_FOREACH (node, &spread->nodes)
                parts[block->n_parts++] = (LedgerPart){ node, spread->bytes[node] };
        placing->n_parts += block->n_parts;
        ++placing->n_blocks;
}

/* As it is used when more is used than is to be placed; else what is used, and the rest where
 * @weights says. Without any NUMA node there, all of it goes where it is used. */
static void fill(Spread *to, const Spread *usage, const Spread *weights, uint64_t bytes) {
        spread_init(to);
        if (usage->sum >= bytes || weights->sum == 0) {
                if (usage->sum > 0)
                        spread_share(to, usage, bytes, PAGE_BYTES);
                return;
        }
        NODESET_FOREACH (node, &usage->nodes)
                spread_add(to, node, usage->bytes[node]);
        spread_share(to, weights, bytes - usage->sum, PAGE_BYTES);
}

/* Chunks take what is used on remote NUMA nodes first, the rest what is used beyond that: a pod may
 * use remote memory without having a chunk of it. */
static void
place_plain(Placing *placing, const InventoryPod *pod, uint64_t bytes, uint64_t remote_bytes) {
        const SizePlace *place = placing->place;
        Spread usage, usage_here, weights, taken;

        remote_bytes = bytes_min(remote_bytes, bytes);
        get_usage(pod, &usage);
        if (remote_bytes > 0) {
                usage_here = usage;
                keep_nodes(&usage_here, &place->remote);
                get_weights(&place->room, &place->remote, &place->local, 0, &weights);
                fill(&taken, &usage_here, &weights, remote_bytes);
                spread_subtract(&usage, &taken);
        }
        if (bytes > remote_bytes) {
                get_weights(&place->room, &place->local, &place->remote, 0, &weights);
                fill(&usage_here, &usage, &weights, bytes - remote_bytes);
                add_block(placing, &usage_here, 0);
        }
        if (remote_bytes > 0)
                add_block(placing, &taken, 0);
}

/* The kernel does not tell where a cgroup's huge pages lie. */
static void place_hugepages(Placing *placing, const SizeAmount *amount) {
        const SizePlace *place = placing->place;
        Spread weights, spread;

        get_weights(&place->room, &place->local, &place->remote, amount->page_bytes, &weights);
        spread_init(&spread);
        if (weights.sum > 0)
                spread_share(&spread, &weights, amount->bytes, amount->page_bytes);
        add_block(placing, &spread, amount->page_bytes);
}

size_t size_place(const PodSize *size,
                  const InventoryPod *pod,
                  const SizePlace *place,
                  LedgerBlock blocks[static LEDGER_BLOCKS_MAX],
                  LedgerPart *parts) {
        Placing placing = { .place = place, .blocks = blocks, .parts = parts };

        for (size_t i = 0; i < size->n_amounts; ++i)
                if (size->amounts[i].page_bytes == 0)
                        place_plain(&placing, pod, size->amounts[i].bytes, size->remote_bytes);
                else
                        place_hugepages(&placing, &size->amounts[i]);
        return placing.n_blocks;
}

size_t size_place_local(uint64_t bytes,
                        const InventoryPod *pod,
                        const SizePlace *place,
                        LedgerBlock *block,
                        LedgerPart *parts) {
        Placing placing = { .place = place, .blocks = block, .parts = parts };
        Spread usage, weights, spread;

        get_usage(pod, &usage);
        keep_nodes(&usage, &place->local);
        get_weights(&place->room, &place->local, &place->remote, 0, &weights);
        fill(&spread, &usage, &weights, bytes);
        add_block(&placing, &spread, 0);
        return placing.n_blocks;
}
