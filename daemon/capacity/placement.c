/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Placing the reservation
 *
 * R bytes have to be kept back somewhere. What a node can give is its room: capacity less hugepages
 * less what was placed there already. A share is
 *
 *      share(n) = floor(R * room(n) / sum of rooms), rounded down to a page
 *
 * and since every share was rounded down, a remainder is left: it goes to the lowest node, and on
 * to the next when that has no room for it. What finds no room anywhere is unplaced: a number of
 * its own, never silently lost and never taken from a node twice.
 *
 * Excluded nodes take part only where reservedMemory names them.
 */
#include "capacity/placement.h"

static uint64_t get_room(const CapacityNode *node) {
        return node->capacity_bytes - node->hugepages_bytes - node->reserved_bytes;
}

typedef bool (*NodeFilter)(const CapacityNode *node);

static bool is_local(const CapacityNode *node) {
        return node->locality == LOCALITY_LOCAL;
}

static bool is_remote(const CapacityNode *node) {
        return node->locality == LOCALITY_REMOTE;
}

static bool is_local_or_remote(const CapacityNode *node) {
        return is_local(node) || is_remote(node);
}

static uint64_t sum_rooms(const Capacity *capacity, NodeFilter filter) {
        uint64_t sum = 0;

        for (size_t i = 0; i < capacity->n_nodes; ++i)
                if (filter(&capacity->nodes[i]))
                        sum = bytes_add_saturated(sum, get_room(&capacity->nodes[i]));
        return sum;
}

/* Takes up to @bytes from the node; returns what it took. */
static uint64_t reserve(CapacityNode *node, uint64_t bytes) {
        const uint64_t taken = bytes_min(bytes, get_room(node));

        node->reserved_bytes += taken;
        return taken;
}

/* Returns what found no room on the nodes that pass the filter. */
static uint64_t
place_in_proportion(Capacity *capacity, uint64_t bytes, uint64_t page_bytes, NodeFilter filter) {
        const uint64_t room = sum_rooms(capacity, filter);
        const uint64_t to_place = bytes_min(bytes, room);
        uint64_t left = to_place;

        if (room == 0)
                return bytes;
        for (size_t i = 0; i < capacity->n_nodes; ++i) {
                CapacityNode *node = &capacity->nodes[i];

                if (filter(node))
                        left -= reserve(
                                node, bytes_round_down(bytes_share(to_place, get_room(node), room),
                                                       page_bytes));
        }
        for (size_t i = 0; i < capacity->n_nodes && left > 0; ++i)
                if (filter(&capacity->nodes[i]))
                        left -= reserve(&capacity->nodes[i], left);
        return bytes - to_place + left;
}

static CapacityNode *find_node(Capacity *capacity, unsigned id) {
        for (size_t i = 0; i < capacity->n_nodes; ++i)
                if (capacity->nodes[i].id == id)
                        return &capacity->nodes[i];
        return NULL;
}

/* Exactly where the kubelet's configuration says; what a node cannot hold stays unplaced. */
static void place_explicitly(Capacity *capacity, const CapacityParams *params) {
        uint64_t sum = 0, placed = 0;

        for (size_t i = 0; i < params->n_reserved_memory; ++i) {
                const ReservedMemory *entry = &params->reserved_memory[i];
                CapacityNode *node = find_node(capacity, entry->node);

                sum = bytes_add_saturated(sum, entry->bytes);
                if (node)
                        placed += reserve(node, entry->bytes);
                else
                        capacity->is_node_missing = true;
        }
        capacity->explicit_bytes = opt_u64(sum);
        capacity->placed_bytes = placed;
        capacity->unplaced_bytes =
                (sum > capacity->reservation_bytes ? sum : capacity->reservation_bytes) - placed;
}

void capacity_place(Capacity *capacity, const CapacityParams *params) {
        const uint64_t reservation = capacity->reservation_bytes;
        uint64_t left;

        if (params->n_reserved_memory > 0) {
                capacity->placement = PLACEMENT_EXPLICIT;
                place_explicitly(capacity, params);
                return;
        }
        capacity->placement = params->placement;
        if (params->placement == PLACEMENT_PROPORTIONAL) {
                left = place_in_proportion(capacity, reservation, params->page_bytes,
                                           is_local_or_remote);
        } else {
                const uint64_t spilled =
                        place_in_proportion(capacity, reservation, params->page_bytes, is_local);

                left = place_in_proportion(capacity, spilled, params->page_bytes, is_remote);
                capacity->remote_placed_bytes = spilled - left;
        }
        capacity->placed_bytes = reservation - left;
        capacity->unplaced_bytes = left;
}
