/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which containers are followed, and by which means
 *
 * Pure: of the ledger, of what is known of pods, and of what the machine can do.
 */
#include "config/config.h"
#include "enforce/enforce.h"
#include "ledger/ledger.h"
#include "pods/inventory.h"
#include "service/enforce-view.h"

/* The word of an annotation, or of the configuration. */
typedef struct BackendAsked {
        bool is_asked; /* false: nothing is said, or auto */
        EnforceBackend backend;
        bool is_unknown; /* an annotation that is there, and no word */
} BackendAsked;

/* A container with a split that is to be held. Borrowed from ledger and inventory. */
typedef struct EnforceWanted {
        const LedgerClaim *claim;
        const char *path; /* of its cgroup, below the cgroup root */
        const char *container_id;
        BackendAsked asked; /* by the pod */
} EnforceWanted;

/* Whether a claim is a promise with a split, so that there is something to hold. */
bool enforce_is_held(const LedgerClaim *claim);
/* Of those the ones that have a cgroup, in the order of the ledger; at most ENFORCE_CONTAINERS_MAX.
 * @ret: freed with free(). Return: 0 or -ENOMEM. */
_must_check_ int enforce_list_wanted(const Ledger *ledger,
                                     const Inventory *inventory,
                                     EnforceWanted **ret,
                                     size_t *ret_n);
/* What the annotations of a pod say of one container: its own before that of the pod. */
BackendAsked enforce_read_annotations(const ReportPod *pod, const char *container);

typedef struct EnforceChoice {
        EnforceBackend backend;
        bool is_refused; /* another one was asked for, which cannot be used */
        char reason[DIAG_TEXT_MAX];
} EnforceChoice;

/* The pod's word before the configuration's, and that before the best that is usable. Who asks for
 * one that is not usable has none: what was asked for is not replaced by something else. */
void enforce_choose(const EnforceBackendStatus backends[static _ENFORCE_BACKEND_N],
                    const BackendAsked *by_pod,
                    ConfigBackend configured,
                    EnforceChoice *ret);
