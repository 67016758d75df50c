/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Splits that are held, as text
 *
 * What the verbs that show enforcement say alike: words, and the rows of a container, one for each
 * locality, with what was promised and allowed there, what is there, and what was moved there.
 */
#include "base/bytes.h"
#include "slug/v1/enforce.pb-c.h"
#include "slugctl/output.h"

const char *enforcement_state_word(Slug__V1__EnforcementState state);
Tone enforcement_state_tone(Slug__V1__EnforcementState state);
/* Of two states the one that deserves attention more. */
Slug__V1__EnforcementState enforcement_get_worse(Slug__V1__EnforcementState a,
                                                 Slug__V1__EnforcementState b);
const char *enforcement_backend_word(Slug__V1__EnforcementBackend backend);

/* Of a locality. @max absent: no ceiling. */
typedef struct EnforcedRange {
        uint64_t min;
        OptU64 max;
} EnforcedRange;
EnforcedRange enforced_get_local(const Slug__V1__EnforcedContainer *container);
EnforcedRange enforced_get_remote(const Slug__V1__EnforcedContainer *container);

/* The columns of a locality, behind those that a verb has of its own */
#define ENFORCED_HEADERS                                                                           \
        "Locality", "Promised", "Ceiling", "Achieved", "Moved Here", "Moved by Kernel"
#define ENFORCED_COLUMNS 6u

/* Its rows. @lead: fills the @n_lead cells before those of the first row; those of the others stay
 * empty. */
void enforced_add(Table *table,
                  const Slug__V1__EnforcedContainer *container,
                  void (*lead)(Table *table, const Slug__V1__EnforcedContainer *container),
                  size_t n_lead);

void enforcement_append(const Slug__V1__ListEnforcedContainersResponse *response,
                        const Style *style,
                        Buffer *buffer);
