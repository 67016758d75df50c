/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Claims, hints and pods as messages, both ways. Inside this folder only. Everything is allocated
 * from the arena; -ENOMEM when it is full.
 */
#include "base/arena.h"
#include "hints/hints.h"
#include "ledger/journal.h"
#include "service/messages.h"
#include "slug/v1/memory.pb-c.h"

/* Out */
_must_check_ int memory_build_split(Arena *arena, const Split *split, Slug__V1__MemorySplit **ret);
_must_check_ int memory_build_claim(Arena *arena, const LedgerClaim *claim, Slug__V1__Claim **ret);
_must_check_ int memory_build_blocks(Arena *arena,
                                     const LedgerClaim *claim,
                                     size_t *ret_n,
                                     Slug__V1__MemoryBlock ***ret);
_must_check_ int memory_build_numa_nodes(Arena *arena,
                                         const HintsMachine *machine,
                                         const Ledger *ledger,
                                         size_t *ret_n,
                                         Slug__V1__NumaNodeState ***ret);
/* @request: NULL: the hints have no placement. */
_must_check_ int memory_build_hints(Arena *arena,
                                    const HintsContext *context,
                                    const HintsAnswer *answer,
                                    const HintsRequest *request,
                                    size_t *ret_n,
                                    Slug__V1__ResourceHints ***ret);
Slug__V1__QosClass memory_encode_qos(QosClass qos);
/* "" for the empty set. NULL: no memory. */
char *memory_format_nodes(Arena *arena, const NodeSet *nodes);

/* In. All but -ENOMEM are what a peer did wrong, said in @reterr. */
enum {
        _MEMORY_E_SUCCESS,
        MEMORY_E_INVALID,
};

/* A pod that has passed pod_check(). */
_must_check_ int
memory_read_pod(Arena *arena, const Slug__V1__Pod *message, Pod *ret, Diag *reterr);
_must_check_ int
memory_read_request(const Slug__V1__MemoryRequest *message, HintsRequest *ret, Diag *reterr);
_must_check_ int
memory_read_affinity(const Slug__V1__Affinity *message, HintsAffinity *ret, Diag *reterr);
_must_check_ int
memory_read_claim(Arena *arena, const Slug__V1__Claim *message, LedgerClaim **ret, Diag *reterr);
/* False: there is no such mode. */
bool memory_read_mode(Slug__V1__HintMode mode, HintsMode *ret);
