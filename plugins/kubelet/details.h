/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What was asked of single containers
 *
 * The runtime lists containers without limits and cgroups; each has to be asked for. Asked once,
 * and again after DETAILS_AGE_USEC, since a limit can be changed while a container runs.
 */
#include <stdint.h>

#include "base/clock.h"
#include "cri/runtime/v1/runtime.pb-c.h"
#include "kubelet/spec.h"

#define DETAILS_MAX      4096u
#define DETAILS_AGE_USEC (300 * USEC_PER_SEC)

typedef struct Detail {
        char *id;
        Spec spec;
        int64_t oom_score_adj;
        bool has_oom_score_adj;
        uint64_t asked_usec;
} Detail;

/* {} is empty. */
typedef struct Details {
        Detail **items; /* by id */
        size_t n_items;
} Details;

void details_deinit(Details *details);
DEFINE_DEINIT(Details, details_deinit);

/* NULL: not asked yet. */
const Detail *details_find(const Details *details, const char *id);
bool details_wants(const Details *details, const char *id, uint64_t now_usec);
/* @response: NULL: it was asked and nothing was told. A cgroup that was told before stays. Return:
 * 0, also when there are DETAILS_MAX, or -ENOMEM. */
_must_check_ int details_put(Details *details,
                             const char *id,
                             const Runtime__V1__ContainerStatusResponse *response,
                             uint64_t now_usec);
/* Forgets who is not listed any more. */
void details_keep(Details *details, const Runtime__V1__ListContainersResponse *listed);
