/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The claims of the ledger, as a list. */
#include <stdint.h>

#include "slug/v1/memory.pb-c.h"
#include "slugctl/output.h"

/* Takes away the claims that are of another pod or namespace. NULL: of any. */
void claims_filter(Slug__V1__GetStateResponse *response,
                   const char *pod,
                   const char *namespace_name);
/* @now_usec: wall clock, for the age of claims */
void claims_state_append(const Slug__V1__GetStateResponse *response,
                         uint64_t now_usec,
                         const Style *style,
                         Buffer *buffer);
