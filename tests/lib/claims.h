/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Claims for tests. Whatever fails here is a broken test bed and aborts.
 */
#include "base/buffer.h"
#include "ledger/ledger.h"

/* An active one of plain memory on one NUMA node; owned. */
LedgerClaim *claims_make(const char *uid, const char *container, unsigned node, uint64_t bytes);
/* What slugd sees of a pod, without a container; owned. */
LedgerClaim *claims_make_observed(const char *uid, unsigned node, uint64_t bytes);
/* Of anything that a claim may be; the same seed makes the same one. Moves @seed on. */
LedgerClaim *claims_make_random(uint64_t *seed);
/* As xorshift has it; not 0 when @seed is not. */
uint64_t claims_random(uint64_t *seed);

void claims_put(LedgerChange *change, LedgerClaim *claim); /* taken */
void claims_drop(LedgerChange *change, const char *uid, const char *container);

/* Same claims, in whatever order. */
bool claims_are_same(const Ledger *a, const Ledger *b);
/* All that can be asked of @ledger about NUMA nodes 0..69 and 1023, and pages of 4 KiB, 2 MiB and
 * 1 GiB, in its order. With generations when @with_history. */
void claims_describe(const Ledger *ledger, bool with_history, Buffer *buffer);
