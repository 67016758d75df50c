/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Topology
 *
 * The immutable snapshot of the machine's memory: what each NUMA node is, what slugd does with it,
 * and why. Built from rows without any I/O, reference counted, numbered by a generation. "node"
 * here is a NUMA node.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/nodeset.h"
#include "sysfs/sysfs.h"

typedef enum MemoryKind {
        MEMORY_KIND_UNKNOWN,
        MEMORY_KIND_DRAM,
        MEMORY_KIND_HBM,
        MEMORY_KIND_CXL,
        MEMORY_KIND_PMEM,
        MEMORY_KIND_GPU,
        _MEMORY_KIND_N,
} MemoryKind;

typedef enum Locality {
        LOCALITY_NONE, /* no memory online */
        LOCALITY_LOCAL,
        LOCALITY_REMOTE,
        LOCALITY_EXCLUDED, /* never promised */
        _LOCALITY_N,
} Locality;

#define TOPOLOGY_REASON_MAX   256u
#define TOPOLOGY_PATH_MAX     160u
#define TOPOLOGY_EVIDENCE_MAX 192u /* a path and a slash, or a place in the configuration */
#define TOPOLOGY_NAME_MAX     48u

typedef struct TopologyNode {
        unsigned id;
        MemoryKind kind;
        Locality locality;
        char reason[TOPOLOGY_REASON_MAX];     /* one line */
        char evidence[TOPOLOGY_EVIDENCE_MAX]; /* the file that said so, from the root */
        char advice[TOPOLOGY_EVIDENCE_MAX];   /* the line of slugd.yaml that adopts it, or "" */
        uint64_t capacity_bytes;              /* online; 0 when none, or not known */
        bool is_capacity_known;
        bool has_cpus;
        bool is_movable_only;
        bool is_generic_initiator;
        OptU64 tier;
        unsigned n_online_blocks, n_offline_blocks, n_movable_blocks;
        const SysfsNode *row; /* NULL: made up for a kernel without NUMA */
} TopologyNode;

/* Memory that exists and that the system does not use. */
typedef struct TopologyUnused {
        char name[TOPOLOGY_NAME_MAX];
        uint64_t bytes;
        char reason[96];
        OptU64 node;
} TopologyUnused;

typedef struct Topology {
        unsigned n_refs;
        uint64_t generation;
        SysfsMachine *machine; /* what needs no interpretation is read from the rows */
        TopologyNode *nodes;   /* by rising id */
        size_t n_nodes;
        TopologyUnused *unused;
        size_t n_unused;
        OptU64 *region_nodes; /* for each of the machine's regions, the node of its memory */
} Topology;

/* The operator's word, from slugd.yaml. The first rule that matches decides the locality. */
typedef struct TopologyRule {
        OptU64 node;       /* one of these three is set */
        OptU64 kind;       /* MemoryKind */
        OptU64 cxl_serial; /* of a memory device behind the node */
        Locality locality;
        char source[TOPOLOGY_EVIDENCE_MAX]; /* "/etc/slug/slugd.yaml:12" */
} TopologyRule;

/* @machine: taken, also on failure. Return: 0 or -ENOMEM. */
_must_check_ int topology_build(SysfsMachine *machine,
                                const TopologyRule *rules,
                                size_t n_rules,
                                uint64_t generation,
                                Topology **ret);
Topology *topology_ref(Topology *topology);
Topology *topology_unref(Topology *topology);
DEFINE_CLEANUP(Topology *, topology_unref);

/* Explaining */
typedef enum TopologyAnswer {
        TOPOLOGY_ANSWER_PASSED,    /* asked, and it told nothing */
        TOPOLOGY_ANSWER_DECIDES,   /* what the node is */
        TOPOLOGY_ANSWER_NOT_ASKED, /* because it was decided before */
        TOPOLOGY_ANSWER_OVERRULES, /* the operator's word */
} TopologyAnswer;

#define TOPOLOGY_STEPS_MAX 12u

typedef struct TopologyStep {
        const char *question;
        TopologyAnswer answer;
        char finding[TOPOLOGY_REASON_MAX]; /* of one that decides or overrules */
        char evidence[TOPOLOGY_EVIDENCE_MAX];
} TopologyStep;

typedef struct TopologyExplanation {
        TopologyStep steps[TOPOLOGY_STEPS_MAX];
        size_t n_steps;
} TopologyExplanation;

/* How @node came to be what it is, question by question. @rules: those that it was built with. */
void topology_explain(const Topology *topology,
                      const TopologyRule *rules,
                      size_t n_rules,
                      const TopologyNode *node,
                      TopologyExplanation *ret);

/* Those of one locality. */
NodeSet topology_get_nodes(const Topology *topology, Locality locality);
/* Whether one of them has memory that the kernel can use for itself: without, a mask of NUMA nodes
 * kills what it is for. */
bool topology_has_normal_memory(const Topology *topology, const NodeSet *nodes);
/* Of a memory device: bytes that are in regions. */
uint64_t topology_get_assigned_bytes(const Topology *topology, const SysfsMemdev *memdev);

const char *memory_kind_name(MemoryKind kind);
const char *locality_name(Locality locality);
