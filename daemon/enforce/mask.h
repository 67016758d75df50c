/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a container is given when it is created
 *
 * Its cpuset.mems: the NUMA nodes of its claim, local ones where it has local bytes and no block of
 * its own there, and always one with normal memory. Its protection. Pure.
 */
#include "enforce/enforce.h"
#include "ledger/ledger.h"
#include "topology/topology.h"

typedef struct EnforcePlacement {
        NodeSet mems;       /* empty: left alone */
        NodeSet preferred;  /* of a memory policy; empty: none */
        uint64_t low_bytes; /* memory.low: what was promised of both localities; 0: left alone */
} EnforcePlacement;

/* @cpus: NUMA nodes of the CPUs that it may use; empty: any. Return: false: it has no split, and is
 * left alone. */
bool enforce_place(const Topology *topology,
                   const LedgerClaim *claim,
                   const NodeSet *cpu_nodes,
                   EnforcePlacement *ret);
