/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sizes, as reconciling asks for them. Inside this folder only.
 */
#include "pods/inventory.h"

typedef bool (*SizeHasChunk)(const InventoryPod *pod, const ReportChunk *chunk, void *userdata);

typedef struct SizeParams {
        const InventoryPod *pod;
        const LedgerClaim *const *claims; /* the pod's, those that were observed aside */
        size_t n_claims;
        SizeHasChunk has_chunk; /* whether a chunk counts for the pod; NULL: when none of @claims
                                   has it */
        void *userdata;
} SizeParams;

typedef struct Size {
        PodSize worth;
        bool has_request; /* some of it is requested */
        bool is_vague;    /* the request of something in it is not known */
        bool is_partial;  /* nothing is known of something that has to be in it */
} Size;

Size size_get(const SizeParams *params);
