/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inputs of a plan: a node with two local NUMA nodes, a remote and an excluded one, changed at will
 * or made of any bytes; and the rules that every plan keeps.
 */
#include "qos/plan.h"

#define QOS_BED_NODES 6u

typedef struct QosBed {
        Topology topology;
        TopologyNode nodes[QOS_BED_NODES];
        Capacity capacity;
        QosRequests requests;
        QosPlaces places;
        QosParams params;
        QosInput input; /* of all of these */
} QosBed;

/* 64 GiB; 2 GiB for the system, 1 GiB for the kubelet; NUMA nodes 0 and 1 local, 2 remote and all
 * movable, 5 excluded; every level is there without limits; slugd manages everything. The bed stays
 * where it is. */
void qos_bed_init(QosBed *bed);
/* Of any bytes; the same bytes make the same input. */
void qos_bed_decode(QosBed *bed, const uint8_t *data, size_t n_data);

/* The rule that @plan breaks, or NULL. */
const char *qos_bed_check(const QosInput *input, const QosPlan *plan);
/* Builds it twice and checks it. The rule that is broken, or NULL. */
const char *qos_bed_build(const QosInput *input, QosPlan *ret);
