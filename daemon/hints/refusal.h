/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Refusals
 *
 * Why something does not fit, in one sentence that names NUMA nodes, bytes and what they are of.
 * Inside this folder only. All of them return HINTS_E_REFUSED or HINTS_E_INVALID, for the caller to
 * pass on.
 */
#include "hints/candidates.h"
#include "hints/static-sets.h"

int refusal_tell_unknown(const HintsMachine *machine, const NodeSet *nodes, Diag *reterr);
int refusal_tell_static(const StaticSets *sets, Diag *reterr);
int refusal_tell_narrow(const StaticSets *sets, uint32_t set, Diag *reterr);
int refusal_tell_not_preferred(const StaticSets *sets, uint32_t set, Diag *reterr);
int refusal_tell_mixed(const StaticSets *sets, uint32_t set, Diag *reterr);
/* @sides: the local and the remote one. */
int refusal_tell_sides(const Side *local, const Side *remote, Diag *reterr);
/* "NUMA nodes 0-1 have ... free and lack ..." of one set; for verdicts. */
void refusal_describe_set(const StaticSets *sets,
                          uint32_t set,
                          StaticVerdict verdict,
                          char *buffer,
                          size_t size);
