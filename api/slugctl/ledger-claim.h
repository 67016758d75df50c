/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Claims as the ledger's log has them. Inside this folder only.
 */
#include "base/arena.h"
#include "base/error.h"
#include "slug/v1/memory.pb-c.h"
#include "value/value.h"

/* @object: {"uid":...}; text is copied into @arena. Return: 0, VALUE_E_WRONG with @reterr set, or
 * -ENOMEM. */
_must_check_ int ledger_claim_read(unsigned version,
                                   const Value *object,
                                   Arena *arena,
                                   Slug__V1__Claim *ret,
                                   Diag *reterr);
/* Its key alone. */
_must_check_ int
ledger_claim_read_key(const Value *object, Arena *arena, Slug__V1__Claim *ret, Diag *reterr);
