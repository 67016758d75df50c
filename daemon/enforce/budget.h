/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What may be moved at a time
 *
 * A bucket of bytes that all containers of the node share: it fills with time and holds no more
 * than one step, so that what was not used yesterday is not made up for today. A value; time is an
 * argument.
 */
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"

#define ENFORCE_BUDGET_BURST (64 * MIB) /* a step, or what comes in 100 ms where that is more */

/* {} lets nothing through. */
typedef struct EnforceBudget {
        uint64_t rate;  /* bytes a second; UINT64_MAX: no limit */
        uint64_t bytes; /* as of usec */
        uint64_t usec;
        uint64_t rest; /* of a byte, in millionths */
} EnforceBudget;

/* Full. */
EnforceBudget enforce_budget_make(uint64_t rate, uint64_t now_usec);
/* What is in it is kept, as far as there is room for it. */
void enforce_budget_set_rate(EnforceBudget *budget, uint64_t rate, uint64_t now_usec);
/* What may be moved now; UINT64_MAX: no limit. Time that goes back is taken for none. */
uint64_t enforce_budget_get(EnforceBudget *budget, uint64_t now_usec);
/* At most what is there. */
void enforce_budget_take(EnforceBudget *budget, uint64_t bytes, uint64_t now_usec);
/* Taken, and not used: a step that moved less. */
void enforce_budget_give_back(EnforceBudget *budget, uint64_t bytes, uint64_t now_usec);
/* When so many bytes are there, at most one burst: monotonic; UINT64_MAX: never. */
uint64_t enforce_budget_get_usec(EnforceBudget *budget, uint64_t bytes, uint64_t now_usec);
