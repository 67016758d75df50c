/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What one container is given by its claim. Inside this folder only.
 */
#include "ledger/ledger.h"
#include "service/enforce-service.h"
#include "slug/v1/enforce.pb-c.h"

/* A container of the request. */
typedef struct EnforceAsked {
        const EnforceService *service;
        Arena *arena; /* of all that is made */
        const Slug__V1__AdmittedContainer *message;
        Pod pod;
        const PodContainer *container; /* NULL: the pod could not be read */
        Diag refusal;                  /* the first thing that is not as it was asked for; or "" */
} EnforceAsked;

/* Return: 0, also for what cannot be read (refusal says why), or -ENOMEM. */
_must_check_ int enforce_read_asked(const EnforceService *service,
                                    Arena *arena,
                                    const Slug__V1__AdmittedContainer *message,
                                    EnforceAsked *ret);
/* Sets the refusal, unless there is one. */
void enforce_refuse(EnforceAsked *asked, const Diag *why);
/* An annotation asks for a split of this container: its own, or (@ret_is_of_pod, may be NULL) that
 * of its pod. */
bool enforce_asks_for_split(const EnforceAsked *asked, bool *ret_is_of_pod);
/* By the chunks that it was given, by its name, by the runtime's name of it. NULL: it has none. */
const LedgerClaim *enforce_find_claim(EnforceAsked *asked);
/* @claim: NULL: it has none. Return: 0 or -ENOMEM. */
_must_check_ int enforce_build_given(EnforceAsked *asked,
                                     const LedgerClaim *claim,
                                     Slug__V1__ContainerPlacement *message);
