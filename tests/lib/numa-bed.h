/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * NUMA machines for tests of hints, made by hand. Whatever fails here aborts.
 */
#include "hints/hints.h"

typedef struct BedNode {
        unsigned id;
        Locality locality;
        bool has_cpus;
        bool is_movable_only;
        uint64_t bytes;                      /* allocatable; withheld of one that is excluded */
        uint64_t huge_bytes;                 /* in pages of 2 MiB */
        uint64_t giant_bytes;                /* in pages of 1 GiB */
        uint64_t latency_ns, bandwidth_mbps; /* 0: not known */
        const char *initiators;              /* kernel list; NULL: not known */
} BedNode;

/* All of a machine; topology and capacity may be written to. */
typedef struct NumaBed {
        SysfsMachine sysfs;
        SysfsNode *rows;
        Topology topology;
        Capacity capacity;
        HintsMachine *machine;
} NumaBed;

/* @distances: from each to each, row by row; NULL: the firmware does not say. They have to live as
 * long as the bed. */
void numa_bed_init(NumaBed *bed, const BedNode *nodes, size_t n_nodes, const uint16_t *distances);
void numa_bed_deinit(NumaBed *bed);
/* The machine alone. */
HintsMachine *numa_bed_make(const BedNode *nodes, size_t n_nodes, const uint16_t *distances);

/* "0,2-3"; "" is the empty set. */
NodeSet numa_bed_set(const char *list);
/* Whether @nodes is what @list says. */
bool numa_bed_is_set(const NodeSet *nodes, const char *list);

/* Puts an active claim of pod "other": one block of @page_bytes on @nodes, filled as @bytes says:
 * for each member in turn. As a fact. */
void numa_bed_claim(Ledger *ledger,
                    const char *container,
                    const char *nodes,
                    uint64_t page_bytes,
                    const uint64_t *bytes);
