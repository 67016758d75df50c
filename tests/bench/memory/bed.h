/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What hints are asked of, for measuring: a made-up machine and a ledger with claims on it.
 */
#include "hints/hints.h"

#define BED_NODE_BYTES  (UINT64_C(256) << 30)
#define BED_CLAIM_BYTES (UINT64_C(64) << 20)

typedef struct Bed {
        HintsContext context;
        HintsMachine *machine;
        Ledger *ledger;
} Bed;

/* Kubelet mode: @n_nodes NUMA nodes with CPUs. Slug mode: half of them are remote and have none.
 * Claims lie on one NUMA node each, by turns. Return: 0 or an errno. */
_must_check_ int bed_init(Bed *bed, HintsMode mode, unsigned n_nodes, unsigned n_claims);
void bed_deinit(Bed *bed);
DEFINE_DEINIT(Bed, bed_deinit);
