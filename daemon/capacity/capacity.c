/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capacity
 *
 * Two views of the same memory. The kubelet's: one number from /proc/meminfo, less reservation and
 * hugepages, clamped at nothing. It is recomputed here to the byte, including the 32-bit float that
 * a percentage threshold passes through. And slugd's: the same reservation placed on NUMA nodes, so
 * that what is left is known by locality.
 *
 * The invariant, per node: capacity = hugepages + reserved + allocatable + withheld; and over all
 * nodes: placed + unplaced = R. Nothing lost, nothing twice, no wrap-around.
 *
 * Source: the kubelet at 1.36, cm/node_container_manager_linux.go, nodestatus/setters.go and
 * eviction/api/types.go.
 */
#include "capacity/capacity.h"

#include "capacity/placement.h"

Capacity *capacity_free(Capacity *capacity) {
        if (!capacity)
                return NULL;
        free(capacity->nodes);
        free(capacity);
        return NULL;
}

/*
 * trunc(double(capacity) * double(float32 fraction)): 5% of 100 GiB is 5368709200, not ...120. The
 * largest capacities round up to 2^64 as a double, which no uint64_t holds.
 */
static uint64_t compute_eviction(const Threshold *threshold, uint64_t capacity_bytes) {
        double bytes;

        if (!threshold->is_percentage)
                return threshold->bytes;
        bytes = (double)capacity_bytes * (double)threshold->fraction;
        return bytes >= 0x1p64 ? UINT64_MAX : (uint64_t)bytes;
}

/* What is reserved of a node's pool of one page size. */
static uint64_t
get_reserved_hugepages(const CapacityParams *params, unsigned node, uint64_t page_bytes) {
        uint64_t bytes = 0;

        for (size_t i = 0; i < params->n_reserved_memory; ++i) {
                const ReservedMemory *entry = &params->reserved_memory[i];

                for (size_t h = 0; entry->node == node && h < entry->n_hugepages; ++h)
                        if (entry->hugepages[h].page_bytes == page_bytes)
                                bytes = bytes_add_saturated(bytes, entry->hugepages[h].bytes);
        }
        return bytes;
}

static void add_hugepages(Capacity *capacity, uint64_t page_bytes, uint64_t bytes) {
        for (size_t i = 0; i < capacity->n_hugepages; ++i)
                if (capacity->hugepages[i].page_bytes == page_bytes) {
                        capacity->hugepages[i].bytes =
                                bytes_add_saturated(capacity->hugepages[i].bytes, bytes);
                        return;
                }
        if (capacity->n_hugepages < CAPACITY_PAGE_SIZES)
                capacity->hugepages[capacity->n_hugepages++] =
                        (HugepageBytes){ .page_bytes = page_bytes, .bytes = bytes };
}

static void fill_hugepages(Capacity *capacity,
                           const CapacityParams *params,
                           const SysfsNode *row,
                           CapacityNode *node) {
        uint64_t total = 0;

        for (size_t i = 0; row && i < row->n_hugepages; ++i) {
                const uint64_t page_bytes = row->hugepages[i].page_bytes;
                /* the reader has refused what overflows */
                const uint64_t bytes = row->hugepages[i].n_pages * page_bytes;

                total = bytes_add_saturated(total, bytes);
                add_hugepages(capacity, page_bytes, bytes);
                node->hugepages[node->n_hugepages++] = (HugepageBytes){
                        .page_bytes = page_bytes,
                        .bytes = bytes_sub_clamped(
                                bytes, get_reserved_hugepages(params, node->id, page_bytes)),
                };
        }
        capacity->is_hugepages_excessive |= total > node->capacity_bytes;
        node->hugepages_bytes = bytes_min(total, node->capacity_bytes);
}

static void fill_nodes(Capacity *capacity, const Topology *topology, const CapacityParams *params) {
        for (size_t i = 0; i < topology->n_nodes; ++i) {
                const TopologyNode *from = &topology->nodes[i];
                CapacityNode *node = &capacity->nodes[i];

                node->id = from->id;
                node->locality = from->locality;
                node->capacity_bytes = from->capacity_bytes;
                if (from->row)
                        node->poisoned_bytes =
                                bytes_min(node->capacity_bytes,
                                          bytes_mul_saturated(from->row->failures.total.value,
                                                              params->page_bytes));
                fill_hugepages(capacity, params, from->row, node);
        }
}

