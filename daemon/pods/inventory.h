/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The inventory
 *
 * Every pod that anybody knows of: the cgroup tree and the report joined by uid, with what each
 * pod is worth. Pure: built anew from both, borrowed from both, and never changed.
 */
#include "ledger/ledger.h"
#include "pods/report.h"
#include "pods/tree.h"

typedef enum PodPhase {
        POD_PHASE_PENDING,  /* known to the kubelet, none of its processes was seen */
        POD_PHASE_RUNNING,  /* its cgroup has processes, or the runtime says so */
        POD_PHASE_FINISHED, /* all of its containers have ended; it holds nothing */
        POD_PHASE_UNKNOWN,  /* an empty cgroup, and nobody who says what that means */
} PodPhase;

typedef enum SizeSource {
        SIZE_UNKNOWN,
        SIZE_REQUEST,
        SIZE_LIMIT,
        SIZE_USAGE,
        SIZE_MIXED, /* of containers that are not known alike */
} SizeSource;

/* Of one page size. */
typedef struct SizeAmount {
        uint64_t page_bytes; /* 0: plain memory */
        uint64_t bytes;
} SizeAmount;

/* What a pod or a container is worth, claims aside. */
typedef struct PodSize {
        SizeSource source;
        SizeAmount amounts[1 + POD_PAGE_SIZES];
        size_t n_amounts;
        uint64_t remote_bytes; /* of the plain memory, what its chunks are worth */
} PodSize;

typedef struct InventoryContainer {
        const TreeContainer *tree;     /* NULL: it has no cgroup */
        const ReportContainer *report; /* NULL: nobody has named it */
} InventoryContainer;

typedef struct InventoryPod {
        const char *uid;
        const TreePod *tree;     /* NULL: it has no cgroup */
        const ReportPod *report; /* NULL: not reported */
        PodPhase phase;
        QosClass qos;
        InventoryContainer *containers;
        size_t n_containers;
} InventoryPod;

typedef struct Inventory {
        const PodsTree *tree;     /* never NULL */
        const PodsReport *report; /* NULL: there is none yet */
        InventoryPod *pods;       /* by uid */
        size_t n_pods;
        bool is_tree_whole; /* a pod whose cgroup is not in the tree has none; not so without
                               cgroupsPerQOS, which shows in what the runtime runs all the same */
} Inventory;

/* @tree, @report: borrowed, outlive it. @report may be NULL. Return: 0 or -ENOMEM. */
_must_check_ int inventory_new(const PodsTree *tree, const PodsReport *report, Inventory **ret);
Inventory *inventory_free(Inventory *inventory);
DEFINE_CLEANUP(Inventory *, inventory_free);
const InventoryPod *inventory_find(const Inventory *inventory, const char *uid);
/* NULL: no such container, or nobody has named it. */
const InventoryContainer *inventory_pod_find(const InventoryPod *pod, const char *container);

/*
 * inventory_get_size() - what a pod holds beyond its claims
 *
 * Request where it is known and not 0, else limit, else usage, container by container; those that
 * have a claim of their own, and those that have ended, count for nothing but the chunks that no
 * claim of the pod has. With the usage of a container counts what the pod uses beyond all of them:
 * a volume in memory, and what those that are gone have left. Where no container is known, the pod
 * as a whole: limit, else usage, less the claims. A pod that has finished holds nothing. Usage is
 * rounded up to SIZE_STEP, so that it does not change with every page.
 */
#define SIZE_STEP (UINT64_C(16) * 1024 * 1024)
PodSize inventory_get_size(const InventoryPod *pod, const Ledger *ledger);

/* Where bytes of pods without a claim may lie. Borrowed. */
typedef struct SizePlace {
        LedgerRoom room; /* what pods may be promised; as slug mode counts */
        NodeSet local, remote;
} SizePlace;

/*
 * size_place() - the size as blocks of NUMA nodes
 *
 * Where its usage lies already, the rest on local NUMA nodes by what they have room for, chunks on
 * remote ones. Every byte of the size lies somewhere while there is any NUMA node; the same input
 * gives the same parts. @parts has room for SIZE_PARTS_MAX. Return: how many blocks.
 */
#define SIZE_PARTS_MAX (LEDGER_BLOCKS_MAX * NODESET_MAX)
size_t size_place(const PodSize *size,
                  const InventoryPod *pod,
                  const SizePlace *place,
                  LedgerBlock blocks[static LEDGER_BLOCKS_MAX],
                  LedgerPart *parts);
/* So many bytes of plain memory, on local NUMA nodes while there are any: where the pod uses them
 * already, the rest by what there is room for. @parts has room for NODESET_MAX. Return: how many
 * blocks, 0 or 1. */
size_t size_place_local(uint64_t bytes,
                        const InventoryPod *pod,
                        const SizePlace *place,
                        LedgerBlock *block,
                        LedgerPart *parts);
