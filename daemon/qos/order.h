/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * In which order limits are brought to what they should be
 *
 * Up from the top, down from the bottom, so that nothing below ever has more than what contains it
 * on the way. Pure.
 */
#include "qos/plan.h"
#include "qos/step.h"

typedef enum QosDirection {
        QOS_STAYS, /* it is there already, or there is nothing to write to */
        QOS_RISES,
        QOS_FALLS,
} QosDirection;

/* {}: nothing is on its way. */
typedef struct QosOrder {
        QosDirection moving[_QOS_LEVEL_N][_CGROUP_KNOB_N];
} QosOrder;

QosDirection
qos_order_get_direction(const QosRow *row, const CgroupState *state, uint64_t page_bytes);
/* What contains it is high enough, or will not get there. */
bool qos_order_may_rise(const QosOrder *order, const QosRow *row);
/* What is in it is low enough, or will not get there. */
bool qos_order_may_fall(const QosOrder *order, const QosRow *row);
/* How it is after its step: on its way as long as it is being written or about to. */
void qos_order_note(QosOrder *order, const QosRow *row, QosDirection direction, QosStatus status);
