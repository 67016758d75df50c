/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sums of requests
 *
 * What pods that run or will run have asked for, by QoS class: the R of the qosReserved formula. A
 * sum is of use only when all of it is known. Pure.
 */
#include "base/error.h"
#include "ledger/ledger.h"
#include "pods/inventory.h"

typedef struct QosRequests {
        bool is_known; /* of every pod that is not besteffort, and no pod is missing */
        Diag problem;  /* else why not, naming the first pod: one sentence */
        uint64_t guaranteed_bytes;
        uint64_t burstable_bytes;
        size_t n_guaranteed, n_burstable, n_besteffort;
} QosRequests;

/* @inventory: NULL when nobody has looked yet. */
QosRequests qos_requests_sum(const Inventory *inventory);
