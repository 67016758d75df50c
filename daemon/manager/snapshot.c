/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/snapshot.h"

/* Nothing is read here: the order of topology and capacity, and who owns what comes out. */

int snapshot_build(const Settings *settings,
                   SysfsMachine *machine,
                   uint64_t generation,
                   Snapshot *ret) {
        _cleanup_(topology_unrefp) Topology *topology = NULL;
        _cleanup_(capacity_freep) Capacity *capacity = NULL;
        int r;

        r = topology_build(machine, settings->rules, settings->config->n_rules, generation,
                           &topology);
        if (r)
                return r;
        r = capacity_build(topology, &settings->capacity, &capacity);
        if (r)
                return r;
        r = hints_machine_new(topology, capacity, &ret->machine);
        if (r)
                return r;
        ret->capacity = TAKE_PTR(capacity);
        ret->topology = TAKE_PTR(topology);
        return 0;
}

void snapshot_deinit(Snapshot *snapshot) {
        snapshot->topology = topology_unref(snapshot->topology);
        snapshot->capacity = capacity_free(snapshot->capacity);
        snapshot->machine = hints_machine_free(snapshot->machine);
}
