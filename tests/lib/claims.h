/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Claims for tests. Whatever fails here is a broken test bed and aborts.
 */
#include "ledger/ledger.h"

/* An active one of plain memory on one NUMA node; owned. */
LedgerClaim *claims_make(const char *uid, const char *container, unsigned node, uint64_t bytes);
/* Of anything that a claim may be; the same seed makes the same one. Moves @seed on. */
LedgerClaim *claims_make_random(uint64_t *seed);
/* As xorshift has it; not 0 when @seed is not. */
uint64_t claims_random(uint64_t *seed);

void claims_put(LedgerChange *change, LedgerClaim *claim); /* taken */
void claims_drop(LedgerChange *change, const char *uid, const char *container);

/* Same claims, in whatever order. */
bool claims_are_same(const Ledger *a, const Ledger *b);
