/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Two lists of claims, compared
 *
 * The one that a log comes to, and the one that slugd has. Generations are left out: a log has
 * none.
 */
#include <stddef.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "slug/v1/memory.pb-c.h"

/* Claims are borrowed from the lists. */
typedef struct LedgerDifference {
        const Slug__V1__Claim *logged; /* NULL: only slugd has it */
        const Slug__V1__Claim *held;   /* NULL: only the log has it */
        unsigned fields;               /* of both, those that differ; bit by bit */
} LedgerDifference;

/* @ret: owned, by rising key. Return: 0 or -ENOMEM. */
_must_check_ int ledger_compare(Slug__V1__Claim *const *logged,
                                size_t n_logged,
                                Slug__V1__Claim *const *held,
                                size_t n_held,
                                LedgerDifference **ret,
                                size_t *ret_n);

/* The name of the field of that bit; NULL behind the last. */
const char *ledger_difference_field(unsigned bit);
/* "state: pending in the log, active in slugd; blocks" */
void ledger_difference_append(const LedgerDifference *difference, Buffer *buffer);
