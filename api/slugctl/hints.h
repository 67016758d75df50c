/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Sets of NUMA nodes that can hold a request. */
#include "slug/v1/memory.pb-c.h"
#include "slugctl/request.h"
#include "slugctl/verb.h"

/* A GetTopologyHintsRequest with all that it points to; it does not move. */
typedef struct HintsRequest {
        Slug__V1__GetTopologyHintsRequest message;
        RequestMemory memory;
} HintsRequest;

/* Of the options. Return: 0, VERB_E_USAGE with @reterr set, or an errno. */
_must_check_ int hints_request_init(HintsRequest *self, const VerbContext *context, Diag *reterr);
