/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Splits for tests: a view of a few containers, as whoever holds them would have it.
 */
#include "service/enforce-view.h"

#define ENFORCE_BED_CONTAINERS 600u

typedef struct EnforceBed {
        EnforceView view;
        uint64_t now_usec; /* of its clock */
        EnforcedContainer *containers[ENFORCE_BED_CONTAINERS];
        const EnforcedContainer *borrowed[ENFORCE_BED_CONTAINERS];
} EnforceBed;

/* A machine on which reclaim is chosen and migrate can be used, without containers. @bed: {}, and
 * does not move afterwards. */
void enforce_bed_init(EnforceBed *bed);
void enforce_bed_deinit(EnforceBed *bed);
/* Held by reclaim: local 4Gi, of which 3Gi are there, and remote 8Gi..12Gi, of which 8Gi are there;
 * sampled half a second ago. Of the bed. */
EnforcedContainer *enforce_bed_add(EnforceBed *bed,
                                   const char *uid,
                                   const char *namespace_name,
                                   const char *pod,
                                   const char *container);
/* One more of its decisions. */
void enforce_bed_decide(EnforcedContainer *container, const EnforceDecided *decided);
void enforce_bed_set(EnforceBed *bed, const char *name, const char *value, const char *wanted);