static void add_to_sum(MemorySum *sum, Locality locality, uint64_t bytes) {
        switch (locality) {
        case LOCALITY_LOCAL:
                sum->local_bytes = bytes_add_saturated(sum->local_bytes, bytes);
                break;
        case LOCALITY_REMOTE:
                sum->remote_bytes = bytes_add_saturated(sum->remote_bytes, bytes);
                break;
        case LOCALITY_EXCLUDED:
                sum->excluded_bytes = bytes_add_saturated(sum->excluded_bytes, bytes);
                break;
        case LOCALITY_NONE:
        case _LOCALITY_N:
                break;
        }
}

/* What is left after the reservation has been placed. */
static void finish_nodes(Capacity *capacity) {
        uint64_t sum = 0;

        for (size_t i = 0; i < capacity->n_nodes; ++i) {
                CapacityNode *node = &capacity->nodes[i];
                const uint64_t left =
                        node->capacity_bytes - node->hugepages_bytes - node->reserved_bytes;

                if (node->locality == LOCALITY_LOCAL || node->locality == LOCALITY_REMOTE)
                        node->allocatable_bytes = left;
                else
                        node->withheld_bytes = left;
                sum = bytes_add_saturated(sum, node->capacity_bytes);
                add_to_sum(&capacity->capacity, node->locality, node->capacity_bytes);
                add_to_sum(&capacity->allocatable, node->locality, node->allocatable_bytes);
        }
        capacity->is_sum_different = sum != capacity->total_bytes;
}

/* The kubelet's capacity; a machine without /proc/meminfo is taken as the sum of its NUMA nodes. */
static uint64_t get_total(const Topology *topology) {
        uint64_t sum = 0;

        if (topology->machine->host.memory_bytes.present)
                return topology->machine->host.memory_bytes.value;
        for (size_t i = 0; i < topology->n_nodes; ++i)
                sum = bytes_add_saturated(sum, topology->nodes[i].capacity_bytes);
        return sum;
}

/* allocatable = max(0, capacity - R), then less each page size's hugepages, clamped again. */
static uint64_t compute_allocatable(const Capacity *capacity) {
        uint64_t bytes = bytes_sub_clamped(capacity->total_bytes, capacity->reservation_bytes);

        for (size_t i = 0; i < capacity->n_hugepages; ++i)
                bytes = bytes_sub_clamped(bytes, capacity->hugepages[i].bytes);
        return bytes;
}

/**
 * capacity_build() - what may be promised
 * @topology: borrowed
 * @params:   borrowed; bytes
 * @ret:      owned by the caller; says nothing about when, carries no reference to @topology
 *
 * Return: 0 or -ENOMEM.
 */
int capacity_build(const Topology *topology, const CapacityParams *params, Capacity **ret) {
        _cleanup_(capacity_freep) Capacity *capacity = calloc(1, sizeof(*capacity));
        uint64_t reserved;

        if (!capacity)
                return -ENOMEM;
        capacity->n_nodes = topology->n_nodes;
        capacity->nodes =
                calloc(topology->n_nodes ? topology->n_nodes : 1, sizeof(*capacity->nodes));
        if (!capacity->nodes)
                return -ENOMEM;
        fill_nodes(capacity, topology, params);

        capacity->total_bytes = get_total(topology);
        reserved = bytes_add_saturated(params->system_reserved_bytes, params->kube_reserved_bytes);
        capacity->eviction_bytes = compute_eviction(&params->eviction, capacity->total_bytes);
        capacity->reservation_bytes = bytes_add_saturated(reserved, capacity->eviction_bytes);
        capacity->is_overreserved = capacity->reservation_bytes > capacity->total_bytes;
        capacity->allocatable_bytes = compute_allocatable(capacity);
        capacity->kubepods_bytes = params->enforces_pods
                                           ? bytes_sub_clamped(capacity->total_bytes, reserved)
                                           : capacity->total_bytes;
        capacity_place(capacity, params);
        finish_nodes(capacity);
        *ret = TAKE_PTR(capacity);
        return 0;
}
