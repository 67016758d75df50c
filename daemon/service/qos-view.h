/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The limits of the QoS cgroups as they are served
 *
 * The last look at them, borrowed from whoever looks. It stays where it is.
 */
#include "base/clock.h"
#include "enforce/settings.h"
#include "qos/plan.h"
#include "qos/record.h"
#include "qos/step.h"
#include "service/node-limits-view.h"

typedef struct QosView {
        const QosPlan *plan; /* NULL: nobody has looked yet; so with the next three */
        const QosPlaces *places;
        const QosRequests *requests;
        const QosKnob *knobs; /* of the plan's rows, QOS_ROWS_MAX of them */
        const QosRecord *record;
        /* why nothing is written at all, "" when it is: no cgroup v2, a captured machine, the
         * record cannot be kept, withdrawn */
        const char *problem;
        bool is_withdrawn;
        uint64_t n_writes, n_repairs, n_bus_calls; /* since the start */
        uint64_t look_usec;                        /* that the last look took */
        const NodeLimitsView *node_limits;         /* NULL: nobody keeps limits by NUMA node */
        Clock clock;
} QosView;

/* What became of one knob that was written. */
typedef struct QosWithdrawnItem {
        QosRecordItem item;
        int error; /* 0, or an errno below 0; -ENOENT: the cgroup is gone, and the limit with it */
} QosWithdrawnItem;

typedef struct QosWithdrawal {
        QosWithdrawnItem items[QOS_RECORD_MAX];
        size_t n_items;
        SettingWithdrawn settings[_MACHINE_SETTING_N];
        size_t n_settings;
} QosWithdrawal;
