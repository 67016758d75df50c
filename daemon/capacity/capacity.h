/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Capacity
 *
 * What the node has, what is kept back, and what pods may be promised: in total as the kubelet
 * computes it, to the byte, and per NUMA node as slugd places the reservation. Pure arithmetic on a
 * topology and parameters; "node" is a NUMA node.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "topology/topology.h"

#define CAPACITY_PAGE_SIZES SYSFS_PAGE_SIZES

typedef enum Placement {
        PLACEMENT_LOCAL_FIRST,
        PLACEMENT_PROPORTIONAL,
        PLACEMENT_EXPLICIT, /* the kubelet's reservedMemory */
} Placement;

/* The hard eviction threshold for memory.available. */
typedef struct Threshold {
        bool is_percentage;
        uint64_t bytes;
        float fraction; /* 0..1, as the kubelet holds it: a 32-bit float */
} Threshold;

typedef struct HugepageBytes {
        uint64_t page_bytes;
        uint64_t bytes;
} HugepageBytes;

/* One entry of reservedMemory. */
typedef struct ReservedMemory {
        unsigned node;
        uint64_t bytes;
        HugepageBytes hugepages[CAPACITY_PAGE_SIZES];
        size_t n_hugepages;
} ReservedMemory;

typedef struct CapacityParams {
        uint64_t system_reserved_bytes;
        uint64_t kube_reserved_bytes;
        Threshold eviction;
        bool enforces_pods;  /* otherwise kubepods is limited to the capacity alone */
        Placement placement; /* of the two that can be chosen; reservedMemory overrides it */
        const ReservedMemory *reserved_memory;
        size_t n_reserved_memory;
        uint64_t page_bytes; /* shares are multiples of it; not 0 */
} CapacityParams;

typedef struct CapacityNode {
        unsigned id;
        Locality locality;
        /* capacity = hugepages + reserved + allocatable + withheld, for every node, always */
        uint64_t capacity_bytes;
        uint64_t hugepages_bytes;
        uint64_t reserved_bytes;
        uint64_t allocatable_bytes; /* local and remote nodes */
        uint64_t withheld_bytes;    /* excluded nodes: what would be allocatable */
        /* pages that memory errors have taken; not taken off anywhere above, as the kernel's and
         * the kubelet's numbers have them, too */
        uint64_t poisoned_bytes;
        HugepageBytes hugepages[CAPACITY_PAGE_SIZES]; /* allocatable ones, by page size */
        size_t n_hugepages;
} CapacityNode;

typedef struct MemorySum {
        uint64_t local_bytes;
        uint64_t remote_bytes;
        uint64_t excluded_bytes;
} MemorySum;

typedef struct Capacity {
        /* the kubelet's numbers */
        uint64_t total_bytes;       /* MemTotal of /proc/meminfo */
        uint64_t allocatable_bytes; /* Node.status.allocatable: less reservation and hugepages */
        uint64_t kubepods_bytes;    /* memory.max of kubepods: neither eviction nor hugepages off */
        uint64_t eviction_bytes;
        uint64_t reservation_bytes;                   /* R: system + kube + eviction */
        HugepageBytes hugepages[CAPACITY_PAGE_SIZES]; /* of all nodes, by page size */
        size_t n_hugepages;

        /* by locality */
        MemorySum capacity;
        MemorySum allocatable;

        /* placement; placed + unplaced = R, or the sum of reservedMemory where that is more */
        Placement placement;
        uint64_t placed_bytes;
        uint64_t unplaced_bytes;
        uint64_t remote_placed_bytes; /* local-first: what did not fit on local nodes */
        OptU64 explicit_bytes;        /* sum of reservedMemory */
        bool is_node_missing;         /* reservedMemory names a node that is not there */
        bool is_overreserved;        /* R is more than the capacity: the kubelet refuses to start */
        bool is_sum_different;       /* the nodes' capacities do not add up to total_bytes */
        bool is_hugepages_excessive; /* a node has more hugepages than memory: counted up to it */

        CapacityNode *nodes; /* in the topology's order */
        size_t n_nodes;
} Capacity;

/* Return: 0 or -ENOMEM. */
_must_check_ int
capacity_build(const Topology *topology, const CapacityParams *params, Capacity **ret);
Capacity *capacity_free(Capacity *capacity);
DEFINE_CLEANUP(Capacity *, capacity_free);
