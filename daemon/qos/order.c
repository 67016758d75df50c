/* SPDX-License-Identifier: Apache-2.0 */
#include "qos/order.h"

QosDirection
qos_order_get_direction(const QosRow *row, const CgroupState *state, uint64_t page_bytes) {
        const CgroupValue *found = &state->values[row->knob];

        if (!row->has_value || !state->is_there || !state->has[row->knob] ||
            cgroup_value_is_equal(row->knob, found, &row->value, page_bytes))
                return QOS_STAYS;
        if (cgroup_knob_type(row->knob) != CGROUP_KNOB_NODES)
                return row->value.number > found->number ? QOS_RISES : QOS_FALLS;
        /* an empty mask is all of the parent's. One that loses some NUMA nodes and gets others
         * rises: the kernel takes it in any order, and of two levels that wait for each other
         * neither would move */
        return nodeset_is_empty(&found->nodes) ||
                               nodeset_is_subset(&row->value.nodes, &found->nodes)
                       ? QOS_FALLS
                       : QOS_RISES;
}

bool qos_order_may_rise(const QosOrder *order, const QosRow *row) {
        const QosLevel parent = qos_level_parent(row->level);

        return parent == row->level || order->moving[parent][row->knob] != QOS_RISES;
}

bool qos_order_may_fall(const QosOrder *order, const QosRow *row) {
        for (QosLevel level = 0; level < _QOS_LEVEL_N; ++level)
                if (level != row->level && qos_level_parent(level) == row->level &&
                    order->moving[level][row->knob] == QOS_FALLS)
                        return false;
        return true;
}

void qos_order_note(QosOrder *order, const QosRow *row, QosDirection direction, QosStatus status) {
        if (status == QOS_STATUS_WRITING)
                order->moving[row->level][row->knob] = direction;
}
