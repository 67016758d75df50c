/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The kubelet's Static policy. Inside this folder only; see hints.h for what the functions do.
 */
#include "hints/static-sets.h"

_must_check_ int static_hint_container(const HintsContext *context,
                                       const Pod *pod,
                                       const PodContainer *container,
                                       HintsAnswer *ret,
                                       Diag *reterr);
_must_check_ int
static_hint_pod(const HintsContext *context, const Pod *pod, HintsAnswer *ret, Diag *reterr);
/* Of amounts that nobody in particular asks for. */
_must_check_ int static_hint_amounts(const HintsContext *context,
                                     const PodAmounts *amounts,
                                     HintsAnswer *ret,
                                     Diag *reterr);

_must_check_ int static_allocate_container(const HintsContext *context,
                                           const HintsClaimant *claimant,
                                           LedgerChange *ret,
                                           Diag *reterr);
_must_check_ int static_allocate_pod(const HintsContext *context,
                                     const HintsClaimant *claimant,
                                     LedgerChange *ret,
                                     Diag *reterr);

/* Between static-policy.c and static-pod.c */

/* The set that is taken, as the kubelet chooses it. Return: 0, HINTS_E_REFUSED or -ENOMEM. */
_must_check_ int
static_choose(const StaticSets *sets, const HintsAffinity *affinity, uint32_t *ret, Diag *reterr);
/* Exclusive memory would leave nothing for the containers that share the rest of the pod's. */
_must_check_ int static_check_shared(const Pod *pod, Diag *reterr);
