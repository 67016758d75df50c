/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What happens to claims
 *
 * Changes of the ledger that follow from what happens to a container: it exists, it is gone, nobody
 * knows it any more. Pure: each plans into a change that is {} if nothing else is said, and applies
 * nothing.
 */
#include "ledger/ledger.h"

/* Gives back the claim of a container, or (@container NULL) all of the pod. The claim of a pod as a
 * whole goes with the last container that has a share of it. What is observed of the pod stays: it
 * was never promised, and is there until somebody sees that it is not. Return: 0 or an errno. */
_must_check_ int lifecycle_release(const Ledger *ledger,
                                   const char *pod_uid,
                                   const char *container,
                                   LedgerChange *ret);

/* Claims of regular init containers of @pod that stand before @before (NULL: of all of them), one
 * after the other; NULL ends. @place: 0 at first, then what the call before has left. */
const LedgerClaim *lifecycle_next_init(const Ledger *ledger,
                                       const Pod *pod,
                                       const PodContainer *before,
                                       size_t *place);

/* @container exists: its claim becomes active, and what regular init containers before it have goes
 * back, since they have run. Return: 0 or an errno. */
_must_check_ int lifecycle_start(const Ledger *ledger,
                                 const Pod *pod,
                                 const PodContainer *container,
                                 const char *container_id,
                                 LedgerChange *ret);

/* Somebody asks for it again after a reboot: it is what it was. */
_must_check_ int lifecycle_confirm(const LedgerClaim *claim, LedgerChange *ret);

/*
 * lifecycle_yield() - a pod's observed bytes make way for its promises
 *
 * @change: puts promised claims, of any pods. What is observed of each of these pods shrinks in the
 *          same change by what it is promised more than before, and goes when nothing is left, so
 *          that the pod is not counted twice. A key that the change has already is left alone.
 *
 * Return: 0, -E2BIG or -ENOMEM; then some of it may be planned.
 */
_must_check_ int lifecycle_yield(const Ledger *ledger, LedgerChange *change);

typedef bool (*LifecycleIsActive)(const char *pod_uid, const char *container, void *userdata);

/* Gives back claims of the kubelet's containers that are not active, up to LEDGER_CHANGE_MAX of
 * them: apply it and plan again, until it is empty. Claims of operators are nobody's containers
 * and stay, and so does what is observed. Return: 0 or an errno. */
_must_check_ int lifecycle_drop_stale(const Ledger *ledger,
                                      LifecycleIsActive is_active,
                                      void *userdata,
                                      LedgerChange *ret);
